/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest may touch right now: the virtual privilege level and the guest's DACR, turned into
 * the real DACR.
 *
 * Each pair of a guest domain and a class (kernel or user pages) has a real MMU domain. A change of
 * virtual mode or of the guest's DACR is then one register write. Two things need more:
 *
 * - The slot that holds the VMM's vectors must stay open, or the core could not take an exception:
 *   its real domain is always client, and what the guest's DACR closes there is closed by linking a
 *   table that holds the vectors alone (the gate).
 * - A right that no class can express is a transient entry. A kernel page in a slot with user pages
 *   (Linux: the page of vector stubs) comes and goes with the privileged modes; what only a manager
 *   domain allows is forgotten at the next change of view.
 */
#include "domain/shadow_internal.h"

#include "vmm/lib/bits.h"

/** More known entries than this in the gate's table: the whole TLB is invalidated instead. */
#define GATE_PAGES_ONE_BY_ONE 12u

/** Whether pages of this class in this guest domain are open in a view. */
static bool class_open(uint32_t dacr, unsigned guest_domain, unsigned class, bool privileged)
{
	const unsigned access = (dacr >> (2 * guest_domain)) & 3u;

	return (access == DOMAIN_CLIENT || access == DOMAIN_MANAGER) &&
	       (class == SHADOW_USER || privileged);
}

/** Whether the gate is open in a view. */
static bool gate_open(const struct shadow *sh, uint32_t dacr, bool privileged)
{
	const struct shadow_table *table;

	if (sh->gate_table == SHADOW_NONE)
		return false;
	table = &sh->tables[sh->gate_table];
	return table->flat || class_open(dacr, table->guest_domain, table->class, privileged);
}

/** Decides whether the gate is open in virtual User mode, and in privileged modes. */
static void gate_decide(struct shadow *sh)
{
	for (unsigned privileged = 0; privileged < 2; privileged++)
		sh->gate_open[privileged] = gate_open(sh, sh->mmu->dacr, privileged);
}

/** Whether the gate would stay as it is if the guest's DACR were @p dacr, at both levels. */
bool shadow_gate_same(const struct shadow *sh, uint32_t dacr)
{
	return gate_open(sh, dacr, false) == sh->vector_slot_open &&
	       gate_open(sh, dacr, true) == sh->vector_slot_open;
}

/** What a value of the guest's DACR means for the real one, in virtual User mode and privileged modes. */
void shadow_dacr_image(const struct shadow *sh, uint32_t dacr, uint32_t image[2])
{
	uint32_t user = MMU_DACR_FIXED, privileged = MMU_DACR_FIXED;

	for (unsigned i = 0; i < sh->domain_count; i++) {
		const unsigned guest_domain = sh->domain_owner[i].guest_domain;
		const unsigned class = sh->domain_owner[i].class;

		if (class_open(dacr, guest_domain, class, false))
			user |= DOMAIN_CLIENT << (2 * i);
		if (class_open(dacr, guest_domain, class, true))
			privileged |= DOMAIN_CLIENT << (2 * i);
	}
	image[0] = user;
	image[1] = privileged;
}

/** Recomputes the real DACR of both privilege levels. */
static void compute_dacr(struct shadow *sh)
{
	shadow_dacr_image(sh, sh->mmu->dacr, sh->dacr);
	gate_decide(sh);
	for (unsigned i = 0; i < sh->transient_count; i++) {
		struct shadow_transient *t = &sh->transients[i];

		t->open = t->kernel_page &&
			  class_open(sh->mmu->dacr, t->guest_domain, SHADOW_KERNEL, true);
	}
}

/** Forgets all transient entries: for when there are too many. */
void shadow_transients_withdraw(struct shadow *sh)
{
	for (unsigned i = 0; i < sh->transient_count; i++) {
		if (sh->transients[i].present)
			mmu_tlb_invalidate(sh->transients[i].va);
		shadow_entry_drop(sh, sh->transients[i].at);
	}
	sh->transient_count = 0;
	sh->view_epoch++;
}

/** Brings the transient entries into line with the view. */
static void transients_update(struct shadow *sh)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < sh->transient_count; i++) {
		struct shadow_transient *t = &sh->transients[i];
		const bool known = sh->known[t->at / 32] & BIT(t->at % 32);
		const bool allowed = sh->privileged && t->open;

		if (t->present && !(allowed && known)) {
			sh->pool[t->at] = 0;
			mmu_tlb_invalidate(
				t->va); /* also of what is gone: nothing will tell later */
		}
		if (!t->kernel_page || !known) { /* dropped meanwhile: not to come back */
			shadow_entry_drop(sh, t->at);
			continue;
		}
		if (allowed && !t->present)
			sh->pool[t->at] = t->desc;
		t->present = allowed;
		if (kept != i)
			sh->transients[kept] = *t;
		kept++;
	}
	sh->transient_count = kept;
	sh->view_epoch++;
}

/** Notes that an entry which has just been written holds in this view, or in some, only. */
void shadow_transient_add(struct shadow *sh, const struct shadow_transient *transient)
{
	for (unsigned i = 0; i < sh->transient_count; i++) {
		if (sh->transients[i].at == transient->at) {
			sh->transients[i] = *transient;
			return;
		}
	}
	if (sh->transient_count == SHADOW_TRANSIENTS) {
		/* The new entry stays; the others are filled again when they are needed. */
		const uint32_t desc = sh->pool[transient->at];
		const uint32_t guest_l2 = sh->guest_l2[transient->at];

		shadow_transients_withdraw(sh);
		shadow_entry_set(sh, transient->at, desc, guest_l2);
	}
	sh->transients[sh->transient_count++] = *transient;
	sh->view_epoch++;
}

