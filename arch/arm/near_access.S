/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory for functions that fast_mmio.S calls, in Abort mode (user_access.h). An abort there needs
 * the vCPU's frame as the stack, writes its exc_lr, and takes lr and spsr.
 */
#include "arch/arm/trap_frame.h"

	.syntax unified
	.arm

/* bool NAME(frame, va, words, count). Only the access at "marked" may abort, and only the first one. */
	.macro	NEAR name, first:req, second:req, marked:req
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
\name:
	stmfd	sp!, {r4, r5, lr}
	mov	r4, sp
	mov	sp, r0
.L\name\()_1:
	\first
.L\name\()_2:
	\second
	subs	r3, r3, #1
	bne	.L\name\()_1
	mov	sp, r4
	mov	r0, #1
	ldmfd	sp!, {r4, r5, pc}
.L\name\()_failed:
	mov	sp, r4
	mov	r0, #0
	ldmfd	sp!, {r4, r5, pc}
	.section .fixup_table, "a"
	.word	.L\name\marked, .L\name\()_failed
	.endm

	NEAR	near_load_words, "ldrt r5, [r1], #4", "str r5, [r2], #4", _1
	NEAR	near_store_words, "ldr r5, [r2], #4", "strt r5, [r1], #4", _2

/* void near_set_psr(frame) */
	.section .text.near_set_psr, "ax"
	.global	near_set_psr
	.type	near_set_psr, %function
near_set_psr:
	ldr	r1, [r0, #TF_CPSR]
	msr	spsr_cxsf, r1
	bx	lr
