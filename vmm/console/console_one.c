/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/console.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/uart_model.h"
#include "vmm/console/console_key.h"
#include "vmm/lib/bits.h"
#include "vmm/stats.h"
#include "vmm/timer.h"
#include "vmm/console/uart.h"
#include "vmm/vm.h"

/*
 * The console of an image with one VM: what the guest and the log say goes out in the order in which
 * it came. vmm/console/console.c is that of an image with several.
 */

/* More waits in the guest: what is here is shown before the answer to a Ctrl-C. */
#define SENDING_SIZE 1024u

/* Typed, and not yet taken by the guest: so that the VMM's keys work while a guest takes nothing. */
#define TYPED_MAX 64u

static struct uart uart;
static uint8_t sending[SENDING_SIZE];
static struct device *keyboard;  /* the UART model that gets what is typed */
static bool is_in_line;          /* the last byte was no line end */
static uint8_t typed[TYPED_MAX]; /* a ring: typed_count bytes from typed_first on */
static unsigned typed_first, typed_count;

static void key_report(void *to, char key)
{
	stats_report();
}

static void key_clear(void *to, char key)
{
	stats_clear();
}

static const struct console_key key_table[] = {
	{ 's', 's', "statistics of traps, with STATS=1", key_report },
	{ 'z', 'z', "set them to zero", key_clear },
};
static struct console_keys keys = {
	.keys = key_table,
	.count = ARRAY_SIZE(key_table),
	.prefix = CONSOLE_KEY_PREFIX,
};

/**
 * Writes a line of the VMM's log; a guest's unfinished line is ended first. Waits when there is much of
 * it: nobody else needs the board, and nothing is lost.
 */
void console_write(const char *text, size_t length)
{
	static const char end[] = "\r\n";

	if (is_in_line)
		uart_write_waiting(&uart, end, 2);
	is_in_line = false;
	uart_write_waiting(&uart, text, length - 1);
	uart_write_waiting(&uart, end, 2);
}

static void backend_put(const struct uart_backend *backend, uint8_t byte)
{
	if (uart_put(&uart, byte))
		is_in_line = byte != '\n';
}

static bool backend_room(const struct uart_backend *backend)
{
	return uart_room(&uart) > 0;
}

const struct uart_backend *console_backend(const struct vm *vm)
{
	static const struct uart_backend backend = { backend_put, backend_room };

	return &backend;
}

static void type(uint8_t byte)
{
	const int guests = console_keys_take(&keys, byte);

	if (guests != CONSOLE_KEY_TAKEN)
		typed[(typed_first + typed_count++) % TYPED_MAX] = (uint8_t)guests;
}

static void give_typed(void)
{
	while (typed_count > 0 && uart_model_can_receive(keyboard)) {
		uart_model_receive(keyboard, typed[typed_first]);
		typed_first = (typed_first + 1) % TYPED_MAX;
		typed_count--;
	}
}

/**
 * Moves what was received to the guest's UART, but for the VMM's keys. What does not fit is kept,
 * and when that is much it waits in the board's UART, whose own flow control it is then; it is
 * asked for again.
 */
void console_poll(void)
{
	int byte = 0;

	if (!keyboard)
		return;
	give_typed();
	while (typed_count < TYPED_MAX) {
		byte = uart_get(&uart);
		if (byte < 0)
			break;
		type((uint8_t)byte);
		give_typed();
	}
	uart_enable_rx_irq(&uart, byte < 0);
	if (typed_count > 0)
		timer_poll_console(CONSOLE_POLL);
}

void console_interrupt(void)
{
	uart_interrupt(&uart);
	/* Not for a single byte: the guest fills what there is each time. */
	if (keyboard && uart_room(&uart) >= SENDING_SIZE / 2)
		uart_model_transmit_again(keyboard);
	console_poll();
}

/** Other UARTs are not the console's here. */
bool console_own_interrupt(unsigned irq)
{
	return false;
}

void console_init(void)
{
	uart_open(&uart, board.uart_driver, mmu_device_window(board.console.base, 4096), sending,
		  SENDING_SIZE);
}

/** The last words follow: each is in the UART before the next. */
void console_last_words(void)
{
	uart_poll_from_now(&uart);
}

/** Gives the keyboard to a VM. */
void console_connect(struct vm *vm)
{
	keyboard = vm->console;
	uart_enable_rx_irq(&uart, true);
}

/** Nothing of an earlier run is kept for the guest but what it has not taken yet. */
void console_reset(const struct vm *vm)
{
	typed_count = 0;
}
