/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three counters of the Integrator/CP: 0 runs at 25 MHz, 1 and 2 at 1 MHz, as the device tree
 * says. Wire n is the interrupt of counter n. Needs a clock.
 */
#ifndef DEVEMU_ICP_TIMER_H
#define DEVEMU_ICP_TIMER_H

#include "devemu/arm_timer_core.h"

#define ICP_TIMER_COUNT 3

struct icp_timer_state {
	struct arm_timer_bank bank;
};

extern const struct device_ops icp_timer_ops;

#endif
