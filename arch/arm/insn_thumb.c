/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores in Thumb state; names and numbers as in the ARM ARM (DDI 0100I), A7.1. */
#include "arch/arm/insn.h"

#include "vmm/lib/bits.h"

enum { SP = 13, LR = 14, PC = 15 };

static void decode_immediate(uint32_t half, struct mem_insn *insn)
{
	insn->rt = (uint8_t)bits(half, 2, 0);
	insn->rn = (uint8_t)bits(half, 5, 3);
	insn->offset = (uint16_t)(bits(half, 10, 6) * insn->size);
	insn->pre_index = true;
}

static void decode_register(uint32_t half, struct mem_insn *insn)
{
	insn->rt = (uint8_t)bits(half, 2, 0);
	insn->rn = (uint8_t)bits(half, 5, 3);
	insn->rm = (uint8_t)bits(half, 8, 6);
	insn->register_offset = true;
	insn->pre_index = true;
}

static void decode_pc_or_sp(uint32_t half, struct mem_insn *insn)
{
	insn->rt = (uint8_t)bits(half, 10, 8);
	insn->pc_relative = !bit(half, 15);
	insn->rn = insn->pc_relative ? PC : SP;
	insn->offset = (uint16_t)(bits(half, 7, 0) * 4);
	insn->pre_index = true;
}

static void decode_multiple(uint32_t half, struct mem_insn *insn)
{
	insn->shape = MEM_MULTIPLE;
	insn->rn = (uint8_t)bits(half, 10, 8);
	insn->list = (uint16_t)bits(half, 7, 0);
	/* LDMIA: a base that is also loaded keeps the loaded value (A7.1). */
	insn->writeback = !(insn->is_load && bit(insn->list, insn->rn));
}

static void decode_push_pop(uint32_t half, struct mem_insn *insn)
{
	const unsigned extra = insn->is_load ? PC : LR;

	insn->shape = MEM_MULTIPLE;
	insn->rn = SP;
	insn->list = (uint16_t)(bits(half, 7, 0) | (uint32_t)bit(half, 8) << extra);
	insn->writeback = true;
	insn->subtract = !insn->is_load;
	insn->pre_index = !insn->is_load;
}

static const struct {
	uint16_t mask;
	uint16_t value;
	uint8_t size;
	bool is_load;
	bool sign_extend;
	void (*decode)(uint32_t half, struct mem_insn *insn);
} forms[] = {
	/* clang-format off */
	{ 0xf800, 0x6800, 4, true,  false, decode_immediate }, /* LDR (1) */
	{ 0xf800, 0x6000, 4, false, false, decode_immediate }, /* STR (1) */
	{ 0xf800, 0x7800, 1, true,  false, decode_immediate }, /* LDRB (1) */
	{ 0xf800, 0x7000, 1, false, false, decode_immediate }, /* STRB (1) */
	{ 0xf800, 0x8800, 2, true,  false, decode_immediate }, /* LDRH (1) */
	{ 0xf800, 0x8000, 2, false, false, decode_immediate }, /* STRH (1) */
	{ 0xfe00, 0x5000, 4, false, false, decode_register },  /* STR (2) */
	{ 0xfe00, 0x5200, 2, false, false, decode_register },  /* STRH (2) */
	{ 0xfe00, 0x5400, 1, false, false, decode_register },  /* STRB (2) */
	{ 0xfe00, 0x5600, 1, true,  true,  decode_register },  /* LDRSB */
	{ 0xfe00, 0x5800, 4, true,  false, decode_register },  /* LDR (2) */
	{ 0xfe00, 0x5a00, 2, true,  false, decode_register },  /* LDRH (2) */
	{ 0xfe00, 0x5c00, 1, true,  false, decode_register },  /* LDRB (2) */
	{ 0xfe00, 0x5e00, 2, true,  true,  decode_register },  /* LDRSH */
	{ 0xf800, 0x4800, 4, true,  false, decode_pc_or_sp },  /* LDR (3), literal */
	{ 0xf800, 0x9800, 4, true,  false, decode_pc_or_sp },  /* LDR (4), sp */
	{ 0xf800, 0x9000, 4, false, false, decode_pc_or_sp },  /* STR (3), sp */
	{ 0xf800, 0xc800, 4, true,  false, decode_multiple },  /* LDMIA */
	{ 0xf800, 0xc000, 4, false, false, decode_multiple },  /* STMIA */
	{ 0xfe00, 0xbc00, 4, true,  false, decode_push_pop },  /* POP */
	{ 0xfe00, 0xb400, 4, false, false, decode_push_pop },  /* PUSH */
	/* clang-format on */
};

bool thumb_decode_mem(uint16_t half, struct mem_insn *insn)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		if ((half & forms[i].mask) != forms[i].value)
			continue;
		*insn = (struct mem_insn){
			.shape = MEM_SINGLE,
			.size = forms[i].size,
			.is_load = forms[i].is_load,
			.sign_extend = forms[i].sign_extend,
		};
		forms[i].decode(half, insn);
		return true;
	}
	return false;
}
