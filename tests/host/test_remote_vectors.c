/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchange that docs/remote-protocol.md has as an example: every frame of it, byte by byte. The
 * program reads the document; with --print it prints what it should say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/host/remote_fixture.h"

#define DOCUMENT  "docs/remote-protocol.md"
#define LINES_MAX 64u

static const uint8_t vector_key[REMOTE_KEY_BYTES] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
	0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
	0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};
static char lines[LINES_MAX][2 * REMOTE_FRAME_MAX + 16];
static unsigned line_count;

static void tap(unsigned from, const uint8_t *frame, uint32_t length)
{
	char *at = lines[line_count];

	assert_in_range(line_count, 0, LINES_MAX - 1);
	at += sprintf(at, "%u->%u ", from, !from);
	for (uint32_t i = 0; i < length; i++)
		at += sprintf(at, "%s%02x", i && i % 4 == 0 ? " " : "", frame[i]);
	line_count++;
}

/** Nonces: a0 to af of the initiator, b0 to bf of the responder. */
static void count_up(struct peer *peer, void *to, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = (uint8_t)((peer == &boards[0] ? 0xa0 : 0xb0) + i);
}

static void make_exchange(void)
{
	static struct peer_ops ops;
	uint32_t value;

	ops = *board_config[0].ops;
	ops.random = count_up;
	for (unsigned n = 0; n < 2; n++) {
		board_config[n].ops = &ops;
		board_config[n].key = vector_key;
		board_config[n].passive = n == 1;
		board_restart(n);
	}
	line_count = 0;
	wire_tap = tap;
	connect_boards();
	device.memory[0x10] = 0x78;
	device.memory[0x11] = 0x56;
	assert_int_equal(read_now(0x10, 4, &value), REMOTE_OK);
	client_write(&window, NULL, 0x20, 4, 0xcafef00d, now);
	client_write(&window, NULL, 0x24, 4, 0x00c0ffee, now);
	client_write(&window, NULL, 0x31, 1, 0xab, now);
	client_write(&window, NULL, DEVICE_FAULTY, 4, 0, now);
	assert_int_equal(read_now(0x30, 2, &value), REMOTE_OK);
	assert_int_equal(value, 0xab00);
	interrupt(1, true);
	run(1000);
	device.levels = 0;
	assert_int_equal(write_now(0x40, 4, 1), REMOTE_OK);
	run(1100000);
	peer_stop(&boards[0], now);
	run(1000);
}

static void the_document_has_these_frames(void **state)
{
	static char text[2 * REMOTE_FRAME_MAX + 64];
	FILE *file = fopen(DOCUMENT, "r");
	unsigned found = 0;

	make_exchange();
	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = 0;
		if (strncmp(text, "0->1 ", 5) != 0 && strncmp(text, "1->0 ", 5) != 0)
			continue;
		assert_in_range(found, 0, line_count - 1);
		assert_string_equal(text, lines[found]);
		found++;
	}
	fclose(file);
	assert_int_equal(found, line_count);
}

static void print(void **state)
{
	make_exchange();
	for (unsigned i = 0; i < line_count; i++)
		puts(lines[i]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_document_has_these_frames, wire_set_up,
						wire_tear_down),
	};
	const struct CMUnitTest prints[] = {
		cmocka_unit_test_setup_teardown(print, wire_set_up, wire_tear_down),
	};

	if (argc > 1 && strcmp(argv[1], "--print") == 0)
		return cmocka_run_group_tests(prints, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
