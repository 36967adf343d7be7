// SPDX-License-Identifier: Apache-2.0
#include "net/remote/mac.h"
#include "net/remote/frame.h"

static inline uint32_t rotate(uint32_t value, unsigned by)
{
	return value << by | value >> (32u - by);
}

/** Chaskey's permutation, with twelve rounds. */
static void permute(struct mac_state *state)
{
	uint32_t v0 = state->v[0], v1 = state->v[1], v2 = state->v[2], v3 = state->v[3];

	for (unsigned round = 0; round < 12; round++) {
		v0 += v1;
		v1 = rotate(v1, 5) ^ v0;
		v0 = rotate(v0, 16);
		v2 += v3;
		v3 = rotate(v3, 8) ^ v2;
		v0 += v3;
		v3 = rotate(v3, 13) ^ v0;
		v2 += v1;
		v1 = rotate(v1, 7) ^ v2;
		v2 = rotate(v2, 16);
	}
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

	for (unsigned i = 0; i < 4; i++)
		state.v[i] = key->start[i] ^ get(block + 4 * i);
	permute(&state);
	for (unsigned i = 0; i < 4; i++)
		key->start[i] = state.v[i];
}

void mac_begin(struct mac_state *state, const struct mac_key *key)
{
	for (unsigned i = 0; i < 4; i++)
		state->v[i] = key->start[i];
}

/** @p count blocks, aligned to 4, of which none is the last one of the message. */
void mac_blocks(struct mac_state *state, const uint8_t *data, uint32_t count)
{
	for (; count > 0; count--, data += MAC_BLOCK) {
		for (unsigned i = 0; i < 4; i++)
			state->v[i] ^= frame_get(data + 4 * i);
		permute(state);
	}
}

/** The last block: @p length is 1 to 16, or 0 if the message is nothing at all; aligned to 4. */
struct mac_tag mac_end(struct mac_state *state, const struct mac_key *key, const uint8_t *rest,
		       uint32_t length)
{
	const uint32_t *last = length == MAC_BLOCK ? key->whole : key->cut;
	uint32_t i;

	for (i = 0; i < length / 4; i++)
		state->v[i] ^= frame_get(rest + 4 * i);
	if (length < MAC_BLOCK) {
		uint32_t word = 1u << 8 * (length % 4);

		for (uint32_t n = 0; n < length % 4; n++)
			word |= (uint32_t)rest[4 * i + n] << 8 * n;
		state->v[i] ^= word;
	}
	for (i = 0; i < 4; i++)
		state->v[i] ^= last[i];
	permute(state);
	return (struct mac_tag){ state->v[0] ^ last[0], state->v[1] ^ last[1] };
}
