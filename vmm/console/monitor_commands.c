/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/clock.h"
#include "vmm/console/events.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/printf.h"
#include "vmm/lib/string.h"
#include "vmm/console/log_ring.h"
#include "vmm/console/monitor_command.h"

#define WORDS_ROW 4u     /* of memory */
#define WORDS_MAX 65536u /* in one command */

/* Reading arguments. */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/** Reads a number of 32 bits; "0x" before it makes it hexadecimal. Returns false if it is none. */
bool monitor_read_number(const char *text, unsigned base, uint32_t *number)
{
	uint64_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		const int d = digit(*text);

		if (d < 0 || (unsigned)d >= base)
			return false;
		value = value * base + (unsigned)d;
		if (value > UINT32_MAX)
			return false;
	}
	*number = (uint32_t)value;
	return true;
}

/** Finds the VM that a word names, or numbers as `list` does. */
static bool find_vm(struct monitor *m, const char *name)
{
	uint32_t number;

	for (unsigned i = 0; i < vms_count(); i++) {
		m->vm = vms_get(i);
		if (strcmp(vms_name(m->vm), name) == 0)
			return true;
	}
	if (!monitor_read_number(name, 10, &number) || number < 1 || number > vms_count())
		return false;
	m->vm = vms_get(number - 1);
	return true;
}

/** The VM of the first argument, in the first step. Says so if there is none. */
static bool take_vm(struct monitor *m)
{
	if (m->step > 0 || find_vm(m, m->word[1]))
		return true;
	monitor_say(m, "no VM is called '%.40s'; `list` shows them", m->word[1]);
	return false;
}

/* Commands. */

static const char *const state_names[VMS_STATES] = {
	[VMS_STATE_STOPPED] = "stopped",   [VMS_STATE_READY] = "ready",
	[VMS_STATE_RUNNING] = "running",   [VMS_STATE_WAITING] = "waiting",
	[VMS_STATE_PAUSED] = "paused",     [VMS_STATE_DEAD] = "dead",
	[VMS_STATE_CHANGING] = "changing",
};

static const char *state_name(const struct vm *vm)
{
	const enum vms_state state = vms_state(vm);

	return (unsigned)state < VMS_STATES ? state_names[state] : "?";
}

/** Share of the CPU since the VM was last listed, in tenths of a percent. */
static unsigned cpu_share(struct monitor *m, unsigned n, uint64_t cpu_ticks)
{
	struct monitor_sample *const last = &m->sample[n % MONITOR_VMS_MAX];
	const uint64_t now = vms_now();
	const uint64_t elapsed = now - last->at, used = cpu_ticks - last->cpu_ticks;

	*last = (struct monitor_sample){ now, cpu_ticks };
	return elapsed ? (unsigned)(used * 1000u / elapsed) : 0;
}

static enum monitor_outcome list(struct monitor *m)
{
	char budget[24] = "-";
	struct vms_info info;
	unsigned n, share;
	struct vm *vm;

	if (m->step == 0) {
		monitor_say(m, " #  %-14s %-8s %8s %15s %7s %8s %6s", "name", "state", "priority",
			    "budget", "cpu", "memory", "starts");
		return vms_count() > 0 ? MONITOR_MORE : MONITOR_DONE;
	}
	n = m->step - 1;
	vm = vms_get(n);
	vms_get_info(vm, &info);
	share = cpu_share(m, n, info.cpu_ticks);
	if (info.period_us)
		snprintf(budget, sizeof(budget), "%u/%u", (unsigned)info.budget_us,
			 (unsigned)info.period_us);
	monitor_say(m, "%2u  %-14.14s %-8s %8u %15s %5u.%u%% %4u MiB %6u", m->step, vms_name(vm),
		    state_name(vm), info.priority, budget, share / 10, share % 10,
		    (unsigned)(info.memory / MIB), info.starts);
	return m->step < vms_count() ? MONITOR_MORE : MONITOR_DONE;
}

static enum monitor_outcome ask(struct monitor *m, enum vms_request what)
{
	enum status status;

	if (!take_vm(m))
		return MONITOR_DONE;
	status = vms_ask(m->vm, what);
	if (status == STATUS_NOT_FOUND)
		monitor_say(m, "%s: %s is not possible while it is %s", vms_name(m->vm), m->word[0],
			    state_name(m->vm));
	else if (status != STATUS_OK)
		monitor_say(m, "%s: %s: %s", vms_name(m->vm), m->word[0], status_name(status));
	return MONITOR_DONE;
}

static enum monitor_outcome start(struct monitor *m)
{
	return ask(m, VMS_ASK_START);
}

static enum monitor_outcome stop(struct monitor *m)
{
	return ask(m, VMS_ASK_STOP);
}

