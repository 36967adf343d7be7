/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one emulated instruction costs: a bare-metal guest that executes each kind a thousand times
 * between two markers (markers.h), MMU off and interrupts masked, so that nothing else happens. The
 * plugin measures every trap from its vector to the guest's next instruction.
 *
 * On the UART (UART_BASE is the board's), in the order of the regions: BENCH name iterations 1
 */
#include "tests/bench/markers.h"

	.syntax unified
	.arch armv5te
	.arm

#define ROUNDS    125
#define UART_IMSC 0x38	/* interrupt masks */
#define SITES     8	/* places of the instruction in the loop, each a proxy of its own */

	.section .text
	.global trapcost_start
trapcost_start:
	msr	cpsr_c, #0xd3
	ldr	sp, =stack_top
	mov	r0, #0
	msr	spsr_cxsf, r0

	/* measure NAME, INSTRUCTION: r4 holds the CPSR, r5 is free, r6 an address in RAM, r9 a device. */
	.macro	measure name, insn:vararg
	region_name \name, 1000
	mrs	r4, cpsr
	ldr	r6, =scratch
	ldr	r9, =UART_BASE
	mov	r5, #0
	mov	r7, #2
93:	mov	r8, #ROUNDS
	region_begin
	.rept	SITES
	\insn
	.endr
	region_end
	.endm

	measure	nop,		mov r5, r5
	measure	mrs_cpsr,	mrs r5, cpsr
	measure	msr_cpsr,	msr cpsr_c, r4
	measure	msr_cpsr_imm,	msr cpsr_c, #0xd3
	measure	mrs_spsr,	mrs r5, spsr
	measure	msr_spsr,	msr spsr_cxsf, r4
	measure	mrc_id,		mrc p15, 0, r5, c0, c0, 0
	measure	mrc_control,	mrc p15, 0, r5, c1, c0, 0
	measure	mrc_dacr,	mrc p15, 0, r5, c3, c0, 0
	measure	mcr_dacr,	mcr p15, 0, r5, c3, c0, 0
	measure	mrc_fsr,	mrc p15, 0, r5, c5, c0, 0
	measure	mcr_far,	mcr p15, 0, r5, c6, c0, 0
	measure	drain_wb,	mcr p15, 0, r5, c7, c10, 4
	measure	clean_d_line,	mcr p15, 0, r6, c7, c10, 1
	measure	inv_tlb_entry,	mcr p15, 0, r6, c8, c7, 1
	measure	ldr_device,	ldr r5, [r9, #UART_IMSC]
	measure	str_device,	str r5, [r9, #UART_IMSC]

	finish

	PRINT_CODE
	.ltorg

	.bss
	.align	5
scratch:
	.space	64
	.space	512
stack_top:
