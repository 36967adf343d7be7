/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/guest_tables.h"

#include "tests/host/core_machine.h"

uint32_t random_l2(uint32_t page, uint32_t ap, uint32_t cb)
{
	switch (rnd_below(8)) {
	case 0:
		return rnd() & ~3u; /* a fault, whatever else it says */
	case 1:
		return page | rnd_below(4) << 10 | (ap & 3) << 4 | cb | 3;
	case 2:
		return (page & 0xffff0000u) | ap << 4 | cb | 1;
	default:
		return page | ap << 4 | cb | 2;
	}
}

unsigned l2_copies(uint32_t descriptor, bool fine)
{
	switch (descriptor & 3) {
	case 1:
		return fine ? 64 : 16;
	case 2:
		return fine ? 4 : 1;
	default:
		return 1;
	}
}
