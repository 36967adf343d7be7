/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of shadow level 2 tables and the links from contexts to them.
 *
 * A table shadows one guest first-level descriptor at one slot. Contexts whose guest tables hold
 * the identical descriptor there share it - the kernel's half of every Linux address space - so an
 * entry is filled, checked and dropped once for all of them. A table without links is free.
 *
 * The pool is mapped uncached: the table walker of the ARM926 reads memory, not the data cache
 * (TRM, 3.2), and stores to uncached, unbuffered memory are complete when the next instruction
 * runs (TRM, 4.5), so no clean and no drain is needed after them.
 */
#include "domain/shadow_internal.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/check.h"
#include "vmm/lib/string.h"

static uint16_t *hash_chain(struct shadow *sh, const struct shadow_table *table)
{
	return &sh->hash[shadow_hash(table->guest_l1 &
				     (table->fine ? L1_FINE_BASE : L1_COARSE_BASE))];
}

static unsigned blocks(const struct shadow_table *table)
{
	return table->fine ? 4 : 1;
}

static uint32_t table_link_desc(const struct shadow *sh, unsigned index)
{
	const struct shadow_table *table = &sh->tables[index];
	const uint32_t at = mmu_pool_hpa(&sh->pool[index * SHADOW_ENTRIES]).raw;

	return table->fine ? desc_fine(at, table->mmu_domain) : desc_coarse(at, table->mmu_domain);
}

/** The table @p index, of a slot that vectors can be in, has no entry for the copy in it any more. */
static void forget_copy_entry(struct shadow *sh, unsigned index)
{
	if (sh->copy_at - index * SHADOW_ENTRIES < blocks(&sh->tables[index]) * SHADOW_ENTRIES)
		sh->copy_at = SHADOW_NO_ENTRY;
}

/**
 * Puts the VMM's vector page into a table of the vector slot: it has to be there always. The guest may
 * read nothing of it.
 */
