/* SPDX-License-Identifier: Apache-2.0 */
/* vmm/lib: string functions against plain loops, CRC-32 against known values, status names. */
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/log.h"
#include "vmm/lib/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The file under test, under other names: the C library's functions stay what they are. */
#define memcpy  hako_memcpy
#define memmove hako_memmove
#define memset  hako_memset
#define memcmp  hako_memcmp
#define memchr  hako_memchr
#define strlen  hako_strlen
#define strnlen hako_strnlen
#define strcmp  hako_strcmp
#define strncmp hako_strncmp
#define strrchr hako_strrchr
#include "vmm/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strrchr

#define SIZE 256 /* several of memcpy's blocks */

static void fill(uint8_t *bytes, unsigned seed)
{
	for (unsigned i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 37 + seed);
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

/* All alignments and lengths around the word and group sizes. */
static void copies_at_every_alignment(void **state)
{
	uint8_t from[SIZE], to[SIZE], expected[SIZE];

	for (unsigned to_at = 0; to_at < 8; to_at++) {
		for (unsigned from_at = 0; from_at < 8; from_at++) {
			for (unsigned length = 0; length < 220; length++) {
				fill(from, 1);
				fill(to, 99);
				fill(expected, 99);
				for (unsigned i = 0; i < length; i++)
					expected[to_at + i] = from[from_at + i];
				assert_ptr_equal(to + to_at,
						 hako_memcpy(to + to_at, from + from_at, length));
				assert_memory_equal(expected, to, SIZE);
			}
		}
	}
}

/* The sanitizer knows where the source ends: not a byte behind it may be read. */
static void a_copy_reads_its_source_only(void **state)
{
	uint8_t to[SIZE];

	for (unsigned at = 0; at < 4; at++) {
		for (unsigned length = 1; length < 150; length++) {
			uint8_t *const from = malloc(at + length);

			assert_non_null(from);
			memset(from, 0x5a, at + length);
			hako_memcpy(to, from + at, length);
			assert_memory_equal(to, from + at, length);
			free(from);
		}
	}
}

static void moves_over_itself(void **state)
{
	uint8_t bytes[SIZE], before[SIZE], expected[SIZE];

	for (unsigned to_at = 0; to_at < 24; to_at++) {
		for (unsigned from_at = 0; from_at < 24; from_at++) {
			for (unsigned length = 0; length < 70; length++) {
				fill(bytes, 5);
				fill(before, 5);
				fill(expected, 5);
				for (unsigned i = 0; i < length; i++)
					expected[to_at + i] = before[from_at + i];
				hako_memmove(bytes + to_at, bytes + from_at, length);
				assert_memory_equal(expected, bytes, SIZE);
			}
		}
	}
}

static void sets_exactly_what_it_should(void **state)
{
	uint8_t bytes[SIZE], expected[SIZE];

	for (unsigned at = 0; at < 8; at++) {
		for (unsigned length = 0; length < 70; length++) {
			fill(bytes, 3);
			fill(expected, 3);
			for (unsigned i = 0; i < length; i++)
				expected[at + i] = 0xa5;
			hako_memset(bytes + at, 0x7a5, length);
			assert_memory_equal(expected, bytes, SIZE);
		}
	}
}

static void compares_like_the_c_library(void **state)
{
	static const char *const texts[] = { "", "a", "ab", "abc", "abd", "b", "\xff", "ab\xff" };

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *const a = texts[i];

		assert_int_equal(strlen(a), hako_strlen(a));
		assert_ptr_equal(strrchr(a, 'b'), hako_strrchr(a, 'b'));
		assert_ptr_equal(strrchr(a, '\0'), hako_strrchr(a, '\0'));
		for (unsigned n = 0; n < 5; n++)
			assert_int_equal(strnlen(a, n), hako_strnlen(a, n));
		for (unsigned j = 0; j < ARRAY_SIZE(texts); j++) {
			const char *const b = texts[j];
			const size_t shorter = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

			assert_int_equal(sign(strcmp(a, b)), sign(hako_strcmp(a, b)));
			assert_int_equal(sign(memcmp(a, b, shorter)),
					 sign(hako_memcmp(a, b, shorter)));
			for (size_t n = 0; n < 5; n++)
				assert_int_equal(sign(strncmp(a, b, n)),
						 sign(hako_strncmp(a, b, n)));
		}
	}
}

