/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's sleep, when nobody runs (vmm/run.c). In an image with a network stack something may be done
 * instead, in nobody's time (vmm/remote/station_wire.c); the others have none of it (vmm/idle_none.c).
 */
#ifndef VMM_IDLE_H
#define VMM_IDLE_H

#include <stdbool.h>

void idle_look(void);

/** In bounded steps. */
struct idle_work {
	bool (*work)(void); /* handles an interrupt, or does a step; false: there was none to do */
	void (*end)(void);  /* somebody runs from now on */
};

/** NULL: nothing. */
extern const struct idle_work *idle_work;

/** Nobody runs: it is the board's sleep that an interrupt has ended. */
extern bool idle_now;

#endif
