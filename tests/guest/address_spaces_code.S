/* SPDX-License-Identifier: Apache-2.0 */
/* Code of address_spaces.c that is copied before it runs, or runs where nothing else is mapped. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

/*
 * Runs at any address, with the program's own MiB closed by DACR: raises an interrupt, takes it
 * through the vectors below, makes an SWI, and returns with both counted in r0. r1 = address of the
 * register that raises the interrupt, r2 = value for it, r3 = DACR to close with.
 */
	.global	closed_code, closed_code_end
closed_code:
	mrc	p15, 0, r4, c3, c0, 0
	mov	r5, lr
	mov	r6, #0
	mov	r7, #0
	mrs	r8, cpsr
	mcr	p15, 0, r3, c3, c0, 0
	str	r2, [r1]
	bic	r9, r8, #PSR_I
	msr	cpsr_c, r9			/* the interrupt is taken here */
	nop
	msr	cpsr_c, r8
	swi	0x99
	mcr	p15, 0, r4, c3, c0, 0
	add	r0, r6, r7, lsl #8
	bx	r5
closed_code_end:

/*
 * Vectors of their own, without a stack or a word outside of this page. r6 counts interrupts and r7
 * SWIs; r10 = address of the register that takes the interrupt back, r2 = value for it.
 */
	.global	closed_vectors, closed_vectors_end
closed_vectors:
	b	.
	b	.
	b	2f
	b	.
	b	.
	b	.
	b	1f
	b	.
1:	add	r6, r6, #1
	str	r2, [r10]
	subs	pc, lr, #4
2:	add	r7, r7, #1
	movs	pc, lr
closed_vectors_end:

/* closed_run(args, code): loads r1-r3 and r10 from args and calls the code. */
	.global	closed_run
closed_run:
	stmfd	sp!, {r4 - r11, lr}
	mov	r12, r1
	ldmia	r0, {r1 - r3, r10}
	mov	lr, pc
	bx	r12
	ldmfd	sp!, {r4 - r11, pc}

/* Copied to address 0 of a space with high vectors: returns 0x600d + r0. */
	.global	code_at_zero, code_at_zero_end
code_at_zero:
	add	r0, r0, #0x6000
	add	r0, r0, #0x000d
	bx	lr
code_at_zero_end:

/* What stands behind may have been fetched with the old PID. */
	.macro SET_PID value
	mcr	p15, 0, \value, c13, c0, 0
	nop
	nop
	nop
	.endm

/*
 * pid_round_trip(va, pid_a, pid_b, out): one load under each of two PIDs, without a TLB operation
 * in between, then a store under the first and a load under both again; PID 0 at the end.
 */
	.global	pid_round_trip
pid_round_trip:
	stmfd	sp!, {r4 - r6, lr}
	SET_PID r1
	ldr	r4, [r0]
	SET_PID r2
	ldr	r5, [r0]
	stmia	r3!, {r4, r5}
	SET_PID r1
	mvn	r4, r4
	str	r4, [r0]
	ldr	r4, [r0]
	SET_PID r2
	ldr	r5, [r0]
	mov	r6, #0
	SET_PID r6
	stmia	r3!, {r4, r5}
	ldmfd	sp!, {r4 - r6, pc}

/* The SWI vector of a PID: counts, then goes where all SWIs go. */
	.global	pid_swi
pid_swi:
	stmfd	sp!, {r0, r1}
	ldr	r0, =pid_swi_count
	ldr	r1, [r0]
	add	r1, r1, #1
	str	r1, [r0]
	ldmfd	sp!, {r0, r1}
	b	enter_swi
	.ltorg

	.bss
	.align	2
	.global	pid_swi_count
pid_swi_count:
	.word	0
