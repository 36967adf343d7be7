/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_window.h"

#include "net/remote/peer.h"
#include "net/remote/pl110_guard.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_memory.h"
#include "vmm/remote/remote_near.h"
#include "vmm/remote/remote_uart.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"
#include "vmm/vm.h"

/** The front end of a card controller has something to say to the other board. */
static void wake_for_card(struct remote_window *window)
{
	if (pl181_front_has_job(&window->card->front))
		remote_queue_news(window);
}

/** Reset and power-off of the VM; its controllers have been reset before. */
static void window_reset(const struct remote_backend *backend)
{
	struct remote_window *const window = (struct remote_window *)(uintptr_t)backend;

	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		device_set_irq(window->dev, n, false);
	if (window->card)
		pl181_front_reset(&window->card->front);
	if (window->uart)
		pl011_front_reset(&window->uart->front);
	window->wants_lines = true;
	window->wants_room = false;
	window->block.left = 0;
	if (window->progress == REMOTE_DONE)
		window->progress = REMOTE_FREE;
	else if (window->progress != REMOTE_FREE)
		window->is_void = true;
	remote_queue_news(window);
}

/** The guest has set what is behind its LCD controller. Whatever the model is in the middle of. */
static void set_colours(const struct screen_backend *backend, unsigned order)
{
	struct remote_window *const window = backend->owner;

	if (window->display)
		*window->display =
			(*window->display & ~board.display.mask) | board.display.value[order];
	window->colours = (uint8_t)order;
	window->wants_colours = true;
	remote_queue_news(window);
}

/* ---- on the station's thread ------------------------------------------------------------------- */

static void show_lines(struct client_window *client, uint32_t levels)
{
	struct remote_window *const window = client->owner;
	const bool is_known = remote_card_has(window->card, 0) || remote_uart_has(window->uart, 0);

	/* Those of an agent are its front end's. */
	for (unsigned n = is_known ? REMOTE_AGENT_LINES : 0; n < CONFIG_LINES_MAX; n++)
		device_set_irq(window->dev, n, bit(levels, n));
}

/** The window was opened, or closed: what is held may be begun now. */
static void window_changed(struct client_window *client)
{
	struct remote_window *const window = client->owner;

	if (window->card)
		remote_card_changed(window->card);
	if (remote_uart_has(window->uart, 0))
		pl011_front_changed(&window->uart->front);
	window->wants_colours = window->config->is_lcd;
	remote_queue_news(window);
}

/** Posted: the other board may not be able to show that. */
static void tell_colours(struct remote_window *window, uint64_t now)
{
	if (window->wants_colours && window->client.is_open)
		window->wants_colours = client_write(&window->client, NULL, PL110_COLOURS, 4,
						     window->colours, now) == REMOTE_BUSY;
}

static void card_ready(struct pl181_front *front)
{
	const struct remote_card *const card = front->owner;

	wake_for_card(card->front.window->owner);
}

static void uart_ready(struct pl011_front *front)
{
	remote_queue_news(front->window->owner);
}

/** What an agent sends on its own. */
static void window_event(struct client_window *client, const uint8_t *data, uint32_t length)
{
	struct remote_window *const window = client->owner;

	if (remote_card_has(window->card, 0))
		pl181_front_event(&window->card->front, data, length);
	if (remote_uart_has(window->uart, 0))
		pl011_front_event(&window->uart->front, data, length);
}

static const struct client_window_ops window_ops = {
	.changed = window_changed,
	.lines = show_lines,
	.event = window_event,
};

/** What is to be done about one window beside the queue; returns its deadline. */
static uint64_t look_after(struct peer *peer, struct remote_window *window, uint64_t now)
{
	uint64_t until = REMOTE_NEVER;

	if (!window->is_attached) {
		client_attach(peer, &window->client);
		window->is_attached = true;
	}
	if (window->wants_lines) {
		window->wants_lines = false;
		if (window->client.is_open) {
			show_lines(&window->client, window->client.levels);
			client_acknowledge(&window->client, BIT(CONFIG_LINES_MAX) - 1u, now);
		}
	}
	tell_colours(window, now);
	if (remote_card_has(window->card, 0))
		until = remote_card_run(window->card, window->progress != REMOTE_BEGUN, now);
	if (until == now) { /* there is more to say, after whoever is due */
		station_wake();
		until = REMOTE_NEVER;
	}
	if (remote_uart_has(window->uart, 0))
		pl011_front_run(&window->uart->front, now);
	if (window->is_void && window->progress == REMOTE_BEGUN) {
		client_cancel(&window->op);
		remote_command_finish(window, REMOTE_LOST);
	}
	if (window->progress != REMOTE_HELD)
		return until;
	if (window->is_void)
		remote_command_finish(window, REMOTE_LOST);
	else if (now >= window->deadline)
		remote_command_finish(window, REMOTE_TIMEOUT);
	else if (window->client.is_open && !remote_memory_waits(window->vm, window->config->peer))
		(void)remote_command_begin(window, &window->command, now);
	return window->progress == REMOTE_HELD && window->deadline < until ? window->deadline
									   : until;
}

/** Whether a front end could not say what it has to say: as much as there may be is under way. */
static bool wants_room_for_front(const struct remote_window *window)
{
	if (remote_card_has(window->card, 0) && pl181_front_has_job(&window->card->front))
		return window->client.is_open;
	return remote_uart_has(window->uart, 0) && pl011_front_has_job(&window->uart->front);
}

