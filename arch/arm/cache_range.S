/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm/cache.h"

	.syntax unified
	.arm

#define UNROLLED 8 /* lines in a round of the loop: a power of two */
#define LOG_LINE 5

/*
 * void NAME(uint32_t from, uint32_t end): the operation on each line from @p from up to @p end, both
 * multiples of CACHE_LINE. A page is 128 lines; two instructions for each is what it takes. The
 * first round is entered so that what is left is a multiple of it.
 */
	.macro RANGE name, crm, opc2, second:vararg
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
\name:
	subs	r2, r1, r0
	bxeq	lr
	mov	r2, r2, lsr #LOG_LINE
	rsb	r3, r2, #0
	and	r3, r3, #UNROLLED - 1
	add	r2, r2, #UNROLLED - 1
	mov	r2, r2, lsr #3
	.ifnb	\second
	add	r3, r3, r3, lsl #1
	add	pc, pc, r3, lsl #2
	.else
	add	pc, pc, r3, lsl #3
	.endif
	nop
1:	.rept	UNROLLED
	mcr	p15, 0, r0, c7, \crm, \opc2
	\second
	add	r0, r0, #CACHE_LINE
	.endr
	subs	r2, r2, #1
	bne	1b
	bx	lr
	.endm

	RANGE	cache_clean_d_range, c10, 1
	RANGE	cache_clean_invalidate_d_range, c14, 1
	RANGE	cache_forget_code_range, c14, 1, mcr p15, 0, r0, c7, c5, 1
