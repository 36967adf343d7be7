/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls: from the VMM to the table of system calls, and back to programs. The originals are
 * in arch/arm/kernel/entry-common.S and entry-header.S.
 */
#include "guest-patches/pv/pv.h"

/*
 * With software PAN the VMM gives DACR its value at the entry and at the return (pv_info.dacr_at); what
 * the originals do about it is left out.
 *
 * Entered by the VMM: Supervisor mode, I set, r0 to r12 the program's, sp = sp_svc. Stands for the
 * vector and vector_swi up to the store of the system call's number: fills pt_regs, gives SCTLR the
 * kernel's value if the program ran with another one (alignment checks off), unmasks interrupts.
 * Leaves r8 = sys_call_table, r9 = current, lr = pc of the program; clobbers r10 and ip.
 */
	.macro VECTOR_SWI pan
	sub	sp, sp, #PT_SIZE
	stmia	sp, {r0 - r12}
	ldr	lr, =PV_PAGE + PV_SCTLR
	ldmia	lr, {r8, r9, r10, r12, lr}	/* SCTLR, sp, lr, psr, pc */
	str	r12, [sp, #PT_PSR]
	add	r12, sp, #PT_SP
	stmia	r12, {r9, r10, lr}
	str	r0, [sp, #PT_ORIG_R0]
	adr	r9, 1f
	ldmia	r9, {r9, r10, r12}
	ldr	r10, [r10]
	teq	r10, r8
	mcrne	p15, 0, r10, c1, c0, 0
	strb	r12, [r12, #FROM_UNMASKED + PV_CTL]
	ldr	r9, [r9]
	ldr	r8, 1f + 12
	b	hook_vector_swi + 4 * (19 + 2 * \pan)
1:	.word	__current, cr_alignment, PV_UNMASKED, hook_vector_swi_table
	.endm

	FUNCTION pv_vector_swi
	VECTOR_SWI 0
	FUNCTION pv_vector_swi_pan
	VECTOR_SWI 1

/*
 * ret_fast_syscall: r0 = result, r9 = current, sp = pt_regs - S_OFF. Returns
 * to the program if there is nothing else to do, by the SWI at return_site.
 *
 * Interrupts stay on. The VMM takes one that comes before return_site at restart_from: then the
 * work it left is seen. So r0, r9, sp and what the slow path needs (r7, the number; r8, whether it
 * may be restarted) change in the last load only. That one aborts at its first word or not at all:
 * pt_regs are in one page.
 */
	FUNCTION pv_ret_fast_syscall
	.global	pv_info_restart_from, pv_info_return_site
pv_info_restart_from:
	add	r2, sp, #S_OFF + PT_SP
	ldmia	r2, {r4, r5, r11, r12}		/* sp, lr, pc, psr */
	ldrh	r1, [r9]			/* what is to be done before a return */
	eor	r6, r12, #PSR_USER		/* of PV_PSR only the flags count */
	orrs	r1, r1, r6, lsl #24
	bne	1f
	ldr	r3, =PV_PAGE + PV_USR_SP
	add	r12, r2, #PT_SIZE - PT_SP	/* sp_svc when the frame is gone */
	stmia	r3, {r4, r5, r6, r11, r12}
	ldmdb	r2, {r1 - r12}
pv_info_return_site:
	swi	#0
	/* Work, or not a return to ARM state: the original decides, with interrupts masked. */
1:	ldr	r1, =PV_MASKED
	strb	r1, [r1, #FROM_MASKED + PV_CTL]
	b	hook_ret_fast_syscall + 4

/* `msr cpsr_c, #0x93` before a load to r1. */
	FUNCTION pv_mask_ret_to_user
	ldr	r1, =PV_MASKED
	strb	r1, [r1, #FROM_MASKED + PV_CTL]
	b	hook_ret_to_user + 4

/*
 * The end of ret_fast_syscall (r0 stays) and of ret_to_user (r0 is in the frame): pt_regs at
 * sp + \offset, interrupts masked, nothing to be done. A psr that is not User mode, ARM state and
 * interrupts on is left to the original.
 */
	.macro RETURN name, offset, first, pan=0
	.if	\pan
	FUNCTION pv_\name\()_pan
	.else
	FUNCTION pv_\name
	.endif
	add	r2, sp, #\offset + PT_SP
	ldmia	r2, {r4, r5, r11, r12}		/* sp, lr, pc, psr */
	tst	r12, #PSR_NOT_USR
	bne	1f
	ldr	r3, =PV_PAGE + PV_USR_SP
	mov	r6, r12
	add	r12, r2, #PT_SIZE - PT_SP
	stmia	r3, {r4, r5, r6, r11, r12}
	ldmdb	r2, {\first - r12}
	b	pv_info_return_site
	.if	\pan
1:	mov	r1, #DACR_USER_OPEN
	.else
1:	mov	r2, sp
	.endif
	b	hook_\name + 4
	.endm

	RETURN	ret_fast_tail, S_OFF, r1
	RETURN	no_work_pending, 0, r0
	RETURN	no_work_pending, 0, r0, pan=1
	.ltorg
