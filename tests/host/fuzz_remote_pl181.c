/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: the PL181's agent with jobs of a front end that means harm, at a controller whose status is
 * anything; and the front end with reports of such an agent, between accesses of a guest. Promised: no
 * byte outside a buffer (the sanitizers see to that), an answer after a bounded number of steps, few
 * accesses in each, a FIFO that is used by its status only.
 */
#include "net/remote/frame.h"
#include "net/remote/peer.h"
#include "net/remote/pl181_agent.h"
#include "net/remote/pl181_front.h"
#include "tests/host/fuzz_remote_agent.h"

#include <string.h>

static unsigned accesses, room_in_fifo, words_in_fifo;

/* ---- a controller that says anything --------------------------------------------------------- */

static enum remote_result chip_read(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	accesses++;
	*value = next_byte() * 0x01010101u;
	if (offset == PL181_STATUS) {
		*value = next_byte() | (uint32_t)next_byte() << 8 | (uint32_t)next_byte() << 16;
		words_in_fifo = *value & PL181_RX_FULL        ? 16
				: *value & PL181_RX_HALF_FULL ? 8
				: *value & PL181_RX_AVAILABLE ? 1
							      : 0;
		room_in_fifo = *value & PL181_TX_EMPTY ? 16 : *value & PL181_TX_HALF_EMPTY ? 8 : 0;
	}
	if (offset == PL181_FIFO)
		REQUIRE(words_in_fifo-- > 0);
	return *value == 0x42424242u ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static enum remote_result chip_write(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	accesses++;
	if (offset == PL181_FIFO)
		REQUIRE(room_in_fifo-- > 0);
	return REMOTE_OK;
}

static enum remote_result chip_read_fifo(const struct server_window *w, uint32_t offset,
					 uint32_t *words, unsigned count)
{
	enum remote_result result = REMOTE_OK;

	REQUIRE(count > 0);
	while (count-- > 0 && result == REMOTE_OK)
		result = chip_read(w, offset, 4, words++);
	return result;
}

static enum remote_result chip_write_fifo(const struct server_window *w, uint32_t offset,
					  const uint32_t *words, unsigned count)
{
	REQUIRE(count > 0);
	while (count-- > 0)
		(void)chip_write(w, offset, 4, *words++);
	return REMOTE_OK;
}

static const struct remote_target chip = { .read = chip_read,
					   .write = chip_write,
					   .read_fifo = chip_read_fifo,
					   .write_fifo = chip_write_fifo };
static const struct server_window window = { .name = "card", .target = &chip };

/** In place of the server half. */
bool server_event(struct peer *peer, const struct server_window *w, const void *data,
		  uint32_t length, uint64_t now)
{
	REQUIRE(length <= REMOTE_DATA_MAX);
	return true;
}

void fuzz_agent(void)
{
	static struct pl181_agent agent;

	memset(&agent, 0, sizeof(agent));
	agent.device = &chip;
	pl181_agent_used(&agent, &window, true);
	while (input_is_left()) {
		const uint32_t length = PL181_JOB_DATA + 8u * next_byte();
		uint32_t made = next_byte() & 1 ? REMOTE_DATA_MAX : next_byte();
		uint8_t *job = calloc(1, length), *out = malloc(made + !made);
		enum remote_result result = REMOTE_AGAIN;

		frame_put(job + PL181_JOB_WHAT, next_byte());
		frame_put(job + PL181_JOB_COMMAND, next_byte() * 8u);
		frame_put(job + PL181_JOB_LENGTH, next_byte() * 9u);
		frame_put(job + PL181_JOB_CTRL, next_byte());
		frame_put(job + PL181_JOB_NUMBER, next_byte());
		for (unsigned steps = 0; result == REMOTE_AGAIN; steps++) {
			REQUIRE(steps < 100000);
			accesses = 0;
			result = pl181_agent_call(&agent, &window, job, length, out, &made);
			REQUIRE(accesses < 200);
		}
		REQUIRE(result != REMOTE_OK || made <= REMOTE_DATA_MAX);
		for (unsigned n = next_byte() % 8; n > 0; n--) {
			accesses = 0;
			(void)pl181_agent_work(&agent, &window, NULL, 1);
			REQUIRE(accesses < 200);
		}
		free(job);
		free(out);
	}
	pl181_agent_used(&agent, &window, false);
}

/* ---- the front end --------------------------------------------------------------------------- */

void check_job(const uint8_t *job, uint32_t length)
{
	REQUIRE(length >= PL181_JOB_DATA && frame_get(job + PL181_JOB_WHAT));
}

static void lines(struct pl181_front *front, uint32_t levels)
{
	REQUIRE(levels < 4);
}

/** A report as an event, or as the answer to a job; in a buffer of exactly its size. */
static void get_report(struct pl181_front *front, bool is_event)
{
	uint32_t length = (uint32_t)next_byte() * 6u & ~3u;
	struct client_op *const op = &front->call[next_byte() % PL181_JOBS].op;
	uint8_t *report;

	if (length > REMOTE_DATA_MAX)
		length = REMOTE_DATA_MAX;
	report = calloc(1, length + !length);
	if (length >= PL181_REPORT_DATA) {
		frame_put(report + PL181_REPORT_STATUS, next_byte() | (uint32_t)next_byte() << 8);
		frame_put(report + PL181_REPORT_BUSY, next_byte());
		frame_put(report + PL181_REPORT_SERIAL,
			  next_byte() & 0x80 ? next_byte() : front->serial + (next_byte() & 1u));
		frame_put(report + PL181_REPORT_NUMBER,
			  next_byte() & 0x80 ? next_byte() : front->next - (next_byte() & 3u));
		frame_put(report + PL181_REPORT_TAKEN, next_byte() * 9u);
	}
	if (is_event)
		pl181_front_event(front, report, length);
	else
		answer_job(op, report, length);
	free(report);
}

/** The session ends: first what is under way, then the window. */
static void change(struct pl181_front *front, struct client_window *client, bool is_open)
{
	for (unsigned n = 0; n < PL181_JOBS; n++)
		lose_job(&front->call[n].op);
	client->is_open = is_open;
	pl181_front_changed(front);
}

void fuzz_front(void)
{
	static struct pl181_front front;
	static struct client_window client;

	memset(&front, 0, sizeof(front));
	memset(&client, 0, sizeof(client));
	front.lines = lines;
	pl181_front_init(&front, &client);
	change(&front, &client, true);
	while (input_is_left()) {
		const uint8_t what = next_byte();
		const uint32_t offset = next_byte() & 0xfcu;

		if (what < 110)
			pl181_front_write(&front, offset, next_byte() * 0x111u);
		else if (what < 200)
			(void)pl181_front_read(&front, offset);
		else if (what < 250)
			get_report(&front, what & 1);
		else if (what < 253)
			change(&front, &client, what & 1);
		else
			pl181_front_reset(&front);
		pl181_front_run(&front, 1);
		REQUIRE(front.count <= PL181_QUEUE_WORDS && front.first < PL181_QUEUE_WORDS);
		REQUIRE(front.gathered <= PL181_DATA_MAX);
		REQUIRE(front.sent - front.taken <= PL181_CARD_ROOM);
		for (unsigned n = 0; n < PL181_JOBS; n++)
			REQUIRE(!front.call[n].op.is_pending || front.call[n].is_used);
	}
	pl181_front_fini(&front);
}
