/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small kernel with paravirtual entries, for pv_irq.c: system calls that are interrupted anywhere,
 * with a return sequence that does not mask interrupts, and the entries of all exceptions.
 */
#include "tests/guest/guest.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/pv_irq.h"

#define SVC    (PSR_MODE_SVC | PSR_MASKED)
#define DONE   0xffffd0e0

	.syntax unified
	.arch armv5te
	.text
	.arm

/*
 * uint32_t irq_calls(): a program that calls the kernel until irq_enough is not 0, and checks its
 * registers after each call: r4 is the number of calls, r5 to r12, sp and lr follow from it. Returns
 * the number of calls; irq_differences counts what was wrong.
 */
	.global	irq_calls
irq_calls:
	stmfd	sp!, {r4 - r11, lr}
	ldr	r0, =kernel_sp
	str	sp, [r0]
	mov	r0, #PSR_MODE_USR
	msr	spsr_cxsf, r0
	ldr	lr, =program
	movs	pc, lr

program:
	mov	r4, #0
1:	add	r4, r4, #1
	mvn	r5, r4
	add	r6, r4, r5, ror #7
	eor	r7, r6, r4, lsl #3
	add	r8, r7, #0x51
	sub	r9, r8, r5
	mvn	r10, r9
	eor	r11, r10, #0x300
	add	r12, r11, r4
	add	sp, r12, #1
	add	lr, sp, #1
	mov	r0, r4
	tst	r4, #1				/* flags that depend on the turn */
	swi	0
	.global	irq_behind_call
irq_behind_call:
	moveq	r1, #0
	movne	r1, #1
	eor	r1, r1, r4
	and	r1, r1, #1
	SAME	r0, r4				/* the kernel's count of calls */
	add	r2, r12, #1
	SAME	r2, sp
	add	r2, sp, #1
	SAME	r2, lr
	add	r2, r11, r4
	SAME	r2, r12
	eor	r2, r10, #0x300
	SAME	r2, r11
	mvn	r2, r9
	SAME	r2, r10
	sub	r2, r8, r5
	SAME	r2, r9
	add	r2, r7, #0x51
	SAME	r2, r8
	eor	r2, r6, r4, lsl #3
	SAME	r2, r7
	add	r2, r4, r5, ror #7
	SAME	r2, r6
	mvn	r2, r4
	SAME	r2, r5
	ldr	r2, =irq_differences
	ldr	r3, [r2]
	add	r3, r3, r1
	str	r3, [r2]
	ldr	r2, =irq_enough
	ldr	r2, [r2]
	cmp	r2, #0
	beq	1b
	ldr	r0, =DONE
	swi	0

/* The kernel's side: counts the calls of its own, with interrupts on. */
	.global	pv_swi_entry
pv_swi_entry:
	sub	sp, sp, #FRAME_SIZE
	stmia	sp, {r0 - r12}
	ldr	r8, =PV_PAGE + PV_USR_SP
	ldmia	r8, {r1, r2, r5, r6}		/* sp, lr, psr, pc */
