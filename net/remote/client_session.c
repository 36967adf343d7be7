// SPDX-License-Identifier: Apache-2.0
/* The client half behind client.c: windows through a session's life, answers, interrupt lines. */
#include "net/remote/client.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

static uint32_t name_length(const char *name)
{
	const uint32_t length = (uint32_t)strlen(name);

	return length < REMOTE_NAME_MAX ? length : REMOTE_NAME_MAX;
}

static void set_levels(struct client_window *window, uint32_t levels)
{
	if (window->levels == levels)
		return;
	window->levels = levels;
	if (window->ops->lines)
		window->ops->lines(window, levels);
}

static void close_window(struct client_window *window, enum remote_result why)
{
	const bool was_open = window->is_open;

	window->is_open = false;
	window->refusal = why;
	set_levels(window, 0);
	if ((was_open || why != REMOTE_DOWN) && window->ops->changed)
		window->ops->changed(window);
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
			set_levels(w, levels & (BIT(w->capabilities.irq_count) - 1u));
	}
}

/** What the server's agent for a window sends on its own. */
void client_event(struct peer *peer, unsigned id, const uint8_t *data, uint32_t length)
{
	for (struct client_window *w = peer->client.windows; w; w = w->next) {
		if (w->is_open && w->id == id && w->ops->event)
			w->ops->event(w, data, length);
	}
}

/** The answer to an OPEN: 12 bytes, which op->to says where they are. */
static void opened(struct client_op *op, enum remote_result result)
{
	struct client_window *window = op->owner;
	struct remote_capabilities *capabilities = &window->capabilities;
	const uint8_t *at = window->answer;
	uint32_t first, last;

	if (result == REMOTE_OK) {
		first = frame_get(at);
		last = frame_get(at + 8);
		window->id = (uint8_t)first;
		capabilities->widths = (uint8_t)(first >> 8);
		capabilities->flags = (uint8_t)(first >> 16);
		capabilities->irq_count = (uint8_t)(first >> 24);
		capabilities->size = frame_get(at + 4);
		capabilities->agent = (uint8_t)last;
		if (window->id >= REMOTE_WINDOWS || capabilities->irq_count > REMOTE_IRQS_MAX)
			result = REMOTE_MALFORMED;
	}
	if (result != REMOTE_OK) {
		close_window(window, result == REMOTE_LOST ? REMOTE_DOWN : result);
		return;
	}
	window->is_open = true;
	window->refusal = REMOTE_OK;
	/* What came before this answer did may be later than what it says. */
	client_line_state(window->peer, window->id, last >> 8 & 0xffu, last >> 16);
	set_levels(window, window->peer->client.lines[window->id].levels &
				   (BIT(capabilities->irq_count) - 1u));
	if (window->ops->changed)
		window->ops->changed(window);
}

/** False: there is no room. */
static bool open_window(struct client_window *window, uint64_t now)
{
	struct peer *peer = window->peer;
	const uint32_t length = name_length(window->name);
	uint8_t *at = client_reserve(peer, FRAME_OP_WORD + frame_padded(length),
				     4u + FRAME_WINDOW_BYTES, now);

	if (!at)
		return false;
	frame_put(at + frame_padded(length), 0);
	frame_put(at, frame_first_word(FRAME_OPEN, 0, length));
	copy_bytes(at + FRAME_OP_WORD, window->name, length);
	window->opening =
		(struct client_op){ .done = opened, .owner = window, .deadline = REMOTE_NEVER };
	client_pend(peer, &window->opening, window, FRAME_OPEN, window->answer, FRAME_WINDOW_BYTES);
	window->is_asked = true;
	return true;
}

/** False: there is no room. */
static bool acknowledge(struct client_window *window, uint64_t now)
{
	uint8_t *at = client_reserve(window->peer, FRAME_OP_WORD, 8u, now);

	if (!at)
		return false;
	frame_put(at, frame_first_word(FRAME_ACKNOWLEDGE | FRAME_POSTED, window->id,
				       window->to_acknowledge));
	window->to_acknowledge = 0;
	client_gather(window->peer);
	return true;
}

