/* SPDX-License-Identifier: Apache-2.0 */
/* Where a decoded load or store goes: addressing modes 2 to 5 (ARM ARM, A5.2 to A5.5). */
#include "arch/arm/insn.h"

#include "vmm/lib/bits.h"

enum { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR };

static uint32_t shift(uint32_t value, unsigned type, unsigned amount, bool carry)
{
	switch (type) {
	case SHIFT_LSL:
		return value << amount;
	case SHIFT_LSR:
		return amount ? value >> amount : 0;
	case SHIFT_ASR:
		return (uint32_t)((int32_t)value >> (amount ? amount : 31));
	case SHIFT_ROR:
	default:
		return amount ? ror32(value, amount) : (uint32_t)carry << 31 | value >> 1;
	}
}

/**
 * Lowest address a load or store touches, before the alignment that some of them enforce. Values
 * are read before any is written, so registers that overlap in UNPREDICTABLE ways do no harm.
 */
uint32_t mem_insn_address(const struct mem_insn *insn,
			  uint32_t (*reg)(const void *regs, unsigned n), const void *regs,
			  bool carry, uint32_t *base_out)
{
	const uint32_t rn = reg(regs, insn->rn);
	const uint32_t base = insn->pc_relative ? align_down(rn, 4) : rn;
	uint32_t offset = insn->offset;
	uint32_t indexed;

	if (insn->register_offset)
		offset = shift(reg(regs, insn->rm), insn->shift_type, insn->shift_amount, carry);
	else if (insn->shape == MEM_MULTIPLE)
		offset = mem_insn_length(insn);

	indexed = insn->subtract ? base - offset : base + offset;
	*base_out = indexed;

	if (insn->shape == MEM_MULTIPLE) {
		/* The lowest register is always at the lowest address: IA, IB, DA, DB. */
		const uint32_t lowest = insn->subtract ? indexed : base;

		return insn->pre_index == insn->subtract ? lowest : lowest + 4;
	}
	return insn->pre_index ? indexed : base;
}

unsigned mem_insn_length(const struct mem_insn *insn)
{
	unsigned count = 0;

	switch (insn->shape) {
	case MEM_DOUBLE:
		return 8;
	case MEM_MULTIPLE:
		for (uint32_t list = insn->list; list; list &= list - 1)
			count += 4;
		return count;
	case MEM_COPROC:
		return insn->words * 4u;
	case MEM_SINGLE:
	case MEM_SWAP:
	default:
		return insn->size;
	}
}
