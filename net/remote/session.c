// SPDX-License-Identifier: Apache-2.0
#include "net/remote/session.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/string.h"

/** Questions of a silent peer in the time of a keep-alive: some may be lost. */
#define SESSION_QUESTIONS 8u

void session_init(struct peer *peer)
{
	struct session *s = &peer->session;

	memset(s, 0, sizeof(*s));
	s->is_initiator = memcmp(peer->config->own, peer->config->other, REMOTE_ADDRESS_BYTES) < 0;
	s->hello_at = REMOTE_NEVER;
	handshake_init(peer);
}

/** Everything begins anew: keys, which are in place already, counters, numbers, windows. */
void session_begin(struct peer *peer, uint32_t id, uint64_t now)
{
	struct session *s = &peer->session;

	s->id = id;
	s->is_up = true;
	s->is_confirmed = s->is_initiator;
	s->state = SESSION_IDLE;
	s->sent = 0;
	s->seen = 0;
	s->seen_before = 0;
	s->heard_at = now;
	s->asked_at = now;
	s->hello_at = REMOTE_NEVER;
	peer->due = 0;
	peer->counters.sessions++;
	link_reset(peer);
	server_begin(peer);
	if (!s->is_initiator)
		session_send(peer, FRAME_WELCOME);
	client_begin(peer, now);
	if (peer->config->ops->changed)
		peer->config->ops->changed(peer);
}

/** The session is over. Another one is wanted, unless peer_stop() ended it. */
void session_close(struct peer *peer, enum session_end why, uint64_t now)
{
	struct session *s = &peer->session;

	if (!s->is_up)
		return;
	peer->due = 0;
	s->is_up = false;
	s->id = 0;
	s->end = why;
	memset(&s->in, 0, sizeof(s->in));
	memset(&s->out, 0, sizeof(s->out));
	if (why == SESSION_END_SILENT || why == SESSION_END_RESTARTED)
		peer->counters.lost++;
	link_reset(peer);
	server_end(peer);
	client_end(peer);
	if (s->is_wanted && s->state == SESSION_IDLE)
		handshake_start(peer, now);
	if (peer->config->ops->changed)
		peer->config->ops->changed(peer);
}

/** Whether no frame with this counter has come yet - or none that could be remembered. */
bool session_is_new(const struct session *session, uint32_t counter)
{
	const uint32_t behind = session->seen - counter;

	if (counter > session->seen)
		return true;
	return counter && behind < 64u && !(session->seen_before >> behind & 1u);
}

/** An authentic frame with this counter came. */
void session_note(struct session *session, uint32_t counter)
{
	const uint32_t ahead = counter - session->seen;

	if (ahead == 1) {
		session->seen_before = session->seen_before << 1 | 1u;
		session->seen = counter;
	} else if (counter > session->seen) {
		session->seen_before = ahead < 64u ? session->seen_before << ahead | 1u : 1u;
		session->seen = counter;
	} else {
		session->seen_before |= 1ull << (session->seen - counter);
	}
}

/** Sends a frame without payload under the session's key. */
void session_send(struct peer *peer, unsigned type)
{
	struct {
		uint32_t headroom[REMOTE_HEADROOM / 4u];
		uint8_t bytes[FRAME_HEAD + MAC_TAG_BYTES] __attribute__((aligned(4)));
	} frame;
	const struct frame_head head = {
		.type = (uint8_t)type,
		.session = peer->session.id,
		.counter = ++peer->session.sent,
	};
	struct mac_tag tag;

	frame_put_head(frame.bytes, &head);
	tag = mac_words(&peer->session.out, frame.bytes, FRAME_HEAD);
	frame_put(frame.bytes + FRAME_HEAD, tag.low);
	frame_put(frame.bytes + FRAME_HEAD + 4, tag.high);
	peer->counters.out++;
	peer->config->ops->transmit(peer, frame.bytes, sizeof(frame.bytes));
}

/** No more frames may be sent, and no request waits for its reply. */
static bool is_exhausted(const struct peer *peer)
{
	const struct link *link = &peer->link;

	return peer->session.sent >= SESSION_FRAMES_MAX && link->oldest == link->next;
}

/** When the other one is to be asked whether it is there. */
static uint64_t ask_at(const struct peer *peer)
{
	const struct session *s = &peer->session;
	const struct peer_timing *timing = &peer->config->timing;
	const uint64_t silent = s->heard_at + timing->keep_alive;
	const uint64_t again = s->asked_at + timing->keep_alive / SESSION_QUESTIONS;

	return silent > again ? silent : again;
}

void session_tick(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;

	if (s->is_up) {
		if (now >= s->heard_at + peer->config->timing.lost) {
			session_close(peer, SESSION_END_SILENT, now);
		} else if (is_exhausted(peer)) {
			session_send(peer, FRAME_GOODBYE);
			session_close(peer, SESSION_END_EXHAUSTED, now);
		} else if (now >= ask_at(peer)) {
			s->asked_at = now;
			session_send(peer, FRAME_PING);
		}
	}
	if (now >= s->hello_at)
		handshake_tick(peer, now);
}

uint64_t session_deadline(const struct peer *peer)
{
	const struct session *s = &peer->session;
	uint64_t when = s->hello_at;

	if (s->is_up && is_exhausted(peer))
		return 0;
	if (s->is_up) {
		const uint64_t ask = ask_at(peer);
		const uint64_t lost = s->heard_at + peer->config->timing.lost;

		when = ask < when ? ask : when;
		when = lost < when ? lost : when;
	}
	return when;
}
