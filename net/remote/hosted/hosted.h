/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PC as one board: peers over one wire. hosted_run() is its main loop; what the peers serve and use
 * is in their configurations.
 */
#ifndef NET_REMOTE_HOSTED_HOSTED_H
#define NET_REMOTE_HOSTED_HOSTED_H

#include "net/remote/hosted/wire.h"
#include "net/remote/peer.h"

#define HOSTED_PEERS 4u
#define HOSTED_HZ    1000000u /* ticks are microseconds */

struct hosted;

struct hosted_peer {
	struct peer peer;
	struct peer_config config;
	uint8_t key[REMOTE_KEY_BYTES];
	struct hosted *host;
};

struct hosted {
	struct wire wire;
	uint8_t address[REMOTE_ADDRESS_BYTES];
	bool with_snap; /* frames as plain IEEE 802.3, with a length, LLC and SNAP */
	struct hosted_peer peers[HOSTED_PEERS];
	unsigned peer_count;
	uint32_t others; /* frames that were for nobody here */
	uint32_t lost;   /* that the wire did not take */
	/* A frame that has come: its payload begins at a multiple of four in any form. */
	uint32_t in[(4u + WIRE_FRAME_MAX) / 4u + 2u];
};

extern const struct peer_ops hosted_ops;

uint64_t hosted_now(void);
bool hosted_add(struct hosted *host, const struct peer_config *config, const uint8_t *key);
void hosted_start(struct hosted *host);
bool hosted_turn(struct hosted *host, uint64_t until);

#endif