/**
 * Entries of the pool have got another use, or were written for all views: older transient ones
 * must neither come back nor be withdrawn.
 */
void shadow_transients_forget_in(struct shadow *sh, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < sh->transient_count; i++)
		if (sh->transients[i].at - first < count)
			sh->transients[i--] = sh->transients[--sh->transient_count];
	sh->view_epoch++;
}

/** Whether the entry for @p va is a transient one. */
bool shadow_is_transient(const struct shadow *sh, uint32_t va)
{
	for (unsigned i = 0; i < sh->transient_count; i++)
		if (((sh->transients[i].va ^ va) & ~0xfffu) == 0)
			return true;
	return false;
}

/** Whether some of @p count entries from @p first hold in the present view only. */
bool shadow_has_exact(const struct shadow *sh, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < sh->transient_count; i++)
		if (!sh->transients[i].kernel_page && sh->transients[i].at - first < count)
			return true;
	return false;
}

/**
 * Invalidates the TLB for the pages of a table that has just been taken out of the vector slot. What
 * the TLB may have of entries that are gone has no other guard, either: the real domain stays open.
 */
static void invalidate_gate_pages(const struct shadow *sh, unsigned table)
{
	const uint32_t *known = &sh->known[table * SHADOW_ENTRIES / 32];
	uint32_t pages[GATE_PAGES_ONE_BY_ONE];
	unsigned count = 0;

	if (sh->tables[table].fine || sh->tlb_stale) {
		mmu_tlb_invalidate_all();
		return;
	}
	for (unsigned word = 0; word < SHADOW_ENTRIES / 32; word++) {
		for (uint32_t left = known[word]; left != 0; left &= left - 1u) {
			if (count == GATE_PAGES_ONE_BY_ONE) {
				mmu_tlb_invalidate_all();
				return;
			}
			pages[count++] = word * 32 + (unsigned)__builtin_ctz(left);
		}
	}
	for (unsigned i = 0; i < count; i++)
		mmu_tlb_invalidate((uint32_t)sh->tables[table].slot << 20 | pages[i] << 12);
}

/** Opens or closes the vector slot of the current context as the view asks. */
void shadow_gate_update(struct shadow *sh)
{
	const unsigned slot = shadow_vector_slot(sh);
	const unsigned table = shadow_slot_table(sh, slot);
	const bool linked = table != SHADOW_NONE && table != SHADOW_SECTION;
	bool open;
	uint32_t at;

	sh->gate_table = (uint16_t)(linked ? table : SHADOW_NONE);
	gate_decide(sh);
	open = sh->gate_open[sh->privileged];
	at = mmu_pool_hpa(open ? &sh->pool[table * SHADOW_ENTRIES] : sh->vector_table).raw;
	sh->current->l1[slot] = open && sh->tables[table].fine
					? desc_fine(at, MMU_DOMAIN_VECTORS)
					: desc_coarse(at, MMU_DOMAIN_VECTORS);
	if (sh->vector_slot_open && !open && linked)
		invalidate_gate_pages(sh, table);
	sh->view_epoch += sh->vector_slot_open != open;
	sh->vector_slot_open = open;
}

/** Makes the hardware agree with the view: privilege level and guest DACR. */
void shadow_view_update(struct shadow *sh)
{
	if (sh->transient_count > 0)
		transients_update(sh);
	mmu_set_dacr(shadow_dacr(sh));
	if (sh->gate_open[sh->privileged] != sh->vector_slot_open)
		shadow_gate_update(sh);
}

/** Forgets the entries that not every view allows: the next access makes them again. */
void shadow_forget_transients(struct shadow *sh)
{
	shadow_transients_withdraw(sh);
}

/** The virtual CPU changed between User mode and the privileged modes. */
void shadow_set_privileged(struct shadow *sh, bool privileged)
{
	sh->privileged = privileged;
	shadow_view_update(sh);
}

/** The guest wrote its DACR, or switched its MMU on or off. */
void shadow_domains_changed(struct shadow *sh)
{
	compute_dacr(sh);
	if (sh->common && sh->gate_open[sh->privileged] != sh->vector_slot_open)
		shadow_share_vectors(sh); /* rather than move the gate to and fro */
	shadow_view_update(sh);
}

/**
 * The real MMU domain for a guest domain and class, handed out at the first use. When they run out
 * everything is forgotten and handing out starts again.
 */
unsigned shadow_mmu_domain(struct shadow *sh, unsigned guest_domain, enum shadow_class class)
{
	unsigned domain = sh->domain_of[guest_domain][class];

	if (domain != MMU_DOMAIN_COUNT)
		return domain;
	if (sh->domain_count == MMU_DOMAIN_DYNAMIC)
		shadow_flush_all(sh);

	domain = sh->domain_count++;
	sh->domain_epoch++;
	sh->view_epoch++;
	sh->domain_of[guest_domain][class] = (uint8_t)domain;
	sh->domain_owner[domain].guest_domain = (uint8_t)guest_domain;
	sh->domain_owner[domain].class = (uint8_t) class;
	compute_dacr(sh);
	mmu_set_dacr(shadow_dacr(sh));
	return domain;
}