static void finds_a_byte(void **state)
{
	static const char bytes[] = "abc\xff\0def";

	for (size_t length = 0; length <= sizeof(bytes); length++)
		for (int value = -1; value < 256; value++)
			assert_ptr_equal(memchr(bytes, value, length),
					 hako_memchr(bytes, value, length));
}

static void crc32_has_its_known_values(void **state)
{
	static const uint8_t zeros[32];

	assert_int_equal(0, crc32(0, "", 0));
	assert_int_equal(0xcbf43926, crc32(0, "123456789", 9)); /* the check value of CRC-32 */
	assert_int_equal(0xe8b7be43, crc32(0, "a", 1));
	assert_int_equal(0x190a55ad, crc32(0, zeros, sizeof(zeros)));
}

static void crc32_is_the_same_in_pieces_and_at_any_alignment(void **state)
{
	uint8_t bytes[SIZE + 4];

	fill(bytes, 11);

	const uint32_t whole = crc32(0, bytes, SIZE);

	for (unsigned cut = 0; cut <= SIZE; cut++)
		assert_int_equal(whole, crc32(crc32(0, bytes, cut), bytes + cut, SIZE - cut));
	for (unsigned shift = 1; shift < 4; shift++) {
		memmove(bytes + shift, bytes + shift - 1, SIZE);
		assert_int_equal(whole, crc32(0, bytes + shift, SIZE));
	}
}

static void every_status_has_a_name(void **state)
{
	for (int i = STATUS_OK; i <= STATUS_NOT_FOUND; i++)
		assert_string_not_equal("unknown", status_name((enum status)i));
	assert_string_equal("unknown", status_name((enum status)1000));
}

static uint64_t now;
static char logged[4096];

static uint64_t test_clock(void)
{
	return now;
}

static void log_to_buffer(const char *text, size_t length)
{
	strncat(logged, text, length);
}

/** In a loop, as fast as it can: so many lines in a second, the others are counted. */
static void a_guest_causes_so_many_lines_in_a_second(void **state)
{
	static struct log_limit limit, other;
	unsigned admitted = 0;

	log_set_sink(log_to_buffer);
	log_set_clock(test_clock, 1000);
	for (now = 5000; now < 8000; now++)
		admitted += log_admits(&limit, "first");
	assert_int_equal(admitted, 3 * LOG_LINES_MAX);
	assert_true(log_admits(&other, "second")); /* each for itself */
	assert_string_equal(logged, "[first] 960 lines dropped: more than 40 in a second\n"
				    "[first] 960 lines dropped: more than 40 in a second\n");
	/* The rest is told with the next line, whenever that is; and only once. */
	now = 20000;
	logged[0] = '\0';
	assert_true(log_admits(&limit, "first"));
	assert_string_equal(logged, "[first] 960 lines dropped: more than 40 in a second\n");
	now = 30000;
	logged[0] = '\0';
	assert_true(log_admits(&limit, "first"));
	assert_string_equal(logged, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_at_every_alignment),
		cmocka_unit_test(a_copy_reads_its_source_only),
		cmocka_unit_test(moves_over_itself),
		cmocka_unit_test(sets_exactly_what_it_should),
		cmocka_unit_test(compares_like_the_c_library),
		cmocka_unit_test(finds_a_byte),
		cmocka_unit_test(crc32_has_its_known_values),
		cmocka_unit_test(crc32_is_the_same_in_pieces_and_at_any_alignment),
		cmocka_unit_test(every_status_has_a_name),
		cmocka_unit_test(a_guest_causes_so_many_lines_in_a_second),
	};

	return cmocka_run_group_tests_name("lib", tests, NULL, NULL);
}
