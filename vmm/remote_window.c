/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote_window.h"

#include "devemu/remote.h"
#include "net/remote/peer.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/string.h"
#include "vmm/peers.h"
#include "vmm/remote_card.h"
#include "vmm/remote_insn.h"
#include "vmm/run.h"
#include "vmm/station.h"
#include "vmm/timer.h"
#include "vmm/trap.h"
#include "vmm/vm.h"

#define TICKS_PER_US (CLOCK_HZ / 1000000u)
#define COMMANDS     128u               /* of VMs for one other board; a power of two */
#define GATHERED     96u                /* posted writes that do not wait for more */
#define GATHER       (CLOCK_HZ / 1000u) /* how long fewer of them do */
#define ALL_ONES     0xffffffffu
#define BLOCK_MAX    16u   /* words of an LDM or STM */
#define PAGE_MIN     1024u /* the smallest page: behind it may be another device */

/** How far the access is that a VM waits for. */
enum progress {
	FREE,  /* there is none */
	ASKED, /* in the queue */
	HELD,  /* there is no session now: it waits for one */
	BEGUN, /* the protocol has it */
	DONE,  /* there is a result */
};

/** What a guest has done to a window. */
struct command {
	struct remote_window *window;
	uint32_t offset;
	uint32_t value;
	uint8_t size;
	uint8_t words; /* 0: one access of that size; else of words in window->block */
	bool is_write;
	bool is_posted; /* nobody waits */
};

/** An LDM or STM, of which a model sees word by word: its words, and how many are to come. */
struct block {
	uint32_t next; /* offset */
	uint8_t words, left;
	uint32_t value[BLOCK_MAX];
};

struct remote_window {
	struct remote_backend backend; /* first: the two are one pointer */
	struct client_window client;
	struct client_op op;
	struct remote_card *card; /* what is known of it, or NULL */
	struct vm *vm;
	struct device *dev;
	const struct window_config *config;
	struct remote_window *next; /* of the same peer */

	/* The VM's thread and the station's. */
	enum progress progress;
	struct command command; /* what it waits for */
	struct block block;
	uint64_t deadline; /* of that */
	enum remote_result result;
	bool is_void;     /* the VM has begun anew: nobody waits any more */
	bool wants_room;  /* in the queue */
	bool is_attached; /* the protocol knows of it */
	bool wants_lines; /* the VM has begun anew: their levels are to be told again */
};

/** What VMs have done to windows of one other board, in order. */
static struct queue {
	struct command *command;
	uint32_t first, count;
	struct remote_window *windows;
	bool is_news;  /* about one of the windows: look_after() */
	uint32_t lost; /* posted writes for which there was no session */
} queues[CONFIG_PEERS_MAX];

/** The front end of a card controller has something to say to the other board. */
static void wake_for_card(struct remote_window *window)
{
	if (!pl181_front_has_job(&window->card->front))
		return;
	queues[window->config->remote.peer].is_news = true;
	station_wake();
}

/* ---- on the VM's thread ------------------------------------------------------------------------ */

/** Back to the guest, out of whatever the VM's thread is in the middle of. */
static void __attribute__((noreturn)) leave(struct trap_frame *frame)
{
	guest_enter(frame);
}

/**
 * Sleeps until somebody makes the VM ready; does what it is asked for meanwhile. If it has begun anew
 * by that, its thread has nothing to come back to.
 */
static void sleep(struct vm *vm)
{
	const unsigned starts = vm->starts;

	if (vm->request == VM_NOTHING) {
		run_set_ready(vm, false);
		run_others();
		return;
	}
	vm_act_on_request(vm);
	if (vm->starts != starts)
		leave(trap_resume(&vm->vcpu));
}

