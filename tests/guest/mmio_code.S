/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every form of load and store, for mmio.c. form_NAME(struct form_registers *): loads r1-r8 from
 * the structure, executes one instruction, stores r1-r8 back. By convention r1 is the base
 * register, r2 the data (r2 and r3 of doublewords, r2-r6 of multiple transfers), r7 an offset.
 */
	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro FORM name, text
	.global	form_\name
form_\name:
	stmfd	sp!, {r4 - r11, lr}
	mov	r12, r0
	ldmia	r12, {r1 - r8}
	\text
	stmia	r12, {r1 - r8}
	ldmfd	sp!, {r4 - r11, pc}
	.endm

	FORM	ldr, "ldr r2, [r1]"
	FORM	ldr_imm, "ldr r2, [r1, #0x100]"
	FORM	ldr_neg, "ldr r2, [r1, #-0xffc]"
	FORM	ldr_pre, "ldr r2, [r1, #8]!"
	FORM	ldr_pre_neg, "ldr r2, [r1, #-8]!"
	FORM	ldr_post, "ldr r2, [r1], #0x20"
	FORM	ldr_post_neg, "ldr r2, [r1], #-0x20"
	FORM	ldr_reg, "ldr r2, [r1, r7]"
	FORM	ldr_reg_neg, "ldr r2, [r1, -r7]"
	FORM	ldr_reg_lsl, "ldr r2, [r1, r7, lsl #4]"
	FORM	ldr_reg_lsr, "ldr r2, [r1, r7, lsr #3]"
	FORM	ldr_reg_lsr32, "ldr r2, [r1, r7, lsr #32]"
	FORM	ldr_reg_asr, "ldr r2, [r1, r7, asr #2]"
	FORM	ldr_reg_asr32, "ldr r2, [r1, r7, asr #32]"
	FORM	ldr_reg_ror, "ldr r2, [r1, r7, ror #28]"
	FORM	ldr_reg_rrx_clear, "adds r8, r8, #0; ldr r2, [r1, r7, rrx]"
	FORM	ldr_reg_pre, "ldr r2, [r1, r7, lsl #2]!"
	FORM	ldr_reg_pre_neg, "ldr r2, [r1, -r7, lsl #1]!"
	FORM	ldr_reg_post, "ldr r2, [r1], r7"
	FORM	ldr_reg_post_neg, "ldr r2, [r1], -r7, asr #1"
	FORM	ldr_base_is_data, "mov r2, r1; ldr r2, [r2]"
	FORM	str, "str r2, [r1]"
	FORM	str_imm, "str r2, [r1, #0x100]"
	FORM	str_pre, "str r2, [r1, #4]!"
	FORM	str_pre_neg, "str r2, [r1, #-4]!"
	FORM	str_post, "str r2, [r1], #4"
	FORM	str_reg, "str r2, [r1, r7]"
	FORM	str_reg_pre, "str r2, [r1, r7, lsl #2]!"
	FORM	str_reg_post_neg, "str r2, [r1], -r7"
	FORM	str_base_is_data, "str r1, [r1]"
	FORM	ldrb, "ldrb r2, [r1]"
	FORM	ldrb_pre, "ldrb r2, [r1, #4]!"
	FORM	ldrb_post, "ldrb r2, [r1], #1"
	FORM	ldrb_reg, "ldrb r2, [r1, r7]"
	FORM	strb, "strb r2, [r1]"
	FORM	strb_pre, "strb r2, [r1, #-4]!"
	FORM	strb_post, "strb r2, [r1], r7"
	FORM	ldrh, "ldrh r2, [r1]"
	FORM	ldrh_imm, "ldrh r2, [r1, #0x24]"
	FORM	ldrh_pre, "ldrh r2, [r1, #-4]!"
	FORM	ldrh_post, "ldrh r2, [r1], #2"
	FORM	ldrh_reg, "ldrh r2, [r1, r7]"
	FORM	ldrh_reg_post_neg, "ldrh r2, [r1], -r7"
	FORM	strh, "strh r2, [r1]"
	FORM	strh_pre, "strh r2, [r1, #4]!"
	FORM	strh_post, "strh r2, [r1], #-2"
	FORM	strh_reg, "strh r2, [r1, -r7]"
	FORM	ldrsb, "ldrsb r2, [r1]"
	FORM	ldrsb_post, "ldrsb r2, [r1], #3"
	FORM	ldrsb_reg_pre, "ldrsb r2, [r1, r7]!"
	FORM	ldrsh, "ldrsh r2, [r1]"
	FORM	ldrsh_pre, "ldrsh r2, [r1, #0x10]!"
	FORM	ldrsh_reg, "ldrsh r2, [r1, r7]"
	FORM	ldrd, "ldrd r2, r3, [r1]"
	FORM	ldrd_pre, "ldrd r2, r3, [r1, #8]!"
	FORM	ldrd_post_neg, "ldrd r2, r3, [r1], #-8"
	FORM	ldrd_reg, "ldrd r2, r3, [r1, r7]"
	FORM	strd, "strd r2, r3, [r1]"
	FORM	strd_post, "strd r2, r3, [r1], #16"
	FORM	strd_reg_pre, "strd r2, r3, [r1, -r7]!"
	FORM	swp, "swp r2, r3, [r1]"
	FORM	swp_same, "swp r2, r2, [r1]"
	FORM	swpb, "swpb r2, r3, [r1]"
	FORM	ldrt, "ldrt r2, [r1]"
	FORM	ldrt_post, "ldrt r2, [r1], #4"
	FORM	ldrt_reg, "ldrt r2, [r1], r7, lsl #1"
	FORM	strt, "strt r2, [r1]"
	FORM	strt_post, "strt r2, [r1], #-4"
	FORM	ldrbt, "ldrbt r2, [r1], #1"
	FORM	strbt, "strbt r2, [r1], r7"
	FORM	ldmia, "ldmia r1, {r2 - r6}"
	FORM	ldmia_wb, "ldmia r1!, {r2 - r6}"
	FORM	ldmib, "ldmib r1, {r2 - r6}"
	FORM	ldmib_wb, "ldmib r1!, {r2 - r6}"
	FORM	ldmda, "ldmda r1, {r2 - r6}"
	FORM	ldmda_wb, "ldmda r1!, {r2 - r6}"
	FORM	ldmdb, "ldmdb r1, {r2 - r6}"
	FORM	ldmdb_wb, "ldmdb r1!, {r2 - r6}"
	FORM	ldm_sparse, "ldmia r1!, {r2, r4, r6}"
	FORM	ldm_base_in_list, "ldmia r1, {r1, r2, r3}"
	FORM	stmia, "stmia r1, {r2 - r6}"
	FORM	stmia_wb, "stmia r1!, {r2 - r6}"
	FORM	stmib, "stmib r1, {r2 - r6}"
	FORM	stmib_wb, "stmib r1!, {r2 - r6}"
	FORM	stmda, "stmda r1, {r2 - r6}"
	FORM	stmda_wb, "stmda r1!, {r2 - r6}"
	FORM	stmdb, "stmdb r1, {r2 - r6}"
	FORM	stmdb_wb, "stmdb r1!, {r2 - r6}"
	FORM	stm_sparse, "stmia r1!, {r3, r5}"
	FORM	stm_single, "stmdb r1!, {r4}"
	FORM	condition_fails, "cmp r1, r1; strne r2, [r1]"
	FORM	condition_holds, "cmp r1, r1; streq r2, [r1]"

