/* SPDX-License-Identifier: Apache-2.0 */
/* The VMM's copy_bytes() and clear_bytes(), arch/arm/copy.S: pure functions in assembly, tried on the CPU
 * they are for. */
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#include "vmm/lib/copy.h"

#define AREA 2560u
#define LONG 2048u

static uint32_t from_words[AREA / 4], to_words[AREA / 4];
static uint8_t *const from = (uint8_t *)from_words;
static uint8_t *const to = (uint8_t *)to_words;

static uint8_t byte_at(uint32_t n)
{
	return (uint8_t)(n * 7 + (n >> 8) * 13 + 1);
}

/** One copy; what is around the target must stay. */
static bool is_good(uint32_t to_at, uint32_t from_at, uint32_t length)
{
	memset(to, 0xee, AREA);
	copy_bytes(to + to_at, from + from_at, length);
	for (uint32_t n = 0; n < AREA; n++) {
		const bool is_inside = n >= to_at && n < to_at + length;

		if (to[n] != (is_inside ? byte_at(n - to_at + from_at) : 0xee))
			return false;
	}
	return true;
}

static unsigned good_copies(uint32_t length)
{
	unsigned good = 0;

	for (uint32_t to_at = 32; to_at < 36; to_at++)
		for (uint32_t from_at = 32; from_at < 36; from_at++)
			good += is_good(to_at, from_at, length);
	return good;
}

GUEST_TEST(copies_of_every_alignment_and_of_lengths_about_a_block)
{
	for (uint32_t n = 0; n < AREA; n++)
		from[n] = byte_at(n);
	for (uint32_t length = 0; length < 170; length++)
		EXPECT_EQ(16u, good_copies(length));
}

GUEST_TEST(clears_of_every_alignment_and_of_lengths_about_blocks)
{
	for (uint32_t at = 32; at < 36; at++) {
		for (uint32_t length = 0; length < 400; length++) {
			unsigned wrong = 0;

			memset(to, 0xee, AREA);
			clear_bytes(to + at, length);
			for (uint32_t n = 0; n < AREA; n++)
				wrong += to[n] != (n >= at && n < at + length ? 0 : 0xee);
			EXPECT_EQ(0u, wrong);
		}
	}
}

GUEST_TEST(copies_of_long_pieces)
{
	for (uint32_t length = LONG - 40; length <= LONG; length += 3)
		EXPECT_EQ(16u, good_copies(length));
}
