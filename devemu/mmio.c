/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/mmio.h"

/*
 * The registers of the boards are words on the AMBA peripheral bus. An address is aligned down to
 * the size of the access, as the bus ignores the low address bits (AMBA specification 2.0, 3.7).
 */
static uint32_t aligned(uint32_t offset, unsigned size)
{
	return offset & ~(size - 1u);
}

/** Where the access sits in its word, in bits; the boards are little-endian. */
static unsigned lane(uint32_t offset)
{
	return (offset & 3u) * 8u;
}

static uint32_t mask(unsigned size)
{
	return size == 4 ? 0xffffffffu : size == 2 ? 0xffffu : 0xffu;
}

/**
 * Reads from a device. @p size is 1, 2 or 4; @p offset is less than the size of the window, which
 * is a multiple of 4. A byte or halfword is the lane of the register it is in; the register is read
 * as a whole, with the effects of that.
 */
uint32_t mmio_read(struct device *dev, uint32_t offset, unsigned size)
{
	const uint32_t at = aligned(offset, size);

	if (size == 4)
		return dev->ops->read(dev, at, 4);
	return (dev->ops->read(dev, at & ~3u, size) >> lane(at)) & mask(size);
}

/**
 * Writes to a device, as mmio_read(). A byte or halfword writes the whole register, as the bridge
 * to the peripheral bus has no byte strobes; the lanes that were not written are 0.
 */
void mmio_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const uint32_t at = aligned(offset, size);

	if (size == 4)
		dev->ops->write(dev, at, value, 4);
	else
		dev->ops->write(dev, at & ~3u, (value & mask(size)) << lane(at), size);
}
