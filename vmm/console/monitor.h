/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor: commands that a person types to see and steer VMs. docs/console.md has a session.
 *
 * What is typed comes in interrupts, in the middle of any VM, and the monitor has no stack on which it
 * could wait. So a command is a function that prints one line each time it is called, until it says
 * that it is done: monitor_step() is that call, and its caller makes it when there is room for a
 * line. While the monitor is busy, what is typed stays with the caller.
 */
#ifndef VMM_CONSOLE_MONITOR_H
#define VMM_CONSOLE_MONITOR_H

#include "vmm/lib/ring.h"
#include "vmm/console/line_editor.h"
#include "vmm/console/receive.h"
#include "vmm/vms.h"

#include <stdbool.h>
#include <stdint.h>

#define MONITOR_LINE_MAX  100u /* of one step, with its end */
#define MONITOR_WORDS_MAX 4u
#define MONITOR_VMS_MAX   8u /* whose share of the CPU can be told */

struct monitor_command;

/** The CPU time of a VM when it was listed last. */
struct monitor_sample {
	uint64_t at, cpu_ticks;
};

struct monitor {
	void (*write)(void *to, const char *text, size_t length);
	void *to;
	const struct ring *log; /* log_ring.h */
	struct line_editor editor;

	/* The command that is at work. */
	const struct monitor_command *command;
	unsigned step; /* how often it was called */
	char *word[MONITOR_WORDS_MAX];
	unsigned words;
	char text[LINE_EDITOR_MAX + 1]; /* of the words */
	struct vm *vm;
	uint32_t at, left; /* where it is, as it likes */

	/* Has what is typed instead of the line editor, until it returns false; or NULL. */
	bool (*take)(struct monitor *monitor, uint8_t byte);
	struct receiver receiver; /* of `reload` */

	struct monitor_sample sample[MONITOR_VMS_MAX];
};

void monitor_init(struct monitor *monitor, void (*write)(void *to, const char *text, size_t length),
		  void *to, const struct ring *log);
void monitor_type(struct monitor *monitor, uint8_t byte);
void monitor_step(struct monitor *monitor);
void monitor_cancel(struct monitor *monitor);
void monitor_show(const struct monitor *monitor);
void monitor_hide(const struct monitor *monitor);

/** Whether a command is at work: monitor_step() is due, and monitor_type() is not. */
static inline bool monitor_is_busy(const struct monitor *monitor)
{
	return monitor->command;
}

#endif
