/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in memory, by what is taken: the free ones are what is left, so that neighbours which are
 * given back are one again without anybody having to join them. Pure.
 */
#ifndef VMM_LIB_FIRST_FIT_H
#define VMM_LIB_FIRST_FIT_H

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint32_t at, size;
};

bool first_fit(const struct range *taken, unsigned count, struct range within, uint32_t size,
	       uint32_t *at);
unsigned find_gaps(const struct range *taken, unsigned count, struct range within,
		   struct range *gaps);
struct range largest_gap(const struct range *gaps, unsigned count);

#endif
