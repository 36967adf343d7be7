/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that announces each change of its page tables (vcpu/pv_abi.h): nothing has to be compared
 * when it returns to an address space, and contexts survive.
 *
 * Slots from user_limit on are the kernel's, the same in all its address spaces by promise; those
 * below belong to spaces (shadow_space.c).
 *
 * The promise is not trusted further than this: a guest that breaks it reaches old entries of its
 * own, each of which shadow_fill() has checked against the VM's memory map.
 *
 * The TLB may keep an entry that is gone from the tables until the guest invalidates it, as on the
 * real CPU: a change of a second-level descriptor only notes that there may be one (tlb_stale), and
 * shadow_flush_range() and every switch of address spaces act on it.
 */
#include "domain/shadow_announce.h"

#include "domain/shadow_internal.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#define DIR_SIZE   0x4000u
#define TABLE_SIZE 0x400u
#define PAGE_SIZE  0x1000u

/** More bytes of tables than this, written at once: everything is forgotten. */
#define WRITTEN_MAX 0x10000u

/** More pages than this in a range: the whole TLB is invalidated. */
#define FLUSH_ONE_BY_ONE 8u

/** Descriptors that are looked at between two preempt points: of an entry dropped, 25 instructions. */
#define AT_ONCE 32
/** As many of them is one in tables of several, or of a large page, which is compared: 120 instructions. */
#define COMPARED 4u
/** Slots without an entry that are passed between two of them. */
#define SLOTS_PASSED_AT_ONCE 256u

/** Where in a table the descriptor at @p at is, if it is in there. */
static bool entry_in(const struct shadow_table *table, uint32_t at, unsigned *n)
{
	const uint32_t apart = table->guest_l1 ^ at;

	if (table->fine) {
		*n = (at & ~L1_FINE_BASE) / 4;
		return !(apart & L1_FINE_BASE);
	}
	*n = (at & ~L1_COARSE_BASE) / 4;
	return !(apart & L1_COARSE_BASE) && (table->guest_l1 & L1_TYPE_MASK) == L1_COARSE;
}

/** An entry for @p va that the TLB may have is gone from a table of the current space. */
static void note_stale(struct shadow *sh, uint32_t va)
{
	if (!sh->tlb_stale || va < sh->stale_first)
		sh->stale_first = va;
	if (!sh->tlb_stale || va > sh->stale_last)
		sh->stale_last = va;
	sh->tlb_stale = true;
}

/** The TLB operation of the guest for the pages from @p first up to @p end. */
static void invalidate_stale(struct shadow *sh, uint32_t first, uint32_t end)
{
	if (!sh->tlb_stale && !sh->tlb_stale_all)
		return; /* the TLB has nothing that the tables have not */
	if (sh->tlb_stale_all || sh->stale_first < first || sh->stale_last - first >= end - first ||
	    sh->stale_last - sh->stale_first >= FLUSH_ONE_BY_ONE * PAGE_SIZE) {
		mmu_tlb_invalidate_all();
	} else {
		for (uint32_t va = sh->stale_first; va <= sh->stale_last; va += PAGE_SIZE)
			mmu_tlb_invalidate(va);
	}
	sh->tlb_stale = sh->tlb_stale_all = false;
}

/** Compares a known entry with the guest's descriptor at @p at and drops it if they differ. */
static void compare_entry(struct shadow *sh, unsigned table, unsigned entry, uint32_t at)
{
	uint32_t word;

	if (shadow_read_guest(sh, gpa(at), &word) && word == sh->guest_l2[entry])
		return;
	shadow_entry_drop(sh, entry);
	note_stale(sh, (uint32_t)sh->tables[table].slot << 20 | (entry % SHADOW_ENTRIES) << 12);
	/* One operation of the guest covers all of a large page; here it is 16. */
	sh->tlb_stale_all |= sh->tables[table].has_large || sh->tables[table].fine;
}