/** Whoever wants room in the queue tries once more; what is held, is begun, or its time is up. */
static uint64_t look_after_all(struct peer *peer, struct remote_queue *queue, uint64_t now)
{
	uint64_t until = REMOTE_NEVER;

	queue->is_news = false;
	for (struct remote_window *w = queue->windows; w; w = w->next) {
		const uint64_t deadline = look_after(peer, w, now);

		until = deadline < until ? deadline : until;
		queue->is_news |= w->progress == REMOTE_HELD || deadline != REMOTE_NEVER ||
				  wants_room_for_front(w);
		if (w->wants_room && queue->count < REMOTE_COMMANDS) {
			w->wants_room = false;
			run_set_ready(w->vm, true);
		}
		queue->is_news |= w->wants_room || (w->wants_colours && w->client.is_open);
	}
	return until;
}

/** Does for the windows of a peer what there is to do; returns when there may be something again. */
uint64_t remote_windows_run(unsigned n, uint64_t now)
{
	struct remote_queue *const queue = remote_queue_get(n);

	if (queue->count)
		remote_queue_empty(queue, now);
	remote_memory_run(n, now);
	return queue->is_news ? look_after_all(peers_get(n), queue, now) : REMOTE_NEVER;
}

/** Whether remote_windows_run() would do something, perhaps. */
bool remote_windows_wait(unsigned n)
{
	const struct remote_queue *const queue = remote_queue_get(n);

	return queue->count || queue->is_news;
}

/* ---- making them ------------------------------------------------------------------------------- */

/** What remote_window_make() takes. */
uint32_t remote_window_heap_size(const struct window_config *place,
				 const struct remote_window_config *config)
{
	uint32_t size = align_up((uint32_t)sizeof(struct remote_window), HEAP_ALIGN);

	if (place->is_memory)
		return remote_memory_heap_size(place);
	if (config->is_card)
		size += align_up((uint32_t)sizeof(struct remote_card), HEAP_ALIGN);
	if (config->is_uart)
		size += align_up((uint32_t)sizeof(struct remote_uart), HEAP_ALIGN);
	return size;
}

/**
 * What the guest says of its display is told to the other board. Where it reads that on its own board it
 * finds what it has written: the controller there is no VM's.
 */
static void make_screen(struct vm *vm, struct remote_window *window)
{
	const struct mem_region *const region =
		vm_mem_find(&vm->mem, gpa(board.display.address.raw));

	if (region && region->kind == MEM_READ_DIRECT)
		window->display = mmu_device_window(board.display.address, 4);
	vm->screen = (struct screen_backend){ set_colours, window };
}

/** Puts another board behind @p dev. */
void remote_window_make(struct vm *vm, struct device *dev, const struct window_config *place,
			const struct remote_window_config *config)
{
	struct remote_window *const window = heap_alloc(sizeof(*window));
	struct remote_queue *const queue = remote_queue_get(config->peer);

	window->backend = (struct remote_backend){ .read = remote_access_read,
						   .write = remote_access_write,
						   .near = remote_near,
						   .reset = window_reset };
	if (config->is_swapped) {
		window->backend.read = remote_access_read_lcd;
		window->backend.write = remote_access_write_lcd;
	}
	window->client =
		(struct client_window){ .name = config->name, .ops = &window_ops, .owner = window };
	window->vm = vm;
	window->dev = dev;
	window->config = config;
	window->base = place->base;
	if (config->is_card) {
		window->card = heap_alloc(sizeof(*window->card));
		window->card->front.ready = card_ready;
		window->card->front.is_patient = config->on_timeout == REMOTE_WAIT;
		window->card->front.patience = (uint64_t)config->timeout_us * (CLOCK_HZ / 1000000u);
		remote_card_init(window->card, dev, &window->client, config->wire);
	}
	if (config->is_uart) {
		window->uart = heap_alloc(sizeof(*window->uart));
		window->uart->front.ready = uart_ready;
		window->uart->front.is_patient = config->on_timeout == REMOTE_WAIT;
		remote_uart_init(window->uart, dev, &window->client);
	}
	if (config->is_lcd)
		make_screen(vm, window);
	window->next = queue->windows;
	queue->windows = window;
	queue->is_news = true;
	dev->backend = &window->backend;
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		if (config->wire[n].sink != VM_SINK_NONE)
			dev->irq[n] =
				(struct irq_line){ device_input, vm->sink[config->wire[n].sink],
						   config->wire[n].input };
}

/** Whether something is under way for the VM, which is off. */
bool remote_windows_busy(const struct vm *vm)
{
	for (unsigned n = 0; n < peers_count(); n++) {
		const struct remote_queue *const queue = remote_queue_get(n);

		for (const struct remote_window *w = queue->windows; w; w = w->next)
			if (w->vm == vm && w->progress != REMOTE_FREE)
				return true;
		for (uint32_t i = 0; i < queue->count; i++)
			if (queue->command[(queue->first + i) % REMOTE_COMMANDS].window->vm == vm)
				return true;
	}
	return false;
}

/** The VM, which is off, is taken apart. */
void remote_windows_detach(const struct vm *vm)
{
	remote_memory_detach(vm);
	for (unsigned n = 0; n < peers_count(); n++) {
		struct remote_window **at = &remote_queue_get(n)->windows;

		while (*at) {
			struct remote_window *const window = *at;

			if (window->vm != vm) {
				at = &window->next;
				continue;
			}
			if (window->card)
				pl181_front_fini(&window->card->front);
			if (window->uart)
				pl011_front_fini(&window->uart->front);
			if (window->is_attached)
				client_detach(&window->client);
			*at = window->next;
		}
	}
}
