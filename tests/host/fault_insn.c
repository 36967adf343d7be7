/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/fault_insn.h"

#include "tests/host/core_machine.h"
#include "tests/host/fault_guest.h"
#include "vmm/lib/bits.h"

/** Single transfers: base r1, data r2 (and r3); SWP stores r4. Offset 0. */
static const struct {
	uint32_t word;
	uint8_t size, count;
	bool load, sign, swap, is_half_form;
} arm_forms[] = {
	{ 0xe5912000, 4, 1, true, false, false, false },  /* ldr r2, [r1] */
	{ 0xe5812000, 4, 1, false, false, false, false }, /* str r2, [r1] */
	{ 0xe5d12000, 1, 1, true, false, false, false },  /* ldrb r2, [r1] */
	{ 0xe5c12000, 1, 1, false, false, false, false }, /* strb r2, [r1] */
	{ 0xe1d120b0, 2, 1, true, false, false, true },   /* ldrh r2, [r1] */
	{ 0xe1c120b0, 2, 1, false, false, false, true },  /* strh r2, [r1] */
	{ 0xe1d120d0, 1, 1, true, true, false, true },    /* ldrsb r2, [r1] */
	{ 0xe1d120f0, 2, 1, true, true, false, true },    /* ldrsh r2, [r1] */
	{ 0xe1c120d0, 4, 2, true, false, false, true },   /* ldrd r2, [r1] */
	{ 0xe1c120f0, 4, 2, false, false, false, true },  /* strd r2, [r1] */
	{ 0xe1012094, 4, 1, true, false, true, false },   /* swp r2, r4, [r1] */
	{ 0xe1412094, 1, 1, true, false, true, false },   /* swpb r2, r4, [r1] */
};

/** The same in Thumb state; those with a register offset add r3. */
static const struct {
	uint16_t half;
	uint8_t size, base;
	bool load, sign, adds_r3;
} thumb_forms[] = {
	{ 0x680a, 4, 1, true, false, false },   /* ldr r2, [r1] */
	{ 0x600a, 4, 1, false, false, false },  /* str r2, [r1] */
	{ 0x780a, 1, 1, true, false, false },   /* ldrb r2, [r1] */
	{ 0x700a, 1, 1, false, false, false },  /* strb r2, [r1] */
	{ 0x880a, 2, 1, true, false, false },   /* ldrh r2, [r1] */
	{ 0x800a, 2, 1, false, false, false },  /* strh r2, [r1] */
	{ 0x50ca, 4, 1, false, false, true },   /* str r2, [r1, r3] */
	{ 0x52ca, 2, 1, false, false, true },   /* strh r2, [r1, r3] */
	{ 0x54ca, 1, 1, false, false, true },   /* strb r2, [r1, r3] */
	{ 0x56ca, 1, 1, true, true, true },     /* ldrsb r2, [r1, r3] */
	{ 0x58ca, 4, 1, true, false, true },    /* ldr r2, [r1, r3] */
	{ 0x5aca, 2, 1, true, false, true },    /* ldrh r2, [r1, r3] */
	{ 0x5cca, 1, 1, true, false, true },    /* ldrb r2, [r1, r3] */
	{ 0x5eca, 2, 1, true, true, true },     /* ldrsh r2, [r1, r3] */
	{ 0x9a00, 4, 13, true, false, false },  /* ldr r2, [sp] */
	{ 0x9200, 4, 13, false, false, false }, /* str r2, [sp] */
};

void fault_insn_single(struct fault_insn *insn)
{
	const unsigned i = rnd_below(ARRAY_SIZE(arm_forms));
	const uint32_t offset = rnd_below(200) & ~3u;

	*insn = (struct fault_insn){ .word = arm_forms[i].word,
				     .load = arm_forms[i].load,
				     .swap = arm_forms[i].swap,
				     .sign = arm_forms[i].sign,
				     .size = arm_forms[i].size,
				     .count = arm_forms[i].count,
				     .va = fault_guest_va(),
				     .reg = { 2, 3 },
				     .base = 1 };
	if (insn->count == 2)
		insn->va &= ~7u;
	else if (rnd_below(4) == 0)
		insn->va += insn->size == 2 ? 2 : rnd_below(4);
	insn->base_before = insn->base_after = insn->va;
	if (insn->swap || rnd_below(2))
		return;
	insn->writeback = true;
	insn->word |= arm_forms[i].is_half_form ? offset / 16 << 8 | offset % 16 : offset;
	if (rnd_below(2)) { /* [r1, #offset]! */
		insn->word |= 1u << 21;
		insn->base_before -= offset;
	} else { /* [r1], #-offset */
		insn->word &= ~(3u << 23);
		insn->base_after -= offset;
	}
}

void fault_insn_thumb(struct fault_insn *insn)
{
	const unsigned i = rnd_below(ARRAY_SIZE(thumb_forms));

	*insn = (struct fault_insn){ .word = thumb_forms[i].half,
				     .thumb = true,
				     .load = thumb_forms[i].load,
				     .sign = thumb_forms[i].sign,
				     .size = thumb_forms[i].size,
				     .count = 1,
				     .va = fault_guest_va(),
				     .reg = { 2 },
				     .base = thumb_forms[i].base };
	if (rnd_below(4) == 0)
		insn->va += insn->size == 2 ? 2 : rnd_below(4);
	machine.vcpu.frame.r[3] = rnd_below(0x1000);
	insn->base_before = insn->va - (thumb_forms[i].adds_r3 ? machine.vcpu.frame.r[3] : 0);
	insn->base_after = insn->base_before;
}

void fault_insn_multiple(struct fault_insn *insn)
{
	const bool up = rnd_below(2), before = rnd_below(2);
	uint32_t list, bytes;

	*insn = (struct fault_insn){
		.load = rnd_below(2), .size = 4, .va = fault_guest_va() & ~3u, .base = 1
	};
	insn->thumb = rnd_below(3) == 0;
	list = insn->thumb ? rnd() & 0xfc : rnd() & 0x7ffc;
	list |= 4;
	for (unsigned n = 0; n < 15; n++)
		if (list >> n & 1)
			insn->reg[insn->count++] = (uint8_t)n;
	bytes = 4 * insn->count;
	insn->base_before = insn->va;
	insn->writeback = insn->thumb || rnd_below(2);
	if (!insn->thumb) {
		insn->word = 0xe8010000u | (uint32_t)before << 24 | (uint32_t)up << 23 |
			     (uint32_t)insn->writeback << 21 | (uint32_t)insn->load << 20 | list;
		if (up)
			insn->base_before = before ? insn->va - 4 : insn->va;
		else
			insn->base_before = before ? insn->va + bytes : insn->va + bytes - 4;
		insn->base_after = insn->base_before + (up ? bytes : -bytes);
	} else if (rnd_below(2)) { /* ldmia r1!, stmia r1! */
		insn->word = (insn->load ? 0xc900 : 0xc100) | list;
		insn->base_after = insn->va + bytes;
	} else { /* push, pop */
		insn->word = (insn->load ? 0xbc00 : 0xb400) | list;
		insn->base = 13;
		insn->base_before = insn->load ? insn->va : insn->va + bytes;
		insn->base_after = insn->load ? insn->va + bytes : insn->va;
	}
	if (!insn->writeback)
		insn->base_after = insn->base_before;
}

uint32_t fault_insn_va(const struct fault_insn *insn, unsigned n)
{
	return insn->va + 4 * n;
}
