/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aborts, undefined instructions and interrupts: from the VMM to the handlers. The originals are in
 * arch/arm/kernel/entry-armv.S. The VMM enters here in Supervisor mode, I set, with PV_PSR and
 * PV_PC as the vector stub hands them on; what the vector stub does is not done.
 */
#include "guest-patches/pv/pv.h"

/*
 * From a program: r0 to r12 are its own, sp = sp_svc. Stands for the vector stub and usr_entry up
 * to the load of the program's sp and lr: fills pt_regs. Leaves r4 = pc, r5 = psr, r6 = -1, r7 =
 * SCTLR and r8 = cr_alignment, which the original compares next; clobbers r0 to r3. With software PAN
 * the VMM has closed programs' memory.
 */
	.macro FROM_USER name, pan
	sub	sp, sp, #PT_SIZE
	stmia	sp, {r0 - r12}
	ldr	r8, =PV_PAGE + PV_SCTLR
	ldmia	r8, {r1, r2, r3, r5, r6}	/* SCTLR, sp, lr, psr, pc */
	ldr	r8, =cr_alignment
	mov	r7, r1
	mov	r4, r6
	mvn	r6, #0
	add	r0, sp, #PT_SP
	stmia	r0, {r2 - r6}
	ldr	r8, [r8]
	b	hook_\name + 4 * (12 + 2 * \pan)
	.endm

	.macro FROM_USER_BOTH name
	FUNCTION pv_\name
	FROM_USER \name, 0
	FUNCTION pv_\name\()_pan
	FROM_USER \name, 1
	.endm

	FROM_USER_BOTH und_usr
	FROM_USER_BOTH pabt_usr
	FROM_USER_BOTH dabt_usr
	FROM_USER_BOTH irq_usr

