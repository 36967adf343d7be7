/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller and two timers of the board, as much of them as every test needs: one
 * input that software raises, enabling and disabling inputs, and a timer that runs out once or
 * again and again. irq_<board>.c has the controller, or its start: irq_vic.c. The constants are
 * shared with assembly.
 */
#ifndef TESTS_GUEST_IRQ_H
#define TESTS_GUEST_IRQ_H

#include "tests/guest/guest.h"

/* Registers of an SP804 timer half; the Integrator's timers have the same (SP804 TRM, 3.1). */
#define TIMER_LOAD    0x00
#define TIMER_VALUE   0x04
#define TIMER_CONTROL 0x08
#define TIMER_INTCLR  0x0c
#define TIMER_RIS     0x10
#define TIMER_MIS     0x14
#define TIMER_BGLOAD  0x18

#define TIMER_ENABLE   0x80
#define TIMER_PERIODIC 0x40
#define TIMER_INTEN    0x20
#define TIMER_32BIT    0x02
#define TIMER_ONESHOT  0x01

#ifndef __ASSEMBLER__

void irq_init(void);
void irq_enable(unsigned input);
void irq_disable(unsigned input);
void irq_enable_as_fiq(unsigned input);
uint32_t irq_status(void);
uint32_t fiq_status(void);
uint32_t irq_raw_status(void);

static inline void irq_soft_raise(void)
{
	write32(BOARD_SOFT_SET, BOARD_SOFT_SET_VALUE);
}

static inline void irq_soft_clear(void)
{
	write32(BOARD_SOFT_CLR, BOARD_SOFT_CLR_VALUE);
}

void timer_stop(uint32_t timer);
void timer_start(uint32_t timer, uint32_t ticks, uint32_t control);

#endif

#endif
