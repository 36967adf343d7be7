/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SP805 watchdog, counting at 24 MHz as the device tree says. Its reset resets the VM. Wire 0 is
 * the interrupt. Back end: struct system_backend. Needs a clock.
 */
#ifndef DEVEMU_SP805_H
#define DEVEMU_SP805_H

#include "devemu/device.h"

struct sp805_state {
	uint64_t zero_at; /* running: guest time at which the counter is zero */
	uint32_t value;   /* not running: the counter */
	uint32_t load;
	uint32_t control;
	uint32_t itcr;
	bool running;
	bool ris;
	bool locked;
};

extern const struct device_ops sp805_ops;

#endif
