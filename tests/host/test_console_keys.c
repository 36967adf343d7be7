/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console of an image with one VM. What is typed: the VMM's keys, and the rest in order at the
 * guest's UART. What is printed: log and guest in the order in which they came, however slow the
 * board's UART is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/pl011.h"
#include "vmm/console/console.h"
#include "vmm/console/console_key.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#include <string.h>

/* The board: a UART that has received what a test types. */

static const char *line; /* not yet taken from it */
static bool rx_irq, polled;

static char sent[2048]; /* what is on the wire */
static unsigned fifo_room;
static bool tx_irq;

static bool line_try_put(volatile uint32_t *regs, uint8_t byte)
{
	if (fifo_room == 0)
		return false;
	fifo_room--;
	strncat(sent, (const char *)&byte, 1);
	return true;
}

static int line_get(volatile uint32_t *regs)
{
	return *line ? (uint8_t)*line++ : -1;
}

static void line_rx_irq(volatile uint32_t *regs, bool enable)
{
	rx_irq = enable;
}

static void line_tx_irq(volatile uint32_t *regs, bool enable)
{
	tx_irq = enable;
}

static void line_ack(volatile uint32_t *regs)
{
}

static void line_init(volatile uint32_t *regs)
{
}

static const struct uart_driver driver = { line_init,   line_try_put, line_get,
					   line_rx_irq, line_tx_irq,  line_ack };
const struct board board = { .name = "workbench", .uart_driver = &driver };

void timer_poll_console(uint32_t ticks)
{
	polled = true;
}

volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size)
{
	return 0;
}

static char logged[2048];

static void log_sink_test(const char *text, size_t length)
{
	strncat(logged, text, length);
}

static struct pl011_state uart_state;
static struct device uart = { .ops = &pl011_ops, .state = &uart_state };
static struct vm vm;

static uint32_t rd(uint32_t offset)
{
	return pl011_ops.read(&uart, offset, 4);
}

static void wr(uint32_t offset, uint32_t value)
{
	pl011_ops.write(&uart, offset, value, 4);
}

static int setup(void **state)
{
	line = "";
	logged[0] = '\0';
	log_set_sink(log_sink_test);
	sent[0] = '\0';
	fifo_room = 100000;
	tx_irq = false;
	console_init();
	uart.backend = console_backend(&vm);
	pl011_ops.reset(&uart);
	wr(PL011_LCR_H, PL011_LCR_H_FEN);
	wr(PL011_CR, PL011_CR_UARTEN | PL011_CR_RXE | PL011_CR_TXE);
	vm.console = &uart;
	console_connect(&vm);
	return 0;
}

static void type(const char *text)
{
	line = text;
	polled = false;
	console_interrupt();
}

/** What the guest reads until its UART is empty. */
static const char *guest_reads(void)
{
	static char text[64];
	unsigned length = 0;

	while (!(rd(PL011_FR) & PL011_FR_RXFE)) {
		assert_true(length < sizeof(text) - 1);
		text[length++] = (char)rd(PL011_DR);
	}
	text[length] = '\0';
	return text;
}

/* The parser, with a table of the test's. */

static unsigned acted;

static void act(void *to, char key)
{
	assert_ptr_equal(to, logged);
	acted += (unsigned)key - 'a' + 1;
}

static const struct console_key table[] = {
	{ 'a', 'a', "acts", act },
	{ 'b', 'd', "acts, too", act },
};
static const struct console_keys no_keys = {
	.keys = table, .count = ARRAY_SIZE(table), .prefix = CONSOLE_KEY_PREFIX, .to = logged
};

static void only_a_prefixed_key_is_taken(void **state)
{
	struct console_keys keys = no_keys;

	acted = 0;
	assert_int_equal(console_keys_take(&keys, 'a'), 'a');
	assert_int_equal(console_keys_take(&keys, 0xff), 0xff);
	assert_int_equal(acted, 0);
	assert_int_equal(console_keys_take(&keys, CONSOLE_KEY_PREFIX), CONSOLE_KEY_TAKEN);
	assert_int_equal(console_keys_take(&keys, 'b'), CONSOLE_KEY_TAKEN);
	assert_int_equal(acted, 2);
	assert_int_equal(console_keys_take(&keys, 'b'), 'b');
	assert_int_equal(acted, 2);
	console_keys_take(&keys, CONSOLE_KEY_PREFIX);
	console_keys_take(&keys, 'd');
	assert_int_equal(acted, 6);
}

static void a_doubled_prefix_is_the_guests(void **state)
{
	struct console_keys keys = no_keys;

	console_keys_take(&keys, CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, CONSOLE_KEY_PREFIX), CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, 'a'), 'a');
}

static void a_key_that_is_none_shows_those_that_are(void **state)
{
	struct console_keys keys = no_keys;

	acted = 0;
	console_keys_take(&keys, CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, 'x'), CONSOLE_KEY_TAKEN);
	assert_int_equal(acted, 0);
	assert_non_null(strstr(logged, "a  acts\n"));
	assert_non_null(strstr(logged, "b  acts, too\n"));
	assert_non_null(strstr(logged, "Ctrl-O and one"));
}

static void another_prefix_can_be_chosen(void **state)
{
	struct console_keys keys = no_keys;

	acted = 0;
	keys.prefix = 0x14;
	assert_int_equal(console_keys_take(&keys, CONSOLE_KEY_PREFIX), CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, 0x14), CONSOLE_KEY_TAKEN);
	assert_int_equal(console_keys_take(&keys, 0x14), 0x14);
	assert_int_equal(console_keys_take(&keys, 0x14), CONSOLE_KEY_TAKEN);
	console_keys_take(&keys, 'a');
	assert_int_equal(acted, 1);
	console_keys_take(&keys, 0x14);
	console_keys_take(&keys, '?');
	assert_non_null(strstr(logged, "Ctrl-T and one"));
}

