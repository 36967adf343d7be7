/* SPDX-License-Identifier: Apache-2.0 */
/* What TAP needs of a 16550 (National Semiconductor PC16550D), a register in each word. */
#include "tests/guest/guest.h"

#define UART_THR 0x00
#define UART_LCR 0x0c
#define UART_LSR 0x14

#define UART_LSR_THRE 0x20
#define UART_LSR_TEMT 0x40

void uart_init(void)
{
	write32(BOARD_UART + UART_LCR, 3); /* 8 bits */
}

void uart_put(char c)
{
	while (!(read32(BOARD_UART + UART_LSR) & UART_LSR_THRE))
		;
	write32(BOARD_UART + UART_THR, (uint8_t)c);
}

/** Waits until all has left. */
void uart_drain(void)
{
	while (!(read32(BOARD_UART + UART_LSR) & UART_LSR_TEMT))
		;
}
