// SPDX-License-Identifier: Apache-2.0
#include "net/remote/mac.h"
#include "net/remote/frame.h"

static inline uint32_t rotate(uint32_t value, unsigned by)
{
	return value << by | value >> (32u - by);
}

/* A round of Chaskey's permutation. On ARM the rotations are part of the other instructions. */
#define ROUND(v0, v1, v2, v3)             \
	do {                              \
		v0 += v1;                 \
		v1 = rotate(v1, 5) ^ v0;  \
		v0 = rotate(v0, 16);      \
		v2 += v3;                 \
		v3 = rotate(v3, 8) ^ v2;  \
		v0 += v3;                 \
		v3 = rotate(v3, 13) ^ v0; \
		v2 += v1;                 \
		v1 = rotate(v1, 7) ^ v2;  \
		v2 = rotate(v2, 16);      \
	} while (0)
#define FOUR_ROUNDS(v0, v1, v2, v3)    \
	do {                           \
		ROUND(v0, v1, v2, v3); \
		ROUND(v0, v1, v2, v3); \
		ROUND(v0, v1, v2, v3); \
		ROUND(v0, v1, v2, v3); \
	} while (0)

/** Takes in a block, and does the twelve rounds. */
static void absorb(struct mac_state *state, uint32_t m0, uint32_t m1, uint32_t m2, uint32_t m3)
{
	uint32_t v0 = state->v[0] ^ m0, v1 = state->v[1] ^ m1;
	uint32_t v2 = state->v[2] ^ m2, v3 = state->v[3] ^ m3;

	FOUR_ROUNDS(v0, v1, v2, v3);
	FOUR_ROUNDS(v0, v1, v2, v3);
	FOUR_ROUNDS(v0, v1, v2, v3);
	state->v[0] = v0;
	state->v[1] = v1;
	state->v[2] = v2;
	state->v[3] = v3;
}

/** Multiplication by x in GF(2^128), by the polynomial x^128 + x^7 + x^2 + x + 1. */
static void times_two(uint32_t to[4], const uint32_t from[4])
{
	const uint32_t carry = from[3] >> 31 ? 0x87u : 0;

	for (unsigned i = 3; i > 0; i--)
		to[i] = from[i] << 1 | from[i - 1] >> 31;
	to[0] = from[0] << 1 ^ carry;
}

/** Bytes at any alignment. */
static uint32_t get(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void mac_key_init(struct mac_key *key, const uint8_t secret[MAC_KEY_BYTES])
{
	for (unsigned i = 0; i < 4; i++)
		key->start[i] = get(secret + 4 * i);
	times_two(key->whole, key->start);
	times_two(key->cut, key->whole);
}

/** All messages under this key begin with this block, from now on; it is not handed over again. */
void mac_key_prefix(struct mac_key *key, const uint8_t block[MAC_BLOCK])
{
	struct mac_state state;

	mac_begin(&state, key);
	absorb(&state, get(block), get(block + 4), get(block + 8), get(block + 12));
	for (unsigned i = 0; i < 4; i++)
		key->start[i] = state.v[i];
}

void mac_begin(struct mac_state *state, const struct mac_key *key)
{
	state->v[0] = key->start[0];
	state->v[1] = key->start[1];
	state->v[2] = key->start[2];
	state->v[3] = key->start[3];
}

/** @p count blocks, aligned to 4, of which none is the last one of the message. */
void mac_blocks(struct mac_state *state, const uint8_t *data, uint32_t count)
{
	for (; count > 0; count--, data += MAC_BLOCK)
		absorb(state, frame_get(data), frame_get(data + 4), frame_get(data + 8),
		       frame_get(data + 12));
}

/** The word at @p at of the last block, whose message has @p left bytes there: then one bit, zeros. */
static uint32_t last_word(const uint8_t *at, uint32_t left)
{
	uint32_t word = 1u << 8 * left;

	for (uint32_t i = 0; i < left; i++)
		word |= (uint32_t)at[i] << 8 * i;
	return word;
}

/** The last block: @p length is 1 to 16, or 0 if the message is nothing at all; aligned to 4. */
struct mac_tag mac_end(struct mac_state *state, const struct mac_key *key, const uint8_t *rest,
		       uint32_t length)
{
	const uint32_t *last = length == MAC_BLOCK ? key->whole : key->cut;
	uint32_t m0 = 0, m1 = 0, m2 = 0, m3 = 0;

	if (length >= 8) {
		m0 = frame_get(rest);
		m1 = frame_get(rest + 4);
		if (length >= 12)
			m2 = frame_get(rest + 8);
		if (length == MAC_BLOCK)
			m3 = frame_get(rest + 12);
		else if (length >= 12)
			m3 = last_word(rest + 12, length - 12);
		else
			m2 = last_word(rest + 8, length - 8);
	} else if (length >= 4) {
		m0 = frame_get(rest);
		m1 = last_word(rest + 4, length - 4);
	} else {
		m0 = last_word(rest, length);
	}
	absorb(state, m0 ^ last[0], m1 ^ last[1], m2 ^ last[2], m3 ^ last[3]);
	return (struct mac_tag){ state->v[0] ^ last[0], state->v[1] ^ last[1] };
}

/**
 * The same at once, of a message of whole words that is not nothing, aligned to 4: the frames that are
 * waited for are short.
 */
struct mac_tag mac_words(const struct mac_key *key, const uint8_t *data, uint32_t length)
{
	const uint32_t *last = length % MAC_BLOCK ? key->cut : key->whole;
	uint32_t v0 = key->start[0], v1 = key->start[1], v2 = key->start[2], v3 = key->start[3];

	for (;; data += MAC_BLOCK, length -= MAC_BLOCK) {
		const bool is_last = length <= MAC_BLOCK;

		v0 ^= frame_get(data);
		if (!is_last || length == MAC_BLOCK) {
			v1 ^= frame_get(data + 4);
			v2 ^= frame_get(data + 8);
			v3 ^= frame_get(data + 12);
		} else if (length == 12) {
			v1 ^= frame_get(data + 4);
			v2 ^= frame_get(data + 8);
			v3 ^= 1u;
		} else if (length == 8) {
			v1 ^= frame_get(data + 4);
			v2 ^= 1u;
		} else {
			v1 ^= 1u;
		}
		if (is_last) {
			v0 ^= last[0];
			v1 ^= last[1];
			v2 ^= last[2];
			v3 ^= last[3];
		}
		FOUR_ROUNDS(v0, v1, v2, v3);
		FOUR_ROUNDS(v0, v1, v2, v3);
		FOUR_ROUNDS(v0, v1, v2, v3);
		if (is_last)
			return (struct mac_tag){ v0 ^ last[0], v1 ^ last[1] };
	}
}
