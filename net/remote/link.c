// SPDX-License-Identifier: Apache-2.0
#include "net/remote/link.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/copy.h"

/** A round trip in the estimate's unit, and its deviation's. */
#define ROUND_TRIP_SHIFT 3u
#define DEVIATION_SHIFT  2u
/** Where in PEER_WORK_BYTES a frame's blocks fit that is sent at once. */
#define AT_ONCE PEER_WORK_BYTES

/** No request, no reply: a session begins or ends. */
void link_reset(struct peer *peer)
{
	struct link *link = &peer->link;

	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		link->out[i].use = LINK_FREE;
		link->out[i].to_send = false;
		link->in[i].use = LINK_FREE;
		link->in[i].to_send = false;
	}
	link->oldest = 0;
	link->next = 0;
	link->expected = 0;
	link->round_trip = 0;
	link->deviation = 0;
	link->sending = NULL;
	link->received = NULL;
	link->queued = 0;
}

/** Whether another request may be begun now. */
bool link_has_room(const struct peer *peer)
{
	const struct link *link = &peer->link;

	return (uint16_t)(link->next - link->oldest) < LINK_SLOTS &&
	       peer->session.sent < SESSION_FRAMES_MAX;
}

/** A slot for a request, with the next number, or NULL: all that there may be are under way. */
struct link_slot *link_open(struct peer *peer)
{
	struct link *link = &peer->link;
	struct link_slot *slot;

	if (!link_has_room(peer))
		return NULL;
	slot = &link->out[link->next % LINK_SLOTS];
	slot->use = LINK_OPEN;
	slot->number = link->next++;
	slot->length = 0;
	slot->is_resent = false;
	return slot;
}

/** How long a request waits for its reply. */
static uint32_t patience(const struct peer *peer)
{
	const struct link *link = &peer->link;
	const struct peer_timing *timing = &peer->config->timing;
	uint32_t wait;

	if (!link->round_trip)
		return timing->resend_first;
	wait = 2u * (link->round_trip >> ROUND_TRIP_SHIFT) + link->deviation;
	if (wait < timing->resend_min)
		return timing->resend_min;
	return wait < timing->resend_max ? wait : timing->resend_max;
}

/** RFC 6298, with shifts. */
static void measure(struct link *link, uint32_t took)
{
	uint32_t is, error;

	if (!link->round_trip) {
		link->round_trip = (took << ROUND_TRIP_SHIFT) | 1u;
		link->deviation = took << (DEVIATION_SHIFT - 1u);
		return;
	}
	is = link->round_trip >> ROUND_TRIP_SHIFT;
	error = took > is ? took - is : is - took;
	link->round_trip = (link->round_trip - is + took) | 1u;
	link->deviation += error - (link->deviation >> DEVIATION_SHIFT);
}

static void put_head(struct peer *peer, struct link_slot *slot)
{
	const struct frame_head head = {
		.type = slot->use == LINK_SENT ? FRAME_REQUEST : FRAME_REPLY,
		.length = slot->length,
		.number = slot->number,
		.session = peer->session.id,
		.counter = ++peer->session.sent,
	};

	frame_put_head(slot->frame.bytes, &head);
}

/** Puts its tag behind a frame, and sends it. */
static void finish(struct peer *peer, struct link_slot *slot, struct mac_tag tag)
{
	uint8_t *bytes = slot->frame.bytes;
	const uint32_t length = FRAME_HEAD + slot->length;

	frame_put(bytes + length, tag.low);
	frame_put(bytes + length + 4, tag.high);
	peer->counters.out++;
	peer->config->ops->transmit(peer, bytes, length + MAC_TAG_BYTES);
}

/** Where the last block of @p length bytes begins. */
static uint32_t last_block(uint32_t length)
{
	return (length - 1u) / MAC_BLOCK * MAC_BLOCK;
}

/** A slot's frame is sent by and by: link_work(). */
static void queue(struct link *link, struct link_slot *slot)
{
	if (slot->to_send || link->sending == slot)
		return;
	slot->to_send = true;
	link->queued++;
}

/** Sends a slot's frame: at once if it is short and nothing waits, else by and by. */
static void transmit(struct peer *peer, struct link_slot *slot)
{
	struct link *link = &peer->link;
	const uint32_t length = FRAME_HEAD + slot->length;

	if (length > AT_ONCE || link->queued || link->sending) {
		queue(link, slot);
		return;
	}
	put_head(peer, slot);
	finish(peer, slot, mac_words(&peer->session.out, slot->frame.bytes, length));
}

/** A slot has another use from now on: what it held is not sent any more. */
static void forget(struct link *link, struct link_slot *slot)
{
	if (slot->to_send) {
		slot->to_send = false;
		link->queued--;
	}
	if (link->sending == slot)
		link->sending = NULL;
}

/** A request that is complete. */
void link_send(struct peer *peer, struct link_slot *slot, uint64_t now)
{
	slot->use = LINK_SENT;
	slot->wait = patience(peer);
	slot->sent_at = now;
	slot->resend_at = now + slot->wait;
	peer_is_due(peer, slot->resend_at);
	peer->counters.requests++;
	transmit(peer, slot);
}

/** The slot whose turn it is to be sent: replies first, and requests in their order. */
static struct link_slot *first_queued(struct link *link)
{
	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		struct link_slot *slot = &link->in[(link->expected + i) % LINK_SLOTS];

