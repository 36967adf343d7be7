/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of vmm/stats.c for what never reaches C. The first four change r2 and r3 alone. */
	.syntax unified
	.arm

	.section .text.traps, "ax"

	.macro	COUNT path, counter
	.global	__wrap_\path
	.type	__wrap_\path, %function
__wrap_\path:
	ldr	r2, =\counter
	ldr	r2, [r2]
	ldr	r3, [r2]
	add	r3, r3, #1
	str	r3, [r2]
	b	__real_\path
	.endm

	COUNT	fast_call, stats_fast_call
	COUNT	fast_call_dacr, stats_fast_call
	COUNT	fast_return, stats_fast_return
	COUNT	fast_return_dacr, stats_fast_return

/*
 * What arch/arm/fast_mmio.S and fastpath_irq.S complete: it takes the general way, which does the same
 * and is counted.
 */
	.global	__wrap_trap_device
	.type	__wrap_trap_device, %function
__wrap_trap_device:
	b	trap_device_general

	.global	__wrap_trap_doorbell
	.type	__wrap_trap_doorbell, %function
__wrap_trap_doorbell:
	b	trap_device_general

	.global	__wrap_fast_interrupt
	.type	__wrap_fast_interrupt, %function
__wrap_fast_interrupt:
	mov	r0, #0
	bx	lr
