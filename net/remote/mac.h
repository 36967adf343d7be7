/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chaskey-12: a message authentication code for short messages on 32-bit processors (Mouha et al.,
 * SAC 2014; ISO/IEC 29192-6 has it with 12 rounds). 128-bit key, tag cut to 64 bits.
 *
 * A key is made ready once for a direction: the first block of all its messages, 16 bytes that are
 * not sent, is behind it already. A message may be authenticated in pieces.
 */
#ifndef NET_REMOTE_MAC_H
#define NET_REMOTE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define MAC_KEY_BYTES 16u
#define MAC_BLOCK     16u
#define MAC_TAG_BYTES 8u

struct mac_key {
	uint32_t whole[4], cut[4]; /* for a last block that is full, and one that is not */
	uint32_t start[4];         /* the state to begin with */
};

/** A message on its way. */
struct mac_state {
	uint32_t v[4];
};

/** 64 bits: all that is sent of a tag. */
struct mac_tag {
	uint32_t low, high;
};

void mac_key_init(struct mac_key *key, const uint8_t secret[MAC_KEY_BYTES]);
void mac_key_prefix(struct mac_key *key, const uint8_t block[MAC_BLOCK]);

void mac_begin(struct mac_state *state, const struct mac_key *key);
void mac_blocks(struct mac_state *state, const uint8_t *data, uint32_t count);
struct mac_tag mac_end(struct mac_state *state, const struct mac_key *key, const uint8_t *rest,
		       uint32_t length);
struct mac_tag mac_words(const struct mac_key *key, const uint8_t *data, uint32_t length);

/** Takes as long for any two tags. */
static inline bool mac_tag_equal(struct mac_tag a, struct mac_tag b)
{
	return ((a.low ^ b.low) | (a.high ^ b.high)) == 0;
}

#endif