called:
	add	r7, sp, #FRAME_SP
	stmia	r7, {r1, r2, r6}
	str	r5, [r7, #12]
	ldr	r8, =PV_UNMASKED
	strb	r8, [r8, #PV_PAGE + PV_CTL - PV_UNMASKED]
	ldr	r3, =DONE
	cmp	r0, r3
	beq	program_done
	ldr	r3, =irq_kernel_calls
	ldr	r0, [r3]
	add	r0, r0, #1
	str	r0, [r3]
	mov	r4, r0
	bl	irq_before_return
	mov	r0, r4

/*
 * The return: r0 is the result, r9 the address of what is to be done before, r7 says where it
 * unmasks, with lr. Begun again from here by an interrupt, also by one behind the last load: so only
 * r0 and sp count, which nothing changes.
 */
	.global	pv_restart_from, pv_return_site
pv_restart_from:
	ldr	r9, =irq_work
	ldr	r7, =irq_unmask_at
	ldr	r7, [r7]
	ldr	lr, =PV_UNMASKED
	tst	r7, #UNMASK_FIRST
	strbne	lr, [lr, #PV_PAGE + PV_CTL - PV_UNMASKED]
	add	r2, sp, #FRAME_SP
	ldmia	r2, {r4, r5, r11, r12}		/* sp, lr, pc, psr */
	ldr	r1, [r9]
	cmp	r1, #0
	bne	1f
	ldr	r3, =PV_PAGE + PV_USR_SP
	tst	r7, #UNMASK_INSIDE
	strbne	lr, [lr, #PV_PAGE + PV_CTL - PV_UNMASKED]
	mov	r6, r12
	add	r12, r2, #FRAME_SIZE - FRAME_SP
	stmia	r3, {r4, r5, r6, r11, r12}
	tst	r7, #UNMASK_AT_SITE
	ldmdb	r2, {r1 - r12}
	strbne	lr, [lr, #PV_PAGE + PV_CTL - PV_UNMASKED]
pv_return_site:
	swi	0
1:	ldr	r2, =irq_work_done
	mov	r1, #0
	str	r1, [r9]
	ldr	r1, [r2]
	add	r1, r1, #1
	str	r1, [r2]
	b	pv_restart_from

program_done:
	ldr	r0, =kernel_sp
	ldr	sp, [r0]
	msr	cpsr_c, #SVC
	mov	r0, r4				/* of the program */
	ldmfd	sp!, {r4 - r11, pc}
	.ltorg

/* The same by the guest's vector. */
	.global	irq_swi_vector
irq_swi_vector:
	sub	sp, sp, #FRAME_SIZE
	stmia	sp, {r0 - r12}
	mrs	r5, spsr
	mov	r6, lr
	stmdb	sp, {sp, lr}^
	nop
	ldmdb	sp, {r1, r2}
	b	called

/* Interrupts, from a program: back by return_site or by the original instructions, in turns. */
	.global	pv_irq_usr, pv_irq_svc
pv_irq_usr:
	sub	sp, sp, #FRAME_SIZE
	stmia	sp, {r0 - r12}
	ldr	r8, =PV_PAGE + PV_USR_SP
	ldmia	r8, {r1, r2, r5, r6}
	add	r7, sp, #FRAME_SP
	stmia	r7, {r1, r2, r6}
	str	r5, [r7, #12]
	mov	r0, #1
	mov	r1, r6
	bl	irq_taken
	add	r2, sp, #FRAME_SP
	ldmia	r2, {r4, r5, r11, r12}
	tst	r0, #1
	bne	2f
	ldr	r3, =PV_PAGE + PV_USR_SP
	mov	r6, r12
	add	r12, r2, #FRAME_SIZE - FRAME_SP
	stmia	r3, {r4, r5, r6, r11, r12}
	ldmdb	r2, {r0 - r12}
	b	pv_return_site
2:	msr	spsr_cxsf, r12
	mov	lr, r11
	ldmia	r2, {sp, lr}^
	nop
	ldmia	sp, {r0 - r12}
	add	sp, sp, #FRAME_SIZE
	movs	pc, lr

/* ... and from the kernel, which finds that there is work. */
pv_irq_svc:
	sub	sp, sp, #FRAME_SIZE
	stmia	sp, {r0 - r12}
	add	r1, sp, #FRAME_SIZE
	mov	r2, lr
	ldr	r8, =PV_PAGE + PV_PSR
	ldmia	r8, {r5, r6}
	add	r7, sp, #FRAME_SP
	stmia	r7, {r1, r2, r6}
	str	r5, [r7, #12]
	mov	r0, #0
	mov	r1, r6
	bl	irq_taken
	ldr	r1, =irq_work
	mov	r0, #1
	str	r0, [r1]
	ldr	r0, [sp, #FRAME_SP + 12]
	msr	spsr_cxsf, r0
	ldmia	sp, {r0 - r12, sp, lr, pc}^
	.ltorg

/*
 * uint32_t irq_unmask(marker): unmasks by a store to the page while an interrupt is pending; returns
 * what the marker is with the next instruction.
 */
	.global	irq_unmask
irq_unmask:
	ldr	r1, =PV_UNMASKED
	strb	r1, [r1, #PV_PAGE + PV_CTL - PV_UNMASKED]
	ldr	r2, [r0]
	ldr	r1, =PV_MASKED
	strb	r1, [r1, #PV_PAGE + PV_CTL - PV_MASKED]
	mov	r0, r2
	bx	lr

/* The entries of other exceptions: what is found, and away. */
	.macro ENTRY name, index
	.global	pv_\name
pv_\name:
	str	r0, entered
	mov	r0, #\index
	b	found
	.endm

	ENTRY	und_usr, 0
	ENTRY	pabt_usr, 1
	ENTRY	dabt_usr, 2
	ENTRY	und_svc, 4
	ENTRY	pabt_svc, 5
	ENTRY	dabt_svc, 6
found:
	str	r0, entered + ENTERED_INDEX
	adr	r0, entered
	stmib	r0, {r1 - r14}
	mrs	r1, cpsr
	str	r1, [r0, #ENTERED_CPSR]
	add	r1, r0, #ENTERED_PAGE
	ldr	r2, =PV_PAGE
	mov	r3, #0x34
3:	ldr	r4, [r2], #4
	str	r4, [r1], #4
	subs	r3, r3, #4
	bne	3b
	msr	cpsr_c, #SVC
	b	run_leave

	.global	entered
entered:	.space	ENTERED_SIZE
	.ltorg

	.global	irq_undefined, irq_abort, irq_jump, irq_undefined_thumb
irq_undefined:
	.word	0xe7f000f0
	bx	lr
irq_abort:
	str	r0, [r1]
	bx	lr
irq_jump:
	bx	r1
	.thumb
	.align	2
irq_undefined_thumb:
	.short	0xde00
	bx	lr

	.bss
	.align	2
kernel_sp:
	.space	4
