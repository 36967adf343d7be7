/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: the board's free running 24 MHz counter, extended to 64 bits, and one deadline on the
 * board's timer for all that wait: the timer models of all VMs, whose clock (devemu/clock.h) is
 * implemented here, the scheduler, and the console.
 */
#ifndef VMM_TIMER_H
#define VMM_TIMER_H

#include "devemu/clock.h"

#include <stdbool.h>

struct vm;

/* For timer_poll_console(): when nothing is urgent. */
#define CONSOLE_POLL (CLOCK_HZ / 100u)

void timer_init(void);
void timer_connect(struct vm *vm);
void timer_add(struct vm *vm);
void timer_clock_init(struct clock *clock);
uint64_t timer_now(void);
void timer_cancel_all(struct vm *vm);
void timer_serve(struct vm *vm, unsigned n);
void timer_stand_still(struct vm *vm, bool still);
void timer_set_decision(uint64_t when, uint64_t now);
void timer_poll_console(uint32_t ticks);
void timer_interrupt(void);

#endif
