/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: one per guest address space, kept while the guest is elsewhere.
 *
 * An inactive context is not trusted: the guest may have changed its tables, and Linux skips the
 * TLB flush for address spaces that are not active. So every return to a context compares all it
 * holds with the guest's tables before the guest continues.
 */
#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"

#include "arch/arm/cache.h"
#include "arch/arm/sctlr.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/** Entries of a table that are dropped between two preempt points: each is 30 instructions. */
#define DROP_AT_ONCE 32u

/** The guest's first-level descriptor for the VA slot @p slot; false if it cannot be read. */
bool shadow_guest_l1(const struct shadow *sh, unsigned slot, uint32_t *l1)
{
	const uint32_t mva_slot = guest_mva(sh->mmu, (uint32_t)slot << 20) >> 20;

	return shadow_read_guest(sh, gpa((sh->mmu->ttbr & GUEST_TTBR_BASE) + mva_slot * 4), l1);
}

static bool guest_flat(const struct shadow *sh)
{
	return !(sh->mmu->sctlr & SCTLR_M);
}

/** The guest's level 2 table at @p base, which never crosses a page; NULL if it is no longer in RAM. */
static const volatile uint32_t *guest_table(const struct shadow *sh, uint32_t base)
{
	const volatile uint32_t *const page =
		sh->guest_page(sh->guest_page_ctx, gpa(base & ~0xfffu));

	return page ? page + (base & 0xfffu) / 4 : 0;
}

/**
 * Compares the entries of one table with the guest's and drops what differs. The caller invalidates
 * the TLB if the table has been in use since the last comparison.
 */
void shadow_table_revalidate(struct shadow *sh, unsigned index)
{
	const struct shadow_table *table = &sh->tables[index];
	const bool coarse = (table->guest_l1 & L1_TYPE_MASK) == L1_COARSE;
	const unsigned entries = table->fine ? 4 * SHADOW_ENTRIES : SHADOW_ENTRIES;
	const uint32_t base = table->guest_l1 & (coarse ? L1_COARSE_BASE : L1_FINE_BASE);
	const volatile uint32_t *guest;
	unsigned at = index * SHADOW_ENTRIES, dropped = 0;

	if (table->flat || (table->guest_l1 & L1_TYPE_MASK) == L1_SECTION)
		return; /* the first-level descriptor says it all */

	guest = guest_table(sh, base);
	for (unsigned word = 0; word < entries / 32; word++) {
		for (uint32_t left = sh->known[at / 32 + word]; left != 0; left &= left - 1u) {
			const unsigned n = word * 32 + (unsigned)__builtin_ctz(left);

			if (guest && guest[n] == sh->guest_l2[at + n])
				continue;
			shadow_entry_drop(sh, at + n);
			if (++dropped % DROP_AT_ONCE == 0) {
				preempt_point();
				guest = guest_table(sh, base);
			}
		}
	}
}

/** Compares the first-level descriptors of a context and drops the slots that differ. */
static void revalidate_slots(struct shadow *sh, struct shadow_context *ctx)
{
	const uint32_t table = sh->mmu->ttbr & GUEST_TTBR_BASE;
	const volatile uint32_t *page = 0;
	unsigned page_slot = MMU_SLOTS;

	for (unsigned i = ctx->slot_count; i > 0; i--) {
		const struct shadow_slot *record = &ctx->slots[i];
		unsigned slot = record->slot;

		if (slot < 32)
			slot |= sh->mmu->pid >> 20; /* the FCSE renames the low 32 MiB */
		if ((slot & ~1023u) != page_slot) {
			page_slot = slot & ~1023u;
			page = sh->guest_page(sh->guest_page_ctx, gpa(table + page_slot * 4));
		}
		if (!page || page[slot & 1023u] != record->guest_l1) {
			shadow_slot_drop(sh, ctx, record->slot);
			preempt_point();
			page_slot = MMU_SLOTS; /* the window may show another page now */
		}
	}
}

/**
 * Compares the current context with the guest's tables and drops what differs: the effect of a
 * guest's invalidation of the whole TLB (ARM ARM, B3.7).
 */