static enum monitor_outcome pause(struct monitor *m)
{
	return ask(m, VMS_ASK_PAUSE);
}

static enum monitor_outcome resume(struct monitor *m)
{
	return ask(m, VMS_ASK_RESUME);
}

static enum monitor_outcome reset(struct monitor *m)
{
	return ask(m, VMS_ASK_RESET);
}

static const char *const counter_names[VMS_COUNTERS] = {
	[VMS_COUNT_SWITCHES] = "switches to it",
	[VMS_COUNT_WAITS] = "waits for an interrupt",
	[VMS_COUNT_SHADOW_FILLS] = "shadow entries made",
	[VMS_COUNT_SHADOW_CONTEXTS] = "shadow page tables made",
	[VMS_COUNT_DEVICE_ERRORS] = "accesses to device registers that are not there",
	[VMS_COUNT_CONSOLE_LOST] = "bytes lost at the console",
	[VMS_COUNT_FRAMES_OUT] = "frames sent",
	[VMS_COUNT_FRAMES_DROPPED] = "frames dropped that it sent",
	[VMS_COUNT_FRAMES_COPIES] = "copies of frames that it sent",
	[VMS_COUNT_FRAMES_IN] = "frames received",
	[VMS_COUNT_MEMORY] = "bytes of the VMM's memory, without shadow tables",
	[VMS_COUNT_SHADOW_MEMORY] = "bytes of it for shadow tables",
};

/** The VM itself, then its counters; m->at is the VM's number, m->left what is left of it. */
static enum monitor_outcome stats(struct monitor *m)
{
	const bool all = m->words == 1;
	struct vms_info info;
	unsigned n;

	if (all && vms_count() == 0)
		return MONITOR_DONE;
	if (!all && !take_vm(m))
		return MONITOR_DONE;
	if (m->step == 0 || m->left == 0) {
		if (all)
			m->vm = vms_get(m->at++);
		vms_get_info(m->vm, &info);
		m->left = VMS_COUNTERS;
		monitor_say(m, "%s: %s, %u starts, %u deaths, %u ms of CPU time", vms_name(m->vm),
			    state_name(m->vm), info.starts, info.deaths,
			    (unsigned)(info.cpu_ticks / (CLOCK_HZ / 1000)));
		return MONITOR_MORE;
	}
	vms_get_info(m->vm, &info);
	n = VMS_COUNTERS - m->left--;
	monitor_say(m, "  %10u %s", (unsigned)info.count[n], counter_names[n]);
	return m->left > 0 || (all && m->at < vms_count()) ? MONITOR_MORE : MONITOR_DONE;
}

static char printable(uint32_t byte)
{
	return byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
}

/** A row of memory: address, words, and the same as text. */
static enum monitor_outcome mem(struct monitor *m)
{
	uint32_t words[WORDS_ROW];
	char text[4 * WORDS_ROW + 1];
	char hex[9 * WORDS_ROW + 1];
	unsigned count;

	if (m->step == 0) {
		m->left = 4 * WORDS_ROW;
		if (!monitor_read_number(m->word[2], 16, &m->at) || m->at % 4 != 0 ||
		    (m->words > 3 && !monitor_read_number(m->word[3], 10, &m->left)) ||
		    m->left == 0 || m->left > WORDS_MAX)
			return MONITOR_USAGE;
	}
	if (!take_vm(m))
		return MONITOR_DONE;
	count = m->left < WORDS_ROW ? m->left : WORDS_ROW;
	if (!vms_read_words(m->vm, gpa(m->at), words, count)) {
		monitor_say(m, "%s: not all of 0x%08x to 0x%08x is its RAM", vms_name(m->vm),
			    (unsigned)m->at, (unsigned)(m->at + 4 * count - 1));
		return MONITOR_DONE;
	}
	for (unsigned i = 0; i < count; i++) {
		snprintf(hex + 9 * i, 10, " %08x", (unsigned)words[i]);
		for (unsigned b = 0; b < 4; b++)
			text[4 * i + b] = printable(words[i] >> 8 * b & 0xffu);
	}
	text[4 * count] = '\0';
	monitor_say(m, "%08x %-36s  %s", (unsigned)m->at, hex, text);
	m->at += 4 * count;
	m->left -= count;
	return m->left > 0 && m->at != 0 ? MONITOR_MORE : MONITOR_DONE;
}

static enum monitor_outcome regs(struct monitor *m)
{
	const unsigned row = 4 * m->step;
	struct vms_info info;

