// SPDX-License-Identifier: Apache-2.0
#include "net/remote/pl181_agent.h"
#include "net/remote/frame.h"
#include "vmm/lib/copy.h"

/** Looks at a controller that shows nothing new, before the front end is told to wait. */
#define LOOKS 32u

static uint32_t *buffer(struct pl181_agent *agent)
{
	return agent->report + PL181_REPORT_DATA / 4u;
}

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

static void reset(struct pl181_agent *agent)
{
	agent->is_begun = false;
	agent->is_armed = false;
	agent->is_commanding = false;
	agent->is_receiving = false;
	agent->is_sending = false;
	agent->seen = 0;
	agent->at = 0;
	agent->count = 0;
	agent->wanted = 0;
}

/** Somebody begins or ends to use the controller: nothing is under way, and it does not interrupt. */
void pl181_agent_used(struct pl181_agent *agent, const struct server_window *window, bool in_use)
{
	reset(agent);
	agent->serial = 0;
	put(agent, window, PL181_MASK0, 0);
	put(agent, window, PL181_MASK1, 0);
	put(agent, window, PL181_DATA_CTRL, 0);
	put(agent, window, PL181_CLEAR, PL181_LATCHED);
}

/** The data path is set up anew: length bytes in one direction. */
static void set_path(struct pl181_agent *agent, const struct server_window *window,
		     const uint8_t *job)
{
	const uint32_t control = frame_get(job + PL181_JOB_CTRL);

	agent->is_receiving = control & PL181_DATA_ENABLE && control & PL181_DATA_FROM_CARD;
	agent->is_sending = control & PL181_DATA_ENABLE && !(control & PL181_DATA_FROM_CARD);
	agent->left = frame_get(job + PL181_JOB_LENGTH) & 0xffffu;
	agent->at = 0;
	agent->count = 0;
	put(agent, window, PL181_DATA_TIMER, frame_get(job + PL181_JOB_TIMER));
	put(agent, window, PL181_DATA_LENGTH, agent->left);
	put(agent, window, PL181_DATA_CTRL, control);
}

static void begin(struct pl181_agent *agent, const struct server_window *window, const uint8_t *job,
		  uint32_t length)
{
	const uint32_t what = frame_get(job + PL181_JOB_WHAT);
	const uint32_t data = length - PL181_JOB_DATA;

	agent->is_begun = true;
	agent->is_armed = false;
	agent->is_lost = false;
	agent->idle = 0;
	put(agent, window, PL181_MASK0, 0);
	if (what & PL181_ABORT) {
		reset(agent);
		agent->is_begun = true;
		put(agent, window, PL181_COMMAND, 0);
		put(agent, window, PL181_DATA_CTRL, 0);
		put(agent, window, PL181_CLEAR, PL181_LATCHED);
	}
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
	if (what & PL181_FETCH) {
		agent->wanted = PL181_DATA_MAX;
		agent->at = 0;
		agent->count = 0;
	}
	if (agent->is_sending && agent->at == agent->count) {
		agent->at = 0;
		agent->count = data < agent->left ? data : agent->left;
		copy_bytes(buffer(agent), job + PL181_JOB_DATA, agent->count);
	}
}

/** Words that the FIFO has for us, or room for. */
static uint32_t fifo_words(const struct pl181_agent *agent, uint32_t status)
{
	if (agent->is_sending)
		return status & PL181_TX_EMPTY        ? PL181_FIFO_WORDS
		       : status & PL181_TX_HALF_EMPTY ? PL181_FIFO_WORDS / 2u
						      : 0u;
	return status & PL181_RX_FULL        ? PL181_FIFO_WORDS
	       : status & PL181_RX_HALF_FULL ? PL181_FIFO_WORDS / 2u
	       : status & PL181_RX_AVAILABLE ? 1u
					     : 0u;
}

/** Moves what the FIFO allows. Returns how many words. */
static uint32_t move(struct pl181_agent *agent, const struct server_window *window, uint32_t status)
{
	uint32_t words = fifo_words(agent, status), n;

	if (agent->is_receiving) {
		const uint32_t room = agent->wanted < agent->left ? agent->wanted : agent->left;

		words = words < (room + 3u) / 4u ? words : (room + 3u) / 4u;
		for (n = 0; n < words; n++)
			buffer(agent)[agent->count / 4u + n] = get(agent, window, PL181_FIFO);
		n = 4u * words < room ? 4u * words : room;
		agent->count += n;
		agent->wanted -= n;
		agent->left -= n;
	} else if (agent->is_sending) {
		const uint32_t there = agent->count - agent->at;

		words = words < (there + 3u) / 4u ? words : (there + 3u) / 4u;
		for (n = 0; n < words; n++)
			put(agent, window, PL181_FIFO, buffer(agent)[agent->at / 4u + n]);
		n = 4u * words < there ? 4u * words : there;
		agent->at += n;
		agent->left -= n;
	} else {
		words = 0;
	}
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
	if (agent->is_sending && (agent->at < agent->count || (!agent->left && !is_ended)))
		is_busy |= PL181_BUSY_DATA;
	return is_busy;
}

/** One look at the controller. True: there is no need for another one now. */
static bool look(struct pl181_agent *agent, const struct server_window *window)
{
	const uint32_t status = get(agent, window, PL181_STATUS);
	const uint32_t latched = status & PL181_LATCHED;
	const uint32_t words = move(agent, window, status);

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
	return !busy(agent) || agent->idle >= LOOKS || agent->is_lost;
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
	if (agent->seen & PL181_DATA_ERRORS || (agent->seen & PL181_DATA_END && !agent->left))
		agent->is_receiving = agent->is_sending = false;
	agent->seen = held;
	if (data)
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
			(agent->at < agent->count ? PL181_TX_HALF_EMPTY : 0);
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
	if (busy(agent) && !agent->is_lost) {
		arm(agent, window);
		return false;
	}
	put(agent, window, PL181_MASK0, 0);
	agent->is_armed = false;
	/* Called only while there is room. */
	(void)server_event(peer, window, agent->report, report(agent, window), now);
	return false;
}
