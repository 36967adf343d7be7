/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which VM runs: fixed priorities, a budget of CPU time in each period, turns among equals. Pure
 * arithmetic on times that are given, in ticks of CLOCK_HZ; vmm/run.c acts on the answers.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_MAX   10u /* eight VMs, the board's Ethernet, and reload */
#define SCHED_NONE  SCHED_MAX
#define SCHED_SLICE 240000u /* 10 ms: the turn of one of several equals */

/** One that can run. The caller sets the first four before sched_add(), and ready at any time. */
struct sched_entity {
	unsigned priority; /* the highest one that is ready runs */
	uint32_t budget;   /* ticks of CPU time in each period; 0: as much as it likes */
	uint32_t period;
	bool ready;

	int64_t left;       /* of the budget: below zero when it has run longer than it might */
	uint64_t refill_at; /* when the next period begins */
	uint64_t used;      /* CPU time since the start */
	int64_t slice_left; /* of its turn: one of higher priority interrupts it, and does not end it */
	uint64_t turn;      /* of equals, the one that has waited longest is next */
};

struct sched {
	struct sched_entity *entity[SCHED_MAX];
	unsigned count;
	unsigned current; /* whose time is running, or SCHED_NONE: nobody's */
	uint64_t since;   /* up to when it has been accounted for */
	uint64_t turns;
	uint64_t deadline; /* sched_deadline() */
};

void sched_init(struct sched *s, uint64_t now);
unsigned sched_add(struct sched *s, struct sched_entity *entity, uint64_t now);
void sched_account(struct sched *s, uint64_t now);
unsigned sched_choose(struct sched *s, uint64_t now);

/**
 * When sched_choose() may have another answer, if nobody becomes ready before: the end of the current
 * one's budget or slice, or the refill of one that would run instead. UINT64_MAX: never.
 */
static inline uint64_t sched_deadline(const struct sched *s)
{
	return s->deadline;
}

#endif
