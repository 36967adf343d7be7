/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed at the console: the VMM's keys, and the rest in order at the guest's UART. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/pl011.h"
#include "vmm/console.h"
#include "vmm/console_key.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#include <string.h>

/* The board: a UART that has received what a test types. */

static const char *line; /* not yet taken from it */
static bool rx_irq, polled;

static void line_put(uint8_t byte)
{
}

static int line_get(void)
{
	return *line ? (uint8_t)*line++ : -1;
}

static void line_irq(bool enable)
{
	rx_irq = enable;
}

static void line_ack(void)
{
}

static void line_init(volatile uint32_t *regs)
{
}

static const struct uart_driver driver = { line_init, line_put, line_get, line_irq, line_ack };
const struct board board = { .name = "workbench", .console_driver = &driver };

void timer_poll_console(void)
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

static void guest_put(const struct uart_backend *backend, uint8_t byte)
{
}

static const struct uart_backend guest_line = { .put = guest_put };

static int setup(void **state)
{
	line = "";
	logged[0] = '\0';
	log_set_sink(log_sink_test);
	uart.backend = &guest_line;
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

static void act(void)
{
	acted++;
}

static const struct console_key table[] = { { 'a', "acts", act }, { 'b', "acts, too", act } };

static void only_a_prefixed_key_is_taken(void **state)
{
	struct console_keys keys = { .keys = table, .count = ARRAY_SIZE(table) };

	acted = 0;
	assert_int_equal(console_keys_take(&keys, 'a'), 'a');
	assert_int_equal(console_keys_take(&keys, 0xff), 0xff);
	assert_int_equal(acted, 0);
	assert_int_equal(console_keys_take(&keys, CONSOLE_KEY_PREFIX), CONSOLE_KEY_TAKEN);
	assert_int_equal(console_keys_take(&keys, 'b'), CONSOLE_KEY_TAKEN);
	assert_int_equal(acted, 1);
	assert_int_equal(console_keys_take(&keys, 'b'), 'b');
	assert_int_equal(acted, 1);
}

static void a_doubled_prefix_is_the_guests(void **state)
{
	struct console_keys keys = { .keys = table, .count = ARRAY_SIZE(table) };

	console_keys_take(&keys, CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, CONSOLE_KEY_PREFIX), CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, 'a'), 'a');
}

static void a_key_that_is_none_shows_those_that_are(void **state)
{
	struct console_keys keys = { .keys = table, .count = ARRAY_SIZE(table) };

	acted = 0;
	console_keys_take(&keys, CONSOLE_KEY_PREFIX);
	assert_int_equal(console_keys_take(&keys, 'x'), CONSOLE_KEY_TAKEN);
	assert_int_equal(acted, 0);
	assert_non_null(strstr(logged, "a  acts\n"));
	assert_non_null(strstr(logged, "b  acts, too\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_a_prefixed_key_is_taken, setup),
		cmocka_unit_test_setup(a_doubled_prefix_is_the_guests, setup),
		cmocka_unit_test_setup(a_key_that_is_none_shows_those_that_are, setup),
		cmocka_unit_test_setup(what_is_typed_reaches_the_guest_without_the_keys, setup),
		cmocka_unit_test_setup(a_guest_that_reads_nothing_does_not_hide_the_keys, setup),
		cmocka_unit_test_setup(what_is_too_much_waits_on_the_board, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
