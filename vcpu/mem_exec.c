/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/mem_exec.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

enum { PC = 15 };

#define SMALLEST_PAGE 1024u /* a tiny page (ARM ARM, B3.3.3) */
#define WORDS_MAX     32    /* FLDMIAS of s0 to s31 */

/* Keeps the plain LDR and STR of device accesses free of what the rare shapes need. */
#define RARE __attribute__((noinline))

static unsigned access_flags(const struct mem_insn *insn)
{
	return (insn->is_load ? 0u : MEM_STORE) | (insn->user_access ? MEM_USER : 0u);
}

/** The value a store instruction stores for @p reg. */
static uint32_t stored_register(const struct mem_exec_ops *ops, void *ctx, unsigned reg)
{
	const uint32_t value = ops->get(ctx, reg);

	return reg == PC ? value + ops->stored_pc_extra : value;
}

/** r15 as a base with writeback is UNPREDICTABLE; here it stays as it is. */
static void write_base(const struct mem_insn *insn, const struct mem_exec_ops *ops, void *ctx,
		       uint32_t base)
{
	if (insn->writeback && insn->rn != PC)
		ops->set(ctx, insn->rn, base);
}

/** Where the base is also loaded (UNPREDICTABLE with writeback), this comes last and stays. */
static enum mem_exec_result write_loaded(const struct mem_insn *insn,
					 const struct mem_exec_ops *ops, void *ctx, uint32_t value)
{
	ops->set(ctx, insn->rt, value);
	return insn->rt == PC ? MEM_EXEC_BRANCHED : MEM_EXEC_NEXT;
}

/** What a load makes of the bytes read at the aligned address. */
static inline uint32_t loaded_value(const struct mem_insn *insn, uint32_t value,
				    uint32_t misalignment)
{
	if (insn->size == 4)
		return misalignment ? ror32(value, misalignment * 8) : value;
	if (insn->size == 2)
		return insn->sign_extend ? (uint32_t)(int16_t)value : (uint16_t)value;
	return insn->sign_extend ? (uint32_t)(int8_t)value : (uint8_t)value;
}

/*
 * Alignment faults come before all others (TRM, 3.5). If the A bit lets the access pass, the low
 * bits play no part in it - but a translation fault still reports the address with them.
 */
static RARE bool unaligned_faults(const struct mem_exec_ops *ops, void *ctx, uint32_t address,
				  unsigned flags)
{
	return ops->unaligned(ctx, address, flags) == MEM_ACCESS_FAULT ||
	       ops->probe(ctx, address, flags) == MEM_ACCESS_FAULT;
}

/*
 * LDR of an unaligned word rotates the aligned one, STR ignores the low bits (ARM ARM, LDR, STR).
 * Unaligned halfwords are UNPREDICTABLE; the ARM9 does not drive address bit 0 then, and so
 * transfers the aligned halfword.
 */
static inline enum mem_exec_result exec_single(const struct mem_insn *insn,
					       const struct mem_exec_ops *ops, void *ctx,
					       uint32_t address, uint32_t base)
{
	const uint32_t misalignment = address & (insn->size - 1u);
	const unsigned flags = access_flags(insn);
	uint32_t value;

	if (misalignment && unaligned_faults(ops, ctx, address, flags))
		return MEM_EXEC_FAULT;

	if (insn->is_load) {
		value = 0;
	} else {
		value = stored_register(ops, ctx, insn->rt);
		if (insn->size != 4)
			value = insn->size == 1 ? (uint8_t)value : (uint16_t)value;
	}
	if (ops->access(ctx, address - misalignment, insn->size, flags, &value) == MEM_ACCESS_FAULT)
		return MEM_EXEC_FAULT;

	write_base(insn, ops, ctx, base);
	if (!insn->is_load)
		return MEM_EXEC_NEXT;
	return write_loaded(insn, ops, ctx, loaded_value(insn, value, misalignment));
}

/* SWP checks its store first, so that a device register is not read by a swap that faults. */
static RARE enum mem_exec_result exec_swap(const struct mem_insn *insn,
					   const struct mem_exec_ops *ops, void *ctx,
					   uint32_t address)
{
	const uint32_t misalignment = address & (insn->size - 1u);
	const uint32_t va = address - misalignment;
	uint32_t stored = stored_register(ops, ctx, insn->rm);
	uint32_t loaded = 0;

	if (misalignment && ops->unaligned(ctx, address, MEM_STORE) == MEM_ACCESS_FAULT)
		return MEM_EXEC_FAULT;
	if (insn->size == 1)
		stored = (uint8_t)stored;
	if (ops->probe(ctx, address, MEM_STORE) == MEM_ACCESS_FAULT ||
	    ops->access(ctx, va, insn->size, 0, &loaded) == MEM_ACCESS_FAULT ||
	    ops->access(ctx, va, insn->size, MEM_STORE, &stored) == MEM_ACCESS_FAULT)
		return MEM_EXEC_FAULT;

	return write_loaded(insn, ops, ctx, loaded_value(insn, loaded, misalignment));
}

