// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/log.h"

#include "vmm/lib/printf.h"

#include <stdarg.h>

/* Longer lines are cut; the longest of ours, a register dump, is half of this. */
#define LINE_MAX 256

static log_sink sink;

/** Sets where lines go; until the first call they are dropped. */
void log_set_sink(log_sink new_sink)
{
	sink = new_sink;
}

/** Formats one line and hands it to the sink. Callers use the macros of log.h. */
void log_write(int level, const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;

	if (!sink)
		return;

	va_start(args, format);
	int length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);

	if (length >= LINE_MAX) {
		length = LINE_MAX - 1;
		line[length - 1] = '\n';
	}
	sink(line, (size_t)length);
}
