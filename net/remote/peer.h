/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One other board: its session, the client half that uses its windows, and the server half that
 * serves ours to it. This is what the owner of a network interface calls:
 *
 *	peer_init(&peer, &config);           once; then client_attach() for each window used
 *	peer_start(&peer, now);              from now on a session is wanted
 *
 *	on a frame from this peer's address: peer_receive(&peer, payload, length, now);
 *	while peer_has_work(&peer):          peer_work(&peer, now);   preempt points in between
 *	when peer_deadline(&peer) has come:  peer_tick(&peer, now);
 *
 * Everything here is called by one caller at a time, and no function is entered again while one of
 * the same peer runs but from within its callbacks, as those say. Each call does a bounded amount of
 * work, PEER_WORK_BYTES of a frame or SERVER_BATCH accesses at most, or one block of SHA-256; the
 * rest waits for peer_work(). A frame that was handed over stays where it is, unchanged, as long as
 * peer_has_frame(): only then may the next one come.
 *
 * A session is found to be dead when nothing authentic has been heard for timing.lost ticks, when the
 * peer says goodbye, or when it proves that it knows nothing of it, having been restarted.
 */
#ifndef NET_REMOTE_PEER_H
#define NET_REMOTE_PEER_H

#include "net/remote/client.h"
#include "net/remote/link.h"
#include "net/remote/server.h"
#include "net/remote/session.h"

/** Bytes of a frame that one call authenticates. Shorter frames are dealt with at once. */
#define PEER_WORK_BYTES 128u

struct peer_ops {
	/**
	 * Sends @p length bytes at @p frame to the peer. The frame is aligned to 4; it must not be
	 * changed, but REMOTE_HEADROOM bytes in front of it may be, and are void - as the frame is -
	 * after the call. A frame that cannot be sent is lost, that is all.
	 */
	void (*transmit)(struct peer *peer, uint8_t *frame, uint32_t length);
	/** Unpredictable bytes, which were never given before, in this start or another: 16 for each session. */
	void (*random)(struct peer *peer, void *to, uint32_t length);
	/** A session began, or ended: peer->session.is_up, peer->session.end. May be NULL. */
	void (*changed)(struct peer *peer);
	/** There is room again, after a REMOTE_BUSY. May be NULL. */
	void (*ready)(struct peer *peer);
};

/** All in ticks, none 0. */
struct peer_timing {
	uint32_t resend_first; /* before anything was measured; then it is twice the round trip */
	uint32_t resend_min, resend_max;
	uint32_t gather;     /* how long a posted write may wait for others */
	uint32_t keep_alive; /* silence after which the other one is asked whether it is there */
	uint32_t lost;       /* silence after which it is not */
	uint32_t hello_min, hello_max; /* between two attempts to begin a session */
};

/** What is usual, for a clock of that many ticks a second. */
#define PEER_TIMING(hz)                                                                         \
	{                                                                                       \
		.resend_first = (hz) / 50u, .resend_min = (hz) / 200u, .resend_max = (hz) / 5u, \
		.gather = (hz) / 2000u, .keep_alive = (hz), .lost = 3u * (hz),                  \
		.hello_min = (hz) / 10u, .hello_max = 2u * (hz),                                \
	}

struct peer_config {
	const char *name;
	void *owner;
	uint8_t own[REMOTE_ADDRESS_BYTES], other[REMOTE_ADDRESS_BYTES];
	const uint8_t *key; /* REMOTE_KEY_BYTES; NULL: insecure, anyone can pose as the peer */
	bool passive;       /* waits until the other one wants a session */
	struct peer_timing timing;
	const struct peer_ops *ops;
	const struct server_window *const *windows; /* served to this peer */
	unsigned window_count;
};

struct peer_counters {
	uint32_t in, out; /* frames */
	/* Discarded without effect. */
	uint32_t malformed, foreign, forged, replayed, unexpected, limited;
	uint32_t duplicates; /* requests that had been executed: answered from the cache */
	uint32_t early;      /* requests that had to wait for one before them */
	uint32_t resent;
	uint32_t sessions, lost;
	uint32_t requests, replies;             /* frames of them made here */
	uint32_t accesses, refused, bus_errors; /* by the server half */
	uint32_t posted_failures, late_answers; /* by the client half */
};

struct peer {
	const struct peer_config *config; /* the caller's, for good */
	void *owner;
	uint64_t due; /* nothing is earlier; 0: look */
	struct peer_counters counters;
	struct session session;
	struct link link;
	struct client_half client;
	struct server_half server;
};

/** Something is to be done at @p when. */
static inline void peer_is_due(struct peer *peer, uint64_t when)
{
	if (when < peer->due)
		peer->due = when;
}

void peer_init(struct peer *peer, const struct peer_config *config);
void peer_start(struct peer *peer, uint64_t now);
void peer_stop(struct peer *peer, uint64_t now);
void peer_receive(struct peer *peer, const uint8_t *frame, uint32_t length, uint64_t now);
void peer_work(struct peer *peer, uint64_t now);
uint64_t peer_tick(struct peer *peer, uint64_t now);
bool peer_is_brief(const uint8_t *frame, uint32_t length);
bool peer_has_work(const struct peer *peer);
bool peer_has_frame(const struct peer *peer);
uint64_t peer_find_deadline(struct peer *peer);
uint64_t peer_deadline(const struct peer *peer);

#endif
