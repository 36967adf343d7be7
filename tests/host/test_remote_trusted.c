/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that has the key, and sends what none of ours would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/remote/frame.h"
#include "tests/host/remote_fixture.h"

/* ---- board 1 serves as many windows as there may be ------------------------------------------- */

static uint32_t levels;

static enum remote_result read_some(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	*value = offset;
	return REMOTE_OK;
}

static enum remote_result write_some(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	levels = 0;
	return REMOTE_OK;
}

static uint32_t lines(const struct server_window *w)
{
	return levels;
}

static const struct remote_target target = {
	.read = read_some,
	.write = write_some,
	.lines = lines,
};
static const struct server_range range = { 0, 0x1000, 7, REMOTE_READ | REMOTE_WRITE };

#define WINDOW(text)                                                   \
	{                                                              \
		.name = (text), .target = &target,                     \
		.capabilities = { .size = 0x1000,                      \
				  .widths = 7,                         \
				  .flags = REMOTE_READ | REMOTE_WRITE, \
				  .irq_count = 1 },                    \
		.range = &range, .range_count = 1,                     \
	}

static const struct server_window windows[REMOTE_WINDOWS] = { WINDOW("0"), WINDOW("1"), WINDOW("2"),
							      WINDOW("3"), WINDOW("4"), WINDOW("5"),
							      WINDOW("6"), WINDOW("7") };
static const struct server_window *served[REMOTE_WINDOWS];

static int set_up(void **state)
{
	wire_set_up(state);
	levels = 0;
	for (unsigned n = 0; n < REMOTE_WINDOWS; n++)
		served[n] = &windows[n];
	board_config[1].windows = served;
	board_config[1].window_count = REMOTE_WINDOWS;
	board_restart(1);
	run(1000000);
	assert_true(boards[0].session.is_up && boards[1].session.is_up);
	return 0;
}

/* ---- and board 0 says what it likes ------------------------------------------------------------ */

static uint32_t request[FRAME_PAYLOAD_MAX / 4u];
static uint32_t words;

static void add(uint32_t first)
{
	request[words++] = first;
}

static void add_open(char name)
{
	add(frame_first_word(FRAME_OPEN, 0, 1));
	add((uint8_t)name);
}

static void add_read(unsigned id, uint32_t offset, unsigned count)
{
	add(frame_first_word(FRAME_READ | 2u << FRAME_WIDTH_SHIFT, id, count));
	add(offset);
}

static void add_write(unsigned id, uint32_t offset)
{
	add(frame_first_word(FRAME_WRITE | FRAME_POSTED | 2u << FRAME_WIDTH_SHIFT, id, 1));
	add(offset);
	add(0);
}

/** Sends it as the next request. Returns the length of the last frame that board 1 has sent. */
static uint32_t send(void)
{
	struct link_slot *const slot = link_open(&boards[0]);

	assert_non_null(slot);
	memcpy(slot->frame.bytes + FRAME_HEAD, request, 4 * words);
	slot->length = (uint16_t)(4 * words);
	link_send(&boards[0], slot, now);
	words = 0;
	run(20000);
	return wire_last_length[1];
}

/** Whatever a request asks for, its reply is a frame: results, and the lines of all windows. */
static void a_reply_is_never_too_long(void **state)
{
	const uint32_t most = FRAME_HEAD + FRAME_PAYLOAD_MAX + MAC_TAG_BYTES;

	for (unsigned n = 0; n < REMOTE_WINDOWS; n++)
		add_open((char)('0' + n));
	send();
	for (unsigned room = 330; room <= 349; room++) {
		levels = 1;
		for (unsigned n = 0; n < REMOTE_WINDOWS; n++)
			server_line(&boards[1], &windows[n], 0, true, now);
		run(20000);
		for (unsigned n = 0; n < REMOTE_WINDOWS; n++)
			add_write(n, 0);
		/* Results of all sizes, and operations behind them that there is no room for. */
		add_read(0, 0, room);
		for (unsigned n = 0; n < 20; n++)
			add(frame_first_word(FRAME_FLUSH, 0, 0));
		assert_in_range(send(), FRAME_HEAD + MAC_TAG_BYTES, most);
		for (unsigned n = 0; n < REMOTE_WINDOWS; n++)
			assert_int_equal(boards[1].server.use[n].levels, 0);
		assert_true(boards[0].session.is_up && boards[1].session.is_up);
		assert_int_equal(boards[0].link.oldest, boards[0].link.next);
	}
}

#define TRUSTED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRUSTED_TEST(a_reply_is_never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
