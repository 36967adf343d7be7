/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/irq.h"

/** Stops the timer at the base address @p timer, with no interrupt pending. */
void timer_stop(uint32_t timer)
{
	write32(timer + TIMER_CONTROL, TIMER_32BIT);
	write32(timer + TIMER_INTCLR, 0);
}

/** Starts it: it reaches zero after @p ticks microseconds. @p control: TIMER_ bits but ENABLE. */
void timer_start(uint32_t timer, uint32_t ticks, uint32_t control)
{
	timer_stop(timer);
	write32(timer + TIMER_LOAD, ticks);
	write32(timer + TIMER_CONTROL, control | TIMER_32BIT | TIMER_ENABLE);
}
