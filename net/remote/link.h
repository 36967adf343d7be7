/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once and in order: requests in numbered frames, at most LINK_SLOTS of them unanswered, each
 * sent again until its reply has come; and for requests of the other one, a cache with the last
 * LINK_SLOTS replies, for those that come again.
 */
#ifndef NET_REMOTE_LINK_H
#define NET_REMOTE_LINK_H

#include "net/remote/frame.h"
#include "net/remote/mac.h"
#include "net/remote/remote.h"

#define LINK_SLOTS 4u /* a power of two */

/** A frame, with room for the headers of the network in front. */
struct link_frame {
	uint32_t headroom[REMOTE_HEADROOM / 4u];
	uint8_t bytes[REMOTE_FRAME_MAX] __attribute__((aligned(4)));
};

enum link_use {
	LINK_FREE,
	LINK_OPEN,    /* a request being gathered */
	LINK_SENT,    /* a request that waits for its reply */
	LINK_EARLY,   /* a request of the other one that waits for those before it */
	LINK_SERVED,  /* a reply in the making */
	LINK_REPLIED, /* a reply, to be sent again */
};

/** One of the requests of here, or one of the other one's with its reply. */
struct link_slot {
	uint8_t use;
	bool is_resent; /* more than once: its time says nothing of the round trip */
	bool to_send;   /* peer_work() is to do it */
	uint16_t number;
	uint16_t length; /* of the payload */
	uint32_t wait;   /* ticks until it is sent again */
	uint64_t sent_at, resend_at;
	struct link_frame frame;
};

struct link {
	/* Requests of here: those from `oldest` up to `next` are numbered, and sent or being made. */
	uint16_t oldest, next;
	struct link_slot out[LINK_SLOTS];
	uint32_t round_trip; /* smoothed, times 8; 0: not measured yet */
	uint32_t deviation;  /* times 4 */

	/* Requests of the other one. */
	uint16_t expected;
	struct link_slot in[LINK_SLOTS];

	/* Frames on their way through the MAC, in pieces. */
	struct mac_state mac_out, mac_in;
	struct link_slot *sending;
	uint32_t sent;  /* bytes done of it */
	uint8_t queued; /* slots with to_send */
	const uint8_t *received;
	struct frame_head head; /* its */
	uint32_t checked;       /* bytes done of it */
};

struct peer;

void link_reset(struct peer *peer);
struct link_slot *link_open(struct peer *peer);
void link_send(struct peer *peer, struct link_slot *slot, uint64_t now);
void link_work(struct peer *peer, uint64_t now);
void link_request(struct peer *peer, const struct frame_head *head, const uint8_t *payload);
void link_replied(struct peer *peer, uint32_t length);
void link_reply(struct peer *peer, const struct frame_head *head, const uint8_t *payload,
		uint64_t now);
void link_tick(struct peer *peer, uint64_t now);
uint64_t link_deadline(const struct peer *peer);
bool link_has_room(const struct peer *peer);

#endif