/* The console. */

static void what_is_typed_reaches_the_guest_without_the_keys(void **state)
{
	type("ab\x0fscd\x0f\x0f");
	assert_string_equal(guest_reads(), "abcd\x0f");
	assert_non_null(strstr(logged, "STATS=1"));
	assert_true(rx_irq);
	assert_false(polled);
}

static void a_guest_that_reads_nothing_does_not_hide_the_keys(void **state)
{
	type("0123456789abcdefghijklmnopqrstuvwxyz\x0fs");
	assert_non_null(strstr(logged, "STATS=1"));
	assert_true(polled);
	assert_string_equal(guest_reads(), "0123456789abcdef");
	console_poll();
	assert_string_equal(guest_reads(), "ghijklmnopqrstuv");
	polled = false;
	console_poll();
	assert_string_equal(guest_reads(), "wxyz");
	assert_false(polled);
}

static void what_is_too_much_waits_on_the_board(void **state)
{
	static char much[201];
	char seen[sizeof(much)] = "";

	for (unsigned i = 0; i < 200; i++)
		much[i] = (char)('0' + i % 75);
	type(much);
	assert_false(rx_irq); /* it would come again and again */
	assert_true(polled);
	assert_int_equal(strlen(line), 200 - 64 - 16);
	while (strlen(seen) < 200) {
		const char *text = guest_reads();

		assert_true(*text != '\0');
		strcat(seen, text);
		console_poll();
	}
	assert_string_equal(seen, much);
	assert_true(rx_irq);
}

/* Output. */

static void guest_prints(const char *text)
{
	while (*text)
		wr(PL011_DR, (uint8_t)*text++);
}

static void log_lines_are_on_lines_of_their_own(void **state)
{
	console_write("one\n", 4);
	guest_prints("guest\r\n");
	console_write("two\n", 4);
	guest_prints("half");
	console_write("three\n", 6);
	guest_prints("other half");
	assert_string_equal(sent, "one\r\nguest\r\ntwo\r\nhalf\r\nthree\r\nother half");
}

static void what_the_uart_does_not_take_follows_in_order(void **state)
{
	fifo_room = 3;
	guest_prints("guest");
	assert_true(tx_irq);
	console_write("log\n", 4);
	guest_prints("more");
	assert_string_equal(sent, "gue");
	while (tx_irq) {
		fifo_room = 2;
		console_interrupt();
	}
	assert_string_equal(sent, "guest\r\nlog\r\nmore");
}

static void a_guest_waits_for_a_slow_uart_and_loses_nothing(void **state)
{
	unsigned given = 0;
	char wanted[sizeof(sent)] = "";

	wr(PL011_IMSC, PL011_INT_TX);
	fifo_room = 0;
	while (!(rd(PL011_FR) & PL011_FR_TXFF)) {
		wr(PL011_DR, 'a' + given % 26);
		given++;
	}
	assert_int_equal(given, 1024);
	assert_int_equal(rd(PL011_MIS), 0);
	fifo_room = 16;
	console_interrupt();
	assert_int_equal(rd(PL011_FR) & PL011_FR_TXFF, 0); /* for a guest that polls */
	assert_int_equal(rd(PL011_MIS), 0);                /* for one that does not: not yet */
	while (!rd(PL011_MIS)) {
		assert_true(tx_irq);
		fifo_room = 16;
		console_interrupt();
	}
	assert_true(given - strlen(sent) <= 512);
	wr(PL011_DR, 'a' + given % 26);
	given++;
	while (tx_irq) {
		fifo_room = 16;
		console_interrupt();
	}
	for (unsigned n = 0; n < given; n++)
		wanted[n] = (char)('a' + n % 26);
	assert_string_equal(sent, wanted);
}

static void a_guest_that_does_not_look_loses_its_own_bytes_only(void **state)
{
	fifo_room = 0;
	for (unsigned n = 0; n < 5000; n++)
		wr(PL011_DR, 'x');
	while (tx_irq) {
		fifo_room = 16;
		console_interrupt();
	}
	assert_int_equal(strspn(sent, "x"), 1024);
	sent[0] = '\0';
	fifo_room = 16;
	console_write("log\n", 4);
	assert_string_equal(sent, "\r\nlog\r\n");
}

static void last_words_push_out_what_waits(void **state)
{
	fifo_room = 0;
	guest_prints("guest\r\n");
	fifo_room = 100;
	console_last_words();
	console_write("end\n", 4);
	assert_string_equal(sent, "guest\r\nend\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_a_prefixed_key_is_taken, setup),
		cmocka_unit_test_setup(a_doubled_prefix_is_the_guests, setup),
		cmocka_unit_test_setup(a_key_that_is_none_shows_those_that_are, setup),
		cmocka_unit_test_setup(another_prefix_can_be_chosen, setup),
		cmocka_unit_test_setup(what_is_typed_reaches_the_guest_without_the_keys, setup),
		cmocka_unit_test_setup(a_guest_that_reads_nothing_does_not_hide_the_keys, setup),
		cmocka_unit_test_setup(what_is_too_much_waits_on_the_board, setup),
		cmocka_unit_test_setup(log_lines_are_on_lines_of_their_own, setup),
		cmocka_unit_test_setup(what_the_uart_does_not_take_follows_in_order, setup),
		cmocka_unit_test_setup(a_guest_waits_for_a_slow_uart_and_loses_nothing, setup),
		cmocka_unit_test_setup(a_guest_that_does_not_look_loses_its_own_bytes_only, setup),
		cmocka_unit_test_setup(last_words_push_out_what_waits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
