/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of vmm/stats.c for what never reaches C. Those of fastpath.S change r2 and r3 alone. */
	.syntax unified
	.arm

	.section .text.traps, "ax"

	.irp	path, call, return
	.global	__wrap_fast_\path
	.type	__wrap_fast_\path, %function
__wrap_fast_\path:
	ldr	r2, =stats_fast_\path
	ldr	r2, [r2]
	ldr	r3, [r2]
	add	r3, r3, #1
	str	r3, [r2]
	b	__real_fast_\path
	.endr

/*
 * The accesses that arch/arm/fast_mmio.S completes: they take the general way, which does the same
 * and is counted.
 */
	.global	__wrap_trap_device
	.type	__wrap_trap_device, %function
__wrap_trap_device:
	b	trap_device_general
