/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/trapped.h"

#include "devemu/backend.h"
#include "vmm/lib/log.h"

static void log_access(const struct device *dev, const char *what, uint32_t offset, uint32_t value,
		       unsigned size)
{
	const struct trapped_params *const params = dev->params;

	if (params)
		log_info("[%s] %s: %s %u at +0x%03x: 0x%0*x\n", dev->owner, params->name, what,
			 size, (unsigned)offset, (int)(2 * size), (unsigned)value);
}

static void trapped_reset(struct device *dev)
{
	/* The board's device keeps its state, as a direct one does. */
}

static uint32_t trapped_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct bus_backend *const bus = dev->backend;
	uint32_t value = 0;

	if (!bus->read(bus, offset, size, &value))
		device_guest_error(dev, offset);
	log_access(dev, "read", offset, value, size);
	return value;
}

static void trapped_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const struct bus_backend *const bus = dev->backend;

	if (!bus->write(bus, offset, size, value))
		device_guest_error(dev, offset);
	log_access(dev, "write", offset, value, size);
}

const struct device_ops trapped_ops = {
	.name = "trapped",
	.may_abort = true,
	.reset = trapped_reset,
	.read = trapped_read,
	.write = trapped_write,
};
