/* SPDX-License-Identifier: Apache-2.0 */
/* What of several VMs and of the log is shown at one terminal. */
#include "tests/host/console_fixture.h"

#include <string.h>

#include "devemu/pl011.h"

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
	assert_string_equal(terminal.seen + terminal.length - 4, "xend");
	assert_ptr_equal(strstr(terminal.seen, "xxx") + OUTPUT, terminal.seen + terminal.length);
	clear();
	types(PREFIX "1" PREFIX "2");
	assert_null(strstr(terminal.seen, "lost"));
}

static void the_focus_waits_for_the_terminal_and_loses_nothing(void **state)
{
	char wanted[2000] = "";
	unsigned given = 0;

	terminal.capacity = RESERVE + 8;
	wr(&uart[0], PL011_IMSC, PL011_INT_TX);
	while (given < 1500) {
		char byte[2] = { (char)('a' + given % 26), '\0' };

		if (rd(&uart[0], PL011_FR) & PL011_FR_TXFF) {
			assert_int_equal(rd(&uart[0], PL011_MIS), 0);
			assert_true(terminal.again);
			assert_int_equal(ring_count(&vm[0].output), OUTPUT);
			while (!rd(&uart[0], PL011_MIS)) {
				assert_true(terminal.again);
				terminal.again = false;
				terminal.taken = terminal.length;
				console_mux_pump(&mux);
			}
			continue;
		}
		prints(0, byte);
		strcat(wanted, byte);
		given++;
	}
	drain();
	assert_string_equal(terminal.seen, wanted);
	assert_int_equal(vm[0].lost, 0);
}

static void a_vm_that_ignores_its_flags_loses_its_own(void **state)
{
	terminal.capacity = RESERVE + 8;
	for (unsigned n = 0; n < 1000; n++)
		prints(0, "x");
	assert_int_equal(vm[0].lost, 1000 - OUTPUT - 8);
	drain();
	assert_int_equal(strspn(terminal.seen, "x"), OUTPUT + 8);
}

static void losing_the_focus_frees_a_vm_that_waits(void **state)
{
	terminal.capacity = RESERVE;
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
	terminal.capacity = RESERVE + 512;
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
	terminal.capacity = RESERVE + 16;
	prints(0, "more than there is room for");
	console_mux_flush(&mux);
	for (unsigned n = 0; n < 100; n++)
		logs("last words\n");
	assert_int_equal(mux.log_left_out, 0);
	assert_memory_equal(terminal.seen, "more than there is room for\r\nlast words\r\n", 40);
	assert_int_equal(terminal.length, 29 + 100 * 12);
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

static void random_events_keep_the_promises(void **state)
{
	char text[80];

	bench_seed(11);
	for (unsigned n = 0; n < 100000; n++) {
		const uint32_t random = bench_random();

		if (terminal.length > sizeof(terminal.seen) / 2) {
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
			terminal.taken += random >> 8 & 63;
			if (terminal.taken > terminal.length)
				terminal.taken = terminal.length;
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

#define T(name) cmocka_unit_test_setup(name, console_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_the_vm_with_the_focus_is_shown),
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
		T(random_events_keep_the_promises),
	};

	return cmocka_run_group_tests_name("console_mux", tests, NULL, NULL);
}
