/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that report themselves in TAP over the board's UART. A file of tests is a list of
 *
 *	GUEST_TEST(name_that_is_a_sentence)
 *	{
 *		EXPECT_EQ(expected, actual);
 *	}
 *
 * and nothing else; they run in the order of the file and of the link. What a test prints is
 * compared between the bare board and the VMM, so it must not depend on time or on where the
 * program runs.
 */
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct guest_test {
	const char *name;
	void (*run)(void);
};

#define GUEST_TEST(test)                                                          \
	static void test(void);                                                   \
	static const struct guest_test test##_entry                               \
		__attribute__((section(".guest_tests"), used)) = { #test, test }; \
	static void test(void)

#define EXPECT_EQ(expected, actual) \
	tap_expect_eq(__LINE__, #actual, (uint32_t)(expected), (uint32_t)(actual))
#define EXPECT_TRUE(condition) tap_expect_true(__LINE__, #condition, (condition))

void tap_expect_eq(int line, const char *what, uint32_t expected, uint32_t actual);
void tap_expect_true(int line, const char *what, bool condition);
/* Formats: %s %c %u %x, with one digit of width. */
void tap_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tap_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tap_bail_out(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/** In start.S: ends the program, on the board and under the VMM. @p status is the exit status. */
void guest_exit(unsigned status) __attribute__((noreturn));

#endif
