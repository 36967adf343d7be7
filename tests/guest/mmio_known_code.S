/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of one word with each register, for mmio_known.c: known_load_N(), known_store_N()
 * for r0 to r12, sp and lr as N from 0 to 14. The place, what is loaded or stored, sp meanwhile and
 * the flags afterwards are in known_access.
 */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro	BEGIN name, number, base
	.global	\name\()_\number
\name\()_\number:
	stmfd	sp!, {r4 - r11, lr}
	ldr	\base, =known_access
	str	sp, [\base, #8]
	.endm

	/* Flags that no instruction on the way changes. */
	.macro	END base
	ldr	\base, =known_access
	ldr	sp, [\base, #8]
	mrs	r4, cpsr
	str	r4, [\base, #12]
	ldmfd	sp!, {r4 - r11, pc}
	.endm

	.macro	FORMS number, reg, base
	BEGIN	known_load, \number, \base
	ldr	\base, [\base]
	msr	cpsr_f, #0xa0000000
	sub	\base, \base, #0x20
	ldr	\reg, [\base, #0x20]
	ldr	\base, =known_access
	str	\reg, [\base, #4]
	END	\base

	BEGIN	known_store, \number, \base
	ldr	\reg, [\base, #4]
	ldr	\base, [\base]
	msr	cpsr_f, #0x50000000
	streq	\reg, [\base]
	strne	\reg, [\base, #4]
	END	\base
	.ltorg
	.endm

	FORMS	0, r0, r12
	FORMS	1, r1, r12
	FORMS	2, r2, r12
	FORMS	3, r3, r12
	FORMS	4, r4, r12
	FORMS	5, r5, r12
	FORMS	6, r6, r12
	FORMS	7, r7, r12
	FORMS	8, r8, r12
	FORMS	9, r9, r12
	FORMS	10, r10, r12
	FORMS	11, r11, r12
	FORMS	12, r12, r11
	FORMS	13, sp, r12
	FORMS	14, lr, r12

	.bss
	.align	2
	.global	known_access
known_access:
	.space	16
