// SPDX-License-Identifier: Apache-2.0
#include "net/remote/pl181_front.h"
#include "net/remote/frame.h"
#include "vmm/lib/copy.h"

/**
 * Data for the card is sent by this much, or when there is no more: whole blocks of the usual size, so
 * that the FIFO does not run dry within one.
 */
#define SENT_BYTES 1024u

/* ---- status ---------------------------------------------------------------------------------- */

/** Bytes that the guest may write now. */
static uint32_t room_for_guest(const struct pl181_front *f)
{
	const uint32_t room = SENT_BYTES - f->gathered;

	if (!f->is_sending || f->gathered >= SENT_BYTES)
		return 0;
	return f->to_take < room ? f->to_take : room;
}

static uint32_t status(const struct pl181_front *f)
{
	uint32_t bits = f->latched;

	if (f->command & PL181_COMMAND_ENABLE)
		bits |= PL181_CMD_ACTIVE;
	/* The data path becomes idle when the FIFO is empty, or at once by an error. */
	if (f->is_receiving || (f->count && !(f->latched & PL181_DATA_ERRORS)))
		bits |= PL181_RX_ACTIVE;
	if (f->is_sending)
		bits |= PL181_TX_ACTIVE;
	bits |= f->count ? PL181_RX_AVAILABLE : PL181_RX_EMPTY;
	if (f->count >= PL181_FIFO_WORDS / 2u)
		bits |= PL181_RX_HALF_FULL;
	if (f->count >= PL181_FIFO_WORDS)
		bits |= PL181_RX_FULL;
	if (f->is_sending)
		bits |= room_for_guest(f) ? PL181_TX_EMPTY | PL181_TX_HALF_EMPTY
					  : PL181_TX_FULL | PL181_TX_AVAILABLE;
	return bits;
}

static void set_lines(struct pl181_front *f)
{
	const uint32_t now = status(f);
	const uint32_t levels = (now & f->mask[0] ? 1u : 0u) | (now & f->mask[1] ? 2u : 0u);

	if (levels == f->levels)
		return;
	f->levels = levels;
	f->lines(f, levels);
}

/* ---- reports --------------------------------------------------------------------------------- */

/** The data path is through, with these bits: shown when the guest has read what was before. */
static void end_data(struct pl181_front *f, uint32_t why)
{
	f->ended |= why;
	if (f->count > PL181_FIFO_WORDS)
		return;
	f->latched |= f->ended;
	f->ended = 0;
	f->is_receiving = false;
	f->is_sending = false;
}

/** Words are here as they are in frames. */
static void take_data(struct pl181_front *f, const uint8_t *data, uint32_t length)
{
	const uint32_t at = (f->first + f->count) % PL181_QUEUE_WORDS;
	const uint32_t room = PL181_QUEUE_WORDS - f->count, to_end = PL181_QUEUE_WORDS - at;
	uint32_t words = (length + 3u) / 4u, piece;

	if (length > f->to_come)
		return;
	f->to_come -= length;
	words = words < room ? words : room;
	piece = words < to_end ? words : to_end;
	copy_bytes(f->queue + at, data, 4u * piece);
	copy_bytes(f->queue, data + 4u * piece, 4u * (words - piece));
	f->count += words;
}

/** A report whose turn it is. Of what the guest has begun anew since, it says nothing. */
static void take_report(struct pl181_front *f, const uint8_t *report, uint32_t length)
{
	const uint32_t seen = frame_get(report + PL181_REPORT_STATUS) & PL181_LATCHED;
	const bool is_ours = !(f->job & PL181_PATH) && (f->is_receiving || f->is_sending);

	f->serial++;
	f->busy = frame_get(report + PL181_REPORT_BUSY);
	if (f->command & PL181_COMMAND_ENABLE && !(f->job & PL181_SEND) && seen & PL181_CMD_ENDS) {
		for (unsigned n = 0; n < 4; n++)
			f->response[n] = frame_get(report + PL181_REPORT_RESPONSE + 4 * n);
		f->response_command = frame_get(report + PL181_REPORT_RESP_CMD);
		f->command &= ~PL181_COMMAND_ENABLE;
		f->latched |= seen & PL181_CMD_ENDS;
	}
	if (is_ours && f->is_receiving)
		take_data(f, report + PL181_REPORT_DATA, length - PL181_REPORT_DATA);
	if (is_ours && seen & ~PL181_CMD_ENDS)
		end_data(f, seen & ~PL181_CMD_ENDS);
}

