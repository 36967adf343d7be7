// SPDX-License-Identifier: Apache-2.0
/*
 * The handshake: KNOCK, HELLO, CHALLENGE, PROOF, WELCOME. The first four are authenticated by a key
 * that is made once of the pre-shared one, and so may be captured ones of another day. None of them
 * has any effect on a session before both sides have seen their own fresh nonce come back.
 */
#include "net/remote/frame.h"
#include "net/remote/peer.h"
#include "net/remote/session.h"
#include "vmm/lib/string.h"

/** Attempts with the same nonces, before new ones are made. */
#define HANDSHAKE_TRIES 4u

static const uint8_t salt_secure[] = "hako remote 1";
static const uint8_t salt_insecure[] = "hako remote 1, insecure";

/** What every frame in one direction begins with, without being sent: who sends it to whom. */
static void make_key(struct mac_key *key, const uint8_t *secret, const uint8_t *to,
		     const uint8_t *from)
{
	uint8_t block[MAC_BLOCK] = { 0 };

	memcpy(block, to, REMOTE_ADDRESS_BYTES);
	memcpy(block + 6, from, REMOTE_ADDRESS_BYTES);
	block[12] = REMOTE_ETHERTYPE >> 8;
	block[13] = REMOTE_ETHERTYPE & 0xff;
	mac_key_init(key, secret);
	mac_key_prefix(key, block);
}

static void make_keys(const struct peer *peer, const uint8_t *secret, struct mac_key *in,
		      struct mac_key *out)
{
	make_key(in, secret, peer->config->own, peer->config->other);
	make_key(out, secret, peer->config->other, peer->config->own);
}

/** The keys of the handshake itself: without it, nothing is random yet. Takes long. */
void handshake_init(struct peer *peer)
{
	static const uint8_t no_key[REMOTE_KEY_BYTES];
	struct session *s = &peer->session;

	if (peer->config->key)
		keys_init(&s->keys, peer->config->key, REMOTE_KEY_BYTES, salt_secure,
			  sizeof(salt_secure) - 1);
	else
		keys_init(&s->keys, no_key, REMOTE_KEY_BYTES, salt_insecure,
			  sizeof(salt_insecure) - 1);
	keys_begin(&s->job, "hello", 5);
	while (!keys_step(&s->job, &s->keys))
		;
	make_keys(peer, s->job.key, &s->hello_in, &s->hello_out);
	memset(s->job.key, 0, sizeof(s->job.key));
}

/** Sends a handshake frame: with no, one, or two nonces. */
static void send(struct peer *peer, unsigned type, const uint8_t *first, const uint8_t *second)
{
	struct {
		uint32_t headroom[REMOTE_HEADROOM / 4u];
		uint8_t bytes[FRAME_HEAD + 2 * SESSION_NONCE + MAC_TAG_BYTES]
			__attribute__((aligned(4)));
	} frame;
	const struct session *s = &peer->session;
	const uint32_t length = (first ? SESSION_NONCE : 0) + (second ? SESSION_NONCE : 0);
	const struct frame_head head = {
		.type = (uint8_t)type,
		.length = (uint16_t)length,
		.session = type == FRAME_CHALLENGE ? s->id : 0,
	};
	uint8_t *last = frame.bytes + length; /* the last block; the first one if there is one */
	struct mac_state mac;
	struct mac_tag tag;

	frame_put_head(frame.bytes, &head);
	if (first)
		memcpy(frame.bytes + FRAME_HEAD, first, SESSION_NONCE);
	if (second)
		memcpy(frame.bytes + FRAME_HEAD + SESSION_NONCE, second, SESSION_NONCE);
	mac_begin(&mac, &s->hello_out);
	mac_blocks(&mac, frame.bytes, length / MAC_BLOCK);
	tag = mac_end(&mac, &s->hello_out, last, MAC_BLOCK);
	frame_put(last + MAC_BLOCK, tag.low);
	frame_put(last + MAC_BLOCK + 4, tag.high);
	peer->counters.out++;
	peer->config->ops->transmit(peer, frame.bytes, FRAME_HEAD + length + MAC_TAG_BYTES);
}

