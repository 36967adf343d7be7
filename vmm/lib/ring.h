/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of bytes: first in, first out. Its memory is the owner's, a power of two; positions run on
 * for ever and are cut to the size where a byte is touched, so nothing here can leave the memory.
 */
#ifndef VMM_LIB_RING_H
#define VMM_LIB_RING_H

#include "vmm/lib/string.h"

#include <stdbool.h>
#include <stdint.h>

struct ring {
	uint8_t *bytes;
	uint32_t size; /* a power of two; 0: holds nothing */
	uint32_t read, written;
};

static inline uint32_t ring_count(const struct ring *ring)
{
	return ring->written - ring->read;
}

static inline uint32_t ring_room(const struct ring *ring)
{
	return ring->size - ring_count(ring);
}

/** Only if there is room. */
static inline void ring_put(struct ring *ring, uint8_t byte)
{
	ring->bytes[ring->written++ & (ring->size - 1u)] = byte;
}

/** The oldest byte, which stays. Only if there is one. */
static inline uint8_t ring_first(const struct ring *ring)
{
	return ring->bytes[ring->read & (ring->size - 1u)];
}

/** The oldest byte. Only if there is one. */
static inline uint8_t ring_get(struct ring *ring)
{
	return ring->bytes[ring->read++ & (ring->size - 1u)];
}

/** The oldest byte makes room if there is none: returns whether it was lost. */
static inline bool ring_put_over(struct ring *ring, uint8_t byte)
{
	const bool full = ring_room(ring) == 0;

	if (full)
		ring->read++;
	ring_put(ring, byte);
	return full;
}

/** Several, at most the size; the oldest make room. Only into a ring that has a size. */
static inline void ring_write_over(struct ring *ring, const char *bytes, uint32_t count)
{
	const uint32_t at = ring->written & (ring->size - 1u);
	const uint32_t first = count < ring->size - at ? count : ring->size - at;

	memcpy(&ring->bytes[at], bytes, first);
	memcpy(ring->bytes, bytes + first, count - first);
	ring->written += count;
	if (ring_count(ring) > ring->size)
		ring->read = ring->written - ring->size;
}

/** Copies the @p count oldest bytes, which stay. Only if there are so many. */
static inline void ring_read(const struct ring *ring, uint8_t *to, uint32_t count)
{
	const uint32_t at = ring->read & (ring->size - 1u);
	const uint32_t first = count < ring->size - at ? count : ring->size - at;

	memcpy(to, &ring->bytes[at], first);
	memcpy(to + first, ring->bytes, count - first);
}

static inline void ring_clear(struct ring *ring)
{
	ring->read = ring->written;
}

#endif
