/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address spaces of a guest that announces each change of its page tables (shadow_announce.c).
 *
 * One first-level table, the common context, serves all its address spaces. Slots from user_limit
 * on are the kernel's, the same in all of them by promise; those below belong to spaces. A switch
 * takes the tables of one space out of the first level and puts those of the other in: a few words,
 * and there can be many more spaces than first-level tables.
 */
#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/** Adds a table, which has no links yet, to the current space. */
void shadow_space_attach(struct shadow *sh, unsigned index)
{
	struct shadow_table *const table = &sh->tables[index];
	const bool in_gate = table->slot == shadow_vector_slot(sh);
	const unsigned domain = in_gate ? MMU_DOMAIN_VECTORS : table->mmu_domain;
	const uint32_t at = sh->pool_hpa + index * SHADOW_ENTRIES * 4;

	table->refs = 1;
	table->link = table->fine ? desc_fine(at, domain) : desc_coarse(at, domain);
	if (in_gate) {
		sh->space->gate_table = (uint16_t)index;
		shadow_gate_update(sh);
		return;
	}
	table->sibling = sh->space->tables;
	sh->space->tables = (uint16_t)index;
	sh->space->count++;
	sh->common->l1[table->slot] = table->link;
}

/** Takes a table from its space and frees it. The caller invalidates the TLB. */
void shadow_space_detach(struct shadow *sh, unsigned index)
{
	const struct shadow_table *const table = &sh->tables[index];
	struct shadow_space *const space = &sh->spaces[table->space];
	const bool linked = space == sh->space;

	if (space->gate_table == index) {
		space->gate_table = SHADOW_NONE;
		if (linked && sh->current == sh->common)
			shadow_gate_update(sh);
	} else {
		*shadow_list_find(sh, &space->tables, offsetof(struct shadow_table, sibling),
				  index) = table->sibling;
		space->count--;
		if (linked)
			sh->common->l1[table->slot] = 0;
	}
	sh->tables[index].refs = 0;
	shadow_table_free(sh, index);
}

/** Forgets what a space has. The caller invalidates the TLB. */
void shadow_space_clear(struct shadow *sh, struct shadow_space *space)
{
	while (space->tables != SHADOW_NONE) {
		shadow_space_detach(sh, space->tables);
		preempt_point();
	}
	if (space->gate_table != SHADOW_NONE)
		shadow_space_detach(sh, space->gate_table);
}

/** The space used longest ago, of those with tables or of all; NULL if there is none but one in use. */
static struct shadow_space *space_oldest(struct shadow *sh, bool with_tables)
{
	struct shadow_space *oldest = 0;

	for (unsigned i = SHADOW_FIRST_SPACE + 1; i < sh->space_count; i++) {
		struct shadow_space *const space = &sh->spaces[i];

		if (space != sh->space && (!oldest || space->last_used < oldest->last_used) &&
		    (!with_tables || (space->tables & space->gate_table) != SHADOW_NONE))
			oldest = space;
		if (i % 64 == 0)
			preempt_point();
	}
	return oldest;
}

/** Frees tables: those of the space used longest ago. False if only the current one has any. */
bool shadow_space_recycle(struct shadow *sh)
{
	struct shadow_space *const space = space_oldest(sh, true);

	if (!space)
		return false;
	shadow_space_clear(sh, space);
	sh->stats.contexts_recycled++;
	return true;
}

/**
 * The space that was made longest ago in a chain, if the chain is as long as it can be; or else NULL. The
 * guest chooses its page directories: arch/arm/fastpath_switch.S goes through a chain at one go.
 */
static struct shadow_space *space_in_the_way(struct shadow *sh, unsigned at)
{
	struct shadow_space *last = 0;
	unsigned length = 0;

	for (; at != SHADOW_NONE; at = sh->spaces[at].next, length++)
		if (at != SHADOW_FIRST_SPACE && &sh->spaces[at] != sh->space)
			last = &sh->spaces[at];
	return length < SHADOW_CHAIN_MAX ? 0 : last;
}

/** A space, which holds nothing, for a page directory that is not known. */
static struct shadow_space *space_make(struct shadow *sh, uint32_t ttbr)
{
	uint16_t *const chain = shadow_space_chain(sh, ttbr);
	struct shadow_space *space = space_in_the_way(sh, *chain);

