/* SPDX-License-Identifier: Apache-2.0 */
/* The CP15 operations whose result is in the flags; and a word to execute. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

/* Each returns the CPSR after the caches have been found clean, starting with the flags of r0. */
	.macro TEST_CLEAN name, crm
	.global	\name
\name:
1:	msr	cpsr_f, r0
	mrc	p15, 0, r15, c7, \crm, 3
	bne	1b
	mrs	r0, cpsr
	mov	r1, #0
	mcr	p15, 0, r1, c7, c10, 4
	bx	lr
	.endm
	TEST_CLEAN test_and_clean_flags, c10
	TEST_CLEAN test_clean_invalidate_flags, c14

	.global	undefined_code, undefined_word
undefined_code:
	nop
undefined_word:
	.word	0
	bx	lr
