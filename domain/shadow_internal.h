/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the shadow page tables share: see domain/shadow.h. */
#ifndef DOMAIN_SHADOW_INTERNAL_H
#define DOMAIN_SHADOW_INTERNAL_H

#include "arch/arm/layout.h"
#include "arch/arm/user_access.h"
#include "domain/shadow.h"
#include "vmm/lib/bits.h"

/** Slots that are forgotten, or tables that are looked at, between two preempt points. */
#define SHADOW_SLOTS_AT_ONCE 16u
/** Tables that are passed, in a list, between two of them: a guest can have all in the same list. */
#define SHADOW_PASSED_AT_ONCE 64u

static inline unsigned shadow_vector_slot(const struct shadow *sh)
{
	return sh->vectors_high ? 0xfffu : 0u;
}

/** The number of the page that the VMM's vectors are in. */
static inline unsigned shadow_vector_page(const struct shadow *sh)
{
	return sh->vectors_high ? 0xffff0u : 0u;
}

/** The level 2 descriptor that shows the VMM's vectors to privileged modes, and nothing to the guest. */
static inline uint32_t shadow_vector_page_desc(const struct shadow *sh)
{
	return sh->vectors_shared ? desc_small(mmu_shared_vectors().raw, AP_PRIV, DESC_C | DESC_B)
				  : mmu_vector_page_desc();
}

/** The first-level entry of the vector slot that shows the VMM's vectors alone. */
static inline uint32_t shadow_closed_gate_desc(const struct shadow *sh)
{
	return desc_coarse(mmu_pool_hpa(sh->vector_table).raw, MMU_DOMAIN_VECTORS);
}

/** Whether @p slot belongs to the current space, not to the context. */
static inline bool shadow_is_user_slot(const struct shadow *sh, unsigned slot)
{
	return slot < sh->user_slots;
}

/** The table of the current space at one of its slots, or SHADOW_NONE: it has no sections. */
static inline unsigned shadow_space_table(const struct shadow *sh, unsigned slot)
{
	const uint32_t l1 = sh->current->l1[slot];

	/* The vector slot, if it belongs to a space: 0xfff does not. */
	if (slot == 0 && !sh->vectors_high)
		return sh->space->gate_table;
	return l1 ? (l1 - sh->pool_hpa) / (SHADOW_ENTRIES * 4) : SHADOW_NONE;
}

static inline bool shadow_is_known(const struct shadow *sh, unsigned at)
{
	return sh->known[at / 32] & BIT(at % 32);
}

/** Writes the entry @p at of the pool and remembers the guest descriptor it was made from. */
static inline void shadow_entry_set(struct shadow *sh, unsigned at, uint32_t desc,
				    uint32_t guest_l2)
{
	sh->pool[at] = desc;
	sh->guest_l2[at] = guest_l2;
	sh->known[at / 32] |= BIT(at % 32);
}

/**
 * Reads an aligned word of guest physical memory through the linear mapping of the guest's kernel,
 * with its rights. False if it is not there, and it may be if the word is all ones.
 */
static inline bool shadow_read_linear(const struct shadow *sh, uint32_t from, uint32_t *word)
{
	const uint32_t offset = from - sh->pv.ram.base;
	const uint32_t va = from + sh->pv.linear_offset;
	uint32_t apart;

	if (offset >= sh->pv.ram.size) /* always, if the guest does not announce */
		return false;
	/* The guest may have mapped something else there; then that is not its memory. */
	apart = sh->current->l1[va >> 20] ^ ((sh->pv.ram.hpa.raw + offset) | L1_SECTION);
	if (apart & (L1_SECTION_BASE | L1_TYPE_MASK))
		return false;
	if (sh->privileged) {
		*word = user_fetch(va);
	} else {
		mmu_set_dacr(sh->dacr[1]);
		*word = user_fetch(va);
		mmu_set_dacr(sh->dacr[0]);
	}
	return *word != 0xffffffffu;
}

