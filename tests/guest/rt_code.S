/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt handler of the real-time guest. It has the vector to itself: the first thing that
 * happens is that the timer's count is read. scripts/rt_latency finds both by their markers.
 */
#include "tests/bench/markers.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	.global	rt_interrupt
	.type	rt_interrupt, %function
rt_interrupt:
	.inst	MARK_RT_BEGIN
	stmfd	sp!, {r0 - r3, r12, lr}
	ldr	r0, =BOARD_TIMER
	ldr	r0, [r0, #TIMER_VALUE]
	.inst	MARK_RT_VALUE
	bl	rt_tick
	ldmfd	sp!, {r0 - r3, r12, lr}
	subs	pc, lr, #4
	.ltorg
