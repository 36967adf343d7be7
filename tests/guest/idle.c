/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for a timer most of the time: a core that sleeps, for the model of tests/arm926-model. */
#include "tests/guest/cp15.h"
#include "tests/guest/irq.h"
#include "tests/guest/tap.h"

GUEST_TEST(a_timer_wakes_the_core_up)
{
	irq_init();
	for (unsigned turn = 0; turn < 4; turn++) {
		irq_enable(BOARD_TIMER_IRQ);
		timer_start(BOARD_TIMER, 50000, TIMER_INTEN | TIMER_ONESHOT);
		while (!(irq_raw_status() & (1u << BOARD_TIMER_IRQ)))
			wait_for_interrupt(); /* masked: wakes up, is not taken */
		EXPECT_TRUE(irq_status() & (1u << BOARD_TIMER_IRQ));
		timer_stop(BOARD_TIMER);
	}
	irq_init();
}
