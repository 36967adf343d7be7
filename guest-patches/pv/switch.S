/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change to another task: arch/arm/kernel/entry-armv.S.
 */
#include "guest-patches/pv/pv.h"

/*
 * __switch_to from the read of DACR to its write; r0 = the previous task, r1 and r2 the thread_info
 * of both, r4 = the TLS word of the next one, which programs read at 0xffff0ff0. DACR and the TLS
 * word cost a trap only where they change. Leaves what the original leaves (r3, r6 to r9); r5, too,
 * is dead here.
 */
	FUNCTION pv_switch_to
	ldr	r3, =PV_PAGE + PV_DACR
	ldr	r6, [r3]
	.word	hook_switch_to_save		/* str r6, [r1, #TI_CPU_DOMAIN] */
	mov	r5, r6
	.word	hook_switch_to_load		/* ldr r6, [r2, #TI_CPU_DOMAIN] */
	teq	r5, r6
	mcrne	p15, 0, r6, c3, c0, 0
	mvn	r3, #0xf000			/* 0xffff0fff */
	ldr	r5, [r3, #-15]
	teq	r5, r4
	beq	1f
	mov	r5, r0
	mov	r0, r4
	HYPERCALL PV_HC_SET_TLS
	mov	r0, r5
1:	ldr	r8, =hook_switch_to_guard	/* &__stack_chk_guard */
	.word	hook_switch_to_canary		/* ldr r9, [r2, #TSK_STACK_CANARY] */
	mov	r7, r2
	b	hook_switch_to + 4 * 9
	.ltorg
