/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test programs share. Each prints the same lines on the bare board and under the VMM, one
 * for each thing it tried, and ends with status 1 if something known to be right was not so.
 */
#ifndef TESTS_LINUX_CHECK_H
#define TESTS_LINUX_CHECK_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int failures;

/* One result: what was tried and what came of it; `good` is whether that is as it must be. */
__attribute__((format(printf, 2, 3))) static inline void result(int good, const char *format, ...)
{
	va_list args;

	printf(good ? "ok     " : "not ok ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!good)
		failures++;
}

/* The signal that the last try() took; number 0 if none. */
static struct {
	int number;
	int code;
	uintptr_t address;
} caught;

static sigjmp_buf try_again;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	caught.number = number;
	caught.code = info->si_code;
	caught.address = (uintptr_t)info->si_addr;
	siglongjmp(try_again, 1);
}

static inline void catch_signals(void)
{
	static const int numbers[] = { SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* Runs a statement; `caught` tells what signal ended it. */
#define TRY(statement)                              \
	do {                                        \
		memset(&caught, 0, sizeof(caught)); \
		if (sigsetjmp(try_again, 1) == 0) { \
			statement;                  \
		}                                   \
	} while (0)

static inline int finish(const char *name)
{
	printf("%s: %s\n", name, failures ? "FAILED" : "done");
	return failures ? 1 : 0;
}

#endif
