/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/line_editor.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#define CTRL(letter) ((letter)-0x40)
#define ESC          0x1b
#define DEL          0x7f
#define BELL         '\a'

static void put(const struct line_editor *ed, char c)
{
	ed->write(ed->to, &c, 1);
}

static void put_text(const struct line_editor *ed, const char *text)
{
	ed->write(ed->to, text, strlen(text));
}

/** Prints prompt and line at the start of a row, and puts the cursor where it belongs. */
void line_editor_show(const struct line_editor *ed)
{
	static const char back[] = { '\b', '\b', '\b', '\b', '\b', '\b', '\b', '\b' };

	put_text(ed, ed->prompt);
	put_text(ed, ed->line);
	put_text(ed, "\x1b[K"); /* erase to the end of the row */
	for (unsigned left = ed->length - ed->cursor; left > 0;) {
		const unsigned some = left < sizeof(back) ? left : sizeof(back);

		ed->write(ed->to, back, some);
		left -= some;
	}
}

/** Empties the row, for something else to be printed there; line_editor_show() brings it back. */
void line_editor_hide(const struct line_editor *ed)
{
	put_text(ed, "\r\x1b[K");
}

static void redraw(const struct line_editor *ed)
{
	put(ed, '\r');
	line_editor_show(ed);
}

static void set_line(struct line_editor *ed, const char *text)
{
	ed->length = (unsigned)strlen(text);
	memcpy(ed->line, text, ed->length + 1);
	ed->cursor = ed->length;
	redraw(ed);
}

/* Keys. */

static void insert(struct line_editor *ed, char c)
{
	const bool at_end = ed->cursor == ed->length;

	if (ed->length == LINE_EDITOR_MAX) {
		put(ed, BELL);
		return;
	}
	memmove(&ed->line[ed->cursor + 1], &ed->line[ed->cursor], ed->length - ed->cursor + 1);
	ed->line[ed->cursor++] = c;
	ed->length++;
	if (at_end)
		put(ed, c);
	else
		redraw(ed);
}

/** Removes what is from @p from up to @p to, and leaves the cursor there. */
static void cut(struct line_editor *ed, unsigned from, unsigned to)
{
	memmove(&ed->line[from], &ed->line[to], ed->length - to + 1);
	ed->length -= to - from;
	ed->cursor = from;
	redraw(ed);
}

static void key_left(struct line_editor *ed)
{
	if (ed->cursor > 0) {
		ed->cursor--;
		put(ed, '\b');
	}
}

static void key_right(struct line_editor *ed)
{
	if (ed->cursor < ed->length)
		put(ed, ed->line[ed->cursor++]);
}

static void key_home(struct line_editor *ed)
{
	while (ed->cursor > 0)
		key_left(ed);
}

static void key_end(struct line_editor *ed)
{
	while (ed->cursor < ed->length)
		key_right(ed);
}

static void key_backspace(struct line_editor *ed)
{
	if (ed->cursor > 0)
		cut(ed, ed->cursor - 1, ed->cursor);
}

static void key_delete(struct line_editor *ed)
{
	if (ed->cursor < ed->length)
		cut(ed, ed->cursor, ed->cursor + 1);
}

static void key_cut_before(struct line_editor *ed)
{
	cut(ed, 0, ed->cursor);
}

static void key_cut_behind(struct line_editor *ed)
{
	cut(ed, ed->cursor, ed->length);
}

static void key_cancel(struct line_editor *ed)
{
	put_text(ed, "^C\r\n");
	ed->back = 0;
	set_line(ed, "");
}

/** Shows the line that was @p back lines ago; 0 is the one that was being typed. */
static void show_history(struct line_editor *ed, unsigned back)
{
	const unsigned kept =
		ed->history_count < LINE_EDITOR_HISTORY ? ed->history_count : LINE_EDITOR_HISTORY;

	if (back > kept)
		return;
	if (ed->back == 0)
		memcpy(ed->draft, ed->line, sizeof(ed->draft));
	ed->back = back;
	set_line(ed, back == 0 ? ed->draft
			       : ed->history[(ed->history_count - back) % LINE_EDITOR_HISTORY]);
}

static void key_up(struct line_editor *ed)
{
	show_history(ed, ed->back + 1);
}

