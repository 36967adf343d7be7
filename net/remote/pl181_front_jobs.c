// SPDX-License-Identifier: Apache-2.0
/* What the front end and the server's agent say to each other: reports that come, jobs that are sent. */
#include "net/remote/pl181_front.h"
#include "net/remote/pl181_front_parts.h"
#include "net/remote/frame.h"
#include "vmm/lib/copy.h"

/* ---- reports --------------------------------------------------------------------------------- */

/** Words are here as they are in frames. */
static void take_data(struct pl181_front *f, const uint8_t *data, uint32_t length)
{
	const uint32_t at = (f->first + f->count) % PL181_QUEUE_WORDS;
	const uint32_t words = (length + 3u) / 4u, to_end = PL181_QUEUE_WORDS - at;
	const uint32_t piece = words < to_end ? words : to_end;

	if (length > f->to_come || length > f->wanted || words > PL181_QUEUE_WORDS - f->count)
		return;
	f->to_come -= length;
	f->wanted -= length;
	copy_bytes(f->queue + at, data, 4u * piece);
	copy_bytes(f->queue, data + 4u * piece, 4u * (words - piece));
	f->count += words;
}

/** Whether a report was made behind the job @p number. */
static bool is_behind(uint32_t report, uint32_t number)
{
	return (int32_t)(report - number) >= 0;
}

/** A report whose turn it is. Of what the guest has begun anew since, it says nothing. */
static void take_report(struct pl181_front *f, const uint8_t *report, uint32_t length)
{
	const uint32_t seen = frame_get(report + PL181_REPORT_STATUS) & PL181_LATCHED;
	const uint32_t number = frame_get(report + PL181_REPORT_NUMBER);
	const uint32_t taken = frame_get(report + PL181_REPORT_TAKEN);

	f->serial++;
	if (f->command & PL181_COMMAND_ENABLE && !(f->job & PL181_SEND) &&
	    is_behind(number, f->command_number) && seen & PL181_CMD_ENDS) {
		for (unsigned n = 0; n < 4; n++)
			f->response[n] = frame_get(report + PL181_REPORT_RESPONSE + 4 * n);
		f->response_command = frame_get(report + PL181_REPORT_RESP_CMD);
		f->command &= ~PL181_COMMAND_ENABLE;
		f->latched |= seen & PL181_CMD_ENDS;
		f->unseen = seen & PL181_CMD_ENDS;
	}
	if (f->job & PL181_PATH || !is_behind(number, f->path_number) ||
	    !(f->is_receiving || f->is_sending))
		return;
	if (f->is_receiving)
		take_data(f, report + PL181_REPORT_DATA, length - PL181_REPORT_DATA);
	else if (taken - f->taken <= f->sent - f->taken)
		f->taken = taken;
	if (seen & ~PL181_CMD_ENDS)
		pl181_front_end_data(f, seen & ~PL181_CMD_ENDS);
}

/** Nobody does what was begun: as if no card was there. */
static void fail(struct pl181_front *f)
{
	if (f->command & PL181_COMMAND_ENABLE)
		f->latched |= f->unseen = PL181_CMD_TIMEOUT;
	if (f->is_receiving || f->is_sending) {
		f->is_broken = true;
		f->count = 0;
		pl181_front_end_data(f, PL181_DATA_TIMEOUT);
	}
	f->command &= ~PL181_COMMAND_ENABLE;
	f->is_silent = false;
	f->job = 0;
	f->gathered = 0;
	f->to_come = 0;
	f->wanted = 0;
	f->to_take = 0;
	pl181_front_set_lines(f);
}

/**
 * Whether a report can be one that is to come: an answer and an event of each job are what is under way,
 * and nothing is told twice. A server that does not know this is not waited for.
 */
static bool is_possible(const struct pl181_front *f, const uint8_t *report)
{
	return frame_get(report + PL181_REPORT_SERIAL) - f->serial <= 2u * PL181_JOBS;
}

/** The next report, if it is here; false: it is not. */
static bool take_next(struct pl181_front *f)
{
	for (unsigned n = 0; n < PL181_JOBS; n++) {
		struct pl181_call *const call = &f->call[n];
		const uint8_t *const answer = (const uint8_t *)call->answer;
		const uint8_t *const early = (const uint8_t *)call->early;

		if (call->is_answered && frame_get(answer + PL181_REPORT_SERIAL) == f->serial) {
			call->is_answered = false;
			call->is_used = false;
			f->is_silent = false;
			take_report(f, answer, call->op.length);
			return true;
		}
		if (call->is_early && frame_get(early + PL181_REPORT_SERIAL) == f->serial) {
			call->is_early = false;
			f->is_silent = frame_get(early + PL181_REPORT_BUSY);
			take_report(f, early, call->early_length);
			return true;
		}
		call->is_early = call->is_early && is_possible(f, early);
		if (call->is_answered && !is_possible(f, answer)) {
			call->is_answered = false;
			call->is_used = false;
			fail(f);
		}
	}
	return false;
}

/** The reports that are here, as far as it is their turn: an answer and an event of each job. */
static void take_reports(struct pl181_front *f)
{
	for (unsigned n = 0; n < 2u * PL181_JOBS && take_next(f); n++)
		;
	pl181_front_set_lines(f);
}

/** Something has come, behind which there may be something to do. */
static void tell_ready(struct pl181_front *f)
{
	if (f->ready && pl181_front_has_job(f))
		f->ready(f);
}

static void done(struct client_op *op, enum remote_result result)
{
	struct pl181_front *f = op->owner;

	for (unsigned n = 0; n < PL181_JOBS; n++) {
		struct pl181_call *const call = &f->call[n];

		if (&call->op != op)
			continue;
		call->is_answered = result == REMOTE_OK && op->length >= PL181_REPORT_DATA;
		call->is_used = call->is_answered;
		if (call->is_answered)
			take_reports(f);
		else
			fail(f);
	}
	tell_ready(f);
}

/** What the agent sends on its own: the report that it owed. */
void pl181_front_event(struct pl181_front *f, const uint8_t *data, uint32_t length)
{
	struct pl181_call *call;

	if (length < PL181_REPORT_DATA || length > sizeof(call->early))
		return;
	call = &f->call[frame_get(data + PL181_REPORT_NUMBER) % PL181_JOBS];
	if (call->is_early)
		return;
	copy_bytes(call->early, data, length);
	call->early_length = length;
	call->is_early = true;
	take_reports(f);
	tell_ready(f);
}

