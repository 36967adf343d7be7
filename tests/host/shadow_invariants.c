/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/shadow_invariants.h"

#include "arch/arm/layout.h"
#include "domain/shadow_internal.h"
#include "tests/host/core_machine.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define WRONG(...)                                        \
	do {                                              \
		print_error("shadow pool: " __VA_ARGS__); \
		return false;                             \
	} while (0)

static uint16_t refs[SHADOW_TABLES];
static uint8_t hashed[SHADOW_TABLES];
static uint8_t uses[SHADOW_TABLES];  /* of each table: 1 in use, 2 free */
static uint32_t of_space[MMU_SLOTS]; /* what the current space has in the first level */

/** A first-level entry of a context that does not use the slot, and may be new, or not in use. */
static uint32_t without_record(const struct shadow *sh, unsigned slot)
{
	if (slot >= VMM_BASE >> 20 && slot < VMM_END >> 20)
		return VMM_SLOT_DESC(slot);
	if (slot != (sh->vectors_high ? 0xfff : 0))
		return 0;
	return desc_coarse(mmu_pool_hpa(sh->vector_table).raw, MMU_DOMAIN_VECTORS);
}

static bool table_of_space_holds(const struct shadow *sh, unsigned space, unsigned index)
{
	const struct shadow_table *const table = &sh->tables[index];

	if (index >= SHADOW_TABLES || table->space != space || refs[index]++)
		WRONG("space %u: table %u is not its own\n", space, index);
	if ((table->link & L1_COARSE_BASE) != mmu_pool_hpa(&sh->pool[index * SHADOW_ENTRIES]).raw ||
	    table->slot >= sh->pv.user_limit >> 20)
		WRONG("space %u: table %u at slot 0x%x, %08x\n", space, index, table->slot,
		      table->link);
	return true;
}

/** The spaces: their tables, and what of them is in the first level. */
static bool spaces_hold(const struct shadow *sh)
{
	unsigned chained = 0;

	memset(of_space, 0, sizeof(of_space));
	if (!sh->common)
		return true;
	for (unsigned s = 0; s < sh->space_count; s++) {
		const struct shadow_space *const space = &sh->spaces[s];

		if (space->gate_table != SHADOW_NONE &&
		    !table_of_space_holds(sh, s, space->gate_table))
			return false;
		for (unsigned i = space->tables; i != SHADOW_NONE; i = sh->tables[i].sibling) {
			if (!table_of_space_holds(sh, s, i))
				return false;
			if (desc_domain(sh->tables[i].link) != sh->tables[i].mmu_domain)
				WRONG("space %u: table %u: domain\n", s, i);
			if (space == sh->space)
				of_space[sh->tables[i].slot] = sh->tables[i].link;
		}
	}
	for (unsigned chain = 0; chain < SHADOW_SPACE_HASH; chain++)
		for (unsigned i = sh->space_hash[chain]; i != SHADOW_NONE; i = sh->spaces[i].next)
			if (i >= sh->space_count || ++chained > sh->space_count)
				WRONG("chain %u of spaces\n", chain);
	if (chained != sh->space_count)
		WRONG("%u spaces in chains, of %u\n", chained, sh->space_count);
	return true;
}

