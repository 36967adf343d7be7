/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/ast2400_wdt.h"

#include "devemu/backend.h"
#include "devemu/timer_rate.h"

/* Guest time of a count of the slow clock. */
#define TICKS_PER_US 24u

static bool is_running(const struct ast2400_wdt *w)
{
	return w->control & AST2400_WDT_ENABLE && !w->has_expired;
}

static uint64_t end_of(const struct ast2400_wdt *w)
{
	return w->from +
	       (w->control & AST2400_WDT_1MHZ ? (uint64_t)w->count * TICKS_PER_US : w->count);
}

static uint32_t count_at(const struct ast2400_wdt *w, uint64_t now)
{
	const uint64_t ticks = now - w->from;
	const uint64_t passed = w->control & AST2400_WDT_1MHZ ? div24(ticks) : ticks;

	if (!is_running(w))
		return w->has_expired ? 0 : w->count;
	return passed < w->count ? w->count - (uint32_t)passed : 0;
}

static void update(struct device *dev)
{
	const struct ast2400_wdt_state *const s = dev->state;
	uint64_t first = CLOCK_NEVER;
	bool level = false;

	for (unsigned n = 0; n < AST2400_WDTS; n++) {
		const struct ast2400_wdt *const w = &s->wdt[n];

		if (is_running(w) && end_of(w) < first)
			first = end_of(w);
		level |= w->has_expired && (w->control & AST2400_WDT_INTERRUPT);
	}
	dev->clock->set_deadline(dev->clock, dev, first);
	device_set_irq(dev, 0, level);
}

static void restart(struct ast2400_wdt *w, uint64_t now)
{
	w->count = w->reload;
	w->from = now;
}

static void wdt_reset(struct device *dev)
{
	struct ast2400_wdt_state *const s = dev->state;

	for (unsigned n = 0; n < AST2400_WDTS; n++)
		s->wdt[n] = (struct ast2400_wdt){ .count = AST2400_WDT_RELOAD_DEFAULT,
						  .reload = AST2400_WDT_RELOAD_DEFAULT,
						  .width = 0xff };
	update(dev);
}

static void wdt_deadline(struct device *dev)
{
	const struct system_backend *const system = dev->backend;
	const uint64_t now = dev->clock->now(dev->clock);
	struct ast2400_wdt_state *const s = dev->state;

	for (unsigned n = 0; n < AST2400_WDTS; n++) {
		struct ast2400_wdt *const w = &s->wdt[n];

		if (!is_running(w) || now < end_of(w))
			continue;
		w->has_expired = true;
		if ((w->control & AST2400_WDT_SYSTEM) && system && system->power)
			system->power->reset(system->power);
	}
	update(dev);
}

static uint32_t wdt_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct ast2400_wdt_state *const s = dev->state;
	const struct ast2400_wdt *const w = &s->wdt[offset / AST2400_WDT_STRIDE % AST2400_WDTS];

	if (offset < AST2400_WDTS * AST2400_WDT_STRIDE) {
		switch (offset % AST2400_WDT_STRIDE) {
		case AST2400_WDT_STATUS:
			return count_at(w, dev->clock->now(dev->clock));
		case AST2400_WDT_RELOAD:
			return w->reload;
		case AST2400_WDT_CONTROL:
			return w->control;
		case AST2400_WDT_TIMEOUT:
			return w->has_expired ? AST2400_WDT_INTERRUPT : 0;
		case AST2400_WDT_WIDTH:
			return w->width;
		case AST2400_WDT_RESTART:
		case AST2400_WDT_CLEAR:
			return 0; /* write-only */
		default:
			break;
		}
	}
	device_guest_error(dev, offset);
	return 0;
}

static void wdt_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct ast2400_wdt_state *const s = dev->state;
	struct ast2400_wdt *const w = &s->wdt[offset / AST2400_WDT_STRIDE % AST2400_WDTS];

	if (offset >= AST2400_WDTS * AST2400_WDT_STRIDE) {
		device_guest_error(dev, offset);
		return;
	}
	switch (offset % AST2400_WDT_STRIDE) {
	case AST2400_WDT_RELOAD:
		w->reload = value;
		break;
	case AST2400_WDT_RESTART:
		if ((value & 0xffffu) == AST2400_WDT_RESTART_KEY)
			restart(w, now);
		break;
	case AST2400_WDT_CONTROL:
		w->count = count_at(w, now);
		w->from = now;
		w->control = value & AST2400_WDT_BITS;
		w->has_expired = false;
		break;
	case AST2400_WDT_CLEAR:
		w->has_expired = w->has_expired && !(value & 1u);
		break;
	case AST2400_WDT_WIDTH:
		w->width = value & 0xffu;
		break;
	case AST2400_WDT_STATUS:
	case AST2400_WDT_TIMEOUT:
		break; /* read-only */
	default:
		device_guest_error(dev, offset);
		break;
	}
	update(dev);
}

const struct device_ops ast2400_wdt_ops = {
	.name = "ast2400-wdt",
	.state_size = sizeof(struct ast2400_wdt_state),
	.reset = wdt_reset,
	.read = wdt_read,
	.write = wdt_write,
	.deadline = wdt_deadline,
};
