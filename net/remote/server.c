// SPDX-License-Identifier: Apache-2.0
#include "net/remote/server.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/** Windows that may be served to the peer. */
unsigned server_window_count(const struct peer *peer)
{
	const unsigned count = peer->config->window_count;

	return count < REMOTE_WINDOWS ? count : REMOTE_WINDOWS;
}

/** The window that the peer has open under this number, or NULL. */
const struct server_window *server_window_of(const struct peer *peer, unsigned id)
{
	if (id >= server_window_count(peer) || !peer->server.use[id].in_use)
		return NULL;
	return peer->config->windows[id];
}

/** The peer opens a window, or closes it. */
void server_use(struct peer *peer, unsigned id, bool in_use)
{
	const struct server_window *window = peer->config->windows[id];
	struct server_use *use = &peer->server.use[id];

	if (use->in_use == in_use)
		return;
	use->in_use = in_use;
	use->turn = (uint16_t)(use->turn + in_use);
	use->is_called = false;
	peer->server.working &= (uint8_t)~BIT(id);
	use->levels = 0;
	use->serial++;
	use->to_tell = false;
	if (window->target->used)
		window->target->used(window, peer, in_use);
}

void server_begin(struct peer *peer)
{
	struct server_half *s = &peer->server;

	s->is_busy = false;
	s->is_waiting = false;
	s->has_news = false;
}

void server_end(struct peer *peer)
{
	for (unsigned id = 0; id < server_window_count(peer); id++)
		server_use(peer, id, false);
	server_begin(peer);
}

bool server_is_used(const struct peer *peer, const struct server_window *window)
{
	for (unsigned id = 0; id < server_window_count(peer); id++) {
		if (peer->config->windows[id] == window)
			return peer->server.use[id].in_use;
	}
	return false;
}

/** Eight bytes: the levels of a window's lines. */
void server_put_lines(uint8_t *at, unsigned id, struct server_use *use)
{
	frame_put(at, frame_first_word(FRAME_LINES | FRAME_POSTED, id, use->serial));
	frame_put(at + 4, use->levels);
	use->to_tell = false;
}

/** Tells levels that have changed, in a request of our own, as far as there is room. */
void server_tell(struct peer *peer, uint64_t now)
{
	struct server_half *s = &peer->server;

	if (!s->has_news || !peer->session.is_up || (s->is_busy && !s->is_waiting))
		return;
	s->has_news = false;
	for (unsigned id = 0; id < REMOTE_WINDOWS; id++) {
		uint8_t *at;

		if (!s->use[id].to_tell)
			continue;
		at = client_reserve(peer, FRAME_LINES_BYTES, 8u, now);
		if (!at) {
			s->has_news = true;
			return;
		}
		server_put_lines(at, id, &s->use[id]);
	}
	client_push(peer, now);
}

/** The lines of a window that are in @p mask have the level now. */
static void set_lines(struct peer *peer, unsigned id, uint32_t mask, bool level)
{
	struct server_use *use = &peer->server.use[id];
	const uint8_t levels = (uint8_t)(level ? use->levels | mask : use->levels & ~mask);

	if (levels == use->levels)
		return;
	use->levels = levels;
	use->serial++;
	use->to_tell = true;
	peer->server.has_news = true;
}

/**
 * A line of a window has another level: for an interrupt handler, which has masked it. Told at once,
 * but for what the reply that is being made can tell.
 */
void server_line(struct peer *peer, const struct server_window *window, unsigned line, bool level,
		 uint64_t now)
{
	if (line >= window->capabilities.irq_count)
		return;
	for (unsigned id = 0; id < server_window_count(peer); id++) {
		if (server_window_of(peer, id) != window)
			continue;
		if (!window->target->work || !peer->server.use[id].is_called ||
		    line >= REMOTE_AGENT_LINES)
			set_lines(peer, id, BIT(line), level);
		else if (level)
			peer->server.working |= (uint8_t)BIT(id);
	}
	server_tell(peer, now);
}

/** Looks at the device: lines that are low now may interrupt again, as may those in @p also. */
void server_sample(struct peer *peer, unsigned id, uint32_t also)
{
	const struct server_window *window = peer->config->windows[id];
	struct server_use *use = &peer->server.use[id];
	uint32_t low;

	if (!use->levels || !window->target->lines)
		return;
	low = use->levels & ~window->target->lines(window);
	also &= use->levels;
	set_lines(peer, id, low, false);
	if ((low | also) && window->target->unmask)
		window->target->unmask(window, low | also);
}

/** A step of an agent that has something to do: of the next one behind that of the last step. */
void server_agents(struct peer *peer, uint64_t now)
{
	struct server_half *s = &peer->server;

	for (unsigned n = 1; n <= REMOTE_WINDOWS; n++) {
		const unsigned id = (s->worked + n) % REMOTE_WINDOWS;
		const struct server_window *window;

		if (!bit(s->working, id))
			continue;
		window = peer->config->windows[id];
		s->worked = (uint8_t)id;
		if (window->target->work(window, peer, now))
			return;
		s->working &= (uint8_t)~BIT(id);
		if (window->target->unmask)
			window->target->unmask(window, BIT(REMOTE_AGENT_LINES) - 1u);
		return;
	}
}

/** Sends what an agent has to say, in order with the levels told. False: there is no room now. */
bool server_event(struct peer *peer, const struct server_window *window, const void *data,
		  uint32_t length, uint64_t now)
{
	const uint32_t padded = frame_padded(length);
	uint8_t *at;

	if (!peer->session.is_up || length > REMOTE_DATA_MAX)
		return false;
	for (unsigned id = 0; id < server_window_count(peer); id++) {
		if (server_window_of(peer, id) != window)
			continue;
		at = client_reserve(peer, FRAME_OP_HEAD + padded, 8u, now);
		if (!at)
			return false;
		if (padded)
			frame_put(at + FRAME_OP_HEAD + padded - 4u, 0);
		frame_put(at, frame_first_word(FRAME_EVENT | FRAME_POSTED, id, length));
		frame_put(at + 4, peer->server.use[id].turn);
		copy_bytes(at + FRAME_OP_HEAD, data, length);
		client_push(peer, now);
		return true;
	}
	return false;
}
