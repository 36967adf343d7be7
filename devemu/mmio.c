/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/mmio.h"

/** Where the access sits in its word, in bits; the boards are little-endian. */
static unsigned lane(uint32_t offset, unsigned size)
{
	return (offset & (4u - size)) * 8u;
}

static uint32_t mask(unsigned size)
{
	return size == 2 ? 0xffffu : 0xffu;
}

/** mmio_read() of 1 or 2 bytes. */
uint32_t mmio_read_part(struct device *dev, uint32_t offset, unsigned size)
{
	return (dev->ops->read(dev, offset & ~3u, size) >> lane(offset, size)) & mask(size);
}

/** mmio_write() of 1 or 2 bytes. */
void mmio_write_part(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	dev->ops->write(dev, offset & ~3u, (value & mask(size)) << lane(offset, size), size);
}