/** The reports that are here, as far as it is their turn. */
static void take_reports(struct pl181_front *f)
{
	const uint8_t *answer = (const uint8_t *)f->answer, *early = (const uint8_t *)f->early;

	for (unsigned n = 0; n < 2; n++) {
		if (f->is_answered && frame_get(answer + PL181_REPORT_SERIAL) == f->serial) {
			f->is_answered = false;
			f->is_asking = false;
			take_report(f, answer, f->op.length);
		}
		if (f->is_early && frame_get(early + PL181_REPORT_SERIAL) == f->serial) {
			f->is_early = false;
			take_report(f, early, f->early_length);
		}
	}
	set_lines(f);
}

/** Something has come, behind which there may be something to do. */
static void tell_ready(struct pl181_front *f)
{
	if (f->ready && pl181_front_has_job(f))
		f->ready(f);
}

/** Nobody does what was begun: as if no card was there. */
static void fail(struct pl181_front *f)
{
	if (f->command & PL181_COMMAND_ENABLE)
		f->latched |= PL181_CMD_TIMEOUT;
	if (f->is_receiving || f->is_sending) {
		f->count = 0;
		end_data(f, PL181_DATA_TIMEOUT);
	}
	f->command &= ~PL181_COMMAND_ENABLE;
	f->busy = 0;
	f->job = 0;
	f->gathered = 0;
	f->to_come = 0;
	f->to_take = 0;
	set_lines(f);
}

static void done(struct client_op *op, enum remote_result result)
{
	struct pl181_front *f = op->owner;

	if (result == REMOTE_OK && op->length >= PL181_REPORT_DATA) {
		f->is_answered = true;
		take_reports(f);
	} else {
		f->is_asking = false;
		fail(f);
	}
	tell_ready(f);
}

/** What the agent sends on its own: the report that it owed. */
void pl181_front_event(struct pl181_front *f, const uint8_t *data, uint32_t length)
{
	if (length < PL181_REPORT_DATA || length > sizeof(f->early) || f->is_early)
		return;
	copy_bytes(f->early, data, length);
	f->early_length = length;
	f->is_early = true;
	take_reports(f);
	tell_ready(f);
}

/** The window was opened, or is not any more. */
void pl181_front_changed(struct pl181_front *f)
{
	f->serial = 0;
	/* An answer that waits for its turn never has it: nobody else answers the job. */
	f->is_asking = f->op.is_pending;
	f->is_answered = false;
	f->is_early = false;
	if (f->window->is_open) {
		f->job |= PL181_SUPPLY | (f->job & PL181_SEND ? 0 : PL181_ABORT);
		tell_ready(f);
		return;
	}
	fail(f);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/** What is to be told now, as a job's first word; 0: nothing. */
static uint32_t next_job(const struct pl181_front *f)
{
	uint32_t what = f->job;

	if (f->is_put_off)
		what &= ~PL181_PATH;
	if (f->is_sending) {
		/* The path is set up with the first data, and behind its command. */
		const bool is_full = f->gathered && (!f->to_take || f->gathered >= SENT_BYTES);

		if (!is_full || f->busy || f->command & PL181_COMMAND_ENABLE)
			return what & ~PL181_PATH;
		return what | PL181_FETCH;
	}
	if (f->is_receiving && f->to_come && !f->ended && !f->is_put_off &&
	    !(f->busy & PL181_BUSY_DATA) && f->count + PL181_DATA_MAX / 4u <= PL181_QUEUE_WORDS)
		what |= PL181_FETCH;
	return what;
}

/** Whether pl181_front_run() has something to do. */
bool pl181_front_has_job(const struct pl181_front *f)
{
	return !f->is_asking && next_job(f) != 0;
}

/** Tells the agent what it can be told. Behind everything that may have changed something. */
void pl181_front_run(struct pl181_front *f, uint64_t now)
{
	uint8_t *job = (uint8_t *)f->message;
	const uint32_t what = f->is_asking ? 0 : next_job(f);
	uint32_t data = 0;

	if (!what)
		return;
	if (!f->window->is_open) {
		if (!f->is_patient && what & (PL181_SEND | PL181_FETCH))
			fail(f);
		return;
	}
	if (what & PL181_FETCH && f->is_sending)
		data = f->gathered;
	frame_put(job + PL181_JOB_WHAT, what);
	frame_put(job + PL181_JOB_COMMAND, f->command);
	frame_put(job + PL181_JOB_ARGUMENT, f->argument);
	frame_put(job + PL181_JOB_TIMER, f->timer);
	frame_put(job + PL181_JOB_LENGTH, f->length);
	frame_put(job + PL181_JOB_CTRL, f->control);
	frame_put(job + PL181_JOB_POWER, f->power);
	frame_put(job + PL181_JOB_CLOCK, f->clock);
	f->op.done = done;
	f->op.owner = f;
	f->op.deadline = REMOTE_NEVER;
	if (client_call(f->window, &f->op, job, PL181_JOB_DATA + data, f->answer, sizeof(f->answer),
			now) != REMOTE_OK)
		return;
	f->is_asking = true;
	f->job &= ~what;
	if (data)
		f->gathered = 0;
}

/* ---- registers ------------------------------------------------------------------------------- */

/** A load from the FIFO. */
uint32_t pl181_front_read_fifo(struct pl181_front *f)
{
	uint32_t value;

	if (!f->count)
		return 0;
	value = f->queue[f->first];
	f->first = f->first + 1u == PL181_QUEUE_WORDS ? 0 : f->first + 1u;
	f->count--;
	if (f->ended)
		end_data(f, 0);
	set_lines(f);
	return value;
}

/** A store to the FIFO. */
void pl181_front_write_fifo(struct pl181_front *f, uint32_t value)
{
	const uint32_t room = room_for_guest(f);

	if (!room)
		return;
	f->message[(PL181_JOB_DATA + f->gathered) / 4u] = value;
	f->gathered += room < 4 ? room : 4u;
	f->to_take -= room < 4 ? room : 4u;
	set_lines(f);
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
		f->to_come = 0;
		f->to_take = 0;
		f->is_receiving = f->is_sending = false;
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

/** A load of the guest, of a word; below PL181_FRONT_END. */
uint32_t pl181_front_read(struct pl181_front *f, uint32_t offset)
{
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
		return f->is_sending ? f->to_take : f->to_come;
	case PL181_STATUS:
		f->is_put_off = false;
		return status(f);
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
		f->latched &= ~(value & PL181_LATCHED);
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
	set_lines(f);
}

void pl181_front_init(struct pl181_front *f, struct client_window *window)
{
	f->window = window;
	f->is_asking = f->is_answered = f->is_early = false;
	f->op.is_pending = false;
	f->serial = 0;
	f->levels = 0;
	pl181_front_reset(f);
}

/** The window is not used any more: whatever is under way goes nowhere. */
void pl181_front_fini(struct pl181_front *f)
{
	client_cancel(&f->op);
}

/** The VM is reset: so is the controller, and what the agent does is not wanted any more. */
void pl181_front_reset(struct pl181_front *f)
{
	f->power = f->clock = f->argument = f->command = 0;
	f->timer = f->length = f->control = 0;
	f->mask[0] = f->mask[1] = 0;
	f->latched = 0;
	f->response_command = 0;
	f->is_put_off = false;
	f->is_receiving = f->is_sending = false;
	f->ended = f->to_come = f->to_take = 0;
	f->first = f->count = f->gathered = 0;
	f->job = PL181_SUPPLY | PL181_ABORT;
	set_lines(f);
}
