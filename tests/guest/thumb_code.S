/* SPDX-License-Identifier: Apache-2.0 */
/* Thumb code and the ways between the instruction sets, for thumb.c. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text

	.macro ARM_CODE name
	.arm
	.align	2
	.global	\name
\name:
	.endm

	.macro THUMB_CODE name
	.thumb
	.align	2
	.global	\name
\name:
	.endm

/* Each of these adds 1 to r0 per step and crosses between the sets; the last step is an SWI. */
ARM_CODE cross_bx
	mov	r7, lr
	adr	r1, 1f + 1
	add	r0, r0, #1
	bx	r1
	.thumb
1:	adds	r0, #1
	adr	r1, 2f
	bx	r1
	.align	2
	.arm
2:	add	r0, r0, #1
	swi	0x21
	bx	r7

ARM_CODE cross_blx
	mov	r7, lr
	blx	3f
	add	r0, r0, #1
	adr	r1, 3f + 1
	blx	r1
	add	r0, r0, #1
	swi	0x22
	bx	r7
	.thumb
	.align	2
3:	mov	r6, lr
	adds	r0, #1
	blx	4f
	adds	r0, #1
	bx	r6
	.align	2
	.arm
4:	add	r0, r0, #1
	bx	lr

/* Loads to pc choose the set by bit 0 (ARM ARM, A2.7). r2 = a word to load from, writable. */
ARM_CODE cross_loads
	mov	r7, lr
	adr	r1, 5f + 1
	str	r1, [r2]
	add	r0, r0, #1
	ldr	pc, [r2]
	.thumb
	.align	2
5:	adds	r0, #1
	adr	r1, 6f
	mov	r6, sp
	mov	sp, r2
	push	{r1}
	pop	{pc}
	.align	2
	.arm
6:	mov	sp, r6
	add	r0, r0, #1
	adr	r1, 7f + 1
	str	r1, [r2, #4]
	add	r3, r2, #8
	ldmdb	r3!, {r1, pc}
	.thumb
	.align	2
7:	adds	r0, #1
	bx	r7

/* Thumb code at an address that is not a multiple of 4, and an SWI there. */
THUMB_CODE odd_half
	nop
	.global	odd_half_start
odd_half_start:
	mov	r6, lr
	adds	r0, #2
	adds	r0, #3
	swi	0x23
	adds	r0, #4
	bx	r6

/* The high registers hold what the low ones had, across an SWI. */
THUMB_CODE high_registers
	mov	r7, lr
	mov	r8, r0
	mov	r9, r1
	mov	r10, r2
	mov	r11, r3
	movs	r0, #0
	movs	r1, #0
	swi	0x24
	mov	r0, r8
	add	r0, r9
	mov	r1, r10
	add	r1, r11
	cmp	r8, r9
	bx	r7