/*
 * From kernel code: r0 to r12, sp and lr are that code's. Stands for the vector stub and svc_entry:
 * makes a frame at a multiple of 8 below sp, and closes programs' memory in DACR, of which only a
 * change costs a trap. The size of the frame is the original's. Leaves r0 = DACR before, r2 = DACR
 * now, r3 = lr, r4 = pc, r5 = psr, r6 = -1, r7 = address of sp in the frame, r9 = current, and in
 * r8 no longer what the interrupted code had there.
 *
 * A stack with bit THREAD_SIZE set has overflowed, or is one of the boot's. The original tells,
 * and takes r0, pc and psr from where its vector stub would have put them; it uses a fourth word.
 *
 * \nested, if given, is the last instruction of the return to kernel code, where the frame that it
 * loads is still above sp. An exception from there becomes one from where that frame leads: it
 * takes the frame over, as it is. However close interrupts follow each other, the stack does not
 * grow.
 */
	.macro FROM_KERNEL name, pan, nested
	.word	hook_\name\()_frame		/* sub sp, sp, #size */
	.word	hook_\name\()_test		/* tst sp, #THREAD_SIZE */
	bne	1f
	tst	sp, #4
	subne	sp, sp, #4
	stmia	sp, {r0 - r12}
	ldr	r8, =PV_PAGE + PV_PSR
	.word	hook_\name\()_sp		/* add r2, sp, #size */
	addne	r2, r2, #4
	ldmia	r8, {r5, r6}			/* psr, pc */
	.ifnb	\nested
	ldr	r7, =\nested
	teq	r7, r6
	beq	3f
	.endif
	mov	r3, lr
	mov	r4, r6
	mvn	r6, #0
	add	r7, sp, #PT_SP
	stmia	r7, {r2 - r6}
	ldr	r9, =__current
	ldr	r0, [r8, #PV_DACR - PV_PSR]
	ldr	r9, [r9]
	str	r0, [sp, #SVC_DACR]
4:	.if	\pan
	mov	r2, #DACR_USER_CLOSED
	.else
	bic	r2, r0, #3			/* the kernel's domain: client */
	orr	r2, r2, #1
	.endif
	teq	r2, r0
	beq	hook_\name + 4 * (22 - \pan)
	mcr	p15, 0, r2, c3, c0, 0	/* with a condition it would be slower */
	b	hook_\name + 4 * (22 - \pan)

1:	str	r0, 2f
	str	ip, 2f + 12
	ldr	r0, =PV_PAGE + PV_PSR
	ldr	ip, [r0]
	str	ip, 2f + 8
	ldr	ip, [r0, #PV_PC - PV_PSR]
	str	ip, 2f + 4
	ldr	ip, 2f + 12
	adr	r0, 2f
	b	hook_\name\()_overflow
2:	.word	0, 0, 0, 0

	.ifnb	\nested
3:	mov	sp, r2				/* where it was: a multiple of 8 */
	ldr	r9, =__current
	ldr	r0, [sp, #SVC_DACR]		/* and DACR has that value again */
	add	r7, sp, #PT_SP
	ldmia	r7, {r2 - r5}
	mvn	r6, #0
	ldr	r9, [r9]
	b	4b
	.endif
	.endm

	.macro FROM_KERNEL_BOTH name, nested
	FUNCTION pv_\name
	FROM_KERNEL \name, 0, \nested
	FUNCTION pv_\name\()_pan
	FROM_KERNEL \name, 1, \nested
	.endm

	FROM_KERNEL_BOTH und_svc
	FROM_KERNEL_BOTH pabt_svc
	FROM_KERNEL_BOTH dabt_svc
	FROM_KERNEL_BOTH irq_svc, return_to_kernel

/*
 * Back to kernel code: r5 = psr, sp = the frame, interrupts masked. DACR gets its value before the
 * exception, if it is another one. Where psr is Supervisor mode, ARM state, F clear, nothing traps:
 * the store to PV_CTL gives I its value, and an interrupt it lets in finds the frame in place.
 */
	FUNCTION pv_irq_svc_exit
	ldr	r1, =PV_MASKED
return_masked:
	ldr	r0, [sp, #SVC_DACR]
	ldr	r2, [r1, #FROM_MASKED + PV_DACR]
	eor	r3, r5, #PSR_SVC
	teq	r0, r2
	beq	2f
	mcr	p15, 0, r0, c3, c0, 0
2:	tst	r3, #PSR_CONTROL & ~PSR_I
	bne	1f
	msr	cpsr_f, r5
	strb	r5, [r1, #FROM_MASKED + PV_CTL]
return_to_kernel:
	ldmia	sp, {r0 - pc}
1:	msr	spsr_cxsf, r5
	ldmia	sp, {r0 - pc}^

/* Where the original masks interrupts first. */
	.macro LEAVE name
	FUNCTION pv_\name
	ldr	r1, =PV_MASKED
	strb	r1, [r1, #FROM_MASKED + PV_CTL]
	b	return_masked
	.endm

	LEAVE	und_svc_exit
	LEAVE	pabt_svc_exit
	LEAVE	dabt_svc_exit

/*
 * v5tj_early_abort: r2 = pt_regs, r4 = pc, r5 = psr. To do_DataAbort(FAR, DFSR, pt_regs), bit 11
 * set for a store; the original reads the instruction for that. The VMM knows.
 */
	.macro DATA_ABORT pan
	ldr	r0, =PV_PAGE + PV_DFSR
	.if	\pan
	ldr	r1, [r0, #PV_DACR - PV_DFSR]
	teq	r1, #DACR_USER_CLOSED
	movne	ip, #DACR_USER_CLOSED
	mcrne	p15, 0, ip, c3, c0, 0
	.endif
	ldr	r1, [r0]
	ldr	r0, [r0, #PV_FAR - PV_DFSR]
	b	hook_data_abort_handler
	.endm

	FUNCTION pv_data_abort
	DATA_ABORT 0
	FUNCTION pv_data_abort_pan
	DATA_ABORT 1
	.ltorg
