/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into random words and back, for hostile_random.c. While words run, nothing of this
 * program can be written: in user mode because its pages are the kernel's; in kernel modes because
 * they are read-only in MMU domain 1, a client. There every exception makes all domains manager
 * domains first, with no word of memory and no stack. Then it goes on in SVC mode on the program's
 * own stack: whatever the words did to registers and modes is gone.
 */
#include "tests/guest/guest.h"

#define SVC (PSR_MODE_SVC | PSR_MASKED)

	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro BACK name, kind, opens
random_\name:
	.ifnb	\opens
	mvn	sp, #0
	mcr	p15, 0, sp, c3, c0, 0
	.endif
	mov	r0, #\kind
	mov	r1, lr
	b	random_back
	.endm

	.macro VECTORS name, opens
	.align	5
	.global	random_\name\()_vectors
random_\name\()_vectors:
	.rept	8
	ldr	pc, [pc, #24]
	.endr
	.irp	vector, reset, undef, swi, pabt, dabt, reset, irq, fiq
	.word	random_\name\()_\vector
	.endr
	BACK	\name\()_reset, 0, \opens
	BACK	\name\()_undef, KIND_UNDEF, \opens
	BACK	\name\()_swi, KIND_SWI, \opens
	BACK	\name\()_pabt, KIND_PABT, \opens
	BACK	\name\()_dabt, KIND_DABT, \opens
	BACK	\name\()_irq, KIND_IRQ, \opens
	BACK	\name\()_fiq, KIND_FIQ, \opens
	.endm

	VECTORS	user
	VECTORS	kernel, 1

random_back:
	msr	cpsr_c, #SVC
	ldr	sp, =random_stack_top
	bl	random_next			/* does not return */

/*
 * random_enter(registers, psr, dacr): r0-r14 and pc from the 16 words at registers, in the mode of
 * psr. User mode gets r13 and r14 in its own bank first, kernel modes get the DACR.
 */
	.global	random_enter
random_enter:
	mov	r4, r0
	and	r5, r1, #0x1f
	cmp	r5, #PSR_MODE_USR
	addeq	r6, r4, #52
	ldmiaeq	r6, {r13, r14}^
	nop
	cmp	r5, #PSR_MODE_USR
	moveq	r5, #PSR_MODE_SVC
	orr	r5, r5, #PSR_MASKED
	msr	cpsr_c, r5
	msr	spsr_cxsf, r1
	mov	lr, r4
	tst	r1, #0xf
	mcrne	p15, 0, r2, c3, c0, 0
	ldmia	lr, {r0 - r14, pc}^

/* random_run(): calls random_next() on a stack of its own; random_stop() returns from it. */
	.global	random_run
random_run:
	stmfd	sp!, {r4 - r11, lr}
	ldr	r0, =random_saved_sp
	str	sp, [r0]
	mov	r0, #0
	mov	r1, #0
	b	random_back

	.global	random_stop
random_stop:
	ldr	r0, =random_saved_sp
	ldr	sp, [r0]
	ldmfd	sp!, {r4 - r11, pc}
	.ltorg

	.bss
	.align	3
random_saved_sp:
	.word	0, 0
	.space	4096
random_stack_top:
