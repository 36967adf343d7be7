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
 * Begins the periods that are due. Time that was used beyond the budget is taken from the next one;
 * what was not used is lost, so a period never sees more than one budget.
 */
static void refill(struct sched_entity *entity, uint64_t now)
{
	if (!entity->budget)
		return;
	for (unsigned periods = 0; now >= entity->refill_at; periods++) {
		entity->left += entity->budget;
		if (entity->left > entity->budget)
			entity->left = entity->budget;
		entity->refill_at += entity->period;
		if (periods == PERIODS_MAX)
			entity->refill_at = now + entity->period;
	}
}

/** Writes down the time that the current one has had since the last call, and begins periods. */
void sched_account(struct sched *s, uint64_t now)
{
	if (s->current != SCHED_NONE) {
		struct sched_entity *const entity = s->entity[s->current];

		entity->used += now - s->since;
		entity->slice_left -= (int64_t)(now - s->since);
		if (entity->budget)
			entity->left -= (int64_t)(now - s->since);
	}
	s->since = now;
	for (unsigned i = 0; i < s->count; i++)
		refill(s->entity[i], now);
}

static bool may_run(const struct sched_entity *entity)
{
	return entity->ready && (!entity->budget || entity->left > 0);
}

/** Whether @p a runs rather than @p b; of equals, the one whose turn is first. */
static bool precedes(const struct sched_entity *a, const struct sched_entity *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->turn < b->turn;
}

/** To the end of its equals. */
static void end_turn(struct sched *s, struct sched_entity *entity)
{
	entity->turn = ++s->turns;
	entity->slice_left = SCHED_SLICE;
}

/**
 * The one that runs from now on, which is then the current one; SCHED_NONE if nobody can. The turn of
 * the current one ends when its slice is over, or when it cannot run.
 */
unsigned sched_choose(struct sched *s, uint64_t now)
{
	unsigned best = SCHED_NONE;

	sched_account(s, now);
	if (s->current != SCHED_NONE &&
	    (s->entity[s->current]->slice_left <= 0 || !may_run(s->entity[s->current])))
		end_turn(s, s->entity[s->current]);
	for (unsigned i = 0; i < s->count; i++)
		if (may_run(s->entity[i]) &&
		    (best == SCHED_NONE || precedes(s->entity[i], s->entity[best])))
			best = i;
	s->current = best;
	return best;
}

/**
 * When sched_choose() may have another answer, if nobody becomes ready before: the end of the current
 * one's budget or slice, or the refill of one that would run instead - which may be over, if
 * sched_account() was called since. UINT64_MAX: never.
 */
uint64_t sched_deadline(const struct sched *s)
{
	const struct sched_entity *const current =
		s->current == SCHED_NONE ? 0 : s->entity[s->current];
	uint64_t slice_end = NEVER, at = NEVER;

	if (current)
		slice_end = s->since + (uint64_t)current->slice_left;
	if (current && current->budget)
		at = s->since + (uint64_t)current->left;
	for (unsigned i = 0; i < s->count; i++) {
		const struct sched_entity *const other = s->entity[i];

		if (other == current || !other->ready)
			continue;
		if (may_run(other)) {
			if (!current || other->priority > current->priority)
				return s->since;
			if (other->priority == current->priority && slice_end < at)
				at = slice_end;
		} else if ((!current || other->priority >= current->priority) &&
			   other->refill_at < at) {
			at = other->refill_at;
		}
	}
	return at;
}
