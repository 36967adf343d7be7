/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/device.h"

#include "vmm/lib/log.h"

#define ERRORS_LOGGED 3

/** Passes the level of a wire to the device at its end. */
void device_input(void *dev, unsigned input, bool level)
{
	struct device *sink = dev;

	sink->ops->set_input(sink, input, level);
}

/**
 * Counts an access that the device does not understand. Only the first few of each device are
 * logged, and no more than the VM may cause: a guest must not be able to own the console. For a
 * model's read() and write(), on its VM's own thread: others are let in.
 */
void device_guest_error(struct device *dev, uint32_t offset)
{
	dev->guest_errors++;
	if (dev->guest_errors <= ERRORS_LOGGED && (!dev->log || log_admits(dev->log, dev->owner)))
		log_write_own(LOG_INFO, "[%s] %s: no register at offset 0x%x (%u so far)\n",
			      dev->owner ? dev->owner : "?", dev->ops->name, (unsigned)offset,
			      dev->guest_errors);
}
