/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: the PL011's agent with jobs of a front end that means harm, at a UART whose flags are anything; and
 * the front end with reports of such an agent, between accesses of a guest. Promised: no byte outside a
 * buffer (the sanitizers see to that), an answer after a bounded number of steps, few accesses in each, a
 * FIFO that is used by its flags only, and every character once and in order.
 */
#include "net/remote/frame.h"
#include "net/remote/peer.h"
#include "net/remote/pl011_agent.h"
#include "net/remote/pl011_front.h"
#include "tests/host/fuzz_remote_agent.h"

#include <stdlib.h>
#include <string.h>

#define ACCESSES 22

static unsigned accesses;
static bool has_room, has_character;
static uint8_t to_be_sent; /* the last byte that was given to the agent */
static uint32_t not_sent;
static uint16_t received; /* the last one that the UART had */
static uint16_t told;     /* ... that an event had */

/* ---- a UART that says anything --------------------------------------------------------------- */

static enum remote_result chip_read(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	const uint8_t byte = next_byte();

	accesses++;
	*value = byte;
	if (offset == PL011_FR) {
		has_room = !(byte & PL011_FR_TXFF);
		has_character = !(byte & PL011_FR_RXFE) && input_is_left();
		*value = has_character ? byte : byte | PL011_FR_RXFE;
	}
	if (offset == PL011_DR) {
		REQUIRE(has_character);
		has_character = false;
		*value = ++received & 0xfffu;
	}
	return byte == 0x42 ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static enum remote_result chip_write(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	accesses++;
	if (offset == PL011_DR) {
		REQUIRE(has_room);
		has_room = false;
		REQUIRE(not_sent-- > 0);
		REQUIRE((uint8_t)value == (uint8_t)(to_be_sent - not_sent));
	}
	return REMOTE_OK;
}

static const struct remote_target chip = { .read = chip_read, .write = chip_write };
static const struct server_window window = { .name = "uart", .target = &chip };

/** In place of the server half. */
bool server_event(struct peer *peer, const struct server_window *w, const void *data,
		  uint32_t length, uint64_t now)
{
	const uint8_t *const bytes = data;

	REQUIRE(length >= PL011_REPORT_DATA && length <= PL011_REPORT_DATA + 2u * PL011_EVENT_MAX);
	for (uint32_t at = PL011_REPORT_DATA; at < length; at += 2) {
		told = (told + 1u) & 0xfffu;
		REQUIRE((bytes[at] | bytes[at + 1] << 8) == told);
	}
	return true;
}

static void begin(struct pl011_agent *agent)
{
	pl011_agent_used(agent, &window, true);
	not_sent = 0;
	told = received & 0xfffu; /* what was on its way is nobody's */
}

void fuzz_agent(void)
{
	static struct pl011_agent agent;
	uint32_t limit = 0;

	memset(&agent, 0, sizeof(agent));
	agent.device = &chip;
	received = 0;
	begin(&agent);
	while (input_is_left()) {
		const uint32_t data = next_byte() * 3u, length = PL011_JOB_DATA + data;
		uint32_t made = next_byte() & 1 ? REMOTE_DATA_MAX : next_byte();
		uint8_t *job = calloc(1, length), *out = malloc(made + !made);
		const bool fits = made >= PL011_REPORT_DATA && data <= ring_room(&agent.sending);
		enum remote_result result = REMOTE_AGAIN;
		const uint8_t what = next_byte();

		limit += next_byte() - 8u;
		frame_put(job + PL011_JOB_WHAT, what);
		frame_put(job + PL011_JOB_LIMIT, limit);
		frame_put(job + PL011_JOB_LCR_H, next_byte());
		if (fits && what & PL011_DROP)
			not_sent = 0;
		for (uint32_t n = 0; n < data; n++)
			job[PL011_JOB_DATA + n] = (uint8_t)(to_be_sent + n + 1u);
		if (fits) {
			to_be_sent = (uint8_t)(to_be_sent + data);
			not_sent += data;
		}
		for (unsigned steps = 0; result == REMOTE_AGAIN; steps++) {
			REQUIRE(steps < 1000);
			accesses = 0;
			result = pl011_agent_call(&agent, &window, job, length, out, &made);
			REQUIRE(accesses < ACCESSES);
		}
		REQUIRE((result == REMOTE_MALFORMED) == !fits);
		REQUIRE(ring_count(&agent.sending) == not_sent);
		for (unsigned n = next_byte() % 8; n > 0; n--) {
			accesses = 0;
			(void)pl011_agent_work(&agent, &window, NULL, 1);
			REQUIRE(accesses < ACCESSES);
			REQUIRE(agent.received <= PL011_EVENT_MAX);
		}
		if (next_byte() == 1)
			begin(&agent);
		free(job);
		free(out);
	}
	pl011_agent_used(&agent, &window, false);
}

/* ---- the front end --------------------------------------------------------------------------- */

void check_job(const uint8_t *job, uint32_t length)
{
	REQUIRE(length >= PL011_JOB_DATA && length <= PL011_JOB_DATA + PL011_SENDING);
}

static void line(struct pl011_front *front, bool level)
{
	REQUIRE(level == ((front->ris & front->imsc) != 0));
}

/** A report as an event, or as the answer to a job; in a buffer of exactly its size. */
static void get_report(struct pl011_front *front, bool is_event)
{
	uint32_t length = (uint32_t)next_byte() * 6u;
	uint8_t *report;

	if (length > REMOTE_DATA_MAX)
		length = REMOTE_DATA_MAX;
	report = calloc(1, length + !length);
	if (length >= PL011_REPORT_DATA) {
		frame_put(report + PL011_REPORT_FLAGS, next_byte() * 0x101u);
		frame_put(report + PL011_REPORT_LIMIT,
			  front->sent + (uint32_t)next_byte() * 5u - 100u);
		frame_put(report + PL011_REPORT_SERIAL, front->serial + (next_byte() & 3u) - 1u);
	}
	if (is_event)
		pl011_front_event(front, report, length);
	else
		answer_job(&front->op, report, length);
	free(report);
}

/** The session ends: first what is under way, then the window. */
static void change(struct pl011_front *front, struct client_window *client, bool is_open)
{
	lose_job(&front->op);
	client->is_open = is_open;
	pl011_front_changed(front);
}

void fuzz_front(void)
{
	static struct pl011_front front;
	static struct client_window client;

	memset(&front, 0, sizeof(front));
	memset(&client, 0, sizeof(client));
	front.line = line;
	front.is_patient = next_byte() & 1;
	pl011_front_init(&front, &client);
	change(&front, &client, true);
	while (input_is_left()) {
		const uint8_t what = next_byte();
		const uint32_t offset = next_byte() & 0x7cu;

		if (what < 60)
			for (unsigned n = next_byte(); n > 0; n--)
				pl011_front_write(&front, PL011_DR, n);
		else if (what < 110)
			pl011_front_write(&front, offset, next_byte() * 0x11u);
		else if (what < 200)
			(void)pl011_front_read(&front, offset);
		else if (what < 250)
			get_report(&front, what & 1);
		else if (what < 253)
			change(&front, &client, what & 1);
		else
			pl011_front_reset(&front);
		pl011_front_run(&front, 1);
		REQUIRE(front.count <= PL011_RECEIVED && front.first < PL011_RECEIVED);
		REQUIRE(ring_count(&front.sending) <= PL011_SENDING);
		REQUIRE(front.level == ((front.ris & front.imsc) != 0));
		REQUIRE(!front.op.is_pending || front.is_asking);
	}
	pl011_front_fini(&front);
}
