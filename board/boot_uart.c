// SPDX-License-Identifier: Apache-2.0
#include "board/boot_uart.h"

#include "vmm/lib/printf.h"

#define LINE_SIZE 256

static volatile uint32_t *reg(const struct boot_uart *uart, uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(uart->base + offset);
}

/* Loaders leave the UART as they used it; one that never did leaves it off, without a baud rate. */
static void switch_on(const struct boot_uart *uart)
{
	if (*reg(uart, uart->control) & uart->on)
		return;
	for (unsigned i = 0; i < BOOT_UART_WRITES; i++)
		*reg(uart, uart->write[i].at) = uart->write[i].value;
}

static void put(const struct boot_uart *uart, char c)
{
	while ((*reg(uart, uart->status) ^ uart->inverted) & uart->busy)
		;
	*reg(uart, 0) = (uint8_t)c;
}

/** Prints on @p board's first UART; "\n" ends a line for terminals too. */
void boot_uart_print(const struct boot_board *board, const char *format, va_list args)
{
	char line[LINE_SIZE];

	vsnprintf(line, sizeof(line), format, args);
	switch_on(&board->uart);
	for (const char *c = line; *c; c++) {
		if (*c == '\n')
			put(&board->uart, '\r');
		put(&board->uart, *c);
	}
}