	if (!space && sh->space_count < SHADOW_SPACES) {
		space = &sh->spaces[sh->space_count++];
	} else {
		uint16_t *link;

		if (!space)
			space = space_oldest(sh, false);
		shadow_space_clear(sh, space);
		for (link = shadow_space_chain(sh, space->ttbr); &sh->spaces[*link] != space;)
			link = &sh->spaces[*link].next;
		*link = space->next;
		sh->stats.contexts_recycled++;
	}
	*space = (struct shadow_space){
		.ttbr = ttbr, .next = *chain, .tables = SHADOW_NONE, .gate_table = SHADOW_NONE
	};
	*chain = (uint16_t)(space - sh->spaces);
	sh->stats.contexts_made++;
	return space;
}

/** Forgets all spaces, which hold nothing any more. */
void shadow_spaces_forget(struct shadow *sh)
{
	sh->space_count = 0;
	sh->space = 0;
	sh->user_slots = 0;
	memset(sh->space_hash, 0xff, sizeof(sh->space_hash));
}

/** Brings the gate into line with the table that the new space has there. */
static void gate_switch(struct shadow *sh, unsigned before, unsigned after)
{
	const struct shadow_table *const tables = sh->tables;

	if (before == after)
		return;
	if (before != SHADOW_NONE && after != SHADOW_NONE &&
	    tables[before].guest_domain == tables[after].guest_domain &&
	    tables[before].class == tables[after].class) {
		sh->gate_table = (uint16_t)after;
		if (sh->vector_slot_open)
			sh->common->l1[tables[after].slot] = tables[after].link;
		return;
	}
	sh->view_epoch++;
	sh->vector_slot_open = false; /* the whole TLB is invalidated anyway */
	shadow_gate_update(sh);
}

/** Puts the tables of a space into the first level, or takes them out of it. */
static void put_tables(struct shadow *sh, const struct shadow_space *space, bool in)
{
	const struct shadow_table *table;
	unsigned passed = 0;

	for (unsigned i = space->tables; i != SHADOW_NONE; i = table->sibling) {
		table = &sh->tables[i];
		sh->common->l1[table->slot] = in ? table->link : 0;
		if (++passed % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
	}
}

/**
 * shadow_switch() for a guest that announces: the space of its present page directory becomes
 * current. What it holds is what the guest's tables say, or the guest has not told. Mostly
 * arch/arm/fastpath_switch.S has done the same.
 */
void shadow_switch_space(struct shadow *sh)
{
	const uint32_t ttbr = sh->mmu->ttbr & GUEST_TTBR_BASE;
	uint32_t *const l1 = sh->common->l1;
	struct shadow_space *const from = sh->space;
	struct shadow_space *space = shadow_space_find(sh, ttbr);

	if (!space)
		space = space_make(sh, ttbr);
	space->last_used = ++sh->clock;
	if (space != from) {
		if (from)
			put_tables(sh, from, false);
		put_tables(sh, space, true);
		sh->space = space;
	}
	if (sh->current == sh->common) {
		if (space != from && shadow_is_user_slot(sh, shadow_vector_slot(sh)))
			gate_switch(sh, sh->gate_table, space->gate_table);
	} else {
		if (sh->vector_slot_open) /* leave the old context's gate closed */
			sh->current->l1[shadow_vector_slot(sh)] = shadow_closed_gate_desc(sh);
		sh->vector_slot_open = false;
		sh->current = sh->common;
		sh->user_slots = sh->pv.user_limit >> 20;
		mmu_set_ttbr(mmu_pool_hpa(l1));
		shadow_gate_update(sh);
	}
	sh->tlb_stale = sh->tlb_stale_all = false;
	mmu_tlb_invalidate_all();
}

/**
 * From now on the guest announces, if @p pv says so; it starts with its MMU off. @p pv comes from the
 * guest but for the place of its RAM: what it says about addresses concerns the guest alone.
 */
void shadow_set_pv(struct shadow *sh, const struct shadow_pv *pv)
{
	if (!pv->announces || sh->common)
		return;
	sh->pv = *pv;
	sh->pv.linear_offset = align_down(pv->linear_offset, MIB); /* it consists of sections */
	sh->pv.user_limit = align_down(pv->user_limit < VMM_BASE ? pv->user_limit : VMM_BASE, MIB);
	sh->spaces = heap_alloc(SHADOW_SPACES * sizeof(*sh->spaces));
	sh->common = &sh->contexts[sh->context_count - 1];
	shadow_reset(sh);
}
