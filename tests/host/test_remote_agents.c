/* SPDX-License-Identifier: Apache-2.0 */
/* Several devices with an agent, served to one board: each has its turn, however much the others have to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/host/remote_fixture.h"
#include "vmm/lib/bits.h"

#define AGENTS   3u
#define PATIENCE 20000000u

/* ---- board 1 ----------------------------------------------------------------------------------- */

static struct agent {
	unsigned left;  /* that it has to say */
	unsigned steps; /* of its work */
	unsigned said;
	unsigned unmasked;
} agents[AGENTS];

static struct server_window windows[AGENTS];
static const struct server_window *const served[] = { &device_window, &windows[0], &windows[1],
						      &windows[2] };

static struct agent *agent_of(const struct server_window *w)
{
	return &agents[w - windows];
}

static enum remote_result call(const struct server_window *w, struct peer *peer, const uint8_t *in,
			       uint32_t in_length, uint8_t *out, uint32_t *length)
{
	*length = 0;
	return REMOTE_OK;
}

static bool work(const struct server_window *w, struct peer *peer, uint64_t at)
{
	struct agent *const a = agent_of(w);

	a->steps++;
	if (a->left && server_event(peer, w, "something", 9, at)) {
		a->left--;
		a->said++;
	}
	return a->left;
}

static void unmask(const struct server_window *w, uint32_t lines)
{
	agent_of(w)->unmasked++;
}

static const struct remote_target target = { .call = call, .work = work, .unmask = unmask };

/** Its device interrupts: it has @p count things to say. */
static void interrupts(unsigned n, unsigned count)
{
	agents[n].left = count;
	server_line(&boards[1], &windows[n], 0, true, now);
}

/* ---- board 0 ----------------------------------------------------------------------------------- */

static struct client_window clients[AGENTS];
static unsigned heard[AGENTS];

static void event(struct client_window *client, const uint8_t *data, uint32_t length)
{
	assert_int_equal(length, 9);
	heard[client - clients]++;
}

static const struct client_window_ops ops = { .event = event };

static bool are_open(void)
{
	return clients[0].is_open && clients[1].is_open && clients[2].is_open;
}

static int set_up(void **state)
{
	static const char *const names[AGENTS] = { "first", "second", "third" };

	wire_set_up(state);
	for (unsigned n = 0; n < AGENTS; n++) {
		agents[n] = (struct agent){ 0 };
		heard[n] = 0;
		windows[n] = (struct server_window){ .name = names[n],
						     .target = &target,
						     .capabilities = { .size = 4096,
								       .flags = REMOTE_AGENT,
								       .irq_count = 1,
								       .agent = 9 } };
	}
	board_config[1].windows = served;
	board_config[1].window_count = ARRAY_SIZE(served);
	board_restart(1);
	for (unsigned n = 0; n < AGENTS; n++) {
		clients[n] = (struct client_window){ .name = names[n], .ops = &ops };
		client_attach(&boards[0], &clients[n]);
	}
	connect_boards();
	assert_true(run_until(are_open, PATIENCE));
	for (unsigned n = 0; n < AGENTS; n++) {
		struct answer answer;
		uint32_t out;

		/* From now on its interrupts are the agent's. */
		answer_begin(&answer);
		assert_int_equal(
			client_call(&clients[n], &answer.op, "x", 1, &out, sizeof(out), now),
			REMOTE_OK);
		assert_int_equal(answer_wait(&answer), REMOTE_OK);
	}
	return 0;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void each_has_its_turn(void **state)
{
	for (unsigned n = 0; n < AGENTS; n++)
		interrupts(n, 1000000);
	run(100000);
	assert_true(agents[0].said > 100);
	for (unsigned n = 1; n < AGENTS; n++)
		assert_in_range(agents[n].said, agents[0].said - 2, agents[0].said + 2);
}

static void one_that_begins_later_does_not_wait(void **state)
{
	interrupts(0, 1000000);
	interrupts(1, 1000000);
	run(20000);
	assert_int_equal(heard[2], 0);
	interrupts(2, 1);
	run(1000);
	/* What was under way, and a step of each of the others, is all that it has waited for. */
	assert_int_equal(heard[2], 1);
	assert_int_equal(agents[2].unmasked, 1);
	assert_int_equal(agents[0].unmasked + agents[1].unmasked, 0);
}

static void who_has_nothing_to_say_is_left_alone(void **state)
{
	interrupts(1, 1000);
	run(1000000);
	assert_int_equal(heard[1], 1000);
	assert_int_equal(agents[1].unmasked, 1);
	assert_int_equal(agents[0].steps + agents[2].steps, 0);
	assert_false(peer_has_work(&boards[1]));
}

static void on_a_bad_wire_too(void **state)
{
	wire_faults = (struct wire_faults){ 20, 20, 20, 20 };
	for (unsigned n = 0; n < AGENTS; n++)
		interrupts(n, 400 + n);
	run(60000000);
	for (unsigned n = 0; n < AGENTS; n++) {
		assert_int_equal(heard[n], 400 + n);
		assert_int_equal(agents[n].unmasked, 1);
	}
}

#define AGENTS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENTS_TEST(each_has_its_turn),
		AGENTS_TEST(one_that_begins_later_does_not_wait),
		AGENTS_TEST(who_has_nothing_to_say_is_left_alone),
		AGENTS_TEST(on_a_bad_wire_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
