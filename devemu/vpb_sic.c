/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/vpb_sic.h"

#include "devemu/backend.h"
#include "devemu/vpb_sic_regs.h"
#include "vmm/lib/bits.h"

static uint32_t raw(const struct vpb_sic_state *s)
{
	return s->lines | s->soft;
}

/** The outputs that bypass the cascade: a bundle of neighbouring wires. */
static void update_passed(struct device *dev)
{
	const struct irq_line *first = &dev->irq[VPB_SIC_WIRE_PASS];
	struct vpb_sic_state *s = dev->state;
	const uint32_t passed = s->lines & s->pass;
	const uint32_t changed = passed ^ s->passed;

	s->passed = passed;
	if (!changed || !first->set)
		return;
	for (uint32_t left = changed; left != 0; left &= left - 1u) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		first->set(first->sink, first->input + n, bit(passed, n));
	}
}

static void update_irq(struct device *dev)
{
	const struct vpb_sic_state *s = dev->state;

	update_passed(dev);
	device_set_irq(dev, VPB_SIC_WIRE_IRQ, (raw(s) & s->enable) != 0);
}

static void vpb_sic_reset(struct device *dev)
{
	struct vpb_sic_state *s = dev->state;

	/* The inputs too: their sources are reset with it. */
	s->lines = 0;
	s->soft = 0;
	s->enable = 0;
	s->pass = 0;
	update_irq(dev);
}

static uint32_t vpb_sic_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct vpb_sic_state *s = dev->state;

	switch (offset) {
	case VPB_SIC_STATUS:
		irq_refresh_inputs(dev->backend);
		return raw(s) & s->enable;
	case VPB_SIC_RAWSTAT:
		irq_refresh_inputs(dev->backend);
		return raw(s);
	case VPB_SIC_ENABLESET:
		return s->enable;
	case VPB_SIC_SOFTINTSET:
		return s->soft;
	case VPB_SIC_PICENSET:
		return s->pass;
	default:
		device_guest_error(dev, offset);
		return 0;
	}
}

static void vpb_sic_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct vpb_sic_state *s = dev->state;

	switch (offset) {
	case VPB_SIC_ENABLESET:
		irq_refresh_inputs(dev->backend);
		s->enable |= value;
		break;
	case VPB_SIC_ENABLECLR:
		s->enable &= ~value;
		break;
	case VPB_SIC_SOFTINTSET:
		s->soft |= value & 1u;
		break;
	case VPB_SIC_SOFTINTCLR:
		s->soft &= ~(value & 1u);
		break;
	case VPB_SIC_PICENSET:
		irq_refresh_inputs(dev->backend);
		s->pass |= value & VPB_SIC_PASS_MASK;
		break;
	case VPB_SIC_PICENCLR:
		s->pass &= ~value;
		break;
	default:
		device_guest_error(dev, offset);
		return;
	}
	update_irq(dev);
}

static void vpb_sic_set_input(struct device *dev, unsigned input, bool level)
{
	struct vpb_sic_state *s = dev->state;

	if (level)
		s->lines |= BIT(input & 31u);
	else
		s->lines &= ~BIT(input & 31u);
	update_irq(dev);
}

const struct device_ops vpb_sic_ops = {
	.name = "vpb-sic",
	.state_size = sizeof(struct vpb_sic_state),
	.reset = vpb_sic_reset,
	.read = vpb_sic_read,
	.write = vpb_sic_write,
	.set_input = vpb_sic_set_input,
};
