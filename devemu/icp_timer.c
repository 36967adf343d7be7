/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_timer.h"

#include "devemu/arm_timer_regs.h"

static const enum timer_rate rates[ICP_TIMER_COUNT] = {
	TIMER_RATE_25MHZ,
	TIMER_RATE_1MHZ,
	TIMER_RATE_1MHZ,
};

static void update_irq(struct device *dev)
{
	const struct icp_timer_state *s = dev->state;

	for (unsigned n = 0; n < ICP_TIMER_COUNT; n++)
		device_set_irq(dev, n, arm_timer_irq(&s->bank.timer[n]));
}

static void icp_timer_reset(struct device *dev)
{
	struct icp_timer_state *s = dev->state;

	arm_timer_bank_reset(dev, &s->bank, rates, ICP_TIMER_COUNT, update_irq);
}

static uint32_t icp_timer_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct icp_timer_state *s = dev->state;
	const uint32_t n = offset / ICP_TIMER_STRIDE;

	if (n >= ICP_TIMER_COUNT) {
		device_guest_error(dev, offset);
		return 0;
	}
	return arm_timer_bank_read(dev, &s->bank, n, offset % ICP_TIMER_STRIDE);
}

static void icp_timer_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct icp_timer_state *s = dev->state;
	const uint32_t n = offset / ICP_TIMER_STRIDE;

	if (n >= ICP_TIMER_COUNT) {
		device_guest_error(dev, offset);
		return;
	}
	arm_timer_bank_write(dev, &s->bank, n, offset % ICP_TIMER_STRIDE, value);
}

static void icp_timer_deadline(struct device *dev)
{
	struct icp_timer_state *s = dev->state;

	arm_timer_bank_sync(dev, &s->bank);
}

const struct device_ops icp_timer_ops = {
	.name = "icp-timer",
	.state_size = sizeof(struct icp_timer_state),
	.reset = icp_timer_reset,
	.read = icp_timer_read,
	.write = icp_timer_write,
	.deadline = icp_timer_deadline,
};
