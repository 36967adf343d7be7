/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions cpu_modes.c is about. All functions are called in SVC mode with interrupts
 * masked and come back so. Only r0-r7 hold anything across a mode change: FIQ banks r8-r12.
 */
#include "tests/guest/guest.h"

#define SVC (PSR_MODE_SVC | PSR_MASKED)
#define SYS (PSR_MODE_SYS | PSR_MASKED)
#define BANKS PSR_MODE_FIQ, PSR_MODE_IRQ, PSR_MODE_SVC, PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_SYS

	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro FUNCTION name
	.global \name
\name:
	.endm

/*
 * banks_write_read(in, out): r13, r14, SPSR of FIQ, IRQ, SVC, ABT, UND, SYS; all written, then
 * read.
 */
FUNCTION banks_write_read
	stmfd	sp!, {r4 - r11, lr}
	mov	r7, sp
	.irp	mode, BANKS
	msr	cpsr_c, #(\mode | PSR_MASKED)
	ldmia	r0!, {r2 - r4}
	mov	sp, r2
	mov	lr, r3
	.if	\mode != PSR_MODE_SYS
	msr	spsr_cxsf, r4
	.endif
	.endr
	.irp	mode, BANKS
	msr	cpsr_c, #(\mode | PSR_MASKED)
	mov	r2, sp
	mov	r3, lr
	mov	r4, #0
	.if	\mode != PSR_MODE_SYS
	mrs	r4, spsr
	.endif
	stmia	r1!, {r2 - r4}
	.endr
	msr	cpsr_c, #SVC
	mov	sp, r7
	ldmfd	sp!, {r4 - r11, pc}

/* fiq_bank(in, out): r8-r12 of FIQ, then of SVC, written and then read in the same order. */
FUNCTION fiq_bank
	stmfd	sp!, {r4 - r12, lr}
	msr	cpsr_c, #(PSR_MODE_FIQ | PSR_MASKED)
	ldmia	r0!, {r8 - r12}
	msr	cpsr_c, #SVC
	ldmia	r0!, {r8 - r12}
	msr	cpsr_c, #(PSR_MODE_FIQ | PSR_MASKED)
	stmia	r1!, {r8 - r12}
	.irp	mode, PSR_MODE_SVC, PSR_MODE_IRQ, PSR_MODE_SYS, PSR_MODE_ABT, PSR_MODE_UND
	msr	cpsr_c, #(\mode | PSR_MASKED)
	stmia	r1!, {r8 - r12}
	.endr
	msr	cpsr_c, #SVC
	ldmfd	sp!, {r4 - r12, pc}

/* mode_change_c(psr), mode_change_fc(psr): writes CPSR, returns it as read in the new mode. */
FUNCTION mode_change_c
	msr	cpsr_c, r0
	mrs	r0, cpsr
	msr	cpsr_c, #SVC
	bx	lr
FUNCTION mode_change_fc
	msr	cpsr_fc, r0
	mrs	r0, cpsr
	msr	cpsr_c, #SVC
	bx	lr

/* spsr_write_N(old, new), cpsr_write_N(old, new): N is the field mask; returns the register. */
	.macro PSR_WRITES mask, fields
spsr_write_\mask:
	msr	spsr_cxsf, r0
	msr	spsr_\fields, r1
	mrs	r0, spsr
	bx	lr
cpsr_write_\mask:
	msr	cpsr_cxsf, r0
	msr	cpsr_\fields, r1
	mrs	r0, cpsr
	msr	cpsr_c, #SVC
	bx	lr
	.endm
	PSR_WRITES 1, c
	PSR_WRITES 2, x
	PSR_WRITES 3, xc
	PSR_WRITES 4, s
	PSR_WRITES 5, sc
	PSR_WRITES 6, sx
	PSR_WRITES 7, sxc
	PSR_WRITES 8, f
	PSR_WRITES 9, fc
	PSR_WRITES 10, fx
	PSR_WRITES 11, fxc
	PSR_WRITES 12, fs
	PSR_WRITES 13, fsc
	PSR_WRITES 14, fsx
	PSR_WRITES 15, fsxc

/* psr_immediates(out): the immediate forms. */
FUNCTION psr_immediates
	mov	r1, #0
	msr	cpsr_f, r1
	msr	cpsr_f, #0xa0000000
	mrs	r1, cpsr
	msr	cpsr_f, #0x58000000
	mrs	r2, cpsr
	msr	cpsr_c, #(PSR_MODE_UND | PSR_MASKED)
	mrs	r3, cpsr
	msr	cpsr_c, #SVC
	stmia	r0!, {r1 - r3}
	mov	r1, #PSR_MODE_USR
	msr	spsr_cxsf, r1
	msr	spsr_f, #0xf8000000
	mrs	r2, spsr
	msr	spsr_c, #(PSR_MODE_ABT | PSR_I)
	mrs	r3, spsr
	msr	spsr_f, #0
	mrs	r12, spsr
	stmia	r0!, {r2, r3, r12}
	bx	lr