static bool is_authentic(const struct session *s, const uint8_t *frame, uint32_t length)
{
	const uint8_t *last = frame + length;
	struct mac_state mac;
	struct mac_tag tag;

	mac_begin(&mac, &s->hello_in);
	mac_blocks(&mac, frame, length / MAC_BLOCK);
	tag = mac_end(&mac, &s->hello_in, last, MAC_BLOCK);
	return mac_tag_equal(tag, (struct mac_tag){ frame_get(last + MAC_BLOCK),
						    frame_get(last + MAC_BLOCK + 4) });
}

static bool is_nonce(const uint8_t *nonce, const uint8_t *other)
{
	return memcmp(nonce, other, SESSION_NONCE) == 0;
}

static void begin_hello(struct peer *peer)
{
	struct session *s = &peer->session;

	peer->config->ops->random(peer, s->own_nonce, SESSION_NONCE);
	s->state = SESSION_HELLO;
	s->tries = 0;
}

static void say_hello(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;
	const uint32_t most = peer->config->timing.hello_max;

	if (s->is_initiator)
		send(peer, FRAME_HELLO, s->own_nonce, NULL);
	else
		send(peer, FRAME_KNOCK, NULL, NULL);
	s->knocked_at = now + peer->config->timing.hello_min;
	s->hello_at = now + s->hello_wait;
	s->hello_wait = s->hello_wait < most / 2 ? 2 * s->hello_wait : most;
}

/** There is no session, and one is wanted: at once if this side is to ask for it. */
void handshake_start(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;

	peer->due = 0;
	s->hello_wait = peer->config->timing.hello_min;
	s->hello_at = peer->config->passive ? REMOTE_NEVER : now;
	s->state = SESSION_IDLE;
	s->has_nonce = false;
}

/** Nothing has come for the time that the last attempt had. */
void handshake_tick(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;

	switch (s->state) {
	case SESSION_IDLE:
		if (s->is_initiator)
			begin_hello(peer);
		else
			s->state = SESSION_HELLO;
		say_hello(peer, now);
		break;
	case SESSION_HELLO:
		if ((s->is_up || peer->config->passive) && ++s->tries >= HANDSHAKE_TRIES) {
			/* The session that there is lives as long as its frames do. */
			s->state = SESSION_IDLE;
			s->hello_at = REMOTE_NEVER;
		} else {
			say_hello(peer, now);
		}
		break;
	case SESSION_DERIVE:
		s->hello_at = now + peer->config->timing.hello_min;
		break;
	case SESSION_PROOF:
		if (++s->tries >= HANDSHAKE_TRIES) {
			begin_hello(peer);
			say_hello(peer, now);
		} else {
			send(peer, FRAME_PROOF, s->own_nonce, s->other_nonce);
			s->hello_at = now + peer->config->timing.hello_min;
		}
		break;
	}
}

/** The responder knocks: it may have been restarted, or it may be a KNOCK of another day. */
static void receive_knock(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;

	if (now < s->knocked_at || s->state == SESSION_DERIVE || s->state == SESSION_PROOF) {
		peer->counters.limited++;
		return;
	}
	s->hello_wait = peer->config->timing.hello_min;
	if (s->state == SESSION_IDLE)
		begin_hello(peer);
	say_hello(peer, now);
}

static void derive(struct peer *peer, const uint8_t *other_nonce)
{
	struct session *s = &peer->session;
	const struct peer_config *config = peer->config;
	const bool first = s->is_initiator;
	uint8_t info[7 + 2 * SESSION_NONCE + 2 * REMOTE_ADDRESS_BYTES] = "session";
	uint8_t *at = info + 7;

	memcpy(s->other_nonce, other_nonce, SESSION_NONCE);
	memcpy(at, first ? s->own_nonce : s->other_nonce, SESSION_NONCE);
	memcpy(at + 16, first ? s->other_nonce : s->own_nonce, SESSION_NONCE);
	memcpy(at + 32, first ? config->own : config->other, REMOTE_ADDRESS_BYTES);
	memcpy(at + 38, first ? config->other : config->own, REMOTE_ADDRESS_BYTES);
	keys_begin(&s->job, info, sizeof(info));
	s->state = SESSION_DERIVE;
}

