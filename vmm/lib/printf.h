/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatted output into a buffer: %s %c %d %i %u %x %X %p %%, with the flags '-' and '0', a width
 * and a precision (each also as '*'), and the lengths hh, h, l, ll, z. Anything else in a format is
 * printed as it stands. Position independent: also used before the image has been moved.
 */
#ifndef VMM_LIB_PRINTF_H
#define VMM_LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

int vsnprintf_in_steps(char *out, size_t size, void (*between)(void), const char *format,
		       va_list args) __attribute__((format(printf, 4, 0)));
int vsnprintf(char *out, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
int snprintf(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
