/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/uart.h"

/* In one interrupt; a FIFO of 16 is full before. What is left comes with the next one. */
#define BURST 32u
#define FIFO  16u

static inline bool try_put(struct uart *uart, uint8_t byte)
{
	return uart->driver->try_put(uart->regs, byte);
}

static void wait_and_put(struct uart *uart, uint8_t byte)
{
	while (!try_put(uart, byte))
		;
}

/** Initialises a UART. @p ring_size, of what waits to be sent, is a power of two. */
void uart_open(struct uart *uart, const struct uart_driver *driver, volatile uint32_t *regs,
	       uint8_t *ring, uint32_t ring_size)
{
	*uart = (struct uart){ .driver = driver,
			       .regs = regs,
			       .sending = { .bytes = ring, .size = ring_size } };
	driver->init(regs);
}

/** Sends a byte, after those that wait. Returns false, and changes nothing, if there is no room. */
bool uart_put(struct uart *uart, uint8_t byte)
{
	struct ring *const sending = &uart->sending;
	const bool was_empty = ring_count(sending) == 0;

	if (was_empty && try_put(uart, byte))
		return true;
	if (uart->is_polled)
		wait_and_put(uart, byte);
	else if (ring_room(sending) == 0)
		return false;
	else
		ring_put(sending, byte);
	/*
	 * The interrupt comes when the FIFO passes its trigger level (DDI 0183, 3.3.9). It has just
	 * been full, so it will.
	 */
	if (was_empty && !uart->is_polled)
		uart->driver->enable_tx_irq(uart->regs, true);
	return true;
}

/** Sends a byte after those that wait, however long that takes. */
void uart_put_waiting(struct uart *uart, uint8_t byte)
{
	if (uart_put(uart, byte))
		return;
	wait_and_put(uart, ring_get(&uart->sending));
	ring_put(&uart->sending, byte);
}

/** The same for several; where there is room for all, in few instructions for each. */
void uart_write_waiting(struct uart *uart, const char *text, size_t length)
{
	struct ring *const sending = &uart->sending;
	const char *const end = text + length;

	if (!uart->is_polled) {
		if (ring_count(sending) == 0) {
			for (unsigned n = 0;
			     n < FIFO && text < end && try_put(uart, (uint8_t)*text); n++)
				text++;
			/* It has just been full, or above its trigger level: it will interrupt. */
			if (text < end)
				uart->driver->enable_tx_irq(uart->regs, true);
		}
		if (ring_room(sending) >= (size_t)(end - text)) {
			ring_write_over(sending, text, (uint32_t)(end - text));
			return;
		}
	}
	while (text < end)
		uart_put_waiting(uart, (uint8_t)*text++);
}

/** The UART has interrupted: clears that, and sends what waits. The owner looks for what came in. */
void uart_interrupt(struct uart *uart)
{
	struct ring *const sending = &uart->sending;

	/* Before the FIFO is filled: what happens from then on counts. */
	uart->driver->ack(uart->regs);
	for (unsigned n = 0; n < BURST && ring_count(sending) > 0; n++) {
		if (!try_put(uart, ring_first(sending)))
			break;
		sending->read++;
	}
	if (ring_count(sending) == 0)
		uart->driver->enable_tx_irq(uart->regs, false);
}

/** For the end, and for bugs: sends what waits, and every later byte, before it returns. */
void uart_poll_from_now(struct uart *uart)
{
	uart->is_polled = true;
	while (ring_count(&uart->sending) > 0)
		wait_and_put(uart, ring_get(&uart->sending));
}
