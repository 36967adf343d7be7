/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrimeCell PL190 (ARM DDI 0181E) with the secondary controller of the Versatile/PB (ARM DUI 0224I,
 * 4.10) behind it. Vectors are not used. The cascade stays open, and masking is done where a line
 * comes in; the direct path past the secondary controller is closed.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/pl190_regs.h"
#include "devemu/vpb_sic_regs.h"
#include "vmm/lib/bits.h"

#define CASCADE 31

static volatile uint32_t *vic, *sic;

static void pl190_init(volatile uint32_t *const regs[IRQCHIP_LEVELS])
{
	vic = regs[0];
	sic = regs[1];

	reg_write(vic, PL190_INTENCLEAR, 0xffffffffu);
	reg_write(vic, PL190_INTSELECT, 0);
	reg_write(vic, PL190_SOFTINTCLEAR, 0xffffffffu);
	reg_write(vic, PL190_PROTECTION, 0);
	reg_write(vic, PL190_ITCR, 0);
	for (unsigned i = 0; i < PL190_VECTOR_COUNT; i++)
		reg_write(vic, PL190_VECTCNTL0 + 4 * i, 0);
	/* Whatever a boot loader left in service: one end for each level. */
	for (unsigned i = 0; i <= PL190_VECTOR_COUNT; i++)
		reg_write(vic, PL190_VECTADDR, 0);

	reg_write(sic, VPB_SIC_ENABLECLR, 0xffffffffu);
	reg_write(sic, VPB_SIC_PICENCLR, 0xffffffffu);
	reg_write(sic, VPB_SIC_SOFTINTCLR, 1);
	reg_write(vic, PL190_INTENABLE, BIT(CASCADE));
}

static void pl190_mask(unsigned irq)
{
	if (irq < 32)
		reg_write(vic, PL190_INTENCLEAR, BIT(irq));
	else
		reg_write(sic, VPB_SIC_ENABLECLR, BIT(irq % 32u));
}

static void pl190_unmask(unsigned irq)
{
	if (irq < 32)
		reg_write(vic, PL190_INTENABLE, BIT(irq));
	else
		reg_write(sic, VPB_SIC_ENABLESET, BIT(irq % 32u));
}

static int pl190_pending(void)
{
	uint32_t status = reg_read(vic, PL190_IRQSTATUS);

	if (status & ~BIT(CASCADE))
		return __builtin_ctz(status & ~BIT(CASCADE));
	if (status) {
		status = reg_read(sic, VPB_SIC_STATUS);
		if (status)
			return 32 + __builtin_ctz(status);
	}
	return -1;
}

static bool pl190_is_asserted(unsigned irq)
{
	return irq < 32 ? bit(reg_read(vic, PL190_RAWINTR), irq)
			: bit(reg_read(sic, VPB_SIC_RAWSTAT), irq % 32u);
}

const struct irqchip_driver pl190_driver = {
	.init = pl190_init,
	.mask = pl190_mask,
	.unmask = pl190_unmask,
	.pending = pl190_pending,
	.is_asserted = pl190_is_asserted,
};
