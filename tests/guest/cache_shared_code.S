/* SPDX-License-Identifier: Apache-2.0 */
/* What cache_shared.c copies to where it can run while the rest of the program is closed. */
	.syntax unified
	.arch armv5te
	.text
	.arm

	.global	shared_start, shared_call, shared_load, shared_store, shared_end
shared_start:

/* shared_call(closed, open, function, argument): calls the function with DACR = closed. */
shared_call:
	push	{r4, lr}
	mov	r4, r1
	mcr	p15, 0, r0, c3, c0, 0
	mov	r0, r3
	mov	lr, pc
	bx	r2
	mcr	p15, 0, r4, c3, c0, 0
	pop	{r4, pc}

shared_load:
	ldr	r0, [r0]
	bx	lr

/* Stores an address at itself. */
shared_store:
	str	r0, [r0]
	bx	lr
shared_end:
