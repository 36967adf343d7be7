/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/tap.h"

#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"

#include <stdarg.h>
#include <stddef.h>

/* A test that goes wrong in a loop shows its first failures only. */
#define FAILURES_SHOWN 6

extern const struct guest_test guest_tests_start[];
extern const struct guest_test guest_tests_end[];

/* Which of many cases of a test is running; empty outside of loops. */
static char current_case[96];
static unsigned failures;

/* Where formatted text goes: a buffer, or the UART if there is none. */
struct sink {
	char *at;
	char *end;
};

static void sink_put(struct sink *sink, char c)
{
	if (!sink->at)
		uart_put(c);
	else if (sink->at < sink->end)
		*sink->at++ = c;
}

static void sink_number(struct sink *sink, uint32_t value, unsigned base, unsigned width, char pad)
{
	char digits[10];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		sink_put(sink, pad);
	while (count)
		sink_put(sink, digits[--count]);
}

/* The conversions tests need: %s %c %u %x, with a width of one digit and zero padding. */
static void format_to(struct sink *sink, const char *format, va_list args)
{
	for (; *format; format++) {
		unsigned width = 0;
		char pad = ' ';
		const char *text;

		if (*format != '%') {
			sink_put(sink, *format);
			continue;
		}
		format++;
		if (*format == '0')
			pad = *format++;
		if (*format >= '1' && *format <= '9')
			width = (unsigned)(*format++ - '0');
		switch (*format) {
		case 's':
			for (text = va_arg(args, const char *); *text; text++)
				sink_put(sink, *text);
			break;
		case 'c':
			sink_put(sink, (char)va_arg(args, int));
			break;
		case 'u':
			sink_number(sink, va_arg(args, unsigned), 10, width, pad);
			break;
		case 'x':
			sink_number(sink, va_arg(args, unsigned), 16, width, pad);
			break;
		default:
			sink_put(sink, *format);
			break;
		}
	}
}

void tap_printf(const char *format, ...)
{
	struct sink sink = { NULL, NULL };
	va_list args;

	va_start(args, format);
	format_to(&sink, format, args);
	va_end(args);
}

/** Names the case a test is at, for the messages of failures. It ends with the test. */
void tap_case(const char *format, ...)
{
	struct sink sink = { current_case, current_case + sizeof(current_case) - 1 };
	va_list args;

	va_start(args, format);
	format_to(&sink, format, args);
	va_end(args);
	*sink.at = '\0';
}

/** Ends the whole program: something happened that no test asked for. */
void tap_bail_out(const char *format, ...)
{
	struct sink sink = { NULL, NULL };
	va_list args;

	tap_printf("Bail out! ");
	va_start(args, format);
	format_to(&sink, format, args);
	va_end(args);
	tap_printf("%s%s\n", *current_case ? ", case " : "", current_case);
	guest_exit(1);
}

static bool failure_is_shown(int line)
{
	failures++;
	if (failures > FAILURES_SHOWN)
		return false;
	tap_printf("# line %u%s%s: ", (unsigned)line, *current_case ? ", " : "", current_case);
	return true;
}

void tap_expect_eq(int line, const char *what, uint32_t expected, uint32_t actual)
{
	if (expected != actual && failure_is_shown(line))
		tap_printf("%s is 0x%x, should be 0x%x\n", what, actual, expected);
}

void tap_expect_true(int line, const char *what, bool condition)
{
	if (!condition && failure_is_shown(line))
		tap_printf("%s does not hold\n", what);
}

static void print_name(const char *name)
{
	for (; *name; name++)
		uart_put(*name == '_' ? ' ' : *name);
}

/** Called by start.S with stacks, BSS and vectors in place: runs all tests of the program. */
void guest_main(void);

void guest_main(void)
{
	unsigned number = 0;
	unsigned failed = 0;

	uart_init();
	tap_printf("1..%u\n", (unsigned)(guest_tests_end - guest_tests_start));
	for (const struct guest_test *test = guest_tests_start; test < guest_tests_end; test++) {
		failures = 0;
		current_case[0] = '\0';
		exception_reset();
		test->run();
		if (mmu_is_on())
			mmu_off();
		if (failures > FAILURES_SHOWN)
			tap_printf("# %u more\n", failures - FAILURES_SHOWN);
		tap_printf("%sok %u - ", failures ? "not " : "", ++number);
		print_name(test->name);
		uart_put('\n');
		failed += failures != 0;
	}
	uart_drain();
	guest_exit(failed ? 1 : 0);
}
