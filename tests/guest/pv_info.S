/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct pv_info of a test guest with paravirtual code of its own (docs/guest-abi.md): what a program
 * does not define, as a label or for the linker, is 0.
 */
#include "vcpu/pv_abi.h"

	.macro FIELDS names:vararg
	.irp	name, \names
	.weak	pv_\name
	.word	pv_\name
	.endr
	.endm

	.section .rodata.pv_info, "a"
	.align	2
	.global	hako_pv_info
	.type	hako_pv_info, %object
hako_pv_info:
	.word	PV_INFO_MAGIC, PV_INFO_VERSION
	FIELDS	code_va, code_gpa, code_size, linear_offset, user_limit
	FIELDS	swi_entry, return_site, restart_from, announces
	FIELDS	call_dacr, return_dacr, dacr_at
	FIELDS	und_usr, pabt_usr, dabt_usr, irq_usr, und_svc, pabt_svc, dabt_svc, irq_svc
	FIELDS	range_count, range_start, range_end
	.space	(PV_RANGES_MAX - 1) * 8
	.size	hako_pv_info, . - hako_pv_info
