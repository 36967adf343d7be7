/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first instructions after a reset of an AST2400: at offset 0 of its boot flash, which is at address 0. Copies
 * zImage-hako, which follows in the flash, into RAM and starts it, as any boot loader would.
 *
 * On the chip this is not enough: after power-on the SDRAM controller (0x1e6e0000) has to be set up for the memory
 * that is soldered there, which is some hundred writes of ASPEED's platform.S, and the flash is read at the lowest
 * clock. Both would be done at "board set-up" below, before the first access to RAM. QEMU's RAM is there at once.
 *
 * No stack and no RAM but where the image goes; only the general registers. r4 = the UART.
 */
#include "board/boot_boards.h"
#include "board/palmetto/stub.h"
#include "devemu/ast2400_wdt_regs.h"
#include "devemu/ns16550_regs.h"
#include "vmm/start/image_header.h"

#define WDT  0x1e785000
#define UART 0x1e784000

	.arm
	.section .text, "ax"
	.globl	stub_start
stub_start:
	b	reset
	/*
	 * An exception before the VMM has vectors of its own: flash is where they are, so it says so here, and
	 * not the VMM (arch/arm/boot.S). The mode says which it was.
	 */
	.rept	7
	b	exception
	.endr

reset:
	msr	cpsr_c, #0xd3			/* Supervisor mode, interrupts masked */

	/* The second watchdog runs after a reset, if a strap says so: copying may take longer than it. */
	ldr	r0, =WDT
	mov	r1, #0
	str	r1, [r0, #AST2400_WDT_CONTROL]
	str	r1, [r0, #(AST2400_WDT_STRIDE + AST2400_WDT_CONTROL)]

	/* Board set-up: see above. */

	bl	uart_on
	mov	r5, #STUB_SIZE			/* the image, in flash */
	ldr	r0, [r5, #IMAGE_AT_ZIMAGE_MAGIC]
	ldr	r1, =ZIMAGE_MAGIC
	cmp	r0, r1
	ldrne	r0, =no_image
	bne	stop
	ldr	r6, [r5, #IMAGE_AT_ZIMAGE_END]	/* its size */
	cmp	r6, #STUB_LOAD_MAX
	ldrhi	r0, =too_large
	bhi	stop

	ldr	r7, =STUB_LOAD_AT
	add	r8, r7, r6
1:	ldmia	r5!, {r0 - r3}
	stmia	r7!, {r0 - r3}
	cmp	r7, r8
	blo	1b

	/* What is in RAM is what was read: no RAM, or one that was not set up, ends here with a word. */
	mov	r5, #STUB_SIZE
	ldr	r7, =STUB_LOAD_AT
2:	ldr	r0, [r5], #4
	ldr	r1, [r7], #4
	cmp	r0, r1
	ldrne	r0, =no_ram
	bne	stop
	cmp	r7, r8
	blo	2b

	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0		/* instruction cache: nothing of before */
	mcr	p15, 0, r0, c7, c10, 4		/* drain the write buffer */
	ldr	r1, =MACHINE_ID_palmetto
	mov	r2, #0				/* no device tree, no tags */
	ldr	pc, =STUB_LOAD_AT

exception:
	bl	uart_on
	ldr	r0, =by_exception
	b	stop

/* Prints the text at r0, for ever after silent. */
stop:
	ldrb	r1, [r0], #1
	cmp	r1, #0
3:	mcreq	p15, 0, r1, c7, c0, 4		/* wait for interrupt, with interrupts masked */
	beq	3b
4:	ldr	r2, [r4, #NS16550_LSR]
	tst	r2, #NS16550_LSR_THRE
	beq	4b
	str	r1, [r4, #NS16550_DATA]
	b	stop

/* 115200 baud; the UART's clock is 24 MHz. Changes r0. */
uart_on:
	ldr	r4, =UART
	mov	r0, #(NS16550_LCR_8BITS | NS16550_LCR_DLAB)
	str	r0, [r4, #NS16550_LCR]
	mov	r0, #13
	str	r0, [r4, #NS16550_DATA]
	mov	r0, #0
	str	r0, [r4, #NS16550_IER]
	mov	r0, #NS16550_LCR_8BITS
	str	r0, [r4, #NS16550_LCR]
	bx	lr

no_image:
	.asciz	"hako: stub: there is no image in the flash; scripts/boot_flash puts one there\r\n"
too_large:
	.asciz	"hako: stub: the image's first words are damaged; write the flash again\r\n"
no_ram:
	.asciz	"hako: stub: RAM does not keep what is written to it\r\n"
by_exception:
	.asciz	"hako: stub: exception before the start: the image is damaged; write the flash again\r\n"
	.balign	4
	.ltorg

	.org	STUB_SIZE
