/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line editor against a terminal of one row: after every key the row must show prompt and line,
 * with the cursor in its place. Also with random bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/host/device_fixture.h"
#include "vmm/console/line_editor.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 80
#define PROMPT  "hako> "

/* A terminal: the row where the cursor is. */

static char row[COLUMNS + 1];
static unsigned column, rows, bells;
static unsigned sequence; /* bytes of "ESC [ K" that have come */

static void terminal_put(void *to, char c)
{
	assert_ptr_equal(to, row);
	if (sequence > 0) {
		assert_int_equal(c, sequence == 1 ? '[' : 'K');
		if (++sequence == 3) {
			memset(row + column, ' ', COLUMNS - column);
			sequence = 0;
		}
		return;
	}
	switch (c) {
	case '\x1b':
		sequence = 1;
		break;
	case '\r':
		column = 0;
		break;
	case '\n':
		memset(row, ' ', COLUMNS);
		rows++;
		break;
	case '\b':
		assert_true(column > 0);
		column--;
		break;
	case '\a':
		bells++;
		break;
	default:
		assert_true(c >= 0x20 && c < 0x7f);
		assert_true(column < COLUMNS);
		row[column++] = c;
		break;
	}
}

static void terminal_write(void *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		terminal_put(to, text[i]);
}

static struct line_editor editor;

static int setup(void **state)
{
	memset(row, ' ', COLUMNS);
	column = 0;
	rows = 0;
	bells = 0;
	editor = (struct line_editor){ .write = terminal_write, .to = row, .prompt = PROMPT };
	line_editor_show(&editor);
	return 0;
}

/** Prompt and @p text are on the row, and the cursor is @p cursor bytes behind the prompt. */
static void shows(const char *text, unsigned cursor)
{
	char wanted[COLUMNS + 1];

	snprintf(wanted, sizeof(wanted), "%-80s", "");
	memcpy(wanted, PROMPT, strlen(PROMPT));
	memcpy(wanted + strlen(PROMPT), text, strlen(text));
	assert_string_equal(row, wanted);
	assert_int_equal(column, strlen(PROMPT) + cursor);
}

/** Types; returns the last line that was finished by that. */
static const char *type(const char *text)
{
	static char line[LINE_EDITOR_MAX + 1];
	const char *finished = NULL;

	while (*text) {
		const char *now = line_editor_type(&editor, (uint8_t)*text++);

		if (now) {
			strcpy(line, now);
			finished = line;
			line_editor_show(&editor);
		}
	}
	return finished;
}

static void a_line_is_what_was_typed(void **state)
{
	assert_null(type("list"));
	shows("list", 4);
	assert_string_equal(type("\r"), "list");
	shows("", 0);
	assert_string_equal(type("\r"), "");
}

static void every_end_of_line_is_one(void **state)
{
	type("a\r\n");
	assert_int_equal(rows, 1);
	type("b\n");
	assert_int_equal(rows, 2);
	type("c\r\r");
	assert_int_equal(rows, 4);
}

static void the_keys_move_and_remove(void **state)
{
	static const struct {
		const char *typed, *line;
		unsigned cursor;
	} rows_of[] = {
		/* clang-format off */
		{ "abc\x1b[D\x1b[Dx",           "axbc",  2 },
		{ "abc\x1bOD\x1bOCx",           "abcx",  4 },
		{ "abc\x1b[Hx",                 "xabc",  1 },
		{ "abc\x1bOH\x1bOFx",           "abcx",  4 },
		{ "abc\x1b[1~\x1b[4~x",         "abcx",  4 },
		{ "abc\x1b[7~x\x1b[8~y",        "xabcy", 5 },
		{ "abc\x01\x1b[3~",             "bc",    0 },
		{ "abc\x01\x04\x04\x04\x04",    "",      0 },
		{ "abc\x7f",                    "ab",    2 },
		{ "abc\x02\x08",                "ac",    1 },
		{ "\x7f\x08\x1b[D\x1b[C\x1b[3~", "",     0 },
		{ "abcd\x02\x02\x0b",           "ab",    2 },
		{ "abcd\x02\x02\x15",           "cd",    0 },
		{ "abc\x01\x06x\x05y",          "axbcy", 5 },
		{ "abc\x02\x0c",                "abc",   2 },
		{ "abc\x03" "d",                "d",     1 },
		/* What is no key here. */
		{ "a\x1b[5~\x1b[15~\x1b[1;5Cb", "ab",    2 },
		{ "a\x1b[999999999999~b",       "ab",    2 },
		{ "a\x1bqb\x1b[\x18" "c",       "abc",   3 },
		{ "a\x1b\x1b[Db",               "ba",    1 },
		{ "a\x80\xff\x09\x1c" "b",      "ab",    2 },
		/* clang-format on */
	};

	for (unsigned i = 0; i < sizeof(rows_of) / sizeof(rows_of[0]); i++) {
		setup(NULL);
		type(rows_of[i].typed);
		assert_string_equal(editor.line, rows_of[i].line);
		shows(rows_of[i].line, rows_of[i].cursor);
	}
}

