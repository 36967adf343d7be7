/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/console.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "devemu/uart_model.h"
#include "vmm/console/console_mux.h"
#include "vmm/console/events.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/string.h"
#include "vmm/timer.h"
#include "vmm/console/uart.h"
#include "vmm/vm.h"

/*
 * The consoles of an image with several VMs: vmm/console/console_mux.c at UART 0, and VMs that have
 * another UART for themselves. docs/console.md has what a person sees.
 */

#define OUTPUT_SIZE 4096u /* of each VM, what it printed while it had not the focus */
#define LOG_SIZE    8192u /* of the log, for the monitor */
/* Behind UART 0's FIFO: a VM uses a quarter of it, so that a Ctrl-C is answered soon. */
#define SENDING_SIZE 4096u
#define LOG_RESERVE  3072u
/* Other UARTs, of VMs that have one for themselves. */
#define OWN_MAX  3u
#define OWN_SIZE 1024u
/* Received in one call, of each UART; at this rate more than a line of 115,200 baud brings. */
#define BURST      2u
#define BURST_TIME (CLOCK_HZ / 10000u)

/** A UART of the board that one VM has for itself. */
struct own_line {
	struct uart uart;
	struct vm_console *vm;
	unsigned irq;
};

static uint8_t sending[SENDING_SIZE], log_bytes[LOG_SIZE];
static struct uart uart0;
static struct console_mux mux;
static struct own_line own[OWN_MAX];
static unsigned own_count;

/** What a VM has as long as its number is there, whatever VM that is: it is no VM's share of the heap. */
struct room {
	struct vm_console console;
	struct console_door doors[CONFIG_VIRTIO_MAX];
	uint8_t output[OUTPUT_SIZE];
};

static struct room *rooms;
static const struct vm *vms[CONSOLE_MUX_MAX]; /* whose they are */
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

static void out_write(const struct console_out *out, const char *text, size_t length)
{
	uart_write_waiting(&uart0, text, length);
}

/* The UART interrupts when it has sent something. If it has not, the timer comes. */
static void out_again(const struct console_out *out)
{
	uart_ask_interrupt(&uart0);
	timer_poll_console(CONSOLE_POLL);
}

static const struct console_out out = { out_room, out_put, out_write, out_again };

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
	if (byte >= 0 && console_mux_takes(&mux))
		timer_poll_console(BURST_TIME);
	else if (byte >= 0 || console_mux_waits(&mux))
		timer_poll_console(CONSOLE_POLL);
}

/** UART 0 has interrupted. */
void console_interrupt(void)
{
	uart_interrupt(&uart0);
	mux.may_wait = uart0.is_polled; /* what waits is sent from now on */
	console_mux_pump(&mux);
	receive();
}

/* UARTs of a VM's own. */

static struct own_line *own_line(const struct uart_backend *backend)
{
	unsigned n = 0;

	while (&own[n].vm->backend != backend)
		n++;
	return &own[n];
}

static void own_put(const struct uart_backend *backend, uint8_t byte)
{
	struct own_line *const line = own_line(backend);

	line->vm->is_by_virtio = false;
	line->vm->lost += !uart_put(&line->uart, byte);
}

static bool own_room(const struct uart_backend *backend)
{
	return uart_room(&own_line(backend)->uart) > 0;
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
	if (byte >= 0 && ring_room(typed) > 0)
		timer_poll_console(BURST_TIME);
	else if (byte >= 0 || ring_count(typed) > 0)
		timer_poll_console(CONSOLE_POLL);
}

/** Serves a UART of a VM's own if that is what interrupts. Otherwise returns false. */
bool console_own_interrupt(unsigned irq)
{
	for (unsigned n = 0; n < own_count; n++) {
		struct own_line *const line = &own[n];

		if (irq != line->irq)
			continue;
		uart_interrupt(&line->uart);
		if (line->vm->uart && uart_room(&line->uart) >= OWN_SIZE / 2)
			uart_model_transmit_again(line->vm->uart);
		own_receive(line);
		return true;
	}
	return false;
}

/** Comes a while after timer_poll_console(). */
void console_poll(void)
{
	console_mux_tick(&mux);
	receive();
	for (unsigned n = 0; n < own_count; n++)
		own_receive(&own[n]);
}

/* VMs. */

static struct room *find_room(const struct vm *vm)
{
	for (unsigned n = 0; n < vm_count; n++)
		if (vms[n] == vm)
			return &rooms[n];
	return 0;
}

static struct vm_console *find(const struct vm *vm)
{
	struct room *const room = find_room(vm);

	return room ? &room->console : 0;
}

/** What each of them takes. */
uint32_t console_room_size(void)
{
	return sizeof(*rooms);
}

/** Room for the consoles of so many VMs; before any of them asks for one. */
void console_make_rooms(unsigned count)
{
	CHECK(count <= CONSOLE_MUX_MAX);
	rooms = heap_alloc(count * sizeof(*rooms));
	vm_count = 0;
}

/** The UART that is the board's device in @p row for itself: no VM has its window, nor its line. */
static void open_own(const struct vm *vm, struct room *room, unsigned row)
{
	struct vm_console *const console = &room->console;
	const struct board_window *const window = &board.windows[row];
	struct own_line *const line = &own[own_count];

	CHECK(own_count < OWN_MAX);
	vm_console_init(console, vm->name);
	console->backend = (struct uart_backend){ own_put, own_room };
	line->vm = console;
	uart_open(&line->uart, board.uart_driver, mmu_device_window(hpa(window->base), 4096),
		  room->output, OWN_SIZE);
	/* Its first line: another one is the modem's. */
	for (unsigned n = board.irq_count; n-- > 0;)
		if (strcmp(board.irqs[n].window, window->name) == 0)
			line->irq = board.irqs[n].irq;
	own_count++;
	board.irqchip_driver->unmask(line->irq);
}

/**
 * The back end of a VM's UART: the terminal of all, or a UART of its own. VMs ask for it in the order
 * in which they are numbered: the first is Ctrl-O 1. One that is made anew has what it had.
 */
const struct uart_backend *console_backend(const struct vm *vm)
{
	const struct vm_console *const console = find(vm);
	const unsigned n = vm_count;
	struct room *const room = &rooms[n];

	if (console)
		return &console->backend;
	CHECK(vm_count < CONSOLE_MUX_MAX);
	vms[vm_count++] = vm;
	if (vm->config->uart_row != CONFIG_NONE)
		open_own(vm, room, vm->config->uart_row);
	else
		console_mux_add(&mux, n, &room->console, vm->name, room->output, OUTPUT_SIZE);
	return &room->console.backend;
}

/**
 * The back end of virtio device @p n of the VM, a console: another door to the VM's console. What it
 * sends is shown, and it gets what is typed while it is the one that prints.
 */
const struct uart_backend *console_backend_virtio(const struct vm *vm, struct device *dev,
						  unsigned n)
{
	struct room *const room = find_room(vm);

	CHECK(room && n < CONFIG_VIRTIO_MAX);
	vm_console_add(&room->console, &room->doors[n], dev);
	return &room->doors[n].backend;
}

/** The VM's UART model is there: from now on it gets what is typed for it. */
void console_connect(struct vm *vm)
{
	struct vm_console *const console = find(vm);

	CHECK(console);
	console->uart = vm->console;
	uart_enable_rx_irq(console->mux ? &uart0 : &own_line(&console->backend)->uart, true);
}

/** The VM's devices are taken apart: nothing goes to them until console_connect(). */
void console_disconnect(const struct vm *vm)
{
	struct vm_console *const console = find(vm);

	console->uart = 0;
	vm_console_reset(console);
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

/** All VMs are there. If none of them is at the terminal, the monitor is. */
void console_start(void)
{
	if (!mux.focus)
		console_mux_focus(&mux, 0);
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
	for (unsigned n = 0; n < own_count; n++)
		uart_poll_from_now(&own[n].uart);
}
