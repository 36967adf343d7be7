/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/sched.h"

#include "vmm/lib/check.h"

#define NEVER UINT64_MAX
/* How many periods are begun one by one: after a sleep longer than that they are counted from now. */
#define PERIODS_MAX 16u

/** Nobody runs, and nobody else could. */
void sched_init(struct sched *s, uint64_t now)
{
	*s = (struct sched){
		.nobody = { .priority = -1, .ready = true, .slice_end = NEVER },
		.end = { .priority = -2 },
		.entity = { &s->nobody, &s->end },
		.at = s->entity,
		.began = now,
	};
}

/** The next turn, or the present one, is a whole one. */
static inline void begin_slice(struct sched_entity *entity)
{
	entity->slice_end = entity->used + SCHED_SLICE;
}

/** Begins a period with a whole budget. */
void sched_begin_period(struct sched_entity *entity, uint64_t now)
{
	entity->budget_end = entity->used + entity->budget;
	entity->refill_at = now + entity->period;
}

/** To be called when a priority has changed. Those that were equals and still are keep their order. */
void sched_order(struct sched *s)
{
	const struct sched_entity *const current = *s->at;

	for (unsigned i = 1; i < s->count; i++) {
		struct sched_entity *const one = s->entity[i];
		unsigned to = i;

		for (; to > 0 && s->entity[to - 1]->priority < one->priority; to--)
			s->entity[to] = s->entity[to - 1];
		s->entity[to] = one;
	}
	for (s->at = s->entity; *s->at != current; s->at++)
		;
}

/** Adds one whose first period begins now. At most SCHED_MAX. */
void sched_add(struct sched *s, struct sched_entity *entity, uint64_t now)
{
	CHECK(s->count < SCHED_MAX);
	entity->used = 0;
	begin_slice(entity);
	sched_begin_period(entity, now);
	s->entity[s->count++] = entity;
	s->entity[s->count] = &s->nobody;
	s->entity[s->count + 1] = &s->end;
	sched_order(s);
}

/**
 * Begins the periods that are due. Time that was used beyond the budget is taken from the next one;
 * what was not used is lost, so a period never sees more than one budget. Returns whether something is left.
 */
static __attribute__((noinline)) bool refill(struct sched_entity *entity, uint64_t now)
{
	const uint64_t whole = entity->used + entity->budget;

	for (unsigned periods = 0; now >= entity->refill_at; periods++) {
		/* What it has had beyond its budget nobody else wanted: it is no debt. */
		if (entity->takes_rest && entity->budget_end < entity->used)
			entity->budget_end = entity->used;
		entity->budget_end += entity->budget;
		if (entity->budget_end > whole)
			entity->budget_end = whole;
		entity->refill_at += entity->period;
		if (periods == PERIODS_MAX)
			entity->refill_at = now + entity->period;
	}
	return entity->used < entity->budget_end;
}

/**
 * Whether one has something left of its budget. A period that is due begins when somebody asks: for one that is not ready,
 * nobody does.
 */
static inline __attribute__((always_inline)) bool has_time(struct sched_entity *entity,
							   uint64_t now)
{
	return !entity->budget || refill(entity, now);
}

/** Writes down the time that the current one has had. */
void sched_account(struct sched *s, uint64_t now)
{
	(*s->at)->used = now - s->began;
}

/** To the end of its equals, with a whole turn. */
static inline void end_turn(struct sched_entity **at)
{
	struct sched_entity *const entity = *at;

	begin_slice(entity);
	for (; at[1]->priority == entity->priority; at++)
		at[0] = at[1];
	at[0] = entity;
}

/** The first refill of one that would run instead of @p best, if it could; or @p at, if that is before. */
static __attribute__((noinline)) uint64_t first_refill(const struct sched *s,
						       const struct sched_entity *best, uint64_t at)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct sched_entity *const other = s->entity[i];

		if (other->ready && other->budget && other->used >= other->budget_end &&
		    other->refill_at < at && other->priority >= best->priority)
			at = other->refill_at;
	}
	return at;
}

/** Nobody can run within a budget: the first one that is ready all the same, or @p nobody. */
static __attribute__((noinline)) struct sched_entity **find_rest(struct sched *s,
								 struct sched_entity **nobody)
{
	struct sched_entity **at = s->entity;

	while (at != nobody && !((*at)->ready && (*at)->takes_rest))
		at++;
	return at;
}

/**
 * The one that runs from now on, which is then the current one; NULL if nobody can. Of those with the
 * highest priority it is the one whose turn is first. The turn of the current one ends when its slice
 * is over, or when it cannot run.
 *
 * Every switch of VMs comes through here (docs/benchmarks.md): of all that are there, it looks at
 * those that come before the one that is chosen, and at its equals.
 */
struct sched_entity *sched_choose(struct sched *s, uint64_t now)
{
	struct sched_entity **at = s->at, *one = *at, *best;
	bool has_equals = false, is_one_spent = false;
	uint64_t deadline = NEVER;

	one->used = now - s->began;
	if (one->used >= one->slice_end || !one->ready || !has_time(one, now))
		end_turn(at);
	for (at = s->entity;; at++) {
		best = *at;
		if (!best->ready)
			continue;
		if (has_time(best, now))
			break;
		is_one_spent = true;
	}
	if (is_one_spent && best == &s->nobody) {
		at = find_rest(s, at);
		best = *at;
	}
	s->at = at;
	while ((one = *++at)->priority == best->priority) {
		if (!one->ready)
			continue;
		if (has_time(one, now))
			has_equals = true;
		else
			is_one_spent = true;
	}
	/* When this ends: with its turn, or its budget, or with the refill of another. */
	s->began = now - best->used;
	if (has_equals)
		deadline = s->began + best->slice_end;
	if (best->used < best->budget_end && s->began + best->budget_end < deadline)
		deadline = s->began + best->budget_end;
	if (is_one_spent)
		deadline = first_refill(s, best, deadline);
	s->deadline = deadline;
	return best;
}
