/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which VM runs: fixed priorities, a budget of CPU time in each period, turns among equals. Pure
 * arithmetic on times that are given, in ticks of CLOCK_HZ; vmm/run.c acts on the answers.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_MAX   12u /* eight VMs, the board's Ethernet, the station, the flash, and reload */
#define SCHED_SLICE 240000u /* 10 ms: the turn of one of several equals */

/** One that can run. The caller sets the first six before sched_add(), and ready at any time. */
struct sched_entity {
	int priority;    /* 0 or more: the highest one that is ready runs */
	uint32_t budget; /* ticks of CPU time in each period; 0: as much as it likes */
	uint32_t period;
	/** Its budget is what it may take from others: while nobody else can run, it goes on without one. */
	bool takes_rest;
	bool ready;
	void *owner; /* the caller's own; NULL: it is nobody */

	/* CPU time since the start, and its values at which its turn and its budget end. */
	uint64_t used;
	uint64_t slice_end; /* one of higher priority interrupts a turn, and does not end it */
	uint64_t budget_end;
	uint64_t refill_at; /* when the next period begins */
};

struct sched {
	/* In the order in which they come: by priority, equals by turns; then nobody, and the end. */
	struct sched_entity *entity[SCHED_MAX + 2];
	unsigned count;
	struct sched_entity **at; /* of these, whose time is running */
	uint64_t began;           /* the time at which it would have begun, had it run ever since */
	uint64_t deadline;        /* sched_deadline() */
	struct sched_entity nobody; /* is always ready: the time of the others' sleep is its own */
	struct sched_entity end;
};

void sched_init(struct sched *s, uint64_t now);
void sched_begin_period(struct sched_entity *entity, uint64_t now);
void sched_order(struct sched *s);
void sched_add(struct sched *s, struct sched_entity *entity, uint64_t now);
void sched_account(struct sched *s, uint64_t now);
struct sched_entity *sched_choose(struct sched *s, uint64_t now);

/**
 * When sched_choose() may have another answer, if nobody becomes ready before: the end of the current
 * one's budget or slice, or the refill of one that would run instead. UINT64_MAX: never.
 */
static inline uint64_t sched_deadline(const struct sched *s)
{
	return s->deadline;
}

#endif
