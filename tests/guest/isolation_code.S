/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code of isolation.c: exceptions with a stack pointer that leads nowhere, and a word to
 * execute.
 */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	.global	swi_with_sp
swi_with_sp:
	mov	sp, r0
	swi	0x51
	b	.

	.global	undefined_with_sp
undefined_with_sp:
	msr	cpsr_c, #(PSR_MODE_UND | PSR_MASKED)
	mov	sp, r0
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	.inst	0xe7f000f0
	b	.

	.global	irq_with_sp
irq_with_sp:
	msr	cpsr_c, #(PSR_MODE_IRQ | PSR_MASKED)
	mov	sp, r0
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_F)	/* an interrupt is pending */
	b	.

	.global	word_code, word_slot
word_code:
	nop
word_slot:
	.word	0
	bx	lr
