/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/shadow_track.h"

#include "arch/arm/cache.h"
#include "domain/shadow_internal.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#define CLOSED_AT_ONCE 16u /* pages between two preempt points */

/**
 * Takes back the entry by which a page was written to; the caller invalidates the TLB. It may be another
 * one's by now: one for the same page is dropped, and what a view may get again is forgotten in any case.
 */
static void drop_writer(struct shadow *sh, uint32_t at, uint32_t host)
{
	if (at == SHADOW_NO_ENTRY)
		return;
	if (sh->transient_count > 0)
		shadow_transients_forget_in(sh, at, 1);
	if ((sh->pool[at] & L2_SMALL_BASE) == host)
		shadow_entry_drop(sh, at);
}

static uint32_t host_of(const struct mem_tracker *tracker, unsigned page)
{
	return tracker->region->hpa.raw + page * TRACKED_PAGE;
}

/** The entry of the pool for an address, which has just been filled. */
static uint32_t entry_of(const struct shadow *sh, uint32_t va)
{
	const unsigned table = shadow_slot_table(sh, va >> 20);

	if (table >= SHADOW_TABLES)
		return SHADOW_NO_ENTRY;
	return table * SHADOW_ENTRIES +
	       (sh->tables[table].fine ? (va >> 10) & 0x3ffu : (va >> 12) & 0xffu);
}

/**
 * The guest stores to a page at @p va, whose translation is @p t, and may go on by itself until the page is
 * closed. False if it has no new entry for that: this store is to be emulated, and so is the next one.
 */
bool shadow_track_open(struct shadow *sh, struct mem_tracker *tracker, uint32_t va,
		       const struct guest_translation *t)
{
	const unsigned page = (t->gpa.raw - tracker->region->base) / TRACKED_PAGE;
	const struct mem_region alone = { .base = t->gpa.raw & ~(TRACKED_PAGE - 1u),
					  .size = TRACKED_PAGE,
					  .kind = MEM_RAM,
					  .hpa = hpa(host_of(tracker, page)) };
	const uint32_t start = va & ~(TRACKED_PAGE - 1u);
	struct guest_translation uncached = *t;
	uint32_t at;

	if (!bit(tracker->open[page / 32], page % 32))
		tracker->writer[page] = SHADOW_NO_ENTRY;
	tracker->open[page / 32] |= BIT(page % 32);
	/* An entry that it has been read by so far may be one that is cached. */
	uncached.cb &= DESC_B;
	cache_clean_invalidate_d_range(start, start + TRACKED_PAGE);
	if (shadow_fill(sh, gva(va), &uncached, &alone, RIGHTS_WRITE) != SHADOW_FILLED)
		return false;
	at = entry_of(sh, va);
	if (tracker->writer[page] != at) {
		drop_writer(sh, tracker->writer[page], host_of(tracker, page));
		mmu_tlb_invalidate_all();
	}
	tracker->writer[page] = at;
	return true;
}

/**
 * Closes all pages, and says which were open. On the VM's own thread; others run in between.
 */
void shadow_track_close(struct shadow *sh, struct mem_tracker *tracker,
			void (*was_open)(struct mem_tracker *tracker, unsigned page))
{
	const unsigned pages = tracker->region->size / TRACKED_PAGE;
	unsigned closed = 0;

	for (unsigned word = 0; word < (pages + 31u) / 32u; word++) {
		while (tracker->open[word] != 0) {
			const unsigned n = (unsigned)__builtin_ctz(tracker->open[word]);
			const unsigned page = word * 32u + n;

			tracker->open[word] &= ~BIT(n);
			drop_writer(sh, tracker->writer[page], host_of(tracker, page));
			was_open(tracker, page);
			if (++closed % CLOSED_AT_ONCE == 0)
				preempt_point();
		}
	}
	if (closed)
		mmu_tlb_invalidate_all();
}
