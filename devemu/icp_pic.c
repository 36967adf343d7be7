/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_pic.h"

#include "devemu/backend.h"
#include "devemu/icp_pic_regs.h"
#include "vmm/lib/bits.h"

static void update_irq(struct device *dev)
{
	const struct icp_pic_state *s = dev->state;

	device_set_irq(dev, ICP_PIC_WIRE_IRQ, icp_ic_irq(&s->ic));
	device_set_irq(dev, ICP_PIC_WIRE_FIQ, icp_ic_fiq(&s->ic));
}

static void icp_pic_reset(struct device *dev)
{
	struct icp_pic_state *s = dev->state;

	icp_ic_reset(&s->ic);
	update_irq(dev);
}

static __attribute__((noinline)) uint32_t read_any(struct device *dev, uint32_t offset)
{
	const struct icp_pic_state *s = dev->state;
	uint32_t value;

	/* All others show what the guest itself wrote. */
	if (offset == ICP_PIC_IRQ_RAWSTAT || offset == ICP_PIC_FIQ_STATUS ||
	    offset == ICP_PIC_FIQ_RAWSTAT)
		irq_refresh_inputs(dev->backend);
	if (!icp_ic_read(&s->ic, offset, &value))
		device_guest_error(dev, offset);
	return value;
}

static __attribute__((noinline)) uint32_t refreshed_status(struct device *dev)
{
	const struct icp_pic_state *s = dev->state;

	irq_refresh_inputs(dev->backend);
	return icp_ic_irq_status(&s->ic);
}

/* Interrupt handlers read the status again and again, and do little else. */
static uint32_t icp_pic_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct icp_pic_state *s = dev->state;

	if (offset != ICP_PIC_IRQ_STATUS)
		return read_any(dev, offset);
	return irq_refresh_due(dev->backend) ? refreshed_status(dev) : icp_ic_irq_status(&s->ic);
}

static __attribute__((noinline)) void write_any(struct device *dev, uint32_t offset, uint32_t value)
{
	struct icp_pic_state *s = dev->state;

	if (offset == ICP_PIC_FIQ_ENABLESET)
		irq_refresh_inputs(dev->backend);
	if (icp_ic_write(&s->ic, offset, value))
		update_irq(dev);
	else
		device_guest_error(dev, offset);
}

static void icp_pic_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct icp_pic_state *s = dev->state;

	if (offset == ICP_PIC_IRQ_ENABLESET) {
		/* There is no end-of-interrupt register: unmasking is how a guest says it. */
		irq_refresh_inputs(dev->backend);
		s->ic.irq_enable |= value;
	} else if (offset == ICP_PIC_IRQ_ENABLECLR) {
		if (!(s->ic.irq_enable & value))
			return; /* Linux masks, and masks once more to acknowledge */
		s->ic.irq_enable &= ~value;
	} else {
		write_any(dev, offset, value);
		return;
	}
	device_set_irq(dev, ICP_PIC_WIRE_IRQ, icp_ic_irq(&s->ic));
}

static void icp_pic_set_input(struct device *dev, unsigned input, bool level)
{
	struct icp_pic_state *s = dev->state;

	icp_ic_set_line(&s->ic, input, level);
	if ((s->ic.irq_enable | s->ic.fiq_enable) & BIT(input & 31u))
		update_irq(dev);
}

const struct device_ops icp_pic_ops = {
	.name = "icp-pic",
	.state_size = sizeof(struct icp_pic_state),
	.reset = icp_pic_reset,
	.read = icp_pic_read,
	.write = icp_pic_write,
	.set_input = icp_pic_set_input,
};
