/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps whose cost is known, for testing the counter without a VMM: undefined instructions and
 * SWIs, handled by code that the test declares to be the VMM's (.handler). One handler has two
 * paths.
 */
#include "tests/bench/markers.h"

	.syntax unified
	.arch armv5te
	.arm

	.section .text
	.global selftrap_start
selftrap_start:
	msr	cpsr_c, #0xdb		/* undefined mode */
	ldr	sp, =undef_stack
	msr	cpsr_c, #0xd3
	ldr	r0, =vectors
	ldr	r1, =0x00000004
	ldmia	r0, {r2, r3}
	stmia	r1, {r2, r3}
	ldr	r2, =undef_handler
	ldr	r3, =swi_handler
	mov	r1, #0x40
	stmia	r1, {r2, r3}

	adr	r0, line
	bl	print
	mov	r4, #1			/* the short path */
	.inst	MARK_BEGIN
	udf	#1
	udf	#2
	udf	#3
	mov	r4, #0			/* the long one */
	udf	#4
	swi	1
	nop
	swi	2
	.inst	MARK_END
	/* A guest's own vectors are at the same addresses; its code follows, so no trap is counted. */
	adr	r0, line
	bl	print
	.inst	MARK_BEGIN
	adr	lr, 1f
	ldr	r2, =0xe12fff1e		/* bx lr */
	mov	r1, #0x18
	str	r2, [r1]
	bx	r1
1:	.inst	MARK_END
	finish

line:
	.asciz	"BENCH selftrap 1 1\n"
	.align	2

	PRINT_CODE

vectors:
	ldr	pc, [pc, #0x34]		/* 0x04: [0x40] */
	ldr	pc, [pc, #0x34]		/* 0x08: [0x44] */
	.ltorg

	.section .handler, "ax"
undef_handler:				/* 1 + 4 instructions, or 1 + 6 */
	cmp	r4, #0
	bne	1f
	nop
	nop
1:	nop
	movs	pc, lr
swi_handler:				/* 1 + 3 */
	nop
	nop
	movs	pc, lr

	.bss
	.space	64
undef_stack:
