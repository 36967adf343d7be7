// SPDX-License-Identifier: Apache-2.0
#include "net/remote/pl181_agent.h"
#include "net/remote/frame.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/** Looks at a controller that shows nothing new, before the front end is told to wait. */
#define LOOKS 32u

static uint32_t get(struct pl181_agent *agent, const struct server_window *window, uint32_t offset)
{
	uint32_t value = 0;

	if (agent->device->read(window, offset, 4, &value) != REMOTE_OK)
		agent->is_lost = true;
	return value;
}

static void put(struct pl181_agent *agent, const struct server_window *window, uint32_t offset,
		uint32_t value)
{
	if (agent->device->write(window, offset, 4, value) != REMOTE_OK)
		agent->is_lost = true;
}

/** Words that the FIFO has. */
static void get_words(struct pl181_agent *agent, const struct server_window *window,
		      uint32_t *words, uint32_t count)
{
	if (!agent->device->read_fifo) {
		for (uint32_t n = 0; n < count; n++)
			words[n] = get(agent, window, PL181_FIFO);
	} else if (count &&
		   agent->device->read_fifo(window, PL181_FIFO, words, count) != REMOTE_OK) {
		agent->is_lost = true;
	}
}

/** Words that it has room for. */
static void put_words(struct pl181_agent *agent, const struct server_window *window,
		      const uint32_t *words, uint32_t count)
{
	if (!agent->device->write_fifo) {
		for (uint32_t n = 0; n < count; n++)
			put(agent, window, PL181_FIFO, words[n]);
	} else if (count &&
		   agent->device->write_fifo(window, PL181_FIFO, words, count) != REMOTE_OK) {
		agent->is_lost = true;
	}
}

static void reset(struct pl181_agent *agent)
{
	agent->is_begun = false;
	agent->is_armed = false;
	agent->is_commanding = false;
	agent->is_receiving = false;
	agent->is_sending = false;
	agent->seen = 0;
	agent->left = 0;
	agent->wanted = 0;
	agent->count = 0;
	agent->taken = 0;
	agent->held = 0;
}

/** Words that the FIFO has for us. */
static uint32_t words_in(uint32_t status)
{
	return status & PL181_RX_FULL        ? PL181_FIFO_WORDS
	       : status & PL181_RX_HALF_FULL ? PL181_FIFO_WORDS / 2u
	       : status & PL181_RX_AVAILABLE ? 1u
					     : 0u;
}

/** Words that the FIFO has room for. */
static uint32_t words_out(uint32_t status)
{
	return status & PL181_TX_EMPTY        ? PL181_FIFO_WORDS
	       : status & PL181_TX_HALF_EMPTY ? PL181_FIFO_WORDS / 2u
					      : 0u;
}

/**
 * The data path stops where it is. What is left in the FIFO would be the first data of the next one: half
 * of it, and the other half word by word.
 */
static void stop(struct pl181_agent *agent, const struct server_window *window)
{
	put(agent, window, PL181_DATA_CTRL, 0);
	for (unsigned n = 0; n <= PL181_FIFO_WORDS / 2u; n++) {
		const uint32_t words = words_in(get(agent, window, PL181_STATUS));

		if (!words)
			break;
		for (uint32_t i = 0; i < words; i++)
			(void)get(agent, window, PL181_FIFO);
	}
	put(agent, window, PL181_CLEAR, PL181_LATCHED);
	agent->is_stale = false;
}

/** Somebody begins or ends to use the controller: nothing is under way, and it does not interrupt. */
void pl181_agent_used(struct pl181_agent *agent, const struct server_window *window, bool in_use)
{
	reset(agent);
	agent->serial = 0;
	put(agent, window, PL181_MASK0, 0);
	put(agent, window, PL181_MASK1, 0);
	stop(agent, window);
}

/** The data path is set up anew: length bytes in one direction. */
static void set_path(struct pl181_agent *agent, const struct server_window *window,
		     const uint8_t *job)
{
	const uint32_t control = frame_get(job + PL181_JOB_CTRL);

	if (agent->is_stale)
		stop(agent, window);
	agent->is_receiving = control & PL181_DATA_ENABLE && control & PL181_DATA_FROM_CARD;
	agent->is_sending = control & PL181_DATA_ENABLE && !(control & PL181_DATA_FROM_CARD);
	agent->block_log = bits(control, 7, 4);
	agent->left = frame_get(job + PL181_JOB_LENGTH) & 0xffffu;
	agent->wanted = 0;
	agent->count = 0;
	agent->taken = 0;
	agent->held = 0;
	put(agent, window, PL181_DATA_TIMER, frame_get(job + PL181_JOB_TIMER));
	put(agent, window, PL181_DATA_LENGTH, agent->left);
	put(agent, window, PL181_DATA_CTRL, control);
}

/** Data for the card goes behind what is there: at most what the data path still wants. */
static void hold(struct pl181_agent *agent, const uint8_t *data, uint32_t length)
{
	const uint32_t wanted = agent->left - agent->held, room = PL181_CARD_ROOM - agent->held;
	const uint32_t at = (agent->taken + agent->held) % PL181_CARD_ROOM;
	const uint32_t to_end = PL181_CARD_ROOM - at;
	uint32_t piece;

	/* Behind a part of a word nothing follows. */
	if ((agent->taken + agent->held) % 4u)
		return;
	length = length < wanted ? length : wanted;
	length = length < room ? length : room & ~3u;
	piece = length < to_end ? length : to_end;
	copy_bytes((uint8_t *)agent->queue + at, data, piece);
	copy_bytes(agent->queue, data + piece, length - piece);
	agent->held += length;
}

static void begin(struct pl181_agent *agent, const struct server_window *window, const uint8_t *job,
		  uint32_t length)
{
	const uint32_t what = frame_get(job + PL181_JOB_WHAT);

	agent->number = frame_get(job + PL181_JOB_NUMBER);
	agent->is_lost = false;
	agent->idle = 0;
	if (agent->is_armed)
		put(agent, window, PL181_MASK0, 0);
	agent->is_armed = false;
	if (what & PL181_ABORT) {
		reset(agent);
		put(agent, window, PL181_COMMAND, 0);
		stop(agent, window);
	}
	agent->is_begun = true;
	if (what & PL181_SUPPLY) {
		put(agent, window, PL181_POWER, frame_get(job + PL181_JOB_POWER));
		put(agent, window, PL181_CLOCK, frame_get(job + PL181_JOB_CLOCK));
	}
	if (what & PL181_PATH)
		set_path(agent, window, job);
	if (what & PL181_SEND) {
		agent->is_commanding = true;
		put(agent, window, PL181_ARGUMENT, frame_get(job + PL181_JOB_ARGUMENT));
		put(agent, window, PL181_COMMAND, frame_get(job + PL181_JOB_COMMAND));
	}
	if (what & PL181_FETCH && agent->wanted < agent->left)
		agent->wanted += PL181_DATA_MAX;
	if (agent->is_sending)
		hold(agent, job + PL181_JOB_DATA, length - PL181_JOB_DATA);
}

/** Bytes for the card that may be moved: no part of a block, so that the FIFO does not run dry in one. */
static uint32_t movable(const struct pl181_agent *agent)
{
	const uint32_t end = agent->taken + agent->held;
	const uint32_t whole = end >> agent->block_log << agent->block_log;

	if (agent->held >= agent->left || 1u << agent->block_log > PL181_CARD_ROOM)
		return agent->held;
	return whole > agent->taken ? whole - agent->taken : 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/** Moves what the FIFO has, and the front end has room for. Returns how many words. */
static uint32_t fetch(struct pl181_agent *agent, const struct server_window *window, uint32_t words)
{
	uint32_t *const to = agent->report + (PL181_REPORT_DATA + agent->count) / 4u;
	const uint32_t room =
		smaller(agent->left, smaller(agent->wanted, PL181_DATA_MAX - agent->count));
	uint32_t bytes;

	words = smaller(words, (room + 3u) / 4u);
	get_words(agent, window, to, words);
	bytes = smaller(4u * words, room);
	agent->count += bytes;
	agent->wanted -= bytes;
	agent->left -= bytes;
	return words;
}

/** Moves what the FIFO has room for. Returns how many words. */
static uint32_t feed(struct pl181_agent *agent, const struct server_window *window, uint32_t words)
{
	const uint32_t there = movable(agent);
	const uint32_t at = agent->taken % PL181_CARD_ROOM / 4u;
	uint32_t bytes, piece;

	words = smaller(words, (there + 3u) / 4u);
	piece = smaller(words, PL181_CARD_ROOM / 4u - at);
	put_words(agent, window, agent->queue + at, piece);
	put_words(agent, window, agent->queue, words - piece);
	bytes = smaller(4u * words, there);
	agent->taken += bytes;
	agent->held -= bytes;
	agent->left -= bytes;
	return words;
}

/** What the front end has to wait for, as PL181_BUSY_*. */
static uint32_t busy(const struct pl181_agent *agent)
{
	const bool is_ended = agent->seen & PL181_DATA_END;
	uint32_t is_busy = agent->is_commanding ? PL181_BUSY_COMMAND : 0;

	if (agent->seen & PL181_DATA_ERRORS)
		return is_busy;
	if (agent->is_receiving && (agent->left ? agent->wanted > 0 : !is_ended))
		is_busy |= PL181_BUSY_DATA;
	if (agent->is_sending && (agent->left ? movable(agent) > 0 : !is_ended))
		is_busy |= PL181_BUSY_DATA;
	return is_busy;
}

/** Whether there is a report to be made: all is done, or no more fits. */
static bool is_due(const struct pl181_agent *agent)
{
	return agent->is_lost || agent->count == PL181_DATA_MAX || !busy(agent);
}

/** Looks at the controller, and does what it allows. True: there was something. */
static bool look_once(struct pl181_agent *agent, const struct server_window *window)
{
	const uint32_t status = get(agent, window, PL181_STATUS);
	const uint32_t latched = status & PL181_LATCHED;
	uint32_t words = 0;

	if (agent->is_receiving)
		words = fetch(agent, window, words_in(status));
	else if (agent->is_sending)
		words = feed(agent, window, words_out(status));
	agent->seen |= latched;
	if (latched)
		put(agent, window, PL181_CLEAR, latched);
	if (latched & PL181_CMD_ENDS)
		agent->is_commanding = false;
	if (words || latched)
		agent->idle = 0;
	else
		agent->idle++;
	/* A command that fails brings no data; the data path's own timer may be hours. */
	if (latched & (PL181_CMD_TIMEOUT | PL181_CMD_CRC_FAIL) && agent->is_receiving && !words)
		agent->idle = LOOKS;
	return words || latched;
}

/**
 * A few words, or two looks at a controller that has none. True: there is no need for another one now.
 */
static bool look(struct pl181_agent *agent, const struct server_window *window)
{
	if (!look_once(agent, window) && agent->idle < LOOKS)
		(void)look_once(agent, window);
	return agent->idle >= LOOKS || is_due(agent);
}

/** Makes the report. Returns its length: at most what the front end has said that it has room for. */
static uint32_t report(struct pl181_agent *agent, const struct server_window *window)
{
	uint8_t *out = (uint8_t *)agent->report;
	const uint32_t data = agent->is_receiving ? agent->count : 0;
	/* The end of data comes with the last of it, not while the FIFO has some. */
	const uint32_t held = agent->left ? agent->seen & (PL181_DATA_END | PL181_BLOCK_END) : 0;

	frame_put(out + PL181_REPORT_STATUS, agent->seen & ~held);
	frame_put(out + PL181_REPORT_BUSY, busy(agent));
	for (unsigned n = 0; n < 4; n++)
		frame_put(out + PL181_REPORT_RESPONSE + 4 * n,
			  get(agent, window, PL181_RESPONSE + 4 * n));
	frame_put(out + PL181_REPORT_RESP_CMD, get(agent, window, PL181_RESP_COMMAND));
	frame_put(out + PL181_REPORT_SERIAL, agent->serial++);
	frame_put(out + PL181_REPORT_NUMBER, agent->number);
	frame_put(out + PL181_REPORT_TAKEN, agent->taken);
	agent->is_stale |= (agent->seen & PL181_DATA_ERRORS) != 0;
	if (agent->seen & PL181_DATA_ERRORS || (agent->seen & PL181_DATA_END && !agent->left))
		agent->is_receiving = agent->is_sending = false;
	agent->seen = held;
	agent->count = 0;
	return PL181_REPORT_DATA + data;
}

/** Something is still under way: the controller is to interrupt when there is news. */
static void arm(struct pl181_agent *agent, const struct server_window *window)
{
	uint32_t mask = 0;

	if (agent->is_commanding)
		mask |= PL181_CMD_ENDS;
	if (agent->is_receiving)
		mask |= PL181_DATA_ERRORS | PL181_DATA_END |
			(agent->left < 2u * PL181_FIFO_WORDS ? PL181_RX_AVAILABLE
							     : PL181_RX_HALF_FULL);
	if (agent->is_sending)
		mask |= PL181_DATA_ERRORS | PL181_DATA_END |
			(movable(agent) ? PL181_TX_HALF_EMPTY : 0);
	agent->is_armed = true;
	agent->idle = 0;
	put(agent, window, PL181_MASK0, mask);
}

/** A job of the front end; called until it has an answer. */
enum remote_result pl181_agent_call(struct pl181_agent *agent, const struct server_window *window,
				    const uint8_t *in, uint32_t in_length, uint8_t *out,
				    uint32_t *length)
{
	uint32_t made;

	if (in_length < PL181_JOB_DATA || in_length - PL181_JOB_DATA > PL181_DATA_MAX ||
	    *length < sizeof(agent->report))
		return REMOTE_MALFORMED;
	if (!agent->is_begun)
		begin(agent, window, in, in_length);
	if (!look(agent, window))
		return REMOTE_AGAIN;
	agent->is_begun = false;
	if (agent->is_lost)
		return REMOTE_BUS_ERROR;
	/* With an event to follow: then it has the data, too. */
	if (busy(agent))
		arm(agent, window);
	made = report(agent, window);
	copy_bytes(out, agent->report, made);
	*length = made;
	return REMOTE_OK;
}

/** An interrupt of the controller, and what follows. True: call again. */
bool pl181_agent_work(struct pl181_agent *agent, const struct server_window *window,
		      struct peer *peer, uint64_t now)
{
	if (!agent->is_armed || agent->is_begun) {
		put(agent, window, PL181_MASK0, 0);
		return false;
	}
	if (!look(agent, window))
		return true;
	if (!is_due(agent)) {
		arm(agent, window);
		return false;
	}
	put(agent, window, PL181_MASK0, 0);
	agent->is_armed = false;
	if (agent->is_lost)
		agent->seen |= PL181_DATA_TIMEOUT | (agent->is_commanding ? PL181_CMD_TIMEOUT : 0);
	/* Called only while there is room. */
	(void)server_event(peer, window, agent->report, report(agent, window), now);
	return false;
}
