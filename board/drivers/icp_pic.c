/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt controllers of the Integrator/CP (ARM DUI 0159B, 3.6). The secondary is an input of the
 * primary; that one stays open, and masking is done where a line comes in.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/icp_pic_regs.h"
#include "vmm/lib/bits.h"

#define CASCADE 26

static volatile uint32_t *pic[IRQCHIP_LEVELS];

static void icp_pic_init(volatile uint32_t *const regs[IRQCHIP_LEVELS])
{
	for (unsigned level = 0; level < IRQCHIP_LEVELS; level++) {
		pic[level] = regs[level];
		reg_write(pic[level], ICP_PIC_IRQ_ENABLECLR, 0xffffffffu);
		reg_write(pic[level], ICP_PIC_FIQ_ENABLECLR, 0xffffffffu);
		reg_write(pic[level], ICP_PIC_INT_SOFTCLR, 1);
	}
	reg_write(pic[0], ICP_PIC_IRQ_ENABLESET, BIT(CASCADE));
}

static void icp_pic_mask(unsigned irq)
{
	reg_write(pic[irq / 32u], ICP_PIC_IRQ_ENABLECLR, BIT(irq % 32u));
}

static void icp_pic_unmask(unsigned irq)
{
	reg_write(pic[irq / 32u], ICP_PIC_IRQ_ENABLESET, BIT(irq % 32u));
}

static int icp_pic_pending(void)
{
	uint32_t status = reg_read(pic[0], ICP_PIC_IRQ_STATUS);

	if (status & ~BIT(CASCADE))
		return __builtin_ctz(status & ~BIT(CASCADE));
	if (status) {
		status = reg_read(pic[1], ICP_PIC_IRQ_STATUS);
		if (status)
			return 32 + __builtin_ctz(status);
	}
	return -1;
}

static bool icp_pic_is_asserted(unsigned irq)
{
	return bit(reg_read(pic[irq / 32u], ICP_PIC_IRQ_RAWSTAT), irq % 32u);
}

const struct irqchip_driver icp_pic_driver = {
	.init = icp_pic_init,
	.mask = icp_pic_mask,
	.unmask = icp_pic_unmask,
	.pending = icp_pic_pending,
	.is_asserted = icp_pic_is_asserted,
};
