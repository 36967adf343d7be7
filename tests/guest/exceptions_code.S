/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that cause exceptions, for exceptions.c. Each code loads r4-r12 from r2 first and
 * then causes its exception at the label site_*; r1 is an address that may not be loaded from.
 */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text

	.macro ARM_SITE name, text:vararg
	.arm
	.align	2
	.global	arm_\name, site_arm_\name
arm_\name:
	ldmia	r2, {r4 - r12}
site_arm_\name:
	\text
	bx	lr
	.endm

	.macro THUMB_SITE name, text:vararg
	.thumb
	.align	2
	.global	thumb_\name, site_thumb_\name
thumb_\name:
	ldmia	r2!, {r4 - r7}
site_thumb_\name:
	\text
	bx	lr
	.endm

	ARM_SITE swi, swi 0x420042
	ARM_SITE undef, .inst 0xe7f000f0
	ARM_SITE bkpt, bkpt 0xbeef
	ARM_SITE load, ldr r0, [r1]
	ARM_SITE swp, swp r0, r3, [r1]
	ARM_SITE store_half, strh r0, [r1]
	ARM_SITE load_multiple, ldmia r1!, {r0, r3}
	ARM_SITE store_multiple, stmdb r1!, {r0, r3}
	ARM_SITE load_writeback, ldr r0, [r1, #4]!
	ARM_SITE load_post, ldr r0, [r1], r3
	THUMB_SITE swi, swi 0x42
	THUMB_SITE undef, .inst.n 0xde00
	THUMB_SITE bkpt, bkpt 0xbe
	THUMB_SITE load, ldr r0, [r1]
	THUMB_SITE store_half, strh r0, [r1]
	THUMB_SITE load_multiple, ldmia r1!, {r0, r3}

	.arm
	.align	2

/*
 * The coprocessor a program may not use. Once as code, which the rewriter may touch, once as
 * data.
 */
	ARM_SITE user_mrc, mrc p15, 0, r0, c1, c0, 0
	ARM_SITE user_mcr, mcr p15, 0, r0, c7, c10, 4
	ARM_SITE user_mrc_data, .word 0xee110f10
	ARM_SITE user_mcr_data, .word 0xee030f10
	ARM_SITE user_cdp_data, .word 0xee0000ff
	.arm

/* undefined_word(): executes the word the test put there. */
	.global	undefined_code, undefined_word
undefined_code:
	nop
undefined_word:
	.word	0
	bx	lr

/* nested_swis(): in SVC mode, an SWI whose hook causes an undefined instruction; returns r0 + 3. */
	.global	swi_then_add
swi_then_add:
	add	r0, r0, #1
	mov	r4, lr
	swi	0x11
	mov	lr, r4
	add	r0, r0, #2
	bx	lr

	.global	undefined_then_add
undefined_then_add:
	add	r0, r0, #16
	.inst	0xe7f000f0
	add	r0, r0, #32
	bx	lr