		if (slot->to_send)
			return slot;
	}
	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		struct link_slot *slot = &link->out[(link->oldest + i) % LINK_SLOTS];

		if (slot->to_send)
			return slot;
	}
	return NULL;
}

/** Authenticates PEER_WORK_BYTES of a long frame; or sends it, when that was all. */
void link_work(struct peer *peer, uint64_t now)
{
	struct link *link = &peer->link;
	struct link_slot *slot = link->sending;
	uint32_t last, bytes;

	if (!slot) {
		slot = first_queued(link);
		if (!slot)
			return;
		slot->to_send = false;
		link->queued--;
		link->sending = slot;
		link->sent = 0;
		put_head(peer, slot);
		mac_begin(&link->mac_out, &peer->session.out);
	}
	last = last_block(FRAME_HEAD + slot->length);
	bytes = last - link->sent < PEER_WORK_BYTES ? last - link->sent : PEER_WORK_BYTES;
	if (bytes) {
		mac_blocks(&link->mac_out, slot->frame.bytes + link->sent, bytes / MAC_BLOCK);
		link->sent += bytes;
		return;
	}
	link->sending = NULL;
	finish(peer, slot,
	       mac_end(&link->mac_out, &peer->session.out, slot->frame.bytes + last,
		       FRAME_HEAD + slot->length - last));
	if (slot->use == LINK_SENT && !slot->is_resent) {
		slot->sent_at = now;
		slot->resend_at = now + slot->wait;
	}
}

/** A request of the other one that is authentic. */
void link_request(struct peer *peer, const struct frame_head *head, const uint8_t *payload)
{
	struct link *link = &peer->link;
	struct link_slot *slot = &link->in[head->number % LINK_SLOTS];
	const uint16_t ahead = (uint16_t)(head->number - link->expected);

	if (ahead == 0 && !peer->server.is_busy) {
		forget(link, slot);
		slot->use = LINK_SERVED;
		slot->number = head->number;
		server_serve(peer, payload, head->length);
	} else if (ahead > 0 && ahead < LINK_SLOTS) {
		if (slot->use == LINK_EARLY)
			return;
		peer->counters.early++;
		forget(link, slot);
		slot->use = LINK_EARLY;
		slot->number = head->number;
		slot->length = head->length;
		copy_bytes(slot->frame.bytes + FRAME_HEAD, payload, head->length);
	} else if (slot->use == LINK_REPLIED && slot->number == head->number) {
		peer->counters.duplicates++;
		transmit(peer, slot);
	} else {
		peer->counters.unexpected++;
	}
}

/** The reply to the request that was expected has @p length bytes. The next one may be here already. */
void link_replied(struct peer *peer, uint32_t length)
{
	struct link *link = &peer->link;
	struct link_slot *slot = &link->in[link->expected % LINK_SLOTS];

	slot->use = LINK_REPLIED;
	slot->length = (uint16_t)length;
	peer->counters.replies++;
	transmit(peer, slot);

	link->expected++;
	slot = &link->in[link->expected % LINK_SLOTS];
	if (slot->use == LINK_EARLY && slot->number == link->expected) {
		uint8_t *copy = peer->server.scratch.bytes;

		copy_bytes(copy, slot->frame.bytes + FRAME_HEAD, slot->length);
		slot->use = LINK_SERVED;
		server_serve(peer, copy, slot->length);
	}
}

/** A reply that is authentic. */
void link_reply(struct peer *peer, const struct frame_head *head, const uint8_t *payload,
		uint64_t now)
{
	struct link *link = &peer->link;
	const unsigned n = head->number % LINK_SLOTS;
	struct link_slot *slot = &link->out[n];

	if (slot->use != LINK_SENT || slot->number != head->number) {
		peer->counters.unexpected++;
		return;
	}
	if (!slot->is_resent)
		measure(link, (uint32_t)(now - slot->sent_at));
	forget(link, slot);
	slot->use = LINK_FREE;
	while (link->oldest != link->next && link->out[link->oldest % LINK_SLOTS].use == LINK_FREE)
		link->oldest++;
	client_reply(peer, n, payload, head->length);
	if (peer->session.is_up)
		client_room(peer, now);
	if (peer->session.sent >= SESSION_FRAMES_MAX)
		peer->due = 0;
}

/** What was not answered in time is sent again, one after the other. */
void link_tick(struct peer *peer, uint64_t now)
{
	struct link *link = &peer->link;

	for (uint16_t n = link->oldest; n != link->next; n++) {
		struct link_slot *slot = &link->out[n % LINK_SLOTS];

		if (slot->use != LINK_SENT || now < slot->resend_at)
			continue;
		if (2 * slot->wait < peer->config->timing.resend_max)
			slot->wait *= 2;
		else
			slot->wait = peer->config->timing.resend_max;
		slot->resend_at = now + slot->wait;
		slot->is_resent = true;
		peer->counters.resent++;
		queue(link, slot);
	}
}

uint64_t link_deadline(const struct peer *peer)
{
	const struct link *link = &peer->link;
	uint64_t when = REMOTE_NEVER;

	for (uint16_t n = link->oldest; n != link->next; n++) {
		const struct link_slot *slot = &link->out[n % LINK_SLOTS];

		if (slot->use == LINK_SENT && slot->resend_at < when)
			when = slot->resend_at;
	}
	return when;
}
