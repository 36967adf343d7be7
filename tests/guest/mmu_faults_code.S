/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses whose abort mmu_faults.c looks at closely: r0 value, r1 address, r2 offset. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	CODE	fault_ldr, ldr r0, [r1]
	CODE	fault_ldr_pre, ldr r0, [r1, #4]!
	CODE	fault_ldr_post, ldr r0, [r1], #4
	CODE	fault_ldr_reg, ldr r0, [r1, r2, lsl #2]!
	CODE	fault_str_pre, str r0, [r1, #-4]!
	CODE	fault_str_post, str r0, [r1], r2
	CODE	fault_ldrb_post, ldrb r0, [r1], #1
	CODE	fault_strh_pre, strh r0, [r1, #2]!
	CODE	fault_ldrsh_post, ldrsh r0, [r1], #-2
	CODE	fault_ldrsb_pre, ldrsb r0, [r1, r2]!
	CODE	fault_ldrt, ldrt r0, [r1], #4
	CODE	fault_strbt, strbt r0, [r1], #1
	CODE	fault_swp, swp r0, r2, [r1]
	CODE	fault_swpb, swpb r0, r2, [r1]
	CODE	fault_ldm, ldmia r1!, {r2, r3}
	CODE	fault_ldmdb, ldmdb r1!, {r2, r3}
	CODE	fault_stm, stmia r1!, {r0, r2, r3}
	CODE	fault_stmdb, stmdb r1!, {r0, r2, r3}
	CODE	fault_stmib, stmib r1, {r0, r2, r3}
	CODE	fault_ldrd, ldrd r2, r3, [r1], #8
	CODE	fault_strd, strd r2, r3, [r1, #8]!
	CODE	fault_pld, pld [r1]

	.thumb
	.align	2
	.macro THUMB_CODE name, text:vararg
	.global	\name
	.align	2
\name:
	\text
	bx	lr
	.endm
	THUMB_CODE fault_thumb_ldr, ldr r0, [r1, #4]
	THUMB_CODE fault_thumb_strb, strb r0, [r1, r2]
	THUMB_CODE fault_thumb_ldm, ldmia r1!, {r2, r3}
	THUMB_CODE fault_thumb_stm, stmia r1!, {r2, r3}
