/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracked memory: RAM of a VM of which somebody wants to know which pages are written, without looking at
 * what is in them. To the memory map it is what is read directly and written by emulation
 * (MEM_READ_DIRECT); this is what makes one emulated store of a page do for many.
 *
 * A page is open or closed. To an open one the guest writes by an entry of the shadow tables, and by no
 * other than one; shadow_track_close() closes all of them and says which they were. By such an entry
 * nothing is cached, whatever the guest maps the page as: what it has written is in memory.
 */
#ifndef DOMAIN_SHADOW_TRACK_H
#define DOMAIN_SHADOW_TRACK_H

#include "domain/shadow.h"

#define TRACKED_PAGE 4096u

struct mem_tracker {
	const struct mem_region *region;
	uint32_t *open; /* bit n: page n */
	uint32_t *
		writer; /* of each open page: the one entry of the pool that may let the guest write */
};

bool shadow_track_open(struct shadow *sh, struct mem_tracker *tracker, uint32_t va,
		       const struct guest_translation *t);
void shadow_track_close(struct shadow *sh, struct mem_tracker *tracker,
			void (*was_open)(struct mem_tracker *tracker, unsigned page));

#endif
