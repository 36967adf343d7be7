/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/sp805.h"

#include "devemu/backend.h"

/* ARM DDI 0270B, table 3-1 */
#define SP805_LOAD    0x000
#define SP805_VALUE   0x004
#define SP805_CONTROL 0x008
#define SP805_INTCLR  0x00c
#define SP805_RIS     0x010
#define SP805_MIS     0x014
#define SP805_LOCK    0xc00
#define SP805_ITCR    0xf00
#define SP805_ITOP    0xf04

#define CONTROL_INTEN 0x1u
#define CONTROL_RESEN 0x2u
#define LOCK_KEY      0x1acce551u

static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static bool irq_level(const struct sp805_state *s)
{
	return s->ris && (s->control & CONTROL_INTEN);
}

/** Only what a guest can notice is worth waking up for: the interrupt, then the reset. */
static uint64_t deadline(const struct sp805_state *s)
{
	if (!s->running || (s->ris && !(s->control & CONTROL_RESEN)))
		return CLOCK_NEVER;
	return s->zero_at;
}

static void update(struct device *dev)
{
	const struct sp805_state *s = dev->state;

	dev->clock->set_deadline(dev->clock, dev, deadline(s));
	device_set_irq(dev, 0, irq_level(s));
}

static uint64_t period(const struct sp805_state *s)
{
	return s->load ? s->load : 1u;
}

static void restart(struct sp805_state *s, uint64_t now)
{
	s->zero_at = now + period(s);
	s->running = true;
}

/** The first zero interrupts; the second, if that was not cleared, resets and stops the counter. */
static void sync(struct device *dev, uint64_t now)
{
	const struct system_backend *system = dev->backend;
	struct sp805_state *s = dev->state;

	if (!s->running || now < s->zero_at)
		return;
	if (!s->ris) {
		s->ris = true;
		s->zero_at += period(s);
		if (now < s->zero_at)
			return;
	}
	if (s->control & CONTROL_RESEN) {
		s->running = false;
		s->value = 0;
		if (system && system->power)
			system->power->reset(system->power);
		return;
	}
	s->zero_at += ((now - s->zero_at) / period(s) + 1u) * period(s);
}

static void set_control(struct sp805_state *s, uint32_t control, uint64_t now)
{
	const bool was_on = s->control & CONTROL_INTEN;

	s->control = control & (CONTROL_INTEN | CONTROL_RESEN);
	if (!(s->control & CONTROL_INTEN)) {
		if (s->running)
			s->value = (uint32_t)(s->zero_at - now);
		s->running = false;
	} else if (!was_on) {
		restart(s, now);
	}
}

static void sp805_reset(struct device *dev)
{
	struct sp805_state *s = dev->state;

	*s = (struct sp805_state){ .value = 0xffffffffu, .load = 0xffffffffu };
	update(dev);
}

static uint32_t sp805_read(struct device *dev, uint32_t offset, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	const struct sp805_state *s = dev->state;

	sync(dev, now);
	update(dev);
	switch (offset) {
	case SP805_LOAD:
		return s->load;
	case SP805_VALUE:
		return s->running ? (uint32_t)(s->zero_at - now) : s->value;
	case SP805_CONTROL:
		return s->control;
	case SP805_RIS:
		return s->ris;
	case SP805_MIS:
		return irq_level(s);
	case SP805_LOCK:
		return s->locked;
	case SP805_ITCR:
		return s->itcr;
	default:
		return device_read_id(dev, ids, offset);
	}
}

static void sp805_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const uint64_t now = dev->clock->now(dev->clock);
	struct sp805_state *s = dev->state;

	sync(dev, now);
	if (offset == SP805_LOCK) {
		s->locked = value != LOCK_KEY;
	} else if (!s->locked) {
		switch (offset) {
		case SP805_LOAD:
			s->load = value;
			if (s->running)
				restart(s, now);
			else
				s->value = value;
			break;
		case SP805_CONTROL:
			set_control(s, value, now);
			break;
		case SP805_INTCLR:
			s->ris = false;
			if (s->control & CONTROL_INTEN)
				restart(s, now);
			else
				s->value = s->load;
			break;
		case SP805_ITCR:
			s->itcr = value & 1u;
			break;
		case SP805_ITOP:
			break; /* the outputs are not under test */
		default:
			device_guest_error(dev, offset);
			break;
		}
	}
	update(dev);
}

static void sp805_deadline(struct device *dev)
{
	sync(dev, dev->clock->now(dev->clock));
	update(dev);
}

const struct device_ops sp805_ops = {
	.name = "sp805",
	.state_size = sizeof(struct sp805_state),
	.reset = sp805_reset,
	.read = sp805_read,
	.write = sp805_write,
	.deadline = sp805_deadline,
};
