/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that press the board's reset button and go on in the next run. Only a VMM brings them back
 * as they were loaded, so they have no bare run (VMM_ONLY in tests/guest/run.py).
 *
 * A run that ends this way reports nothing: what it finds wrong, it says with tap_bail_out().
 */
#ifndef TESTS_GUEST_RESTART_H
#define TESTS_GUEST_RESTART_H

#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

/* What a run leaves for the next one: in the scratch RAM, which the loader does not touch. */
#define RESTART_STATE (GUEST_SCRATCH + 0x1ff000u)

static inline __attribute__((noreturn)) void press_reset(void)
{
	write32(BOARD_RESET_LOCK, BOARD_RESET_KEY);
	write32(BOARD_RESET, BOARD_RESET_VALUE);
	tap_bail_out("the reset button does nothing");
}

#endif
