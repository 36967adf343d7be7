/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void copy_bytes(void *to, const void *from, size_t length)
 *
 * As memcpy(), eight registers at a time: 10 instructions for 128 bytes, and 20 for 32 if the two are
 * not at the same offset in a word, when words are put together from two. Frames are rarely aligned:
 * what is before IP has 14 bytes.
 *
 * A word that is read has at least one byte of the source in it, so none is in another page.
 */

#define SHORT 36 /* less than that is not worth it; 32 are left when `to` is aligned */

	.syntax unified
	.arm

	.section .text.copy_bytes, "ax"
	.global	copy_bytes
	.type	copy_bytes, %function
copy_bytes:
	cmp	r2, #SHORT
	blo	memcpy
	push	{r4 - r11}
	ands	r3, r0, #3
	beq	2f
	rsb	r3, r3, #4
	sub	r2, r2, r3
1:	ldrb	r12, [r1], #1
	strb	r12, [r0], #1
	subs	r3, r3, #1
	bne	1b
2:	sub	r2, r2, #32	/* all but these */
	ands	r3, r1, #3
	bne	copy_shifted
	subs	r2, r2, #96
	blo	4f
3:	.rept	4
	ldmia	r1!, {r4 - r11}
	stmia	r0!, {r4 - r11}
	.endr
	subs	r2, r2, #128
	bhs	3b
4:	adds	r2, r2, #96	/* less than 128 are left: 32 more than this */
	bmi	copy_rest
5:	ldmia	r1!, {r4 - r11}
	subs	r2, r2, #32
	stmia	r0!, {r4 - r11}
	bhs	5b
copy_rest:
	adds	r2, r2, #32
	pop	{r4 - r11}
	bne	memcpy
	bx	lr

/* Puts words together, from two each: \a and \b, \b and the next; what is left of the last is in it. */
	.macro JOIN offset, a, b, rest:vararg
	orr	\a, \a, \b, lsl #(32 - 8 * \offset)
	.ifnb	\rest
	mov	\b, \b, lsr #(8 * \offset)
	JOIN	\offset, \b, \rest
	.endif
	.endm

/* r11: the last word that was read, of which the bytes from offset \offset on are still to go. */
	.macro COPY_SHIFTED offset
	ldr	r11, [r1], #4
1:	mov	r3, r11, lsr #(8 * \offset)
	ldmia	r1!, {r4 - r11}
	subs	r2, r2, #32
	JOIN	\offset, r3, r4, r5, r6, r7, r8, r9, r10, r11
	stmia	r0!, {r3 - r10}
	bhs	1b
	sub	r1, r1, #(4 - \offset)
	b	copy_rest
	.endm

copy_shifted:
	bic	r1, r1, #3
	cmp	r3, #2
	beq	copy_by_2
	bhi	copy_by_3
	COPY_SHIFTED 1
copy_by_2:
	COPY_SHIFTED 2
copy_by_3:
	COPY_SHIFTED 3

/*
 * void clear_bytes(void *to, size_t length)
 *
 * As memset() with 0, six instructions for 128 bytes if `to` is the address of a word.
 */
	.section .text.clear_bytes, "ax"
	.global	clear_bytes
	.type	clear_bytes, %function
clear_bytes:
	mov	r2, r1
	mov	r1, #0
	tst	r0, #3
	bne	memset
	push	{r4 - r8, lr}
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	r8, #0
	mov	lr, #0
1:	subs	r2, r2, #128
	.rept	4
	stmiahs	r0!, {r1, r3 - r8, lr}
	.endr
	bhi	1b
	addlo	r2, r2, #128	/* less than 128 are left */
	pop	{r4 - r8, lr}
	b	memset
