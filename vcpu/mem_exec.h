/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes one decoded load or store (arch/arm/insn.h) on behalf of the guest: for device accesses
 * that arrive as data aborts, and for accesses whose rights differ from those of physical User mode
 * (LDRT, STRT, LDM ^, STM ^).
 *
 * The machine is given as hooks, so that the same code runs against a fake memory on the host.
 * Nothing is ever restarted: pages are checked before the first transfer, each transfer is made
 * once, and registers change only after the last one. After MEM_EXEC_FAULT the guest takes a data
 * abort with all its registers as they were, which is the base restored abort model of the
 * ARM926EJ-S (ARM ARM, A2.6.5).
 *
 *	struct mem_insn insn;
 *
 *	if (!arm_decode_mem(word, &insn))
 *		... not a load or store: undefined instruction ...
 *	if (!arm_condition_holds(cpsr, word >> 28))
 *		... next instruction ...
 *	switch (mem_exec(&insn, &ops, vcpu, cpsr & PSR_C)) { ... }
 */
#ifndef VCPU_MEM_EXEC_H
#define VCPU_MEM_EXEC_H

#include "arch/arm/insn.h"

#include <stdbool.h>
#include <stdint.h>

/** Kind of an access; or-ed together. */
enum {
	MEM_STORE = 1, /**< a write; without it, a read */
	MEM_USER = 2,  /**< with the rights of (virtual) User mode, whatever the mode is */
};

enum mem_access_result {
	MEM_ACCESS_OK,
	MEM_ACCESS_FAULT, /**< the guest takes a data abort; the hook has recorded FSR and FAR */
};

/** What mem_exec() asks of the machine. Only vfp_get and vfp_set may be NULL: no VFP then. */
struct mem_exec_ops {
	/**
	 * A register of the current virtual mode as an operand: r15 reads as the instruction's
	 * address + 8 in ARM state, + 4 in Thumb state.
	 */
	uint32_t (*get)(const void *ctx, unsigned reg);
	/** Writes a register of the current mode; r15 is an interworking branch (bit 0 -> T). */
	void (*set)(void *ctx, unsigned reg, uint32_t value);

	/** The same for the registers of User mode, r0 to r14: LDM ^, STM ^. */
	uint32_t (*get_user)(const void *ctx, unsigned reg);
	void (*set_user)(void *ctx, unsigned reg, uint32_t value);

	/** LDM ^ with pc: in one step CPSR = SPSR and pc = @p pc (no interworking). */
	void (*exception_return)(void *ctx, uint32_t pc);

	/** VFP register s0 to s31; d<n> is s<2n> (low word) and s<2n + 1>. */
	uint32_t (*vfp_get)(const void *ctx, unsigned reg);
	void (*vfp_set)(void *ctx, unsigned reg, uint32_t value);

	/**
	 * Is asked when an address is not aligned to its transfer, before anything else, because
	 * alignment faults come first (TRM, 3.5). MEM_ACCESS_FAULT if the A bit is set.
	 */
	enum mem_access_result (*unaligned)(void *ctx, uint32_t va, unsigned flags);

	/**
	 * Checks translation and permission of the byte at @p va and does nothing else. Is called
	 * for the first byte in each KiB (the smallest page) of a transfer of several words.
	 */
	enum mem_access_result (*probe)(void *ctx, uint32_t va, unsigned flags);

	/**
	 * Transfers @p size bytes (1, 2 or 4) at @p va, which is aligned to it, including the check
	 * of translation and permission. Loads set *value to the bytes, zero extended; stores find
	 * zero-extended bytes in it.
	 */
	enum mem_access_result (*access)(void *ctx, uint32_t va, unsigned size, unsigned flags,
					 uint32_t *value);

	/**
	 * What STR and STM of r15 store in ARM state, minus what get() returns for it: the value is
	 * IMPLEMENTATION DEFINED (ARM ARM, A2.4.3). 4 on the ARM926EJ-S, 0 on QEMU's model of it.
	 */
	uint8_t stored_pc_extra;
};

enum mem_exec_result {
	MEM_EXEC_NEXT,      /**< done; the guest continues with the following instruction */
	MEM_EXEC_BRANCHED,  /**< done, and pc was written through set() or exception_return() */
	MEM_EXEC_FAULT,     /**< data abort; no register has changed */
	MEM_EXEC_UNDEFINED, /**< a VFP transfer on a machine without VFP hooks */
};

enum mem_exec_result mem_exec(const struct mem_insn *insn, const struct mem_exec_ops *ops,
			      void *ctx, bool carry);

#endif
