/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For bugs of the VMM itself: report and stop. What a guest or a configuration can cause never
 * comes here. Host tests bring their own panic().
 */
#ifndef VMM_LIB_CHECK_H
#define VMM_LIB_CHECK_H

void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define CHECK(expr)                                                                \
	do {                                                                       \
		if (!(expr))                                                       \
			panic("%s:%d: not true: %s\n", __FILE__, __LINE__, #expr); \
	} while (0)

#endif
