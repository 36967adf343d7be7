/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three VMs, the monitor and the log at one terminal, which takes as much as a test says. The VMs
 * are PL011 models with somebody who reads and writes their registers.
 */
#include "tests/host/device_fixture.h"

#include "devemu/pl011.h"
#include "devemu/virtio_console.h"
#include "vmm/console_mux.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/stats.h"

#include <stdlib.h>
#include <string.h>

#define VMS     3u
#define OUTPUT  64u
#define RESERVE 1024u
#define PREFIX  "\x0f"

/* The monitor's VMs: none is needed here. */

unsigned vms_count(void)
{
	return 0;
}

struct vm *vms_get(unsigned n)
{
	fail();
	return NULL;
}

uint64_t vms_now(void)
{
	return 0;
}

const char *vms_name(const struct vm *vm)
{
	return "";
}

enum vms_state vms_state(const struct vm *vm)
{
	return VMS_STATE_STOPPED;
}

enum status vms_ask(struct vm *vm, enum vms_request what)
{
	return STATUS_NOT_FOUND;
}

void vms_get_info(const struct vm *vm, struct vms_info *info)
{
}

bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count)
{
	return false;
}

static unsigned reports;

void stats_report(void)
{
	reports++;
}

void stats_clear(void)
{
}

/* The virtio console's model has tests of its own: here it takes as much as a test says. */

static char virtio_got[64];
static unsigned virtio_room;
static bool virtio_live;

bool virtio_is_live(const struct device *dev)
{
	return virtio_live;
}

bool virtio_console_can_receive(struct device *dev)
{
	return strlen(virtio_got) < virtio_room;
}

bool virtio_console_receive(struct device *dev, uint8_t byte)
{
	assert_true(virtio_console_can_receive(dev));
	strncat(virtio_got, (const char *)&byte, 1);
	return true;
}

/* The terminal. */

static char seen[65536];
static unsigned length, taken; /* what was shown, and how much of it the UART has sent */
static unsigned capacity;
static bool again;

static uint32_t out_room(const struct console_out *out)
{
	return capacity - (length - taken);
}

static struct console_mux mux;

static void out_put(const struct console_out *out, uint8_t byte)
{
	if (!mux.may_wait)
		assert_true(out_room(out) > 0);
	assert_true(length < sizeof(seen) - 1);
	seen[length++] = (char)byte;
	seen[length] = '\0';
}

static void out_again(const struct console_out *out)
{
	again = true;
}

static const struct console_out out = { out_room, out_put, out_again };

static void clear(void)
{
	length = 0;
	taken = 0;
	seen[0] = '\0';
}

/** The UART has sent everything, and as long as something waits, goes on. */
static void drain(void)
{
	taken = length;
	for (unsigned n = 0; again; n++) {
		assert_true(n < 10000);
		again = false;
		console_mux_pump(&mux);
		taken = length;
	}
}

/* The VMs. */

static struct vm_console vm[VMS];
static struct device uart[VMS];
static struct pl011_state uart_state[VMS];
static uint8_t output[VMS][OUTPUT];
static uint8_t log_bytes[512];

static void wire(void *sink, unsigned input, bool level)
{
}

static int setup(void **state)
{
	static const char *const names[VMS] = { "linux", "rt", "small" };

	capacity = 4096;
	clear();
	again = false;
	reports = 0;
	console_mux_init(&mux, &out, log_bytes, sizeof(log_bytes));
	mux.log_reserve = RESERVE;
	for (unsigned n = 0; n < VMS; n++) {
		console_mux_add(&mux, n, &vm[n], names[n], output[n], OUTPUT);
		uart[n] = (struct device){ .ops = &pl011_ops,
					   .state = &uart_state[n],
					   .backend = &vm[n].backend,
					   .irq = { { wire, NULL, 0 } } };
		pl011_ops.reset(&uart[n]);
		wr(&uart[n], PL011_LCR_H, PL011_LCR_H_FEN);
		wr(&uart[n], PL011_CR, PL011_CR_UARTEN | PL011_CR_RXE | PL011_CR_TXE);
		vm[n].uart = &uart[n];
	}
	mux.may_wait = false;
	return 0;
}

static void prints(unsigned n, const char *text)
{
	while (*text)
		wr(&uart[n], PL011_DR, (uint8_t)*text++);
}

static void logs(const char *text)
{
	console_mux_log(&mux, text, strlen(text));
}

static void types(const char *text)
{
	for (; *text; text++) {
		assert_true(console_mux_takes(&mux));
		console_mux_type(&mux, (uint8_t)*text);
		drain();
	}
}

