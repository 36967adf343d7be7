/* SPDX-License-Identifier: Apache-2.0 */
/* The start of the AST2400's interrupt controller (irq_vic.c has the rest), and a counter of its timers. */
#include "tests/guest/irq.h"

#define VIC_EDGE_CLR 0xd8

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