static void pin_vector_page(struct shadow *sh, unsigned index)
{
	const struct shadow_table *table = &sh->tables[index];
	const unsigned page = shadow_vector_page(sh) & 0xffu;
	const uint32_t desc = shadow_vector_page_desc(sh);

	if (table->slot != shadow_vector_slot(sh))
		return;
	forget_copy_entry(sh, index);
	if (!table->fine) {
		sh->pool[index * SHADOW_ENTRIES + page] = desc;
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		sh->pool[index * SHADOW_ENTRIES + page * 4 + i] = desc_tiny(
			(desc & L2_SMALL_BASE) + i * 1024u, AP_PRIV, desc & (DESC_C | DESC_B));
}

/** Removes the entry @p at of the pool. True if it was known: the caller invalidates the TLB. */
bool shadow_entry_drop(struct shadow *sh, unsigned at)
{
	if (!(sh->known[at / 32] & BIT(at % 32)))
		return false;
	sh->pool[at] = at == sh->copy_at ? sh->copy_closed : 0;
	sh->known[at / 32] &= ~BIT(at % 32);
	sh->stats.dropped++;
	return true;
}

/** Removes all entries. The caller invalidates the TLB. */
void shadow_table_empty(struct shadow *sh, unsigned table)
{
	const unsigned entries = blocks(&sh->tables[table]) * SHADOW_ENTRIES;
	uint32_t *const known = &sh->known[table * SHADOW_ENTRIES / 32];

	/* Most tables have few entries, and what is not known is 0. */
	for (unsigned word = 0; word < entries / 32; word++) {
		if (known[word] == 0)
			continue;
		memset(&sh->pool[table * SHADOW_ENTRIES + word * 32], 0, 32 * sizeof(sh->pool[0]));
		known[word] = 0;
	}
	sh->tables[table].has_large = false;
	sh->tables[table].has_user = false;
	shadow_transients_forget_in(sh, table * SHADOW_ENTRIES, entries);
	pin_vector_page(sh, table);
}

/** Takes the VMM's vector page out of a table that has been in a slot where it may be. */
static void unpin_vector_page(struct shadow *sh, unsigned index)
{
	const unsigned count = sh->tables[index].fine ? 4 : 1; /* entries of a page */
	uint32_t *const entries = &sh->pool[index * SHADOW_ENTRIES];

	if (sh->tables[index].slot != 0 && sh->tables[index].slot != 0xfff)
		return;
	forget_copy_entry(sh, index);
	for (unsigned i = 0; i < count; i++)
		entries[i] = entries[0xf0 * count + i] = 0;
}

/** What has the number @p index in a list of tables, which it is in: @p link or a table's @p member. */
__attribute__((noinline)) uint16_t *shadow_list_find(struct shadow *sh, uint16_t *link,
						     size_t member, unsigned index)
{
	for (unsigned passed = 1; *link != index; passed++) {
		CHECK(*link != SHADOW_NONE);
		link = (uint16_t *)(void *)((char *)&sh->tables[*link] + member);
		if (passed % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
	}
	return link;
}

static void hash_remove(struct shadow *sh, unsigned index)
{
	const struct shadow_table *table = &sh->tables[index];

	*shadow_list_find(sh, hash_chain(sh, table), offsetof(struct shadow_table, next), index) =
		table->next;
}

/** Gives back a table without links. */
void shadow_table_free(struct shadow *sh, unsigned index)
{
	const unsigned count = blocks(&sh->tables[index]);

	hash_remove(sh, index);
	unpin_vector_page(sh, index);
	sh->fine_count -= sh->tables[index].fine;
	for (unsigned i = index; i < index + count; i++) {
		sh->tables[i] = (struct shadow_table){ .next = sh->free_head };
		sh->free_head = (uint16_t)i;
		sh->free_count++;
	}
}

struct shadow_slot *shadow_slot_find(struct shadow_context *ctx, unsigned slot)
{
	const unsigned index = ctx->slot_index[slot];

	return index ? &ctx->slots[index] : 0;
}

/** The current table of a slot; or SHADOW_SECTION, or SHADOW_NONE. */
unsigned shadow_slot_table(const struct shadow *sh, unsigned slot)
{
	const unsigned index = sh->current->slot_index[slot];

	if (shadow_is_user_slot(sh, slot))
		return shadow_space_table(sh, slot);
	return index ? sh->current->slots[index].table : SHADOW_NONE;
}

/** The first-level entry of a slot without a link: empty, or the VMM's vectors alone. */
static uint32_t unlinked_desc(const struct shadow *sh, unsigned slot)
{
	return slot == shadow_vector_slot(sh) ? shadow_closed_gate_desc(sh) : 0;
}

/** Forgets a slot of a context. The caller invalidates the TLB. */
void shadow_slot_drop(struct shadow *sh, struct shadow_context *ctx, unsigned slot)
{
	const unsigned index = ctx->slot_index[slot];
	struct shadow_slot *const record = &ctx->slots[index];
	const unsigned table = record->table;

	CHECK(index != 0);
	ctx->l1[slot] = unlinked_desc(sh, slot);
	ctx->slot_index[slot] = 0;
	if (index != ctx->slot_count) {
		*record = ctx->slots[ctx->slot_count];
		ctx->slot_index[record->slot] = (uint8_t)index;
	}
	ctx->slot_count--;

	if (table == SHADOW_SECTION)
		return;
	CHECK(sh->tables[table].refs > 0);
	if (ctx == sh->current && table == sh->gate_table)
		shadow_gate_update(sh); /* while the table is still what it was */
	if (--sh->tables[table].refs == 0)
		shadow_table_free(sh, table);
}

/**
 * Forgets everything a context has, and the current space if it is the context of spaces. The
 * caller invalidates the TLB.
 */
void shadow_context_clear(struct shadow *sh, struct shadow_context *ctx)
{
	if (ctx == sh->common && sh->space)
		shadow_space_clear(sh, sh->space);
	while (ctx->slot_count > 0) {
		shadow_slot_drop(sh, ctx, ctx->slots[ctx->slot_count].slot);
		if (ctx->slot_count % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
	}
}

/**
 * Records that a context uses a slot; @p table may be SHADOW_SECTION. The first-level entry is
 * written by the caller. A context that uses too many slots forgets the others first.
 */
struct shadow_slot *shadow_slot_add(struct shadow *sh, struct shadow_context *ctx, unsigned slot,
				    uint32_t guest_l1, unsigned table)
{
	struct shadow_slot *record;

	if (ctx->slot_index[slot])
		shadow_slot_drop(sh, ctx, slot);
	if (ctx->slot_count == SHADOW_SLOTS) {
		if (table != SHADOW_SECTION)
			sh->tables[table].refs++; /* not to be freed meanwhile */
		shadow_context_clear(sh, ctx);
		if (table != SHADOW_SECTION)
			sh->tables[table].refs--;
		mmu_tlb_invalidate_all();
	}

	ctx->slot_count++;
	ctx->slot_index[slot] = (uint8_t)ctx->slot_count;
	record = &ctx->slots[ctx->slot_count];
	*record = (struct shadow_slot){ .guest_l1 = guest_l1,
					.slot = (uint16_t)slot,
					.table = (uint16_t)table };
	if (table != SHADOW_SECTION)
		sh->tables[table].refs++;
	return record;
}

/** Lets the hardware see a table through a context's first-level entry. */
void shadow_table_link(struct shadow *sh, struct shadow_context *ctx, unsigned slot, unsigned table)
{
	if (slot == shadow_vector_slot(sh) && ctx == sh->current) {
		sh->gate_table = (uint16_t)table;
		shadow_gate_update(sh);
		return;
	}
	/* In another context the gate is decided when it becomes current. */
	ctx->l1[slot] = slot == shadow_vector_slot(sh) ? unlinked_desc(sh, slot)
						       : table_link_desc(sh, table);
}

/** Changes the class of a table, which empties it, in all contexts that link to it. */
void shadow_table_set_class(struct shadow *sh, unsigned table, enum shadow_class class,
			    unsigned mmu_domain)
{
	const unsigned slot = sh->tables[table].slot;

	shadow_table_empty(sh, table);
	sh->tables[table].class = (uint8_t) class;
	sh->tables[table].mmu_domain = (uint8_t)mmu_domain;
	for (unsigned i = 0; i < sh->context_count; i++) {
		struct shadow_context *ctx = &sh->contexts[i];

		if (ctx->slot_index[slot] && ctx->slots[ctx->slot_index[slot]].table == table)
			shadow_table_link(sh, ctx, slot, table);
	}
	mmu_tlb_invalidate_all();
}

/** Takes one free table off the list. */
static unsigned table_take(struct shadow *sh)
{
	unsigned index;

	if (sh->free_count == 0)
		shadow_recycle(sh);
	index = sh->free_head;
	sh->free_head = sh->tables[index].next;
	sh->free_count--;
	return index;
}

/**
 * The table for a guest descriptor at a slot: the one there is, or a new, empty one.
 *
 * @p like gives slot, guest_l1, space, flat, fine, renamed, guest_domain, class and mmu_domain. An
 * existing table keeps the class it has. The caller links it at once: until then it has no
 * reference.
 */
unsigned shadow_table_get(struct shadow *sh, const struct shadow_table *like)
{
	uint16_t *const head = hash_chain(sh, like);
	unsigned index, passed = 0;

	for (index = *head; index != SHADOW_NONE; index = sh->tables[index].next) {
		const struct shadow_table *table = &sh->tables[index];

		if (table->guest_l1 == like->guest_l1 && table->slot == like->slot &&
		    table->space == like->space && table->flat == like->flat &&
		    table->renamed == like->renamed)
			return index;
		if (++passed % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
	}

	index = like->fine ? shadow_recycle_four(sh) : table_take(sh);
	for (unsigned i = index; i < index + blocks(like); i++)
		sh->tables[i] = *like;
	sh->tables[index].refs = 0;
	sh->fine_count += like->fine;
	sh->tables[index].next = *head;
	*head = (uint16_t)index;
	shadow_table_empty(sh, index);
	preempt_point();
	return index;
}
