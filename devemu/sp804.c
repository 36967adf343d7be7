/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/sp804.h"

#include "devemu/arm_timer_regs.h"

static const enum timer_rate rates[SP804_COUNT] = { TIMER_RATE_1MHZ, TIMER_RATE_1MHZ };

static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static void update_irq(struct device *dev)
{
	const struct sp804_state *s = dev->state;

	device_set_irq(dev, 0,
		       arm_timer_irq(&s->bank.timer[0]) || arm_timer_irq(&s->bank.timer[1]));
}

static void sp804_reset(struct device *dev)
{
	struct sp804_state *s = dev->state;

	arm_timer_bank_reset(dev, &s->bank, rates, SP804_COUNT, update_irq);
}

static uint32_t sp804_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct sp804_state *s = dev->state;
	const uint32_t n = offset / SP804_STRIDE;

	if (n >= SP804_COUNT) {
		return device_read_id(dev, ids, offset);
	}
	return arm_timer_bank_read(dev, &s->bank, n, offset % SP804_STRIDE);
}

static void sp804_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct sp804_state *s = dev->state;
	const uint32_t n = offset / SP804_STRIDE;

	if (n >= SP804_COUNT) {
		device_guest_error(dev, offset);
		return;
	}
	arm_timer_bank_write(dev, &s->bank, n, offset % SP804_STRIDE, value);
}

static void sp804_deadline(struct device *dev)
{
	struct sp804_state *s = dev->state;

	arm_timer_bank_sync(dev, &s->bank);
}

const struct device_ops sp804_ops = {
	.name = "sp804",
	.state_size = sizeof(struct sp804_state),
	.reset = sp804_reset,
	.read = sp804_read,
	.write = sp804_write,
	.deadline = sp804_deadline,
};
