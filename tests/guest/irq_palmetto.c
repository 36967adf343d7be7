/* SPDX-License-Identifier: Apache-2.0 */
/* The AST2400's interrupt controller, its first 32 inputs, and a counter of its timers. */
#include "tests/guest/irq.h"

#define VIC_IRQ_STATUS 0x80
#define VIC_FIQ_STATUS 0x88
#define VIC_RAW_STATUS 0x90
#define VIC_SELECT     0x98
#define VIC_ENABLE     0xa0
#define VIC_ENABLE_CLR 0xa8
#define VIC_EDGE_CLR   0xd8

#define COUNTER_RELOAD 0x04
#define COUNTER_MATCH1 0x08
#define COUNTER_MATCH2 0x0c

/* Of the third counter. Its clock is one of 1 MHz. */
#define CONTROL       0x1e782030
#define CONTROL_MASK  0xf00u
#define CONTROL_START 0x700u

/** Nothing enabled, nothing raised, the counter stopped. */
void irq_init(void)
{
	write32(BOARD_PIC + VIC_ENABLE_CLR, 0xffffffff);
	write32(BOARD_PIC + VIC_ENABLE_CLR + 4, 0xffffffff);
	write32(BOARD_PIC + VIC_SELECT, 0);
	irq_soft_clear();
	timer_stop(BOARD_TIMER);
}

void irq_enable(unsigned input)
{
	write32(BOARD_PIC + VIC_SELECT, read32(BOARD_PIC + VIC_SELECT) & ~(1u << input));
	write32(BOARD_PIC + VIC_ENABLE, 1u << input);
}

void irq_disable(unsigned input)
{
	write32(BOARD_PIC + VIC_ENABLE_CLR, 1u << input);
}

/** The input raises FIQ instead of IRQ. */
void irq_enable_as_fiq(unsigned input)
{
	write32(BOARD_PIC + VIC_SELECT, read32(BOARD_PIC + VIC_SELECT) | 1u << input);
	write32(BOARD_PIC + VIC_ENABLE, 1u << input);
}

uint32_t irq_status(void)
{
	return read32(BOARD_PIC + VIC_IRQ_STATUS);
}

uint32_t fiq_status(void)
{
	return read32(BOARD_PIC + VIC_FIQ_STATUS);
}

uint32_t irq_raw_status(void)
{
	return read32(BOARD_PIC + VIC_RAW_STATUS);
}

/** Stops the counter, with no interrupt pending: the controller has latched it. */
void timer_stop(uint32_t timer)
{
	write32(CONTROL, read32(CONTROL) & ~CONTROL_MASK);
	write32(BOARD_PIC + VIC_EDGE_CLR, 1u << BOARD_TIMER_IRQ);
}

/** Starts it: it reaches zero after @p ticks microseconds, and again and again. */
void timer_start(uint32_t timer, uint32_t ticks, uint32_t control)
{
	timer_stop(timer);
	write32(timer + COUNTER_RELOAD, ticks);
	write32(timer + COUNTER_MATCH1, 0xffffffff);
	write32(timer + COUNTER_MATCH2, 0xffffffff);
	write32(CONTROL, (read32(CONTROL) & ~CONTROL_MASK) | CONTROL_START);
}
