/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the paravirtual code for Linux on ARMv5 shares. hako_rewrite/hooks.py says which words of a
 * kernel each function stands for, and where the symbols hook_* come from; vcpu/pv_abi.h is the
 * contract with the VMM.
 *
 * All of it runs in virtual Supervisor mode, under the kernel's own mapping. It may be interrupted
 * at any instruction unless a comment says that interrupts are masked, so nothing live is ever
 * below sp. CP15 instructions in it become proxies like any others.
 */
#ifndef GUEST_PATCHES_PV_PV_H
#define GUEST_PATCHES_PV_PV_H

#include "vcpu/pv_abi.h"

/* struct pt_regs: r0 to r12, then these. */
#define PT_SP      52
#define PT_LR      56
#define PT_PC      60
#define PT_PSR     64
#define PT_ORIG_R0 68
#define PT_SIZE    72

/* The word behind pt_regs in the frame of an exception from kernel code: DACR. */
#define SVC_DACR 72

/* At ret_fast_syscall, pt_regs are above the fifth and sixth argument. */
#define S_OFF 8

/* CPSR; PSR_NOT_USR is what a return through return_site leaves to the original (vcpu/pv_abi.h). */
#define PSR_CONTROL 0xff
#define PSR_I       0x80
#define PSR_SVC     0x13
#define PSR_USER    0x10
#define PSR_NOT_USR 0xaf

#define PTE_TABLE 2048 /* second-level descriptors are so far behind Linux' own entries */
#define PAGE_SIZE 4096

/* DACR with software PAN while kernel code runs, where programs' memory is closed, and in programs. */
#define DACR_USER_CLOSED 0x51
#define DACR_USER_OPEN   0x55

/* The end of programs' addresses. Hook task_size makes sure that it is the kernel's. */
#define TASK_SIZE 0xbf000000

/* Where the control byte is, from a register that holds PV_MASKED or PV_UNMASKED. */
#define FROM_MASKED   (PV_PAGE - PV_MASKED)
#define FROM_UNMASKED (PV_PAGE - PV_UNMASKED)

#if PV_USR_SP != PV_SCTLR + 4 || PV_USR_LR != PV_SCTLR + 8 || PV_PSR != PV_SCTLR + 12 || \
	PV_PC != PV_SCTLR + 16 || PV_SVC_SP != PV_SCTLR + 20
#error "the words from PV_SCTLR on are loaded and stored together"
#endif

#ifdef __ASSEMBLER__
/* clang-format off */

	.syntax unified
	.arm

/* A function in a section of its own: only those that a hook of this kernel leads to are linked. */
	.macro FUNCTION name
	.ltorg
	.section .text.\name, "ax", %progbits
	.balign 4
	.global	\name
	.type	\name, %function
\name:
	.endm

/* Hypercall \number, if the condition holds; its proxy is at the index of that number. */
	.macro HYPERCALL number, cond=al
	.ifc	\cond, al
	.word	0xee000f00 | \number << 12
	.else
	.ifc	\cond, eq
	.word	0x0e000f00 | \number << 12
	.else
	.error	"condition \cond"
	.endif
	.endif
	.endm

/* clang-format on */
#endif

#endif
