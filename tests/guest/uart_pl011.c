/* SPDX-License-Identifier: Apache-2.0 */
/* What TAP needs of a PL011 (ARM DDI 0183). */
#include "tests/guest/guest.h"

#define UART_DR      0x00
#define UART_FR      0x18
#define UART_LCR_H   0x2c
#define UART_CR      0x30
#define UART_FR_TXFF 0x20
#define UART_FR_BUSY 0x08

void uart_init(void)
{
	write32(BOARD_UART + UART_LCR_H, 0x70); /* 8 bits, FIFOs on */
	write32(BOARD_UART + UART_CR, 0x301);   /* enabled, both directions */
}

void uart_put(char c)
{
	while (read32(BOARD_UART + UART_FR) & UART_FR_TXFF)
		;
	write32(BOARD_UART + UART_DR, (uint8_t)c);
}

/** Waits until all has left. */
void uart_drain(void)
{
	while (read32(BOARD_UART + UART_FR) & UART_FR_BUSY)
		;
}
