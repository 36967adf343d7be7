/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest time as a device model sees it: ticks of CLOCK_HZ since the VM started, and one deadline
 * per timer model. Implemented by vmm/timer.c, and by host tests.
 */
#ifndef DEVEMU_CLOCK_H
#define DEVEMU_CLOCK_H

#include <stdint.h>

#define CLOCK_HZ    24000000u
#define CLOCK_NEVER UINT64_MAX

struct device;

struct clock {
	/** Ticks of CLOCK_HZ; never goes back. */
	uint64_t (*now)(const struct clock *clock);
	/**
	 * Asks that dev->ops->deadline(dev) be called as soon as now() >= when. Replaces an earlier
	 * deadline of the same device; CLOCK_NEVER withdraws it.
	 */
	void (*set_deadline)(const struct clock *clock, struct device *dev, uint64_t when);
};

#endif
