/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of the AST2400, with a PCLK of 24 MHz: that of guest time. Computed, not ticked. An interrupt is a short
 * pulse. Wire 0 ends at the first of three neighbouring inputs of the controller, those of counters 0 to 2; wire 1
 * at the first of five, those of counters 3 to 7.
 */
#ifndef DEVEMU_AST2400_TIMER_H
#define DEVEMU_AST2400_TIMER_H

#include "devemu/ast2400_timer_regs.h"
#include "devemu/device.h"

#define AST2400_TIMER_WIRE_FIRST 0
#define AST2400_TIMER_WIRE_OTHER 1

struct ast2400_timer {
	uint64_t from;  /* running: guest time at which the counter was @count */
	uint64_t due;   /* guest time of the next interrupt, or of a look without one */
	uint32_t count; /* ... or, not running, the counter */
	uint32_t reload, match[2];
	bool pulses; /* it is an interrupt */
};

struct ast2400_timer_state {
	uint64_t deadline; /* what the clock was asked for: the first due */
	uint32_t control, control2;
	struct ast2400_timer timer[AST2400_TIMERS];
};

extern const struct device_ops ast2400_timer_ops;

#endif