/* Through the stack pointer, as PUSH and POP are. r8 keeps it. */
	FORM	push, "mov r8, sp; mov sp, r1; push {r2 - r4}; mov r1, sp; mov sp, r8"
	FORM	pop, "mov r8, sp; mov sp, r1; pop {r2 - r4}; mov r1, sp; mov sp, r8"

/* LDM with ^: the User bank of r2-r6 is the same registers, and the access is User mode's. */
	FORM	ldm_user, "ldmia r1, {r2 - r6}^; nop"
	FORM	stm_user, "stmia r1, {r2 - r6}^; nop"

/* Thumb forms: entered by BX, left by BX. r12 is kept over them. */
	.macro THUMB_FORM name, text
	.arm
	.align	2
	.global	form_thumb_\name
form_thumb_\name:
	stmfd	sp!, {r4 - r11, lr}
	mov	r12, r0
	ldmia	r12, {r1 - r8}
	adr	lr, 2f
	adr	r9, 1f + 1
	bx	r9
	.thumb
	.align	2
1:	\text
	bx	lr
	.align	2
	.arm
2:	stmia	r12, {r1 - r8}
	ldmfd	sp!, {r4 - r11, pc}
	.endm

	THUMB_FORM ldr, "ldr r2, [r1]"
	THUMB_FORM ldr_imm, "ldr r2, [r1, #0x7c]"
	THUMB_FORM ldr_reg, "ldr r2, [r1, r7]"
	THUMB_FORM str, "str r2, [r1]"
	THUMB_FORM str_imm, "str r2, [r1, #8]"
	THUMB_FORM str_reg, "str r2, [r1, r7]"
	THUMB_FORM ldrb, "ldrb r2, [r1]"
	THUMB_FORM ldrb_imm, "ldrb r2, [r1, #0x1c]"
	THUMB_FORM ldrb_reg, "ldrb r2, [r1, r7]"
	THUMB_FORM strb, "strb r2, [r1]"
	THUMB_FORM strb_imm, "strb r2, [r1, #4]"
	THUMB_FORM strb_reg, "strb r2, [r1, r7]"
	THUMB_FORM ldrh, "ldrh r2, [r1]"
	THUMB_FORM ldrh_imm, "ldrh r2, [r1, #0x24]"
	THUMB_FORM ldrh_reg, "ldrh r2, [r1, r7]"
	THUMB_FORM strh, "strh r2, [r1]"
	THUMB_FORM strh_imm, "strh r2, [r1, #4]"
	THUMB_FORM strh_reg, "strh r2, [r1, r7]"
	THUMB_FORM ldrsb, "ldrsb r2, [r1, r7]"
	THUMB_FORM ldrsh, "ldrsh r2, [r1, r7]"
	THUMB_FORM ldmia, "ldmia r1!, {r2 - r6}"
	THUMB_FORM stmia, "stmia r1!, {r2 - r6}"
	THUMB_FORM push, "mov r7, sp; mov sp, r1; push {r2 - r4}; mov r1, sp; mov sp, r7"
	THUMB_FORM pop, "mov r7, sp; mov sp, r1; pop {r2 - r4}; mov r1, sp; mov sp, r7"
	THUMB_FORM ldr_sp, "mov r7, sp; mov sp, r1; ldr r2, [sp, #0x10]; mov sp, r7"
	THUMB_FORM str_sp, "mov r7, sp; mov sp, r1; str r2, [sp, #0x20]; mov sp, r7"

/* Loads relative to pc, copied to a page in front of the device page by the test. */
	.arm
	.align	2
	.global	pc_relative, pc_relative_end
pc_relative:
	ldr	r0, [pc, #0x1000 - 8]
	ldrh	r1, [pc, #0x100 - 4 - 8]
	bx	lr
pc_relative_end:
