/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_command.h"

#include "net/remote/peer.h"
#include "net/remote/pl110_guard.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_insn.h"
#include "vmm/remote/remote_memory.h"
#include "vmm/remote/remote_uart.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/trap.h"
#include "vmm/vm.h"

#define TICKS_PER_US  (CLOCK_HZ / 1000000u)
#define GATHERED      96u                /* posted writes that do not wait for more */
#define GATHER        (CLOCK_HZ / 1000u) /* how long fewer of them do */
#define ALL_ONES      0xffffffffu
#define PAGE_MIN      1024u /* the smallest page: behind it may be another device */
#define AT_ONCE_WORDS 8u
#define BLOCK_PIECE   4u /* words of an LDM or STM, between preempt points */

/** Back to the guest, out of whatever the VM's thread is in the middle of. */
static void __attribute__((noreturn)) leave(struct trap_frame *frame)
{
	guest_enter(frame);
}

/**
 * Sleeps until somebody makes the VM ready; does what it is asked for meanwhile. If it has begun anew
 * by that, its thread has nothing to come back to.
 */
void remote_access_sleep(struct vm *vm)
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
	const bool is_swapped = window->config->is_swapped;
	const uint32_t at = window->base + (is_swapped ? pl110_swap(offset) : offset);
	const uint32_t va = found->va + (at - found->t.gpa.raw);

	window->block.left = 0;
	vcpu->cp15.dfsr = guest_external_abort(&found->t);
	vcpu->cp15.far = guest_mva(&vcpu->mmu, va);
	leave(trap_finish(vcpu, TRAP_INJECT, TRAP_DABT));
}

static void put(struct remote_window *window, const struct remote_command *command)
{
	struct remote_queue *const queue = remote_queue_of(window);

	while (queue->count == REMOTE_COMMANDS) {
		window->wants_room = true;
		remote_queue_news(window);
		remote_access_sleep(window->vm);
	}
	if (!command->is_posted)
		window->progress = REMOTE_ASKED; /* it may be done by the preempt point below */
	queue->command[(queue->first + queue->count++) % REMOTE_COMMANDS] = *command;
	if (!command->is_posted || queue->count >= GATHERED)
		station_wake();
	else if (queue->count == 1)
		station_wake_at(timer_now() + GATHER);
	if (queue->count % BLOCK_PIECE == 0)
		preempt_point(); /* it may be an STM */
}

/**
 * Begins an access on the VM's own thread, without the station's, where nobody is in the protocol and
 * nothing is before it. A long STM goes the other way.
 */
static bool begin_at_once(struct remote_window *window, const struct remote_command *command,
			  uint64_t now)
{
	struct peer *const peer = window->client.peer;

	if (remote_queue_of(window)->count || !window->client.is_open || !station_may_enter() ||
	    (command->words > AT_ONCE_WORDS && command->is_write) ||
	    !remote_command_begin(window, command, now))
		return false;
	if (window->progress != REMOTE_BEGUN || peer_has_work(peer))
		station_wake();
	station_wake_at(peer_deadline(peer));
	return true;
}

/** What an access is worth that has failed; or none, and the guest is given a data abort. */
static uint32_t failed(struct remote_window *window, const struct remote_command *command)
{
	const bool is_late = window->result == REMOTE_TIMEOUT || window->result == REMOTE_LOST ||
			     window->result == REMOTE_DOWN;

	if (window->result == REMOTE_REFUSED)
		device_guest_error(window->dev, command->offset);
	if (is_late && window->config->on_timeout == REMOTE_ONES)
		return ALL_ONES;
	abort_access(window, command->offset);
}

/** Waits for what was begun before the VM was reset. Until then window->block is its. */
static void wait_for_former(struct remote_window *window)
{
	while (window->progress != REMOTE_FREE)
		remote_access_sleep(window->vm);
}

/** Carries out an access for which the guest waits; returns what it has read. */
static uint32_t carry_out(struct remote_window *window, const struct remote_command *command)
{
	const struct remote_window_config *const remote = window->config;
	uint64_t now;

	preempt_point(); /* the trap was one half of the way to the wire */
	if (command->is_write)
		remote_memory_flush(window->vm, remote->peer);
	wait_for_former(window);
	now = timer_now();
	window->command = *command;
	window->deadline = remote->on_timeout == REMOTE_WAIT
				   ? REMOTE_NEVER
				   : now + (uint64_t)remote->timeout_us * TICKS_PER_US;
	window->is_void = false;
	if (!begin_at_once(window, command, now))
		put(window, command);
	if (command->words)
		preempt_point();
	while (window->progress != REMOTE_DONE)
		remote_access_sleep(window->vm);
	window->progress = REMOTE_FREE;
	return window->result == REMOTE_OK ? window->op.value : failed(window, command);
}

static struct remote_window *window_of(const struct remote_backend *backend)
{
	return (struct remote_window *)(uintptr_t)backend;
}

/**
 * Whether a word at @p offset is the first of several that go together; or the next of them.
 *
 * The address found first in a trap is that of the first word in its page (guest_translate(),
 * vcpu/mem_exec.c). So only such a word begins a block, and a block that was not completed is never
 * gone on with: where its next word is, no other trap has found a first one with the block's address.
 */
