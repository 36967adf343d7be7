/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fast paths that change the guest's DACR, from one to the other of the two values that it has said
 * it uses (vcpu/pv_abi.h): calls and returns as in arch/arm/fastpath.S, and the proxies of the writes
 * themselves. The counterpart of the latter in C is pv_set_dacr(); pv_settle_dacr() decides when they
 * may be taken. mmu.dacr of the vCPU and PV_DACR have the new value afterwards; the rest of the VMM
 * follows when it runs next, in vcpu_shadow().
 */
#include "arch/arm/layout.h"
#include "arch/arm/trap_frame.h"
#include "vcpu/pv_abi.h"

	.syntax unified
	.arm

	.section .text.traps, "ax"

/* From trap_swi, as fast_call and fast_return in arch/arm/fastpath.S. */
	.global	fast_call_dacr
	.type	fast_call_dacr, %function
fast_call_dacr:
	ldr	r2, [sp, #FAST_DACR_KERNEL]
	ldr	r3, =PV_PAGE + PV_PSR
	mcr	p15, 0, r2, c3, c0, 0
	ldr	r2, [sp, #FAST_PAIR_CALL]
	str	r2, [r3, #PV_DACR - PV_PSR]
	str	r2, [sp, #VCPU_DACR]
	b	fast_call_open

	.global	fast_return_dacr
	.type	fast_return_dacr, %function
fast_return_dacr:
	ldr	r3, =PV_PAGE + PV_DACR
	ldr	r2, [sp, #FAST_PAIR_RETURN]
	str	r2, [r3]
	str	r2, [sp, #VCPU_DACR]
	b	fast_return_open

/*
 * From trap_undef, in ARM state: r3 is PV_DACR_PROXY but for bits 15:12; the registers are in the
 * frame. r2, r3, and r5 to r8 as loaded there, are kept for the general path.
 */
	.global	trap_write_dacr
	.type	trap_write_dacr, %function
trap_write_dacr:
	tst	r8, #0x0f		/* virtual User mode: undefined */
	beq	trap_undef_proxy
	and	r0, r3, #0xf000
	ldr	r0, [sp, r0, lsr #10]	/* r0 to r14 are the first words */
	add	r1, sp, #FAST_DACR_PAIR
	ldmia	r1, {r1, r9, r10, r11, r12}	/* guest, kernel, program; guest, kernel */
	teq	r0, r1
	mcreq	p15, 0, r9, c3, c0, 0
	beq	1f
	teq	r0, r11
	bne	trap_undef_proxy
	mcr	p15, 0, r12, c3, c0, 0
1:	ldr	r1, =PV_PAGE + PV_DACR
	ldr	lr, [sp, #TF_EXC_LR]	/* behind the proxy */
	str	r0, [sp, #VCPU_DACR]
	str	r0, [r1]
	ldmia	sp, {r0 - r12}
	movs	pc, lr
