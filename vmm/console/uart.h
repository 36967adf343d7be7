/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UART of the board with a ring behind its transmit FIFO: sending waits for nobody, the transmit
 * interrupt goes on with what did not fit. The owner calls uart_interrupt() when the UART interrupts.
 */
#ifndef VMM_CONSOLE_UART_H
#define VMM_CONSOLE_UART_H

#include "board/board.h"
#include "vmm/lib/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uart {
	const struct uart_driver *driver;
	volatile uint32_t *regs;
	struct ring sending;
	bool is_polled; /* the end: nobody takes interrupts any more */
};

void uart_open(struct uart *uart, const struct uart_driver *driver, volatile uint32_t *regs,
	       uint8_t *ring, uint32_t ring_size);
bool uart_put(struct uart *uart, uint8_t byte);
void uart_put_waiting(struct uart *uart, uint8_t byte);
void uart_write_waiting(struct uart *uart, const char *text, size_t length);
void uart_interrupt(struct uart *uart);
void uart_poll_from_now(struct uart *uart);

/** How many bytes uart_put() takes now, at least. */
static inline uint32_t uart_room(const struct uart *uart)
{
	return ring_room(&uart->sending);
}

static inline int uart_get(struct uart *uart)
{
	return uart->driver->get(uart->regs);
}

/** uart_interrupt() is wanted when something has been sent, whether or not more waits. */
static inline void uart_ask_interrupt(struct uart *uart)
{
	uart->driver->enable_tx_irq(uart->regs, true);
}

static inline void uart_enable_rx_irq(struct uart *uart, bool enable)
{
	uart->driver->enable_rx_irq(uart->regs, enable);
}

#endif
