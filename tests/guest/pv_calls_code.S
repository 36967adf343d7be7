/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One system call and the return from it, for pv_calls.c: a program with all its registers given, a
 * kernel that notes what it finds and returns with others, and the program again, which notes those.
 * All that they need beside their registers is addressed by pc.
 */
#include "tests/guest/guest.h"
#include "tests/guest/pv_calls.h"
#include "tests/guest/pv_guest.h"

#define SVC (PSR_MODE_SVC | PSR_MASKED)

	.syntax unified
	.arch armv5te
	.text
	.arm

/* calls_run(): a call from a program that begins in the state calls_psr, with sp_svc = calls_svc_sp. */
	.global	calls_run
calls_run:
	stmfd	sp!, {r4 - r11, lr}
	str	sp, saved_sp
	ldr	r0, calls_psr
	msr	spsr_cxsf, r0
	adr	lr, program
	mov	r0, #0
	str	r0, phase
	ldr	sp, calls_svc_sp
	movs	pc, lr

program:
	ldr	r0, calls_user_flags
	msr	cpsr_f, r0
	adr	r0, calls_user
	ldmia	r0, {r0 - r14}
	.global	calls_swi
calls_swi:
	swi	0x155

	.global	calls_psr, calls_svc_sp, calls_user, calls_user_flags
calls_psr:		.word	0
calls_svc_sp:		.word	0
calls_user:		.space	15 * 4
calls_user_flags:	.word	0
saved_sp:		.word	0
phase:			.word	0

/* Where the kernel is entered: r0 to r14 as they are found, then what else there is. */
	.global	pv_swi_entry
pv_swi_entry:
	str	r0, calls_found
	adr	r0, calls_found
	stmib	r0, {r1 - r14}
	mov	r1, #CALLS_BY_ENTRY
	b	entered

	.global	calls_vector
calls_vector:
	str	r0, calls_found
	adr	r0, calls_found
	stmib	r0, {r1 - r14}
	add	r1, r0, #FOUND_USER_SP
	stmia	r1, {r13, r14}^
	nop
	mrs	r1, spsr
	str	r1, [r0, #FOUND_SPSR]
	mov	r1, #CALLS_BY_VECTOR
entered:
	str	r1, [r0, #FOUND_WAY]
	mrs	r1, cpsr
	str	r1, [r0, #FOUND_CPSR]
	mrc	p15, 0, r1, c3, c0, 0
	str	r1, [r0, #FOUND_DACR]
	add	r1, r0, #FOUND_PAGE
	ldr	r2, =PV_PAGE
	mov	r3, #FOUND_PAGE_WORDS
1:	ldr	r4, [r2], #4
	str	r4, [r1], #4
	subs	r3, r3, #1
	bne	1b
	ldr	r1, phase
	cmp	r1, #0
	bne	finish
	mov	r1, #1
	str	r1, phase

/* The return. The registers that it does not take are of no meaning. */
	ldr	r1, calls_touch
	cmp	r1, #0
	ldrne	r1, [r1]
	ldr	r1, calls_dacr
	mcr	p15, 0, r1, c3, c0, 0
	adr	r1, calls_return
	ldmia	r1, {r2 - r6}
	ldr	r0, =PV_PAGE + PV_USR_SP
	stmia	r0, {r2 - r6}
	ldr	r2, calls_ctl
	strb	r2, [r0, #PV_CTL - PV_USR_SP]
	adr	r0, calls_result
	ldr	sp, =0x51515151
	ldr	lr, =0x52525252
	ldmia	r0, {r0 - r12}
	.global	pv_return_site, pv_restart_from
pv_restart_from:
pv_return_site:
	swi	0x2aa

	.global	calls_touch, calls_dacr, calls_return, calls_ctl, calls_result, calls_found
calls_touch:	.word	0
calls_dacr:	.word	0
calls_return:	.space	5 * 4
calls_ctl:	.word	0
calls_result:	.space	13 * 4
calls_found:	.space	FOUND_SIZE
	.ltorg

finish:
	msr	cpsr_c, #SVC
	ldr	sp, saved_sp_there
	ldr	sp, [sp]
	ldmfd	sp!, {r4 - r11, pc}
saved_sp_there:	.word	saved_sp

/* Where the program goes on: four places, of which it notes in which it came. */
	.macro PAD number
	str	r0, calls_back
	adr	r0, calls_back
	stmib	r0, {r1 - r14}
	mov	r1, #\number
	b	returned
	.endm

	.global	calls_pad
calls_pad:
	PAD	0
	PAD	1
	PAD	2
	PAD	3
	.if	. - calls_pad != 4 * CALLS_PAD_SIZE
	.error	"CALLS_PAD_SIZE"
	.endif
returned:
	str	r1, [r0, #BACK_PAD]
	.word	0xe10f1000			/* mrs r1, cpsr: a program's, no proxy */
	str	r1, [r0, #BACK_CPSR]
	ldr	r1, calls_peek
	cmp	r1, #0
	ldrne	r1, [r1]
	ldr	r1, found_there			/* the next entry writes there again */
	add	r2, r0, #BACK_FOUND
	mov	r3, #FOUND_SIZE / 4
1:	ldr	r4, [r1], #4
	str	r4, [r2], #4
	subs	r3, r3, #1
	bne	1b
	ldr	r1, calls_thumb
	cmp	r1, #0
	adrne	r1, 2f
	addne	r1, r1, #1
	bxne	r1
	swi	0x155
	.thumb
	.balign	4
2:	swi	0x55
	.arm
	.balign	4
found_there:	.word	calls_found
	.global	calls_peek, calls_thumb
calls_peek:	.word	0
calls_thumb:	.word	0

	.global	calls_back
calls_back:	.space	BACK_SIZE
