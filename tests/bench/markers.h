/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a guest program tells the instruction counter (plugin/count.c) where it is: instructions that
 * do nothing, trap nowhere and are emitted by no compiler. They cost one instruction natively and
 * under the VMM alike, which no trap, semihosting call or clock read would. For the bare-metal
 * programs, also what they are built of.
 */
#ifndef TESTS_BENCH_MARKERS_H
#define TESTS_BENCH_MARKERS_H

#define MARK_BEGIN 0xe00bb00b /* and r11, r11, r11: a measured region begins */
#define MARK_END   0xe18bb00b /* orr r11, r11, r11: and ends */
#define MARK_INIT  0xe00aa00a /* and r10, r10, r10: the first instruction of init */
#define MARK_DONE  0xe18aa00a /* orr r10, r10, r10: nothing follows that is worth counting */

/* Of the real-time guest (tests/guest/rt_code.S), for plugin/latency.c. */
#define MARK_RT_BEGIN \
	0xe0099009 /* and r9, r9, r9: the first instruction of its interrupt handler */
#define MARK_RT_VALUE 0xe1899009 /* orr r9, r9, r9: it has read its timer's count, into r0 */

#ifdef __ASSEMBLER__
/* clang-format off */
/*
 * A region that runs twice, once to warm up and once to be measured:
 *
 *	region_name NAME, COUNT
 *	mov	r7, #2
 * 93:	mov	r8, #ROUNDS
 *	region_begin
 *	...
 *	region_end
 */
	.macro	region_name name, count
	adr	r0, 91f
	b	92f
91:	.asciz	"BENCH \name \count 1\n"
	.align	2
92:	bl	print
	.endm

	.macro	region_begin
	cmp	r7, #1
	bne	94f
	.inst	MARK_BEGIN
94:
	.endm

	.macro	region_end
	subs	r8, r8, #1
	bne	94b
	cmp	r7, #1
	bne	95f
	.inst	MARK_END
95:	subs	r7, r7, #1
	bne	93b
	b	96f
	.ltorg
96:
	.endm

/* The end of a program. */
	.macro	finish
	adr	r0, 97f
	bl	print
	.inst	MARK_DONE
98:	b	98b
97:	.asciz	"BENCH end\n"
	.align	2
	.endm

/* print(r0: text): the PL011 of both boards takes characters after reset without being set up. */
	.macro	PRINT_CODE
print:
	ldr	r1, =UART_BASE
1:	ldrb	r2, [r0], #1
	cmp	r2, #0
	bxeq	lr
	str	r2, [r1]
	b	1b
	.endm
/* clang-format on */
#endif

#endif
