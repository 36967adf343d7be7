/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One counter of an SP804 (ARM DDI 0271) or of the Integrator's timers, which are the same block,
 * fed with 1 MHz: a one-shot deadline.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/arm_timer_regs.h"

static volatile uint32_t *regs;

static void arm_timer_init(volatile uint32_t *base)
{
	regs = base;
	reg_write(regs, ARM_TIMER_CONTROL, 0);
	reg_write(regs, ARM_TIMER_INTCLR, 1);
}

static void arm_timer_arm(uint32_t us)
{
	reg_write(regs, ARM_TIMER_CONTROL, 0);
	reg_write(regs, ARM_TIMER_INTCLR, 1);
	reg_write(regs, ARM_TIMER_LOAD, us);
	reg_write(regs, ARM_TIMER_CONTROL,
		  ARM_TIMER_ENABLE | ARM_TIMER_IE | ARM_TIMER_32BIT | ARM_TIMER_ONESHOT |
			  ARM_TIMER_PERIODIC);
}

static void arm_timer_ack(void)
{
	reg_write(regs, ARM_TIMER_INTCLR, 1);
}

const struct timer_driver arm_timer_driver = {
	.init = arm_timer_init,
	.arm = arm_timer_arm,
	.ack = arm_timer_ack,
};
