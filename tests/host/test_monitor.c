/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's commands, on VMs that are made up; and lines of random words. */
#include "tests/host/device_fixture.h"

#include "devemu/clock.h"
#include "vmm/console/events.h"
#include "vmm/lib/bits.h"
#include "vmm/console/log_ring.h"
#include "vmm/console/monitor.h"
#include "vmm/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The VMs. */

#define RAM 0x2000u

struct vm {
	const char *name;
	enum vms_state state;
	struct vms_info info;
};

static struct vm vms[3];
static unsigned vm_total;
static uint64_t now;
static char asked[128];

unsigned vms_count(void)
{
	return vm_total;
}

struct vm *vms_get(unsigned n)
{
	assert_true(n < vm_total);
	return &vms[n];
}

uint64_t vms_now(void)
{
	return now;
}

const char *vms_name(const struct vm *vm)
{
	return vm->name;
}

enum vms_state vms_state(const struct vm *vm)
{
	return vm->state;
}

enum status vms_ask(struct vm *vm, enum vms_request what)
{
	static const char *const names[] = { "start", "stop", "pause", "resume", "reset" };

	if (vm->state == VMS_STATE_DEAD && what == VMS_ASK_RESUME)
		return STATUS_NOT_FOUND;
	if (vm->state == VMS_STATE_DEAD)
		return STATUS_NO_MEMORY;
	snprintf(asked, sizeof(asked), "%s %s", names[what], vm->name);
	return STATUS_OK;
}

void vms_get_info(const struct vm *vm, struct vms_info *info)
{
	*info = vm->info;
}

bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count)
{
	assert_int_equal(from.raw % 4, 0);
	assert_true(count > 0);
	if (from.raw >= RAM || 4 * count > RAM - from.raw)
		return false;
	for (unsigned i = 0; i < count; i++)
		words[i] = from.raw / 4 + i == 3 ? 0x64636241 : from.raw + 4 * i;
	return true;
}

/* `reload`. */

static uint8_t received[16];
static const char *reload_state;

const char *reload_begin(uint32_t size, uint8_t **bytes)
{
	if (size > sizeof(received))
		return "that size is not possible";
	reload_state = "begun";
	*bytes = received;
	return NULL;
}

void reload_abandon(void)
{
	reload_state = "abandoned";
}

void reload_carry_out(void)
{
	reload_state = "carried out";
}

/* The terminal. */

static char out[16384];
static unsigned out_length;
static struct monitor monitor;
static uint8_t log_bytes[256];
static struct ring log_ring;

static void terminal_put(void *to, char c)
{
	assert_ptr_equal(to, out);
	assert_true(out_length < sizeof(out) - 1);
	out[out_length++] = c;
	out[out_length] = '\0';
}

static void terminal_write(void *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		terminal_put(to, text[i]);
}

static void clear(void)
{
	out_length = 0;
	out[0] = '\0';
}

static uint64_t clock_now(void)
{
	return now;
}

static int setup(void **state)
{
	vms[0] = (struct vm){ "linux",
			      VMS_STATE_RUNNING,
			      { .memory = 48 * MIB,
				.priority = 10,
				.budget_us = 30000,
				.period_us = 100000,
				.starts = 1,
				.mode = "svc",
				.cpsr = 0x60000013 } };
	vms[1] = (struct vm){ "rt",
			      VMS_STATE_WAITING,
			      { .memory = MIB, .priority = 20, .mode = "irq" } };
	vms[2] = (struct vm){ "broken", VMS_STATE_DEAD, { .deaths = 2, .mode = "usr" } };
	vm_total = 3;
	now = CLOCK_HZ;
	asked[0] = '\0';
	clear();
	log_ring = (struct ring){ .bytes = log_bytes, .size = sizeof(log_bytes) };
	monitor_init(&monitor, terminal_write, out, &log_ring);
	events_on = false;
	return 0;
}

/** Types a line; returns what it prints, without echo and prompt, line ends as in C. */
static const char *answer(const char *line)
{
	static char text[sizeof(out)];
	char *to = text;

	clear();
	for (const char *c = line; *c; c++)
		monitor_type(&monitor, (uint8_t)*c);
	clear();
	monitor_type(&monitor, '\r');
	for (unsigned n = 0; monitor_is_busy(&monitor); n++) {
		const unsigned before = out_length;

		assert_true(n < 100000);
		monitor_step(&monitor);
		/* A line, perhaps a usage line, and a prompt. */
		assert_true(out_length - before <= 2 * MONITOR_LINE_MAX);
		if (out_length > sizeof(out) / 2)
			clear();
	}
	assert_string_equal(out + out_length - 9, "hako> \x1b[K");
	out[out_length - 9] = '\0';
	for (const char *c = out + 2; *c; c++) /* the end of the line that was typed */
		if (*c != '\r')
			*to++ = *c;
	*to = '\0';
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void list_shows_every_vm(void **state)
{
	const char *text = answer("list");

	assert_string_equal(
		text,
		" #  name           state    priority          budget     cpu   memory starts\n"
		" 1  linux          running        10    30000/100000     0.0%   48 MiB      1\n"
		" 2  rt             waiting        20               -     0.0%    1 MiB      0\n"
		" 3  broken         dead            0               -     0.0%    0 MiB      0\n");
}

static void the_cpu_share_is_that_since_the_last_list(void **state)
{
	vms[0].info.cpu_ticks = CLOCK_HZ / 2;
	has(answer("list"), "    50.0%");
	now += 10 * CLOCK_HZ;
	vms[0].info.cpu_ticks += CLOCK_HZ / 8;
	vms[1].info.cpu_ticks += 10 * CLOCK_HZ;
	has(answer("list"), "     1.2%");
	now += CLOCK_HZ;
	vms[1].info.cpu_ticks += CLOCK_HZ;
	has(answer("list"), "   100.0%");
}

static void requests_reach_the_vm_that_is_named(void **state)
{
	static const char *const verbs[] = { "start", "stop", "pause", "resume", "reset" };
	char line[64], wanted[64];

	for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(line, sizeof(line), "%s rt", verbs[i]);
		assert_string_equal(answer(line), "");
		assert_string_equal(asked, line);
		snprintf(line, sizeof(line), "  %s   1 ", verbs[i]); /* by number */
		snprintf(wanted, sizeof(wanted), "%s linux", verbs[i]);
		assert_string_equal(answer(line), "");
		assert_string_equal(asked, wanted);
	}
	asked[0] = '\0';
	assert_string_equal(answer("resume broken"),
			    "broken: resume is not possible while it is dead\n");
	assert_string_equal(answer("start 3"), "broken: start: out of memory\n");
	has(answer("start nobody"), "no VM is called 'nobody'");
	has(answer("start 0"), "no VM is called '0'");
	has(answer("start 4"), "no VM is called '4'");
	assert_string_equal(asked, "");
}

static void wrong_input_gets_a_usage_line(void **state)
{
	static const struct {
		const char *line, *answer;
	} rows[] = {
		{ "start", "usage: start NAME - " },
		{ "start a b", "usage: start NAME - " },
		{ "list linux", "usage: list  - " },
		{ "mem linux", "usage: mem NAME ADDRESS [WORDS] - " },
		{ "mem linux 8001", "usage: mem " },
		{ "mem linux x", "usage: mem " },
		{ "mem linux 0x", "usage: mem " },
		{ "mem linux 100000000", "usage: mem " },
		{ "mem linux 0 0", "usage: mem " },
		{ "mem linux 0 1f", "usage: mem " },
		{ "mem linux 0 65537", "usage: mem " },
		{ "mem linux 0 1 1 1", "usage: mem " },
		{ "trace", "usage: trace on|off|show - " },
		{ "trace maybe", "usage: trace on|off|show - " },
		{ "nonsense", "no command is called 'nonsense'; usage: help\n" },
		{ "LIST", "no command is called 'LIST'" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = answer(rows[i].line);

		if (strncmp(text, rows[i].answer, strlen(rows[i].answer)) != 0)
			fail_msg("'%s' answers: %s", rows[i].line, text);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	}
	assert_string_equal(answer("   "), "");
}

static void help_shows_every_command(void **state)
{
	static const char *const names[] = { "help",  "list", "log",   "mem",    "pause",
					     "peers", "regs", "reset", "resume", "start",
					     "stats", "stop", "trace" };
	char line[32];

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), "%s ", names[i]);
		has(answer("help"), line);
	}
}

static void mem_shows_ram_and_nothing_else(void **state)
{
	assert_string_equal(answer("mem linux 0x8 5"),
			    "00000008  00000008 64636241 00000010 00000014  ....Abcd........\n"
			    "00000018  00000018                             ....\n");
	has(answer("mem linux 1ff0 4"), "00001ff0  00001ff0 00001ff4");
	has(answer("mem linux 1ff0 5"), "linux: not all of 0x00002000 to 0x00002003 is its RAM\n");
	assert_string_equal(answer("mem linux fffffffc 2"),
			    "linux: not all of 0xfffffffc to 0x00000003 is its RAM\n");
	has(answer("mem nobody 0"), "no VM is called");
}

