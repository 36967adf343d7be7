/* SPDX-License-Identifier: Apache-2.0 */
/* Single steps of hostile_pv.c: value in r0, address in r1, unless it says otherwise. */
#include "tests/guest/guest.h"
#include "tests/guest/pv_guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	CODE	hostile_load, ldr r0, [r1]
	CODE	hostile_store, str r0, [r1]
	CODE	hostile_load_byte, ldrb r0, [r1]
	CODE	hostile_store_byte, strb r0, [r1]
	CODE	hostile_load_double, ldrd r2, [r1]
	CODE	hostile_store_double, strd r2, [r1]
	CODE	hostile_load_many, ldmia r1, {r2 - r9}
	CODE	hostile_store_many, stmdb r1, {r2 - r9}
	CODE	hostile_swap, swp r0, r0, [r1]
	CODE	hostile_load_user, ldrt r0, [r1]
	CODE	hostile_store_user, strt r0, [r1]

	.global	hostile_branch
hostile_branch:
	bx	r0

/* TTBR in r0: nothing else traps before the return. */
	.global	hostile_switch_and_return
hostile_switch_and_return:
	mcr	p15, 0, r0, c2, c0, 0
/* A SWI where the VMM has been told that the guest returns to User mode. */
	.global	pv_return_site, pv_restart_from
pv_restart_from:
pv_return_site:
	swi	0x77
	.global	hostile_behind_site
hostile_behind_site:
	bx	lr

/* A system call by the fast path: back behind it, in Supervisor mode, with r0 = 0xfa57. */
	.global	pv_swi_entry
pv_swi_entry:
	ldr	r0, =0xfa57
	ldr	lr, =run_return
	bx	lr

/* hostile_call(number, arguments): any hypercall in the present mode; the index is a word. */
	.macro	CALL number
	.balign	8
	HYPERCALL \number
	bx	lr
	.endm

	.balign	8
	.global	hostile_calls
hostile_calls:
	CALL	PV_HC_LOG_FULL
	CALL	PV_HC_SWITCH_MM
	CALL	PV_HC_FLUSH_RANGE
	CALL	PV_HC_TABLE_CLEAN
	CALL	PV_HC_CACHE
	CALL	PV_HC_SET_TLS
	.ltorg
