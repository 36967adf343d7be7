/* SPDX-License-Identifier: Apache-2.0 */
/* What pv_irq.c and its assembly agree on. */
#ifndef TESTS_GUEST_PV_IRQ_H
#define TESTS_GUEST_PV_IRQ_H

/* Bytes of a frame of r0 to r12, sp, lr, pc, psr. */
#define FRAME_SP   52
#define FRAME_PC   60
#define FRAME_SIZE 72

/* Where a return unmasks: by the first instruction of its sequence, amid it, by the last but the SWI. */
#define UNMASK_FIRST   1
#define UNMASK_INSIDE  2
#define UNMASK_AT_SITE 4

/* Offsets in struct entered. */
#define ENTERED_CPSR  60
#define ENTERED_INDEX 64
#define ENTERED_PAGE  68
#define ENTERED_SIZE  (ENTERED_PAGE + 0x34)

#ifndef __ASSEMBLER__

#include "tests/guest/guest.h"

/** What an entry of struct pv_info found. */
struct entered {
	uint32_t r[15];
	uint32_t cpsr;
	uint32_t index; /* of the entry, enum pv_entry */
	uint32_t page[13];
};

_Static_assert(offsetof(struct entered, page) == ENTERED_PAGE, "ENTERED_PAGE");
_Static_assert(sizeof(struct entered) == ENTERED_SIZE, "ENTERED_SIZE");

#endif
#endif