static const char *reads(unsigned n)
{
	static char text[128];
	unsigned count = 0;

	while (!(rd(&uart[n], PL011_FR) & PL011_FR_RXFE))
		text[count++] = (char)rd(&uart[n], PL011_DR);
	text[count] = '\0';
	return text;
}

static void shown(const char *text)
{
	drain();
	assert_string_equal(seen, text);
	clear();
}

static void has(const char *part)
{
	drain();
	if (!strstr(seen, part))
		fail_msg("'%s' is not in: %s", part, seen);
}

/* Tests. */

static void only_the_vm_with_the_focus_is_shown(void **state)
{
	prints(0, "hello\r\n");
	prints(1, "hidden\r\n");
	shown("hello\r\n");
	types(PREFIX "2");
	shown("hako: console of rt\r\nhidden\r\n");
	prints(0, "while away");
	prints(1, "now");
	shown("now");
	types(PREFIX "1");
	shown("\r\nhako: console of linux\r\nwhile away");
}

static void what_is_typed_is_for_the_focus(void **state)
{
	types("ab" PREFIX "2cd" PREFIX PREFIX PREFIX "3e");
	assert_string_equal(reads(0), "ab");
	assert_string_equal(reads(1), "cd" PREFIX);
	assert_string_equal(reads(2), "e");
	types(PREFIX "s");
	assert_int_equal(reports, 1);
}

static void next_goes_round(void **state)
{
	types(PREFIX "n");
	assert_ptr_equal(mux.focus, &vm[1]);
	types(PREFIX "n");
	assert_ptr_equal(mux.focus, &vm[2]);
	types(PREFIX "n");
	assert_ptr_equal(mux.focus, &vm[0]);
	types(PREFIX "3" PREFIX "m" PREFIX "n");
	assert_ptr_equal(mux.focus, &vm[0]);
	mux.vm[1] = NULL; /* has a UART of its own */
	types(PREFIX "n");
	assert_ptr_equal(mux.focus, &vm[2]);
	types(PREFIX "2");
	assert_ptr_equal(mux.focus, &vm[2]);
	has("no VM of that number");
	types(PREFIX "8");
	assert_ptr_equal(mux.focus, &vm[2]);
}

static void the_oldest_of_a_hidden_flood_is_lost_and_counted(void **state)
{
	for (unsigned n = 0; n < 1000; n++) {
		assert_int_equal(rd(&uart[1], PL011_FR) & PL011_FR_TXFF, 0);
		prints(1, "x");
	}
	prints(1, "end");
	assert_int_equal(vm[1].lost, 1003 - OUTPUT);
	shown("");
	types(PREFIX "2");
	has("hako: console of rt\r\nhako: 939 bytes that rt printed are lost\r\nxxx");
	assert_string_equal(seen + length - 4, "xend");
	assert_ptr_equal(strstr(seen, "xxx") + OUTPUT, seen + length);
	clear();
	types(PREFIX "1" PREFIX "2");
	assert_null(strstr(seen, "lost"));
}

static void the_focus_waits_for_the_terminal_and_loses_nothing(void **state)
{
	char wanted[2000] = "";
	unsigned given = 0;

	capacity = RESERVE + 8;
	wr(&uart[0], PL011_IMSC, PL011_INT_TX);
	while (given < 1500) {
		char byte[2] = { (char)('a' + given % 26), '\0' };

		if (rd(&uart[0], PL011_FR) & PL011_FR_TXFF) {
			assert_int_equal(rd(&uart[0], PL011_MIS), 0);
			assert_true(again);
			assert_int_equal(ring_count(&vm[0].output), OUTPUT);
			while (!rd(&uart[0], PL011_MIS)) {
				assert_true(again);
				again = false;
				taken = length;
				console_mux_pump(&mux);
			}
			continue;
		}
		prints(0, byte);
		strcat(wanted, byte);
		given++;
	}
	drain();
	assert_string_equal(seen, wanted);
	assert_int_equal(vm[0].lost, 0);
}

static void a_vm_that_ignores_its_flags_loses_its_own(void **state)
{
	capacity = RESERVE + 8;
	for (unsigned n = 0; n < 1000; n++)
		prints(0, "x");
	assert_int_equal(vm[0].lost, 1000 - OUTPUT - 8);
	drain();
	assert_int_equal(strspn(seen, "x"), OUTPUT + 8);
}

static void losing_the_focus_frees_a_vm_that_waits(void **state)
{
	capacity = RESERVE;
	wr(&uart[0], PL011_IMSC, PL011_INT_TX);
	while (!(rd(&uart[0], PL011_FR) & PL011_FR_TXFF))
		prints(0, "x");
	assert_int_equal(rd(&uart[0], PL011_MIS), 0);
	console_mux_focus(&mux, &vm[1]);
	assert_int_equal(rd(&uart[0], PL011_MIS), PL011_INT_TX);
	assert_int_equal(rd(&uart[0], PL011_FR) & PL011_FR_TXFF, 0);
}

