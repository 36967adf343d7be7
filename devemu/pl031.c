/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/pl031.h"

#include "devemu/backend.h"
#include "devemu/pl031_regs.h"

/* Revision 1, as the boards' own: what a guest that has it directly reads there. */
static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

/** The counter at guest time 0. It is an addition modulo 2^32 away from any other time's. */
static uint32_t count_at_start(const struct device *dev)
{
	const struct rtc_backend *rtc = dev->backend;
	const struct pl031_state *s = dev->state;

	return (rtc ? rtc->seconds_at_start : 0) + s->offset;
}

static uint32_t count(const struct device *dev, uint64_t now)
{
	return count_at_start(dev) + (uint32_t)(now / CLOCK_HZ);
}

static void update(struct device *dev)
{
	const struct pl031_state *s = dev->state;

	dev->clock->set_deadline(dev->clock, dev, s->alarm_at);
	device_set_irq(dev, 0, s->ris && s->imsc);
}

/** Brings the alarm up to date. It comes once for each time that it is set. */
static void sync(struct pl031_state *s, uint64_t now)
{
	if (now < s->alarm_at)
		return;
	s->alarm_at = CLOCK_NEVER;
	s->ris = true;
}

/** The counter or the match register was written: when are they equal next, or are they now? */
static void set_alarm(struct device *dev, uint64_t now)
{
	struct pl031_state *s = dev->state;
	const uint64_t second = now / CLOCK_HZ;
	const uint32_t wait = s->match - (count_at_start(dev) + (uint32_t)second);

	s->alarm_at = (second + wait) * CLOCK_HZ;
	sync(s, now);
}

static void pl031_reset(struct device *dev)
{
	struct pl031_state *s = dev->state;

	*s = (struct pl031_state){ .offset = s->offset, .alarm_at = CLOCK_NEVER };
	update(dev);
}

static uint32_t pl031_read(struct device *dev, uint32_t offset, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct pl031_state *s = dev->state;

	sync(s, now);
	update(dev);
	switch (offset) {
	case PL031_DR:
		return count(dev, now);
	case PL031_MR:
		return s->match;
	case PL031_LR:
		return s->load;
	case PL031_CR:
		return PL031_CR_START;
	case PL031_IMSC:
		return s->imsc;
	case PL031_RIS:
		return s->ris;
	case PL031_MIS:
		return s->ris && s->imsc;
	default:
		return device_read_id(dev, ids, offset);
	}
}

static void pl031_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct pl031_state *s = dev->state;

	sync(s, now);
	switch (offset) {
	case PL031_MR:
		s->match = value;
		set_alarm(dev, now);
		break;
	case PL031_LR:
		s->load = value;
		s->offset += value - count(dev, now);
		set_alarm(dev, now);
		break;
	case PL031_CR:
		break; /* once it runs, nothing stops it (3.3.4) */
	case PL031_IMSC:
		s->imsc = value & PL031_INT;
		break;
	case PL031_ICR:
		if (value & PL031_INT)
			s->ris = false;
		break;
	default:
		device_guest_error(dev, offset);
		break;
	}
	update(dev);
}

static void pl031_deadline(struct device *dev)
{
	sync(dev->state, dev->clock->now(dev->clock));
	update(dev);
}

const struct device_ops pl031_ops = {
	.name = "pl031",
	.state_size = sizeof(struct pl031_state),
	.reset = pl031_reset,
	.read = pl031_read,
	.write = pl031_write,
	.deadline = pl031_deadline,
};
