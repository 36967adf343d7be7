// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/printf.h"

#include "vmm/lib/string.h"

#include <stdbool.h>
#include <stdint.h>

/* 2^64 - 1 in decimal has 20 digits. */
#define DIGITS_MAX 20

/** Where the output goes; counts what would have been written. */
struct sink {
	char *out;
	size_t size;
	size_t length;
};

/** One conversion specification: everything between '%' and the letter. */
struct spec {
	bool left;
	bool zero;
	int width;
	int precision; /* -1: none given */
	int longs;     /* size of an integer argument: number of 'l' */
	bool size;     /* ... or that of size_t */
};

static void put(struct sink *sink, char c)
{
	if (sink->length + 1 < sink->size)
		sink->out[sink->length] = c;
	sink->length++;
}

static void put_repeated(struct sink *sink, char c, int count)
{
	for (; count > 0; count--)
		put(sink, c);
}

static void put_text(struct sink *sink, const char *text, size_t length)
{
	const size_t room = sink->length + 1 < sink->size ? sink->size - 1 - sink->length : 0;

	memcpy(&sink->out[sink->length], text, length < room ? length : room);
	sink->length += length;
}

static void put_padded(struct sink *sink, const struct spec *spec, const char *text, int length)
{
	if (!spec->left)
		put_repeated(sink, ' ', spec->width - length);
	put_text(sink, text, (size_t)length);
	if (spec->left)
		put_repeated(sink, ' ', spec->width - length);
}

/* Divides by ten in 32-bit steps: a 64-bit division would pull a kilobyte of library code in. */
static uint64_t divide_by_ten(uint64_t value, unsigned *remainder)
{
	uint32_t quotient[4];
	uint32_t rest = 0;

	if (value >> 32 == 0) {
		/* By a reciprocal, rounded up: right for all 32 bits, and no call. */
		const uint32_t tenth = (uint32_t)((value * 0xcccccccdu) >> 35);

		*remainder = (uint32_t)value - tenth * 10;
		return tenth;
	}
	for (int i = 3; i >= 0; i--) {
		const uint32_t part = (rest << 16) | (uint32_t)((value >> (16 * i)) & 0xffff);

		quotient[i] = part / 10;
		rest = part % 10;
	}
	*remainder = rest;
	return (uint64_t)(quotient[3] << 16 | quotient[2]) << 32 |
	       (quotient[1] << 16 | quotient[0]);
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, bool negative,
		       char conversion)
{
	char digits[DIGITS_MAX];
	int count = 0;
	const char letter_a = conversion == 'X' ? 'A' : 'a';
	const bool hex = conversion == 'x' || conversion == 'X';

	while (value) {
		unsigned digit;

		if (hex) {
			digit = (unsigned)(value & 15);
			value >>= 4;
		} else {
			value = divide_by_ten(value, &digit);
		}
		digits[count++] = (char)((digit < 10 ? '0' : letter_a - 10) + (int)digit);
	}

	int zeros = (spec->precision < 0 ? 1 : spec->precision) - count;

	if (zeros < 0)
		zeros = 0;
	if (spec->zero && !spec->left && spec->precision < 0 &&
	    spec->width > zeros + count + negative)
		zeros = spec->width - count - negative;

	const int padding = spec->width - zeros - count - negative;

	if (!spec->left)
		put_repeated(sink, ' ', padding);
	if (negative)
		put(sink, '-');
	put_repeated(sink, '0', zeros);
	while (count)
		put(sink, digits[--count]);
	if (spec->left)
		put_repeated(sink, ' ', padding);
}

static const char *parse_count(const char *format, int *count)
{
	*count = 0;
	for (; *format >= '0' && *format <= '9'; format++)
		if (*count < 10000)
			*count = *count * 10 + (*format - '0');
	return format;
}

static int string_length(const char *text, int limit)
{
	int length = 0;

	while ((limit < 0 || length < limit) && text[length])
		length++;
	return length;
}

/**
 * Writes at most @p size bytes to @p out, the terminating 0 included, as the C standard describes.
 * Returns the length the whole text would have had. Calls @p between, if there is one, behind each
 * conversion: it may let others run.
 */
int vsnprintf_in_steps(char *out, size_t size, void (*between)(void), const char *format,
		       va_list args)
{
	struct sink sink = { out, size, 0 };

	while (*format) {
		if (*format != '%') {
			const char *const text = format;

			while (*format && *format != '%')
				format++;
			put_text(&sink, text, (size_t)(format - text));
			continue;
		}

		const char *const start = format++;
		struct spec spec = { .precision = -1 };

		for (; *format == '-' || *format == '0'; format++) {
			spec.left |= *format == '-';
			spec.zero |= *format == '0';
		}
		if (*format == '*') {
			format++;
			spec.width = va_arg(args, int);
			if (spec.width < 0) {
				spec.left = true;
				spec.width = spec.width < -10000 ? 10000 : -spec.width;
			}
		} else {
			format = parse_count(format, &spec.width);
		}
		if (*format == '.') {
			format++;
			if (*format == '*') {
				format++;
				spec.precision = va_arg(args, int);
			} else {
				format = parse_count(format, &spec.precision);
			}
		}
		for (; *format == 'h' || *format == 'l' || *format == 'z'; format++) {
			spec.longs += *format == 'l';
			spec.size |= *format == 'z';
		}

		const char conversion = *format;

		if (conversion == 'd' || conversion == 'i') {
			int64_t value;

			if (spec.longs > 1)
				value = va_arg(args, long long);
			else if (spec.longs == 1)
				value = va_arg(args, long);
			else if (spec.size)
				value = va_arg(args, ptrdiff_t);
			else
				value = va_arg(args, int);
			put_number(&sink, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value,
				   value < 0, conversion);
		} else if (conversion == 'u' || conversion == 'x' || conversion == 'X') {
			uint64_t value;

			if (spec.longs > 1)
				value = va_arg(args, unsigned long long);
			else if (spec.longs == 1)
				value = va_arg(args, unsigned long);
			else if (spec.size)
				value = va_arg(args, size_t);
			else
				value = va_arg(args, unsigned);
			put_number(&sink, &spec, value, false, conversion);
		} else if (conversion == 'p') {
			put(&sink, '0');
			put(&sink, 'x');
			spec = (struct spec){ .precision = 8 };
			put_number(&sink, &spec, (uintptr_t)va_arg(args, void *), false, 'x');
		} else if (conversion == 's') {
			const char *text = va_arg(args, const char *);

			if (!text)
				text = "(null)";
			put_padded(&sink, &spec, text, string_length(text, spec.precision));
		} else if (conversion == 'c') {
			const char c = (char)va_arg(args, int);

			put_padded(&sink, &spec, &c, 1);
		} else if (conversion == '%') {
			put(&sink, '%');
		} else {
			/* Unknown: show the specification itself, and go on behind it. */
			for (const char *c = start; c < format; c++)
				put(&sink, *c);
			continue;
		}
		format++;
		if (between)
			between();
	}

	if (size)
		out[sink.length < size ? sink.length : size - 1] = '\0';
	return (int)sink.length;
}

/** The same in one piece. */
int vsnprintf(char *out, size_t size, const char *format, va_list args)
{
	return vsnprintf_in_steps(out, size, 0, format, args);
}

/** vsnprintf() with the arguments in the call. */
int snprintf(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);

	const int length = vsnprintf(out, size, format, args);

	va_end(args);
	return length;
}
