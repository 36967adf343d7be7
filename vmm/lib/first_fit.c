/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lib/first_fit.h"

#include "vmm/lib/preempt.h"

/** The gap that begins at @p at or behind it: up to the next range that is taken. */
static struct range next_gap(const struct range *taken, unsigned count, struct range within,
			     uint32_t at)
{
	const uint32_t end = within.at + within.size;
	uint32_t next = end;
	bool again;

	/* Out of what is taken: ranges may touch, in any order; in ascending order this is shortest. */
	do {
		again = false;
		for (unsigned i = 0; i < count; i++)
			if (at - taken[i].at < taken[i].size) {
				at = taken[i].at + taken[i].size;
				again = true;
			}
	} while (again);
	if (at >= end)
		return (struct range){ end, 0 };
	for (unsigned i = 0; i < count; i++)
		if (taken[i].size > 0 && taken[i].at > at && taken[i].at < next)
			next = taken[i].at;
	return (struct range){ at, next - at };
}

/**
 * The lowest place for @p size bytes @p within that, beside what is taken. False if there is none.
 * Ranges of size 0 are none; no range ends above 4 GiB - 1. There are preempt points in it.
 */
bool first_fit(const struct range *taken, unsigned count, struct range within, uint32_t size,
	       uint32_t *at)
{
	struct range gap = next_gap(taken, count, within, within.at);

	while (gap.size > 0 && gap.size < size) {
		preempt_point();
		gap = next_gap(taken, count, within, gap.at + gap.size);
	}
	*at = gap.at;
	return gap.size > 0 && gap.size >= size;
}

/** Lists all gaps, in ascending order: @p count + 1 at most. There are preempt points in it. */
unsigned find_gaps(const struct range *taken, unsigned count, struct range within,
		   struct range *gaps)
{
	unsigned found = 0;

	for (struct range gap = next_gap(taken, count, within, within.at); gap.size > 0;
	     gap = next_gap(taken, count, within, gap.at + gap.size)) {
		gaps[found++] = gap;
		preempt_point();
	}
	return found;
}

/** The largest of them, the lowest of equals; of size 0 if there is none. */
struct range largest_gap(const struct range *gaps, unsigned count)
{
	struct range best = { 0, 0 };

	for (unsigned i = 0; i < count; i++)
		if (gaps[i].size > best.size)
			best = gaps[i];
	return best;
}
