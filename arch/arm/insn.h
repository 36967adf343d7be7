/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores, from instruction word to structure. Pure functions; the ARM and the Thumb
 * decoder fill the same structure, so nothing after them asks which instruction set it was.
 *
 * A data abort of the ARM926 does not say which register was involved nor whether it was a read or
 * a write (TRM, 3.6): the VMM decodes the instruction that aborted.
 */
#ifndef ARCH_ARM_INSN_H
#define ARCH_ARM_INSN_H

#include <stdbool.h>
#include <stdint.h>

enum mem_shape {
	MEM_SINGLE,   /**< LDR, STR, LDRB, STRB, LDRH, STRH, LDRSB, LDRSH and the T forms */
	MEM_DOUBLE,   /**< LDRD, STRD: rt and rt + 1 */
	MEM_MULTIPLE, /**< LDM, STM, PUSH, POP: the registers in list, lowest first */
	MEM_SWAP,     /**< SWP, SWPB: reads into rt, then writes rm */
	MEM_COPROC,   /**< LDC, STC of the VFP: FLDS, FLDD, FLDM and the stores; words from rt on */
};

/** One load or store. Addresses are computed with mem_insn_address(). */
struct mem_insn {
	_Alignas(uint32_t) enum mem_shape shape; /* aligned, so that it is cleared by words */

	uint8_t rt;           /**< register transferred; first of two for MEM_DOUBLE; first of s0 to
			       *   s31 for MEM_COPROC, where d<n> is s<2n> and s<2n + 1> */
	uint8_t rn;           /**< base register */
	uint8_t rm;           /**< offset register, or the register stored by MEM_SWAP */
	uint8_t size;         /**< bytes of one transfer: 1, 2 or 4 */
	uint8_t shift_type;   /**< of the offset register: 0 LSL, 1 LSR, 2 ASR, 3 ROR or RRX */
	uint8_t shift_amount; /**< 0 to 31 as encoded: LSR #0 and ASR #0 mean 32, ROR #0 RRX */
	uint8_t coproc;       /**< MEM_COPROC: 10 single precision, 11 double */
	uint8_t words;        /**< registers of MEM_COPROC, 1 to 32 */
	uint16_t list;        /**< registers of MEM_MULTIPLE */
	uint16_t offset;      /**< immediate offset in bytes, if !register_offset */

	bool is_load;
	bool sign_extend;
	bool register_offset; /**< offset is rm, shifted */
	bool subtract;        /**< offset is subtracted (U = 0); for MEM_MULTIPLE: descending */
	bool pre_index;       /**< offset applies to the address used (P = 1) */
	bool writeback;       /**< rn is updated, as always by post-indexed LDR and STR */
	bool user_access;     /**< LDRT, STRT and their byte forms: with the rights of User mode */
	bool user_bank;       /**< LDM/STM ^, except LDM with pc: User mode registers */
	bool restore_spsr;    /**< LDM ^ with pc in the list: also copies SPSR to CPSR */
	bool pc_relative;     /**< Thumb LDR literal: the base is pc with bit 1 cleared */
};

/**
 * Decodes a load or store in ARM state (ARM ARM, A3.11 to A3.16). The condition is not looked at.
 * Returns false for anything else, for encodings with condition 0xf (PLD and the unconditional
 * space), and for encodings that are undefined on the ARM926EJ-S: LDC and STC of any coprocessor
 * but the VFP, LDRD and STRD of an odd register. Encodings which the manual calls UNPREDICTABLE
 * are refused too where no transfer could be made sense of: LDRD and STRD of r14, writeback without
 * P in LDRH and its relatives, fields that should be zero and are not, VFP lists past the last
 * register.
 */
bool arm_decode_mem(uint32_t word, struct mem_insn *insn);

/** The same for Thumb state (ARM ARM, A6.5): @p half is the halfword at pc. */
bool thumb_decode_mem(uint16_t half, struct mem_insn *insn);

/**
 * Lowest address a load or store touches, and the value its base register gets.
 *
 * @p reg returns the value of a register as the instruction reads it (r15: pc + 8 in ARM state,
 * pc + 4 in Thumb state); @p carry is the C flag, for RRX. *base_out is meaningful only with
 * insn->writeback.
 */
uint32_t mem_insn_address(const struct mem_insn *insn,
			  uint32_t (*reg)(const void *regs, unsigned n), const void *regs,
			  bool carry, uint32_t *base_out);

/** Bytes a load or store touches from its lowest address on; 0 for an empty register list. */
unsigned mem_insn_length(const struct mem_insn *insn);

#endif
