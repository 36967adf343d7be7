/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The write buffer and the write-back buffer of an ARM926EJ-S (TRM, 4.2): what is in them is not in
 * memory. They are one queue here, so that writes reach memory in program order. The TRM does not
 * say when a write leaves by itself; here it leaves when it must: for room, or by a drain.
 */
#ifndef TESTS_ARM926_MODEL_WRITE_BUFFER_H
#define TESTS_ARM926_MODEL_WRITE_BUFFER_H

#include "tests/arm926-model/memsys.h"

#define WRITE_BUFFER_WORDS     16u /* TRM, 4.2 */
#define WRITE_BUFFER_ADDRESSES 4u  /* TRM, 4.2 */
#define WRITE_BACK_ADDRESSES   1u  /* of eight words (TRM, 4.2) */
#define WRITE_BUFFER_RING      8u  /* room for both; a power of 2 */

_Static_assert(WRITE_BUFFER_ADDRESSES + WRITE_BACK_ADDRESSES <= WRITE_BUFFER_RING, "too small");

struct write_entry {
	uint32_t line; /* offset in RAM of the line that the bytes are in */
	uint32_t mask; /* which of its bytes */
	uint32_t next; /* where a store would continue it */
	unsigned words;
	bool is_write_back;
	uint8_t data[MODEL_LINE];
};

struct write_buffer {
	uint8_t *memory;
	unsigned first, count;  /* a ring, oldest first */
	unsigned stores, words; /* entries of stores, and their words */
	struct write_entry entries[WRITE_BUFFER_RING];
};

void write_buffer_store(struct write_buffer *buffer, uint32_t off, unsigned size, const void *data);
void write_buffer_write_back(struct write_buffer *buffer, uint32_t line, uint32_t mask,
			     const uint8_t *data);
void write_buffer_drain(struct write_buffer *buffer);
bool write_buffer_has(const struct write_buffer *buffer, uint32_t line);
void write_buffer_overlay(const struct write_buffer *buffer, uint32_t line, uint8_t *data);
void write_buffer_set(struct write_buffer *buffer, uint32_t line, const uint8_t *data);

/** The bits of a line's byte mask for @p size bytes at @p off; at most to the end of the line. */
static inline uint32_t line_mask(uint32_t off, unsigned size)
{
	return (size < MODEL_LINE ? (1u << size) - 1 : ~0u) << (off % MODEL_LINE);
}

#endif
