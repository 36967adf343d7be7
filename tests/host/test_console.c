/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consoles of an image with several VMs, at the two UARTs of a board. The multiplexer has tests of
 * its own (test_console_mux.c): here it is who gets which UART, and that interrupts and the timer keep
 * things moving.
 */
#include "tests/host/device_fixture.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/pl011.h"
#include "devemu/virtio_console.h"
#include "tests/host/uart_user.h"
#include "vmm/console/console.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/stats.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#include <string.h>

/* What is not looked at here. */

bool virtio_is_live(const struct device *dev)
{
	return false;
}

bool virtio_console_can_receive(struct device *dev)
{
	return false;
}

bool virtio_console_receive(struct device *dev, uint8_t byte)
{
	return false;
}

void stats_report(void)
{
}

void stats_clear(void)
{
}

/* The board: two UARTs, known by where their registers would be. */

#define UARTS     2u
#define UART1_IRQ 13u

static volatile uint32_t registers[UARTS];

static struct line {
	char sent[32768];
	unsigned length, fifo_room;
	const char *received;
	bool rx_irq, tx_irq, has_sent; /* since the last ack: the level that interrupts */
} lines[UARTS];

static struct line *line_of(volatile uint32_t *regs)
{
	assert_in_range(regs - registers, 0, UARTS - 1);
	return &lines[regs - registers];
}

static void line_init(volatile uint32_t *regs)
{
	*line_of(regs) = (struct line){ .received = "", .fifo_room = 1000000 };
}

static bool line_try_put(volatile uint32_t *regs, uint8_t byte)
{
	struct line *const line = line_of(regs);

	if (line->fifo_room == 0)
		return false;
	assert_true(line->length < sizeof(line->sent) - 1);
	line->fifo_room--;
	line->sent[line->length++] = (char)byte;
	line->sent[line->length] = '\0';
	line->has_sent = true;
	return true;
}

static int line_get(volatile uint32_t *regs)
{
	struct line *const line = line_of(regs);

	return *line->received ? (uint8_t)*line->received++ : -1;
}

static void line_rx_irq(volatile uint32_t *regs, bool enable)
{
	line_of(regs)->rx_irq = enable;
}

static void line_tx_irq(volatile uint32_t *regs, bool enable)
{
	line_of(regs)->tx_irq = enable;
}

static void line_ack(volatile uint32_t *regs)
{
	line_of(regs)->has_sent = false;
}

static const struct uart_driver driver = { line_init,   line_try_put, line_get,
					   line_rx_irq, line_tx_irq,  line_ack };

static unsigned unmasked;

static void irqchip_unmask(unsigned irq)
{
	unmasked = irq;
}

static const struct irqchip_driver irqchip = { .unmask = irqchip_unmask };

static const struct board_window windows[] = {
	VM_DIRECT("uart0", 0, 4 * KIB),
	VM_DIRECT("uart1", 1, 4 * KIB),
};
static const struct board_irq irqs[] = {
	{ UART1_IRQ - 1, VM_SINK_PRIMARY, 2, "other" },
	{ UART1_IRQ, VM_SINK_PRIMARY, 3, "uart1" },
	{ UART1_IRQ + 20, VM_SINK_SECONDARY, 2, "uart1" },
};

const struct board board = {
	.name = "workbench",
	.uart_driver = &driver,
	.irqchip_driver = &irqchip,
	.console = { { 0 }, 12 },
	.windows = windows,
	.window_count = 2,
	.irqs = irqs,
	.irq_count = 3,
};

volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size)
{
	return &registers[base.raw];
}

uint64_t timer_now(void)
{
	return 0;
}

static bool poll_asked;

void timer_poll_console(uint32_t ticks)
{
	poll_asked = true;
}

/** Interrupts and the timer, until nobody wants anything. */
static void run(void)
{
	for (unsigned n = 0; n < 10000; n++) {
		if ((lines[0].tx_irq && lines[0].has_sent) ||
		    (lines[0].rx_irq && *lines[0].received)) {
			console_interrupt();
		} else if ((lines[1].tx_irq && lines[1].has_sent) ||
			   (lines[1].rx_irq && *lines[1].received)) {
			assert_true(console_own_interrupt(UART1_IRQ));
		} else if (poll_asked) {
			poll_asked = false;
			console_poll();
		} else {
			return;
		}
	}
	fail_msg("it never ends");
}

/* The VMs. */

#define VMS 3u

static struct vm vm[VMS];
static struct device uart[VMS];
static struct pl011_state uart_state[VMS];

static const struct vm_config at_terminal = { .uart_row = CONFIG_NONE };
static const struct vm_config with_uart1 = { .uart_row = 1 };

static int setup(void **state)
{
	static uint8_t heap[32768];

	static bool is_up;

	/* The VMs are made once: the one in the middle has UART 1. */
	if (!is_up) {
		heap_init(heap, sizeof(heap), false);
		console_init();
		console_make_rooms(ARRAY_SIZE(vm));
		console_set_options(0x0f, false);
		console_write("hako: hello\n", 12);
		assert_string_equal(lines[0].sent, "hako: hello\r\n");
		for (unsigned n = 0; n < VMS; n++) {
			strcpy(vm[n].name, n == 0 ? "linux" : n == 1 ? "serial" : "rt");
			uart[n] = (struct device){ .ops = &pl011_ops, .state = &uart_state[n] };
			vm[n].config = n == 1 ? &with_uart1 : &at_terminal;
			uart[n].backend = console_backend(&vm[n]);
			vm[n].console = &uart[n];
			console_connect(&vm[n]);
		}
		assert_int_equal(unmasked, UART1_IRQ);
		is_up = true;
	}
	for (unsigned n = 0; n < VMS; n++) {
		uart_user_start(&uart[n]);
		console_reset(&vm[n]);
	}
	for (unsigned n = 0; n < UARTS; n++)
		lines[n].fifo_room = 1000000;
	lines[0].received = "\x0f"
			    "1";
	console_interrupt();
	run();
	for (unsigned n = 0; n < UARTS; n++) {
		lines[n].length = 0;
		lines[n].sent[0] = '\0';
	}
	return 0;
}

