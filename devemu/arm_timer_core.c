/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/arm_timer_core.h"

#include "devemu/arm_timer_regs.h"

#define CONTROL_BITS                                                                 \
	(ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_IE | ARM_TIMER_DIV_BITS | \
	 ARM_TIMER_32BIT | ARM_TIMER_ONESHOT)

static uint32_t mask(const struct arm_timer *t)
{
	return t->control & ARM_TIMER_32BIT ? 0xffffffffu : 0xffffu;
}

/**
 * Counts from one zero to the next. Periodic: the load value, so that a load of 1000 at 1 MHz is a
 * millisecond (DDI 0271, 2.2.4); zero is passed at once. Free running: through zero to the maximum.
 */
static uint64_t period(const struct arm_timer *t)
{
	uint32_t load;

	if (!(t->control & ARM_TIMER_PERIODIC))
		return (uint64_t)mask(t) + 1u;
	load = t->load & mask(t);
	return load ? load : 1u;
}

static inline uint64_t count_at(const struct arm_timer *t, struct timer_anchor *anchor,
				uint64_t now)
{
	const uint64_t count = timer_rate_count(t->rate, anchor, now);

	return t->shift ? count >> t->shift : count;
}

static void set_zero_at(struct arm_timer *t, uint64_t count)
{
	t->zero_at = count;
	t->zero_time = timer_rate_time(t->rate, count << t->shift);
	t->line.span = 0;
}

/** To be called whenever something changed that decides when the interrupt output will rise. */
static void update_due(struct arm_timer *t)
{
	t->due = t->running && !t->ris && t->control & ARM_TIMER_IE ? t->zero_time : CLOCK_NEVER;
}

/** The counter stops at @p value. */
static void stand(struct arm_timer *t, uint32_t value)
{
	t->running = false;
	t->line.span = 0;
	t->value = value;
}

/** The counter has reached zero, perhaps some time ago. */
static void expire(struct arm_timer *t, uint64_t count)
{
	uint64_t late, every;

	t->ris = true;
	if (t->control & ARM_TIMER_ONESHOT) {
		stand(t, 0);
		t->at_zero = true;
		return;
	}
	late = count - t->zero_at;
	every = period(t);
	/* The division is a call of hundreds of instructions, needed only after a long pause. */
	set_zero_at(t, t->zero_at + (late < every ? every : every * (late / every + 1u)));
}

/** Brings the counter up to date. Returns whether it has expired since the last time. */
static inline bool sync(struct arm_timer *t, struct timer_anchor *anchor, uint64_t now)
{
	if (!t->running || now < t->zero_time)
		return false;
	expire(t, count_at(t, anchor, now));
	return true;
}

/** Stops a counter that is up to date. */
static void stop(struct arm_timer *t, uint64_t count)
{
	if (!t->running)
		return;
	stand(t, (uint32_t)(t->zero_at - count) & mask(t));
	t->at_zero = t->value == 0;
}

/** Lets the counter go on from its value, if it is enabled. */
static void start(struct arm_timer *t, uint64_t count)
{
	/* A stopped counter holds all 32 bits: Linux loads it before it says that it wants them. */
	if (!(t->control & ARM_TIMER_ENABLE))
		return;
	t->value &= mask(t);
	if (t->at_zero && (t->control & ARM_TIMER_ONESHOT))
		return; /* halted, until a new value is loaded */
	set_zero_at(t, count + (t->at_zero ? period(t) : t->value));
	t->running = true;
	if (count >= t->zero_at) /* a load value of 0 expires at once (DDI 0271, 3.3.1) */
		expire(t, count);
}

static uint8_t shift_of(uint32_t control)
{
	switch (control & ARM_TIMER_DIV_BITS) {
	case ARM_TIMER_DIV16:
		return 4;
	case ARM_TIMER_DIV256:
		return 8;
	default:
		return 0;
	}
}

static void set_load(struct arm_timer *t, uint32_t load, uint64_t count)
{
	stand(t, load);
	t->load = load;
	t->at_zero = false;
	start(t, count);
}

static uint64_t first_due(const struct arm_timer_bank *bank)
{
	uint64_t first = bank->timer[0].due;

	for (unsigned n = 1; n < bank->count; n++) {
		if (bank->timer[n].due < first)
			first = bank->timer[n].due;
	}
	return first;
}

static void update_deadline(struct device *dev, struct arm_timer_bank *bank)
{
	const uint64_t first = first_due(bank);

	if (first == bank->deadline)
		return;
	bank->deadline = first;
	dev->clock->set_deadline(dev->clock, dev, first);
}