void shadow_revalidate(struct shadow *sh)
{
	struct shadow_context *ctx = sh->current;

	sh->tlb_stale = sh->tlb_stale_all = false;
	if (ctx == sh->common) {
		mmu_tlb_invalidate_all(); /* what has changed was announced */
		return;
	}
	if (sh->common) { /* a guest that announces does not clean what is read below */
		cache_clean_d_all();
		cache_drain_write_buffer(0);
	}
	if (!ctx->flat) {
		revalidate_slots(sh, ctx);
		for (unsigned i = 1; i <= ctx->slot_count; i++)
			if (ctx->slots[i].table != SHADOW_SECTION) {
				shadow_table_revalidate(sh, ctx->slots[i].table);
				preempt_point();
			}
	}
	mmu_tlb_invalidate_all();
}

/** Compares what covers one address, as the hardware sees it, with the guest's tables. */
static void revalidate_address(struct shadow *sh, uint32_t va)
{
	struct shadow_context *ctx = sh->current;
	struct shadow_slot *record = shadow_slot_find(ctx, va >> 20);
	const struct shadow_table *table;
	const volatile uint32_t *guest;
	uint32_t l1, base;
	unsigned first, count, at;
	bool dropped = false;

	if (!record || ctx->flat)
		return;
	if (!shadow_guest_l1(sh, record->slot, &l1) || l1 != record->guest_l1) {
		shadow_slot_drop(sh, ctx, record->slot);
		mmu_tlb_invalidate_all(); /* a slot is up to 256 TLB entries */
		return;
	}
	/* With an unchanged section, shadow and TLB agree with the guest already. */
	if (record->table == SHADOW_SECTION)
		return;
	table = &sh->tables[record->table];
	if ((table->guest_l1 & L1_TYPE_MASK) == L1_SECTION)
		return;
	base = table->guest_l1 & (table->fine ? L1_FINE_BASE : L1_COARSE_BASE);
	guest = sh->guest_page(sh->guest_page_ctx, gpa(base & ~0xfffu));
	if (guest)
		guest += (base & 0xfffu) / 4;

	/* A fine table repeats the descriptor of a small page 4 times, of a large one 64 times. */
	count = table->has_large ? 16 : 1;
	first = (va >> 12) & 0xffu & ~(count - 1u);
	if (table->fine) {
		first *= 4;
		count *= 4;
	}
	at = record->table * SHADOW_ENTRIES;
	for (unsigned n = first; n < first + count; n++)
		if (!guest || guest[n] != sh->guest_l2[at + n])
			dropped |= shadow_entry_drop(sh, at + n);
	if (!dropped)
		return; /* what the TLB has is what the guest's table says */
	if (count == 1)
		mmu_tlb_invalidate(va);
	else
		mmu_tlb_invalidate_all();
}

/**
 * Compares what covers one modified virtual address with the guest's tables: the effect of a
 * guest's invalidation of a single TLB entry. One operation covers the whole section or large page
 * the address lies in (ARM ARM, B3.7), so all fragments of such a page are compared.
 *
 * The FCSE is never programmed: a page of the guest's process is at its low address as well.
 */
void shadow_revalidate_page(struct shadow *sh, uint32_t mva)
{
	uint32_t pid;

	if (sh->current == sh->common) {
		shadow_flush_range(sh, mva, mva + 1);
		return;
	}
	revalidate_address(sh, mva);
	pid = sh->mmu->pid & GUEST_PID_MASK;
	if (pid != 0 && (mva & GUEST_PID_MASK) == pid)
		revalidate_address(sh, mva & 0x01ffffffu);
}

/** Gives a context, which holds nothing, to the guest's present address space. */
static void context_make(struct shadow *sh, struct shadow_context *ctx)
{
	ctx->flat = guest_flat(sh);
	ctx->ttbr = sh->mmu->ttbr & GUEST_TTBR_BASE;
	ctx->pid = sh->mmu->pid & GUEST_PID_MASK;
	ctx->valid = true;
	sh->stats.contexts_made++;
}

/**
 * Takes over from the previous context what the guest's new tables share with it: the kernel's
 * half, as a rule. Without this a new process would take a fault for each.
 */
