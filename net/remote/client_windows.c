// SPDX-License-Identifier: Apache-2.0
/* The client half's windows through the life of sessions. */
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

static void close_window(struct client_window *window, enum remote_result why)
{
	const bool was_open = window->is_open;

	window->is_open = false;
	window->refusal = why;
	client_set_levels(window, 0);
	if ((was_open || why != REMOTE_DOWN) && window->ops->changed)
		window->ops->changed(window);
}

/** The answer to an OPEN: FRAME_WINDOW_BYTES, in window->answer. */
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
		window->turn = frame_get(at + 12);
		if (window->id >= REMOTE_WINDOWS || capabilities->irq_count > REMOTE_IRQS_MAX)
			result = REMOTE_MALFORMED;
	}
	if (result != REMOTE_OK) {
		window->is_news = result != REMOTE_LOST;
		window->peer->client.has_refusal |= window->is_news;
		close_window(window, result == REMOTE_LOST ? REMOTE_DOWN : result);
		return;
	}
	window->is_open = true;
	window->refusal = REMOTE_OK;
	/* What came before this answer did may be later than what it says. */
	client_line_state(window->peer, window->id, last >> 8 & 0xffu, last >> 16);
	client_set_levels(window, window->peer->client.lines[window->id].levels &
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
void client_run_errands(struct peer *peer, uint64_t now)
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
	window->is_news = false;
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

/**
 * A window that the server has refused in this session, each once; NULL: no more. The owner of the
 * peer asks for the next one after he has told somebody, whatever has become of the windows meanwhile.
 */
const struct client_window *client_next_refused(struct peer *peer)
{
	struct client_half *c = &peer->client;

	if (!c->has_refusal)
		return NULL;
	for (struct client_window *w = c->windows; w; w = w->next) {
		if (w->is_news) {
			w->is_news = false;
			return w;
		}
	}
	c->has_refusal = false;
	return NULL;
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
	client_run_errands(peer, now);
}

static void lose(struct client_op *op)
{
	op->is_pending = false;
	op->done(op, REMOTE_LOST);
}

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
			lose(op);
		}
	}
	while (c->answered) {
		struct client_op *op = c->answered;

		c->answered = op->next;
		lose(op);
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
