// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/sha256.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define ROUNDS 64u

/* clang-format off */
/** The first 32 bits of the fractions of the cube roots of the first 64 primes. (4.2.2) */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u,
	0x923f82a4u, 0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u,
	0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u,
	0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
	0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u,
	0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u,
	0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
	0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
	0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au,
	0x5b9cca4fu, 0x682e6ff3u, 0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u,
	0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};

/** The same of the square roots of the first 8 primes. (5.3.3) */
static const uint32_t initial[8] = {
	0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
	0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u,
};
/* clang-format on */

static uint32_t get_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_be32(uint8_t *at, uint32_t value)
{
	for (unsigned n = 0; n < 4; n++)
		at[n] = (uint8_t)(value >> (24 - 8 * n));
}

/**
 * Takes a block of SHA256_BLOCK bytes into @p hash, in some 4,400 instructions with preempt points in
 * between; names as in 6.2.2.
 */
void sha256_block(uint32_t hash[8], const uint8_t *block)
{
	uint32_t w[16];
	uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
	uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];

	preempt_point();
	for (unsigned t = 0; t < 16; t++)
		w[t] = get_be32(block + 4 * t);
	for (unsigned t = 0; t < ROUNDS; t++) {
		if (t % 8 == 7)
			preempt_point();

		const uint32_t t1 = h + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
				    (g ^ (e & (f ^ g))) + constants[t] + w[t % 16];
		const uint32_t t2 =
			(ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) + ((a & b) | (c & (a | b)));
		const uint32_t w1 = w[(t + 1) % 16], w14 = w[(t + 14) % 16];

		/* The message schedule, 16 words ahead. */
		w[t % 16] += (ror32(w1, 7) ^ ror32(w1, 18) ^ (w1 >> 3)) + w[(t + 9) % 16] +
			     (ror32(w14, 17) ^ ror32(w14, 19) ^ (w14 >> 10));
		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	hash[0] += a;
	hash[1] += b;
	hash[2] += c;
	hash[3] += d;
	hash[4] += e;
	hash[5] += f;
	hash[6] += g;
	hash[7] += h;
}

/**
 * The digest of @p length bytes, which must be the caller's own: there are preempt points.
 */
void sha256(const void *data, size_t length, uint8_t digest[SHA256_BYTES])
{
	const uint8_t *byte = data;
	size_t left = length;
	uint32_t hash[8];
	uint8_t last[2 * SHA256_BLOCK] = { 0 };
	size_t last_length;

	memcpy(hash, initial, sizeof(hash));
	for (; left >= SHA256_BLOCK; left -= SHA256_BLOCK, byte += SHA256_BLOCK)
		sha256_block(hash, byte);

	/* Padding: a bit, zeroes, and the length in bits at the end of a block. (5.1.1) */
	memcpy(last, byte, left);
	last[left] = 0x80;
	last_length = left + 9 <= SHA256_BLOCK ? SHA256_BLOCK : 2 * SHA256_BLOCK;
	put_be32(last + last_length - 8, (uint32_t)((uint64_t)length >> 29));
	put_be32(last + last_length - 4, (uint32_t)length << 3);
	for (size_t at = 0; at < last_length; at += SHA256_BLOCK)
		sha256_block(hash, last + at);

	for (unsigned n = 0; n < 8; n++)
		put_be32(digest + 4 * n, hash[n]);
}