/* psr_keeps_flags(flags, out): CPSR after flags were set and the mode went there and back. */
FUNCTION psr_keeps_flags
	msr	cpsr_f, r0
	msr	cpsr_c, #(PSR_MODE_IRQ | PSR_MASKED)
	mrs	r2, cpsr
	msr	cpsr_c, #SYS
	mrs	r3, cpsr
	msr	cpsr_c, #SVC
	mrs	r12, cpsr
	stmia	r1, {r2, r3, r12}
	bx	lr

/* saturated_flag(): CPSR after QADD saturated, read by MRS. */
FUNCTION saturated_flag
	msr	cpsr_f, #0
	mvn	r0, #0x80000000
	qadd	r0, r0, r0
	mrs	r0, cpsr
	msr	cpsr_f, #0
	bx	lr

/*
 * Dispatch of data-processing instructions that restore CPSR: return_NAME(spsr, a, b, flags) sets
 * SPSR and the flags, executes one, and arrives at return_target, which returns the CPSR.
 */
	.macro RETURN_BY name, text:vararg
	.global return_by_\name
return_by_\name:
	msr	spsr_cxsf, r0
	msr	cpsr_f, r3
	\text
	b	return_missed
	.endm
	RETURN_BY and, ands pc, r1, r2
	RETURN_BY eor, eors pc, r1, r2
	RETURN_BY sub, subs pc, r1, r2
	RETURN_BY rsb, rsbs pc, r1, r2
	RETURN_BY add, adds pc, r1, r2
	RETURN_BY adc, adcs pc, r1, r2
	RETURN_BY sbc, sbcs pc, r1, r2
	RETURN_BY rsc, rscs pc, r1, r2
	RETURN_BY orr, orrs pc, r1, r2
	RETURN_BY mov, movs pc, r2
	RETURN_BY bic, bics pc, r1, r2
	RETURN_BY mvn, mvns pc, r2
	RETURN_BY sub_imm, subs pc, r1, #0xff0
	RETURN_BY rsb_imm, rsbs pc, r1, #0
	RETURN_BY add_lsl, adds pc, r1, r2, lsl #3
	RETURN_BY mov_lsr, movs pc, r2, lsr #4
	RETURN_BY mov_asr, movs pc, r2, asr #8
	RETURN_BY mov_ror, movs pc, r2, ror #12
	RETURN_BY mov_rrx, movs pc, r2, rrx
	RETURN_BY eor_lsr32, eors pc, r1, r2, lsr #32
	RETURN_BY add_pc, adds pc, pc, r2
FUNCTION return_add_pc_base
return_missed:
	mvn	r0, #0
	msr	cpsr_c, #SVC
	bx	lr
	.skip	64
FUNCTION return_target
	mrs	r0, cpsr
	msr	cpsr_c, #SVC
	bx	lr

/*
 * load_return_NAME(spsr, base): LDM with pc and ^. The target stores CPSR, the base register, r3,
 * r4 and the User lr; the list is {r3, r4, pc} (return by sp: {r3, r4, lr, pc}).
 */
	.macro LOAD_RETURN name, text:vararg
load_return_\name:
	stmfd	sp!, {r4 - r11, lr}
	ldr	r2, =saved_sp
	str	sp, [r2]
	msr	spsr_cxsf, r0
	mov	r2, r1
	mov	r3, #0
	mov	r4, #0
	\text
	b	load_return_missed
	.endm
	LOAD_RETURN ia, ldmia r1, {r3, r4, pc}^
	LOAD_RETURN ia_wb, ldmia r1!, {r3, r4, pc}^
	LOAD_RETURN ib, ldmib r1, {r3, r4, pc}^
	LOAD_RETURN ib_wb, ldmib r1!, {r3, r4, pc}^
	LOAD_RETURN da, ldmda r1, {r3, r4, pc}^
	LOAD_RETURN da_wb, ldmda r1!, {r3, r4, pc}^
	LOAD_RETURN db, ldmdb r1, {r3, r4, pc}^
	LOAD_RETURN db_wb, ldmdb r1!, {r3, r4, pc}^
load_return_missed:
	mvn	r3, #0
