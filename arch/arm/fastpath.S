/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two SWI that never reach C, in a guest with paravirtual code (vcpu/pv_abi.h): the system call of
 * a program, and the guest kernel's return to the program. Their counterparts in C are
 * vcpu_inject_trap(), which leads to the guest's own vector, and pv_return(); pv_settle() decides
 * when these paths may be taken, and trap_swi in arch/arm/vectors.S branches here; if DACR changes with
 * them, to arch/arm/fastpath_dacr.S.
 *
 * sp is the frame of the vCPU, with r0 to r3 in it, and r0 is the SPSR. The page is guest memory, but
 * always there and always writable for the VMM; what is read from it only reaches registers of the
 * guest.
 */
#include "arch/arm/layout.h"
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"
#include "vcpu/pv_abi.h"

	.syntax unified
	.arm

	.section .text.traps, "ax"

/*
 * From a program into the guest's kernel: virtual Supervisor mode, interrupts masked, its r13 in
 * place; r13, r14, CPSR and pc of the program in the page. The flags stay, as in any exception.
 */
	.global	fast_call
	.type	fast_call, %function
fast_call:
	ldr	r2, [sp, #FAST_DACR_KERNEL]
	mcr	p15, 0, r2, c3, c0, 0	/* from here on the page is open */
	ldr	r3, =PV_PAGE + PV_PSR
	.global	fast_call_open
fast_call_open:
	stmdb	r3, {sp, lr}^		/* PV_USR_SP, PV_USR_LR */
	mov	r1, #PSR_MODE_SVC | PSR_I	/* before ARMv6: no banked register after ^ */
	stmia	r3, {r0, lr}		/* PV_PSR, PV_PC */
	str	r1, [sp, #VCPU_CTL]
	add	r2, sp, #VCPU_R13_SVC
	ldr	lr, [sp, #FAST_CALL_ENTRY]
	ldmia	r2, {sp}^
	strb	r1, [r3, #PV_CTL - PV_PSR]	/* as above */
	ldmia	sp, {r0 - r3}
	movs	pc, lr

/*
 * From the guest's kernel to the program: virtual User mode, ARM state, interrupts enabled. r0 to
 * r12 are the program's already. Of PV_PSR only the flags are taken.
 */
	.global	fast_return
	.type	fast_return, %function
fast_return:
	.global	fast_return_open	/* another name: from here on statistics have counted */
fast_return_open:
	ldr	r3, =PV_PAGE + PV_PSR
	ldmia	r3, {r0, r1, r2}	/* PV_PSR, PV_PC, PV_SVC_SP */
	ldmdb	r3, {sp, lr}^		/* PV_USR_SP, PV_USR_LR */
	bic	r0, r0, #0x07000000	/* J and two reserved bits: ARMv5 has 31:27 of the flags */
	str	r2, [sp, #VCPU_R13_SVC]
	bic	lr, r1, #3		/* an address in ARM state */
	mov	r1, #PSR_MODE_USR
	str	r1, [sp, #VCPU_CTL]
	ldr	r2, [sp, #FAST_DACR_PROGRAM]
	mcr	p15, 0, r2, c3, c0, 0	/* the page is closed */
	msr	spsr_f, r0
	ldmia	sp, {r0 - r3}
	movs	pc, lr

/*
 * The same, after a fault that the guest's kernel has been given: the program will access again what
 * it could not, and pv_retry() makes the entry for that. r4 to r11 are as the SWI left them
 * behind a C function; it says whether the way above is still right, or the general one has to be
 * taken.
 */
	.global	fast_return_retry
	.type	fast_return_retry, %function
fast_return_retry:
	str	lr, [sp, #TF_EXC_LR]
	str	r0, [sp, #TF_CPSR]
	mov	r0, sp
	add	r1, sp, #16
	stmia	r1, {r4 - r14}^
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_I | PSR_F)	/* before ARMv6: as above */
	bl	pv_retry
	teq	r0, #0
	mov	r0, sp
	beq	trap_swi_saved
	ldr	r0, [sp, #TF_CPSR]
	ldr	r12, [sp, #48]
	msr	spsr_cxsf, r0		/* another VM may have run */
	ldr	pc, [sp, #FAST_RETURN_PATH]