static void a_full_line_takes_no_more(void **state)
{
	char all[LINE_EDITOR_MAX + 1] = "";

	for (unsigned i = 0; i < LINE_EDITOR_MAX; i++) {
		type("x");
		strcat(all, "x");
	}
	assert_int_equal(bells, 0);
	type("y\x01z");
	assert_int_equal(bells, 2);
	shows(all, 0);
	assert_string_equal(type("\r"), all);
}

static void earlier_lines_come_back(void **state)
{
	type("one\rtwo\r\rtwo\rthr\x1b[A");
	shows("two", 3);
	type("\x1b[A");
	shows("one", 3);
	type("\x1b[A");
	shows("one", 3);
	type("\x1b[B\x1b[B");
	shows("thr", 3);
	type("\x1b[B");
	shows("thr", 3);
	type("\x10\x10");
	assert_string_equal(type("!\r"), "one!");
	type("\x1b[A");
	shows("one!", 4);
	type("\x03\x1b[B");
	shows("", 0);
}

static void the_last_sixteen_are_kept(void **state)
{
	char text[16];

	for (unsigned n = 0; n < 100; n++) {
		snprintf(text, sizeof(text), "line %u\r", n);
		type(text);
	}
	for (unsigned n = 0; n < 40; n++)
		type("\x1b[A");
	shows("line 84", 7);
	for (unsigned n = 0; n < 15; n++)
		type("\x1b[B");
	shows("line 99", 7);
}

static void something_else_can_be_printed_meanwhile(void **state)
{
	type("abc\x02");
	line_editor_hide(&editor);
	for (const char *c = "log\r\n"; *c; c++)
		terminal_put(row, *c);
	line_editor_show(&editor);
	shows("abc", 2);
}

static void random_bytes_leave_row_and_line_together(void **state)
{
	static const char likely[] = "\x1b[ABCDHF~3147O\x08\x7f\x01\x05\x0b\x15\r\nx";

	bench_seed(5);
	for (unsigned n = 0; n < 300000; n++) {
		const uint32_t random = bench_random();
		const uint8_t byte = random & 0x100
					     ? (uint8_t)likely[(random >> 9) % (sizeof(likely) - 1)]
					     : (uint8_t)random;
		const char *const line = line_editor_type(&editor, byte);

		if (line) {
			assert_true(strlen(line) <= LINE_EDITOR_MAX);
			line_editor_show(&editor);
		}
		assert_int_equal(strlen(editor.line), editor.length);
		assert_true(editor.cursor <= editor.length);
		shows(editor.line, editor.cursor);
	}
	assert_true(rows > 1000);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_line_is_what_was_typed),
		T(every_end_of_line_is_one),
		T(the_keys_move_and_remove),
		T(a_full_line_takes_no_more),
		T(earlier_lines_come_back),
		T(the_last_sixteen_are_kept),
		T(something_else_can_be_printed_meanwhile),
		T(random_bytes_leave_row_and_line_together),
	};

	return cmocka_run_group_tests_name("line_editor", tests, NULL, NULL);
}
