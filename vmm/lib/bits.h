/* SPDX-License-Identifier: Apache-2.0 */
/* Bit fields, alignment and sizes; pure constants and inline functions. */
#ifndef VMM_LIB_BITS_H
#define VMM_LIB_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

#define BIT(n) (1u << (n))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** Bits @p high to @p low of @p word, both included, moved down to bit 0. */
static inline uint32_t bits(uint32_t word, unsigned high, unsigned low)
{
	return (word << (31u - high)) >> (31u - high + low);
}

static inline bool bit(uint32_t word, unsigned n)
{
	return (word >> n) & 1u;
}

/** @p size must be a power of two. */
static inline uint32_t align_down(uint32_t value, uint32_t size)
{
	return value & ~(size - 1u);
}

/** @p size must be a power of two. */
static inline uint32_t align_up(uint32_t value, uint32_t size)
{
	return (value + size - 1u) & ~(size - 1u);
}

static inline uint32_t ror32(uint32_t value, unsigned by)
{
	by &= 31u;
	return by ? (value >> by) | (value << (32u - by)) : value;
}

#endif