/** The window was opened, or is not any more. */
void pl181_front_changed(struct pl181_front *f)
{
	f->serial = 0;
	for (unsigned n = 0; n < PL181_JOBS; n++) {
		struct pl181_call *const call = &f->call[n];

		call->is_used = call->op.is_pending;
		call->is_answered = false;
		call->is_early = false;
	}
	if (f->window->is_open) {
		f->job |= PL181_SUPPLY | (f->job & PL181_SEND ? 0 : PL181_ABORT);
		tell_ready(f);
		return;
	}
	fail(f);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/** What is to be told beside the guest's orders, of data from the card. */
static uint32_t fetch(const struct pl181_front *f)
{
	const uint32_t room = 4u * (PL181_QUEUE_WORDS - f->count) - f->wanted;

	if (f->is_put_off || f->ended || f->to_come <= f->wanted || room < PL181_DATA_MAX)
		return 0;
	return PL181_FETCH;
}

static bool is_asking(const struct pl181_front *f)
{
	for (unsigned n = 0; n < PL181_JOBS; n++)
		if (f->call[n].is_used)
			return true;
	return false;
}

/** What is to be told now, as a job's first word; 0: nothing. */
static uint32_t next_job(const struct pl181_front *f)
{
	uint32_t what = f->job;

	if (f->call[f->next % PL181_JOBS].is_used)
		return 0;
	if (f->is_put_off)
		what &= ~PL181_PATH;
	if (f->is_sending) {
		/* The path is set up with the first data, and behind its command. */
		if (!f->gathered || pl181_front_has_room(f, PL181_FIFO_WORDS / 2u) ||
		    f->command & PL181_COMMAND_ENABLE ||
		    f->sent - f->taken + f->gathered > PL181_CARD_ROOM)
			what &= ~PL181_PATH;
		else
			what |= PL181_FETCH;
	} else if (f->is_receiving) {
		what |= fetch(f);
	}
	return !what && f->is_silent && !is_asking(f) ? PL181_LOOK : what;
}

/** Whether pl181_front_run() has something to do. */
bool pl181_front_has_job(const struct pl181_front *f)
{
	return next_job(f) != 0;
}

/** Sends a job. False: it cannot be sent now. */
static bool send_job(struct pl181_front *f, uint32_t what, uint64_t now)
{
	const uint32_t data = f->is_sending && what & PL181_FETCH ? f->gathered : 0;
	struct pl181_call *const call = &f->call[f->next % PL181_JOBS];
	uint8_t *const job = (uint8_t *)f->message;

	frame_put(job + PL181_JOB_WHAT, what);
	frame_put(job + PL181_JOB_COMMAND, f->command);
	frame_put(job + PL181_JOB_ARGUMENT, f->argument);
	frame_put(job + PL181_JOB_TIMER, f->timer);
	frame_put(job + PL181_JOB_LENGTH, f->length);
	frame_put(job + PL181_JOB_CTRL, f->control);
	frame_put(job + PL181_JOB_POWER, f->power);
	frame_put(job + PL181_JOB_CLOCK, f->clock);
	frame_put(job + PL181_JOB_NUMBER, f->next);
	call->op.done = done;
	call->op.owner = f;
	call->op.deadline = REMOTE_NEVER;
	if (client_call(f->window, &call->op, job, PL181_JOB_DATA + data, call->answer,
			sizeof(call->answer), now) != REMOTE_OK)
		return false;
	call->is_used = true;
	call->deadline = now + f->patience;
	f->job &= ~what;
	f->is_silent = false;
	if (what & PL181_PATH)
		f->path_number = f->next;
	if (what & PL181_SEND)
		f->command_number = f->next;
	if (what & PL181_FETCH && f->is_receiving)
		f->wanted += f->to_come - f->wanted < PL181_DATA_MAX ? f->to_come - f->wanted
								     : PL181_DATA_MAX;
	f->sent += data;
	f->gathered -= data;
	f->next++;
	return true;
}

/** When the first job that has no answer is overdue. */
static uint64_t deadline(const struct pl181_front *f)
{
	uint64_t when = REMOTE_NEVER;

	for (unsigned n = 0; n < PL181_JOBS && !f->is_patient; n++)
		if ((f->call[n].op.is_pending || f->call[n].is_answered) &&
		    f->call[n].deadline < when)
			when = f->call[n].deadline;
	return when;
}

/** The guest waits, and the other board is not there, or does not answer. */
static void give_up(struct pl181_front *f, bool is_overdue)
{
	if (!f->window->is_open && next_job(f) & (PL181_SEND | PL181_FETCH)) {
		fail(f);
	} else if (is_overdue && (f->command & PL181_COMMAND_ENABLE || f->is_sending ||
				  (f->is_receiving && !f->ended))) {
		fail(f);
		f->job = PL181_SUPPLY | PL181_ABORT;
	}
}

/** An answer has waited for what was to come before it as long as the guest waits: that is left out. */
static void skip_missing(struct pl181_front *f, uint64_t now)
{
	for (unsigned n = 0; n < PL181_JOBS; n++) {
		const uint8_t *const answer = (const uint8_t *)f->call[n].answer;

		if (f->call[n].is_answered && now >= f->call[n].deadline) {
			f->serial = frame_get(answer + PL181_REPORT_SERIAL);
			take_reports(f);
		}
	}
}

/**
 * Tells the agent one thing of what it can be told. Behind everything that may have changed something.
 * Returns when it is to be called again: @p now, if there is more, before which others can be let in.
 */
uint64_t pl181_front_run(struct pl181_front *f, uint64_t now)
{
	const uint64_t until = deadline(f);
	bool has_more = false;

	if (!f->is_patient) {
		give_up(f, now >= until);
		skip_missing(f, now);
	}
	if (f->window->is_open) {
		const uint32_t what = next_job(f);

		has_more = what && send_job(f, what, now) && next_job(f);
	}
	pl181_front_set_lines(f);
	if (has_more)
		return now;
	return now >= until ? REMOTE_NEVER : deadline(f);
}
