/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The down-counter that the SP804 and the Integrator's timers are made of. It is computed, not
 * ticked: a running counter is the count of its clock at which it will be zero, and the guest time
 * of that. Nothing is computed from the previous value, so nothing drifts.
 *
 * A bank is the counters of one device, which share its deadline. The device gives offsets inside
 * one counter, and a function that drives its wires from arm_timer_irq(), which the bank calls
 * whenever a level may have changed.
 */
#ifndef DEVEMU_ARM_TIMER_CORE_H
#define DEVEMU_ARM_TIMER_CORE_H

#include "devemu/arm_timer_regs.h"
#include "devemu/device.h"
#include "devemu/timer_rate.h"

#define ARM_TIMERS_MAX 3

/**
 * A stretch of a running 32-bit counter without prescaler: it is computed from here for @span ticks
 * of guest time, 0 for not at all.
 */
struct timer_line {
	uint64_t from; /* guest time, a whole microsecond */
	uint32_t span;
	uint32_t value; /* of the counter, there */
};

struct arm_timer {
	uint64_t zero_at;   /* running: the count at which the counter is zero */
	uint64_t zero_time; /* ... and the guest time at which it gets there */
	uint64_t due;       /* guest time at which the interrupt will rise by itself */
	struct timer_line line;
	uint32_t value; /* not running: the counter */
	uint32_t load;
	uint32_t control;
	enum timer_rate rate;
	uint8_t shift; /* of the prescaler */
	bool running;
	bool at_zero; /* not running: it stands at zero, and has reported that */
	bool ris;
};

struct arm_timer_bank {
	uint64_t deadline; /* what the clock was asked for: the first due */
	struct timer_anchor anchor;
	void (*update_irq)(struct device *dev);
	unsigned count;
	struct arm_timer timer[ARM_TIMERS_MAX];
};

void arm_timer_bank_reset(struct device *dev, struct arm_timer_bank *bank,
			  const enum timer_rate *rates, unsigned count,
			  void (*update_irq)(struct device *dev));
void arm_timer_bank_sync(struct device *dev, struct arm_timer_bank *bank);
uint32_t arm_timer_bank_read_any(struct device *dev, struct arm_timer_bank *bank, unsigned n,
				 uint32_t offset);
void arm_timer_bank_write(struct device *dev, struct arm_timer_bank *bank, unsigned n,
			  uint32_t offset, uint32_t value);

/** The level of the interrupt output of one counter. */
static inline bool arm_timer_irq(const struct arm_timer *t)
{
	return t->ris && (t->control & ARM_TIMER_IE);
}

/** Reads a register of counter @p n. */
static inline uint32_t arm_timer_bank_read(struct device *dev, struct arm_timer_bank *bank,
					   unsigned n, uint32_t offset)
{
	const struct timer_line *const line = &bank->timer[n].line;

	/* The guest's clock, as it mostly is: the hottest register of all. */
	if (offset == ARM_TIMER_VALUE && line->span != 0) {
		const uint64_t distance = dev->clock->now(dev->clock) - line->from;

		if (distance < line->span)
			return line->value -
			       timer_rate_steps32(bank->timer[n].rate, (uint32_t)distance);
	}
	return arm_timer_bank_read_any(dev, bank, n, offset);
}

#endif