/** Opens and closes windows, and acknowledges lines, as far as there is room now. */
static void run_errands(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;
	bool urgent = false;

	c->has_errand = false;
	for (unsigned id = 0; c->to_close; id++) {
		uint8_t *at;

		if (!(c->to_close & BIT(id)))
			continue;
		at = client_reserve(peer, FRAME_OP_WORD, 8u, now);
		if (!at)
			goto no_room;
		frame_put(at, frame_first_word(FRAME_CLOSE | FRAME_POSTED, id, 0));
		c->to_close &= (uint8_t)~BIT(id);
		urgent = true;
	}
	for (struct client_window *w = c->windows; w; w = w->next) {
		if (!w->is_asked) {
			if (!open_window(w, now))
				goto no_room;
			urgent = true;
		}
		if (w->is_open && w->to_acknowledge && !acknowledge(w, now))
			goto no_room;
	}
	if (urgent)
		client_push(peer, now);
	return;

no_room:
	c->has_errand = true;
}

/** The guest has dealt with these lines: they may be reported anew. Gathered like a posted write. */
void client_acknowledge(struct client_window *window, uint32_t lines, uint64_t now)
{
	if (!window->is_open)
		return;
	window->to_acknowledge |= (uint8_t)lines;
	if (!acknowledge(window, now))
		window->peer->client.has_errand = true;
}

/** The window is used from now on, in this session and all that follow. */
void client_attach(struct peer *peer, struct client_window *window)
{
	window->peer = peer;
	window->is_open = false;
	window->is_asked = false;
	window->refusal = REMOTE_DOWN;
	window->levels = 0;
	window->to_acknowledge = 0;
	window->next = peer->client.windows;
	peer->client.windows = window;
	peer->client.has_errand = peer->session.is_up;
}

/** It is not used any more. Its operations are to be done, or cancelled. */
void client_detach(struct client_window *window)
{
	struct client_half *c = &window->peer->client;
	struct client_window **at = &c->windows;

	client_cancel(&window->opening);
	while (*at && *at != window)
		at = &(*at)->next;
	if (*at)
		*at = window->next;
	if (window->is_open) {
		c->to_close |= (uint8_t)BIT(window->id);
		c->has_errand = true;
	}
	close_window(window, REMOTE_DOWN);
}

void client_begin(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;

	c->open = NULL;
	c->tail = NULL;
	c->to_close = 0;
	for (unsigned id = 0; id < REMOTE_WINDOWS; id++)
		c->lines[id].is_known = false;
	for (struct client_window *w = c->windows; w; w = w->next)
		w->is_asked = false;
	run_errands(peer, now);
}

static void complete(struct client_op *op, enum remote_result result)
{
	op->is_pending = false;
	op->done(op, result);
}

/** The session is over: what was not answered will not be. */
void client_end(struct peer *peer)
{
	struct client_half *c = &peer->client;

	c->open = NULL;
	c->tail = NULL;
	c->has_errand = false;
	for (unsigned n = 0; n < LINK_SLOTS; n++) {
		while (c->first[n]) {
			struct client_op *op = c->first[n];

			c->first[n] = op->next;
			complete(op, REMOTE_LOST);
		}
	}
	while (c->answered) {
		struct client_op *op = c->answered;

		c->answered = op->next;
		complete(op, REMOTE_LOST);
	}
	for (struct client_window *w = c->windows; w; w = w->next) {
		w->is_asked = true; /* until the next session begins */
		w->to_acknowledge = 0;
		close_window(w, REMOTE_DOWN);
	}
	if (c->wants_room) {
		c->wants_room = false;
		if (peer->config->ops->ready)
			peer->config->ops->ready(peer);
	}
}

/** There may be room for requests: first for what has waited longest. */
void client_room(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;

	if (peer->server.has_news)
		server_tell(peer, now);
	if (c->has_errand)
		run_errands(peer, now);
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