static void context_inherit(struct shadow *sh, struct shadow_context *ctx,
			    struct shadow_context *from)
{
	if (ctx->flat || from->flat || !from->valid || ctx->pid != from->pid)
		return;
	for (unsigned i = 1; i <= from->slot_count; i++) {
		const struct shadow_slot *record = &from->slots[i];
		uint32_t l1;

		if (!shadow_guest_l1(sh, record->slot, &l1) || l1 != record->guest_l1)
			continue;
		shadow_slot_add(sh, ctx, record->slot, l1, record->table);
		if (record->table == SHADOW_SECTION)
			ctx->l1[record->slot] = from->l1[record->slot];
		else
			shadow_table_link(sh, ctx, record->slot, record->table);
		if (i % SHADOW_SLOTS_AT_ONCE == 0)
			preempt_point();
	}
}

static struct shadow_context *context_find(struct shadow *sh)
{
	const bool flat = guest_flat(sh);
	const uint32_t ttbr = sh->mmu->ttbr & GUEST_TTBR_BASE;
	const uint32_t pid = sh->mmu->pid & GUEST_PID_MASK;
	struct shadow_context *oldest = 0;

	for (struct shadow_context *ctx = sh->contexts; ctx < sh->contexts + sh->context_count;
	     ctx++) {
		if (ctx->valid && ctx->flat == flat && ctx->pid == pid &&
		    (flat || ctx->ttbr == ttbr))
			return ctx;
		if (ctx != sh->current && ctx != sh->common &&
		    (!oldest || ctx->last_used < oldest->last_used))
			oldest = ctx;
	}
	if (oldest->valid) {
		shadow_context_clear(sh, oldest);
		oldest->valid = false;
		sh->stats.contexts_recycled++;
	}
	return oldest;
}

/**
 * Makes the context of the guest's present address space current: its TTBR, its FCSE PID, or flat
 * when its MMU is off. Everything the context holds has been compared when this returns.
 */
void shadow_switch(struct shadow *sh)
{
	struct shadow_context *const from = sh->current;
	struct shadow_context *ctx;
	bool fresh;

	if (sh->common && !guest_flat(sh) && !(sh->mmu->pid & GUEST_PID_MASK)) {
		shadow_switch_space(sh);
		return;
	}
	ctx = context_find(sh);
	fresh = !ctx->valid;
	ctx->last_used = ++sh->clock;
	if (fresh)
		context_make(sh, ctx);

	if (ctx != from) {
		if (sh->vector_slot_open) /* leave the old context's gate closed */
			from->l1[shadow_vector_slot(sh)] = shadow_closed_gate_desc(sh);
		sh->vector_slot_open = false;
		sh->current = ctx;
		sh->user_slots = 0;
		if (fresh)
			context_inherit(sh, ctx, from);
		/* The hardware has no address space identifiers: its TLB is emptied below. */
		mmu_set_ttbr(mmu_pool_hpa(ctx->l1));
		shadow_gate_update(sh);
	}
	shadow_revalidate(sh);
}

/**
 * Forgets everything, in all contexts: for changes that give all entries another meaning (S, R and
 * C bits, the place of the vectors, the real domains handed out).
 */
void shadow_flush_all(struct shadow *sh)
{
	sh->transient_count = 0;
	for (unsigned i = 0; i < sh->space_count; i++)
		shadow_space_clear(sh, &sh->spaces[i]);
	for (unsigned i = 0; i < sh->context_count; i++) {
		struct shadow_context *ctx = &sh->contexts[i];

		preempt_point();
		shadow_context_clear(sh, ctx);
		ctx->l1[0] = 0;
		ctx->l1[0xfff] = 0;
		ctx->l1[shadow_vector_slot(sh)] = shadow_closed_gate_desc(sh);
	}
	sh->gate_table = SHADOW_NONE;
	sh->vector_slot_open = false;
	sh->domain_count = 0;
	sh->domain_epoch++;
	sh->view_epoch++;
	memset(sh->domain_of, MMU_DOMAIN_COUNT, sizeof(sh->domain_of));
	sh->tlb_stale = sh->tlb_stale_all = false;
	mmu_tlb_invalidate_all();
	shadow_domains_changed(sh);
}