static void log_lines_are_shown_whoever_has_the_focus(void **state)
{
	prints(0, "half");
	logs("[rt] stopped\n");
	prints(0, "other half\r\n");
	logs("two\nlines\n");
	shown("half\r\n[rt] stopped\r\nother half\r\ntwo\r\nlines\r\n");
}

static void a_slow_terminal_leaves_out_lines_of_the_log_and_says_so(void **state)
{
	capacity = RESERVE + 512;
	for (unsigned n = 0; n < 200; n++)
		logs("a line\n");
	assert_true(mux.log_left_out > 0);
	drain();
	clear();
	logs("next\n");
	has("lines left out here; `log` in the monitor has the last\r\nnext\r\n");
	clear();
	logs("and one\n");
	shown("and one\r\n");
}

static void nothing_of_the_log_is_left_out_at_the_end(void **state)
{
	capacity = RESERVE + 16;
	prints(0, "more than there is room for");
	console_mux_flush(&mux);
	for (unsigned n = 0; n < 100; n++)
		logs("last words\n");
	assert_int_equal(mux.log_left_out, 0);
	assert_memory_equal(seen, "more than there is room for\r\nlast words\r\n", 40);
	assert_int_equal(length, 29 + 100 * 12);
}

static void the_end_brings_no_prompt_back(void **state)
{
	types(PREFIX "mstop");
	clear();
	console_mux_flush(&mux);
	logs("the end\n");
	logs("it is\n");
	shown("\r\nthe end\r\nit is\r\n");
}

static void a_prefix_begins_each_line_of_a_vm(void **state)
{
	mux.has_prefix = true;
	prints(0, "one\r\ntw");
	logs("log\n");
	prints(0, "o\r\n\r\n");
	shown("[linux] one\r\n[linux] tw\r\nlog\r\n[linux] o\r\n\r\n");
}

static void the_monitor_answers(void **state)
{
	types(PREFIX "m");
	has("hako: monitor; help shows the commands\r\nhako> \x1b[K");
	clear();
	prints(0, "hidden");
	types("trace maybe\r");
	has("trace maybe\r\nusage: trace on|off|show");
	assert_null(strstr(seen, "hidden"));
	assert_string_equal(reads(0), "");
	clear();
	types("help\r");
	has("\r\nlist ");
	has("\r\ntrace ");
	types(PREFIX "1");
	has("hako: console of linux\r\nhidden");
}

static void the_log_leaves_the_line_that_is_typed_alone(void **state)
{
	types(PREFIX "mhel");
	clear();
	logs("[rt] reset\n");
	has("\r\x1b[K[rt] reset\r\nhako> hel");
	types("p\r");
	has("this list");
	clear();
	types("log\r");
	has("[rt] reset\r\nhako> ");
}

static void the_monitor_prints_no_faster_than_the_terminal(void **state)
{
	types(PREFIX "m");
	capacity = RESERVE + 1;
	for (const char *c = "help\rhelp\r"; *c; c++)
		console_mux_type(&mux, (uint8_t)*c);
	for (unsigned n = 0; again; n++) {
		const unsigned before = length;

		assert_true(n < 1000);
		again = false;
		taken = length;
		console_mux_pump(&mux);
		assert_true(length - before <= 2 * MONITOR_LINE_MAX);
	}
	assert_non_null(strstr(strstr(seen, "this list") + 1, "this list"));
}

static void ctrl_c_ends_what_the_monitor_prints(void **state)
{
	types(PREFIX "m");
	for (const char *c = "help\rhelp\r\x03"; *c; c++)
		console_mux_type(&mux, (uint8_t)*c);
	drain();
	has("^C\r\nhako> ");
	assert_null(strstr(seen, "usage"));
	assert_false(monitor_is_busy(&mux.monitor));
	assert_int_equal(ring_count(&mux.monitor_typed), 0);
}

static void a_vm_that_takes_nothing_does_not_hide_the_keys_for_ever(void **state)
{
	unsigned fitted = 0, ticks = 0;

	while (console_mux_takes(&mux)) {
		console_mux_type(&mux, 'x');
		fitted++;
	}
	assert_int_equal(fitted, CONSOLE_TYPED_MAX + 16);
	while (!console_mux_takes(&mux)) {
		assert_true(console_mux_waits(&mux));
		console_mux_tick(&mux);
		ticks++;
	}
	assert_int_equal(ticks, 100);
	types("yyy" PREFIX "2");
	assert_ptr_equal(mux.focus, &vm[1]);
	types("z" PREFIX "1");
	assert_string_equal(reads(1), "z");
	assert_int_equal(strlen(reads(0)), 16);
	for (unsigned n = 0; n < 4; n++) {
		console_mux_tick(&mux);
		assert_int_equal(strspn(reads(0), "x"), 16);
	}
	assert_false(console_mux_waits(&mux));
	types("again");
	assert_string_equal(reads(0), "again");
}

static void what_was_typed_reaches_a_vm_that_has_lost_the_focus(void **state)
{
	types("0123456789abcdefghijklmnopq" PREFIX "m");
	assert_string_equal(reads(0), "0123456789abcdef");
	assert_true(console_mux_waits(&mux));
	console_mux_tick(&mux);
	assert_string_equal(reads(0), "ghijklmnopq");
	assert_false(console_mux_waits(&mux));
}

static void a_virtio_console_gets_all_that_is_typed_once_it_has_a_driver(void **state)
{
	struct device dev = { 0 };

	vm[0].virtio = &dev;
	virtio_room = 3;
	types("yz");
	assert_string_equal(reads(0), "yz");
	virtio_live = true;
	types("abcde");
	assert_string_equal(virtio_got, "abc");
	assert_string_equal(reads(0), "");
	assert_true(console_mux_waits(&mux));
	virtio_room = 9;
	console_mux_tick(&mux);
	assert_string_equal(virtio_got, "abcde");
	assert_false(console_mux_waits(&mux));
	virtio_live = false;
	vm[0].virtio = NULL;
}

static void a_vm_that_starts_anew_keeps_its_output_only(void **state)
{
	prints(1, "last words\r\n");
	types(PREFIX "2");
	for (unsigned n = 0; n < 40; n++)
		console_mux_type(&mux, 'x');
	vm_console_reset(&vm[1]);
	pl011_ops.reset(&uart[1]);
	console_mux_tick(&mux);
	assert_string_equal(reads(1), "");
	has("last words");
}

static void random_events_keep_the_promises(void **state)
{
	char text[80];

	bench_seed(11);
	for (unsigned n = 0; n < 100000; n++) {
		const uint32_t random = bench_random();

		if (length > sizeof(seen) / 2) {
			drain();
			clear();
		}
		switch (random % 8) {
		case 0:
			prints(random >> 8 & 1, "text\r\n");
			break;
		case 1:
			prints(2, "x");
			break;
		case 2:
			memset(text, 'l', sizeof(text));
			text[random >> 8 & 63] = '\n';
			console_mux_log(&mux, text, (random >> 8 & 63) + 1);
			break;
		case 3:
			if (console_mux_takes(&mux))
				console_mux_type(&mux, (uint8_t)(random >> 8));
			break;
		case 4:
			if (console_mux_takes(&mux)) {
				console_mux_type(&mux, 0x0f);
				console_mux_type(&mux, (uint8_t) "123nm?ms"[random >> 8 & 7]);
			}
			break;
		case 5:
			taken += random >> 8 & 63;
			if (taken > length)
				taken = length;
			console_mux_pump(&mux);
			break;
		case 6:
			console_mux_tick(&mux);
			break;
		default:
			reads(random >> 8 & 1);
			break;
		}
		for (unsigned i = 0; i < VMS; i++) {
			assert_true(ring_count(&vm[i].output) <= OUTPUT);
			assert_true(ring_count(&vm[i].typed) <= CONSOLE_TYPED_MAX);
		}
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_the_vm_with_the_focus_is_shown),
		T(what_is_typed_is_for_the_focus),
		T(next_goes_round),
		T(the_oldest_of_a_hidden_flood_is_lost_and_counted),
		T(the_focus_waits_for_the_terminal_and_loses_nothing),
		T(a_vm_that_ignores_its_flags_loses_its_own),
		T(losing_the_focus_frees_a_vm_that_waits),
		T(log_lines_are_shown_whoever_has_the_focus),
		T(a_slow_terminal_leaves_out_lines_of_the_log_and_says_so),
		T(nothing_of_the_log_is_left_out_at_the_end),
		T(the_end_brings_no_prompt_back),
		T(a_prefix_begins_each_line_of_a_vm),
		T(the_monitor_answers),
		T(the_log_leaves_the_line_that_is_typed_alone),
		T(the_monitor_prints_no_faster_than_the_terminal),
		T(ctrl_c_ends_what_the_monitor_prints),
		T(a_vm_that_takes_nothing_does_not_hide_the_keys_for_ever),
		T(what_was_typed_reaches_a_vm_that_has_lost_the_focus),
		T(a_virtio_console_gets_all_that_is_typed_once_it_has_a_driver),
		T(a_vm_that_starts_anew_keeps_its_output_only),
		T(random_events_keep_the_promises),
	};

	return cmocka_run_group_tests_name("console_mux", tests, NULL, NULL);
}
