// SPDX-License-Identifier: Apache-2.0
/* The registers as the guest sees them. What is to be said to the agent is in pl181_front_jobs.c. */
#include "net/remote/pl181_front.h"
#include "net/remote/pl181_front_parts.h"

/* ---- status ---------------------------------------------------------------------------------- */

/**
 * A command's answer and its data may be here at once, where a card brings the data later. Drivers rely on
 * that: Linux looks at the data path first, begins the next command when that has ended, and would take
 * the answer for the next one's. So if the guest has asked for the command's interrupt, it sees the answer
 * before any data.
 */
static bool is_data_hidden(const struct pl181_front *f)
{
	return f->unseen & f->latched & (f->mask[0] | f->mask[1]);
}

static uint32_t status(const struct pl181_front *f)
{
	const bool is_hidden = is_data_hidden(f);
	const uint32_t count = is_hidden ? 0 : f->count;
	uint32_t bits = is_hidden ? f->latched & PL181_CMD_ENDS : f->latched;

	if (f->command & PL181_COMMAND_ENABLE)
		bits |= PL181_CMD_ACTIVE;
	/* The data path becomes idle when the FIFO is empty, or at once by an error. */
	if (f->is_receiving || (f->count && !(f->latched & PL181_DATA_ERRORS)))
		bits |= PL181_RX_ACTIVE;
	if (f->is_sending)
		bits |= PL181_TX_ACTIVE;
	bits |= count ? PL181_RX_AVAILABLE : PL181_RX_EMPTY;
	if (count >= PL181_FIFO_WORDS / 2u)
		bits |= PL181_RX_HALF_FULL;
	if (count >= PL181_FIFO_WORDS)
		bits |= PL181_RX_FULL;
	if (pl181_front_has_room(f, PL181_FIFO_WORDS))
		bits |= PL181_TX_EMPTY;
	if (pl181_front_has_room(f, PL181_FIFO_WORDS / 2u))
		bits |= PL181_TX_HALF_EMPTY;
	else if (f->is_sending)
		bits |= PL181_TX_FULL;
	if (f->is_sending && !(bits & PL181_TX_EMPTY))
		bits |= PL181_TX_AVAILABLE;
	return bits;
}

/** The guest sees what has changed. */
void pl181_front_set_lines(struct pl181_front *f)
{
	const uint32_t now = status(f);
	const uint32_t levels = (now & f->mask[0] ? 1u : 0u) | (now & f->mask[1] ? 2u : 0u);

	if (levels == f->levels)
		return;
	f->levels = levels;
	f->lines(f, levels);
}

/** The data path is through, with these bits: shown when the guest has read what was before. */
void pl181_front_end_data(struct pl181_front *f, uint32_t why)
{
	f->ended |= why;
	if (f->count > PL181_FIFO_WORDS)
		return;
	f->latched |= f->ended;
	f->ended = 0;
	f->is_receiving = false;
	f->is_sending = false;
}

/* ---- registers ------------------------------------------------------------------------------- */

/** The guest has loaded @p count words of those that wait in the FIFO. */
void pl181_front_take(struct pl181_front *f, unsigned count)
{
	f->first = (f->first + count) % PL181_QUEUE_WORDS;
	f->count -= count;
	if (f->count > PL181_FIFO_WORDS) /* none that the status shows */
		return;
	if (f->ended)
		pl181_front_end_data(f, 0);
	pl181_front_set_lines(f);
}

/** A load from the FIFO. */
uint32_t pl181_front_read_fifo(struct pl181_front *f)
{
	const uint32_t value = f->queue[f->first];

	if (!f->count)
		return 0;
	pl181_front_take(f, 1);
	return value;
}

/** Stores to the FIFO. What it has no room for is lost. */
void pl181_front_put(struct pl181_front *f, const uint32_t *words, unsigned count)
{
	uint32_t *const to = f->message + (PL181_JOB_DATA + f->gathered) / 4u;
	const uint32_t bytes = 4u * count < f->to_take ? 4u * count : f->to_take;

	if (!pl181_front_has_room(f, count))
		return;
	for (unsigned n = 0; 4u * n < bytes; n++)
		to[n] = words[n];
	f->gathered += bytes;
	f->to_take -= bytes;
	if (!pl181_front_has_room(f, PL181_FIFO_WORDS))
		pl181_front_set_lines(f);
}

/** A store to the FIFO. */
void pl181_front_write_fifo(struct pl181_front *f, uint32_t value)
{
	pl181_front_put(f, &value, 1);
}

/** The data path is begun, or stopped. */
static void set_control(struct pl181_front *f, uint32_t value)
{
	const bool was_active = f->is_receiving || f->is_sending;

	f->control = value;
	if (was_active && !f->ended)
		f->job |= PL181_ABORT;
	if (was_active || value & PL181_DATA_ENABLE) {
		f->job &= ~PL181_PATH;
		f->count = 0;
		f->gathered = 0;
		f->ended = 0;
		f->to_come = f->wanted = 0;
		f->to_take = f->sent = f->taken = 0;
		f->is_receiving = f->is_sending = f->is_broken = false;
	}
	if (!(value & PL181_DATA_ENABLE))
		return;
	f->job |= PL181_PATH;
	f->is_receiving = value & PL181_DATA_FROM_CARD;
	f->is_sending = !f->is_receiving;
	f->is_put_off = f->is_receiving && !(f->command & PL181_COMMAND_ENABLE) &&
			!(f->latched & PL181_CMD_ENDS);
	*(f->is_receiving ? &f->to_come : &f->to_take) = f->length;
}

/**
 * Bytes that the data path has still to move. When it has failed, drivers take the others for good: so
 * what was not confirmed, or not read by the guest, is among them.
 */
static uint32_t data_count(const struct pl181_front *f)
{
	if (!(f->control & PL181_DATA_ENABLE))
		return 0;
	if (f->is_broken)
		return f->length;
	return f->control & PL181_DATA_FROM_CARD ? f->to_come + 4u * f->count
						 : f->length - f->taken;
}

/** A load of the guest, of a word; below PL181_FRONT_END. */
uint32_t pl181_front_read(struct pl181_front *f, uint32_t offset)
{
	uint32_t value;

	switch (offset) {
	case PL181_POWER:
		return f->power;
	case PL181_CLOCK:
		return f->clock;
	case PL181_ARGUMENT:
		return f->argument;
	case PL181_COMMAND:
		return f->command;
	case PL181_RESP_COMMAND:
		return f->response_command;
	case PL181_RESPONSE:
	case PL181_RESPONSE + 4:
	case PL181_RESPONSE + 8:
	case PL181_RESPONSE + 12:
		return f->response[(offset - PL181_RESPONSE) / 4u];
	case PL181_DATA_TIMER:
		return f->timer;
	case PL181_DATA_LENGTH:
		return f->length;
	case PL181_DATA_CTRL:
		return f->control;
	case PL181_DATA_COUNT:
		return data_count(f);
	case PL181_STATUS:
		f->is_put_off = false;
		value = status(f);
		if (f->unseen) {
			f->unseen = 0;
			pl181_front_set_lines(f);
		}
		return value;
	case PL181_MASK0:
	case PL181_MASK1:
		return f->mask[offset == PL181_MASK1];
	case PL181_FIFO_COUNT:
		return ((f->is_sending ? f->to_take : f->to_come) + 3u) / 4u;
	default:
		return offset >= PL181_FIFO && offset < PL181_FIFO_END ? pl181_front_read_fifo(f)
								       : 0;
	}
}

/** A store of the guest, of a word; below PL181_FRONT_END. */
void pl181_front_write(struct pl181_front *f, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case PL181_POWER:
		f->power = value & 0xffu;
		f->job |= PL181_SUPPLY;
		break;
	case PL181_CLOCK:
		f->clock = value & 0xfffu;
		f->job |= PL181_SUPPLY;
		break;
	case PL181_ARGUMENT:
		f->argument = value;
		break;
	case PL181_COMMAND:
		f->command = value & 0x7ffu;
		f->job &= ~PL181_SEND;
		if (value & PL181_COMMAND_ENABLE)
			f->job |= PL181_SEND;
		f->is_put_off = false;
		break;
	case PL181_DATA_TIMER:
		f->timer = value;
		break;
	case PL181_DATA_LENGTH:
		f->length = value & 0xffffu;
		break;
	case PL181_DATA_CTRL:
		set_control(f, value & 0xffu);
		break;
	case PL181_CLEAR:
		f->latched &= ~(value & status(f) & PL181_LATCHED);
		break;
	case PL181_MASK0:
	case PL181_MASK1:
		f->mask[offset == PL181_MASK1] = value & 0x3fffffu;
		break;
	default:
		if (offset >= PL181_FIFO && offset < PL181_FIFO_END)
			pl181_front_write_fifo(f, value);
		break;
	}
	pl181_front_set_lines(f);
}

/** @p f is zeroed, but for what its owner sets. */
void pl181_front_init(struct pl181_front *f, struct client_window *window)
{
	f->window = window;
	pl181_front_reset(f);
}

/** The window is not used any more: whatever is under way goes nowhere. */
void pl181_front_fini(struct pl181_front *f)
{
	for (unsigned n = 0; n < PL181_JOBS; n++)
		client_cancel(&f->call[n].op);
}

/** The VM is reset: so is the controller, and what the agent does is not wanted any more. */
void pl181_front_reset(struct pl181_front *f)
{
	f->power = f->clock = f->argument = f->command = 0;
	f->timer = f->length = f->control = 0;
	f->mask[0] = f->mask[1] = 0;
	f->latched = f->unseen = 0;
	f->response_command = 0;
	f->is_put_off = f->is_silent = false;
	f->is_receiving = f->is_sending = f->is_broken = false;
	f->ended = f->to_come = f->wanted = 0;
	f->to_take = f->sent = f->taken = 0;
	f->first = f->count = f->gathered = 0;
	f->job = PL181_SUPPLY | PL181_ABORT;
	pl181_front_set_lines(f);
}
