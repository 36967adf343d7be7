/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/cache.h"

#include <stdlib.h>
#include <string.h>

#define WAY_SHIFT 30u /* a set/way operation names the way in bits 31:30 (TRM, 4.5) */

/** An empty cache of @p kib KiB; false if there is no memory for it. */
bool cache_init(struct cache *cache, unsigned kib)
{
	const unsigned lines = kib * 1024 / MODEL_LINE;

	*cache = (struct cache){ .sets = lines / CACHE_WAYS, .lfsr = 0xace1 };
	cache->tags = calloc(lines, sizeof(*cache->tags));
	cache->lines = calloc(lines, sizeof(*cache->lines));
	cache->next = calloc(cache->sets, 1);
	return cache->tags && cache->lines && cache->next;
}

void cache_fini(struct cache *cache)
{
	free(cache->tags);
	free(cache->lines);
	free(cache->next);
}

/** The TRM does not say which pseudo-random sequence: 16 bits, maximal length. */
static unsigned random_way(struct cache *cache)
{
	cache->lfsr = cache->lfsr >> 1 ^ (cache->lfsr & 1 ? 0xb400u : 0);
	return cache->lfsr % CACHE_WAYS;
}

/**
 * The line that a fill for @p mva replaces: an invalid one if the set has one, else the one the RR
 * bit selects among the ways that are not locked; NULL if all are. The caller writes it back.
 */
struct cache_line *cache_victim(struct cache *cache, uint32_t mva)
{
	const unsigned set = (mva / MODEL_LINE) & (cache->sets - 1);
	struct cache_line *const lines = &cache->lines[set * CACHE_WAYS];
	unsigned way;

	if ((cache->locked & 0xf) == 0xf)
		return NULL;
	for (way = 0; way < CACHE_WAYS; way++)
		if (!(cache->locked >> way & 1) && !cache->tags[set * CACHE_WAYS + way])
			return &lines[way];
	do {
		if (cache->round_robin) {
			way = cache->next[set];
			cache->next[set] = (uint8_t)((way + 1) % CACHE_WAYS);
		} else {
			way = random_way(cache);
		}
	} while (cache->locked >> way & 1);
	return &lines[way];
}

/** @p line, a victim for @p mva, becomes the valid and clean line of @p mva. */
void cache_place(struct cache *cache, struct cache_line *line, uint32_t mva)
{
	cache->tags[line - cache->lines] = (mva & ~(MODEL_LINE - 1)) | CACHE_TAG_VALID;
	line->dirty = 0;
}

void cache_drop(struct cache *cache, struct cache_line *line)
{
	cache->tags[line - cache->lines] = 0;
	line->dirty = 0;
}

/** Invalidate all of a cache without dirty lines. */
void cache_drop_all(struct cache *cache)
{
	memset(cache->tags, 0, cache_line_count(cache) * sizeof(*cache->tags));
}

/** The valid line that a set/way operation with @p value names, or NULL (TRM, 4.5). */
struct cache_line *cache_at_set_way(const struct cache *cache, uint32_t value)
{
	const unsigned set = (value / MODEL_LINE) & (cache->sets - 1);
	struct cache_line *line = &cache->lines[set * CACHE_WAYS + (value >> WAY_SHIFT)];

	return cache_is_valid(cache, line) ? line : NULL;
}