/** The access at @p offset is answered with a bus error: the guest's data abort. */
static void __attribute__((noreturn)) abort_access(struct remote_window *window, uint32_t offset)
{
	struct vcpu *const vcpu = &window->vm->vcpu;
	const struct guest_found *const found = &vcpu->found;
	const uint32_t va = found->va + (window->config->base + offset - found->t.gpa.raw);

	window->block.left = 0;
	vcpu->cp15.dfsr = guest_external_abort(&found->t);
	vcpu->cp15.far = guest_mva(&vcpu->mmu, va);
	leave(trap_finish(vcpu, TRAP_INJECT, TRAP_DABT));
}

static struct queue *queue_of(const struct remote_window *window)
{
	return &queues[window->config->remote.peer];
}

static void put(struct remote_window *window, const struct command *command)
{
	struct queue *const queue = queue_of(window);

	while (queue->count == COMMANDS) {
		window->wants_room = true;
		queue->is_news = true;
		station_wake();
		sleep(window->vm);
	}
	queue->command[(queue->first + queue->count++) % COMMANDS] = *command;
	if (!command->is_posted || queue->count >= GATHERED)
		station_wake();
	else if (queue->count == 1)
		station_wake_at(timer_now() + GATHER);
}

static bool begin(struct remote_window *window, const struct command *command, uint64_t now);

/**
 * Begins an access on the VM's own thread, without the station's, where nobody is in the protocol and
 * nothing is before it. An STM goes the other way: it is long, with what it has been so far.
 */
static bool begin_at_once(struct remote_window *window, const struct command *command, uint64_t now)
{
	struct peer *const peer = window->client.peer;

	if (queue_of(window)->count || !window->client.is_open || !station_may_enter() ||
	    (command->words && command->is_write) || !begin(window, command, now))
		return false;
	if (window->progress != BEGUN || peer_has_work(peer))
		station_wake();
	station_wake_at(peer_deadline(peer));
	return true;
}

/** What an access is worth that has failed; or none, and the guest is given a data abort. */
static uint32_t failed(struct remote_window *window, const struct command *command)
{
	const bool is_late = window->result == REMOTE_TIMEOUT || window->result == REMOTE_LOST ||
			     window->result == REMOTE_DOWN;

	if (window->result == REMOTE_REFUSED)
		device_guest_error(window->dev, command->offset);
	if (is_late && window->config->remote.on_timeout == REMOTE_ONES)
		return ALL_ONES;
	abort_access(window, command->offset);
}

/** Carries out an access for which the guest waits; returns what it has read. */
static uint32_t carry_out(struct remote_window *window, const struct command *command)
{
	const struct remote_window_config *const remote = &window->config->remote;
	uint64_t now;

	while (window->progress != FREE) /* what was begun before the VM was reset */
		sleep(window->vm);
	now = timer_now();
	window->command = *command;
	window->deadline = remote->on_timeout == REMOTE_WAIT
				   ? REMOTE_NEVER
				   : now + (uint64_t)remote->timeout_us * TICKS_PER_US;
	window->is_void = false;
	if (!begin_at_once(window, command, now)) {
		put(window, command);
		window->progress = ASKED;
	}
	while (window->progress != DONE)
		sleep(window->vm);
	window->progress = FREE;
	return window->result == REMOTE_OK ? window->op.value : failed(window, command);
}

static struct remote_window *window_of(const struct remote_backend *backend)
{
	return (struct remote_window *)(uintptr_t)backend;
}

/** Whether a word at @p offset is the first of several that go together; or the next of them. */
static bool is_in_block(struct remote_window *window, uint32_t offset, bool is_load)
{
	struct block *const block = &window->block;

	if (block->left && block->next == offset)
		return true;
	block->words = (uint8_t)remote_insn_words(&window->vm->vcpu, is_load);
	block->left = 0;
	if (block->words == 1 || offset % PAGE_MIN + 4u * block->words > PAGE_MIN)
		return false;
	block->left = block->words;
	block->next = offset;
	return true;
}

