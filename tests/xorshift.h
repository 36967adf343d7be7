/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers of tests, on the workstation and in guests: a seed gives the same ones anywhere. */
#ifndef TESTS_XORSHIFT_H
#define TESTS_XORSHIFT_H

#include <stdint.h>

/** The next number after @p state, which is not 0: Marsaglia's xorshift with 32 bits of state. */
static inline uint32_t xorshift32(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
