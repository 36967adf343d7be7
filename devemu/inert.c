/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/inert.h"

static void inert_reset(struct device *dev)
{
}

static uint32_t inert_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct inert_params *params = dev->params;

	if (params && offset >= PRIMECELL_ID && offset < PRIMECELL_ID + 4 * sizeof(params->id))
		return params->id[(offset - PRIMECELL_ID) / 4u];
	return 0;
}

/** Counted, not logged: drivers that set such a device up are no news. */
static void inert_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	dev->guest_errors++;
}

const struct device_ops inert_ops = {
	.name = "inert",
	.state_size = 0,
	.reset = inert_reset,
	.read = inert_read,
	.write = inert_write,
};
