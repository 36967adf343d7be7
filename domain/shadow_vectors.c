/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the VMM's vectors are: at the place that the guest does not use, or, shared, together with
 * the guest's.
 *
 * At the other place they cost nothing, until the guest's DACR closes what else is in their slot
 * (the gate, shadow_view.c). Slot 0 holds programs: a kernel with software PAN closes them at each
 * system call. A guest that announces and does that shares 0xffff0000 with the VMM from then on: a
 * page of the VMM is there, its vectors in the first KiB, a copy of the guest's in the last, and no
 * access of User mode but reading that KiB, as the guest's own table allows it. Linux has there what
 * its programs execute and read. Everything else in that page is emulated.
 *
 * The copy is what the guest's KiB is at any time: no shadow entry lets the guest write the page
 * that the KiB is in, and emulated stores go to both. A guest that needs more falls back to the other
 * place, until it is reset: when it executes what cannot be emulated, or stores to its page by
 * another address than this.
 */
#include "domain/shadow_internal.h"

#include "arch/arm/cache.h"
#include "arch/arm/sctlr.h"

/** Builds the level 2 table that holds the vector page alone. */
void shadow_vector_table_make(struct shadow *sh)
{
	for (unsigned i = 0; i < SHADOW_ENTRIES; i++)
		sh->vector_table[i] = 0;
	sh->vector_table[shadow_vector_page(sh) & 0xffu] = shadow_vector_page_desc(sh);
}

/**
 * The caches know addresses, not what is behind them: lines of the guest where the VMM's vectors
 * are now would be executed at the next exception, and the VMM's be read by the guest where they
 * were. The guest's may be dirty.
 */
static void forget_vector_lines(void)
{
	static const uint32_t places[] = { 0, 0xffff0000u };

	for (unsigned i = 0; i < 2; i++) {
		for (uint32_t va = places[i]; va - places[i] < MMU_VECTORS_SIZE; va += CACHE_LINE) {
			cache_clean_invalidate_d_line(va);
			cache_invalidate_i_line(va);
		}
	}
}

/**
 * Puts the VMM's vectors at address 0 or 0xffff0000. Everything is forgotten. No exception is
 * taken meanwhile: interrupts are masked, and the VMM touches no address of the guest.
 */
static void place(struct shadow *sh, bool high, bool shared)
{
	const bool was_shared = sh->vectors_shared;

	mmu_set_high_vectors(high);
	sh->vectors_high = high;
	sh->vectors_shared = shared;
	sh->copied = SHADOW_NO_COPY;
	shadow_vector_table_make(sh);
	shadow_flush_all(sh);
	if (shared || was_shared)
		cache_flush_all(); /* all of the page has become another one */
	else
		forget_vector_lines();
}

/** Moves the VMM's vectors to address 0 or 0xffff0000, away from the guest's. */
void shadow_set_vectors(struct shadow *sh, bool high)
{
	if (sh->vectors_high == high && !sh->vectors_shared)
		return;
	sh->sharing_refused |= sh->vectors_shared && (sh->mmu->sctlr & SCTLR_V);
	place(sh, high, false);
}

/**
 * Moves the VMM's vectors to those of the guest, if it announces and has not shown that this would
 * not do.
 */
void shadow_share_vectors(struct shadow *sh)
{
	if (sh->common && !sh->vectors_high && !sh->sharing_refused && (sh->mmu->sctlr & SCTLR_V))
		place(sh, true, true);
}

/** The guest's word at @p offset of the KiB that has been copied, uncached, until the next window. */
static const volatile uint32_t *copied_word(const struct shadow *sh, uint32_t offset)
{
	const uint32_t at = sh->copied + offset;
	const volatile uint32_t *const page = mmu_guest_window(hpa(at & L2_SMALL_BASE));

	return &page[(at & ~L2_SMALL_BASE) / 4];
}

/**
 * Whether an entry can give the guest an access to the page that it shares with the VMM: the copy is
 * up to date then. @p t and @p region are what shadow_fill() has got.
 */
bool shadow_copy_vectors(struct shadow *sh, uint32_t va, const struct guest_translation *t,
			 const struct mem_region *region, enum rights need)
{
	const bool s = sh->mmu->sctlr & SCTLR_S;
	const bool r = sh->mmu->sctlr & SCTLR_R;
	uint32_t from;

	if (!sh->vectors_shared || (va & 0xc00u) != 0xc00u || need == RIGHTS_WRITE || t->flat ||
	    region->kind != MEM_RAM || rights_user(t->ap, s, r) == RIGHTS_NONE)
		return false;
	from = mem_region_hpa(region, gpa(t->gpa.raw & L2_TINY_BASE)).raw;
	if (from == sh->copied)
		return true;
	/*
	 * Entries that let the guest write its page go. What they have left in the cache would change
	 * the page unseen, when it is written back: that happens now. (What is read next and still is in
	 * the write buffer, the core waits for: TRM, 4.2.)
	 */
	sh->copied = from;
	shadow_flush_all(sh);
	cache_clean_d_all();
	mmu_set_shared_vectors(0, 256, copied_word(sh, 0));
	return true;
}

/** Something at @p offset of the KiB that has been copied is another. */
void shadow_copy_follow(struct shadow *sh, uint32_t offset)
{
	mmu_set_shared_vectors(offset / 4, 1, copied_word(sh, offset & ~3u));
}

/**
 * The guest is about to write the page that has been copied, by an address that is not the vectors'.
 * If it still has it there, it gets all of its page back; if not, there is nothing to keep up to
 * date.
 */
void shadow_copy_give_up(struct shadow *sh)
{
	if (sh->copy_at != SHADOW_NO_ENTRY && shadow_is_known(sh, sh->copy_at))
		shadow_set_vectors(sh, false);
	else
		mmu_tlb_invalidate(SHADOW_HIGH_VECTORS); /* the guest has not done it yet */
	sh->copied = SHADOW_NO_COPY;
}
