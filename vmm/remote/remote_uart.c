/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_uart.h"

#include "vmm/lib/bits.h"

static void show_line(struct pl011_front *front, bool level)
{
	const struct remote_uart *const uart = front->owner;

	device_set_irq(uart->dev, 0, level);
}

/** @p uart is zeroed. */
void remote_uart_init(struct remote_uart *uart, struct device *dev, struct client_window *client)
{
	uart->dev = dev;
	uart->front.owner = uart;
	uart->front.line = show_line;
	pl011_front_init(&uart->front, client);
}

/** A byte or a halfword is a part of a register; that of DR is a character, too. */
uint32_t remote_uart_read(struct remote_uart *uart, uint32_t offset, unsigned size)
{
	const uint32_t value = pl011_front_read(&uart->front, offset & ~3u) >> 8 * (offset & 3u);

	return size == 4 ? value : value & (BIT(8 * size) - 1u);
}

void remote_uart_write(struct remote_uart *uart, uint32_t offset, uint32_t value, unsigned size)
{
	pl011_front_write(&uart->front, offset & ~3u, value);
}
