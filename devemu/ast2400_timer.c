/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/ast2400_timer.h"

#include "devemu/timer_rate.h"

/* Guest time of a count of the slow clock. */
#define TICKS_PER_US 24u

/* Between interrupts of a counter that the guest has done nothing for: those of a shorter period are one. */
#define AGAIN_MIN (200u * TICKS_PER_US)

/* A counter that never interrupts is brought up to date so often: what has passed fits into 32 bits. */
#define LOOK_AFTER 0x80000000u

/* Counters that are served before others get their turn. */
#define SERVED_AT_ONCE 2u

static uint32_t control_of(const struct ast2400_timer_state *s, unsigned n)
{
	return s->control >> (4u * n) & 0xfu;
}

/** One that has nothing to start again from stands. */
static bool is_running(const struct ast2400_timer_state *s, unsigned n)
{
	return (control_of(s, n) & AST2400_TIMER_ENABLE) && s->timer[n].reload;
}

static uint64_t ticks_of(uint32_t control, uint64_t counts)
{
	return control & AST2400_TIMER_1MHZ ? counts * TICKS_PER_US : counts;
}

static uint64_t counts_of(uint32_t control, uint64_t ticks)
{
	return control & AST2400_TIMER_1MHZ ? div24(ticks) : ticks;
}

/** Brings a counter that runs up to date: .from becomes the last time that it started again. */
static uint32_t count_at(const struct ast2400_timer_state *s, struct ast2400_timer *t,
			 uint32_t control, uint64_t now)
{
	uint64_t passed = counts_of(control, now - t->from);

	if (passed >= t->count) {
		uint64_t late = passed - t->count;

		/* Seldom more than one period; and hardly ever, of a VM that was kept waiting, 64 bits. */
		if (late >> 32)
			late %= t->reload;
		else if (late >= t->reload)
			late = (uint32_t)late % t->reload;
		t->from += ticks_of(control, passed - late);
		t->count = t->reload;
		passed = late;
	}
	return t->count - (uint32_t)passed;
}

/** Counts from @p count to @p target, through zero if need be; 0: it is never there. */
static uint64_t distance(const struct ast2400_timer *t, uint32_t count, uint32_t target)
{
	if (target < count)
		return count - target;
	return target < t->reload ? (uint64_t)count + t->reload - target : 0;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

/** To be called whenever something has changed that decides when the counter interrupts. */
static void update_due(struct ast2400_timer_state *s, unsigned n, uint64_t now)
{
	struct ast2400_timer *const t = &s->timer[n];
	const uint32_t control = control_of(s, n);
	uint64_t next = 0;
	uint32_t count;

	t->due = CLOCK_NEVER;
	if (!is_running(s, n))
		return;
	count = count_at(s, t, control, now);
	next = sooner(distance(t, count, t->match[0]), distance(t, count, t->match[1]));
	if (control & AST2400_TIMER_OVERFLOW)
		next = sooner(count, next);
	t->pulses = next != 0;
	t->due =
		t->pulses ? t->from + ticks_of(control, t->count - count + next) : now + LOOK_AFTER;
}

/** Asks the clock for the first interrupt that is due, but for nothing before @p earliest. */
static void update_deadline(struct device *dev, uint64_t earliest)
{
	struct ast2400_timer_state *const s = dev->state;
	uint64_t first = s->timer[0].due;

	for (unsigned n = 1; n < AST2400_TIMERS; n++)
		if (s->timer[n].due < first)
			first = s->timer[n].due;
	if (first < earliest)
		first = earliest;
	if (first == s->deadline)
		return;
	s->deadline = first;
	dev->clock->set_deadline(dev->clock, dev, first);
}

/** A pulse on the input of counter @p n. */
static void interrupt(struct device *dev, unsigned n)
{
	struct irq_line line =
		dev->irq[n < 3 ? AST2400_TIMER_WIRE_FIRST : AST2400_TIMER_WIRE_OTHER];

	line.input += n < 3 ? n : n - 3;
	irq_line_set(&line, true);
	irq_line_set(&line, false);
}

static void timer_reset(struct device *dev)
{
	struct ast2400_timer_state *const s = dev->state;

	*s = (struct ast2400_timer_state){ .deadline = CLOCK_NEVER };
	for (unsigned n = 0; n < AST2400_TIMERS; n++)
		s->timer[n].due = CLOCK_NEVER;
	dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
}

static void timer_deadline(struct device *dev)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct ast2400_timer_state *const s = dev->state;
	unsigned served = 0;

	for (unsigned n = 0; n < AST2400_TIMERS && served < SERVED_AT_ONCE; n++) {
		struct ast2400_timer *const t = &s->timer[n];
		const bool pulses = t->pulses;

		if (t->due > now)
			continue;
		served++;
		update_due(s, n, now);
		if (t->due < now + AGAIN_MIN)
			t->due = now + AGAIN_MIN;
		if (pulses)
			interrupt(dev, n);
	}
	s->deadline = 0; /* the clock has used it up */
	update_deadline(dev, now);
}

