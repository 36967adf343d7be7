/* SPDX-License-Identifier: Apache-2.0 */
/* Words at one address, which the bus may refuse (user_access.h): for the image that serves devices. */
	.syntax unified
	.arm

/* bool NAME(address, words, count). Only the access at "marked" may abort. */
	.macro	FIFO name, first:req, second:req, marked:req
	.section .text.\name, "ax"
	.global	\name
	.type	\name, %function
\name:
.L\name\()_1:
	\first
.L\name\()_2:
	\second
	subs	r2, r2, #1
	bne	.L\name\()_1
	mov	r0, #1
	bx	lr
.L\name\()_failed:
	mov	r0, #0
	bx	lr
	.section .fixup_table, "a"
	.word	.L\name\marked, .L\name\()_failed
	.endm

	FIFO	bus_load_fifo, "ldr r3, [r0]", "str r3, [r1], #4", _1
	FIFO	bus_store_fifo, "ldr r3, [r1], #4", "str r3, [r0]", _2
