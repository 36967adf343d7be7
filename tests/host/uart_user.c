/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/uart_user.h"

#include "tests/host/device_fixture.h"

#include "devemu/pl011.h"

void uart_user_start(struct device *uart)
{
	pl011_ops.reset(uart);
	wr(uart, PL011_LCR_H, PL011_LCR_H_FEN);
	wr(uart, PL011_CR, PL011_CR_UARTEN | PL011_CR_RXE | PL011_CR_TXE);
}

void uart_user_print(struct device *uart, const char *text)
{
	while (*text)
		wr(uart, PL011_DR, (uint8_t)*text++);
}

const char *uart_user_read(struct device *uart)
{
	static char text[128];
	unsigned count = 0;

	while (!(rd(uart, PL011_FR) & PL011_FR_RXFE)) {
		assert_true(count < sizeof(text) - 1);
		text[count++] = (char)rd(uart, PL011_DR);
	}
	text[count] = '\0';
	return text;
}
