// SPDX-License-Identifier: Apache-2.0
/*
 * Shadow level 2 tables that are in use, made free for others.
 */
#include "domain/shadow_internal.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

/** Takes all links from a table that is not used by the current context, which frees it. */
static bool table_recycle(struct shadow *sh, unsigned index)
{
	const struct shadow_table *table = &sh->tables[index];
	const unsigned slot = table->slot;

	if (table->refs == 0)
		return false;
	if (table->space != SHADOW_NONE) {
		if (sh->current == sh->common && sh->space == &sh->spaces[table->space])
			return false;
		shadow_space_detach(sh, index);
		sh->stats.tables_recycled++;
		return true;
	}
	if (sh->current->slot_index[slot] &&
	    sh->current->slots[sh->current->slot_index[slot]].table == index)
		return false;
	for (unsigned i = 0; i < sh->context_count; i++) {
		struct shadow_context *ctx = &sh->contexts[i];

		if (ctx->slot_index[slot] && ctx->slots[ctx->slot_index[slot]].table == index)
			shadow_slot_drop(sh, ctx, slot);
	}
	sh->stats.tables_recycled++;
	return true;
}

/** Recycles tables until one is free. */
void shadow_recycle(struct shadow *sh)
{
	unsigned tries = 0;

	while (sh->free_count == 0) {
		if (shadow_space_recycle(sh))
			continue;
		sh->recycle_hand = (sh->recycle_hand + 1) % sh->table_count;
		table_recycle(sh, sh->recycle_hand);
		if (++tries % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
		if (tries == sh->table_count) {
			/* The current context alone uses them all. */
			shadow_context_clear(sh, sh->current);
			mmu_tlb_invalidate_all();
		}
	}
}

/** Whether a group of four is free. What is used has links; a fine table has its in the first. */
static bool four_are_free(const struct shadow *sh, unsigned first)
{
	for (unsigned i = first; i < first + 4; i++)
		if (sh->tables[i].refs > 0)
			return false;
	return true;
}

/** Takes four aligned tables off the list: the next free ones, or else the next, made free. */
unsigned shadow_recycle_four(struct shadow *sh)
{
	unsigned first = align_down(sh->recycle_hand, 4);
	unsigned tries = sh->table_count / 4, passed = 0;

	do {
		first = (first + 4) % sh->table_count;
		if (tries % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
	} while (!four_are_free(sh, first) && tries-- > 0);
	sh->recycle_hand = first;

	for (unsigned i = first; i < first + 4; i++) {
		preempt_point();
		if (sh->tables[i].refs > 0 && !table_recycle(sh, i)) {
			shadow_context_clear(sh, sh->current);
			mmu_tlb_invalidate_all();
			table_recycle(sh, i);
		}
	}
	for (uint16_t *link = &sh->free_head; *link != SHADOW_NONE;) {
		if (++passed % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
		if (align_down(*link, 4) == first) {
			*link = sh->tables[*link].next;
			sh->free_count--;
		} else {
			link = &sh->tables[*link].next;
		}
	}
	return first;
}
