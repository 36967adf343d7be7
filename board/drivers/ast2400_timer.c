/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two of the AST2400's counters, fed with PCLK at 24 MHz: the first is the deadline, the second runs freely and
 * is struct board's counter. An interrupt is an edge, which the driver of the controller forgets when it reports
 * it: there is nothing to acknowledge. A counter starts again at zero: it is stopped, or set anew, by then or at
 * the next interrupt.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/ast2400_timer_regs.h"

#define COUNTS_PER_US 24u

#define DEADLINE AST2400_TIMER_BASE(0)
#define COUNTER  AST2400_TIMER_BASE(1)

#define CONTROL_COUNTER  (AST2400_TIMER_ENABLE << 4)
#define CONTROL_DEADLINE (AST2400_TIMER_ENABLE | AST2400_TIMER_OVERFLOW)

static volatile uint32_t *regs;

static void timer_init(volatile uint32_t *base)
{
	regs = base;
	reg_write(regs, AST2400_TIMER_CONTROL, 0);
	reg_write(regs, AST2400_TIMER_CONTROL2, 0);
	/* Matches that are never met before zero: they interrupt whatever the control register says. */
	reg_write(regs, DEADLINE + AST2400_TIMER_MATCH1, 0xffffffffu);
	reg_write(regs, DEADLINE + AST2400_TIMER_MATCH2, 0xffffffffu);
	reg_write(regs, COUNTER + AST2400_TIMER_MATCH1, 0);
	reg_write(regs, COUNTER + AST2400_TIMER_MATCH2, 0);
	reg_write(regs, COUNTER + AST2400_TIMER_RELOAD, 0xffffffffu);
	reg_write(regs, AST2400_TIMER_CONTROL, CONTROL_COUNTER);
}

static void timer_arm(uint32_t us)
{
	reg_write(regs, AST2400_TIMER_CONTROL, CONTROL_COUNTER);
	reg_write(regs, DEADLINE + AST2400_TIMER_RELOAD, us * COUNTS_PER_US);
	reg_write(regs, AST2400_TIMER_CONTROL, CONTROL_COUNTER | CONTROL_DEADLINE);
}

static void timer_ack(void)
{
	reg_write(regs, AST2400_TIMER_CONTROL, CONTROL_COUNTER);
}

const struct timer_driver ast2400_timer_driver = {
	.init = timer_init,
	.arm = timer_arm,
	.ack = timer_ack,
};
