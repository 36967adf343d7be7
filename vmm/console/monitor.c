/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/monitor.h"

#include "vmm/lib/printf.h"
#include "vmm/lib/string.h"
#include "vmm/console/monitor_command.h"

#include <stdarg.h>

#define PROMPT "hako> "

/** Prints a line, MONITOR_LINE_MAX bytes at most. */
void monitor_say(struct monitor *m, const char *format, ...)
{
	char line[MONITOR_LINE_MAX];
	size_t length;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 2, format, args);
	va_end(args);
	length = strlen(line);
	memcpy(line + length, "\r\n", 2);
	m->write(m->to, line, length + 2);
}

/** Cuts m->text into words. Returns false if there are too many. */
static bool split(struct monitor *m)
{
	char *c = m->text;

	m->words = 0;
	for (;;) {
		while (*c == ' ')
			*c++ = '\0';
		if (!*c)
			return true;
		if (m->words == MONITOR_WORDS_MAX)
			return false;
		m->word[m->words++] = c;
		while (*c && *c != ' ')
			c++;
	}
}

static void usage(struct monitor *m, const struct monitor_command *command)
{
	monitor_say(m, "usage: %s %s - %s", command->name, command->arguments, command->help);
}

/** Starts the command of a line; monitor_step() does its work. */
static void start_command(struct monitor *m, const char *line)
{
	const struct monitor_command *command;
	bool fits;

	memcpy(m->text, line, strlen(line) + 1);
	fits = split(m);
	if (m->words == 0)
		return;
	command = monitor_find_command(m->word[0]);
	if (!command) {
		monitor_say(m, "no command is called '%.40s'; usage: help", m->word[0]);
		return;
	}
	if (!fits || m->words < command->words_min || m->words > command->words_max) {
		usage(m, command);
		return;
	}
	m->command = command;
	m->step = 0;
	m->at = 0;
	m->left = 0;
}

/** @p write prints bytes; @p log is what the command `log` shows. Nothing is printed yet. */
void monitor_init(struct monitor *m, void (*write)(void *to, const char *text, size_t length),
		  void *to, const struct ring *log)
{
	*m = (struct monitor){
		.write = write,
		.to = to,
		.log = log,
		.editor = { .write = write, .to = to, .prompt = PROMPT },
	};
}

/** Takes a byte that was typed; not while monitor_is_busy(). */
void monitor_type(struct monitor *m, uint8_t byte)
{
	const char *line;

	if (m->take) {
		if (m->take(m, byte))
			return;
		m->take = 0;
		line_editor_show(&m->editor);
		return;
	}
	line = line_editor_type(&m->editor, byte);
	if (!line)
		return;
	start_command(m, line);
	if (!m->command)
		line_editor_show(&m->editor);
}

/** Prints the next line of the command that is at work, MONITOR_LINE_MAX bytes at most; and a prompt. */
void monitor_step(struct monitor *m)
{
	const struct monitor_command *const command = m->command;
	enum monitor_outcome outcome;

	if (!command)
		return;
	outcome = command->step(m);
	m->step++;
	if (outcome == MONITOR_MORE)
		return;
	m->command = 0;
	if (outcome == MONITOR_USAGE)
		usage(m, command);
	monitor_show(m);
}

/** Ctrl-C while a command is at work. */
void monitor_cancel(struct monitor *m)
{
	if (!m->command)
		return;
	m->command = 0;
	monitor_say(m, "^C");
	line_editor_show(&m->editor);
}

/** Prints the prompt and what has been typed, at the start of a row. */
void monitor_show(const struct monitor *m)
{
	if (!m->command && !m->take)
		line_editor_show(&m->editor);
}

/** Empties the row, so that another line can be printed there; then monitor_show(). */
void monitor_hide(const struct monitor *m)
{
	if (!m->command && !m->take)
		line_editor_hide(&m->editor);
}