/** Which counter has the register at @p offset; AST2400_TIMERS: none. */
static unsigned counter_at(uint32_t offset)
{
	const uint32_t n = offset / 0x10u;

	return n < 3 ? n : n > 3 && n <= AST2400_TIMERS ? n - 1u : AST2400_TIMERS;
}

static __attribute__((noinline)) uint32_t read_any(struct device *dev, uint32_t offset)
{
	struct ast2400_timer_state *const s = dev->state;
	const unsigned n = counter_at(offset);
	struct ast2400_timer *const t = &s->timer[n];

	if (n == AST2400_TIMERS) {
		if (offset == AST2400_TIMER_CONTROL)
			return s->control;
		if (offset == AST2400_TIMER_CONTROL2)
			return s->control2;
		device_guest_error(dev, offset);
		return 0;
	}
	switch (offset % 0x10u) {
	case AST2400_TIMER_RELOAD:
		return t->reload;
	case AST2400_TIMER_MATCH1:
		return t->match[0];
	case AST2400_TIMER_MATCH2:
		return t->match[1];
	default:
		if (!is_running(s, n))
			return t->count;
		return count_at(s, t, control_of(s, n), dev->clock->now(dev->clock));
	}
}

static uint32_t timer_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct ast2400_timer_state *const s = dev->state;
	const struct ast2400_timer *const t = &s->timer[1];

	/* Linux's clock, as it mostly is: the hottest register of all. */
	if (offset == AST2400_TIMER_BASE(1) + AST2400_TIMER_COUNT &&
	    (control_of(s, 1) & (AST2400_TIMER_ENABLE | AST2400_TIMER_1MHZ)) ==
		    AST2400_TIMER_ENABLE) {
		const uint64_t passed = dev->clock->now(dev->clock) - t->from;

		if (passed < t->count)
			return t->count - (uint32_t)passed;
	}
	return read_any(dev, offset);
}

/** Stops those that are to stop or change their clock, starts those that are to start. */
static void set_control(struct ast2400_timer_state *s, uint32_t control, uint64_t now)
{
	for (unsigned n = 0; n < AST2400_TIMERS; n++) {
		struct ast2400_timer *const t = &s->timer[n];
		const uint32_t before = control_of(s, n), after = control >> (4u * n) & 0xfu;
		const uint32_t changed = before ^ after;

		if (!changed)
			continue;
		if (is_running(s, n))
			t->count = count_at(s, t, before, now);
		else if (after & AST2400_TIMER_ENABLE)
			t->count = t->reload;
		t->from = now;
	}
	s->control = control;
	for (unsigned n = 0; n < AST2400_TIMERS; n++)
		update_due(s, n, now);
}

static void write_counter(struct ast2400_timer_state *s, unsigned n, uint32_t offset,
			  uint32_t value, uint64_t now)
{
	struct ast2400_timer *const t = &s->timer[n];
	const bool was_running = is_running(s, n);

	switch (offset) {
	case AST2400_TIMER_COUNT:
		t->count = value;
		t->from = now;
		break;
	case AST2400_TIMER_RELOAD:
		if (was_running)
			t->count = count_at(s, t, control_of(s, n), now);
		/* It was switched on before it had anything to count. */
		else if (control_of(s, n) & AST2400_TIMER_ENABLE)
			t->count = value;
		t->from = now;
		t->reload = value;
		break;
	case AST2400_TIMER_MATCH1:
		t->match[0] = value;
		break;
	default:
		t->match[1] = value;
		break;
	}
	update_due(s, n, now);
}

static void timer_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct ast2400_timer_state *const s = dev->state;
	const unsigned n = counter_at(offset);

	if (n != AST2400_TIMERS)
		write_counter(s, n, offset % 0x10u, value, now);
	else if (offset == AST2400_TIMER_CONTROL)
		set_control(s, value, now);
	else if (offset == AST2400_TIMER_CONTROL2)
		s->control2 = value; /* pulses on pins, which are not a VM's */
	else
		device_guest_error(dev, offset);
	update_deadline(dev, now);
}

const struct device_ops ast2400_timer_ops = {
	.name = "ast2400-timer",
	.state_size = sizeof(struct ast2400_timer_state),
	.reset = timer_reset,
	.read = timer_read,
	.write = timer_write,
	.deadline = timer_deadline,
};
