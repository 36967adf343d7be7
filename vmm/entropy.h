/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes for guests, on boards without a source of noise. What there is is the moment, in
 * ticks of a free-running counter, at which interrupts arrive that are not the counter's own:
 * entropy_add() takes it in a few instructions, from any context.
 *
 * Each device has a struct entropy_source of its own, so that no VM's bytes depend on what another one
 * was given, and preempt points between them do no harm. All state of a source is a key. SHA-256,
 * with a different first byte for each purpose, makes of it
 *
 *	output	 = SHA-256(1, key), as much of it as was asked for
 *	next key = SHA-256(2, key), after each output
 *	new key	 = SHA-256(3, key, number of the source, pool, samples so far)
 *
 * so outputs say nothing about the key or each other, and a key that becomes known says nothing
 * about outputs of the past (a key is replaced before anybody gets its bytes). A source is seeded
 * anew only when ENTROPY_RESEED samples have come since the last time: seeding with a few at a time
 * would let somebody who once knew the key guess them one by one. Who needs bytes that nobody has had before,
 * whoever may guess them, calls entropy_refresh() first.
 *
 * What this is worth: see docs/virtio.md.
 */
#ifndef VMM_ENTROPY_H
#define VMM_ENTROPY_H

#include "devemu/entropy.h"
#include "vmm/lib/sha256.h"

#include <stdbool.h>
#include <stdint.h>

#define ENTROPY_RESEED 64u

struct entropy_source {
	struct entropy_backend backend; /* what a virtio_rng gets */
	uint32_t number;                /* of VM and device: no other has it */
	uint32_t samples;               /* of the pool, when it was seeded */
	bool is_seeded;
	uint8_t key[SHA256_BYTES];
};

void entropy_add(uint32_t sample);
void entropy_refresh(struct entropy_source *source);
void entropy_source_init(struct entropy_source *source, uint32_t number);

#endif
