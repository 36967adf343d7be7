/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UART (PL011) of another board: what is known of it, so that a character costs no frame of its own. The
 * guest's registers are net/remote/pl011_front.h, on the VM's thread; what that has to say to the other
 * board is said on the station's.
 */
#ifndef VMM_REMOTE_REMOTE_UART_H
#define VMM_REMOTE_REMOTE_UART_H

#include "devemu/device.h"
#include "net/remote/pl011_front.h"

struct remote_uart {
	struct pl011_front front;
	struct device *dev;
};

void remote_uart_init(struct remote_uart *uart, struct device *dev, struct client_window *client);
uint32_t remote_uart_read(struct remote_uart *uart, uint32_t offset, unsigned size);
void remote_uart_write(struct remote_uart *uart, uint32_t offset, uint32_t value, unsigned size);

/** Whether an access is the front end's: where the other board has the agent. */
static inline bool remote_uart_has(const struct remote_uart *uart, uint32_t offset)
{
	return uart && offset < PL011_FRONT_END &&
	       uart->front.window->capabilities.agent == REMOTE_AGENT_PL011;
}

#endif
