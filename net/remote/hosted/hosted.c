// SPDX-License-Identifier: Apache-2.0
#include "net/remote/hosted/hosted.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define ETHERNET_HEAD 14u
#define SNAP_HEAD     (ETHERNET_HEAD + 8u)

/* LLC: destination and source are SNAP, unnumbered information; SNAP: no organization. */
static const uint8_t snap[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };

_Static_assert(REMOTE_HEADROOM >= SNAP_HEAD, "room for the headers");
_Static_assert(REMOTE_FRAME_MAX + SNAP_HEAD <= WIRE_FRAME_MAX, "fits into a frame");

/** Microseconds since some time. */
uint64_t hosted_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * HOSTED_HZ + (uint64_t)now.tv_nsec / 1000u;
}

static void put_be16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void transmit(struct peer *peer, uint8_t *frame, uint32_t length)
{
	struct hosted *const host = peer->owner;
	const uint32_t head = host->with_snap ? SNAP_HEAD : ETHERNET_HEAD;
	uint8_t *const start = frame - head;

	memcpy(start, peer->config->other, REMOTE_ADDRESS_BYTES);
	memcpy(start + 6, peer->config->own, REMOTE_ADDRESS_BYTES);
	if (host->with_snap) {
		put_be16(start + 12, length + sizeof(snap) + 2u);
		memcpy(start + ETHERNET_HEAD, snap, sizeof(snap));
	}
	put_be16(frame - 2, REMOTE_ETHERTYPE);
	if (!wire_send(&host->wire, start, head + length))
		host->lost++;
}

static void random_bytes(struct peer *peer, void *to, uint32_t length)
{
	/* Of 256 bytes or fewer it gives all, once there are any. */
	if (getrandom(to, length, 0) != (ssize_t)length)
		abort();
}

const struct peer_ops hosted_ops = { .transmit = transmit, .random = random_bytes };

/** Adds a peer, with @p key or NULL; the rest as in @p config. */
bool hosted_add(struct hosted *host, const struct peer_config *config, const uint8_t *key)
{
	struct hosted_peer *const one = &host->peers[host->peer_count];

	if (host->peer_count == HOSTED_PEERS)
		return false;
	host->peer_count++;
	one->host = host;
	one->config = *config;
	one->config.owner = host;
	memcpy(one->config.own, host->address, REMOTE_ADDRESS_BYTES);
	if (key) {
		memcpy(one->key, key, REMOTE_KEY_BYTES);
		one->config.key = one->key;
	}
	if (!one->config.ops)
		one->config.ops = &hosted_ops;
	peer_init(&one->peer, &one->config);
	return true;
}

void hosted_start(struct hosted *host)
{
	for (unsigned n = 0; n < host->peer_count; n++)
		peer_start(&host->peers[n].peer, hosted_now());
}

static void work(struct hosted *host)
{
	for (unsigned n = 0; n < host->peer_count; n++)
		while (peer_has_work(&host->peers[n].peer))
			peer_work(&host->peers[n].peer, hosted_now());
}

/** Takes the next frame, if one of the peers has sent it to us; false when there is none. -1: the end. */
static int take_frame(struct hosted *host)
{
	uint8_t *frame = (uint8_t *)host->in + 2;
	uint32_t head = ETHERNET_HEAD;
	int length = wire_receive(&host->wire, frame);

	if (length <= 0)
		return length;
	if ((uint32_t)length >= SNAP_HEAD && frame[12] < 6 &&
	    memcmp(frame + ETHERNET_HEAD, snap, sizeof(snap)) == 0)
		head = SNAP_HEAD;
	if (memcmp(frame, host->address, REMOTE_ADDRESS_BYTES) == 0 &&
	    frame[head - 2] == REMOTE_ETHERTYPE >> 8 &&
	    frame[head - 1] == (REMOTE_ETHERTYPE & 0xffu)) {
		for (unsigned n = 0; n < host->peer_count; n++) {
			struct peer *const peer = &host->peers[n].peer;

			if (memcmp(frame + 6, peer->config->other, REMOTE_ADDRESS_BYTES) != 0)
				continue;
			peer_receive(peer, frame + head, (uint32_t)length - head, hosted_now());
			return 1;
		}
	}
	host->others++;
	return 1;
}

static int wait_ms(struct hosted *host, uint64_t until)
{
	const uint64_t now = hosted_now();

	for (unsigned n = 0; n < host->peer_count; n++) {
		const uint64_t deadline = peer_deadline(&host->peers[n].peer);

		if (deadline < until)
			until = deadline;
	}
	if (until == UINT64_MAX)
		return -1;
	return until <= now
		       ? 0
		       : (int)((until - now) / 1000u > 60000 ? 60000 : (until - now + 999) / 1000);
}

/**
 * One turn of the main loop: waits until there is something to do, @p until at the latest, and does
 * it. False: the wire has ended.
 */
bool hosted_turn(struct hosted *host, uint64_t until)
{
	struct pollfd events = { .fd = host->wire.fd, .events = POLLIN };
	int taken;

	work(host);
	if (poll(&events, 1, wait_ms(host, until)) < 0 && errno != EINTR)
		return false;
	/* Frames of a flood are many; the timers have their turn in between. */
	for (unsigned n = 0; n < 64; n++) {
		taken = take_frame(host);
		if (taken < 0)
			return false;
		if (taken == 0)
			break;
		work(host);
	}
	for (unsigned n = 0; n < host->peer_count; n++) {
		struct peer *const peer = &host->peers[n].peer;
		const uint64_t now = hosted_now();

		if (peer_deadline(peer) <= now)
			(void)peer_tick(peer, now);
	}
	work(host);
	return true;
}
