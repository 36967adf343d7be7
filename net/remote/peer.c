// SPDX-License-Identifier: Apache-2.0
#include "net/remote/peer.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "vmm/lib/string.h"

/** @p config, and all that it points to, is kept. Takes long: for start-up. */
void peer_init(struct peer *peer, const struct peer_config *config)
{
	memset(peer, 0, sizeof(*peer));
	peer->config = config;
	peer->owner = config->owner;
	session_init(peer);
	link_reset(peer);
	server_begin(peer);
	peer->due = REMOTE_NEVER;
}

/** From now on a session is wanted; or, of a passive side, allowed. */
void peer_start(struct peer *peer, uint64_t now)
{
	if (peer->session.is_wanted)
		return;
	peer->session.is_wanted = true;
	handshake_start(peer, now);
}

/** Says goodbye. Nothing that comes is listened to until peer_start(). Not for callbacks. */
void peer_stop(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;

	s->is_wanted = false;
	s->state = SESSION_IDLE;
	s->hello_at = REMOTE_NEVER;
	s->job.step = 0;
	if (s->is_up) {
		session_send(peer, FRAME_GOODBYE);
		session_close(peer, SESSION_END_STOPPED, now);
	}
}

/** A frame under a session's key has proved authentic. */
static void receive(struct peer *peer, const uint8_t *frame, const struct frame_head *head,
		    uint64_t now)
{
	struct session *s = &peer->session;

	if (!s->is_up || head->session != s->id) {
		/* Of the session that this side has proved itself for: it is accepted. */
		session_close(peer, SESSION_END_RESTARTED, now);
		s->in = s->next_in;
		s->out = s->next_out;
		memset(&s->next_in, 0, sizeof(s->next_in));
		memset(&s->next_out, 0, sizeof(s->next_out));
		session_begin(peer, head->session, now);
	}
	session_note(s, head->counter);
	s->is_confirmed = true;
	s->heard_at = now;
	switch (head->type) {
	case FRAME_REQUEST:
		link_request(peer, head, frame + FRAME_HEAD);
		break;
	case FRAME_REPLY:
		link_reply(peer, head, frame + FRAME_HEAD, now);
		break;
	case FRAME_PING:
		session_send(peer, FRAME_PONG);
		break;
	case FRAME_GOODBYE:
		session_close(peer, SESSION_END_GOODBYE, now);
		break;
	default:
		break;
	}
}

/** The key that a frame of this session has to be made with, or NULL. */
static const struct mac_key *key_of(const struct peer *peer, const struct frame_head *head)
{
	const struct session *s = &peer->session;

	if (s->is_up && head->session == s->id)
		return &s->in;
	if (s->is_initiator && s->state == SESSION_PROOF && head->session == s->next_id)
		return &s->next_in;
	return NULL;
}

/** A frame's tag should be @p tag: if it is, acts on it. */
static void judge(struct peer *peer, const uint8_t *frame, const struct frame_head *head,
		  struct mac_tag tag, uint64_t now)
{
	const uint8_t *at = frame + FRAME_HEAD + head->length;

	if (mac_tag_equal(tag, (struct mac_tag){ frame_get(at), frame_get(at + 4) }))
		receive(peer, frame, head, now);
	else
		peer->counters.forged++;
}

/** Authenticates PEER_WORK_BYTES more of the frame that came; or acts on it, when that was all. */
static void check(struct peer *peer, const struct mac_key *key, uint64_t now)
{
	struct link *link = &peer->link;
	const uint8_t *frame = link->received;
	const uint32_t length = FRAME_HEAD + link->head.length;
	const uint32_t last = (length - 1u) & ~(MAC_BLOCK - 1u);
	uint32_t bytes = last - link->checked;

	bytes = bytes < PEER_WORK_BYTES ? bytes : PEER_WORK_BYTES;
	if (bytes) {
		mac_blocks(&link->mac_in, frame + link->checked, bytes / MAC_BLOCK);
		link->checked += bytes;
		return;
	}
	link->received = NULL;
	judge(peer, frame, &link->head, mac_end(&link->mac_in, key, frame + last, length - last),
	      now);
}

