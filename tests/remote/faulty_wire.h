/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two peers on a bad wire, in simulated time: nothing waits, and a seed gives the same run anywhere.
 *
 *	wire_sim_init(&sim, seed);
 *	wire_sim_add(&sim, 0, &config, ...);	the first side, then side 1
 *	while (!done && wire_sim_step(&sim))
 *		;
 *
 * What a peer sends is a struct wire_frame that arrives, or not, later, twice, or changed. A test may
 * look at all of them and add its own: wire_sim_inject().
 */
#ifndef TESTS_REMOTE_FAULTY_WIRE_H
#define TESTS_REMOTE_FAULTY_WIRE_H

#include "net/remote/peer.h"

#define SIM_HZ 1000000u /* ticks are microseconds */

/** In 1/1000 of all frames, each by itself. */
struct wire_faults {
	unsigned drop, duplicate, reorder, delay, corrupt;
};

struct wire_frame {
	uint64_t at;
	uint64_t order;
	uint32_t length;
	unsigned to;
	bool is_forged;
	uint32_t bytes[REMOTE_FRAME_MAX / 4u + 8u]; /* without the headers of the network */
};

struct wire_sim_counts {
	unsigned sent, dropped, duplicated, reordered, delayed, corrupted, delivered, injected;
};

struct wire_sim;

struct wire_side {
	struct wire_sim *sim;
	unsigned number;
	struct peer_config config;
	struct peer peer;
	bool is_off;                   /* what is sent to it is lost */
	struct wire_sim_counts counts; /* of what it has sent */
};

#define WIRE_SIM_FRAMES 512u

struct wire_sim {
	uint64_t now;
	uint32_t random;
	struct wire_faults faults;
	struct wire_side side[2];
	struct wire_frame *flying[WIRE_SIM_FRAMES]; /* a heap: the next one to arrive is first */
	unsigned flying_count;
	uint64_t order;
	/** Sees each genuine frame as it is sent. May be NULL. */
	void (*look)(struct wire_sim *sim, unsigned from, const uint8_t *frame, uint32_t length);
};

void wire_sim_init(struct wire_sim *sim, uint32_t seed);
void wire_sim_add(struct wire_sim *sim, unsigned number, const struct peer_config *config);
void wire_sim_restart(struct wire_sim *sim, unsigned number);
void wire_sim_inject(struct wire_sim *sim, unsigned to, const void *frame, uint32_t length,
		     uint64_t after);
bool wire_sim_step(struct wire_sim *sim);
void wire_sim_end(struct wire_sim *sim);
unsigned wire_sim_chance(struct wire_sim *sim, unsigned below);

#endif
