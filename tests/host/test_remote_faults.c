/* SPDX-License-Identifier: Apache-2.0 */
/* Exactly once and in order, on a wire with every fault at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/host/remote_fixture.h"

static const struct wire_faults all_faults = { 20, 20, 20, 20 };

static struct answer waiting;

static bool has_room(void)
{
	return ready_calls > 0;
}

/** Posts a write to the FIFO, waiting for room if there is none. */
static void post(uint32_t value)
{
	for (;;) {
		const enum remote_result result =
			client_write(&window, NULL, DEVICE_FIFO, 4, value, now);

		if (result == REMOTE_OK)
			break;
		assert_int_equal(result, REMOTE_BUSY);
		ready_calls = 0;
		assert_true(run_until(has_room, 20000000));
	}
}

static uint32_t read_fifo(void)
{
	for (;;) {
		enum remote_result result;

		answer_begin(&waiting);
		result = client_read(&window, &waiting.op, DEVICE_FIFO, 4, now);
		if (result == REMOTE_OK)
			break;
		assert_int_equal(result, REMOTE_BUSY);
		ready_calls = 0;
		assert_true(run_until(has_room, 20000000));
	}
	assert_int_equal(answer_wait(&waiting), REMOTE_OK);
	return waiting.op.value;
}

static void run_accesses(unsigned count, unsigned reads_in_a_thousand)
{
	unsigned done = 0;

	connect_boards();
	while (done < count) {
		if (wire_random() % 1000 < reads_in_a_thousand)
			assert_int_equal(read_fifo(), done);
		else
			post(done);
		done++;
	}
	ready_calls = 0;
	while (boards[0].client.open || boards[0].link.oldest != boards[0].link.next)
		run(1000);
	assert_int_equal(device.fifo, count);
	assert_false(device.fifo_wrong);
	assert_int_equal(boards[0].counters.sessions, 1);
	assert_int_equal(boards[0].counters.posted_failures, 0);
}

static void every_access_is_done_once_and_in_order(void **state)
{
	for (uint32_t seed = 1; seed <= 4; seed++) {
		wire_tear_down(state);
		wire_set_up(state);
		wire_seed(seed * 7919);
		wire_faults = all_faults;
		run_accesses(seed % 2 ? 30000 : 300000, seed % 2 ? 50 : 1);
		assert_true(boards[1].counters.duplicates > 10);
		assert_true(seed % 2 || boards[1].counters.early > 10);
		assert_true(boards[1].counters.forged > 0);
		assert_true(boards[0].counters.resent > 10);
	}
}

static void slow_accesses_too(void **state)
{
	wire_faults = all_faults;
	connect_boards();
	for (unsigned i = 0; i < 500; i++) {
		device.later = wire_random() % 4;
		assert_int_equal(read_fifo(), i);
	}
}

static void transfers_arrive_whole(void **state)
{
	const struct client_transfer transfer = { DEVICE_FIFO, 340, 4, true };
	uint32_t words[340];

	wire_faults = all_faults;
	connect_boards();
	for (unsigned n = 0; n < 300; n++) {
		answer_begin(&waiting);
		if (n % 2) {
			for (unsigned i = 0; i < 340; i++)
				words[i] = n * 340 + i;
			assert_int_equal(
				client_write_multi(&window, &waiting.op, &transfer, words, now),
				REMOTE_OK);
		} else {
			assert_int_equal(
				client_read_multi(&window, &waiting.op, &transfer, words, now),
				REMOTE_OK);
		}
		assert_int_equal(answer_wait(&waiting), REMOTE_OK);
		for (unsigned i = 0; i < 340; i++)
			assert_int_equal(words[i], n * 340 + i);
	}
	assert_false(device.fifo_wrong);
}

static bool levels_agree(void)
{
	return window.levels == device.levels;
}

static void lines_end_as_they_are(void **state)
{
	uint32_t value;

	wire_faults = all_faults;
	connect_boards();
	for (unsigned n = 0; n < 300; n++) {
		interrupt(wire_random() % 2, wire_random() % 2);
		/* A guest looks at the device as long as it sees a line; then it is as it is. */
		while (window.levels & ~device.levels)
			assert_int_equal(read_now(0x20, 4, &value), REMOTE_OK);
		assert_true(run_until(levels_agree, 20000000));
	}
}

static void restarts_lose_operations_but_do_none_twice(void **state)
{
	wire_faults = all_faults;
	for (unsigned n = 0; n < 60; n++) {
		unsigned answered = 0, lost = 0, before;

		connect_boards();
		before = device.fifo;
		for (unsigned i = 0; i < 40; i++) {
			answer_begin(&waiting);
			if (client_read(&window, &waiting.op, DEVICE_FIFO, 4, now) != REMOTE_OK)
				break;
			if (i == 5 + n % 20)
				peer_stop(&boards[n / 2 % 2], now);
			answer_wait(&waiting);
			if (waiting.result == REMOTE_OK) {
				assert_int_equal(waiting.op.value, before + answered);
				answered++;
			} else {
				assert_int_equal(waiting.result, REMOTE_LOST);
				lost++;
			}
		}
		/* What was lost may have been done, once. */
		assert_true(lost <= 1);
		assert_in_range(device.fifo - before, answered, answered + lost);
		peer_stop(&boards[0], now);
		peer_stop(&boards[1], now);
		peer_start(&boards[0], now);
		peer_start(&boards[1], now);
	}
}

static bool is_open(void)
{
	return window.is_open;
}

/* As when a VM's description is replaced: its windows are closed, and those of the next one opened. */
static void an_event_for_the_user_before_is_not_for_the_next_one(void **state)
{
	for (unsigned n = 0; n < 3; n++) {
		connect_boards();
		wire_cut = true;
		assert_true(server_event(&boards[1], &device_window, "old", 3, now));
		wire_cut = false;
		client_detach(&window);
		client_attach(&boards[0], &window);
		assert_true(run_until(is_open, 20000000));
		run(300000); /* what was lost has come, sent again */
		assert_int_equal(boards[1].counters.resent, n + 1);
		assert_int_equal(event_length, 0);
		assert_true(server_event(&boards[1], &device_window, "for it", 6, now));
		run(1000);
		assert_int_equal(event_length, 6);
		event_length = 0;
	}
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, wire_set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(every_access_is_done_once_and_in_order),
		FAULT_TEST(slow_accesses_too),
		FAULT_TEST(transfers_arrive_whole),
		FAULT_TEST(lines_end_as_they_are),
		FAULT_TEST(restarts_lose_operations_but_do_none_twice),
		FAULT_TEST(an_event_for_the_user_before_is_not_for_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
