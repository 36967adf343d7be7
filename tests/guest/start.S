/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From reset to C, and from C to the end of the program. Nothing in between asks whether this is
 * the board or the VMM.
 */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te

	.section .text.start, "ax"
	.arm
	.global guest_start
guest_start:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	ldr	sp, =stacks_top

	ldr	r0, =guest_bss_start
	ldr	r1, =guest_bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b

	mov	r0, #BOARD_RAM
	ldr	r1, =vectors
	add	r2, r1, #64
2:	ldr	r3, [r1], #4
	str	r3, [r0], #4
	cmp	r1, r2
	blo	2b

	bl	guest_main

/*
 * guest_exit(status): the first of these that exists ends the run. Hako's power register stops the
 * VM at the store. On QEMU's boards nothing answers at that address and the store is lost; then
 * semihosting ends QEMU, from SVC mode, with the status (SYS_EXIT_EXTENDED, ADP_Stopped_
 * ApplicationExit). A bus that aborts the store brings us to the second way through the vector.
 */
	.global guest_exit
guest_exit:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	ldr	r1, =exit_block
	str	r0, [r1, #4]
	mrc	p15, 0, r0, c1, c0, 0
	bic	r0, r0, #0x2000			/* low vectors, and the MMU off: */
	bic	r0, r0, #0x0001			/* code and data here are mapped flat */
	mcr	p15, 0, r0, c1, c0, 0
	nop
	nop
	mov	r2, #BOARD_RAM
	ldr	r1, =exit_by_semihosting
	ldr	r0, =0xe51ff004			/* ldr pc, [pc, #-4] */
	str	r0, [r2, #0x10]
	str	r1, [r2, #0x14]
	ldr	r1, =0xf0000000			/* power register */
	ldr	r0, =0x504f4646			/* "POFF" */
	str	r0, [r1]
exit_by_semihosting:
	msr	cpsr_c, #(PSR_MODE_SVC | PSR_MASKED)
	mov	r0, #0x20			/* SYS_EXIT_EXTENDED */
	ldr	r1, =exit_block
	swi	0x123456
3:	b	3b
	.ltorg

	.data
	.align	2
exit_block:
	.word	0x20026, 0

	.bss
	.align	3
	.global stacks
stacks:
	.space	8 * STACK_SIZE
	.global stacks_top
stacks_top:
