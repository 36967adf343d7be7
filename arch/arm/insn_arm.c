/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores in ARM state. Sections are those of the ARM ARM (DDI 0100I). */
#include "arch/arm/insn.h"

#include "vmm/lib/bits.h"

/* Fields that most forms have. */
static uint8_t field_rn(uint32_t word)
{
	return (uint8_t)bits(word, 19, 16);
}

static uint8_t field_rt(uint32_t word)
{
	return (uint8_t)bits(word, 15, 12);
}

static uint8_t field_rm(uint32_t word)
{
	return (uint8_t)bits(word, 3, 0);
}

static bool bit_p(uint32_t word)
{
	return bit(word, 24);
}

static bool bit_u(uint32_t word)
{
	return bit(word, 23);
}

static bool bit_w(uint32_t word)
{
	return bit(word, 21);
}

static bool bit_l(uint32_t word)
{
	return bit(word, 20);
}

/* In A5.2, W without P does not mean writeback, but the T form. */
static bool decode_word_immediate(uint32_t word, struct mem_insn *insn)
{
	*insn = (struct mem_insn){
		.shape = MEM_SINGLE,
		.rt = field_rt(word),
		.rn = field_rn(word),
		.size = bit(word, 22) ? 1 : 4,
		.offset = (uint16_t)bits(word, 11, 0),
		.is_load = bit_l(word),
		.subtract = !bit_u(word),
		.pre_index = bit_p(word),
		.writeback = !bit_p(word) || bit_w(word),
		.user_access = !bit_p(word) && bit_w(word),
	};
	return true;
}

static bool decode_word_register(uint32_t word, struct mem_insn *insn)
{
	decode_word_immediate(word, insn);
	insn->register_offset = true;
	insn->offset = 0;
	insn->rm = field_rm(word);
	insn->shift_type = (uint8_t)bits(word, 6, 5);
	insn->shift_amount = (uint8_t)bits(word, 11, 7);
	return true;
}

static bool decode_half_signed_double(uint32_t word, struct mem_insn *insn)
{
	const bool is_half = bit(word, 5);
	const bool is_signed_or_double = bit(word, 6);

	/* P = 0, W = 1 is UNPREDICTABLE (A5.3): ARMv5 has no T forms here. */
	if (!bit_p(word) && bit_w(word))
		return false;

	*insn = (struct mem_insn){
		.shape = MEM_SINGLE,
		.rt = field_rt(word),
		.rn = field_rn(word),
		.size = is_half ? 2 : 1,
		.is_load = bit_l(word),
		.sign_extend = is_signed_or_double,
		.subtract = !bit_u(word),
		.pre_index = bit_p(word),
		.writeback = !bit_p(word) || bit_w(word),
	};
	if (bit(word, 22)) {
		insn->offset = (uint16_t)(bits(word, 11, 8) << 4 | bits(word, 3, 0));
	} else {
		insn->register_offset = true;
		insn->rm = field_rm(word);
	}

	if (is_signed_or_double && !bit_l(word)) {
		/* LDRD and STRD sit where signed stores would be. */
		if (bit(insn->rt, 0) || insn->rt == 14)
			return false;
		insn->shape = MEM_DOUBLE;
		insn->size = 4;
		insn->sign_extend = false;
		insn->is_load = !is_half;
	}
	return true;
}

static bool decode_multiple(uint32_t word, struct mem_insn *insn)
{
	const bool is_return = bit(word, 22) && bit_l(word) && bit(word, 15);

	*insn = (struct mem_insn){
		.shape = MEM_MULTIPLE,
		.rn = field_rn(word),
		.size = 4,
		.list = (uint16_t)bits(word, 15, 0),
		.is_load = bit_l(word),
		.subtract = !bit_u(word),
		.pre_index = bit_p(word),
		.writeback = bit_w(word),
		.user_bank = bit(word, 22) && !is_return,
		.restore_spsr = is_return,
	};
	return true;
}

static bool decode_swap(uint32_t word, struct mem_insn *insn)
{
	*insn = (struct mem_insn){
		.shape = MEM_SWAP,
		.rt = field_rt(word),
		.rn = field_rn(word),
		.rm = field_rm(word),
		.size = bit(word, 22) ? 1 : 4,
		.is_load = true,
	};
	return true;
}

/*
 * C5: P and W select between one register (P = 1, W = 0) and a list whose length in words is the
 * offset field. P = 0, U = 0, W = 0 is MRRC or MCRR; the other two encodings are undefined.
 */
static bool decode_vfp(uint32_t word, struct mem_insn *insn)
{
	const bool is_double = bit(word, 8);
	const bool one_register = bit_p(word) && !bit_w(word);
	const uint32_t low_bit = bit(word, 22);
	uint32_t first = field_rt(word) * 2u;
	uint32_t words = bits(word, 7, 0);

	if (!one_register && bit_p(word) == bit_u(word))
		return false;

	if (is_double) {
		/* The VFP9-S has d0 to d15. Odd lengths are FLDMX and FSTMX: same registers. */
		if (low_bit)
			return false;
		words &= ~1u;
	} else {
		first += low_bit;
	}
	if (one_register)
		words = is_double ? 2 : 1;
	if (words == 0 || first + words > 32)
		return false;

	*insn = (struct mem_insn){
		.shape = MEM_COPROC,
		.rt = (uint8_t)first,
		.rn = field_rn(word),
		.size = 4,
		.coproc = (uint8_t)bits(word, 11, 8),
		.words = (uint8_t)words,
		.offset = (uint16_t)(bits(word, 7, 0) * 4),
		.is_load = bit_l(word),
		.subtract = !bit_u(word),
		.pre_index = bit_p(word),
		.writeback = bit_w(word),
	};
	return true;
}

static const struct {
	uint32_t mask;
	uint32_t value;
	bool (*decode)(uint32_t word, struct mem_insn *insn);
} forms[] = {
	/* clang-format off */
	{ 0x0e000000, 0x04000000, decode_word_immediate },     /* A5.2 LDR STR, immediate */
	{ 0x0e000010, 0x06000000, decode_word_register },      /* A5.2 LDR STR, register */
	{ 0x0e000000, 0x08000000, decode_multiple },           /* A5.4 LDM STM */
	{ 0x0e4000f0, 0x004000b0, decode_half_signed_double }, /* A5.3 LDRH STRH, immediate */
	{ 0x0e400ff0, 0x000000b0, decode_half_signed_double }, /* A5.3 LDRH STRH, register */
	{ 0x0e4000d0, 0x004000d0, decode_half_signed_double }, /* A5.3 LDRSx LDRD STRD, imm. */
	{ 0x0e400fd0, 0x000000d0, decode_half_signed_double }, /* A5.3 LDRSx LDRD STRD, reg. */
	{ 0x0fb00ff0, 0x01000090, decode_swap },               /* A3.13 SWP SWPB */
	{ 0x0e000e00, 0x0c000a00, decode_vfp },                /* A5.5 LDC STC of the VFP */
	/* clang-format on */
};

bool arm_decode_mem(uint32_t word, struct mem_insn *insn)
{
	if (word >> 28 == 0xf)
		return false;

	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
		if ((word & forms[i].mask) == forms[i].value)
			return forms[i].decode(word, insn);
	return false;
}
