/* SPDX-License-Identifier: Apache-2.0 */
	.syntax unified
	.arm
	.fpu	vfpv2

	.macro FUNCTION name
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
\name:
	.endm

/*
 * bool user_load32(uint32_t va, uint32_t *value) and its siblings. An abort at the marked
 * instruction continues at the fix-up, which returns false.
 */
	.macro LOAD name, insn:vararg
	FUNCTION \name
9001:	\insn
	str	r2, [r1]
	mov	r0, #1
	bx	lr
	.section .fixup_table, "a"
	.word	9001b, access_failed
	.endm

	.macro STORE name, insn:vararg
	FUNCTION \name
9001:	\insn
	mov	r0, #1
	bx	lr
	.section .fixup_table, "a"
	.word	9001b, access_failed
	.endm

/* uint32_t user_fetch(uint32_t va): see user_access.h. */
	FUNCTION user_fetch
	mov	r1, r0
9007:	ldrt	r0, [r1]
	bx	lr
9008:	mvn	r0, #0
	bx	lr
	.section .fixup_table, "a"
	.word	9007b, 9008b

	LOAD	user_load32, ldrt r2, [r0]
	LOAD	user_load8, ldrbt r2, [r0]
	STORE	user_store32, strt r1, [r0]
	STORE	user_store8, strbt r1, [r0]

	LOAD	bus_load32, ldr r2, [r0]
	LOAD	bus_load16, ldrh r2, [r0]
	LOAD	bus_load8, ldrb r2, [r0]
	STORE	bus_store32, str r1, [r0]
	STORE	bus_store16, strh r1, [r0]
	STORE	bus_store8, strb r1, [r0]

/*
 * bool user_load_words(uint32_t va, uint32_t *words, unsigned count) and the store. The row of 16
 * transfers is entered so that @p count, 1 to 16, are left of it. An abort can only be the first.
 */
	FUNCTION user_load_words
	rsb	r2, r2, #16
	add	pc, pc, r2, lsl #3
	nop
9003:
	.rept	16
	ldrt	r3, [r0], #4
	str	r3, [r1], #4
	.endr
	mov	r0, #1
	bx	lr
	FUNCTION user_store_words
	rsb	r2, r2, #16
	add	pc, pc, r2, lsl #3
	nop
9004:
	.rept	16
	ldr	r3, [r1], #4
	strt	r3, [r0], #4
	.endr
	mov	r0, #1
	bx	lr

	.section .fixup_table, "a"
	.set	n, 0
	.rept	16
	.word	9003b + 8 * n, access_failed
	.word	9004b + 8 * n + 4, access_failed
	.set	n, n + 1
	.endr

	.section .text.access_failed, "ax"
access_failed:
	mov	r0, #0
	bx	lr

/* bool vfp_present(void): FPSID is readable at any time, if there is a VFP. */
	FUNCTION vfp_present
9002:	vmrs	r0, fpsid
	mov	r0, #1
	bx	lr
	.section .fixup_table, "a"
	.word	9002b, access_failed

/*
 * void jazelle_disable(void): clears JE in the Jazelle main configuration register, so that BXJ is
 * BX, and sets CD (bit 0) in the OS control register, so that User mode cannot change that (ARM
 * ARM, A2.10). A core without Jazelle, or an emulator, may not have the registers.
 */
	FUNCTION jazelle_disable
	mov	r0, #0
9005:	mcr	p14, 7, r0, c2, c0, 0
	mov	r0, #1
9006:	mcr	p14, 7, r0, c1, c0, 0
	bx	lr
	.section .fixup_table, "a"
	.word	9005b, access_failed
	.word	9006b, access_failed

	.macro VFP_SYSTEM reg
	FUNCTION vfp_read_\reg
	vmrs	r0, \reg
	bx	lr
	FUNCTION vfp_write_\reg
	vmsr	\reg, r0
	bx	lr
	.endm

	VFP_SYSTEM fpsid
	VFP_SYSTEM fpexc
	VFP_SYSTEM fpinst
	VFP_SYSTEM fpinst2

/* void vfp_reset(void): registers and FPSCR 0, access off. For a core that has a VFP. */
	FUNCTION vfp_reset
	mov	r0, #0x40000000		/* EN */
	mov	r1, #0
	vmsr	fpexc, r0
	vmsr	fpscr, r1
	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	vmov	d\n, r1, r1
	.endr
	vmsr	fpexc, r1
	bx	lr

/*
 * void vfp_save(struct vfp_state *state), void vfp_load(const struct vfp_state *state). Access is
 * switched on meanwhile, without a pending exception (ARM ARM, C4.1). Double precision moves:
 * whatever is in the registers, no bit of it changes.
 */
	FUNCTION vfp_save
	vmrs	r1, fpexc
	mov	r12, #0x40000000
	vmsr	fpexc, r12
	vmrs	r2, fpscr
	vmrs	r3, fpinst
	vmrs	r12, fpinst2
	stmia	r0!, {r1, r2, r3, r12}
	vstmia	r0, {d0 - d15}
	bx	lr
	FUNCTION vfp_load
	mov	r12, #0x40000000
	vmsr	fpexc, r12
	ldmia	r0!, {r1, r2, r3, r12}
	vldmia	r0, {d0 - d15}
	vmsr	fpinst, r3
	vmsr	fpinst2, r12
	vmsr	fpscr, r2
	vmsr	fpexc, r1
	bx	lr

/*
 * uint32_t vfp_read_register(unsigned reg), void vfp_write_register(unsigned reg, uint32_t value):
 * one of s0 to s31, by a jump into a row of 32 moves of 8 bytes each.
 */
	FUNCTION vfp_read_register
	and	r0, r0, #31
	add	pc, pc, r0, lsl #3
	nop
	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vmov	r0, s\n
	bx	lr
	.endr
	FUNCTION vfp_write_register
	and	r0, r0, #31
	add	pc, pc, r0, lsl #3
	nop
	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vmov	s\n, r1
	bx	lr
	.endr
