/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real-time guest: a task that a timer of the board starts in each period. It notes how late it
 * is.
 *
 * The timer counts down from the period and goes on, so its count says how late the handler is. A
 * second timer runs freely: by it, the task sees whether a whole period went by without it. What is
 * measured is printed in lines that begin with "# rt", which are no part of what is compared
 * (run.py).
 */
#include "tests/guest/rt.h"

#include "tests/guest/cp15.h"
#include "tests/guest/irq.h"
#include "tests/guest/tap.h"

/* Where start.S has put the address that the vector at 0x18 loads. */
#define IRQ_VECTOR_ADDRESS 0x38

#define LATENESS_MAX \
	64 /* microseconds with a count of their own; the last has all that are later */

const volatile struct rt_settings rt_settings __attribute__((section(".data"))) = {
	.magic = RT_MAGIC,
	.period = 1000,
	.periods = 1000,
};

/* The task's own, in its interrupt handler. */
static uint32_t period, periods;
static uint32_t due; /* count of the free running timer at the end of the period that is next */
static volatile uint32_t done;
static uint32_t missed;
static uint32_t latest;
static uint32_t sum;
static uint32_t lateness[LATENESS_MAX];

/** The task, called by rt_interrupt() with the count of the timer as it was then. */
void rt_tick(uint32_t value)
{
	const uint32_t late = value && value < period ? period - value : 0;
	int32_t overdue = (int32_t)(due - read32(BOARD_TIMER_2 + TIMER_VALUE));

	write32(BOARD_TIMER + TIMER_INTCLR, 0);
	for (; overdue >= (int32_t)period; overdue -= (int32_t)period) {
		due -= period;
		missed++;
	}
	due -= period;
	lateness[late < LATENESS_MAX ? late : LATENESS_MAX - 1]++;
	sum += late;
	if (late > latest)
		latest = late;
	if (++done == periods)
		timer_stop(BOARD_TIMER);
}

static void print_measured(void)
{
	/* The mean in hundredths, by a division of 32 bits. */
	const uint32_t mean = sum / (done / 100u ? done / 100u : 1u);

	tap_printf(
		"# rt period %u us, periods %u, missed %u, late at most %u us, mean %u.%02u us\n",
		period, done, missed, latest, mean / 100u, mean % 100u);
	for (unsigned us = 0; us < LATENESS_MAX; us++)
		if (lateness[us])
			tap_printf("# rt late %u us%s: %u\n", us,
				   us == LATENESS_MAX - 1 ? " or more" : "", lateness[us]);
}

GUEST_TEST(every_period_is_served_and_none_is_missed)
{
	period = rt_settings.period;
	periods = rt_settings.periods;
	EXPECT_EQ(RT_MAGIC, rt_settings.magic);
	irq_init();
	write32(IRQ_VECTOR_ADDRESS, addr(rt_interrupt));
	timer_start(BOARD_TIMER_2, 0xffffffff, 0);
	irq_enable(BOARD_TIMER_IRQ);
	/* Read first: the period ends later than this says, never earlier. */
	due = read32(BOARD_TIMER_2 + TIMER_VALUE) - period;
	timer_start(BOARD_TIMER, period, TIMER_INTEN | TIMER_PERIODIC);
	while (done < periods) {
		wait_for_interrupt(); /* masked: it wakes up */
		interrupts_unmask(PSR_I);
		interrupts_mask();
	}
	irq_init();
	EXPECT_EQ(periods, done);
	EXPECT_EQ(0, missed);
	print_measured();
}