/** One context: its records and its first level say the same. */
static bool context_holds(const struct shadow *sh, const struct shadow_context *ctx)
{
	const bool is_common = ctx == sh->common;
	unsigned in_use = 0;

	if (ctx->slot_count > SHADOW_SLOTS)
		WRONG("%u slots\n", ctx->slot_count);
	for (unsigned slot = 0; slot < MMU_SLOTS; slot++) {
		const unsigned index = ctx->slot_index[slot];
		const bool vectors = slot == shadow_vector_slot(sh);
		const struct shadow_slot *record = &ctx->slots[index];

		if (index == 0 && is_common && slot < sh->pv.user_limit >> 20 && !vectors) {
			if (ctx->l1[slot] != of_space[slot])
				WRONG("slot 0x%x is of a space, but %08x\n", slot, ctx->l1[slot]);
			continue;
		}
		if (index == 0 && is_common && vectors && sh->current == sh->common &&
		    sh->gate_table != SHADOW_NONE)
			continue; /* the gate of a space, open or closed */
		if (index == 0) {
			if (ctx->l1[slot] != without_record(sh, slot))
				WRONG("slot 0x%x has no record, but is %08x\n", slot,
				      ctx->l1[slot]);
			continue;
		}
		in_use++;
		if (index > ctx->slot_count || record->slot != slot)
			WRONG("slot 0x%x: record %u is of slot 0x%x\n", slot, index, record->slot);
		if (record->table == SHADOW_SECTION) {
			if ((ctx->l1[slot] & L1_TYPE_MASK) != L1_SECTION || vectors)
				WRONG("slot 0x%x: section is %08x\n", slot, ctx->l1[slot]);
			continue;
		}
		if (record->table >= SHADOW_TABLES || sh->tables[record->table].slot != slot ||
		    sh->tables[record->table].guest_l1 != record->guest_l1 ||
		    sh->tables[record->table].space != SHADOW_NONE)
			WRONG("slot 0x%x: table %u is not of it\n", slot, record->table);
		refs[record->table]++;
		if (vectors)
			continue;
		if ((ctx->l1[slot] & L1_COARSE_BASE) !=
		    mmu_pool_hpa(&sh->pool[record->table * SHADOW_ENTRIES]).raw)
			WRONG("slot 0x%x: links to %08x\n", slot, ctx->l1[slot]);
		if (desc_domain(ctx->l1[slot]) != sh->tables[record->table].mmu_domain)
			WRONG("slot 0x%x: domain %u\n", slot, desc_domain(ctx->l1[slot]));
	}
	if (in_use != ctx->slot_count)
		WRONG("%u slots in use, %u counted\n", in_use, ctx->slot_count);
	return true;
}

/** Counts how often each table is in a hash chain. */
static bool hash_holds(const struct shadow *sh)
{
	memset(hashed, 0, sizeof(hashed));
	for (unsigned chain = 0; chain < SHADOW_HASH; chain++) {
		for (unsigned i = sh->hash[chain]; i != SHADOW_NONE; i = sh->tables[i].next) {
			if (i >= SHADOW_TABLES || hashed[i]++)
				WRONG("hash chain %u\n", chain);
		}
	}
	return true;
}

static bool claim(unsigned table, unsigned count, uint8_t use)
{
	for (unsigned i = table; i < table + count; i++) {
		if (i >= SHADOW_TABLES || uses[i])
			WRONG("table %u has two uses\n", i);
		uses[i] = use;
	}
	return true;
}

/** What is not known is 0, but for the vector page in tables of its slot. */
static bool entries_hold(const struct shadow *sh)
{
	for (unsigned at = 0; at < SHADOW_TABLES * SHADOW_ENTRIES; at++) {
		const unsigned slot = sh->tables[at / SHADOW_ENTRIES].slot;

		if (sh->pool[at] != 0 && !(sh->known[at / 32] & BIT(at % 32)) &&
		    (uses[at / SHADOW_ENTRIES] != 1 || slot != shadow_vector_slot(sh)))
			WRONG("entry 0x%x is %08x and not known\n", at, sh->pool[at]);
	}
	return true;
}

bool shadow_invariants_hold(const struct shadow *sh)
{
	unsigned free_count = 0, in_use = 0;

	memset(refs, 0, sizeof(refs));
	memset(uses, 0, sizeof(uses));
	if (!spaces_hold(sh))
		return false;
	for (unsigned i = 0; i < SHADOW_CONTEXTS; i++)
		if (!context_holds(sh, &sh->contexts[i]))
			return false;
	if (!hash_holds(sh))
		return false;
	for (unsigned i = sh->free_head; i != SHADOW_NONE; i = sh->tables[i].next) {
		if (!claim(i, 1, 2))
			return false;
		free_count++;
	}
	if (free_count != sh->free_count)
		WRONG("%u free, %u counted\n", free_count, sh->free_count);
	for (unsigned i = 0; i < SHADOW_TABLES; i++) {
		if (sh->tables[i].refs != refs[i])
			WRONG("table %u has %u links, %u counted\n", i, refs[i],
			      sh->tables[i].refs);
		if (hashed[i] != (refs[i] > 0))
			WRONG("table %u with %u links is %u times in the hash\n", i, refs[i],
			      hashed[i]);
		if (refs[i] == 0)
			continue;
		if (!claim(i, sh->tables[i].fine ? 4 : 1, 1))
			return false;
		in_use += sh->tables[i].fine ? 4 : 1;
		if (sh->tables[i].fine && i % 4)
			WRONG("fine table at %u\n", i);
	}
	if (free_count + in_use != SHADOW_TABLES)
		WRONG("%u free, %u in use\n", free_count, in_use);
	return entries_hold(sh);
}