static bool is_in_block(struct remote_window *window, uint32_t offset, bool is_load)
{
	struct remote_block *const block = &window->block;
	const struct vcpu *const vcpu = &window->vm->vcpu;
	const uint32_t va = vcpu->found.va & ~3u;
	const unsigned to_end = (PAGE_MIN - offset % PAGE_MIN) / 4u;
	unsigned words;

	if (block->left && block->next == offset && block->va == va)
		return true;
	block->left = 0;
	if ((va ^ offset) % PAGE_MIN || window->config->is_swapped)
		return false;
	words = remote_insn_words(vcpu, is_load, va);
	if (words > to_end)
		words = to_end; /* what follows is another page's */
	if (words == 1)
		return false;
	block->words = block->left = (uint8_t)words;
	block->va = va;
	block->next = offset;
	return true;
}

/** A word more of a block is done, of which there may be sixteen. */
static uint32_t next_of_block(struct remote_block *block)
{
	const uint32_t n = (uint32_t)block->words - block->left--;

	block->next += 4;
	if (n % BLOCK_PIECE == 0)
		preempt_point();
	return n;
}

/** A word of an LDM: all of them have been read with the first. */
static uint32_t read_of_block(struct remote_window *window, uint32_t offset)
{
	struct remote_block *const block = &window->block;

	if (block->left == block->words) {
		const struct remote_command command = {
			.window = window, .offset = offset, .size = 4, .words = block->words
		};

		if (carry_out(window, &command) == ALL_ONES && window->result != REMOTE_OK)
			memset(block->value, 0xff, sizeof(block->value));
	}
	return block->value[next_of_block(block)];
}

/** A word of an STM: all of them are written with the last. */
static void write_of_block(struct remote_window *window, uint32_t value)
{
	struct remote_block *const block = &window->block;

	wait_for_former(window);
	block->value[next_of_block(block)] = value;
	if (block->left == 0) {
		const struct remote_command command = { .window = window,
							.offset = block->next - 4u * block->words,
							.size = 4,
							.words = block->words,
							.is_write = true };

		(void)carry_out(window, &command);
	}
}

/**
 * Where in its word a byte or halfword is: a model is told of the word. It is a trap of its own, which has
 * found its address.
 */
static unsigned lane_of(const struct remote_window *window, unsigned size)
{
	return window->vm->vcpu.found.va & (4u - size);
}

uint32_t remote_access_read(const struct remote_backend *backend, uint32_t offset, unsigned size)
{
	struct remote_window *const window = window_of(backend);
	struct remote_command command = { .window = window,
					  .offset = offset,
					  .value = 0,
					  .size = (uint8_t)size,
					  .words = 0,
					  .is_write = false,
					  .is_posted = false };
	unsigned lane;

	if (remote_card_has(window->card, offset)) {
		const uint32_t value = remote_card_read(window->card, offset, size);

		if (pl181_front_has_job(&window->card->front))
			remote_queue_news(window);
		return value;
	}
	if (remote_uart_has(window->uart, offset)) {
		const uint32_t value = remote_uart_read(window->uart, offset, size);

		if (pl011_front_has_job(&window->uart->front))
			remote_queue_news(window);
		return value;
	}
	if (size == 4)
		return is_in_block(window, offset, true) ? read_of_block(window, offset)
							 : carry_out(window, &command);
	lane = lane_of(window, size);
	command.offset += lane;
	return carry_out(window, &command) << (8u * lane);
}

void remote_access_write(const struct remote_backend *backend, uint32_t offset, unsigned size,
			 uint32_t value)
{
	struct remote_window *const window = window_of(backend);
	struct remote_command command = { .window = window,
					  .offset = offset,
					  .value = value,
					  .size = (uint8_t)size,
					  .is_write = true,
					  .is_posted = window->config->posted };
	unsigned lane;

	if (remote_card_has(window->card, offset)) {
		remote_card_write(window->card, offset, value, size);
		if (pl181_front_has_job(&window->card->front))
			remote_queue_news(window);
		return;
	}
	if (remote_uart_has(window->uart, offset)) {
		remote_uart_write(window->uart, offset, value, size);
		if (pl011_front_has_job(&window->uart->front))
			remote_queue_news(window);
		return;
	}
	if (size != 4) {
		lane = lane_of(window, size);
		command.offset += lane;
		command.value >>= 8u * lane;
	}
	if (command.is_posted) {
		remote_memory_flush(window->vm, window->config->peer);
		put(window, &command); /* the protocol puts together what belongs together */
	} else if (size == 4 && is_in_block(window, offset, false)) {
		write_of_block(window, value);
	} else {
		(void)carry_out(window, &command);
	}
}

/** The same of a PL110 that the guest's board has in another order than frames. */
uint32_t remote_access_read_lcd(const struct remote_backend *backend, uint32_t offset,
				unsigned size)
{
	return remote_access_read(backend, pl110_swap(offset), size);
}

void remote_access_write_lcd(const struct remote_backend *backend, uint32_t offset, unsigned size,
			     uint32_t value)
{
	remote_access_write(backend, pl110_swap(offset), size, value);
}
