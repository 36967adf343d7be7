/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's arithmetic: who runs when, and how much of the time each one gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/xorshift.h"
#include "vmm/lib/check.h"
#include "vmm/sched.h"

#define MS   24000u
#define NONE SCHED_MAX /* as a number: nobody */

static struct sched s;
static struct sched_entity e[SCHED_MAX];

void panic(const char *format, ...)
{
	fail_msg("panic: %s", format);
	abort();
}

static int setup(void **state)
{
	sched_init(&s, 0);
	for (unsigned i = 0; i < SCHED_MAX; i++)
		e[i] = (struct sched_entity){ 0 };
	return 0;
}

static unsigned add(int priority, uint32_t budget, uint32_t period)
{
	const unsigned number = s.count;

	e[number] = (struct sched_entity){
		.priority = priority, .budget = budget, .period = period, .ready = true
	};
	sched_add(&s, &e[number], 0);
	return number;
}

/** The number of the one that is chosen. */
static unsigned choose(uint64_t now)
{
	const struct sched_entity *const one = sched_choose(&s, now);

	return one == &s.nobody ? NONE : (unsigned)(one - e);
}

/** What is left of its budget, and of its turn. */
static int64_t left(unsigned i)
{
	return (int64_t)(e[i].budget_end - e[i].used);
}

static int64_t slice_left(unsigned i)
{
	return (int64_t)(e[i].slice_end - e[i].used);
}

/** Lets time pass as vmm/run.c does: a decision whenever one is due. */
static uint64_t run(uint64_t from, uint64_t to)
{
	for (uint64_t now = from; now < to;) {
		uint64_t next;

		choose(now);
		next = sched_deadline(&s);
		assert_true(next > now);
		now = next < to ? next : to;
	}
	sched_account(&s, to);
	return to;
}

static void test_nobody(void **state)
{
	assert_int_equal(choose(5), NONE);
	assert_true(sched_deadline(&s) == UINT64_MAX);
	e[add(1, 0, 0)].ready = false;
	assert_int_equal(choose(6), NONE);
	assert_true(sched_deadline(&s) == UINT64_MAX);
}

static void test_alone_is_never_disturbed(void **state)
{
	add(1, 0, 0);
	assert_int_equal(choose(0), 0);
	assert_true(sched_deadline(&s) == UINT64_MAX);
}

static void test_priority(void **state)
{
	const unsigned low = add(1, 0, 0), high = add(2, 0, 0);

	assert_int_equal(choose(0), high);
	assert_true(sched_deadline(&s) == UINT64_MAX);
	e[high].ready = false;
	assert_int_equal(choose(1 * MS), low);
	e[high].ready = true;
	assert_int_equal(choose(2 * MS), high);
	sched_account(&s, 3 * MS);
	assert_true(e[low].used == 1 * MS);
	assert_true(e[high].used == 2 * MS);
}

static void test_equals_take_turns(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		add(1, 0, 0);
	run(0, 3000 * MS);
	for (unsigned i = 0; i < 3; i++)
		assert_true(e[i].used == 1000 * MS);
}

/** One that gives up the CPU early gets it back only after the others' turns. */
static void test_a_turn_ends_with_waiting(void **state)
{
	const unsigned a = add(1, 0, 0), b = add(1, 0, 0);

	assert_int_equal(choose(0), a);
	e[a].ready = false;
	assert_int_equal(choose(1 * MS), b);
	e[a].ready = true;
	assert_int_equal(choose(2 * MS), b);
	assert_true(sched_deadline(&s) == 1 * MS + SCHED_SLICE);
	assert_int_equal(choose(1 * MS + SCHED_SLICE), a);
}

/** The promise of the issue: 30 % is 30 %, when all others are busy. */
static void test_budget_is_a_share(void **state)
{
	const unsigned high = add(9, 3 * MS, 10 * MS);

	add(1, 0, 0);
	add(1, 0, 0);
	run(0, 10000 * MS);
	assert_true(e[high].used >= 2990 * MS && e[high].used <= 3010 * MS);
	assert_true(e[1].used >= 3490 * MS && e[1].used <= 3510 * MS);
	assert_true(e[1].used + e[2].used + e[high].used == 10000 * MS);
}