/** The hash chain of the tables that shadow the guest table at @p base. */
static inline unsigned shadow_hash(uint32_t base)
{
	return (base >> 10 ^ base >> 20) & (SHADOW_HASH - 1u);
}

/** The space of the boot's page directory: it is never recycled, since all others copy it. */
#define SHADOW_FIRST_SPACE 0u

/** Where the chain of spaces begins that a page directory is in, if it is known. */
static inline uint16_t *shadow_space_chain(struct shadow *sh, uint32_t ttbr)
{
	return &sh->space_hash[(ttbr >> 14 ^ ttbr >> 22) & (SHADOW_SPACE_HASH - 1u)];
}

/** The space of a page directory; NULL if it is not known. */
static inline struct shadow_space *shadow_space_find(struct shadow *sh, uint32_t ttbr)
{
	unsigned i = *shadow_space_chain(sh, ttbr);

	while (i != SHADOW_NONE && sh->spaces[i].ttbr != ttbr)
		i = sh->spaces[i].next;
	return i == SHADOW_NONE ? 0 : &sh->spaces[i];
}

/* shadow.c */
void shadow_table_revalidate(struct shadow *sh, unsigned table);

/* shadow_recycle.c */
void shadow_recycle(struct shadow *sh);
unsigned shadow_recycle_four(struct shadow *sh);

/* shadow_table.c */
unsigned shadow_table_get(struct shadow *sh, const struct shadow_table *like);
uint16_t *shadow_list_find(struct shadow *sh, uint16_t *link, size_t member, unsigned index);
void shadow_table_free(struct shadow *sh, unsigned table);
unsigned shadow_slot_table(const struct shadow *sh, unsigned slot);
struct shadow_slot *shadow_slot_find(struct shadow_context *ctx, unsigned slot);
struct shadow_slot *shadow_slot_add(struct shadow *sh, struct shadow_context *ctx, unsigned slot,
				    uint32_t guest_l1, unsigned table);
void shadow_slot_drop(struct shadow *sh, struct shadow_context *ctx, unsigned slot);
void shadow_context_clear(struct shadow *sh, struct shadow_context *ctx);
bool shadow_entry_drop(struct shadow *sh, unsigned at);
void shadow_table_empty(struct shadow *sh, unsigned table);
void shadow_table_link(struct shadow *sh, struct shadow_context *ctx, unsigned slot,
		       unsigned table);
void shadow_table_set_class(struct shadow *sh, unsigned table, enum shadow_class class,
			    unsigned mmu_domain);

/* shadow_space.c */
void shadow_switch_space(struct shadow *sh);
void shadow_space_attach(struct shadow *sh, unsigned table);
void shadow_space_detach(struct shadow *sh, unsigned table);
void shadow_space_clear(struct shadow *sh, struct shadow_space *space);
bool shadow_space_recycle(struct shadow *sh);
void shadow_spaces_forget(struct shadow *sh);

/* shadow_vectors.c */
void shadow_vector_table_make(struct shadow *sh);
void shadow_share_vectors(struct shadow *sh);
bool shadow_copy_vectors(struct shadow *sh, uint32_t va, const struct guest_translation *t,
			 const struct mem_region *region, enum rights need);
void shadow_copy_give_up(struct shadow *sh);

/* shadow_view.c */
unsigned shadow_mmu_domain(struct shadow *sh, unsigned guest_domain, enum shadow_class class);
void shadow_view_update(struct shadow *sh);
void shadow_transients_withdraw(struct shadow *sh);
void shadow_transient_add(struct shadow *sh, const struct shadow_transient *transient);
void shadow_transients_forget_in(struct shadow *sh, unsigned first, unsigned count);
bool shadow_is_transient(const struct shadow *sh, uint32_t va);
bool shadow_has_exact(const struct shadow *sh, unsigned first, unsigned count);
void shadow_gate_update(struct shadow *sh);

#endif