FUNCTION load_return_target
	mrs	r5, cpsr
	msr	cpsr_c, #SVC
	ldr	r6, =saved_sp
	ldr	sp, [r6]
	ldr	r6, =load_return_result
	stmia	r6, {r1, r3, r4, r5}
	ldmfd	sp!, {r4 - r11, pc}

/* The same through the stack pointer of the mode, with the mode's own lr in the list. */
FUNCTION load_return_by_sp
	stmfd	sp!, {r4 - r11, lr}
	ldr	r2, =saved_sp
	str	sp, [r2]
	msr	spsr_cxsf, r0
	mov	sp, r1
	ldmfd	sp!, {r1, r3, r4, lr, pc}^

/*
 * user_store_NAME(psr, buffer, values): r3-r7 hold known values, r8-r14 known values in the User
 * bank and others in the mode of psr, where STM ^ executes.
 */
	.macro USER_BANK_CODE name, mode
user_store_\name:
	stmfd	sp!, {r4 - r12, lr}
	msr	cpsr_c, #SYS
	ldmia	r2, {r3 - r14}
	msr	cpsr_c, r0
	and	r2, r0, #0x1f
	cmp	r2, #PSR_MODE_FIQ
	adreq	r2, other_bank
	ldmiaeq	r2, {r8 - r12}
	stm\mode r1, {r3 - r14}^
	nop
	msr	cpsr_c, #SVC
	ldmfd	sp!, {r4 - r12, pc}

user_load_\name:
	stmfd	sp!, {r4 - r12, lr}
	msr	cpsr_c, r0
	and	r3, r0, #0x1f
	cmp	r3, #PSR_MODE_FIQ
	adreq	r3, other_bank
	ldmiaeq	r3, {r8 - r12}
	ldm\mode r1, {r3 - r14}^
	nop
	stmia	r2!, {r8 - r12}
	msr	cpsr_c, #SYS
	stmia	r2, {r3 - r14}
	msr	cpsr_c, #SVC
	ldmfd	sp!, {r4 - r12, pc}
	.endm
	USER_BANK_CODE ia, ia
	USER_BANK_CODE ib, ib
	.global	other_bank
other_bank:
	.word	0x0f1f8888, 0x0f1f9999, 0x0f1faaaa, 0x0f1fbbbb, 0x0f1fcccc
	USER_BANK_CODE da, da
	USER_BANK_CODE db, db

