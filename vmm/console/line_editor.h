/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line that a person types at a terminal, with the keys that one expects: arrows, Home, End,
 * Backspace, Delete, Ctrl-A, -B, -C, -D, -E, -F, -K, -L, -N, -P, -U, and the lines before. Understands
 * and sends the sequences of ECMA-48 that every terminal has, on one row of 80 columns. Pure.
 */
#ifndef VMM_CONSOLE_LINE_EDITOR_H
#define VMM_CONSOLE_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_EDITOR_MAX     72u /* with a prompt of 7 this is a row */
#define LINE_EDITOR_HISTORY 16u

struct line_editor {
	void (*write)(void *to, const char *text, size_t length); /* to the terminal */
	void *to;
	const char *prompt;

	char line[LINE_EDITOR_MAX + 1]; /* with a 0 at length */
	unsigned length, cursor;

	char history[LINE_EDITOR_HISTORY][LINE_EDITOR_MAX + 1];
	unsigned history_count; /* ever; the last LINE_EDITOR_HISTORY are there */
	unsigned back;          /* how far back the line shown is: 0 is the new one */
	char draft[LINE_EDITOR_MAX + 1];

	uint8_t sequence; /* what has come of an escape sequence: 0, ESC, '[' or 'O' */
	uint8_t number;   /* the parameter in it */
	bool after_cr;    /* a line feed now belongs to the carriage return before */
};

const char *line_editor_type(struct line_editor *editor, uint8_t byte);
void line_editor_show(const struct line_editor *editor);
void line_editor_hide(const struct line_editor *editor);

#endif
