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
static uint8_t uses[SHADOW_TABLES]; /* of each table: 1 in use, 2 free */

/** A first-level entry of a context that does not use the slot, and may be new, or not in use. */
static uint32_t without_record(const struct shadow *sh, unsigned slot)
{
	if (slot >= VMM_BASE >> 20 && slot < VMM_END >> 20)
		return VMM_SLOT_DESC(slot);
	if (slot != (sh->vectors_high ? 0xfff : 0))
		return 0;
	return desc_coarse(mmu_pool_hpa(sh->vector_table).raw, MMU_DOMAIN_VECTORS);
}

/** One context: its records and its first level say the same. */
static bool context_holds(const struct shadow *sh, const struct shadow_context *ctx)
{
	unsigned in_use = 0;

	if (ctx->slot_count > SHADOW_SLOTS)
		WRONG("%u slots\n", ctx->slot_count);
	for (unsigned slot = 0; slot < MMU_SLOTS; slot++) {
		const unsigned index = ctx->slot_index[slot];
		const bool vectors = slot == shadow_vector_slot(sh);
		const struct shadow_slot *record = &ctx->slots[index];

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
		    sh->tables[record->table].guest_l1 != record->guest_l1)
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

bool shadow_invariants_hold(const struct shadow *sh)
{
	unsigned free_count = 0, in_use = 0;

	memset(refs, 0, sizeof(refs));
	memset(uses, 0, sizeof(uses));
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
	return true;
}
