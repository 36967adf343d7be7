/* SPDX-License-Identifier: Apache-2.0 */
/* The Integrator/CP's primary interrupt controller (Integrator/CP user guide, 3.6). */
#include "tests/guest/irq.h"

#define PIC_IRQ_STATUS    0x00
#define PIC_IRQ_RAWSTAT   0x04
#define PIC_IRQ_ENABLESET 0x08
#define PIC_IRQ_ENABLECLR 0x0c
#define PIC_FIQ_STATUS    0x20
#define PIC_FIQ_ENABLESET 0x28
#define PIC_FIQ_ENABLECLR 0x2c

/** Nothing enabled, nothing raised, timers stopped. */
void irq_init(void)
{
	write32(BOARD_PIC + PIC_IRQ_ENABLECLR, 0xffffffff);
	write32(BOARD_PIC + PIC_FIQ_ENABLECLR, 0xffffffff);
	irq_soft_clear();
	timer_stop(BOARD_TIMER);
	timer_stop(BOARD_TIMER_2);
}

void irq_enable(unsigned input)
{
	write32(BOARD_PIC + PIC_IRQ_ENABLESET, 1u << input);
}

void irq_disable(unsigned input)
{
	write32(BOARD_PIC + PIC_IRQ_ENABLECLR, 1u << input);
	write32(BOARD_PIC + PIC_FIQ_ENABLECLR, 1u << input);
}

/** The input raises FIQ instead of IRQ. */
void irq_enable_as_fiq(unsigned input)
{
	write32(BOARD_PIC + PIC_IRQ_ENABLECLR, 1u << input);
	write32(BOARD_PIC + PIC_FIQ_ENABLESET, 1u << input);
}

uint32_t irq_status(void)
{
	return read32(BOARD_PIC + PIC_IRQ_STATUS);
}

uint32_t fiq_status(void)
{
	return read32(BOARD_PIC + PIC_FIQ_STATUS);
}

uint32_t irq_raw_status(void)
{
	return read32(BOARD_PIC + PIC_IRQ_RAWSTAT);
}