static void receive_challenge(struct peer *peer, const struct frame_head *head,
			      const uint8_t *payload, uint64_t now)
{
	struct session *s = &peer->session;

	if (s->state != SESSION_HELLO || !is_nonce(payload, s->own_nonce)) {
		peer->counters.unexpected++;
		return;
	}
	if (s->is_up && head->session == s->id) {
		s->state = SESSION_IDLE;
		s->hello_at = REMOTE_NEVER;
		return;
	}
	derive(peer, payload + SESSION_NONCE);
	s->hello_at = now + peer->config->timing.hello_min;
	session_close(peer, SESSION_END_RESTARTED, now);
}

/** The responder's nonce is made when it is first asked for: late, when most can have gone into it. */
static void receive_hello(struct peer *peer, const uint8_t *nonce)
{
	struct session *s = &peer->session;

	if (!s->has_nonce)
		peer->config->ops->random(peer, s->own_nonce, SESSION_NONCE);
	s->has_nonce = true;
	send(peer, FRAME_CHALLENGE, nonce, s->own_nonce);
}

static void receive_proof(struct peer *peer, const uint8_t *payload)
{
	struct session *s = &peer->session;
	const uint8_t *mine = payload + SESSION_NONCE;

	if (s->state != SESSION_DERIVE && s->has_nonce && is_nonce(mine, s->own_nonce))
		derive(peer, payload);
	else if (s->is_up && !s->is_confirmed && is_nonce(payload, s->other_nonce) &&
		 is_nonce(mine, s->used_nonce))
		session_send(peer, FRAME_WELCOME);
	else
		peer->counters.unexpected++;
}

/** A frame from KNOCK to PROOF: at most four blocks to authenticate. */
void handshake_receive(struct peer *peer, const uint8_t *frame, const struct frame_head *head,
		       uint64_t now)
{
	struct session *s = &peer->session;
	const bool for_initiator = head->type == FRAME_KNOCK || head->type == FRAME_CHALLENGE;

	if (!is_authentic(s, frame, head->length)) {
		peer->counters.forged++;
		return;
	}
	peer->due = 0;
	if (!s->is_wanted || for_initiator != s->is_initiator) {
		peer->counters.unexpected++;
		return;
	}
	switch (head->type) {
	case FRAME_KNOCK:
		receive_knock(peer, now);
		break;
	case FRAME_HELLO:
		receive_hello(peer, frame + FRAME_HEAD);
		break;
	case FRAME_CHALLENGE:
		receive_challenge(peer, head, frame + FRAME_HEAD, now);
		break;
	default:
		receive_proof(peer, frame + FRAME_HEAD);
		break;
	}
}

/** One block of SHA-256 of the key that is being made; at last, what it is for. */
void handshake_step(struct peer *peer, uint64_t now)
{
	struct session *s = &peer->session;
	uint32_t id;

	peer->due = 0;
	if (!keys_step(&s->job, &s->keys) || s->state != SESSION_DERIVE)
		return;
	id = frame_get(s->job.key + MAC_KEY_BYTES);
	id = id ? id : 1u;
	if (s->is_initiator) {
		make_keys(peer, s->job.key, &s->next_in, &s->next_out);
		s->next_id = id;
		s->state = SESSION_PROOF;
		s->tries = 0;
		s->hello_at = now + peer->config->timing.hello_min;
		send(peer, FRAME_PROOF, s->own_nonce, s->other_nonce);
	} else {
		session_close(peer, SESSION_END_RESTARTED, now);
		make_keys(peer, s->job.key, &s->in, &s->out);
		memcpy(s->used_nonce, s->own_nonce, SESSION_NONCE);
		s->has_nonce = false;
		session_begin(peer, id, now);
	}
	memset(s->job.key, 0, sizeof(s->job.key));
}
