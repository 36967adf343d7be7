/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines with a level. Messages above LOG_LEVEL leave no code behind; a file raises it by
 * defining LOG_LEVEL before the include. The sink is given at start-up: the console on the board,
 * standard output in host tests.
 */
#ifndef VMM_LIB_LOG_H
#define VMM_LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_ERROR 0
#define LOG_WARN  1
#define LOG_INFO  2
#define LOG_DEBUG 3

#ifndef LOG_LEVEL
#define LOG_LEVEL LOG_INFO
#endif

typedef void (*log_sink)(const char *text, size_t length);

void log_set_sink(log_sink sink);
void log_set_clock(uint64_t (*now)(void), uint32_t ticks_per_second);
void log_write(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_write_own(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * A line costs thousands of instructions, and others their place in the log. Whoever can cause lines,
 * as a guest does that resets itself in a loop, causes so many in a second.
 */
#define LOG_LINES_MAX 40u

struct log_limit {
	uint64_t since;
	unsigned lines, dropped; /* since then */
};

bool log_admits(struct log_limit *limit, const char *who);

#define LOG(level, ...)                                  \
	do {                                             \
		if ((level) <= LOG_LEVEL)                \
			log_write((level), __VA_ARGS__); \
	} while (0)
#define log_error(...) LOG(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  LOG(LOG_WARN, __VA_ARGS__)
#define log_info(...)  LOG(LOG_INFO, __VA_ARGS__)
#define log_debug(...) LOG(LOG_DEBUG, __VA_ARGS__)

#endif
