/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/pl011.h"
#include "vmm/console_mux.h"
#include "vmm/events.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/timer.h"
#include "vmm/uart.h"
#include "vmm/vm.h"

/*
 * The consoles of an image with several VMs: vmm/console_mux.c at UART 0, and perhaps one VM that has
 * UART 1 for itself. docs/console.md has what a person sees.
 */

#define OUTPUT_SIZE 4096u /* of each VM, what it printed while it had not the focus */
#define LOG_SIZE    8192u /* of the log, for the monitor */
/* Behind UART 0's FIFO: a VM uses a quarter of it, so that a Ctrl-C is answered soon. */
#define SENDING_SIZE 4096u
#define LOG_RESERVE  3072u
#define UART1_SIZE   1024u
/* Received in one call, of each UART. */
#define BURST 32u

/** A UART of the board that one VM has for itself. */
struct own_line {
	struct uart uart;
	struct vm_console *vm; /* NULL: the VMs may use the UART as they like */
};

static uint8_t sending[SENDING_SIZE], log_bytes[LOG_SIZE];
static struct uart uart0;
static struct console_mux mux;
static struct own_line uart1;

static struct {
	const struct vm *vm;
	struct vm_console *console;
} of_vm[CONSOLE_MUX_MAX];
static unsigned vm_count;

static uint32_t out_room(const struct console_out *out)
{
	return uart_room(&uart0);
}

/* Where there is room, nothing waits; at the end everything does. */
static void out_put(const struct console_out *out, uint8_t byte)
{
	uart_put_waiting(&uart0, byte);
}

/* The UART interrupts when it has sent something. If it has not, the timer comes. */
static void out_again(const struct console_out *out)
{
	uart_ask_interrupt(&uart0);
	timer_poll_console();
}

static const struct console_out out = { out_room, out_put, out_again };

/** Writes lines of the VMM's log, which are kept for the monitor, too. */
void console_write(const char *text, size_t length)
{
	console_mux_log(&mux, text, length);
}

/** Takes what was received at UART 0. What nobody takes now waits there, and is asked for again. */
static void receive(void)
{
	int byte = 0;

	for (unsigned n = 0; n < BURST && byte >= 0 && console_mux_takes(&mux); n++) {
		byte = uart_get(&uart0);
		if (byte >= 0)
			console_mux_type(&mux, (uint8_t)byte);
	}
	uart_enable_rx_irq(&uart0, byte < 0);
	if (byte >= 0 || console_mux_waits(&mux))
		timer_poll_console();
}

/** UART 0 has interrupted. */
void console_interrupt(void)
{
	uart_interrupt(&uart0);
	mux.may_wait = uart0.is_polled; /* what waits is sent from now on */
	console_mux_pump(&mux);
	receive();
}

/* UART 1. */

static void own_put(const struct uart_backend *backend, uint8_t byte)
{
	uart1.vm->lost += !uart_put(&uart1.uart, byte);
}

static bool own_room(const struct uart_backend *backend)
{
	return uart_room(&uart1.uart) > 0;
}

static void own_receive(struct own_line *line)
{
	struct ring *const typed = &line->vm->typed;
	int byte = 0;

	vm_console_give(line->vm);
	for (unsigned n = 0; n < BURST && ring_room(typed) > 0; n++) {
		byte = uart_get(&line->uart);
		if (byte < 0)
			break;
		ring_put(typed, (uint8_t)byte);
		vm_console_give(line->vm);
	}
	uart_enable_rx_irq(&line->uart, byte < 0);
	if (byte >= 0 || ring_count(typed) > 0)
		timer_poll_console();
}

/** Serves UART 1 if that is what interrupts, and a VM's console. Otherwise returns false. */
bool console_uart1_interrupt(unsigned irq)
{
	if (!uart1.vm || irq != board.uart1.irq)
		return false;
	uart_interrupt(&uart1.uart);
	if (uart1.vm->uart && uart_room(&uart1.uart) >= UART1_SIZE / 2)
		pl011_transmit_again(uart1.vm->uart);
	own_receive(&uart1);
	return true;
}

/** Comes a while after timer_poll_console(). */
void console_poll(void)
{
	console_mux_tick(&mux);
	receive();
	if (uart1.vm)
		own_receive(&uart1);
}

/* VMs. */

static struct vm_console *find(const struct vm *vm)
{
	for (unsigned n = 0; n < vm_count; n++)
		if (of_vm[n].vm == vm)
			return of_vm[n].console;
	return 0;
}

static struct vm_console *make(const struct vm *vm)
{
	CHECK(vm_count < CONSOLE_MUX_MAX);
	of_vm[vm_count].vm = vm;
	of_vm[vm_count].console = heap_alloc(sizeof(struct vm_console));
	return of_vm[vm_count++].console;
}

/** The board's UART 1 for itself: no VM may have its window. */
static void open_uart1(const struct vm *vm, struct vm_console *console)
{
	CHECK(!uart1.vm);
	vm_console_init(console, vm->name);
	console->backend = (struct uart_backend){ own_put, own_room };
	uart_open(&uart1.uart, board.uart_driver, mmu_device_window(board.uart1.base, 4096),
		  heap_alloc(UART1_SIZE), UART1_SIZE);
	uart1.vm = console;
	board.irqchip_driver->unmask(board.uart1.irq);
}

/**
 * The back end of a VM's UART: the terminal of all, or a UART of its own. VMs ask for it once, in the
 * order in which they are numbered: the first is Ctrl-O 1.
 */
const struct uart_backend *console_backend(const struct vm *vm)
{
	const unsigned n = vm_count;
	struct vm_console *const console = make(vm);

	if (vm->config->uart_row != CONFIG_NONE)
		open_uart1(vm, console);
	else
		console_mux_add(&mux, n, console, vm->name, heap_alloc(OUTPUT_SIZE), OUTPUT_SIZE);
	return &console->backend;
}

/**
 * A virtio console is another door to the VM's console: what it sends is shown, and it gets what is
 * typed once a driver waits for it.
 */
const struct uart_backend *console_backend_virtio(const struct vm *vm, struct device *dev)
{
	struct vm_console *const console = find(vm);

	CHECK(console);
	console->virtio = dev;
	return &console->backend;
}

/** The VM's UART model is there: from now on it gets what is typed for it. */
void console_connect(struct vm *vm)
{
	struct vm_console *const console = find(vm);

	CHECK(console);
	console->uart = vm->console;
	uart_enable_rx_irq(console == uart1.vm ? &uart1.uart : &uart0, true);
}

/** The VM starts anew: what was typed before is gone; what it printed is not. */
void console_reset(const struct vm *vm)
{
	vm_console_reset(find(vm));
}

/** Bytes that the VM has printed and nobody will see. */
uint32_t console_lost(const struct vm *vm)
{
	return find(vm)->lost;
}

/* The board. */

void console_init(void)
{
	uart_open(&uart0, board.uart_driver, mmu_device_window(board.console.base, 4096), sending,
		  SENDING_SIZE);
	console_mux_init(&mux, &out, log_bytes, LOG_SIZE);
	mux.log_reserve = LOG_RESERVE;
	events_init(timer_now);
}

/** What the description of the VMs says: the key before the VMM's keys, and names before lines. */
void console_set_options(uint8_t escape, bool has_prefix)
{
	mux.keys.prefix = escape;
	mux.has_prefix = has_prefix;
}

/** The last words follow: each is in the UART before the next. */
void console_last_words(void)
{
	uart_poll_from_now(&uart0);
	console_mux_flush(&mux);
	if (uart1.vm)
		uart_poll_from_now(&uart1.uart);
}
