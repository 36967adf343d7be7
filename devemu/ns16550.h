/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UART 16550 with a register in each word. One wire, the interrupt. Back end: struct uart_backend.
 *
 * A byte that is sent leaves at once, so the transmit FIFO is empty - unless the back end has no room: then it
 * is not, and the interrupt comes when there is room again. A byte that is received raises the receive
 * interrupt whatever the trigger level is, which is what a line that is idle for a while would do to it.
 */
#ifndef DEVEMU_NS16550_H
#define DEVEMU_NS16550_H

#include "devemu/ns16550_regs.h"
#include "devemu/uart_model.h"

struct ns16550_state {
	uint8_t fifo[NS16550_FIFO_DEPTH]; /* received */
	uint8_t head;                     /* the oldest */
	uint8_t count;
	bool is_held;    /* the last byte was the last there was room for */
	bool tx_pending; /* the transmitter has become empty, and nobody has looked */
	uint8_t error;   /* of LSR: NS16550_LSR_OE */
	uint8_t divisor[2], ier, fcr, lcr, mcr, scr;
};

extern const struct uart_model ns16550_model;
#define ns16550_ops ns16550_model.ops

#endif
