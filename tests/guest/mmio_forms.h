/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all load and store forms in mmio_code.S, and what each does to its registers. */
#ifndef TESTS_GUEST_MMIO_FORMS_H
#define TESTS_GUEST_MMIO_FORMS_H

#include <stdint.h>

/** r1-r8 before and after the instruction: r1 base, r2.. data, r7 offset. */
struct form_registers {
	uint32_t r[8];
};

/** What a form transfers. */
enum transfer {
	LOAD_WORD,
	LOAD_BYTE,
	LOAD_HALF,
	LOAD_SIGNED_BYTE,
	LOAD_SIGNED_HALF,
	LOAD_DOUBLE,
	LOAD_MULTIPLE, /* r2-r6 from five words */
	STORE_WORD,
	STORE_BYTE,
	STORE_HALF,
	STORE_DOUBLE,
	STORE_MULTIPLE,
	STORE_NOTHING,
	SWAP_WORD,
	SWAP_BYTE,
};

/**
 * @p registers lists the registers of a multiple transfer as bits 2 to 6 (1: the base is loaded
 * too).
 */
struct form {
	const char *name;
	void (*run)(struct form_registers *registers);
	enum transfer transfer;
	int offset;    /* of the lowest address touched, from r1 */
	int writeback; /* change of r1 */
	uint32_t r7;
	uint8_t registers;
	uint8_t kernel_only;
};

extern const struct form mmio_forms[];
extern const unsigned mmio_form_count;

#endif
