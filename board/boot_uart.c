// SPDX-License-Identifier: Apache-2.0
#include "board/boot_uart.h"

#include "devemu/pl011_regs.h"
#include "vmm/lib/printf.h"

#define LINE_SIZE 256

static volatile uint32_t *reg(const struct boot_board *board, uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(board->uart + offset);
}

/* Loaders leave the UART as they used it; one that never did leaves it off, without a baud rate. */
static void switch_on(const struct boot_board *board)
{
	if (*reg(board, PL011_CR) & PL011_CR_UARTEN)
		return;
	*reg(board, PL011_IBRD) = board->uart_ibrd;
	*reg(board, PL011_FBRD) = board->uart_fbrd;
	/* Writing LCR_H makes the divisors take effect (DDI 0183, 3.3.6). */
	*reg(board, PL011_LCR_H) = PL011_LCR_H_8BITS | PL011_LCR_H_FEN;
	*reg(board, PL011_CR) = PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE;
}

static void put(const struct boot_board *board, char c)
{
	while (*reg(board, PL011_FR) & PL011_FR_TXFF)
		;
	*reg(board, PL011_DR) = (uint8_t)c;
}

/** Prints on @p board's first UART; "\n" ends a line for terminals too. */
void boot_uart_print(const struct boot_board *board, const char *format, va_list args)
{
	char line[LINE_SIZE];

	vsnprintf(line, sizeof(line), format, args);
	switch_on(board);
	for (const char *c = line; *c; c++) {
		if (*c == '\n')
			put(board, '\r');
		put(board, *c);
	}
}
