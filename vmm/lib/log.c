// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/log.h"

#include "vmm/lib/preempt.h"
#include "vmm/lib/printf.h"

#include <stdarg.h>

/* Longer lines are cut; the longest of ours, a register dump, is half of this. */
#define LINE_MAX 256

static log_sink sink;
static uint64_t (*clock_now)(void);
static uint32_t second; /* of that clock */

/** Sets where lines go; until the first call they are dropped. */
void log_set_sink(log_sink new_sink)
{
	sink = new_sink;
}

static void leave(void)
{
	preempt_point();
}

static void write(bool can_be_left, const char *format, va_list args)
{
	char line[LINE_MAX];
	int length;

	if (!sink)
		return;
	length = vsnprintf_in_steps(line, sizeof(line), can_be_left ? leave : 0, format, args);
	if (can_be_left)
		preempt_point();
	if (length >= LINE_MAX) {
		length = LINE_MAX - 1;
		line[length - 1] = '\n';
	}
	sink(line, (size_t)length);
	if (can_be_left)
		preempt_point();
}

/** Formats one line and hands it to the sink. Callers use the macros of log.h. */
void log_write(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write(false, format, args);
	va_end(args);
}

/** The same where a VM's own thread can be left: with preempt points. */
void log_write_own(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write(true, format, args);
	va_end(args);
}

/** Gives the time for log_admits(), which until then admits all. */
void log_set_clock(uint64_t (*now)(void), uint32_t ticks_per_second)
{
	clock_now = now;
	second = ticks_per_second;
}

/** Whether @p who may have one more line. Those that were dropped are counted, and told with the next. */
bool log_admits(struct log_limit *limit, const char *who)
{
	const uint64_t now = clock_now ? clock_now() : 0;

	if (now - limit->since >= second) {
		const unsigned dropped = limit->dropped;

		*limit = (struct log_limit){ .since = now };
		if (dropped > 0)
			log_info("[%s] %u lines dropped: more than %u in a second\n", who, dropped,
				 LOG_LINES_MAX);
	}
	if (limit->lines < LOG_LINES_MAX) {
		limit->lines++;
		return true;
	}
	limit->dropped++;
	return false;
}