static void regs_shows_the_virtual_cpu(void **state)
{
	const char *text;

	for (unsigned i = 0; i < 16; i++)
		vms[0].info.r[i] = 0x1000 + i;
	text = answer("regs linux");
	has(text, "r0  00001000 00001001 00001002 00001003\n");
	has(text, "r12 0000100c 0000100d 0000100e 0000100f\n");
	has(text, "cpsr 60000013  spsr 00000000  mode svc\n");
	has(text, "dacr 00000000\n");
}

static void stats_shows_one_or_all(void **state)
{
	const char *text;

	vms[1].info.count[VMS_COUNT_SHADOW_FILLS] = 4711;
	vms[1].info.count[VMS_COUNT_CONSOLE_LOST] = 815;
	vms[1].info.count[VMS_COUNT_MEMORY] = 40960;
	text = answer("stats rt");
	has(text, "rt: waiting, 0 starts, 0 deaths, 0 ms of CPU time\n");
	has(text, "        4711 shadow entries made\n");
	has(text, "         815 bytes lost at the console\n");
	has(text, "       40960 bytes of the VMM's memory, without shadow tables\n");
	assert_null(strstr(text, "linux"));
	text = answer("stats");
	has(text, "linux: ");
	has(text, "broken: dead, 0 starts, 2 deaths");
	vm_total = 0;
	assert_string_equal(answer("stats"), "");
	has(answer("list"), "starts\n");
}

static void trace_shows_the_last_events(void **state)
{
	const char *text;

	event(EVENT_DEATH, 0, 1, 2); /* nobody has asked for it */
	assert_string_equal(answer("trace show"), "no events; `trace on` starts to record\n");
	answer("trace on");
	event(EVENT_DEATH, 0, 1, 2); /* no clock yet */
	assert_string_equal(answer("trace show"), "no events; `trace on` starts to record\n");
	events_init(clock_now);
	event(EVENT_START, 1, 3, 0);
	now += 24 * 1500;
	event(EVENT_INTERRUPT, 0, 4, 1);
	event(EVENT_RESET, 7, 0, 0);
	answer("trace off");
	event(EVENT_DEATH, 0, 1, 2);
	assert_string_equal(answer("trace show"),
			    "     1.000000  rt             start start 0x3\n"
			    "     1.001500  linux          interrupt line 0x4 level 0x1\n"
			    "     1.001500  ?              reset\n");
	answer("trace on");
	for (unsigned n = 0; n < 3 * EVENTS_MAX; n++)
		event(EVENT_SWITCH, 0, n, 0);
	text = answer("trace show");
	assert_null(strstr(text, "start 0x3"));
	assert_null(strstr(text, "pc 0xff\n"));
	has(text, "pc 0x100\n");
	has(text, "pc 0x17f\n");
}

static void trace_show_ends_although_events_go_on(void **state)
{
	events_init(clock_now);
	answer("trace on");
	for (const char *c = "trace show\r"; *c; c++)
		monitor_type(&monitor, (uint8_t)*c);
	for (unsigned n = 0; monitor_is_busy(&monitor); n++) {
		assert_true(n <= EVENTS_MAX);
		monitor_step(&monitor);
		for (unsigned i = 0; i < 10; i++)
			event(EVENT_SWITCH, 0, 0, 0);
		if (n % 32 == 0)
			clear();
	}
}

static void log_text(const char *text)
{
	log_ring_write(&log_ring, text, strlen(text));
}

static void log_shows_what_is_kept(void **state)
{
	assert_string_equal(answer("log"), "");
	log_text("first\n");
	log_text("second, unfinished");
	assert_string_equal(answer("log"), "first\nsecond, unfinished\n");
	log_text("\n");
	for (unsigned n = 0; n < 100; n++)
		log_text("0123456789\n");
	/* 256 bytes: 23 whole lines and a bit of one, which is left out only if it is overwritten. */
	has(answer("log"), "0123456789\n0123456789\n");
	assert_null(strstr(answer("log"), "first"));
}

static void log_is_cut_where_it_is_overwritten_meanwhile(void **state)
{
	log_text("one\ntwo\n");
	for (const char *c = "log\r"; *c; c++)
		monitor_type(&monitor, (uint8_t)*c);
	monitor_step(&monitor);
	has(out, "one\r\n");
	for (unsigned n = 0; n < 100; n++)
		log_text("newer\n");
	clear();
	while (monitor_is_busy(&monitor))
		monitor_step(&monitor);
	assert_null(strstr(out, "newer"));
	assert_null(strstr(out, "two"));
}

