/* SPDX-License-Identifier: Apache-2.0 */
/* Code of irq_timer.c that is interrupted: loops that prove nothing else changed. */
#include "tests/guest/guest.h"

#define SVC_MASKED   (PSR_MODE_SVC | PSR_MASKED)
#define SVC_UNMASKED (PSR_MODE_SVC | PSR_F)

	.syntax unified
	.arch armv5te
	.text

/*
 * register_loop(flag): until the word at r0 is not 0, fills r1-r12 and the flags with values that
 * depend on the turn, and checks them. Runs in any mode, masks by the caller. Returns in r0 how
 * many differences it found, in r1 nothing. r13 and r14 must not change either: they are compared
 * with copies kept in memory beside the flag (words 1 and 2).
 */
	.arm
	.global	register_loop
register_loop:
	str	sp, [r0, #4]
	str	lr, [r0, #8]
	mov	r1, #0				/* differences */
	mov	r2, #0				/* turn */
1:	add	r2, r2, #1
	add	r3, r2, #0x30
	add	r4, r3, r2
	add	r5, r4, r3, ror #3
	eor	r6, r5, r4, lsl #5
	mvn	r7, r6
	sub	r8, r7, r2
	add	r9, r8, r7
	eor	r10, r9, r8, lsr #2
	rsb	r11, r10, r9
	add	r12, r11, #0x4c0
	subs	r2, r2, #0			/* C set, N and Z clear */
	.rept	12
	nop
	.endr
	addls	r1, r1, #1
	addmi	r1, r1, #1
	cmp	r2, r2
	nop
	nop
	addne	r1, r1, #1
	cmn	r2, #1
	nop
	addeq	r1, r1, #1
	sub	r12, r12, #0x4c0
	SAME	r11, r12
	rsb	r12, r11, #0			/* undo the chain from its end */
	add	r12, r12, r9
	SAME	r12, r10
	eor	r12, r10, r8, lsr #2
	SAME	r12, r9
	sub	r12, r9, r7
	SAME	r12, r8
	add	r12, r8, r2
	SAME	r12, r7
	mvn	r12, r7
	SAME	r12, r6
	eor	r12, r6, r4, lsl #5
	SAME	r12, r5
	sub	r12, r5, r3, ror #3
	SAME	r12, r4
	sub	r12, r4, r2
	SAME	r12, r3
	sub	r12, r3, #0x30
	SAME	r12, r2
	ldr	r12, [r0, #4]
	SAME	r12, sp
	ldr	r12, [r0, #8]
	SAME	r12, lr
	ldr	r12, [r0]
	cmp	r12, #0
	beq	1b
	mov	r0, r1
	bx	lr

/* thumb_loop(flag): the same idea with the low registers. */
	.thumb
	.align	2
	.global	thumb_loop
thumb_loop:
	movs	r1, #0
	movs	r2, #0
2:	adds	r2, #1
	movs	r3, r2
	adds	r3, #0x30
	adds	r4, r3, r2
	eors	r4, r3
	mvns	r5, r4
	subs	r6, r5, r2
	adds	r7, r6, r5
	nop
	nop
	nop
	nop
	subs	r7, r7, r5
	cmp	r7, r6
	beq	3f
	adds	r1, #1
3:	adds	r7, r6, r2
	cmp	r7, r5
	beq	4f
	adds	r1, #1
4:	mvns	r7, r5
	eors	r7, r3
	subs	r7, r7, r2
	cmp	r7, r3
	beq	5f
	adds	r1, #1
5:	ldr	r7, [r0]
	cmp	r7, #0
	beq	2b
	movs	r0, r1
	bx	lr

/*
 * mode_loop(flag): kernel code that masks, unmasks and changes modes all the time, with values in
 * the banked registers of the modes it visits. Counts differences in r0, r1 as above.
 */
	.arm
	.align	2
	.global	mode_loop
mode_loop:
	stmfd	sp!, {r4 - r11, lr}
	mov	r1, #0
	mov	r2, #0
	mov	r11, sp
6:	add	r2, r2, #1
	msr	cpsr_c, #(PSR_MODE_SYS | PSR_F)
	add	sp, r2, #0x100
	add	lr, r2, #0x200
	msr	cpsr_c, #(PSR_MODE_FIQ | PSR_MASKED)
	add	r8, r2, #8
	add	lr, r2, #0x300
	mov	r5, r2, lsl #28
	orr	r5, r5, #(PSR_MODE_FIQ | PSR_MASKED)
	msr	spsr_cxsf, r5
	msr	cpsr_c, #SVC_UNMASKED
	add	r8, r2, #9
	mrs	r3, cpsr
	orr	r4, r3, #PSR_I
	msr	cpsr_c, r4
	mrs	r5, cpsr
	msr	cpsr_c, r3
	bic	r5, r5, #0xff000000
	SAME	r5, #SVC_MASKED
	mov	r6, #(PSR_MODE_SYS | PSR_F)
	msr	cpsr_c, #SVC_MASKED		/* nothing may touch SPSR until it is used */
	orr	r6, r6, #PSR_C
	msr	spsr_cxsf, r6
	adr	r7, 7f
	movs	pc, r7
7:	mrs	r5, cpsr			/* SYS, unmasked */
	SAME	r5, r6
	sub	r7, sp, #0x100
	SAME	r7, r2
	sub	r7, lr, #0x200
	SAME	r7, r2
	sub	r7, r8, #9
	SAME	r7, r2
	msr	cpsr_c, #(PSR_MODE_FIQ | PSR_MASKED)
	sub	r7, r8, #8
	mov	r5, lr
	mrs	r6, spsr
	msr	cpsr_c, #SVC_UNMASKED
	SAME	r7, r2
	sub	r5, r5, #0x300
	SAME	r5, r2
	mov	r7, r2, lsl #28
	orr	r7, r7, #(PSR_MODE_FIQ | PSR_MASKED)
	SAME	r6, r7
	SAME	sp, r11
	ldr	r7, [r0]
	cmp	r7, #0
	beq	6b
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r1
	ldmfd	sp!, {r4 - r11, pc}

/*
 * open_window(counter, value): called by a handler in IRQ mode; waits in SYS mode, unmasked, until
 * nested interrupts have brought the counter to the value.
 */
	.global	open_window
open_window:
	mov	r3, lr
	msr	cpsr_c, #(PSR_MODE_SYS | PSR_F)
13:	ldr	r2, [r0]
	cmp	r2, r1
	blo	13b
	msr	cpsr_c, #(PSR_MODE_IRQ | PSR_MASKED)
	bx	r3

/*
 * unmask_NAME(marker): an interrupt is pending and masked. One instruction unmasks it; it must be
 * taken before the next one. The handler changes the word at r0; what the code reads there it
 * returns.
 */
	.macro UNMASK name
	.global	unmask_\name
unmask_\name:
	.endm

	UNMASK	msr
	mov	r3, #0
	msr	cpsr_c, #SVC_UNMASKED
	ldr	r3, [r0]
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr

	UNMASK	msr_imm_flags
	mrs	r2, cpsr
	bic	r2, r2, #PSR_I
	msr	cpsr_fc, r2
	ldr	r3, [r0]
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr

	UNMASK	movs_pc
	mov	r2, #SVC_UNMASKED
	msr	spsr_cxsf, r2
	adr	r2, 8f
	movs	pc, r2
	mov	r0, #0
	bx	lr
8:	ldr	r3, [r0]
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr

	UNMASK	subs_pc_to_user
	stmfd	sp!, {r4 - r11, lr}
	mov	r2, #PSR_MODE_USR
	msr	spsr_cxsf, r2
	adr	r2, 9f + 4
	subs	pc, r2, #4
9:	ldr	r0, [r0]
	swi	0x41				/* the hook goes back to SVC, masked */
	ldmfd	sp!, {r4 - r11, pc}

	UNMASK	ldm_pc
	mov	r2, #SVC_UNMASKED
	msr	spsr_cxsf, r2
	adr	r2, 10f
	stmfd	sp!, {r0, r2}
	ldmfd	sp!, {r1, pc}^
	mov	r0, #0
	bx	lr
10:	ldr	r3, [r1]
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr

	UNMASK	mode_change
	msr	cpsr_c, #(PSR_MODE_SYS | PSR_F)
	ldr	r3, [r0]
	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr

	UNMASK	thumb_return
	mov	r2, #(SVC_UNMASKED | PSR_T)
	msr	spsr_cxsf, r2
	adr	r2, 11f
	movs	pc, r2
	.thumb
	.align	2
11:	ldr	r3, [r0]
	adr	r2, 12f
	bx	r2
	.align	2
	.arm
12:	msr	cpsr_c, #SVC_MASKED
	mov	r0, r3
	bx	lr
