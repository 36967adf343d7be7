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
#include "arch/arm/user_access.h"

/** Reads it from memory, after the line at @p va, where the guest may have written it. */
static __attribute__((noinline)) bool read_memory(const struct shadow *sh, gpa_t from, uint32_t va,
						  uint32_t *word)
{
	const volatile uint32_t *page;

	if (sh->common) {
		cache_clean_d_line(va & ~(CACHE_LINE - 1));
		cache_drain_write_buffer(0);
	}
	page = sh->guest_page(sh->guest_page_ctx, gpa(from.raw & ~0xfffu));
	if (!page)
		return false;
	*word = page[(from.raw & 0xfffu) / 4];
	return true;
}

/** Reads it at @p va with the rights of the guest's kernel, in the view of its programs. */
static __attribute__((noinline)) bool read_as_kernel(const struct shadow *sh, gpa_t from,
						     uint32_t va, uint32_t *word)
{
	bool done;

	mmu_set_dacr(sh->dacr[1]);
	done = user_load32(va, word);
	mmu_set_dacr(shadow_dacr(sh));
	return done || read_memory(sh, from, va, word);
}

/**
 * Reads an aligned word of guest physical memory as the guest has written it; false if no memory is
 * there.
 */
bool shadow_read_guest(const struct shadow *sh, gpa_t from, uint32_t *word)
{
	const uint32_t offset = from.raw - sh->pv.ram.base;
	const uint32_t va = from.raw + sh->pv.linear_offset;

	if (offset < sh->pv.ram.size) { /* never, if the guest does not announce */
		const uint32_t expected = (sh->pv.ram.hpa.raw + offset) | L1_SECTION;
		const uint32_t apart = sh->current->l1[va >> 20] ^ expected;

		/* The guest may have mapped something else there; then that is not its memory. */
		if (!(apart & (L1_SECTION_BASE | L1_TYPE_MASK))) {
			if (!sh->privileged)
				return read_as_kernel(sh, from, va, word);
			if (user_load32(va, word))
				return true;
		}
	}
	return read_memory(sh, from, va, word);
}
