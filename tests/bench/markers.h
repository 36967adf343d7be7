/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a guest program tells the instruction counter (plugin/count.c) where it is: instructions that
 * do nothing, trap nowhere and are emitted by no compiler. They cost one instruction natively and
 * under the VMM alike, which no trap, semihosting call or clock read would.
 */
#ifndef TESTS_BENCH_MARKERS_H
#define TESTS_BENCH_MARKERS_H

#define MARK_BEGIN 0xe00bb00b /* and r11, r11, r11: a measured region begins */
#define MARK_END   0xe18bb00b /* orr r11, r11, r11: and ends */
#define MARK_INIT  0xe00aa00a /* and r10, r10, r10: the first instruction of init */
#define MARK_DONE  0xe18aa00a /* orr r10, r10, r10: nothing follows that is worth counting */

#ifdef __ASSEMBLER__
/* clang-format off */
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
