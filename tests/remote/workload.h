/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses to the counting device of a peer, and to one of here at the same time: each read has to
 * bring what that one says, and at the end both have seen the same, in the same order. What is wrong
 * is said, and ends the program.
 */
#ifndef TESTS_REMOTE_WORKLOAD_H
#define TESTS_REMOTE_WORKLOAD_H

#include "net/remote/hosted/counting.h"
#include "net/remote/peer.h"

struct workload {
	struct client_window window; /* of the device; attach it */
	struct counting expected;
	/** Lets time pass until something happens; it is not to return before. */
	void (*step)(void *owner);
	uint64_t (*now)(void *owner);
	void *owner;
	uint32_t random;
	unsigned reads, writes, posted_failures;
};

void workload_init(struct workload *work, uint32_t seed);
void workload_wait_open(struct workload *work);
void workload_reset(struct workload *work);
void workload_run(struct workload *work, unsigned accesses, unsigned reads);
uint32_t workload_read(struct workload *work, uint32_t offset, unsigned width);

#endif
