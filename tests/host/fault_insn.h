/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random loads and stores of ARM and Thumb state, with what they do according to the ARM ARM: made
 * together with the word, not decoded from it.
 */
#ifndef TESTS_HOST_FAULT_INSN_H
#define TESTS_HOST_FAULT_INSN_H

#include <stdbool.h>
#include <stdint.h>

/** A load or store with its effects. */
struct fault_insn {
	uint32_t word;
	bool thumb, load, swap, sign;
	unsigned size, count; /* of one transfer; transfers */
	uint32_t va;
	uint8_t reg[16]; /* where transfers go to or come from */
	bool writeback;
	unsigned base;
	uint32_t base_before, base_after;
};

/** LDR, STR and their relatives, LDRD, STRD, SWP. */
void fault_insn_single(struct fault_insn *insn);
/** Single transfers of Thumb state; sets r3, which some of them add. */
void fault_insn_thumb(struct fault_insn *insn);
/** LDM, STM, PUSH, POP in both states. */
void fault_insn_multiple(struct fault_insn *insn);

/** The address of transfer @p n. */
uint32_t fault_insn_va(const struct fault_insn *insn, unsigned n);

#endif
