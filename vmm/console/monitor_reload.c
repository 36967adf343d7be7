/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command `reload`: a description comes as lines of base64, each of which is answered, so that the
 * sender need not know how fast the terminal is. A line "." ends it, Ctrl-C abandons it.
 */
#include "vmm/console/monitor_command.h"
#include "vmm/reload.h"

#define CTRL_C 0x03

/** What is typed meanwhile. After a mistake the lines that were on their way are skipped. */
static bool take(struct monitor *m, uint8_t byte)
{
	struct receiver *const r = &m->receiver;

	if (byte == CTRL_C) {
		reload_abandon();
		monitor_say(m, "^C");
		return false;
	}
	switch (receive_byte(r, byte)) {
	case RECEIVE_MORE:
		return true;
	case RECEIVE_LINE:
		if (r->wrong)
			monitor_say(m, "reload: line %u: %s; Ctrl-C ends this", r->line, r->wrong);
		else
			monitor_say(m, "reload: %u of %u", (unsigned)r->count, (unsigned)r->size);
		return true;
	case RECEIVE_END:
		break;
	}
	if (r->wrong) {
		monitor_say(m, "reload: %s", r->wrong);
		reload_abandon();
	} else {
		monitor_say(m, "reload: complete; the log says what becomes of it");
		reload_carry_out();
	}
	return false;
}

enum monitor_outcome monitor_reload(struct monitor *m)
{
	uint32_t size, crc;
	uint8_t *bytes;
	const char *wrong;

	if (!monitor_read_number(m->word[1], 10, &size) ||
	    !monitor_read_number(m->word[2], 16, &crc))
		return MONITOR_USAGE;
	wrong = reload_begin(size, &bytes);
	if (wrong) {
		monitor_say(m, "reload: %s", wrong);
		return MONITOR_DONE;
	}
	receive_begin(&m->receiver, bytes, size, crc);
	m->take = take;
	monitor_say(m, "reload: waits for lines of base64; a line '.' ends, Ctrl-C abandons");
	return MONITOR_DONE;
}
