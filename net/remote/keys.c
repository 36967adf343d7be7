// SPDX-License-Identifier: Apache-2.0
#include "net/remote/keys.h"
#include "vmm/lib/string.h"

#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

/* The names of mbedTLS 2 and 3. */
#if MBEDTLS_VERSION_MAJOR < 3
#define hash_starts mbedtls_sha256_starts_ret
#define hash_update mbedtls_sha256_update_ret
#define hash_finish mbedtls_sha256_finish_ret
#else
#define hash_starts mbedtls_sha256_starts
#define hash_update mbedtls_sha256_update
#define hash_finish mbedtls_sha256_finish
#endif

#define HASH_BLOCK 64u

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct keys_hash), "room for a hash");
_Static_assert(_Alignof(mbedtls_sha256_context) <= _Alignof(struct keys_hash), "its alignment");

static mbedtls_sha256_context *context(struct keys_hash *hash)
{
	return (mbedtls_sha256_context *)hash->room;
}

/** Begins a hash with one block: a key of at most 64 bytes, with @p pad all over it. */
static void begin_padded(struct keys_hash *hash, const uint8_t *key, uint32_t length, uint8_t pad)
{
	uint8_t block[HASH_BLOCK];

	for (uint32_t i = 0; i < HASH_BLOCK; i++)
		block[i] = (i < length ? key[i] : 0u) ^ pad;
	mbedtls_sha256_init(context(hash));
	hash_starts(context(hash), 0);
	hash_update(context(hash), block, HASH_BLOCK);
}

/** The states of HMAC (RFC 2104) behind the key, which has at most 64 bytes. */
static void begin_hmac(struct keys *keys, const uint8_t *key, uint32_t length)
{
	begin_padded(&keys->inner, key, length, 0x36);
	begin_padded(&keys->outer, key, length, 0x5c);
}

/** Ends a copy of one of the states with @p length bytes more. */
static void end_hash(const struct keys_hash *from, const uint8_t *data, uint32_t length,
		     uint8_t digest[KEYS_BYTES])
{
	struct keys_hash hash = *from;

	hash_update(context(&hash), data, length);
	hash_finish(context(&hash), digest);
}

/** The extract step of HKDF. A salt has at most 64 bytes. Takes long: for start-up. */
void keys_init(struct keys *keys, const uint8_t *secret, uint32_t length, const uint8_t *salt,
	       uint32_t salt_length)
{
	uint8_t inner[KEYS_BYTES], key[KEYS_BYTES];

	begin_hmac(keys, salt, salt_length);
	end_hash(&keys->inner, secret, length, inner);
	end_hash(&keys->outer, inner, sizeof(inner), key);
	begin_hmac(keys, key, sizeof(key));
}

/** Begins the expand step, for 32 bytes. @p info has at most KEYS_INFO_MAX. */
void keys_begin(struct keys_job *job, const void *info, uint32_t length)
{
	memcpy(job->info, info, length);
	job->info[length] = 1; /* the first 32 bytes of what could be had */
	job->length = (uint8_t)(length + 1u);
	job->step = 1;
}

/** One block of SHA-256, with preempt points, or none. True: job->key is made, and the time for a block is there still. */
bool keys_step(struct keys_job *job, const struct keys *keys)
{
	/* The step comes first: who is let in meanwhile may give the job up. */
	if (job->step == 1) {
		job->step = 2;
		end_hash(&keys->inner, job->info, job->length, job->key);
		return false;
	}
	if (job->step == 2) {
		job->step = 3;
		end_hash(&keys->outer, job->key, KEYS_BYTES, job->key);
		return false;
	}
	job->step = 0;
	return true;
}
