/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/hako_power.h"

#include "devemu/backend.h"

static void hako_power_reset(struct device *dev)
{
}

static uint32_t hako_power_read(struct device *dev, uint32_t offset, unsigned size)
{
	if (offset != 0)
		device_guest_error(dev, offset);
	return 0;
}

static void hako_power_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const struct system_backend *system = dev->backend;

	if (offset != 0)
		device_guest_error(dev, offset);
	else if (value == HAKO_POWER_OFF && system && system->power)
		system->power->off(system->power);
}

const struct device_ops hako_power_ops = {
	.name = "hako-power",
	.state_size = 0,
	.reset = hako_power_reset,
	.read = hako_power_read,
	.write = hako_power_write,
};