/** A budget is a limit even if nobody else wants the CPU. */
static void test_budget_is_a_limit(void **state)
{
	add(5, 1 * MS, 4 * MS);
	run(0, 4000 * MS);
	assert_true(e[0].used == 1000 * MS);
}

/** A decision that comes late is paid back in the next period. */
static void test_debt(void **state)
{
	const unsigned high = add(9, 3 * MS, 10 * MS), low = add(1, 0, 0);

	assert_int_equal(choose(0), high);
	assert_int_equal(choose(5 * MS), low); /* 2 ms too late */
	assert_true(sched_deadline(&s) == 10 * MS);
	assert_int_equal(choose(10 * MS), high);
	assert_true(sched_deadline(&s) == 11 * MS);
}

/** Time that was not used is lost: after a sleep it gets one budget, not ten. */
static void test_nothing_is_saved_up(void **state)
{
	const unsigned high = add(9, 3 * MS, 10 * MS);

	add(1, 0, 0);
	e[high].ready = false;
	run(0, 105 * MS);
	e[high].ready = true;
	assert_int_equal(choose(105 * MS), high);
	assert_true(sched_deadline(&s) == 108 * MS);
}

/** A debt of many periods ends when it is paid, also after a long sleep. */
static void test_long_debt(void **state)
{
	add(9, 1 * MS, 10 * MS);
	assert_int_equal(choose(0), 0);
	assert_int_equal(choose(5 * MS), NONE); /* 4 too many */
	assert_int_equal(choose(10 * MS), NONE);
	assert_int_equal(choose(40 * MS), NONE);
	assert_int_equal(choose(50 * MS), 0);
}

/** What nobody else wants costs nothing: no debt, and no time of who becomes ready meanwhile. */
static void test_rest(void **state)
{
	const unsigned high = add(9, 3 * MS, 10 * MS), low = add(1, 0, 0);
	const unsigned other = add(5, 1 * MS, 20 * MS);

	e[high].takes_rest = true;
	e[low].ready = false;
	assert_int_equal(choose(0), high);
	assert_true(sched_deadline(&s) == 3 * MS);
	assert_int_equal(choose(3 * MS), other);
	assert_int_equal(choose(4 * MS), high);
	assert_true(sched_deadline(&s) == 10 * MS);
	e[low].ready = true;
	assert_int_equal(choose(9 * MS), low);
	assert_int_equal(choose(10 * MS), high);
	assert_true(sched_deadline(&s) == 13 * MS);
	assert_int_equal(choose(13 * MS), low);
	e[low].ready = false;
	assert_int_equal(choose(14 * MS), high);
	e[high].ready = false;
	assert_int_equal(choose(15 * MS), NONE);
	assert_true(sched_deadline(&s) == 20 * MS);
}

/** A look at the times, between the refill and the timer's interrupt, does not make it forgotten. */
static void test_refill_seen_early(void **state)
{
	const unsigned high = add(9, 1 * MS, 10 * MS), low = add(1, 0, 0);

	assert_int_equal(choose(0), high);
	assert_int_equal(choose(1 * MS), low);
	assert_true(sched_deadline(&s) == 10 * MS);
	sched_account(&s, 10 * MS + 5);
	assert_true(sched_deadline(&s) <= 10 * MS + 5);
	assert_int_equal(choose(10 * MS + 6), high);
}