/** Second-level descriptors have changed: @p count from @p at on, all in one KiB. */
static void entries_changed(struct shadow *sh, unsigned chain, uint32_t at, unsigned count)
{
	unsigned next, compared = 0, passed = 0;

	for (unsigned i = sh->hash[chain]; i != SHADOW_NONE; i = next) {
		unsigned first;

		next = sh->tables[i].next;
		if (++passed % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
		if (!entry_in(&sh->tables[i], at, &first))
			continue;
		for (unsigned n = 0; n < count; n++) {
			const unsigned entry = i * SHADOW_ENTRIES + first + n;

			if (!shadow_is_known(sh, entry))
				continue;
			compare_entry(sh, i, entry, at + n * 4);
			if (++compared % AT_ONCE == 0)
				preempt_point();
		}
	}
}

static void entries_changed_at(struct shadow *sh, uint32_t at, unsigned count)
{
	const unsigned coarse = shadow_hash(at & L1_COARSE_BASE);
	const unsigned fine = shadow_hash(at & L1_FINE_BASE);

	if (sh->hash[coarse] != SHADOW_NONE)
		entries_changed(sh, coarse, at, count);
	if (sh->fine_count > 0 && fine != coarse)
		entries_changed(sh, fine, at, count);
}

/** Another context than the common one is compared as a whole, by the guest's TLB operations. */
static void settle_other_context(struct shadow *sh)
{
	if (sh->tlb_stale && sh->current != sh->common)
		shadow_revalidate(sh);
}

/** What shadows the coarse table of the guest at some address. */
enum shadowed_by {
	BY_NONE,  /**< nothing */
	BY_ONE,   /**< one coarse table with small pages alone */
	BY_OTHER, /**< something else */
};

static enum shadowed_by shadowed_by(const struct shadow *sh, uint32_t at, unsigned *table)
{
	enum shadowed_by found = BY_NONE;
	unsigned n;

	if (sh->fine_count > 0)
		return BY_OTHER;
	for (unsigned i = sh->hash[shadow_hash(at)]; i != SHADOW_NONE; i = sh->tables[i].next) {
		if (!entry_in(&sh->tables[i], at, &n))
			continue;
		if (found != BY_NONE || sh->tables[i].has_large)
			return BY_OTHER;
		found = BY_ONE;
		*table = i;
	}
	return found;
}

/** Drops what is known of a row of descriptors, all in the KiB at @p row; returns where it ends. */
static const volatile uint32_t *drop_row(struct shadow *sh, unsigned table, uint32_t row,
					 const volatile uint32_t *vas, const volatile uint32_t *end)
{
	uint32_t *const known = &sh->known[table * SHADOW_ENTRIES / 32];
	uint32_t *const pool = &sh->pool[table * SHADOW_ENTRIES];
	const uint32_t slot = (uint32_t)sh->tables[table].slot << 20;
	const unsigned space = sh->tables[table].space;
	/* A switch to another space invalidates the whole TLB. */
	const bool linked = space == SHADOW_NONE || &sh->spaces[space] == sh->space;
	unsigned dropped = 0;

	do {
		const uint32_t at = *vas ^ row;
		const uint32_t bit = BIT(at / 4 % 32);

		if (at >= TABLE_SIZE)
			break;
		if (known[at / 128] & bit) {
			known[at / 128] &= ~bit;
			pool[at / 4] = 0;
			dropped++;
			if (linked)
				note_stale(sh, slot | (at / 4) << 12);
		}
	} while (++vas < end);
	if (sh->copy_at / SHADOW_ENTRIES == table && !shadow_is_known(sh, sh->copy_at))
		sh->pool[sh->copy_at] = sh->copy_closed; /* before the next exception */
	sh->stats.dropped += dropped;
	return vas;
}

/**
 * The guest has changed @p count second-level descriptors, at these addresses of its kernel's linear
 * mapping. Most are in tables that no entry has been made from, and those of one table come in a row.
 *
 * A known entry is dropped without a look at the guest's: it is another by what the guest says.
 */
void shadow_ptes_changed(struct shadow *sh, const volatile uint32_t *vas, unsigned count)
{
	const volatile uint32_t *const end = vas + count;
	const uint32_t offset = sh->pv.linear_offset;
	unsigned done = 0;

	if (!sh->common)
		return;
	while (vas < end) {
		const uint32_t va = *vas, row = align_down(va, TABLE_SIZE);
		const volatile uint32_t *const from = vas;
		const volatile uint32_t *const stop = end - vas > AT_ONCE ? vas + AT_ONCE : end;
		unsigned table;

		switch (shadowed_by(sh, row - offset, &table)) {
		case BY_NONE:
			do
				vas++;
			while (vas < stop && (*vas ^ row) < TABLE_SIZE);
			break;
		case BY_ONE:
			vas = drop_row(sh, table, row, vas, stop);
			break;
		default:
			entries_changed_at(sh, (va - offset) & ~3u, 1);
			vas++;
			done += COMPARED - 1;
		}
		done += (unsigned)(vas - from);
		if (done >= AT_ONCE) {
			done = 0;
			preempt_point();
		}
	}
	settle_other_context(sh);
}

/** The word of a page directory for @p slot has changed, or has not. */
static bool l1_differs(struct shadow *sh, uint32_t dir, unsigned slot, uint32_t guest_l1)
{
	uint32_t word;

	return !shadow_read_guest(sh, gpa(dir + slot * 4), &word) || word != guest_l1;
}

/** Drops the tables of a space whose first-level descriptors, from @p first to @p end, differ. */
static void compare_space(struct shadow *sh, struct shadow_space *space, unsigned first,
			  unsigned end)
{
	unsigned next, compared = 0;

	for (unsigned i = space->tables; i != SHADOW_NONE; i = next) {
		const struct shadow_table *const table = &sh->tables[i];

		if (++compared % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
		next = table->sibling;
		if (table->slot - first < end - first &&
		    l1_differs(sh, space->ttbr, table->slot, table->guest_l1)) {
			shadow_space_detach(sh, i);
			sh->tlb_stale_all |= space == sh->space;
		}
	}
	if (space->gate_table != SHADOW_NONE) {
		const struct shadow_table *const table = &sh->tables[space->gate_table];

		if (table->slot - first < end - first &&
		    l1_differs(sh, space->ttbr, table->slot, table->guest_l1)) {
			shadow_space_detach(sh, space->gate_table);
			sh->tlb_stale_all |= space == sh->space;
		}
	}
}

/** The same for the slots of the kernel, which all spaces share. */
static void compare_common(struct shadow *sh, uint32_t dir, unsigned first, unsigned end)
{
	struct shadow_context *const ctx = sh->common;
	const unsigned user_slots = sh->pv.user_limit >> 20;

	unsigned compared = 0;

	for (unsigned slot = first > user_slots ? first : user_slots; slot < end; slot++) {
		if (slot % SLOTS_PASSED_AT_ONCE == 0)
			preempt_point();
		if (ctx->slot_index[slot] == 0)
			continue;
		if (++compared % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
		if (!l1_differs(sh, dir, slot, ctx->slots[ctx->slot_index[slot]].guest_l1))
			continue;
		shadow_slot_drop(sh, ctx, slot);
		sh->tlb_stale_all = true;
	}
}

/** First-level descriptors of a page directory have been written, if it is one. */
static void directory_written(struct shadow *sh, uint32_t dir, unsigned first, unsigned end)
{
	struct shadow_space *const space = shadow_space_find(sh, dir);

	if (!space)
		return;
	compare_space(sh, space, first, end);
	/*
	 * A directory that is known may be one no longer, and a new one is a copy of the first. So
	 * what the kernel's slots mean is taken from these two.
	 */
	if (space == sh->space || space == &sh->spaces[SHADOW_FIRST_SPACE])
		compare_common(sh, dir, first, end);
}

/** Whether a cache line, or less, is certainly in no page directory or table that is known. */
static bool is_no_table(struct shadow *sh, uint32_t start, uint32_t size)
{
	return (start & (TABLE_SIZE - 1)) + size <= TABLE_SIZE && sh->fine_count == 0 &&
	       sh->hash[shadow_hash(start)] == SHADOW_NONE &&
	       !shadow_space_find(sh, align_down(start, DIR_SIZE));
}

/**
 * The guest has written @p size bytes of page tables, at an address of its kernel's linear mapping:
 * first-level descriptors, second-level tables, or both.
 */
void shadow_tables_written(struct shadow *sh, uint32_t va, uint32_t size)
{
	const uint32_t start = (va - sh->pv.linear_offset) & ~3u;
	const uint32_t end = start + size;

	if (!sh->common || size == 0 || is_no_table(sh, start, size))
		return;
	if (size > WRITTEN_MAX || end < start) {
		shadow_flush_all(sh);
		return;
	}
	for (uint32_t at = start; at < end;) {
		const uint32_t dir = align_down(at, DIR_SIZE);
		const uint32_t stop = end - dir < DIR_SIZE ? end : dir + DIR_SIZE;

		directory_written(sh, dir, (at - dir) / 4, (stop - dir + 3) / 4);
		at = stop;
	}
	for (uint32_t at = start; at < end;) {
		const uint32_t table = align_down(at, TABLE_SIZE);
		const uint32_t stop = end - table < TABLE_SIZE ? end : table + TABLE_SIZE;

		entries_changed_at(sh, at, (stop - at + 3) / 4);
		at = stop;
		if (at < end)
			preempt_point();
	}
	if (sh->tlb_stale_all) {
		/* At once: a table's memory has other uses, and its transient entries are forgotten. */
		sh->tlb_stale = sh->tlb_stale_all = false;
		mmu_tlb_invalidate_all();
	}
	settle_other_context(sh);
}

/**
 * The guest invalidates the TLB entries of [start, end): those that are gone from its tables have
 * been announced. In another context than the common one everything is compared.
 */
void shadow_flush_range(struct shadow *sh, uint32_t start, uint32_t end)
{
	const uint32_t first = align_down(start, PAGE_SIZE);

	if (sh->current != sh->common) {
		shadow_revalidate(sh);
		return;
	}
	invalidate_stale(sh, first, end);
}
