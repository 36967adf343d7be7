/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the page tables of a guest.
 *
 * The table walker of the ARM926 reads memory past the data cache, and so does the VMM, through an
 * uncached window: a guest has to clean what it writes. A guest that announces does not, since
 * nobody but the VMM reads its tables. There they are read where the guest wrote them, through its
 * kernel's linear mapping; or else the line is cleaned by that address first.
 */
#include "domain/shadow_internal.h"

#include "arch/arm/cache.h"

/**
 * Reads an aligned word of guest physical memory as the guest has written it; false if no memory is
 * there.
 */
bool shadow_read_guest(const struct shadow *sh, gpa_t from, uint32_t *word)
{
	const volatile uint32_t *page;

	if (shadow_read_linear(sh, from.raw, word))
		return true;
	if (sh->common) { /* the line where the guest may have written it */
		cache_clean_d_line((from.raw + sh->pv.linear_offset) & ~(CACHE_LINE - 1));
		cache_drain_write_buffer(0);
	}
	page = sh->guest_page(sh->guest_page_ctx, gpa(from.raw & ~0xfffu));
	if (!page)
		return false;
	*word = page[(from.raw & 0xfffu) / 4];
	return true;
}
