/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SP804 dual timer, both counters at 1 MHz. Wire 0 is the OR of both interrupts. Needs a clock.
 */
#ifndef DEVEMU_SP804_H
#define DEVEMU_SP804_H

#include "devemu/arm_timer_core.h"

#define SP804_COUNT 2

struct sp804_state {
	struct arm_timer_bank bank;
};

extern const struct device_ops sp804_ops;

#endif