/* user_store_by_sp(base, values): stmia sp, {sp, lr}^, the base from the current bank. */
FUNCTION user_store_by_sp
	msr	cpsr_c, #SYS
	ldr	sp, [r1]
	ldr	lr, [r1, #4]
	msr	cpsr_c, #(PSR_MODE_ABT | PSR_MASKED)
	mov	sp, r0
	mov	lr, #0
	stmia	sp, {sp, lr}^
	nop
	msr	cpsr_c, #SVC
	bx	lr

/* In User mode: MSR writes flags and nothing else. Data, or the rewriter would make proxies. */
FUNCTION user_psr
	.word	0xe121f000			/* msr cpsr_c, r0 */
	.word	0xe10f0000			/* mrs r0, cpsr */
	.word	0xe129f001			/* msr cpsr_fc, r1 */
	.word	0xe10f1000			/* mrs r1, cpsr */
	.word	0xe321f0d3			/* msr cpsr_c, #0xd3 */
	.word	0xe10f2000			/* mrs r2, cpsr */
	bx	lr

/* sp and lr as the running mode has them, in r0 and r1. */
FUNCTION copy_sp_lr
	mov	r0, sp
	mov	r1, lr
	bx	lr

/* set_system_bank(sp, lr) */
FUNCTION set_system_bank
	msr	cpsr_c, #SYS
	mov	sp, r0
	mov	lr, r1
	msr	cpsr_c, #SVC
	bx	lr

/*
 * conditions_NAME(flags): executes one sensitive instruction under each of the fifteen conditions
 * with these flags; bit n of the result says that it had its effect under condition n.
 */
	.macro CONDITIONS name
conditions_\name:
	stmfd	sp!, {r4 - r8, lr}
	mov	r6, r0
	mov	r5, #0
	mov	r7, #1
	CONDITION_\name eq
	CONDITION_\name ne
	CONDITION_\name cs
	CONDITION_\name cc
	CONDITION_\name mi
	CONDITION_\name pl
	CONDITION_\name vs
	CONDITION_\name vc
	CONDITION_\name hi
	CONDITION_\name ls
	CONDITION_\name ge
	CONDITION_\name lt
	CONDITION_\name gt
	CONDITION_\name le
	CONDITION_\name al
	mov	r0, r5
	ldmfd	sp!, {r4 - r8, pc}
	.endm

	.macro CONDITION_NEXT
	orrne	r5, r5, r7
	mov	r7, r7, lsl #1
	.endm

	.macro CONDITION_mrs cond
	mov	r4, #0
	msr	cpsr_f, r6
	mrs\cond r4, cpsr
	cmp	r4, #0
	CONDITION_NEXT
	.endm

	.macro CONDITION_msr cond
	mov	r4, #SYS
	msr	cpsr_f, r6
	msr\cond cpsr_c, r4
	mrs	r4, cpsr
	msr	cpsr_c, #SVC
	and	r4, r4, #0x1f
	cmp	r4, #PSR_MODE_SVC
	CONDITION_NEXT
	.endm

	.macro CONDITION_spsr cond
	mov	r4, #0
	msr	spsr_cxsf, r4
	mov	r4, #PSR_MODE_IRQ
	msr	cpsr_f, r6
	msr\cond spsr_c, r4
	mrs	r4, spsr
	cmp	r4, #0
	CONDITION_NEXT
	.endm

	.macro CONDITION_mrc cond
	mov	r4, #0
	msr	cpsr_f, r6
	mrc\cond p15, 0, r4, c0, c0, 0
	cmp	r4, #0
	CONDITION_NEXT
	.endm

	.macro CONDITION_mcr cond
	mov	r4, #0
	mcr	p15, 0, r4, c13, c0, 1
	mov	r4, #7
	msr	cpsr_f, r6
	mcr\cond p15, 0, r4, c13, c0, 1
	mrc	p15, 0, r4, c13, c0, 1
	cmp	r4, #0
	CONDITION_NEXT
	.endm

	.macro CONDITION_ldrt cond
	mov	r4, #0
	str	r6, [sp, #-4]!
	mov	r3, sp
	orr	r8, r6, #1
	str	r8, [r3]
	msr	cpsr_f, r6
	ldrt\cond r4, [r3]
	cmp	r4, #0
	CONDITION_NEXT
	add	sp, sp, #4
	.endm

	.macro CONDITION_ldm_user cond
	stmfd	sp!, {r0, r1}
	mov	r3, #0
	mov	r4, #0
	str	r7, [sp]
	msr	cpsr_c, #SYS
	mov	lr, #0
	msr	cpsr_c, #SVC
	msr	cpsr_f, r6
	ldm\cond sp, {r14}^
	nop
	msr	cpsr_c, #SYS
	mov	r4, lr
	msr	cpsr_c, #SVC
	cmp	r4, #0
	CONDITION_NEXT
	add	sp, sp, #8
	.endm

	.macro CONDITION_movs_pc cond
	mov	r4, #SYS
	msr	spsr_cxsf, r4
	adr	r3, 9f
	msr	cpsr_f, r6
	movs\cond pc, r3
9:	mrs	r4, cpsr
	msr	cpsr_c, #SVC
	and	r4, r4, #0x1f
	cmp	r4, #PSR_MODE_SVC
	CONDITION_NEXT
	.endm

	CONDITIONS mrs
	CONDITIONS msr
	CONDITIONS spsr
	CONDITIONS mrc
	CONDITIONS mcr
	CONDITIONS ldrt
	.ltorg
	CONDITIONS ldm_user
	CONDITIONS movs_pc
	.ltorg

/* Tables of the variants: the C file has the names and expectations in the same order. */
	.section .rodata
	.align	2
	.macro TABLE name, entries:vararg
	.global \name
\name:	.word	\entries
	.endm
	TABLE spsr_writes, 0
	.irp	mask, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.word	spsr_write_\mask
	.endr
	TABLE cpsr_writes, 0
	.irp	mask, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.word	cpsr_write_\mask
	.endr
	TABLE load_returns, load_return_ia, load_return_ia_wb, load_return_ib, load_return_ib_wb
	.word	load_return_da, load_return_da_wb, load_return_db, load_return_db_wb
	TABLE user_stores, user_store_ia, user_store_ib, user_store_da, user_store_db
	TABLE user_loads, user_load_ia, user_load_ib, user_load_da, user_load_db
	.macro EXPORT names:vararg
	.irp	name, \names
	.global	\name
	.endr
	.endm
	EXPORT conditions_mrs, conditions_msr, conditions_spsr, conditions_mrc, conditions_mcr
	EXPORT conditions_ldrt, conditions_ldm_user, conditions_movs_pc

	.bss
	.align	2
saved_sp:
	.word	0
	.global	load_return_result
load_return_result:
	.space	16
