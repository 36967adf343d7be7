/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the monitor: the table is in monitor_commands.c, what calls them in monitor.c. */
#ifndef VMM_CONSOLE_MONITOR_COMMAND_H
#define VMM_CONSOLE_MONITOR_COMMAND_H

#include "vmm/console/monitor.h"

/** What a step says. */
enum monitor_outcome { MONITOR_MORE, MONITOR_DONE, MONITOR_USAGE };

struct monitor_command {
	const char *name, *arguments, *help;
	unsigned words_min, words_max; /* with the name */
	/* Prints at most one line. m->step is 0 in the first call. */
	enum monitor_outcome (*step)(struct monitor *m);
};

enum monitor_outcome monitor_reload(struct monitor *m); /* monitor_reload.c */
enum monitor_outcome monitor_peers(struct monitor *m);  /* monitor_peers.c */
bool monitor_read_number(const char *text, unsigned base, uint32_t *number);
const struct monitor_command *monitor_find_command(const char *name);
void __attribute__((format(printf, 2, 3))) monitor_say(struct monitor *m, const char *format, ...);

#endif