static uint32_t block_get(const struct mem_insn *insn, const struct mem_exec_ops *ops, void *ctx,
			  unsigned reg)
{
	if (insn->shape == MEM_COPROC)
		return ops->vfp_get(ctx, reg);
	if (insn->user_bank && reg != PC)
		return ops->get_user(ctx, reg);
	return stored_register(ops, ctx, reg);
}

static void block_set(const struct mem_insn *insn, const struct mem_exec_ops *ops, void *ctx,
		      unsigned reg, uint32_t value)
{
	if (insn->shape == MEM_COPROC)
		ops->vfp_set(ctx, reg, value);
	else if (insn->user_bank)
		ops->set_user(ctx, reg, value);
	else if (insn->restore_spsr && reg == PC)
		ops->exception_return(ctx, value);
	else
		ops->set(ctx, reg, value);
}

/** The registers of a block transfer, bit n for register n, in order of their addresses. */
static uint32_t block_registers(const struct mem_insn *insn)
{
	switch (insn->shape) {
	case MEM_DOUBLE:
		return 3u << insn->rt;
	case MEM_COPROC:
		return UINT32_MAX >> (WORDS_MAX - insn->words) << insn->rt;
	default:
		return insn->list;
	}
}

static bool block_faults(const struct mem_insn *insn, const struct mem_exec_ops *ops, void *ctx,
			 uint32_t address, unsigned flags)
{
	const uint32_t alignment = insn->shape == MEM_DOUBLE ? 8 : 4;
	const uint32_t first = align_down(address, 4);
	const uint32_t last = first + mem_insn_length(insn) - 1u;

	if (address & (alignment - 1u) && ops->unaligned(ctx, address, flags) == MEM_ACCESS_FAULT)
		return true;
	if (ops->probe(ctx, address, flags) == MEM_ACCESS_FAULT)
		return true;
	return (first ^ last) >= SMALLEST_PAGE &&
	       ops->probe(ctx, align_down(last, SMALLEST_PAGE), flags) == MEM_ACCESS_FAULT;
}

/**
 * LDM, STM, LDRD, STRD and the VFP's: words at consecutive addresses, whose low two bits are
 * ignored (ARM ARM, A5.4). LDRD and STRD want a multiple of 8 and are UNPREDICTABLE otherwise; the
 * check of alignment sees that, and without it they are two words.
 */
static RARE enum mem_exec_result exec_block(const struct mem_insn *insn,
					    const struct mem_exec_ops *ops, void *ctx,
					    uint32_t address, uint32_t base)
{
	const unsigned flags = access_flags(insn);
	const uint32_t registers = block_registers(insn);
	uint32_t va = align_down(address, 4);
	uint32_t values[WORDS_MAX];
	uint32_t *value = values;

	if (registers == 0)
		return MEM_EXEC_NEXT; /* UNPREDICTABLE; nothing is transferred, rn stays */
	if (insn->shape == MEM_COPROC && !ops->vfp_get)
		return MEM_EXEC_UNDEFINED;
	if (block_faults(insn, ops, ctx, address, flags))
		return MEM_EXEC_FAULT;

	for (uint32_t left = registers; left; left &= left - 1, value++, va += 4) {
		if (!insn->is_load)
			*value = block_get(insn, ops, ctx, (unsigned)__builtin_ctz(left));
		if (ops->access(ctx, va, 4, flags, value) == MEM_ACCESS_FAULT)
			return MEM_EXEC_FAULT;
		/* A walk of the guest's tables for each of up to 32 words takes long. */
		if ((value - values) % 4 == 3)
			preempt_point();
	}

	write_base(insn, ops, ctx, base);
	if (!insn->is_load)
		return MEM_EXEC_NEXT;

	value = values;
	for (uint32_t left = registers; left; left &= left - 1)
		block_set(insn, ops, ctx, (unsigned)__builtin_ctz(left), *value++);
	return insn->shape != MEM_COPROC && bit(registers, PC) ? MEM_EXEC_BRANCHED : MEM_EXEC_NEXT;
}

/**
 * Executes @p insn, whose condition holds. @p carry is the C flag, for offsets with RRX. Moves the
 * pc only where the instruction itself does; see enum mem_exec_result.
 *
 * An access that fails although its probe passed (a bus error of a device) ends the instruction
 * there, as an external abort does on the ARM926: the transfers before it have been made, registers
 * have not changed.
 */
enum mem_exec_result mem_exec(const struct mem_insn *insn, const struct mem_exec_ops *ops,
			      void *ctx, bool carry)
{
	uint32_t address;
	uint32_t base;

	if (insn->shape != MEM_SINGLE) {
		address = mem_insn_address(insn, ops->get, ctx, carry, &base);
		if (insn->shape == MEM_SWAP)
			return exec_swap(insn, ops, ctx, address);
		return exec_block(insn, ops, ctx, address, base);
	}

	/* Nearly all device accesses are of this kind: mem_insn_address() without other cases. */
	if (!insn->register_offset && !insn->pc_relative) {
		address = ops->get(ctx, insn->rn);
		base = insn->subtract ? address - insn->offset : address + insn->offset;
		if (insn->pre_index)
			address = base;
	} else {
		address = mem_insn_address(insn, ops->get, ctx, carry, &base);
	}
	return exec_single(insn, ops, ctx, address, base);
}
