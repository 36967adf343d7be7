/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an access of the guest to a device model. The rules of the bus - alignment and width - are
 * settled here, once, so that a model sees whole registers only.
 */
#ifndef DEVEMU_MMIO_H
#define DEVEMU_MMIO_H

#include "devemu/device.h"

#include <stdint.h>

uint32_t mmio_read_part(struct device *dev, uint32_t offset, unsigned size);
void mmio_write_part(struct device *dev, uint32_t offset, uint32_t value, unsigned size);

/**
 * Reads from a device. @p size is 1, 2 or 4; @p offset is less than the size of the window, which
 * is a multiple of 4. A byte or halfword is the lane of the register it is in; the register is read
 * as a whole, with the effects of that.
 *
 * The registers of the boards are words on the AMBA peripheral bus. An address is aligned down to
 * the size of the access, as the bus ignores the low address bits (AMBA specification 2.0, 3.7).
 */
static inline uint32_t mmio_read(struct device *dev, uint32_t offset, unsigned size)
{
	if (size == 4)
		return dev->ops->read(dev, offset & ~3u, 4);
	return mmio_read_part(dev, offset, size);
}

/**
 * Writes to a device, as mmio_read(). A byte or halfword writes the whole register, as the bridge
 * to the peripheral bus has no byte strobes; the lanes that were not written are 0.
 */
static inline void mmio_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	if (size == 4)
		dev->ops->write(dev, offset & ~3u, value, 4);
	else
		mmio_write_part(dev, offset, value, size);
}

#endif
