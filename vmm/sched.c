/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/sched.h"

#include "vmm/lib/check.h"

#define NEVER UINT64_MAX
/* How many periods are begun one by one: after a sleep longer than that they are counted from now. */
#define PERIODS_MAX 16u

/** Nobody runs, and nobody could. */
void sched_init(struct sched *s, uint64_t now)
{
	*s = (struct sched){ .current = SCHED_NONE, .since = now };
}

/** Adds one whose first period begins now; returns its number. At most SCHED_MAX. */
unsigned sched_add(struct sched *s, struct sched_entity *entity, uint64_t now)
{
	CHECK(s->count < SCHED_MAX);
	entity->left = entity->budget;
	entity->refill_at = now + entity->period;
	entity->used = 0;
	entity->slice_left = SCHED_SLICE;
	entity->turn = ++s->turns;
	s->entity[s->count] = entity;
	return s->count++;
}

/**
 * Begins the periods that are due, of one with a budget. Time that was used beyond the budget is taken from the next one;
 * what was not used is lost, so a period never sees more than one budget.
 */
static void refill(struct sched_entity *entity, uint64_t now)
{
	for (unsigned periods = 0; now >= entity->refill_at; periods++) {
		entity->left += entity->budget;
		if (entity->left > entity->budget)
			entity->left = entity->budget;
		entity->refill_at += entity->period;
		if (periods == PERIODS_MAX)
			entity->refill_at = now + entity->period;
	}
}

/** Writes down the time that the current one has had since the last call. */
void sched_account(struct sched *s, uint64_t now)
{
	const int64_t ticks = (int64_t)(now - s->since);

	if (s->current != SCHED_NONE) {
		struct sched_entity *const entity = s->entity[s->current];

		entity->used += (uint64_t)ticks;
		entity->slice_left -= ticks;
		if (entity->budget)
			entity->left -= ticks;
	}
	s->since = now;
}

/** A period that is due begins when somebody asks: for one that is not ready, nobody does. */
static inline __attribute__((always_inline)) bool may_run(struct sched_entity *entity, uint64_t now)
{
	if (!entity->ready)
		return false;
	if (!entity->budget)
		return true;
	if (now >= entity->refill_at)
		refill(entity, now);
	return entity->left > 0;
}

/** To the end of its equals. */
static void end_turn(struct sched *s, struct sched_entity *entity)
{
	entity->turn = ++s->turns;
	entity->slice_left = SCHED_SLICE;
}

/** The first refill of one that would run instead of @p best, if it could; or @p at, if that is before. */
static uint64_t first_refill(const struct sched *s, const struct sched_entity *best, uint64_t at)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct sched_entity *const other = s->entity[i];

		if (other->ready && other->budget && other->left <= 0 && other->refill_at < at &&
		    (!best || other->priority >= best->priority))
			at = other->refill_at;
	}
	return at;
}

/** When the present decision ends, but for refills: with @p best's budget or its turn. */
static uint64_t end_of(const struct sched *s, const struct sched_entity *best, bool has_equals)
{
	uint64_t at = NEVER;

	if (best && best->budget)
		at = s->since + (uint64_t)best->left;
	if (has_equals && s->since + (uint64_t)best->slice_left < at)
		at = s->since + (uint64_t)best->slice_left;
	return at;
}

/**
 * The one that runs from now on, which is then the current one; SCHED_NONE if nobody can. Of those
 * with the highest priority it is the one whose turn is first. The turn of the current one ends when
 * its slice is over, or when it cannot run.
 */
unsigned sched_choose(struct sched *s, uint64_t now)
{
	const struct sched_entity *best = 0;
	unsigned next = SCHED_NONE;
	bool has_equals = false, others_spent = false;

	sched_account(s, now);
	if (s->current != SCHED_NONE) {
		struct sched_entity *const current = s->entity[s->current];

		if (current->slice_left <= 0 || !may_run(current, now))
			end_turn(s, current);
	}
	for (unsigned i = 0; i < s->count; i++) {
		struct sched_entity *const one = s->entity[i];

		if (!may_run(one, now)) {
			others_spent |= one->ready;
			continue;
		}
		if (best) {
			if (one->priority < best->priority)
				continue;
			has_equals = one->priority == best->priority;
			if (has_equals && one->turn > best->turn)
				continue;
		}
		best = one;
		next = i;
	}
	s->current = next;
	s->deadline = end_of(s, best, has_equals);
	if (others_spent)
		s->deadline = first_refill(s, best, s->deadline);
	return next;
}