/** The time of the one that runs is its own, wherever it has moved to. */
static void test_priority_changes(void **state)
{
	const unsigned a = add(1, 0, 0), b = add(1, 0, 0), c = add(2, 0, 0);

	assert_int_equal(choose(0), c);
	e[a].priority = 3;
	sched_order(&s);
	assert_int_equal(choose(1 * MS), a);
	e[a].priority = 1;
	e[b].priority = 2;
	sched_order(&s);
	assert_int_equal(choose(3 * MS), c);
	assert_int_equal(choose(3 * MS + SCHED_SLICE), b);
	assert_int_equal(choose(5 * MS + SCHED_SLICE), b);
	assert_true(e[a].used == 2 * MS);
	assert_true(e[b].used == 2 * MS);
	assert_true(e[c].used == 1 * MS + SCHED_SLICE);
}

/** When the answer may change, by looking at everyone each time. */
static uint64_t deadline_of(unsigned current, uint64_t now)
{
	uint64_t at = UINT64_MAX;

	if (current != NONE && e[current].budget)
		at = now + (uint64_t)left(current);
	for (unsigned i = 0; i < s.count; i++) {
		const bool may_run = !e[i].budget || left(i) > 0;
		uint64_t change = UINT64_MAX;

		if (i == current || !e[i].ready)
			continue;
		if (!may_run && (current == NONE || e[i].priority >= e[current].priority))
			change = e[i].refill_at;
		else if (may_run && e[i].priority == e[current].priority)
			change = now + (uint64_t)slice_left(current);
		if (change < at)
			at = change;
	}
	return at;
}

/** Random events: time is neither lost nor given twice, and the highest that may run does. */
static void test_random(void **state)
{
	uint32_t seed = 42;

	for (unsigned round = 0; round < 200; round++) {
		uint64_t now = 0, total = 0, idle = 0;

		setup(state);
		for (unsigned i = 0; i < SCHED_MAX; i++) {
			const uint32_t period = (1 + xorshift32(&seed) % 20) * MS;
			const bool limited = xorshift32(&seed) % 2;

			add((int)(xorshift32(&seed) % 3),
			    limited ? 1 + xorshift32(&seed) % period : 0, limited ? period : 0);
		}
		for (unsigned n = 0; n < 300; n++) {
			const unsigned who = choose(now);
			const uint64_t due = sched_deadline(&s);
			uint64_t next = now + xorshift32(&seed) % (5 * MS);

			assert_true(due > now);
			assert_true(due == deadline_of(who, now));
			if (due < next)
				next = due;
			for (unsigned i = 0; i < SCHED_MAX; i++) {
				const bool able = e[i].ready && (!e[i].budget || left(i) > 0);

				assert_false(able &&
					     (who == NONE || e[i].priority > e[who].priority));
				assert_true(!e[i].budget || left(i) <= (int64_t)e[i].budget);
			}
			if (who == NONE)
				idle += next - now;
			now = next;
			e[xorshift32(&seed) % SCHED_MAX].ready ^= xorshift32(&seed) % 2;
			if (xorshift32(&seed) % 16 == 0) {
				e[xorshift32(&seed) % SCHED_MAX].priority =
					(int)(xorshift32(&seed) % 3);
				sched_order(&s);
			}
		}
		sched_account(&s, now);
		for (unsigned i = 0; i < SCHED_MAX; i++)
			total += e[i].used;
		assert_true(total + idle == now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nobody, setup),
		cmocka_unit_test_setup(test_alone_is_never_disturbed, setup),
		cmocka_unit_test_setup(test_priority, setup),
		cmocka_unit_test_setup(test_equals_take_turns, setup),
		cmocka_unit_test_setup(test_a_turn_ends_with_waiting, setup),
		cmocka_unit_test_setup(test_budget_is_a_share, setup),
		cmocka_unit_test_setup(test_budget_is_a_limit, setup),
		cmocka_unit_test_setup(test_debt, setup),
		cmocka_unit_test_setup(test_nothing_is_saved_up, setup),
		cmocka_unit_test_setup(test_long_debt, setup),
		cmocka_unit_test_setup(test_rest, setup),
		cmocka_unit_test_setup(test_refill_seen_early, setup),
		cmocka_unit_test_setup(test_priority_changes, setup),
		cmocka_unit_test_setup(test_random, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
