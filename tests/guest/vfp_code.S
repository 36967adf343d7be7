/* SPDX-License-Identifier: Apache-2.0 */
/* VFP instructions for vfp.c (VFPv2, ARM ARM part C). */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.fpu	vfpv2
	.text
	.arm

	CODE	read_fpsid, fmrx r0, fpsid
	CODE	read_fpexc, fmrx r0, fpexc
	CODE	read_fpscr, fmrx r0, fpscr
	CODE	write_fpexc, fmxr fpexc, r0
	CODE	write_fpscr, fmxr fpscr, r0
	CODE	do_fadds, fadds s0, s1, s2
	CODE	do_faddd, faddd d0, d1, d2
	CODE	do_fmsr, fmsr s3, r0
	CODE	do_flds, flds s0, [r1]
	CODE	do_fstmd, fstmiad r1, {d0, d1}
	CODE	do_fmstat, fmstat

/* Loads or stores all sixteen double registers and FPSCR: 33 words at r1. */
	.global	load_registers
load_registers:
	fldmiad	r1!, {d0 - d15}
	ldr	r2, [r1]
	fmxr	fpscr, r2
	bx	lr

	.global	store_registers
store_registers:
	fstmiad	r1!, {d0 - d15}
	fmrx	r2, fpscr
	str	r2, [r1]
	bx	lr

/* r0 = bits of a float, r1 = of another; sum, product, quotient, root and comparison at r2. */
	.global	arithmetic
arithmetic:
	fmsr	s0, r0
	fmsr	s1, r1
	fadds	s2, s0, s1
	fmuls	s3, s0, s1
	fdivs	s4, s0, s1
	fsqrts	s5, s1
	fcvtds	d4, s0
	fcvtds	d5, s1
	fmacd	d4, d4, d5
	ftosizs	s12, s4
	fmrs	r3, s2
	str	r3, [r2], #4
	fmrs	r3, s3
	str	r3, [r2], #4
	fmrs	r3, s4
	str	r3, [r2], #4
	fmrs	r3, s5
	str	r3, [r2], #4
	fmrrd	r3, r12, d4
	str	r3, [r2], #4
	str	r12, [r2], #4
	fmrs	r3, s12
	str	r3, [r2], #4
	fcmps	s0, s1
	fmstat
	mov	r3, #0
	orrmi	r3, r3, #8
	orreq	r3, r3, #4
	orrcs	r3, r3, #2
	orrvs	r3, r3, #1
	str	r3, [r2]
	bx	lr

/* swi_between: d7 and s0 across an SWI, whose handler uses neither. */
	.global	swi_between
swi_between:
	mov	r4, lr
	fmdrr	d7, r0, r1
	fmsr	s0, r1
	swi	0x31
	fmrrd	r0, r1, d7
	fmrs	r2, s0
	bx	r4
