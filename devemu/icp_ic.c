/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_ic.h"

#include "devemu/icp_pic_regs.h"

/**
 * Nothing enabled, no software interrupt. The inputs are low: every source of one is reset too, and
 * raises it again when it has a reason.
 */
void icp_ic_reset(struct icp_ic *ic)
{
	*ic = (struct icp_ic){ 0 };
}

/** Returns false when there is no readable register at @p offset; @p value is 0 then. */
bool icp_ic_read(const struct icp_ic *ic, uint32_t offset, uint32_t *value)
{
	switch (offset) {
	case ICP_PIC_IRQ_STATUS:
		*value = icp_ic_irq_status(ic);
		return true;
	case ICP_PIC_IRQ_RAWSTAT:
	case ICP_PIC_FIQ_RAWSTAT:
		*value = icp_ic_raw(ic);
		return true;
	case ICP_PIC_IRQ_ENABLESET:
		*value = ic->irq_enable;
		return true;
	case ICP_PIC_INT_SOFTSET:
		*value = ic->soft;
		return true;
	case ICP_PIC_FIQ_STATUS:
		*value = icp_ic_raw(ic) & ic->fiq_enable;
		return true;
	case ICP_PIC_FIQ_ENABLESET:
		*value = ic->fiq_enable;
		return true;
	default:
		*value = 0;
		return false;
	}
}

/** Returns false when there is no writable register at @p offset. */
bool icp_ic_write(struct icp_ic *ic, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case ICP_PIC_IRQ_ENABLESET:
		ic->irq_enable |= value;
		return true;
	case ICP_PIC_IRQ_ENABLECLR:
		ic->irq_enable &= ~value;
		return true;
	case ICP_PIC_INT_SOFTSET:
		ic->soft |= value & 1u;
		return true;
	case ICP_PIC_INT_SOFTCLR:
		ic->soft &= ~(value & 1u);
		return true;
	case ICP_PIC_FIQ_ENABLESET:
		ic->fiq_enable |= value;
		return true;
	case ICP_PIC_FIQ_ENABLECLR:
		ic->fiq_enable &= ~value;
		return true;
	default:
		return false;
	}
}