static void ctrl_c_ends_an_output(void **state)
{
	for (const char *c = "mem linux 0 2048\r"; *c; c++)
		monitor_type(&monitor, (uint8_t)*c);
	monitor_step(&monitor);
	clear();
	monitor_cancel(&monitor);
	assert_false(monitor_is_busy(&monitor));
	has(out, "^C\r\nhako> ");
	clear();
	monitor_step(&monitor);
	monitor_cancel(&monitor);
	assert_string_equal(out, "");
}

static void a_line_of_the_log_does_not_spoil_what_is_typed(void **state)
{
	for (const char *c = "li"; *c; c++)
		monitor_type(&monitor, (uint8_t)*c);
	clear();
	monitor_hide(&monitor);
	assert_string_equal(out, "\r\x1b[K");
	monitor_show(&monitor);
	has(out, "hako> li\x1b[K");
	has(answer("st"), " #  name");
}

static void type(const char *text)
{
	clear();
	for (; *text; text++)
		monitor_type(&monitor, (uint8_t)*text);
}

/** Begins to receive "abc". */
static void begin(void)
{
	type("reload 3 352441c2\r");
	clear();
	while (monitor_is_busy(&monitor))
		monitor_step(&monitor);
	assert_string_equal(
		out, "reload: waits for lines of base64; a line '.' ends, Ctrl-C abandons\r\n");
	assert_string_equal(reload_state, "begun");
}

static void reload_takes_what_is_typed_to_its_end(void **state)
{
	begin();
	type("YWJj\r");
	assert_string_equal(out, "reload: 3 of 3\r\n");
	/* A line of the log finds no prompt to be put back. */
	clear();
	monitor_hide(&monitor);
	monitor_show(&monitor);
	assert_string_equal(out, "");
	type(".\r");
	assert_string_equal(out, "reload: complete; the log says what becomes of it\r\n"
				 "hako> \x1b[K");
	assert_string_equal(reload_state, "carried out");
	assert_memory_equal(received, "abc", 3);
	has(answer("list"), "linux");
}

static void reload_can_be_abandoned(void **state)
{
	begin();
	type("YWJj\r\x03");
	has(out, "^C\r\nhako> ");
	assert_string_equal(reload_state, "abandoned");
	has(answer("list"), "linux");
	/* A mistake is said at each line from there on, and none of them is a command. */
	begin();
	type("YWJ!\rstop rt\r");
	has(out, "reload: line 1: not base64; Ctrl-C ends this\r\nreload: line 2: not");
	assert_string_equal(asked, "");
	type(".\r");
	has(out, "reload: not base64\r\nhako> ");
	assert_string_equal(reload_state, "abandoned");
	reload_state = "";
	assert_string_equal(answer("reload 17 0"), "reload: that size is not possible\n");
	has(answer("reload 3 xyz"), "usage: reload BYTES CRC");
	assert_string_equal(reload_state, "");
}

static void random_lines_do_no_harm(void **state)
{
	static const char *const words[] = {
		"help",  "list",  "log",   "mem",      "pause",
		"peers", "regs",  "reset", "resume",   "start",
		"stats", "stop",  "trace", "on",       "off",
		"show",  "linux", "rt",    "1",        "3",
		"9",     "0x10",  "1ff0",  "fffffffc", "65536",
		"8",     "",      "   ",   "%s%n",     "0123456789012345678901234567890123456789",
	};
	char line[256];

	events_init(clock_now);
	bench_seed(7);
	for (unsigned n = 0; n < 20000; n++) {
		line[0] = '\0';
		for (unsigned count = bench_random() % 6; count > 0; count--) {
			strcat(line, words[bench_random() % ARRAY_SIZE(words)]);
			strcat(line, " ");
		}
		event(EVENT_SWITCH, 0, n, 0);
		log_text("a line\n");
		now += bench_random() % 1000;
		answer(line);
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(list_shows_every_vm),
		T(the_cpu_share_is_that_since_the_last_list),
		T(requests_reach_the_vm_that_is_named),
		T(wrong_input_gets_a_usage_line),
		T(help_shows_every_command),
		T(mem_shows_ram_and_nothing_else),
		T(regs_shows_the_virtual_cpu),
		T(stats_shows_one_or_all),
		T(trace_shows_the_last_events),
		T(trace_show_ends_although_events_go_on),
		T(log_shows_what_is_kept),
		T(log_is_cut_where_it_is_overwritten_meanwhile),
		T(ctrl_c_ends_an_output),
		T(a_line_of_the_log_does_not_spoil_what_is_typed),
		T(reload_takes_what_is_typed_to_its_end),
		T(reload_can_be_abandoned),
		T(random_lines_do_no_harm),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
