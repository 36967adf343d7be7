/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of sessions, from a pre-shared key: HKDF (RFC 5869) with SHA-256, which is mbedTLS's. The
 * extract step and the HMAC states of the pseudo-random key are made once; each key after that costs
 * two blocks of SHA-256, one for each call of keys_step(), in which there are preempt points.
 */
#ifndef NET_REMOTE_KEYS_H
#define NET_REMOTE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KEYS_INFO_MAX 54u /* what a key is made for: one block, with a counter and the padding */
#define KEYS_BYTES    32u

/** Room for a mbedtls_sha256_context, whose header only keys.c needs. */
struct keys_hash {
	uint32_t room[28];
};

/** A pre-shared key, made ready. */
struct keys {
	struct keys_hash inner, outer;
};

/** A key being made. */
struct keys_job {
	uint8_t step; /* 0: nothing to do */
	uint8_t length;
	uint8_t info[KEYS_INFO_MAX + 1u];
	uint8_t key[KEYS_BYTES] __attribute__((aligned(4))); /* half-way the inner hash */
};

void keys_init(struct keys *keys, const uint8_t *secret, uint32_t length, const uint8_t *salt,
	       uint32_t salt_length);
void keys_begin(struct keys_job *job, const void *info, uint32_t length);
bool keys_step(struct keys_job *job, const struct keys *keys);

#endif
