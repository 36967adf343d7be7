/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_command.h"

#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"

static struct remote_queue queues[CONFIG_PEERS_MAX];

void remote_queues_init(unsigned peer_count)
{
	for (unsigned n = 0; n < peer_count; n++)
		queues[n].command = heap_alloc(REMOTE_COMMANDS * sizeof(struct remote_command));
}

struct remote_queue *remote_queue_get(unsigned peer)
{
	return &queues[peer];
}

struct remote_queue *remote_queue_of(const struct remote_window *window)
{
	return &queues[window->config->peer];
}

/** There is something to be done about one of the windows, on the station's thread. */
void remote_queue_news(const struct remote_window *window)
{
	remote_queue_of(window)->is_news = true;
	station_wake();
}

/** The VM's turn again: with a result, or since its window can be used for something new. */
void remote_command_finish(struct remote_window *window, enum remote_result result)
{
	window->result = result;
	window->progress = window->is_void ? REMOTE_FREE : REMOTE_DONE;
	run_set_ready(window->vm, true);
}

/** There is no session for it, or none any more: it waits for the next one. */
static void hold(struct remote_window *window)
{
	window->progress = REMOTE_HELD;
	remote_queue_news(window);
}

static void op_done(struct client_op *op, enum remote_result result)
{
	struct remote_window *const window = op->owner;

	/* Whether it was carried out is unknown; the device has been reset with its board, perhaps. */
	if (result == REMOTE_LOST && window->deadline == REMOTE_NEVER && !window->is_void) {
		hold(window);
		return;
	}
	remote_command_finish(window, result);
}

static enum remote_result begin_block(struct remote_window *window,
				      const struct remote_command *command, uint64_t now)
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
bool remote_command_begin(struct remote_window *window, const struct remote_command *command,
			  uint64_t now)
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
			remote_queue_of(window)->lost++;
		return true;
	}
	if (result != REMOTE_OK)
		CHECK(false);
	if (op)
		window->progress = REMOTE_BEGUN;
	return true;
}

/** Tells the protocol what is in the queue; as much of it as there is room for. */
void remote_queue_empty(struct remote_queue *queue, uint64_t now)
{
	while (queue->count > 0) {
		const struct remote_command *const command =
			&queue->command[queue->first % REMOTE_COMMANDS];
		struct remote_window *const window = command->window;

		if (!command->is_posted && window->is_void)
			remote_command_finish(window, REMOTE_LOST);
		else if (!remote_command_begin(window, command, now))
			break;
		queue->first++;
		queue->count--;
	}
}