/** A word of an LDM: all of them have been read with the first. */
static uint32_t read_of_block(struct remote_window *window, uint32_t offset)
{
	struct block *const block = &window->block;

	if (block->left == block->words) {
		const struct command command = {
			.window = window, .offset = offset, .size = 4, .words = block->words
		};

		if (carry_out(window, &command) == ALL_ONES && window->result != REMOTE_OK)
			memset(block->value, 0xff, sizeof(block->value));
	}
	block->next += 4;
	return block->value[block->words - block->left--];
}

/** A word of an STM: all of them are written with the last. */
static void write_of_block(struct remote_window *window, uint32_t value)
{
	struct block *const block = &window->block;

	block->value[block->words - block->left--] = value;
	block->next += 4;
	if (block->left == 0) {
		const struct command command = { .window = window,
						 .offset = block->next - 4u * block->words,
						 .size = 4,
						 .words = block->words,
						 .is_write = true };

		(void)carry_out(window, &command);
	}
}

static uint32_t window_read(const struct remote_backend *backend, uint32_t offset, unsigned size)
{
	struct remote_window *const window = window_of(backend);
	struct command command = { .window = window, .offset = offset, .size = (uint8_t)size };
	unsigned lane;

	if (remote_card_has(window->card, offset)) {
		const uint32_t value = remote_card_read(window->card, offset, size);

		wake_for_card(window);
		return value;
	}
	if (size == 4)
		return is_in_block(window, offset, true) ? read_of_block(window, offset)
							 : carry_out(window, &command);
	lane = remote_insn_lane(&window->vm->vcpu, size);
	command.offset += lane;
	return carry_out(window, &command) << (8u * lane);
}

static void window_write(const struct remote_backend *backend, uint32_t offset, unsigned size,
			 uint32_t value)
{
	struct remote_window *const window = window_of(backend);
	const unsigned lane = size == 4 ? 0 : remote_insn_lane(&window->vm->vcpu, size);
	const struct command command = { .window = window,
					 .offset = offset + lane,
					 .value = value >> (8u * lane),
					 .size = (uint8_t)size,
					 .is_write = true,
					 .is_posted = window->config->remote.posted };

	if (remote_card_has(window->card, offset)) {
		remote_card_write(window->card, offset, value, size);
		wake_for_card(window);
		return;
	}
	if (command.is_posted)
		put(window, &command); /* the protocol puts together what belongs together */
	else if (size == 4 && is_in_block(window, offset, false))
		write_of_block(window, value);
	else
		(void)carry_out(window, &command);
}

/** Reset and power-off of the VM; its controllers have been reset before. */
static void window_reset(const struct remote_backend *backend)
{
	struct remote_window *const window = window_of(backend);

	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		device_set_irq(window->dev, n, false);
	if (window->card)
		pl181_front_reset(&window->card->front);
	window->wants_lines = true;
	window->wants_room = false;
	window->block.left = 0;
	if (window->progress == DONE)
		window->progress = FREE;
	else if (window->progress != FREE)
		window->is_void = true;
	queue_of(window)->is_news = true;
	station_wake();
}

/* ---- on the station's thread ------------------------------------------------------------------- */

/** The VM's turn again: with a result, or since its window can be used for something new. */
static void finish(struct remote_window *window, enum remote_result result)
{
	window->result = result;
	window->progress = window->is_void ? FREE : DONE;
	run_set_ready(window->vm, true);
}

/** There is no session for it, or none any more: it waits for the next one. */
static void hold(struct remote_window *window)
{
	window->progress = HELD;
	queue_of(window)->is_news = true;
	station_wake();
}

static void op_done(struct client_op *op, enum remote_result result)
{
	struct remote_window *const window = op->owner;

	/* Whether it was carried out is unknown; the device has been reset with its board, perhaps. */
	if (result == REMOTE_LOST && window->deadline == REMOTE_NEVER && !window->is_void) {
		hold(window);
		return;
	}
	finish(window, result);
}

