/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrimeCell PL031 real-time clock (ARM DDI 0224B): seconds, and an alarm at one of them. Wire 0 is
 * the interrupt. Back end: struct rtc_backend; without one, the VM starts at second 0. Needs a clock.
 *
 * As on a board with a battery, the clock always runs, and what a guest has set it to survives a reset
 * of the VM; the alarm does not.
 */
#ifndef DEVEMU_PL031_H
#define DEVEMU_PL031_H

#include "devemu/device.h"

struct pl031_state {
	uint32_t offset; /* seconds between the back end's time and what the guest has loaded */
	uint32_t load;
	uint32_t match;
	uint64_t alarm_at; /* guest time of the match, or CLOCK_NEVER */
	bool ris;
	bool imsc;
};

extern const struct device_ops pl031_ops;

#endif
