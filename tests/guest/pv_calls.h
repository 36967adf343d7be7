/* SPDX-License-Identifier: Apache-2.0 */
/* What pv_calls.c and its assembly agree on. */
#ifndef TESTS_GUEST_PV_CALLS_H
#define TESTS_GUEST_PV_CALLS_H

/* How the kernel was entered. */
#define CALLS_BY_ENTRY  1
#define CALLS_BY_VECTOR 2

/* Bytes from one place where the program goes on to the next. */
#define CALLS_PAD_SIZE 20

/* Offsets in struct calls_found and struct calls_back. */
#define FOUND_CPSR       60
#define FOUND_WAY        64
#define FOUND_SPSR       68
#define FOUND_USER_SP    72
#define FOUND_DACR       80
#define FOUND_PAGE       84
#define FOUND_PAGE_WORDS 15
#define FOUND_SIZE       (FOUND_PAGE + 4 * FOUND_PAGE_WORDS)
#define BACK_CPSR        60
#define BACK_PAD         64
#define BACK_FOUND       68
#define BACK_SIZE        (BACK_FOUND + FOUND_SIZE)

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/** What the kernel found when it was called. spsr, user_sp and user_lr by the vector only. */
struct calls_found {
	uint32_t r[15];
	uint32_t cpsr;
	uint32_t way;
	uint32_t spsr;
	uint32_t user_sp;
	uint32_t user_lr;
	uint32_t dacr;
	uint32_t page[FOUND_PAGE_WORDS];
};

/** What the program found after the call, and what the kernel had found in it. */
struct calls_back {
	uint32_t r[15];
	uint32_t cpsr;
	uint32_t pad;
	struct calls_found found;
};

_Static_assert(offsetof(struct calls_found, page) == FOUND_PAGE, "FOUND_PAGE");
_Static_assert(sizeof(struct calls_found) == FOUND_SIZE, "FOUND_SIZE");
_Static_assert(offsetof(struct calls_back, found) == BACK_FOUND, "BACK_FOUND");

#endif
#endif