static enum remote_result begin_block(struct remote_window *window, const struct command *command,
				      uint64_t now)
{
	const struct client_transfer transfer = { .offset = command->offset,
						  .count = command->words,
						  .width = 4 };

	return command->is_write ? client_write_multi(&window->client, &window->op, &transfer,
						      window->block.value, now)
				 : client_read_multi(&window->client, &window->op, &transfer,
						     window->block.value, now);
}

/** Begins a command; false: there is no room now. */
static bool begin(struct remote_window *window, const struct command *command, uint64_t now)
{
	struct client_op *const op = command->is_posted ? NULL : &window->op;
	enum remote_result result;

	if (op) {
		op->done = op_done;
		op->owner = window;
		op->deadline = window->deadline;
	}
	if (command->words)
		result = begin_block(window, command, now);
	else if (command->is_write)
		result = client_write(&window->client, op, command->offset, command->size,
				      command->value, now);
	else
		result = client_read(&window->client, op, command->offset, command->size, now);
	if (result == REMOTE_BUSY)
		return false;
	if (result == REMOTE_DOWN) {
		if (op)
			hold(window);
		else
			queue_of(window)->lost++;
		return true;
	}
	if (result != REMOTE_OK)
		CHECK(false);
	if (op)
		window->progress = BEGUN;
	return true;
}

/** Tells the protocol what is in the queue; as much of it as there is room for. */
static void empty(struct queue *queue, uint64_t now)
{
	while (queue->count > 0) {
		const struct command *const command = &queue->command[queue->first % COMMANDS];
		struct remote_window *const window = command->window;

		if (!command->is_posted && window->is_void)
			finish(window, REMOTE_LOST);
		else if (!begin(window, command, now))
			break;
		queue->first++;
		queue->count--;
	}
}

static void show_lines(struct client_window *client, uint32_t levels)
{
	struct remote_window *const window = client->owner;

	/* Those of an agent are its front end's. */
	for (unsigned n = remote_card_has(window->card, 0) ? REMOTE_AGENT_LINES : 0;
	     n < CONFIG_LINES_MAX; n++)
		device_set_irq(window->dev, n, bit(levels, n));
}

/** The window was opened, or closed: what is held may be begun now. */
static void window_changed(struct client_window *client)
{
	struct remote_window *const window = client->owner;

	if (remote_card_has(window->card, 0))
		remote_card_changed(window->card);
	queue_of(window)->is_news = true;
	station_wake();
}

static void card_ready(struct pl181_front *front)
{
	const struct remote_card *const card = front->owner;

	wake_for_card(card->front.window->owner);
}

/** What the agent of a card controller sends on its own. */
static void window_event(struct client_window *client, const uint8_t *data, uint32_t length)
{
	struct remote_window *const window = client->owner;

	if (remote_card_has(window->card, 0))
		pl181_front_event(&window->card->front, data, length);
}

static const struct client_window_ops window_ops = {
	.changed = window_changed,
	.lines = show_lines,
	.event = window_event,
};

/** What is to be done about one window beside the queue; returns its deadline. */
static uint64_t look_after(struct peer *peer, struct remote_window *window, uint64_t now)
{
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
	if (remote_card_has(window->card, 0))
		pl181_front_run(&window->card->front, now);
	if (window->is_void && window->progress == BEGUN) {
		client_cancel(&window->op);
		finish(window, REMOTE_LOST);
	}
	if (window->progress != HELD)
		return REMOTE_NEVER;
	if (window->is_void)
		finish(window, REMOTE_LOST);
	else if (now >= window->deadline)
		finish(window, REMOTE_TIMEOUT);
	else if (window->client.is_open)
		(void)begin(window, &window->command, now);
	return window->progress == HELD ? window->deadline : REMOTE_NEVER;
}

