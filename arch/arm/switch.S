/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one VM's stack to another's, and the banked stack pointers with it. The caller has changed
 * what is behind the addresses (vmm/run.c): both stacks are in the VMM's image, which all VMs see.
 */
#include "arch/arm/psr.h"

	.syntax unified
	.arm

	.section .text.traps, "ax"

/*
 * void thread_switch(struct thread *from, const struct thread *to). Any privileged mode; returns in
 * the mode that the other thread has left in. Interrupts are masked throughout.
 *
 * All modes but the one that runs on the stack have their sp at the frame, ready for a trap.
 */
	.global	thread_switch
	.type	thread_switch, %function
thread_switch:
	mrs	r2, cpsr
	mrs	r3, spsr		/* arch/arm/fast_mmio.S returns to the guest by it */
	stmfd	sp!, {r3 - r11, lr}
	str	sp, [r0]
	str	r2, [r0, #4]
	ldmia	r1, {r3, r4, r5}	/* sp, cpsr, frame */
	.irp	mode, PSR_MODE_SVC, PSR_MODE_UND, PSR_MODE_ABT, PSR_MODE_IRQ, PSR_MODE_FIQ
	msr	cpsr_c, #(\mode | PSR_I | PSR_F)
	mov	sp, r5
	.endr
	msr	cpsr_c, r4
	mov	sp, r3
	ldmfd	sp!, {r3 - r11, lr}
	msr	spsr_cxsf, r3
	bx	lr
