/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions of a test guest. Every vector saves a struct exception on the stack of its own mode,
 * calls exception_handle() in that mode with interrupts as the CPU left them, and returns with
 * whatever the handler put into the structure.
 *
 * The stacks are eight of STACK_SIZE, by the low bits of the mode: see mode_stack.
 */
#include "tests/guest/guest.h"

#define E_LR   52
#define E_USR  68

	.syntax unified
	.arch armv5te
	.text
	.arm

/* Copied to 0 by start.S. The words behind the vectors are their addresses. */
	.global vectors
vectors:
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	ldr	pc, [pc, #24]
	.word	enter_reset
	.word	enter_undef
	.word	enter_swi
	.word	enter_pabt
	.word	enter_dabt
	.word	enter_reset
	.word	enter_irq
	.word	enter_fiq

enter_reset:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	ldr	sp, =stacks_top			/* where it pointed may be the reason */
	b	exception_jump_to_zero

	.macro ENTER name, kind
	.global enter_\name
enter_\name:
	sub	sp, sp, #EXCEPTION_SIZE
	stmia	sp, {r0 - r12}
	mov	r3, #\kind
	b	enter_common
	.endm

	ENTER	undef, KIND_UNDEF
	ENTER	swi, KIND_SWI
	ENTER	pabt, KIND_PABT
	ENTER	dabt, KIND_DABT
	ENTER	irq, KIND_IRQ
	ENTER	fiq, KIND_FIQ

enter_common:
	mov	r0, lr
	mrs	r1, spsr
	mrs	r2, cpsr
	add	r4, sp, #E_LR
	stmia	r4, {r0 - r3}
	add	r4, sp, #E_USR
	stmia	r4, {r13, r14}^
	nop
	mov	r0, sp
	bl	exception_handle
	add	r4, sp, #E_LR
	ldmia	r4, {r0, r1}
	mov	lr, r0
	msr	spsr_cxsf, r1
	ldmia	sp, {r0 - r12}
	add	sp, sp, #EXCEPTION_SIZE
	movs	pc, lr

/*
 * run_enter(psr, pc, args): calls pc in the state of psr, with r0-r3 from args, sp at the top of
 * the mode's stack and lr at an SWI. exception_handle() leads back through run_leave.
 */
	.global run_enter
run_enter:
	stmfd	sp!, {r4 - r11, lr}
	ldr	r3, =run_sp
	str	sp, [r3]
	and	r4, r0, #0x1f
	cmp	r4, #PSR_MODE_SVC
	beq	1f
	cmp	r4, #PSR_MODE_USR
	moveq	r4, #PSR_MODE_SYS
	orr	r4, r4, #PSR_MASKED
	and	r5, r0, #0xf
	ldr	r6, =mode_stack
	ldrb	r5, [r6, r5]
	ldr	r6, =stacks
	add	r6, r6, r5, lsl #12
	msr	cpsr_c, r4
	mov	sp, r6
	ldr	lr, =run_return
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
1:	ldr	lr, =run_return
	msr	spsr_cxsf, r0
	mov	r12, r1
	ldmia	r2, {r0 - r3}
	movs	pc, r12

	.global run_return
	.global run_returned
run_return:
	swi	SWI_RETURN
run_returned:

	.global run_leave
run_leave:
	ldr	r3, =run_sp
	ldr	sp, [r3]
	ldmfd	sp!, {r4 - r11, pc}

/* exception_stacks(): sets the stack pointer of every mode but SVC. */
	.global exception_stacks
exception_stacks:
	ldr	r0, =stacks
	.irp	mode, PSR_MODE_FIQ, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_SYS
	ldr	r1, =mode_stack + (\mode & 0xf)
	ldrb	r1, [r1]
	add	r2, r0, r1, lsl #12
	msr	cpsr_c, #(\mode | PSR_MASKED)
	mov	sp, r2
	.endr
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	bx	lr
	.ltorg

/* Number of the stack whose base is the top of the mode's own, by bits 3:0 of the mode. */
	.section .rodata
mode_stack:
	.byte	1, 2, 3, 8, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1

	.bss
	.align	2
run_sp:	.word	0