/** Whoever wants room in the queue tries once more; what is held, is begun, or its time is up. */
static uint64_t look_after_all(struct peer *peer, struct queue *queue, uint64_t now)
{
	uint64_t until = REMOTE_NEVER;

	queue->is_news = false;
	for (struct remote_window *w = queue->windows; w; w = w->next) {
		const uint64_t deadline = look_after(peer, w, now);

		until = deadline < until ? deadline : until;
		queue->is_news |= w->progress == HELD;
		if (w->wants_room && queue->count < COMMANDS) {
			w->wants_room = false;
			run_set_ready(w->vm, true);
		}
		queue->is_news |= w->wants_room;
	}
	return until;
}

/** Does for the windows of a peer what there is to do; returns when there may be something again. */
uint64_t remote_windows_run(unsigned n, uint64_t now)
{
	struct queue *const queue = &queues[n];

	if (queue->count)
		empty(queue, now);
	return queue->is_news ? look_after_all(peers_get(n), queue, now) : REMOTE_NEVER;
}

/** Whether remote_windows_run() would do something, perhaps. */
bool remote_windows_wait(unsigned n)
{
	return queues[n].count || queues[n].is_news;
}

/* ---- making them ------------------------------------------------------------------------------- */

void remote_windows_init(unsigned peer_count)
{
	for (unsigned n = 0; n < peer_count; n++)
		queues[n].command = heap_alloc(COMMANDS * sizeof(struct command));
}

/** What remote_window_make() takes. */
uint32_t remote_window_heap_size(const struct window_config *config)
{
	const uint32_t size = align_up((uint32_t)sizeof(struct remote_window), HEAP_ALIGN);

	return config->remote.is_card
		       ? size + align_up((uint32_t)sizeof(struct remote_card), HEAP_ALIGN)
		       : size;
}

/** Puts another board behind @p dev. */
void remote_window_make(struct vm *vm, struct device *dev, const struct window_config *config)
{
	struct remote_window *const window = heap_alloc(sizeof(*window));
	struct queue *const queue = &queues[config->remote.peer];

	window->backend = (struct remote_backend){ .read = window_read,
						   .write = window_write,
						   .reset = window_reset };
	window->client = (struct client_window){ .name = config->remote.name,
						 .ops = &window_ops,
						 .owner = window };
	window->vm = vm;
	window->dev = dev;
	window->config = config;
	if (config->remote.is_card) {
		window->card = heap_alloc(sizeof(*window->card));
		window->card->front.ready = card_ready;
		window->card->front.is_patient = config->remote.on_timeout == REMOTE_WAIT;
		remote_card_init(window->card, dev, &window->client, config->remote.wire);
	}
	window->next = queue->windows;
	queue->windows = window;
	queue->is_news = true;
	dev->backend = &window->backend;
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		if (config->remote.wire[n].sink != VM_SINK_NONE)
			dev->irq[n] = (struct irq_line){ device_input,
							 vm->sink[config->remote.wire[n].sink],
							 config->remote.wire[n].input };
}

/** Whether something is under way for the VM, which is off. */
bool remote_windows_busy(const struct vm *vm)
{
	for (unsigned n = 0; n < peers_count(); n++) {
		for (const struct remote_window *w = queues[n].windows; w; w = w->next)
			if (w->vm == vm && w->progress != FREE)
				return true;
		for (uint32_t i = 0; i < queues[n].count; i++)
			if (queues[n].command[(queues[n].first + i) % COMMANDS].window->vm == vm)
				return true;
	}
	return false;
}

/** The VM, which is off, is taken apart. */
void remote_windows_detach(const struct vm *vm)
{
	for (unsigned n = 0; n < peers_count(); n++) {
		struct remote_window **at = &queues[n].windows;

		while (*at) {
			struct remote_window *const window = *at;

			if (window->vm != vm) {
				at = &window->next;
				continue;
			}
			if (window->card)
				pl181_front_fini(&window->card->front);
			if (window->is_attached)
				client_detach(&window->client);
			*at = window->next;
		}
	}
}
