/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes of DACR for pv_dacr.c: from dacr_given to all registers, the write, and all registers to
 * dacr_found. What they need beside these is addressed by pc.
 */
	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro WRITE insn, reg
	.pushsection .rodata.dacr_writes, "a"
	.word	1f
	.popsection
1:	str	lr, saved_lr
	str	sp, saved_sp
	ldr	r0, dacr_flags
	msr	cpsr_f, r0
	adr	r0, dacr_given
	ldmia	r0, {r0 - r14}
	\insn	p15, 0, \reg, c3, c0, 0
	b	done
	.endm

	.macro WRITES registers:vararg
	.irp	reg, \registers
	WRITE	mcr, \reg
	WRITE	mcreq, \reg
	.endr
	.endm

	.pushsection .rodata.dacr_writes, "a"
	.align	2
	.global	dacr_writes
dacr_writes:
	.popsection

	WRITES	r0, r1, r2, r3, r4, r5, r6, r7

	.global	dacr_given, dacr_flags, dacr_found, dacr_found_cpsr
dacr_given:		.space	15 * 4
dacr_flags:		.word	0
dacr_found:		.space	15 * 4
dacr_found_cpsr:	.word	0
saved_sp:		.word	0
saved_lr:		.word	0

done:
	str	r0, dacr_found
	adr	r0, dacr_found
	stmib	r0, {r1 - r14}
	mrs	r1, cpsr
	str	r1, dacr_found_cpsr
	ldr	sp, saved_sp
	ldr	lr, saved_lr
	bx	lr

	WRITES	r8, r9, r10, r11, r12, r13, r14
