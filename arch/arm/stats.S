/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook of vmm/stats.c for what arch/arm/fastpath.S completes: decides as that does, counts, and
 * leaves everything as it was. sp is the frame of the vCPU, as there.
 */
#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"

	.syntax unified
	.arm

	.section .text.traps, "ax"

	.global	__wrap_trap_swi
	.type	__wrap_trap_swi, %function
__wrap_trap_swi:
	stmia	sp, {r0 - r3}
	mrs	r0, spsr
	tst	r0, #PSR_T | 0x0f
	bne	1f
	ldr	r1, [sp, #VCPU_CTL]
	ldr	r2, [sp, #FAST_CALL_FROM]
	ldr	r3, =stats_fast_call
	ldr	r3, [r3]
	teq	r1, r2
	ldrne	r2, [sp, #FAST_RETURN_LR]
	ldrne	r3, =stats_fast_return
	ldrne	r3, [r3]
	teqne	r2, lr
	ldreq	r0, [r3]
	addeq	r0, r0, #1
	streq	r0, [r3]
1:	ldmia	sp, {r0 - r3}
	b	__real_trap_swi