/** Goes on with a long frame, if its session is still there. */
static void check_more(struct peer *peer, uint64_t now)
{
	const struct mac_key *key = key_of(peer, &peer->link.head);

	if (key) {
		check(peer, key, now);
	} else {
		peer->link.received = NULL;
		peer->counters.foreign++;
	}
}

/**
 * A frame from this peer's address, from behind the EtherType or SNAP header on; aligned to 4. It has
 * to stay as it is while peer_has_frame().
 */
void peer_receive(struct peer *peer, const uint8_t *frame, uint32_t length, uint64_t now)
{
	struct link *link = &peer->link;
	const struct mac_key *key;
	struct frame_head head;

	peer->counters.in++;
	if (peer_has_frame(peer) || !frame_parse(frame, length, &head)) {
		peer->counters.malformed++;
		return;
	}
	if (head.type < FRAME_WELCOME) {
		handshake_receive(peer, frame, &head, now);
		return;
	}
	key = key_of(peer, &head);
	if (!key) {
		peer->counters.foreign++;
		return;
	}
	if (key == &peer->session.in ? !session_is_new(&peer->session, head.counter)
				     : head.counter == 0) {
		peer->counters.replayed++;
		return;
	}
	if (FRAME_HEAD + head.length <= PEER_WORK_BYTES) {
		judge(peer, frame, &head, mac_words(key, frame, FRAME_HEAD + head.length), now);
		return;
	}
	link->received = frame;
	link->head = head;
	link->checked = 0;
	mac_begin(&link->mac_in, key);
	check(peer, key, now);
}

/** Whether a frame, not handed over yet, has to do with a session that is there, and not with its beginning. */
bool peer_is_brief(const uint8_t *frame, uint32_t length)
{
	return length >= FRAME_HEAD && (frame[1] == FRAME_REQUEST || frame[1] == FRAME_REPLY);
}

/** Whether the frame that was handed over last is still needed. */
bool peer_has_frame(const struct peer *peer)
{
	const struct server_half *s = &peer->server;

	return peer->link.received ||
	       (s->is_busy && !s->is_waiting && s->request != s->scratch.bytes);
}

/** Whether there is something for peer_work() to do. */
bool peer_has_work(const struct peer *peer)
{
	const struct link *link = &peer->link;

	return link->received || (peer->server.is_busy && !peer->server.is_waiting) ||
	       link->sending || link->queued || peer->session.job.step ||
	       (peer->server.working && link_has_room(peer)) ||
	       (peer->client.has_errand && peer->session.is_up &&
		(peer->client.open || link_has_room(peer)));
}

/** Goes on with what earlier calls have begun: one bounded step of it. */
void peer_work(struct peer *peer, uint64_t now)
{
	const struct link *link = &peer->link;

	if (link->received)
		check_more(peer, now);
	else if (peer->server.is_busy && !peer->server.is_waiting)
		server_work(peer, SERVER_BATCH);
	else if (link->sending || link->queued)
		link_work(peer, now);
	else if (peer->session.job.step)
		handshake_step(peer, now);
	else if (peer->server.working && link_has_room(peer))
		server_agents(peer, now);
	else if (peer->session.is_up)
		client_room(peer, now);
}

/** When something is due, exactly. */
static uint64_t deadline(const struct peer *peer)
{
	uint64_t when = session_deadline(peer), other;

	if (!peer->session.is_up)
		return when;
	other = client_deadline(peer);
	when = other < when ? other : when;
	other = link_deadline(peer);
	return other < when ? other : when;
}

/** Finds out when to call peer_tick() next, exactly, as peer_deadline() says then. */
uint64_t peer_find_deadline(struct peer *peer)
{
	if (peer->due)
		peer->due = deadline(peer);
	return peer->due;
}

/** Does what is due. Returns when it is to be called again, as peer_deadline() does. */
uint64_t peer_tick(struct peer *peer, uint64_t now)
{
	session_tick(peer, now);
	if (peer->session.is_up) {
		client_tick(peer, now);
		link_tick(peer, now);
	}
	peer->due = deadline(peer);
	return peer->due;
}

/** When to call peer_tick() next; perhaps earlier than needed. Any call here may make it earlier. */
uint64_t peer_deadline(const struct peer *peer)
{
	return peer->due;
}
