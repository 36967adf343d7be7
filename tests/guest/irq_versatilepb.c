/* SPDX-License-Identifier: Apache-2.0 */
/* The start of the Versatile/PB's interrupt controller (PL190 TRM, 3.2); the rest is in irq_vic.c. */
#include "tests/guest/irq.h"

#define VIC_SOFT_CLR 0x1c

/** Nothing enabled, nothing raised, timers stopped. */
void irq_init(void)
{
	write32(BOARD_PIC + VIC_ENABLE_CLR, 0xffffffff);
	write32(BOARD_PIC + VIC_SOFT_CLR, 0xffffffff);
	write32(BOARD_PIC + VIC_SELECT, 0);
	timer_stop(BOARD_TIMER);
	timer_stop(BOARD_TIMER_2);
}
