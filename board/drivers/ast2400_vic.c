/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt controller of the AST2400. One chip for both levels of numbers: 0 to 31 and 32 to 63 are its two
 * banks. How an input is sensed is left as after the reset; the latch of one that is an edge is cleared when it
 * is reported, so that the next one counts.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/ast2400_vic_regs.h"
#include "vmm/lib/bits.h"

_Static_assert(IRQCHIP_LEVELS == AST2400_VIC_BANKS, "a level is a bank");

static volatile uint32_t *vic;
static uint32_t edges[AST2400_VIC_BANKS];

static void vic_init(volatile uint32_t *const regs[IRQCHIP_LEVELS])
{
	vic = regs[0];
	for (unsigned bank = 0; bank < AST2400_VIC_BANKS; bank++) {
		reg_write(vic, AST2400_VIC_ENABLE_CLR + 4 * bank, 0xffffffffu);
		reg_write(vic, AST2400_VIC_TRIGGER_CLR + 4 * bank, 0xffffffffu);
		reg_write(vic, AST2400_VIC_SELECT + 4 * bank, 0);
		edges[bank] = ~reg_read(vic, AST2400_VIC_SENSE + 4 * bank);
		reg_write(vic, AST2400_VIC_EDGE_CLR + 4 * bank, 0xffffffffu);
	}
}

static void vic_mask(unsigned irq)
{
	reg_write(vic, AST2400_VIC_ENABLE_CLR + irq / 32u * 4u, BIT(irq % 32u));
}

static void vic_unmask(unsigned irq)
{
	reg_write(vic, AST2400_VIC_ENABLE + irq / 32u * 4u, BIT(irq % 32u));
}

static int vic_pending(void)
{
	for (unsigned bank = 0; bank < AST2400_VIC_BANKS; bank++) {
		const uint32_t status = reg_read(vic, AST2400_VIC_IRQ_STATUS + 4 * bank);
		const uint32_t first = status & -status;

		if (!status)
			continue;
		if (first & edges[bank])
			reg_write(vic, AST2400_VIC_EDGE_CLR + 4 * bank, first);
		return (int)(32u * bank) + __builtin_ctz(status);
	}
	return -1;
}

static bool vic_is_asserted(unsigned irq)
{
	return bit(reg_read(vic, AST2400_VIC_RAW_STATUS + irq / 32u * 4u), irq % 32u);
}

const struct irqchip_driver ast2400_vic_driver = {
	.init = vic_init,
	.mask = vic_mask,
	.unmask = vic_unmask,
	.pending = vic_pending,
	.is_asserted = vic_is_asserted,
};