	if (!take_vm(m))
		return MONITOR_DONE;
	vms_get_info(m->vm, &info);
	if (row < 16) {
		monitor_say(m, "r%-2u %08x %08x %08x %08x", row, (unsigned)info.r[row],
			    (unsigned)info.r[row + 1], (unsigned)info.r[row + 2],
			    (unsigned)info.r[row + 3]);
		return MONITOR_MORE;
	}
	if (row == 16) {
		monitor_say(m, "cpsr %08x  spsr %08x  mode %s", (unsigned)info.cpsr,
			    (unsigned)info.spsr, info.mode);
		return MONITOR_MORE;
	}
	monitor_say(m, "sctlr %08x  ttbr %08x  dacr %08x", (unsigned)info.sctlr,
		    (unsigned)info.ttbr, (unsigned)info.dacr);
	return MONITOR_DONE;
}

/** The next event; one that came after the command was given is left for another. */
static enum monitor_outcome trace_show(struct monitor *m)
{
	const struct event_text *text;
	struct event event;
	char a[24] = "", b[24] = "";
	const uint32_t from = m->at;
	uint32_t us;

	if (!events_read(&m->at, &event) || m->left == 0) {
		if (m->step == 0)
			monitor_say(m, "no events; `trace on` starts to record");
		return MONITOR_DONE;
	}
	m->left--;
	text = event_text((enum event_kind)event.kind);
	us = (uint32_t)(event.time / (CLOCK_HZ / 1000000) % 1000000);
	if (*text->a)
		snprintf(a, sizeof(a), " %s 0x%x", text->a, (unsigned)event.a);
	if (*text->b)
		snprintf(b, sizeof(b), " %s 0x%x", text->b, (unsigned)event.b);
	monitor_say(m, "%s%6u.%06u  %-14.14s %s%s%s",
		    m->step > 0 && m->at != from + 1 ? "... " : "",
		    (unsigned)(event.time / CLOCK_HZ), (unsigned)us,
		    event.vm < vms_count() ? vms_name(vms_get(event.vm)) : "?", text->name, a, b);
	return MONITOR_MORE;
}

static enum monitor_outcome trace(struct monitor *m)
{
	if (m->step > 0)
		return trace_show(m);
	if (strcmp(m->word[1], "show") == 0) {
		m->left = EVENTS_MAX;
		return trace_show(m);
	}
	if (strcmp(m->word[1], "on") == 0)
		events_on = true;
	else if (strcmp(m->word[1], "off") == 0)
		events_on = false;
	else
		return MONITOR_USAGE;
	return MONITOR_DONE;
}

/** The next line of the log, up to where it ended when the command was given: m->left. */
static enum monitor_outcome show_log(struct monitor *m)
{
	char line[MONITOR_LINE_MAX - 2];

	if (m->step == 0) {
		m->at = m->log->read;
		m->left = m->log->written;
	}
	if (m->log->written - m->left > ring_count(m->log) || (int32_t)(m->left - m->at) <= 0 ||
	    !log_ring_line(m->log, &m->at, line, sizeof(line)))
		return MONITOR_DONE;
	monitor_say(m, "%s", line);
	return MONITOR_MORE;
}

static enum monitor_outcome help(struct monitor *m);

static const struct monitor_command commands[] = {
	/* clang-format off */
	{ "help", "", "this list", 1, 1, help },
	{ "list", "", "the VMs, and their share of the CPU since the last list", 1, 1, list },
	{ "log", "", "the VMM's last messages", 1, 1, show_log },
	{ "mem", "NAME ADDRESS [WORDS]", "guest memory; the address is hexadecimal, a multiple of 4",
	  3, 4, mem },
	{ "pause", "NAME", "keep it from running", 2, 2, pause },
	{ "peers", "", "other boards, and what has come from them", 1, 1, monitor_peers },
	{ "regs", "NAME", "registers of the virtual CPU", 2, 2, regs },
	{ "reload", "BYTES CRC", "another description; scripts/reload sends it", 3, 3,
	  monitor_reload },
	{ "reset", "NAME", "as its reset button", 2, 2, reset },
	{ "resume", "NAME", "let it run again", 2, 2, resume },
	{ "start", "NAME", "load and start it", 2, 2, start },
	{ "stats", "[NAME]", "counters of one or all", 1, 2, stats },
	{ "stop", "NAME", "as its power switch", 2, 2, stop },
	{ "trace", "on|off|show", "record events of VMs; show the last", 2, 2, trace },
	/* clang-format on */
};

static enum monitor_outcome help(struct monitor *m)
{
	const struct monitor_command *const command = &commands[m->step];

	if (m->step == ARRAY_SIZE(commands)) {
		monitor_say(
			m,
			"NAME is a VM's name or number. Ctrl-C ends an output; Ctrl-O n leaves.");
		return MONITOR_DONE;
	}
	monitor_say(m, "%-6s %-20s  %s", command->name, command->arguments, command->help);
	return MONITOR_MORE;
}

/** The command of that name, or NULL. */
const struct monitor_command *monitor_find_command(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