static void prints(unsigned n, const char *text)
{
	uart_user_print(&uart[n], text);
}

static void types(unsigned line, const char *text)
{
	lines[line].received = text;
	run();
}

static const char *reads(unsigned n)
{
	return uart_user_read(&uart[n]);
}

static void each_uart_has_its_own(void **state)
{
	prints(0, "linux");
	prints(1, "serial");
	prints(2, "rt");
	run();
	assert_string_equal(lines[0].sent, "linux");
	assert_string_equal(lines[1].sent, "serial");
	types(0, "ab\x0f"
		 "3cd");
	types(1, "ef\x0fg");
	assert_string_equal(reads(0), "ab");
	assert_string_equal(reads(1), "ef\x0fg");
	assert_string_equal(reads(2), "cd");
	assert_string_equal(lines[0].sent, "linux\r\nhako: console of rt\r\nrt");
	types(0, "\x0f"
		 "2");
	assert_non_null(strstr(lines[0].sent, "no VM of that number is at this terminal"));
}

static void other_interrupts_are_not_the_consoles(void **state)
{
	assert_false(console_own_interrupt(UART1_IRQ + 1));
}

static void much_is_shown_little_by_little(void **state)
{
	char wanted[8192] = "hako: console of rt\r\n";

	for (unsigned n = 0; n < 400; n++) {
		prints(2, "0123456\r\n");
		strcat(wanted, "0123456\r\n");
	}
	types(0, "\x0f");
	lines[0].received = "3";
	console_interrupt();
	assert_true(lines[0].length < 200);
	run();
	assert_string_equal(lines[0].sent, wanted);
}

static void a_slow_uart_holds_its_vm_back_and_no_other(void **state)
{
	unsigned given = 0;

	lines[1].fifo_room = 16;
	while (!(rd(&uart[1], PL011_FR) & PL011_FR_TXFF)) {
		prints(1, "x");
		given++;
	}
	assert_int_equal(given, 1024 + 16);
	prints(0, "free");
	assert_string_equal(lines[0].sent, "free");
	wr(&uart[1], PL011_IMSC, PL011_INT_TX);
	while (!rd(&uart[1], PL011_MIS)) {
		assert_true(lines[1].tx_irq);
		lines[1].fifo_room = 16;
		console_own_interrupt(UART1_IRQ);
	}
	lines[1].fifo_room = 1000000;
	run();
	assert_int_equal(lines[1].length, given);
	assert_int_equal(console_lost(&vm[1]), 0);
}

static void what_is_typed_waits_for_a_slow_vm(void **state)
{
	static char much[301];
	char seen[2][sizeof(much)] = { "", "" };

	for (unsigned i = 0; i < 300; i++)
		much[i] = (char)('0' + i % 70);
	for (unsigned n = 0; n < 2; n++) {
		lines[n].received = much;
		for (unsigned i = 0; i < 100 && strlen(seen[n]) < 300; i++) {
			if (n == 0)
				console_interrupt();
			else
				console_own_interrupt(UART1_IRQ);
			console_poll();
			strcat(seen[n], reads(n));
		}
		assert_string_equal(seen[n], much);
	}
}

static void what_was_typed_before_the_focus_moved_is_not_forgotten(void **state)
{
	lines[0].received = "0123456789abcdefghijk\x0f"
			    "3x";
	console_interrupt();
	while (*lines[0].received) {
		assert_true(poll_asked);
		poll_asked = false;
		console_poll();
	}
	assert_string_equal(reads(0), "0123456789abcdef");
	assert_true(poll_asked);
	console_poll();
	assert_string_equal(reads(0), "ghijk");
	assert_string_equal(reads(2), "x");
}

static void the_monitor_comes_to_an_end_by_itself(void **state)
{
	types(0, "\x0fmhelp\r");
	assert_non_null(strstr(lines[0].sent, "Ctrl-O n leaves.\r\nhako> "));
	assert_false(lines[0].tx_irq);
	types(0, "log\r");
	assert_non_null(strstr(lines[0].sent, "\r\nhako: hello\r\n"));
	assert_string_equal(reads(0), "");
}

static void last_words_come_after_what_waits(void **state)
{
	lines[0].fifo_room = 4;
	prints(0, "waits");
	lines[0].fifo_room = 1000000;
	console_last_words();
	console_write("hako: end\n", 10);
	assert_string_equal(lines[0].sent, "waits\r\nhako: end\r\n");
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_uart_has_its_own),
		T(other_interrupts_are_not_the_consoles),
		T(much_is_shown_little_by_little),
		T(a_slow_uart_holds_its_vm_back_and_no_other),
		T(what_is_typed_waits_for_a_slow_vm),
		T(what_was_typed_before_the_focus_moved_is_not_forgotten),
		T(the_monitor_comes_to_an_end_by_itself),
		T(last_words_come_after_what_waits), /* at the end: it is the end */
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
