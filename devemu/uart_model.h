/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UART model, and the line's side of it: what arrives, and when there is room again for what leaves, which
 * goes to struct uart_backend (devemu/backend.h). The console of a VM is one, whichever chip its board has.
 */
#ifndef DEVEMU_UART_MODEL_H
#define DEVEMU_UART_MODEL_H

#include "devemu/device.h"

struct uart_model {
	struct device_ops ops; /* first: what dev->ops of a UART points to is the whole */
	bool (*can_receive)(const struct device *dev);
	bool (*receive)(struct device *dev, uint8_t byte);
	bool (*is_listening)(const struct device *dev);
	void (*transmit_again)(struct device *dev);
};

static inline const struct uart_model *uart_model_of(const struct device *dev)
{
	return (const struct uart_model *)dev->ops;
}

/** Whether uart_model_receive() would take a byte now. */
static inline bool uart_model_can_receive(const struct device *dev)
{
	return uart_model_of(dev)->can_receive(dev);
}

/** A byte arrives. False: there is no room; the caller keeps it and tries again. */
static inline bool uart_model_receive(struct device *dev, uint8_t byte)
{
	return uart_model_of(dev)->receive(dev, byte);
}

/** Whether the guest waits for interrupts of bytes that arrive. One that polls may read, too. */
static inline bool uart_model_is_listening(const struct device *dev)
{
	return uart_model_of(dev)->is_listening(dev);
}

/** The back end has room again: a guest that waits for it is told. */
static inline void uart_model_transmit_again(struct device *dev)
{
	uart_model_of(dev)->transmit_again(dev);
}

#endif
