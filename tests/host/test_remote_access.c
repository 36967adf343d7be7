/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/remote/frame.h"
#include "tests/host/remote_fixture.h"

static uint32_t value;

static void a_window_is_found_by_its_name(void **state)
{
	connect_boards();
	assert_int_equal(opened, 1);
	assert_true(device.in_use);
	assert_int_equal(window.capabilities.size, DEVICE_SIZE);
	assert_int_equal(window.capabilities.widths, 7);
	assert_int_equal(window.capabilities.irq_count, 2);
	assert_int_equal(window.capabilities.flags, REMOTE_READ | REMOTE_WRITE | REMOTE_AGENT);
	assert_int_equal(window.capabilities.agent, 9);
}

static void a_name_that_nobody_has_is_refused(void **state)
{
	static const struct client_window_ops none;
	struct client_window missing = { .name = "devices", .ops = &none };

	connect_boards();
	client_attach(&boards[0], &missing);
	run(10000);
	assert_false(missing.is_open);
	assert_int_equal(missing.refusal, REMOTE_NO_WINDOW);
	/* Whoever looks after the board is told of it, once in each session. */
	assert_ptr_equal(client_next_refused(&boards[0]), &missing);
	assert_null(client_next_refused(&boards[0]));
	assert_null(client_next_refused(&boards[1]));
	peer_stop(&boards[1], now);
	peer_start(&boards[1], now);
	run(5000000);
	assert_true(window.is_open);
	assert_ptr_equal(client_next_refused(&boards[0]), &missing);
	assert_null(client_next_refused(&boards[0]));
	client_detach(&missing);
}

static void bytes_halves_and_words_are_where_they_belong(void **state)
{
	static const uint8_t memory[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };

	connect_boards();
	memcpy(device.memory + 8, memory, sizeof(memory));
	assert_int_equal(read_now(8, 4, &value), REMOTE_OK);
	assert_int_equal(value, 0x44332211);
	assert_int_equal(read_now(14, 2, &value), REMOTE_OK);
	assert_int_equal(value, 0x8877);
	assert_int_equal(read_now(11, 1, &value), REMOTE_OK);
	assert_int_equal(value, 0x44);
	assert_int_equal(write_now(9, 1, 0xffffffab), REMOTE_OK);
	assert_int_equal(write_now(10, 2, 0xffffcdef), REMOTE_OK);
	assert_int_equal(read_now(8, 4, &value), REMOTE_OK);
	assert_int_equal(value, 0xcdefab11);
}

static void a_read_is_two_frames(void **state)
{
	connect_boards();
	wire_frames = 0;
	wire_bytes = 0;
	assert_int_equal(read_now(0, 4, &value), REMOTE_OK);
	run(500000); /* and none after them */
	assert_int_equal(wire_frames, 2);
	assert_int_equal(wire_bytes, 32 + 32);
}

static void words_to_a_fifo_are_two_frames(void **state)
{
	static const uint32_t words[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	const struct client_transfer transfer = { DEVICE_FIFO, 8, 4, true };

	connect_boards();
	wire_frames = 0;
	assert_int_equal(client_write_multi(&window, NULL, &transfer, words, now), REMOTE_OK);
	run(500000);
	assert_int_equal(wire_frames, 2);
	assert_int_equal(device.fifo, 8);
	assert_false(device.fifo_wrong);
}

static void words_of_a_fifo_come_in_order(void **state)
{
	const struct client_transfer transfer = { DEVICE_FIFO, 128, 4, true };
	struct answer answer;
	uint32_t words[128];

	connect_boards();
	wire_frames = 0;
	answer_begin(&answer);
	assert_int_equal(client_read_multi(&window, &answer.op, &transfer, words, now), REMOTE_OK);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_int_equal(answer.op.length, 512);
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(words[i], i);
	assert_int_equal(wire_frames, 2);
}

static void posted_writes_share_frames(void **state)
{
	connect_boards();
	wire_frames = 0;
	for (unsigned i = 0; i < 100; i++) {
		/* Not two to the same place or the next one: as expensive as it gets. */
		assert_int_equal(client_write(&window, NULL, 16 + 8 * (i % 2), 4, i, now),
				 REMOTE_OK);
	}
	assert_int_equal(wire_frames, 0);
	run(boards[0].config->timing.gather + 1000);
	assert_int_equal(device.writes, 100);
	assert_int_equal(wire_frames, 2);
	assert_int_equal(device.memory[16], 98);
	assert_int_equal(device.memory[24], 99);
}

static void posted_writes_in_a_row_become_one_operation(void **state)
{
	connect_boards();
	wire_frames = 0;
	for (unsigned i = 0; i < 340; i++)
		assert_int_equal(client_write(&window, NULL, DEVICE_FIFO, 4, i, now), REMOTE_OK);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(client_write(&window, NULL, 0x100 + i, 1, 0x40 + i, now),
				 REMOTE_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(client_write(&window, NULL, 0x106 + 2 * i, 2, 0x1234 + i, now),
				 REMOTE_OK);
	assert_int_equal(flush_now(), REMOTE_OK);
	assert_int_equal(wire_frames, 2);
	assert_int_equal(device.fifo, 340);
	assert_false(device.fifo_wrong);
	assert_int_equal(device.writes, 348);
	assert_memory_equal(device.memory + 0x100, "\x40\x41\x42\x43\x44\0\x34\x12\x35\x12\x36\x12",
			    12);
}

static void a_read_sees_what_was_posted_before(void **state)
{
	connect_boards();
	wire_frames = 0;
	client_write(&window, NULL, 0x20, 4, 0xcafe, now);
	client_write(&window, NULL, 0x30, 4, 0xbeef, now);
	assert_int_equal(read_now(0x20, 4, &value), REMOTE_OK);
	assert_int_equal(value, 0xcafe);
	assert_int_equal(wire_frames, 2);
}

static void bus_errors_come_back(void **state)
{
	const struct client_transfer across = { DEVICE_FAULTY, 4, 4, false };
	struct answer answer;
	uint32_t words[4];

	connect_boards();
	assert_int_equal(read_now(DEVICE_FAULTY, 4, &value), REMOTE_BUS_ERROR);
	assert_int_equal(write_now(DEVICE_FAULTY, 4, 0), REMOTE_BUS_ERROR);
	answer_begin(&answer);
	client_read_multi(&window, &answer.op, &across, words, now);
	assert_int_equal(answer_wait(&answer), REMOTE_BUS_ERROR);
	assert_int_equal(device.reads, 2);
	/* Posted: what follows is done all the same, and it is told. */
	client_write(&window, NULL, DEVICE_FAULTY, 4, 1, now);
	assert_int_equal(write_now(0x40, 4, 7), REMOTE_OK);
	assert_int_equal(posted_failures, 1);
	assert_int_equal(boards[0].counters.posted_failures, 1);
	assert_int_equal(boards[1].counters.bus_errors, 4);
	assert_int_equal(device.memory[0x40], 7);
}

static void the_access_list_decides(void **state)
{
	static const struct {
		uint32_t offset;
		unsigned width;
		bool is_write;
	} refused[] = {
		{ DEVICE_BYTES, 4, false },  /* only bytes */
		{ DEVICE_BYTES, 1, true },   /* only reads */
		{ DEVICE_HIDDEN, 4, false }, /* in no range */
		{ DEVICE_SIZE, 4, false },   /* outside */
		{ 0xfffffffc, 4, false },
		{ 2, 4, false }, /* not aligned */
		{ 1, 2, true },
		{ DEVICE_FAULTY, 1, false },
	};

	connect_boards();
	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (refused[i].is_write)
			assert_int_equal(write_now(refused[i].offset, refused[i].width, 1),
					 REMOTE_REFUSED);
		else
			assert_int_equal(read_now(refused[i].offset, refused[i].width, &value),
					 REMOTE_REFUSED);
	}
	assert_int_equal(device.reads + device.writes, 0);
	assert_int_equal(boards[1].counters.refused, sizeof(refused) / sizeof(refused[0]));
	assert_int_equal(read_now(DEVICE_BYTES, 1, &value), REMOTE_OK);
}

static void a_transfer_must_not_leave_its_range(void **state)
{
	static const struct client_transfer out[] = {
		{ DEVICE_BYTES - 8, 3, 4, false },
		{ DEVICE_BYTES - 4, 348, 4, false },
		{ DEVICE_HIDDEN - 4, 2, 4, false },
	};
	struct answer answer;
	uint32_t words[350];

	connect_boards();
	for (unsigned i = 0; i < 3; i++) {
		answer_begin(&answer);
		assert_int_equal(client_read_multi(&window, &answer.op, &out[i], words, now),
				 REMOTE_OK);
		assert_int_equal(answer_wait(&answer), REMOTE_REFUSED);
	}
	assert_int_equal(device.reads, 0);
}

static void posted_writes_fail_one_by_one(void **state)
{
	connect_boards();
	/* One operation: some allowed, some not, a bus error, and allowed again. */
	for (uint32_t offset = DEVICE_BYTES - 8; offset < DEVICE_BYTES + 8; offset += 4)
		client_write(&window, NULL, offset, 4, offset, now);
	assert_int_equal(flush_now(), REMOTE_OK);
	assert_int_equal(device.writes, 2);
	assert_int_equal(posted_failures, 1);
	assert_int_equal(device.memory[DEVICE_BYTES - 4], 0xfc);
	for (unsigned i = 0; i < 8; i++)
		client_write(&window, NULL, 0x100 + 4 * i, 4, 5, now);
	device.fails_at = 0x108;
	assert_int_equal(flush_now(), REMOTE_OK);
	assert_int_equal(device.memory[0x104], 5);
	assert_int_equal(device.memory[0x108], 0);
	assert_int_equal(device.memory[0x10c], 5);
	assert_int_equal(device.memory[0x11c], 5);
	assert_int_equal(posted_failures, 2);
}

static void an_operation_may_span_ranges(void **state)
{
	const struct client_transfer both = { DEVICE_BYTES - 4, 8, 1, false };
	struct answer answer;
	uint8_t bytes[8];

	connect_boards();
	answer_begin(&answer);
	client_read_multi(&window, &answer.op, &both, bytes, now);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_int_equal(device.reads, 8);
}

/** An operation that is begun when another one is done: from within the callback. */
static unsigned chained;

static void begin_next(struct client_op *op, enum remote_result result)
{
	assert_int_equal(result, REMOTE_OK);
	assert_int_equal(op->value, chained);
	if (++chained < 100)
		assert_int_equal(client_read(&window, op, DEVICE_FIFO, 4, now), REMOTE_OK);
}

static void operations_may_be_begun_by_callbacks(void **state)
{
	struct client_op op = { .done = begin_next, .deadline = REMOTE_NEVER };

	connect_boards();
	chained = 0;
	assert_int_equal(client_read(&window, &op, DEVICE_FIFO, 4, now), REMOTE_OK);
	run(100000);
	assert_int_equal(chained, 100);
	assert_int_equal(device.fifo, 100);
}

static void memory_is_copied_in_blocks(void **state)
{
	static const struct client_window_ops none;
	struct client_window mem = { .name = "memory of all", .ops = &none };
	const struct client_transfer transfer = { 0x101, REMOTE_DATA_MAX, 1, false };
	uint8_t bytes[REMOTE_DATA_MAX], back[REMOTE_DATA_MAX];
	struct answer answer;

	connect_boards();
	client_attach(&boards[0], &mem);
	run(10000);
	assert_true(mem.is_open);
	assert_int_equal(mem.capabilities.flags, REMOTE_READ | REMOTE_WRITE | REMOTE_MEMORY);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	wire_frames = 0;
	assert_int_equal(client_write_multi(&mem, NULL, &transfer, bytes, now), REMOTE_OK);
	answer_begin(&answer);
	assert_int_equal(client_read_multi(&mem, &answer.op, &transfer, back, now), REMOTE_OK);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_memory_equal(bytes, back, sizeof(bytes));
	assert_memory_equal(bytes, device.memory + 0x101, sizeof(bytes));
	assert_int_equal(device.blocks, 12);
	assert_in_range(wire_frames, 2, 4);
	client_detach(&mem);
	run(10000);
	assert_false(boards[1].server.use[1].in_use);
}

static void an_access_may_take_its_time(void **state)
{
	connect_boards();
	device.later = 5;
	client_write(&window, NULL, 0x10, 4, 3, now);
	assert_int_equal(read_now(0x10, 4, &value), REMOTE_OK);
	assert_int_equal(value, 3);
	assert_int_equal(device.later, 0);
	assert_int_equal(device.writes, 1);
}

static void a_call_reaches_the_agent(void **state)
{
	struct answer answer;
	uint8_t out[8] = { 0 };

	connect_boards();
	device.later = 2;
	answer_begin(&answer);
	client_call(&window, &answer.op, "hello", 5, out, sizeof(out), now);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_int_equal(answer.op.length, 5);
	assert_memory_equal(out, "olleh\0\0", 8);
	answer_begin(&answer);
	client_call(&window, &answer.op, "hello", 5, out, 2, now);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_int_equal(answer.op.length, 2);
	assert_int_equal(device.calls, 2);
	assert_true(server_event(&boards[1], &device_window, "abcdefg", 7, now));
	run(1000);
	assert_int_equal(event_length, 7);
	assert_memory_equal(event_data, "abcdefg", 7);
}

static void windows_can_be_listed(void **state)
{
	struct answer answer;
	uint8_t out[64];

	connect_boards();
	answer_begin(&answer);
	client_lookup(&boards[0], &answer.op, 1, out, sizeof(out), now);
	assert_int_equal(answer_wait(&answer), REMOTE_OK);
	assert_int_equal(answer.op.length, FRAME_WINDOW_BYTES + 13);
	assert_int_equal(out[0], 1);
	assert_memory_equal(out + FRAME_WINDOW_BYTES, "memory of all", 13);
	answer_begin(&answer);
	client_lookup(&boards[0], &answer.op, 2, out, sizeof(out), now);
	assert_int_equal(answer_wait(&answer), REMOTE_NO_WINDOW);
}

static void too_many_frames_are_busy_until_there_is_room(void **state)
{
	struct answer answers[LINK_SLOTS + 1];

	connect_boards();
	for (unsigned i = 0; i <= LINK_SLOTS; i++) {
		answer_begin(&answers[i]);
		assert_int_equal(client_read(&window, &answers[i].op, DEVICE_FIFO, 4, now),
				 i < LINK_SLOTS ? REMOTE_OK : REMOTE_BUSY);
	}
	assert_int_equal(ready_calls, 0);
	run(10000);
	assert_int_equal(ready_calls, 1);
	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		assert_int_equal(answers[i].count, 1);
		assert_int_equal(answers[i].op.value, i);
	}
	assert_int_equal(answers[LINK_SLOTS].count, 0);
	assert_int_equal(client_read(&window, &answers[LINK_SLOTS].op, 8, 4, now), REMOTE_OK);
	assert_int_equal(answer_wait(&answers[LINK_SLOTS]), REMOTE_OK);
}