static void key_down(struct line_editor *ed)
{
	if (ed->back > 0)
		show_history(ed, ed->back - 1);
}

static void key_redraw(struct line_editor *ed)
{
	redraw(ed);
}

static const struct {
	uint8_t control; /* the byte; 0: none */
	uint8_t letter;  /* ends ESC [ or ESC O; 0: none */
	uint8_t number;  /* in ESC [ number ~; 0: none */
	void (*act)(struct line_editor *ed);
} keys[] = {
	/* clang-format off */
	{ CTRL('A'), 'H', 1, key_home },
	{ 0,         0,   7, key_home },
	{ CTRL('B'), 'D', 0, key_left },
	{ CTRL('C'), 0,   0, key_cancel },
	{ CTRL('D'), 0,   3, key_delete },
	{ CTRL('E'), 'F', 4, key_end },
	{ 0,         0,   8, key_end },
	{ CTRL('F'), 'C', 0, key_right },
	{ CTRL('H'), 0,   0, key_backspace },
	{ DEL,       0,   0, key_backspace },
	{ CTRL('K'), 0,   0, key_cut_behind },
	{ CTRL('L'), 0,   0, key_redraw },
	{ CTRL('N'), 'B', 0, key_down },
	{ CTRL('P'), 'A', 0, key_up },
	{ CTRL('U'), 0,   0, key_cut_before },
	/* clang-format on */
};

static void control(struct line_editor *ed, uint8_t byte)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].control == byte && byte)
			keys[i].act(ed);
}

/** The byte that ends an escape sequence. One that is not known does nothing. */
static void end_sequence(struct line_editor *ed, uint8_t byte)
{
	ed->sequence = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (byte == '~' ? keys[i].number && keys[i].number == ed->number
				: keys[i].letter && keys[i].letter == byte)
			keys[i].act(ed);
	}
}

/** A byte of an escape sequence (ECMA-48, 5.4): parameters, then one from 0x40 on. */
static void sequence(struct line_editor *ed, uint8_t byte)
{
	if (ed->sequence == ESC) {
		ed->sequence = byte == '[' || byte == 'O' ? byte : 0;
		ed->number = 0;
	} else if (byte >= '0' && byte <= '9') {
		ed->number = ed->number > 9 ? 0xff : (uint8_t)(ed->number * 10 + byte - '0');
	} else if (byte < 0x20 || byte > 0x7e) {
		ed->sequence = 0; /* broken off */
	} else if (byte >= 0x40) {
		end_sequence(ed, byte);
	}
}

static void remember(struct line_editor *ed)
{
	const char *const last = ed->history[(ed->history_count - 1) % LINE_EDITOR_HISTORY];

	if (ed->length == 0 || (ed->history_count > 0 && strcmp(last, ed->line) == 0))
		return;
	memcpy(ed->history[ed->history_count++ % LINE_EDITOR_HISTORY], ed->line, ed->length + 1);
	if (ed->history_count == 2 * LINE_EDITOR_HISTORY)
		ed->history_count -= LINE_EDITOR_HISTORY; /* it never wraps */
}

/** The line is finished. Returns it; the next byte starts a new one. */
static const char *finish(struct line_editor *ed)
{
	put_text(ed, "\r\n");
	remember(ed);
	memcpy(ed->draft, ed->line, sizeof(ed->draft));
	ed->line[0] = '\0';
	ed->length = 0;
	ed->cursor = 0;
	ed->back = 0;
	return ed->draft;
}

/**
 * Takes a byte from the terminal. Returns the line if that ended one: valid until the next call, and
 * without a prompt for another, for which there is line_editor_show(); otherwise NULL.
 */
const char *line_editor_type(struct line_editor *ed, uint8_t byte)
{
	const bool after_cr = ed->after_cr;

	ed->after_cr = byte == '\r';
	if (ed->sequence && byte != '\r' && byte != ESC)
		sequence(ed, byte);
	else if (byte == '\r' || (byte == '\n' && !after_cr)) {
		ed->sequence = 0;
		return finish(ed);
	} else if (byte == ESC)
		ed->sequence = ESC;
	else if (byte >= 0x20 && byte < DEL)
		insert(ed, (char)byte);
	else
		control(ed, byte);
	return 0;
}
