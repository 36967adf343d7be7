// SPDX-License-Identifier: Apache-2.0
#include "vmm/entropy.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/string.h"

#define POOL_WORDS 16u

/** The first byte of what is hashed: one for each purpose. */
enum purpose { OUTPUT = 1, NEXT_KEY = 2, SEED = 3 };

/** Samples, one on top of the other; all of it is hashed when it is used. */
static struct {
	uint32_t word[POOL_WORDS];
	uint32_t samples;
} pool;

/**
 * Takes the moment of an interrupt. What is uncertain are the low bits of it; each word turns, so
 * that they do not always meet the same bits of samples before.
 */
void entropy_add(uint32_t sample)
{
	uint32_t *word = &pool.word[pool.samples++ % POOL_WORDS];

	*word = ror32(*word, 7) ^ sample;
}

static void put_le32(uint8_t *at, uint32_t value)
{
	for (unsigned n = 0; n < 4; n++)
		at[n] = (uint8_t)(value >> (8 * n));
}

static void seed(struct entropy_source *source)
{
	uint8_t text[1 + SHA256_BYTES + 4 + 4 * POOL_WORDS + 4] = { SEED };
	uint8_t *at = text + 1;

	memcpy(at, source->key, SHA256_BYTES);
	at += SHA256_BYTES;
	put_le32(at, source->number);
	for (unsigned n = 0; n < POOL_WORDS; n++)
		put_le32(at += 4, pool.word[n]);
	put_le32(at += 4, pool.samples);
	source->samples = pool.samples;
	source->is_seeded = true;
	sha256(text, sizeof(text), source->key);
	memset(text, 0, sizeof(text));
}

/** Gives up to 32 bytes, with preempt points: only the VM whose source this is may call. */
static void fill(void *of, void *to, uint32_t length)
{
	struct entropy_source *source = of;
	uint8_t text[1 + SHA256_BYTES];
	uint8_t block[SHA256_BYTES];

	CHECK(length <= sizeof(block));
	if (!source->is_seeded || pool.samples - source->samples >= ENTROPY_RESEED)
		seed(source);
	memcpy(text + 1, source->key, SHA256_BYTES);
	text[0] = OUTPUT;
	sha256(text, sizeof(text), block);
	text[0] = NEXT_KEY;
	sha256(text, sizeof(text), source->key);

	memcpy(to, block, length);
	memset(block, 0, sizeof(block));
	memset(text, 0, sizeof(text));
}

/** What is given next depends on all samples so far, as few as they may be. */
void entropy_refresh(struct entropy_source *source)
{
	source->is_seeded = false;
}

/**
 * Prepares the source of a VM. It is seeded when it is first used, which is late: interrupts have
 * come by then. A VM that is reset keeps the source it had.
 */
void entropy_source_init(struct entropy_source *source, uint32_t number)
{
	*source = (struct entropy_source){
		.backend = { .fill = fill, .source = source },
		.number = number,
	};
}
