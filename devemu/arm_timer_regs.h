/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One counter of the SP804 dual timer (ARM DDI 0271) and of the Integrator's timers, which are the
 * same block (ARM DUI 0159B, 3.8). Shared by the models and the driver.
 */
#ifndef DEVEMU_ARM_TIMER_REGS_H
#define DEVEMU_ARM_TIMER_REGS_H

#define ARM_TIMER_LOAD    0x00
#define ARM_TIMER_VALUE   0x04
#define ARM_TIMER_CONTROL 0x08
#define ARM_TIMER_INTCLR  0x0c
#define ARM_TIMER_RIS     0x10
#define ARM_TIMER_MIS     0x14
#define ARM_TIMER_BGLOAD  0x18

#define ARM_TIMER_ONESHOT  0x01u
#define ARM_TIMER_32BIT    0x02u
#define ARM_TIMER_DIV_BITS 0x0cu /* 0: 1, 4: 16, 8: 256 */
#define ARM_TIMER_DIV16    0x04u
#define ARM_TIMER_DIV256   0x08u
#define ARM_TIMER_IE       0x20u
#define ARM_TIMER_PERIODIC 0x40u
#define ARM_TIMER_ENABLE   0x80u

#define ICP_TIMER_STRIDE 0x100 /* timers 0 to 2 of the Integrator */
#define SP804_STRIDE     0x20  /* timers 0 and 1 of an SP804 */

#endif
