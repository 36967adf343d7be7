// SPDX-License-Identifier: Apache-2.0
/* The client half behind client.c: answers, interrupt lines, time. */
#include "net/remote/client.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/** Tells a window what its lines are now. */
void client_set_levels(struct client_window *window, uint32_t levels)
{
	if (window->levels == levels)
		return;
	window->levels = levels;
	if (window->ops->lines)
		window->ops->lines(window, levels);
}

/** Adopts levels of a window's lines, unless later ones are known. */
void client_line_state(struct peer *peer, unsigned id, unsigned levels, unsigned serial)
{
	struct client_lines *lines;

	if (id >= REMOTE_WINDOWS)
		return;
	lines = &peer->client.lines[id];
	if (lines->is_known && (int16_t)(uint16_t)(serial - lines->serial) <= 0)
		return;
	lines->is_known = true;
	lines->serial = (uint16_t)serial;
	lines->levels = (uint8_t)levels;
	for (struct client_window *w = peer->client.windows; w; w = w->next) {
		if (w->is_open && w->id == id)
			client_set_levels(w, levels & (BIT(w->capabilities.irq_count) - 1u));
	}
}

/** What the server's agent for a window sends on its own. It may be for one who had the window before. */
void client_event(struct peer *peer, unsigned id, uint32_t turn, const uint8_t *data,
		  uint32_t length)
{
	for (struct client_window *w = peer->client.windows; w; w = w->next) {
		if (w->is_open && w->id == id && w->turn == turn && w->ops->event)
			w->ops->event(w, data, length);
	}
}

static void complete(struct client_op *op, enum remote_result result)
{
	op->is_pending = false;
	op->done(op, result);
}

/** The session is over: what was not answered will not be. */
/** There may be room for requests: first for what has waited longest. */
void client_room(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;

	if (peer->server.has_news)
		server_tell(peer, now);
	if (c->has_errand)
		client_run_errands(peer, now);
	if (c->wants_room && (c->open || link_has_room(peer))) {
		c->wants_room = false;
		if (peer->config->ops->ready)
			peer->config->ops->ready(peer);
	}
}

/** What a good result of @p op has brought. False: that is not what it can have. */
static bool take_data(struct client_op *op, const uint8_t *data, uint32_t length)
{
	uint32_t bytes = op->room;

	if (op->kind == FRAME_CALL || op->kind == FRAME_LOOKUP) {
		if (length < 4)
			return false;
		bytes = frame_get(data);
		data += 4;
		length -= 4;
	}
	if (bytes > op->room || length != frame_padded(bytes))
		return false;
	op->length = bytes;
	if (op->to == &op->value)
		op->value = frame_get(data);
	else if (bytes)
		copy_bytes(op->to, data, bytes);
	return true;
}

/** A posted write has failed. */
static void posted_failed(struct peer *peer, unsigned id, enum remote_result why)
{
	peer->counters.posted_failures++;
	for (struct client_window *w = peer->client.windows; w; w = w->next) {
		if (w->is_open && w->id == id && w->ops->failed)
			w->ops->failed(w, why, 1);
	}
}

/** What a status in a frame means here: what is not known is a peer that we cannot read. */
static enum remote_result result_of(uint32_t status)
{
	return status <= REMOTE_MALFORMED ? (enum remote_result)status : REMOTE_MALFORMED;
}

/** The operation that result number @p index is for. Those before it got none: that is no answer. */
static struct client_op *answered(struct client_half *c, uint32_t index)
{
	while (c->answered && c->answered->index < index) {
		struct client_op *op = c->answered;

		c->answered = op->next;
		complete(op, REMOTE_MALFORMED);
	}
	return c->answered && c->answered->index == index ? c->answered : NULL;
}

static void read_result(struct peer *peer, uint32_t first, const uint8_t *data, uint32_t length)
{
	struct client_half *c = &peer->client;
	enum remote_result result = result_of(first >> FRAME_STATUS_SHIFT & FRAME_STATUS);
	struct client_op *op;

	if (first & FRAME_POSTED) {
		if (length == 4 && result != REMOTE_OK)
			posted_failed(peer, frame_get(data), result);
		return;
	}
	op = answered(c, first >> FRAME_INDEX_SHIFT & FRAME_INDEX);
	if (!op) {
		peer->counters.late_answers++;
		return;
	}
	if (result == REMOTE_OK && !take_data(op, data, length))
		result = REMOTE_MALFORMED;
	c->answered = op->next;
	complete(op, result);
}

/** The reply to the request in slot @p n, whose operations are done now. */
void client_reply(struct peer *peer, unsigned n, const uint8_t *payload, uint32_t length)
{
	struct client_half *c = &peer->client;
	uint32_t at = 0;

	c->answered = c->first[n];
	c->first[n] = NULL;
	while (at < length) {
		const uint32_t first = frame_get(payload + at);
		const bool is_lines = (first & FRAME_KIND) == FRAME_LINES;
		const uint32_t bytes = is_lines ? 4u : first >> FRAME_WORDS_SHIFT << 2;

		at += 4;
		if (bytes > length - at)
			break;
		if (is_lines)
			client_line_state(peer, first >> 8 & 0xffu, frame_get(payload + at),
					  first >> 16);
		else if ((first & FRAME_KIND) == FRAME_RESULT)
			read_result(peer, first, payload + at, bytes);
		at += bytes;
	}
	answered(c, UINT32_MAX);
}

void client_tick(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;

	if (c->open && now >= c->gather_until)
		client_push(peer, now);
	for (unsigned n = 0; n < LINK_SLOTS; n++) {
		struct client_op *op = c->first[n];

		while (op && now < op->deadline)
			op = op->next;
		if (!op)
			continue;
		client_cancel(op);
		op->done(op, REMOTE_TIMEOUT);
		n = (unsigned)-1; /* the lists may be other ones now */
	}
}

uint64_t client_deadline(const struct peer *peer)
{
	const struct client_half *c = &peer->client;
	uint64_t when = c->open ? c->gather_until : REMOTE_NEVER;

	for (unsigned n = 0; n < LINK_SLOTS; n++) {
		for (const struct client_op *op = c->first[n]; op; op = op->next)
			when = op->deadline < when ? op->deadline : when;
	}
	return when;
}
