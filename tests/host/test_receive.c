/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as lines of base64, with all that can go wrong on a serial line; and places in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/xorshift.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/first_fit.h"
#include "vmm/console/receive.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** As base64, in lines of @p width characters. */
static void encode(const uint8_t *bytes, unsigned size, unsigned width, char *text)
{
	unsigned column = 0;

	for (unsigned i = 0; i < size; i += 3) {
		const unsigned left = size - i;
		const uint32_t bits = (uint32_t)bytes[i] << 16 |
				      (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				      (left > 2 ? bytes[i + 2] : 0);

		for (unsigned n = 0; n < 4; n++) {
			*text++ = n > left ? '=' : alphabet[bits >> (18 - 6 * n) & 63u];
			if (++column == width) {
				*text++ = '\r';
				column = 0;
			}
		}
	}
	*text = '\0';
}

/** Types @p text and a line "."; returns what is wrong, or NULL. */
static const char *receive(const char *text, void *bytes, uint32_t size, uint32_t crc)
{
	struct receiver r;

	receive_begin(&r, bytes, size, crc);
	for (; *text; text++)
		assert_int_not_equal(receive_byte(&r, (uint8_t)*text), RECEIVE_END);
	receive_byte(&r, '\r');
	assert_int_equal(receive_byte(&r, '.'), RECEIVE_MORE);
	assert_int_equal(receive_byte(&r, '\r'), RECEIVE_END);
	return r.wrong;
}

static void the_checksum_is_that_of_the_library(void **state)
{
	const char *const text = "123456789";
	uint32_t crc = 0;

	for (const char *c = text; *c; c++)
		crc = receive_crc(crc, (uint8_t)*c);
	assert_int_equal(crc, 0xcbf43926);
	assert_int_equal(crc, crc32(0, text, 9));
}

static void what_is_sent_is_received(void **state)
{
	static char text[1200];
	uint32_t seed = 1;

	for (unsigned size = 1; size < 400; size++) {
		uint8_t *const sent = malloc(size), *const bytes = malloc(size);

		for (unsigned i = 0; i < size; i++)
			sent[i] = (uint8_t)xorshift32(&seed);
		/* Lines need not end where a group of four does. */
		encode(sent, size, 1 + size % RECEIVE_LINE_MAX, text);
		assert_null(receive(text, bytes, size, crc32(0, sent, size)));
		assert_memory_equal(bytes, sent, size);
		free(sent);
		free(bytes);
	}
}

static void mistakes_are_found(void **state)
{
	static const struct {
		const char *text, *wrong;
		uint32_t size, crc;
	} cases[] = {
		/* "abc" is YWJj, of CRC 352441c2; "ab" is YWI=, of 9e83486d. */
		{ "YWJj", NULL, 3, 0x352441c2 },
		{ "YW\r\nJj\n\r\n", NULL, 3, 0x352441c2 },
		{ "YWI=", NULL, 2, 0x9e83486d },
		{ "YWJj", "fewer bytes", 4, 0x352441c2 },
		{ "YWJj", "more bytes", 2, 0x352441c2 },
		{ "YWJj", "CRC-32", 3, 0x352441c3 },
		{ "YWJk", "CRC-32", 3, 0x352441c2 },
		{ "YWJ", "not complete", 3, 0x352441c2 },
		{ "YWJ j", "not base64", 3, 0x352441c2 },
		{ "YWJj\x1b", "not base64", 3, 0x352441c2 },
		{ "YWJ=", "only padding", 2, 0x9e83486d },
		{ "YWI=YWI=", "not base64", 4, 0 },
		{ "Y===", "not base64", 1, 0 },
		{ "=WJj", "not base64", 3, 0 },
		{ "YWJj.", "not base64", 3, 0x352441c2 },
		{ ".YWJj", "behind the '.'", 3, 0x352441c2 },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		  "76 characters", 57, 0 },
	};
	uint8_t bytes[60];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const wrong =
			receive(cases[i].text, bytes, cases[i].size, cases[i].crc);

		if (!cases[i].wrong != !wrong || (wrong && !strstr(wrong, cases[i].wrong)))
			fail_msg("%u: '%s'", i, wrong ? wrong : "nothing wrong");
	}
}

static void each_line_has_one_answer(void **state)
{
	uint8_t bytes[6];
	struct receiver r;
	const char *const text = "YWJj\r\n\r\nYWJj\n";
	unsigned lines = 0;

	receive_begin(&r, bytes, 6, 0);
	for (const char *c = text; *c; c++)
		lines += receive_byte(&r, (uint8_t)*c) == RECEIVE_LINE;
	assert_int_equal(lines, 2);
	assert_int_equal(r.line, 2);
	assert_int_equal(r.count, 6);
}

/* Places. */

static struct range largest(const struct range *taken, unsigned count, struct range within)
{
	struct range gaps[9];

	return largest_gap(gaps, find_gaps(taken, count, within, gaps));
}

static void the_first_gap_that_is_large_enough(void **state)
{
	static const struct range taken[] = { { 300, 100 }, { 100, 100 }, { 0, 0 }, { 400, 50 } };
	const struct range within = { 100, 900 };
	uint32_t at;

	assert_true(first_fit(taken, 4, within, 100, &at));
	assert_int_equal(at, 200);
	assert_true(first_fit(taken, 4, within, 101, &at));
	assert_int_equal(at, 450);
	assert_true(first_fit(taken, 4, within, 550, &at));
	assert_false(first_fit(taken, 4, within, 551, &at));
	assert_int_equal(largest(taken, 4, within).at, 450);
	assert_int_equal(largest(taken, 4, within).size, 550);
	assert_true(first_fit(taken, 0, within, 900, &at));
	assert_int_equal(at, 100);
	assert_false(first_fit(&within, 1, within, 1, &at));
	assert_int_equal(largest(&within, 1, within).size, 0);
}

/** Two hundred times some are given back and others taken: no overlap, and in the end all is there. */
static void nothing_is_lost(void **state)
{
	enum { COUNT = 8, SPACE = 100 };
	struct range taken[COUNT] = { { 0, 0 } };
	const struct range within = { 1000, SPACE };
	uint32_t seed = 7;

	for (unsigned turn = 0; turn < 200; turn++) {
		const unsigned n = xorshift32(&seed) % COUNT;
		uint8_t map[SPACE] = { 0 };
		uint32_t at;
		const uint32_t size = 1 + xorshift32(&seed) % 40;

		taken[n].size = 0;
		if (first_fit(taken, COUNT, within, size, &at))
			taken[n] = (struct range){ at, size };
		else
			assert_true(largest(taken, COUNT, within).size < size);
		for (unsigned i = 0; i < COUNT; i++)
			for (uint32_t k = 0; k < taken[i].size; k++)
				assert_int_equal(map[taken[i].at - within.at + k]++, 0);
	}
	memset(taken, 0, sizeof(taken));
	assert_int_equal(largest(taken, COUNT, within).size, SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_that_of_the_library),
		cmocka_unit_test(what_is_sent_is_received),
		cmocka_unit_test(mistakes_are_found),
		cmocka_unit_test(each_line_has_one_answer),
		cmocka_unit_test(the_first_gap_that_is_large_enough),
		cmocka_unit_test(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
