/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/remote/frame.h"
#include "tests/host/remote_fixture.h"

#define SECOND 1000000u

static uint32_t value;

/* ---- what went over the wire ----------------------------------------------------------------- */

#define CAPTURES 3000u

static struct {
	uint8_t frame[REMOTE_FRAME_MAX] __attribute__((aligned(4)));
	uint32_t length;
	unsigned from;
} captured[CAPTURES];
static unsigned capture_count;
static unsigned types[FRAME_TYPE_END];

static void capture(unsigned from, const uint8_t *frame, uint32_t length)
{
	assert_in_range(frame[1], 1, FRAME_TYPE_END - 1);
	types[frame[1]]++;
	if (capture_count == CAPTURES)
		return;
	memcpy(captured[capture_count].frame, frame, length);
	captured[capture_count].length = length;
	captured[capture_count++].from = from;
}

static int set_up(void **state)
{
	wire_set_up(state);
	wire_tap = capture;
	capture_count = 0;
	memset(types, 0, sizeof(types));
	return 0;
}

/** Sends everything that was captured once more, to whom it was for. */
static void replay(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		deliver(!captured[i].from, captured[i].frame, captured[i].length);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void a_session_takes_two_round_trips(void **state)
{
	connect_boards();
	run(SECOND / 2);
	assert_int_equal(types[FRAME_HELLO], 1);
	assert_int_equal(types[FRAME_CHALLENGE], 1);
	assert_int_equal(types[FRAME_PROOF], 1);
	assert_int_equal(types[FRAME_WELCOME], 1);
	assert_true(boards[0].session.is_up && boards[1].session.is_up);
	assert_int_equal(boards[0].session.id, boards[1].session.id);
	assert_int_equal(boards[0].counters.sessions, 1);
	assert_int_equal(boards[1].counters.sessions, 1);
	assert_true(boards[0].session.is_initiator);
	assert_false(boards[1].session.is_initiator);
}

static void each_session_has_a_key_of_its_own(void **state)
{
	struct mac_key key;

	connect_boards();
	assert_memory_equal(&boards[0].session.in, &boards[1].session.out, sizeof(key));
	assert_memory_equal(&boards[0].session.out, &boards[1].session.in, sizeof(key));
	assert_memory_not_equal(&boards[0].session.out, &boards[0].session.in, sizeof(key));
	key = boards[0].session.in;
	board_restart(0);
	connect_boards();
	assert_memory_not_equal(&boards[0].session.in, &key, sizeof(key));
}

static void no_key_outlives_its_session(void **state)
{
	static const struct mac_key none;

	connect_boards();
	peer_stop(&boards[0], now);
	run(1000);
	for (unsigned n = 0; n < 2; n++) {
		assert_false(boards[n].session.is_up);
		assert_memory_equal(&boards[n].session.in, &none, sizeof(none));
		assert_memory_equal(&boards[n].session.out, &none, sizeof(none));
		assert_memory_equal(&boards[n].session.next_in, &none, sizeof(none));
		assert_memory_equal(&boards[n].session.next_out, &none, sizeof(none));
	}
}

static unsigned drawn[2];

static void draw(struct peer *peer, void *to, uint32_t length)
{
	drawn[peer - boards]++;
	for (uint32_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = (uint8_t)wire_random();
}

/** Early, a board has little to make it of: others could know it, or it could be that of the last start. */
static void a_responder_makes_its_nonce_when_it_is_asked(void **state)
{
	struct peer_ops ops = *board_config[1].ops;

	ops.random = draw;
	board_config[1].ops = &ops;
	drawn[1] = 0;
	wire_cut = true;
	board_restart(1);
	run(10 * SECOND);
	assert_int_equal(drawn[1], 0);
	wire_cut = false;
	connect_boards();
	assert_int_equal(drawn[1], 1);
	run(10 * SECOND);
	board_restart(0);
	connect_boards();
	assert_int_equal(drawn[1], 2);
}

static void one_side_may_be_passive(void **state)
{
	for (unsigned passive = 0; passive < 2; passive++) {
		board_config[passive].passive = true;
		board_restart(0);
		board_restart(1);
		connect_boards();
		board_config[passive].passive = false;
	}
	board_config[0].passive = board_config[1].passive = true;
	board_restart(0);
	board_restart(1);
	capture_count = 0;
	run(5 * SECOND);
	assert_false(boards[0].session.is_up);
	assert_int_equal(capture_count, 0);
}

static void another_key_is_no_session(void **state)
{
	static const uint8_t other[REMOTE_KEY_BYTES] = { 1 };

	board_config[1].key = other;
	board_restart(1);
	run(10 * SECOND);
	assert_false(boards[0].session.is_up || boards[1].session.is_up);
	assert_true(boards[0].counters.forged > 0 && boards[1].counters.forged > 0);
	/* No key is another one than a key of nothing but zeros. */
	board_config[1].key = NULL;
	board_restart(1);
	run(10 * SECOND);
	assert_false(boards[0].session.is_up || boards[1].session.is_up);
	board_config[0].key = NULL;
	board_restart(0);
	connect_boards();
}

static void attempts_become_rarer(void **state)
{
	wire_cut = true;
	run(20 * SECOND);
	assert_in_range(types[FRAME_HELLO], 10, 20);
	assert_in_range(types[FRAME_KNOCK], 10, 20);
}

/* ---- end ------------------------------------------------------------------------------------- */

static void a_goodbye_ends_it(void **state)
{
	struct answer answer;

	connect_boards();
	answer_begin(&answer);
	device.later = 1000000;
	client_read(&window, &answer.op, 0, 4, now);
	peer_stop(&boards[1], now);
	device.later = 0;
	assert_false(device.in_use);
	run(1000);
	assert_false(boards[0].session.is_up);
	assert_int_equal(boards[0].session.end, SESSION_END_GOODBYE);
	assert_int_equal(boards[1].session.end, SESSION_END_STOPPED);
	assert_int_equal(answer.result, REMOTE_LOST);
	assert_int_equal(answer.count, 1);
	assert_int_equal(closed, 1);
	assert_int_equal(client_read(&window, &answer.op, 0, 4, now), REMOTE_DOWN);
	run(5 * SECOND);
	assert_false(boards[0].session.is_up);
	peer_start(&boards[1], now);
	connect_boards();
}

static void silence_ends_it(void **state)
{
	struct answer answer;
	uint64_t cut;

	connect_boards();
	interrupt(0, true);
	run(10000);
	assert_int_equal(window.levels, 1);
	cut = now;
	wire_cut = true;
	answer_begin(&answer);
	client_read(&window, &answer.op, 0, 4, now);
	assert_int_equal(answer_wait(&answer), REMOTE_LOST);
	assert_in_range(now - cut, 29 * SECOND / 10, 3 * SECOND);
	assert_int_equal(boards[0].session.end, SESSION_END_SILENT);
	assert_int_equal(window.levels, 0);
	run(SECOND);
	assert_false(device.in_use);
	wire_cut = false;
	connect_boards();
	assert_int_equal(read_now(0, 4, &value), REMOTE_OK);
}

static void an_idle_session_is_quiet_and_lives(void **state)
{
	connect_boards();
	run(SECOND);
	wire_frames = 0;
	run(10 * SECOND);
	assert_in_range(wire_frames, 10, 24);
	assert_int_equal(types[FRAME_PING], types[FRAME_PONG]);
	assert_int_equal(boards[0].counters.sessions, 1);
}

static void a_restart_is_found(void **state)
{
	for (unsigned n = 0; n < 6; n++) {
		const unsigned which = n & 1;
		struct answer answer;

		connect_boards();
		answer_begin(&answer);
		if (which == 1) {
			wire_cut = true;
			client_read(&window, &answer.op, 0, 4, now);
			settle(0);
			wire_cut = false;
		}
		board_restart(which);
		run(SECOND / 2);
		assert_true(boards[0].session.is_up && boards[1].session.is_up);
		if (which == 1) {
			assert_int_equal(answer.count, 1);
			assert_int_equal(answer.result, REMOTE_LOST);
			assert_int_equal(boards[0].session.end, SESSION_END_RESTARTED);
		} else {
			assert_int_equal(boards[1].session.end, SESSION_END_RESTARTED);
		}
		assert_true(window.is_open);
		assert_int_equal(read_now(8, 4, &value), REMOTE_OK);
	}
}

static void a_session_ends_before_its_counter(void **state)
{
	connect_boards();
	boards[0].session.sent = 0xffff0000u - 5;
	boards[1].session.seen = 0xffff0000u - 5;
	for (unsigned i = 0; i < 20; i++) {
		connect_boards();
		assert_int_equal(read_now(8, 4, &value), REMOTE_OK);
	}
	assert_int_equal(boards[0].counters.sessions, 2);
	assert_int_equal(boards[0].session.end, SESSION_END_EXHAUSTED);
}

/* ---- a hostile one on the wire --------------------------------------------------------------- */

static void what_was_captured_changes_nothing(void **state)
{
	unsigned count, reads;
	uint32_t id;

	connect_boards();
	for (unsigned i = 0; i < 20; i++) {
		client_write(&window, NULL, 0x40, 4, i, now);
		assert_int_equal(read_now(DEVICE_FIFO, 4, &value), REMOTE_OK);
	}
	interrupt(1, true);
	run(SECOND);
	count = capture_count;
	reads = device.reads;
	id = boards[0].session.id;
	/* In the session it is of. */
	for (unsigned i = 0; i < 3; i++) {
		replay(count);
		run(SECOND);
	}
	assert_int_equal(device.reads, reads);
	assert_int_equal(device.writes, 20);
	assert_int_equal(boards[0].session.id, id);
	assert_int_equal(boards[0].counters.sessions, 1);
	assert_int_equal(boards[1].counters.sessions, 1);
	assert_int_equal(window.levels, 2);
	assert_true(boards[0].counters.replayed > 40 && boards[1].counters.replayed > 40);
	/* And in one after it. */
	board_restart(0);
	connect_boards();
	run(SECOND);
	id = boards[0].session.id;
	reads = device.reads;
	replay(count);
	run(SECOND);
	assert_int_equal(device.reads, reads);
	assert_int_equal(boards[0].session.id, id);
	assert_int_equal(boards[1].session.id, id);
	assert_int_equal(read_now(DEVICE_FIFO, 4, &value), REMOTE_OK);
	assert_int_equal(value, 20);
}

static void no_replay_hinders_a_handshake(void **state)
{
	connect_boards();
	run(SECOND);
	board_restart(0);
	board_restart(1);
	for (unsigned i = 0; i < 50 && !window.is_open; i++) {
		replay(capture_count < 20 ? capture_count : 20);
		run(SECOND / 20);
	}
	assert_true(window.is_open);
}

static void mutated_frames_are_counted_and_nothing_else(void **state)
{
	const struct peer *b = &boards[1];
	uint32_t id, rejected;
	unsigned count, reads, writes;

	connect_boards();
	for (unsigned i = 0; i < 10; i++) {
		client_write(&window, NULL, 0x40, 4, i, now);
		read_now(DEVICE_FIFO, 4, &value);
	}
	count = capture_count;
	id = b->session.id;
	reads = device.reads;
	writes = device.writes;
	rejected = b->counters.forged + b->counters.malformed + b->counters.foreign +
		   b->counters.replayed;
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned n = wire_random() % count;
		const uint32_t room = (captured[n].length + 15u) & ~3u;
		uint8_t *frame = malloc(room);
		uint32_t length = captured[n].length;

		memcpy(frame, captured[n].frame, length);
		frame_put(frame + 8, boards[0].session.sent + 1000); /* a counter that is new */
		switch (wire_random() % 4) {
		case 0:
			length = wire_random() % (length + 1);
			break;
		case 1:
			memset(frame + length, 0xaa, 12);
			length += 12;
			frame[2] = (uint8_t)(frame[2] + 4 * (wire_random() % 8));
			break;
		default:
			for (unsigned k = wire_random() % 5; k > 0; k--)
				frame[wire_random() % length] ^= (uint8_t)wire_random();
			break;
		}
		/* Exactly as long as it is, for the sanitizer. */
		uint8_t *exact = malloc(length + !length);

		memcpy(exact, frame, length);
		deliver(1, exact, length);
		free(exact);
		free(frame);
	}
	assert_int_equal(device.reads, reads);
	assert_int_equal(device.writes, writes);
	assert_int_equal(b->session.id, id);
	assert_int_equal(b->counters.sessions, 1);
	assert_true(b->counters.forged + b->counters.malformed + b->counters.foreign +
			    b->counters.replayed - rejected >
		    15000);
	assert_int_equal(read_now(DEVICE_FIFO, 4, &value), REMOTE_OK);
	assert_int_equal(value, 10);
}

static void nobody_is_served_what_is_for_another_direction(void **state)
{
	connect_boards();
	run(1000);
	/* Reflected: to who sent it. */
	for (unsigned i = 0; i < capture_count; i++) {
		const uint32_t before = boards[captured[i].from].counters.sessions;

		deliver(captured[i].from, captured[i].frame, captured[i].length);
		assert_int_equal(boards[captured[i].from].counters.sessions, before);
	}
	assert_true(boards[0].counters.forged + boards[0].counters.replayed > 0);
	assert_int_equal(read_now(DEVICE_FIFO, 4, &value), REMOTE_OK);
	assert_int_equal(value, 0);
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(a_session_takes_two_round_trips),
		SESSION_TEST(each_session_has_a_key_of_its_own),
		SESSION_TEST(no_key_outlives_its_session),
		SESSION_TEST(a_responder_makes_its_nonce_when_it_is_asked),
		SESSION_TEST(one_side_may_be_passive),
		SESSION_TEST(another_key_is_no_session),
		SESSION_TEST(attempts_become_rarer),
		SESSION_TEST(a_goodbye_ends_it),
		SESSION_TEST(silence_ends_it),
		SESSION_TEST(an_idle_session_is_quiet_and_lives),
		SESSION_TEST(a_restart_is_found),
		SESSION_TEST(a_session_ends_before_its_counter),
		SESSION_TEST(what_was_captured_changes_nothing),
		SESSION_TEST(no_replay_hinders_a_handshake),
		SESSION_TEST(mutated_frames_are_counted_and_nothing_else),
		SESSION_TEST(nobody_is_served_what_is_for_another_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
