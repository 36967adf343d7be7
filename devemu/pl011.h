/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrimeCell PL011 UART. One wire, the combined interrupt. Back end: struct uart_backend for what
 * the guest sends; what it receives comes in with pl011_receive().
 *
 * A byte that is sent leaves at once, so the transmit FIFO is empty and the transmit interrupt is
 * raised by every byte - unless the back end has no room: then the FIFO is full, and the interrupt
 * comes when there is room again. A byte that is received raises the receive interrupt as if the
 * trigger level were one byte, which is what the line being idle for a while would do to it.
 */
#ifndef DEVEMU_PL011_H
#define DEVEMU_PL011_H

#include "devemu/pl011_regs.h"
#include "devemu/uart_model.h"

struct pl011_state {
	uint16_t fifo[PL011_FIFO_DEPTH]; /* received, with error bits */
	unsigned head;                   /* the oldest */
	unsigned count;
	bool is_held; /* the last byte was the last there was room for */
	uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
};

extern const struct uart_model pl011_model;
#define pl011_ops pl011_model.ops

bool pl011_receive(struct device *dev, uint8_t byte);
bool pl011_can_receive(const struct device *dev);
bool pl011_is_listening(const struct device *dev);
void pl011_transmit_again(struct device *dev);

#endif
