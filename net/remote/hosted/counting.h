/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that counts: it notices every access that is missing, that came twice, or at another place
 * among the others. And a block of memory beside it. Both are windows for the server half of a peer
 * (net/remote/server.h), for tests and for a PC that stands in for a board.
 *
 * Registers, of 32 bits; those with * may be used with 1 and 2 bytes, too. Each access counts, also
 * one that has no other effect; a read counts itself.
 *
 *	0x00  COUNT     r   accesses since the last reset
 *	0x04  DIGEST    r   of everything that came, in this order: offset, width, direction, value
 *	0x08  GAPS      r   writes to SEQUENCE that were not the number after the one before
 *	0x0c  SEQUENCE  rw* a number
 *	0x10  FIFO      rw  written words are read in the same order; empty: zero
 *	0x14  LEVEL     rw  bit 0 is the interrupt line
 *	0x18  ERROR     rw  answers with a bus error
 *	0x1c  RESET     w   everything as at the beginning
 */
#ifndef NET_REMOTE_HOSTED_COUNTING_H
#define NET_REMOTE_HOSTED_COUNTING_H

#include "net/remote/server.h"

#define COUNTING_COUNT    0x00u
#define COUNTING_DIGEST   0x04u
#define COUNTING_GAPS     0x08u
#define COUNTING_SEQUENCE 0x0cu
#define COUNTING_FIFO     0x10u
#define COUNTING_LEVEL    0x14u
#define COUNTING_ERROR    0x18u
#define COUNTING_RESET    0x1cu
#define COUNTING_SIZE     0x20u

#define COUNTING_NAME "counting"
#define MEMORY_NAME   "memory"
#define MEMORY_BYTES  65536u

#define COUNTING_FIFO_WORDS 1024u

struct counting {
	uint32_t count, digest, gaps, sequence, level;
	uint32_t fifo[COUNTING_FIFO_WORDS], fifo_first, fifo_length;
	bool is_masked;
	/** Called when the line has become high and may interrupt. May be NULL. */
	void (*interrupt)(struct counting *device);
	struct server_window window;
};

struct hosted_memory {
	uint32_t word[MEMORY_BYTES / 4u];
	struct server_window window;
};

void counting_init(struct counting *device, void (*interrupt)(struct counting *device));
uint32_t counting_digest(uint32_t digest, uint32_t offset, unsigned width, bool is_write,
			 uint32_t value);
void hosted_memory_init(struct hosted_memory *memory);

#endif
