/* SPDX-License-Identifier: Apache-2.0 */
/* The Versatile/PB's vectored interrupt controller (PL190 TRM, 3.2), not vectored. */
#include "tests/guest/irq.h"

#define VIC_IRQSTATUS  0x00
#define VIC_FIQSTATUS  0x04
#define VIC_RAWINTR    0x08
#define VIC_INTSELECT  0x0c
#define VIC_INTENABLE  0x10
#define VIC_INTENCLEAR 0x14
#define VIC_SOFTINTCLR 0x1c

/** Nothing enabled, nothing raised, timers stopped. */
void irq_init(void)
{
	write32(BOARD_PIC + VIC_INTENCLEAR, 0xffffffff);
	write32(BOARD_PIC + VIC_SOFTINTCLR, 0xffffffff);
	write32(BOARD_PIC + VIC_INTSELECT, 0);
	timer_stop(BOARD_TIMER);
	timer_stop(BOARD_TIMER_2);
}

void irq_enable(unsigned input)
{
	write32(BOARD_PIC + VIC_INTSELECT, read32(BOARD_PIC + VIC_INTSELECT) & ~(1u << input));
	write32(BOARD_PIC + VIC_INTENABLE, 1u << input);
}

/** QEMU's PL190 does not mask FIQ with the enable register, so the selection goes as well. */
void irq_disable(unsigned input)
{
	write32(BOARD_PIC + VIC_INTSELECT, read32(BOARD_PIC + VIC_INTSELECT) & ~(1u << input));
	write32(BOARD_PIC + VIC_INTENCLEAR, 1u << input);
}

/** The input raises FIQ instead of IRQ. */
void irq_enable_as_fiq(unsigned input)
{
	write32(BOARD_PIC + VIC_INTSELECT, read32(BOARD_PIC + VIC_INTSELECT) | 1u << input);
	write32(BOARD_PIC + VIC_INTENABLE, 1u << input);
}

uint32_t irq_status(void)
{
	return read32(BOARD_PIC + VIC_IRQSTATUS);
}

uint32_t fiq_status(void)
{
	return read32(BOARD_PIC + VIC_FIQSTATUS);
}

uint32_t irq_raw_status(void)
{
	return read32(BOARD_PIC + VIC_RAWINTR);
}