/** To the state after reset: the guest's MMU off, the vectors out of its way, nothing known. */
void shadow_reset(struct shadow *sh)
{
	sh->privileged = true;
	shadow_set_vectors(sh, !(sh->mmu->sctlr & SCTLR_V));
	sh->sharing_refused = false;
	shadow_flush_all(sh);
	for (unsigned i = 0; i < sh->context_count; i++)
		sh->contexts[i].valid = false;
	shadow_spaces_forget(sh);
	shadow_switch(sh);
}

/** What shadow_init() and, of a guest that announces, shadow_set_pv() take from the heap. */
size_t shadow_heap_size(const struct shadow_size *size, bool announces)
{
	return align_up(size->contexts * sizeof(struct shadow_context), HEAP_ALIGN) +
	       align_up(size->tables * sizeof(struct shadow_table), HEAP_ALIGN) +
	       size->tables * (SHADOW_ENTRIES * 4 + SHADOW_ENTRIES / 8) +
	       (announces ? align_up(SHADOW_SPACES * sizeof(struct shadow_space), HEAP_ALIGN) : 0);
}

/**
 * Prepares the shadow of a VM and makes a flat context current.
 *
 * @p size is one that shadow_size_ok() accepts. @p mmu is read whenever something
 * is filled or compared; @p guest_page gives the page of guest physical memory at a 4 KiB aligned GPA,
 * uncached, until its next call; @p pool is SHADOW_POOL_SIZE bytes of zeros, uncached, 16 KiB aligned.
 * Everything else comes from the heap.
 * From here on, a context without slots has the VMM's entries alone in its first level.
 */
__attribute__((cold)) void shadow_init(
	struct shadow *sh, const struct shadow_size *size, const struct guest_mmu *mmu,
	const volatile uint32_t *(*guest_page)(void *ctx, gpa_t page), void *ctx, void *pool)
{
	uint32_t *next = pool;

	*sh = (struct shadow){ .mmu = mmu,
			       .guest_page = guest_page,
			       .guest_page_ctx = ctx,
			       .context_count = size->contexts,
			       .table_count = size->tables };
	preempt_point(); /* of vmm/vm_remake.c; at the start there is nobody to let in */
	CHECK(shadow_size_ok(size));
	sh->contexts = heap_alloc(sh->context_count * sizeof(*sh->contexts));
	sh->pool = next + sh->context_count * MMU_SLOTS;
	sh->pool_hpa = mmu_pool_hpa(sh->pool).raw;
	sh->vector_table = sh->pool + sh->table_count * SHADOW_ENTRIES;
	sh->vectors_high = true;
	sh->copied = SHADOW_NO_COPY;
	sh->copy_at = SHADOW_NO_ENTRY;
	shadow_vector_table_make(sh);
	preempt_point();
	for (unsigned i = 0; i < sh->context_count; i++, next += MMU_SLOTS) {
		sh->contexts[i].l1 = next;
		mmu_copy_vmm_slots(next);
		next[shadow_vector_slot(sh)] = shadow_closed_gate_desc(sh);
		preempt_point();
	}

	sh->tables = heap_alloc(sh->table_count * sizeof(*sh->tables));
	sh->guest_l2 = heap_alloc(sh->table_count * SHADOW_ENTRIES * sizeof(*sh->guest_l2));
	sh->known = heap_alloc(sh->table_count * SHADOW_ENTRIES / 8);
	memset(sh->hash, 0xff, sizeof(sh->hash));
	sh->free_head = SHADOW_NONE;
	for (unsigned i = sh->table_count; i-- > 0;) {
		sh->tables[i].next = sh->free_head;
		sh->free_head = (uint16_t)i;
		if (i % SHADOW_PASSED_AT_ONCE == 0)
			preempt_point();
	}
	sh->free_count = sh->table_count;
	sh->gate_table = SHADOW_NONE;
	memset(sh->domain_of, MMU_DOMAIN_COUNT, sizeof(sh->domain_of));

	sh->privileged = true;
	sh->current = &sh->contexts[0];
	context_make(sh, sh->current);
	shadow_domains_changed(sh);
	/* shadow_reset() empties the TLB before a guest runs; the VMM's entries do not change. */
	mmu_set_ttbr(mmu_pool_hpa(sh->current->l1));
}
