/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with another board: the handshake that begins it, the counters that make a frame count
 * once, the keep-alive, and its end. docs/remote-protocol.md has the states and why they are so.
 *
 * The board with the lower address is the *initiator*. It sends HELLO with a nonce, gets a CHALLENGE
 * with the other one's nonce, derives the session's key, sends PROOF, and gets WELCOME under the new
 * key. The other board, the *responder*, keeps no state for a HELLO, and nothing happens to a session
 * that exists before a PROOF with a fresh nonce has come. A responder that wants a session sends KNOCK.
 */
#ifndef NET_REMOTE_SESSION_H
#define NET_REMOTE_SESSION_H

#include "net/remote/keys.h"
#include "net/remote/mac.h"

#define SESSION_NONCE 16u
/** A session ends before its counter does: behind this, nothing new is begun. */
#define SESSION_FRAMES_MAX 0xffff0000u

struct peer;

/** Why the last session ended. */
enum session_end {
	SESSION_END_NONE,      /**< there was none */
	SESSION_END_STOPPED,   /**< peer_stop() here */
	SESSION_END_GOODBYE,   /**< the other one said so */
	SESSION_END_SILENT,    /**< nothing was heard for too long */
	SESSION_END_RESTARTED, /**< the other one began a new one, or knows nothing of this one */
	SESSION_END_EXHAUSTED, /**< as many frames as a session may have: a new one follows */
};

/** What a handshake waits for. */
enum session_state {
	SESSION_IDLE,
	SESSION_HELLO, /* initiator: a CHALLENGE. Responder: that its KNOCK is followed by a HELLO */
	SESSION_DERIVE, /* the key */
	SESSION_PROOF,  /* initiator: a WELCOME */
};

struct session {
	bool is_up;
	enum session_end end; /* of the one before */

	bool is_wanted, is_initiator;
	bool is_confirmed; /* responder: a frame under the session's key has come */
	enum session_state state;
	uint32_t id;      /* of the session; never 0. 0: there is none */
	uint32_t next_id; /* initiator: of the one that PROOF is for */

	uint32_t sent;        /* counter of the last frame */
	uint32_t seen;        /* highest counter that came */
	uint64_t seen_before; /* bit n: seen - n came */

	uint64_t heard_at, asked_at, hello_at;
	uint64_t knocked_at; /* no KNOCK is followed before */
	uint32_t hello_wait;
	uint8_t tries;

	bool has_nonce; /* responder: there is one for the next session */
	uint8_t own_nonce[SESSION_NONCE], other_nonce[SESSION_NONCE];
	uint8_t used_nonce[SESSION_NONCE]; /* responder: its nonce of the present session */
	struct keys keys;
	struct keys_job job;
	struct mac_key hello_in, hello_out;
	struct mac_key in, out;           /* of the session */
	struct mac_key next_in, next_out; /* initiator: of the one that PROOF is for */
};

/* For peer.c and among themselves. */
struct frame_head;

void session_init(struct peer *peer);
void session_begin(struct peer *peer, uint32_t id, uint64_t now);
void session_close(struct peer *peer, enum session_end why, uint64_t now);
bool session_is_new(const struct session *session, uint32_t counter);
void session_note(struct session *session, uint32_t counter);
void session_send(struct peer *peer, unsigned type);
void session_tick(struct peer *peer, uint64_t now);
uint64_t session_deadline(const struct peer *peer);

/* handshake.c */
void handshake_init(struct peer *peer);
void handshake_start(struct peer *peer, uint64_t now);
void handshake_receive(struct peer *peer, const uint8_t *frame, const struct frame_head *head,
		       uint64_t now);
void handshake_step(struct peer *peer, uint64_t now);
void handshake_tick(struct peer *peer, uint64_t now);

#endif
