/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/pl011.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

static struct device *keyboard; /* the UART model that gets what is typed */
static bool at_line_start = true;

static void put(uint8_t byte)
{
	at_line_start = byte == '\n';
	board.console_driver->put(byte);
}

/** Writes lines of the VMM's log; a guest's unfinished line is ended first. */
void console_write(const char *text, size_t length)
{
	if (!at_line_start) {
		put('\r');
		put('\n');
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			put('\r');
		put((uint8_t)text[i]);
	}
}

static void backend_put(const struct uart_backend *backend, uint8_t byte)
{
	put(byte);
}

const struct uart_backend *console_backend(void)
{
	static const struct uart_backend backend = { backend_put };

	return &backend;
}

/**
 * Moves what was received to the guest's UART. What does not fit waits in the board's UART, whose
 * own flow control it is then, and is asked for again.
 */
void console_poll(void)
{
	int byte;

	while (keyboard && pl011_can_receive(keyboard)) {
		byte = board.console_driver->get();
		if (byte < 0) {
			board.console_driver->enable_rx_irq(true);
			return;
		}
		pl011_receive(keyboard, (uint8_t)byte);
	}
	board.console_driver->enable_rx_irq(false);
	timer_poll_console();
}

void console_interrupt(void)
{
	board.console_driver->ack();
	console_poll();
}

void console_init(void)
{
	board.console_driver->init(mmu_device_window(board.console.base, 4096));
}

/** Gives the keyboard to a VM. */
void console_connect(struct vm *vm)
{
	keyboard = vm->console;
	board.console_driver->enable_rx_irq(true);
}
