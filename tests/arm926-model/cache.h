/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cache of an ARM926EJ-S: virtually indexed and tagged lines with data, four ways (TRM, 4.1).
 * Where a line comes from and where it goes to is the caller's: `cache_find` on each access,
 * `cache_victim` and `cache_place` on a miss, `cache_drop` for what an operation invalidates.
 */
#ifndef TESTS_ARM926_MODEL_CACHE_H
#define TESTS_ARM926_MODEL_CACHE_H

#include "tests/arm926-model/memsys.h"

#include <stddef.h>

#define CACHE_WAYS      4u   /* TRM, 4.1 */
#define CACHE_MIN_KIB   4u   /* TRM, 4.1 */
#define CACHE_MAX_KIB   128u /* TRM, 4.1 */
#define CACHE_HALF      16u  /* bytes under one dirty bit: two of them per line (TRM, 4.1) */
#define CACHE_TAG_VALID 1u

struct cache_line {
	uint32_t off;       /* in RAM, of the line's first byte: the PA tag (TRM, 4.1) */
	uint32_t filled_pc; /* the instruction that missed */
	uint8_t dirty;      /* a bit per half */
	uint8_t data[MODEL_LINE];
};

struct cache {
	unsigned sets;
	uint32_t *tags; /* modified virtual address | CACHE_TAG_VALID, or 0; CACHE_WAYS per set */
	struct cache_line *lines;
	uint8_t *next;    /* per set: the way that round-robin replaces next */
	uint8_t locked;   /* L bits: ways without allocation (TRM, 2.3.10) */
	bool round_robin; /* RR bit of the control register (TRM, 2.3.2) */
	uint32_t lfsr;
};

/** The line that holds @p mva, or NULL. */
static inline struct cache_line *cache_find(const struct cache *cache, uint32_t mva)
{
	const unsigned first = ((mva / MODEL_LINE) & (cache->sets - 1)) * CACHE_WAYS;
	const uint32_t tag = (mva & ~(MODEL_LINE - 1)) | CACHE_TAG_VALID;

	for (unsigned way = 0; way < CACHE_WAYS; way++)
		if (cache->tags[first + way] == tag)
			return &cache->lines[first + way];
	return NULL;
}

static inline bool cache_is_valid(const struct cache *cache, const struct cache_line *line)
{
	return cache->tags[line - cache->lines] != 0;
}

/** The modified virtual address of a valid line. */
static inline uint32_t cache_line_mva(const struct cache *cache, const struct cache_line *line)
{
	return cache->tags[line - cache->lines] & ~CACHE_TAG_VALID;
}

static inline unsigned cache_line_count(const struct cache *cache)
{
	return cache->sets * CACHE_WAYS;
}

bool cache_init(struct cache *cache, unsigned kib);
void cache_fini(struct cache *cache);
struct cache_line *cache_victim(struct cache *cache, uint32_t mva);
void cache_place(struct cache *cache, struct cache_line *line, uint32_t mva);
void cache_drop(struct cache *cache, struct cache_line *line);
void cache_drop_all(struct cache *cache);
struct cache_line *cache_at_set_way(const struct cache *cache, uint32_t value);

#endif
