/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed at a terminal of several VMs: who gets it, and the monitor. */
#include "tests/host/console_fixture.h"

#include <string.h>

#include "devemu/pl011.h"

static void what_is_typed_is_for_the_focus(void **state)
{
	types("ab" PREFIX "2cd" PREFIX PREFIX PREFIX "3e");
	assert_string_equal(reads(0), "ab");
	assert_string_equal(reads(1), "cd" PREFIX);
	assert_string_equal(reads(2), "e");
	types(PREFIX "s");
	assert_int_equal(reports, 1);
}

static void the_monitor_answers(void **state)
{
	types(PREFIX "m");
	has("hako: monitor; help shows the commands\r\nhako> \x1b[K");
	clear();
	prints(0, "hidden");
	types("trace maybe\r");
	has("trace maybe\r\nusage: trace on|off|show");
	assert_null(strstr(terminal.seen, "hidden"));
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
	terminal.capacity = RESERVE + 1;
	for (const char *c = "help\rhelp\r"; *c; c++)
		console_mux_type(&mux, (uint8_t)*c);
	for (unsigned n = 0; terminal.again; n++) {
		const unsigned before = terminal.length;

		assert_true(n < 1000);
		terminal.again = false;
		terminal.taken = terminal.length;
		console_mux_pump(&mux);
		assert_true(terminal.length - before <= 2 * MONITOR_LINE_MAX);
	}
	assert_non_null(strstr(strstr(terminal.seen, "this list") + 1, "this list"));
}

/* 32 bytes may come in one interrupt, with which a VM that has to be in time waits. */
static void what_is_typed_into_a_command_does_not_hurry_it(void **state)
{
	static const char typed[] = "help\rabcdefghijklmnop";
	unsigned length;

	types(PREFIX "m");
	terminal.again = false;
	for (unsigned n = 0; n < 5; n++)
		console_mux_type(&mux, (uint8_t)typed[n]);
	assert_true(terminal.again);
	length = terminal.length;
	for (unsigned n = 5; typed[n]; n++)
		console_mux_type(&mux, (uint8_t)typed[n]);
	assert_int_equal(terminal.length, length);
	drain();
	has("\r\ntrace ");
	has("hako> \x1b[Kabcdefghijklmnop");
}

static void ctrl_c_ends_what_the_monitor_prints(void **state)
{
	types(PREFIX "m");
	for (const char *c = "help\rhelp\r\x03"; *c; c++)
		console_mux_type(&mux, (uint8_t)*c);
	drain();
	has("^C\r\nhako> ");
	assert_null(strstr(terminal.seen, "usage"));
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

/** What a VM prints through one of its virtio consoles. */
static void says(const struct console_door *door)
{
	door->backend.put(&door->backend, '.');
}

static void a_virtio_console_gets_what_is_typed_while_it_is_the_one_that_prints(void **state)
{
	struct device dev = { 0 };
	struct console_door door;

	vm_console_add(&vm[0], &door, &dev);
	virtio.room = 3;
	virtio.live = true;
	types("yz");
	assert_string_equal(reads(0), "yz"); /* a driver, and nobody behind it */
	says(&door);
	has(".");
	types("abcde");
	assert_string_equal(virtio.got, "abc");
	assert_string_equal(reads(0), "");
	assert_true(console_mux_waits(&mux));
	virtio.room = 9;
	console_mux_tick(&mux);
	assert_string_equal(virtio.got, "abcde");
	assert_false(console_mux_waits(&mux));
	/* The kernel's messages come by the UART, without anybody who listens there. */
	prints(0, "[    1.0]\n");
	types("f");
	assert_string_equal(virtio.got, "abcdef");
	wr(&uart[0], PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
	types("g");
	assert_string_equal(reads(0), "g");
	says(&door);
	types("h");
	assert_string_equal(virtio.got, "abcdefh");
	virtio.live = false;
	types("i");
	assert_string_equal(reads(0), "i");
}

static void of_two_virtio_consoles_the_one_that_printed_gets_what_is_typed(void **state)
{
	struct device devs[2] = { 0 };
	struct console_door doors[2];

	virtio.live = true;
	virtio.room = 9;
	for (unsigned n = 0; n < 2; n++)
		vm_console_add(&vm[0], &doors[n], &devs[n]);
	for (unsigned n = 0; n < 2; n++) {
		says(&doors[n]);
		types("x");
		assert_ptr_equal(virtio.last, &devs[n]);
	}
	vm_console_reset(&vm[0]);
	types("y");
	assert_string_equal(reads(0), "y");
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

#define T(name) cmocka_unit_test_setup(name, console_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_typed_is_for_the_focus),
		T(the_monitor_answers),
		T(the_log_leaves_the_line_that_is_typed_alone),
		T(the_monitor_prints_no_faster_than_the_terminal),
		T(what_is_typed_into_a_command_does_not_hurry_it),
		T(ctrl_c_ends_what_the_monitor_prints),
		T(a_vm_that_takes_nothing_does_not_hide_the_keys_for_ever),
		T(what_was_typed_reaches_a_vm_that_has_lost_the_focus),
		T(a_virtio_console_gets_what_is_typed_while_it_is_the_one_that_prints),
		T(of_two_virtio_consoles_the_one_that_printed_gets_what_is_typed),
		T(a_vm_that_starts_anew_keeps_its_output_only),
	};

	return cmocka_run_group_tests_name("console_typed", tests, NULL, NULL);
}