/** All counters stopped, as after power-on (DDI 0271, table 3-1). */
void arm_timer_bank_reset(struct device *dev, struct arm_timer_bank *bank,
			  const enum timer_rate *rates, unsigned count,
			  void (*update_irq)(struct device *dev))
{
	*bank = (struct arm_timer_bank){
		.count = count,
		.update_irq = update_irq,
		.deadline = CLOCK_NEVER,
	};
	for (unsigned n = 0; n < count; n++) {
		bank->timer[n] = (struct arm_timer){
			.due = CLOCK_NEVER,
			.rate = rates[n],
			.value = 0xffffffffu,
			.control = ARM_TIMER_IE,
		};
	}
	dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
	update_irq(dev);
}

/**
 * The device's deadline has passed: latches the interrupts that are due and asks for the next. A
 * counter that is to raise none is brought up to date when somebody looks at it.
 */
void arm_timer_bank_sync(struct device *dev, struct arm_timer_bank *bank)
{
	const uint64_t now = dev->clock->now(dev->clock);
	uint64_t first = CLOCK_NEVER;

	for (unsigned n = 0; n < bank->count; n++) {
		struct arm_timer *const t = &bank->timer[n];

		if (t->due <= now) {
			sync(t, &bank->anchor, now);
			t->due = CLOCK_NEVER; /* until the guest has cleared it */
		} else if (t->due < first) {
			first = t->due;
		}
	}
	/* The clock has used the deadline up, so it is told again even if it is the same. */
	bank->deadline = first;
	dev->clock->set_deadline(dev->clock, dev, first);
	bank->update_irq(dev);
}

/** Sets up the line for a counter that is up to date, if it can have one. */
static void update_line(struct arm_timer *t, const struct timer_anchor *anchor)
{
	const uint64_t span = t->zero_time - anchor->now;

	if (t->shift != 0 || !(t->control & ARM_TIMER_32BIT))
		return;
	t->line = (struct timer_line){
		.from = anchor->now,
		.span = span < UINT32_MAX ? (uint32_t)span : UINT32_MAX,
		.value =
			(uint32_t)(t->zero_at - timer_rate_steps(t->rate, anchor->now, anchor->us)),
	};
}

/** The registers of a counter that is up to date. */
static uint32_t read_register(struct device *dev, const struct arm_timer *t, uint32_t offset)
{
	switch (offset) {
	case ARM_TIMER_LOAD:
	case ARM_TIMER_BGLOAD:
		return t->load;
	case ARM_TIMER_CONTROL:
		return t->control;
	case ARM_TIMER_RIS:
		return t->ris;
	case ARM_TIMER_MIS:
		return arm_timer_irq(t);
	default:
		device_guest_error(dev, offset);
		return 0;
	}
}

/** All registers of counter @p n, and the counter where there is no line. */
uint32_t arm_timer_bank_read_any(struct device *dev, struct arm_timer_bank *bank, unsigned n,
				 uint32_t offset)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct arm_timer *const t = &bank->timer[n];
	uint32_t value;

	if (sync(t, &bank->anchor, now)) {
		update_due(t);
		update_deadline(dev, bank);
		bank->update_irq(dev);
	}
	if (offset != ARM_TIMER_VALUE)
		return read_register(dev, t, offset);
	if (!t->running)
		return t->value;
	value = (uint32_t)(t->zero_at - count_at(t, &bank->anchor, now)) & mask(t);
	update_line(t, &bank->anchor);
	return value;
}

/** Writes a register of counter @p n. */
void arm_timer_bank_write(struct device *dev, struct arm_timer_bank *bank, unsigned n,
			  uint32_t offset, uint32_t value)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct arm_timer *const t = &bank->timer[n];
	const bool was_asserted = arm_timer_irq(t);
	const uint64_t was_due = t->due;

	sync(t, &bank->anchor, now);
	switch (offset) {
	case ARM_TIMER_LOAD:
		set_load(t, value, count_at(t, &bank->anchor, now));
		break;
	case ARM_TIMER_VALUE:
		break; /* read-only; Linux writes to it all the same */
	case ARM_TIMER_CONTROL:
		stop(t, count_at(t, &bank->anchor, now));
		t->control = value & CONTROL_BITS;
		t->shift = shift_of(value);
		start(t, count_at(t, &bank->anchor, now));
		break;
	case ARM_TIMER_INTCLR:
		t->ris = false;
		break;
	case ARM_TIMER_BGLOAD:
		t->load = value; /* used at the next zero */
		break;
	default:
		device_guest_error(dev, offset);
		break;
	}
	update_due(t);
	if (t->due != was_due)
		update_deadline(dev, bank);
	if (arm_timer_irq(t) != was_asserted)
		bank->update_irq(dev);
}