static void an_operation_has_a_deadline(void **state)
{
	struct answer answer;
	const uint64_t begun = now + 0;

	connect_boards();
	wire_cut = true;
	answer_begin(&answer);
	answer.op.deadline = now + 30000;
	client_read(&window, &answer.op, DEVICE_FIFO, 4, now);
	assert_int_equal(answer_wait(&answer), REMOTE_TIMEOUT);
	assert_int_equal(now, answer.op.deadline);
	assert_true(now > begun);
	wire_cut = false;
	run(1000000);
	/* The late answer went nowhere, and it was done once. */
	assert_int_equal(answer.count, 1);
	assert_int_equal(device.fifo, 1);
	assert_int_equal(boards[0].counters.late_answers, 1);
	assert_int_equal(read_now(DEVICE_FIFO, 4, &value), REMOTE_OK);
	assert_int_equal(value, 1);
}

static void a_cancelled_operation_is_not_answered(void **state)
{
	struct answer answers[2];

	connect_boards();
	answer_begin(&answers[0]);
	answer_begin(&answers[1]);
	client_read(&window, &answers[0].op, DEVICE_FIFO, 4, now);
	client_read(&window, &answers[1].op, DEVICE_FIFO, 4, now);
	client_cancel(&answers[0].op);
	client_cancel(&answers[0].op);
	run(10000);
	assert_int_equal(answers[0].count, 0);
	assert_int_equal(answers[1].count, 1);
	assert_int_equal(answers[1].op.value, 1);
}

static void lines_are_told_masked_and_come_back(void **state)
{
	connect_boards();
	wire_frames = 0;
	interrupt(1, true);
	run(1000);
	assert_int_equal(window.levels, 2);
	assert_int_equal(wire_frames, 2);
	assert_int_equal(device.masked, 2);
	/* The guest's handler makes it low with a write: the answer says so. */
	device.levels = 0;
	assert_int_equal(write_now(0x10, 4, 1), REMOTE_OK);
	assert_int_equal(window.levels, 0);
	assert_int_equal(wire_frames, 4);
	assert_int_equal(device.masked, 0);
	interrupt(1, true);
	run(1000);
	assert_int_equal(window.levels, 2);
}

static void a_line_that_stays_high_does_not_storm(void **state)
{
	connect_boards();
	interrupt(0, true);
	run(1000);
	assert_int_equal(window.levels, 1);
	wire_frames = 0;
	run(500000);
	assert_int_equal(wire_frames, 0);
	client_acknowledge(&window, 1, now);
	run(10000);
	/* It was unmasked, interrupted again, and there is nothing new to tell. */
	assert_int_equal(device.unmasked, 1);
	assert_int_equal(device.masked, 1);
	assert_int_equal(window.levels, 1);
	assert_int_equal(wire_frames, 2);
	device.levels = 0;
	client_acknowledge(&window, 1, now);
	run(10000);
	assert_int_equal(window.levels, 0);
	assert_int_equal(device.masked, 0);
}

#define ACCESS_TEST(name) cmocka_unit_test_setup_teardown(name, wire_set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACCESS_TEST(a_window_is_found_by_its_name),
		ACCESS_TEST(a_name_that_nobody_has_is_refused),
		ACCESS_TEST(bytes_halves_and_words_are_where_they_belong),
		ACCESS_TEST(a_read_is_two_frames),
		ACCESS_TEST(words_to_a_fifo_are_two_frames),
		ACCESS_TEST(words_of_a_fifo_come_in_order),
		ACCESS_TEST(posted_writes_share_frames),
		ACCESS_TEST(posted_writes_in_a_row_become_one_operation),
		ACCESS_TEST(a_read_sees_what_was_posted_before),
		ACCESS_TEST(bus_errors_come_back),
		ACCESS_TEST(the_access_list_decides),
		ACCESS_TEST(a_transfer_must_not_leave_its_range),
		ACCESS_TEST(posted_writes_fail_one_by_one),
		ACCESS_TEST(an_operation_may_span_ranges),
		ACCESS_TEST(operations_may_be_begun_by_callbacks),
		ACCESS_TEST(memory_is_copied_in_blocks),
		ACCESS_TEST(an_access_may_take_its_time),
		ACCESS_TEST(a_call_reaches_the_agent),
		ACCESS_TEST(windows_can_be_listed),
		ACCESS_TEST(too_many_frames_are_busy_until_there_is_room),
		ACCESS_TEST(an_operation_has_a_deadline),
		ACCESS_TEST(a_cancelled_operation_is_not_answered),
		ACCESS_TEST(lines_are_told_masked_and_come_back),
		ACCESS_TEST(a_line_that_stays_high_does_not_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
