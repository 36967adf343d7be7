/* SPDX-License-Identifier: Apache-2.0 */
/* printf.c against the C library's snprintf(), and log.c on top of it. */
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The files under test, under other names: the C library's functions stay what they are. */
#define vsnprintf hako_vsnprintf
#define snprintf  hako_snprintf
#include "vmm/lib/printf.c"

#include "vmm/lib/log.c"
#undef vsnprintf
#undef snprintf

#define BOTH(...)                                                                         \
	do {                                                                              \
		char ours[200], theirs[200];                                              \
		const int length = snprintf(theirs, sizeof(theirs), __VA_ARGS__);         \
                                                                                          \
		assert_int_equal(length, hako_snprintf(ours, sizeof(ours), __VA_ARGS__)); \
		assert_string_equal(theirs, ours);                                        \
	} while (0)

static void numbers_look_like_the_c_librarys(void **state)
{
	/* clang-format off */
	static const long long values[] = {
		0, 1, -1, 9, 10, 99, 255, 4096, 65535, 65536, 99999, 100000, 0x7fffffff,
		-0x7fffffffLL - 1, 0xffffffffLL, 0x100000000LL, 0x7fffffffffffffffLL,
		-0x7fffffffffffffffLL - 1, 1234567890123456789LL,
	};
	/* clang-format on */

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		const long long v = values[i];

		BOTH("%d %i %u %x %X", (int)v, (int)v, (unsigned)v, (unsigned)v, (unsigned)v);
		BOTH("%ld %lu %lx", (long)v, (unsigned long)v, (unsigned long)v);
		BOTH("%lld %llu %llx %llX", v, (unsigned long long)v, (unsigned long long)v,
		     (unsigned long long)v);
		BOTH("%zu %zd", (size_t)v, (ssize_t)v);
		BOTH("[%8d] [%-8d] [%08d] [%2d]", (int)v, (int)v, (int)v, (int)v);
		BOTH("[%8x] [%-8x] [%08x] [%.4x] [%8.4x]", (unsigned)v, (unsigned)v, (unsigned)v,
		     (unsigned)v, (unsigned)v);
		BOTH("[%*d] [%-*d] [%.*d]", 12, (int)v, 12, (int)v, 5, (int)v);
	}
	BOTH("[%*d]", -6, 42);
	BOTH("[%.0d]", 0);
	BOTH("%hhu %hu", (unsigned char)200, (unsigned short)60000);
}

static void text_looks_like_the_c_librarys(void **state)
{
	BOTH("plain");
	BOTH("%s|%10s|%-10s|%.2s|%10.2s|%.*s", "abc", "abc", "abc", "abc", "abc", 1, "abc");
	BOTH("%c%c|%3c|%-3c|", 'x', 'y', 'z', 'w');
	BOTH("100%%");
	BOTH("%s", "");
}

static void a_precision_bounds_the_read(void **state)
{
	char ours[8];
	const char unterminated[3] = { 'a', 'b', 'c' };

	assert_int_equal(3, hako_snprintf(ours, sizeof(ours), "%.3s", unterminated));
	assert_string_equal("abc", ours);
}

static void output_never_exceeds_the_buffer(void **state)
{
	for (size_t size = 0; size < 12; size++) {
		char ours[16], theirs[16];

		memset(ours, 'z', sizeof(ours));
		memset(theirs, 'z', sizeof(theirs));
		assert_int_equal(snprintf(theirs, size, "%s%d", "abcde", 123),
				 hako_snprintf(ours, size, "%s%d", "abcde", 123));
		assert_memory_equal(theirs, ours, sizeof(ours));
	}
}

static void odd_formats_do_no_harm(void **state)
{
	char ours[64];
	const char *volatile null = NULL;
	/* Not through the checked prototype: the compiler would refuse these. */
	int (*volatile print)(char *, size_t, const char *, ...) = hako_snprintf;

	print(ours, sizeof(ours), "a%");
	assert_string_equal("a%", ours);
	print(ours, sizeof(ours), "%-08lq!");
	assert_string_equal("%-08lq!", ours);
	print(ours, sizeof(ours), "%s", null);
	assert_string_equal("(null)", ours);
	print(ours, sizeof(ours), "%p", (void *)(uintptr_t)0xffc00010);
	assert_string_equal("0xffc00010", ours);
	/* A width beyond the largest accepted one counts, but is not written. */
	assert_true(print(ours, sizeof(ours), "%99999999999d", 1) >= 10000);
}

static char logged[400];

static void keep(const char *text, size_t length)
{
	const size_t used = strlen(logged);

	memcpy(logged + used, text, length);
	logged[used + length] = '\0';
}

static void log_lines_reach_the_sink(void **state)
{
	char long_text[2 * LINE_MAX];

	log_error("nobody hears %s\n", "this");
	log_set_sink(keep);
	log_info("vm%u: %s\n", 1u, "started");
	assert_string_equal("vm1: started\n", logged);
	log_debug("not compiled in\n");
	assert_string_equal("vm1: started\n", logged);

	logged[0] = '\0';
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	log_warn("%s\n", long_text);
	assert_int_equal(LINE_MAX - 1, strlen(logged));
	assert_int_equal('\n', logged[LINE_MAX - 2]);
	log_set_sink(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_look_like_the_c_librarys),
		cmocka_unit_test(text_looks_like_the_c_librarys),
		cmocka_unit_test(a_precision_bounds_the_read),
		cmocka_unit_test(output_never_exceeds_the_buffer),
		cmocka_unit_test(odd_formats_do_no_harm),
		cmocka_unit_test(log_lines_reach_the_sink),
	};

	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
