/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making shadow entries: the one place where a host address enters a table that the hardware walks.
 * The address comes from the VM's memory map, the rights are those of the guest's own entry, and
 * both are taken down to what the map allows.
 */
#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"

#include "arch/arm/cache.h"
#include "arch/arm/sctlr.h"
#include "vmm/lib/bits.h"

/** A small page with one permission, without address and attributes. */
#define ALL_QUARTERS(ap) ((ap)*0x550u | L2_SMALL)

/** What an entry for one page will grant, and how. */
struct grant {
	enum shadow_class class;
	bool transient;    /* not every view allows it */
	bool kernel_page;  /* transient: every privileged view does */
	uint8_t rights[4]; /* enum rights of the four quarters of the page */
};

/** The access permission that gives User mode, which all guest code runs in, these rights. */
static unsigned ap_of(enum rights rights)
{
	switch (rights) {
	case RIGHTS_WRITE:
		return AP_USER_RW;
	case RIGHTS_READ:
		return AP_USER_RO;
	default:
		return AP_PRIV;
	}
}

/**
 * The host page behind a guest physical address: all of a VM's that enters a table of pages. False if
 * the region has nothing there.
 */
static inline bool host_page(const struct mem_region *region, gpa_t at, uint32_t *host)
{
	const uint32_t offset = (at.raw & L2_SMALL_BASE) - region->base;

	*host = region->hpa.raw + offset;
	return offset < region->size;
}

static enum rights at_most(enum rights a, enum rights b)
{
	return a < b ? a : b;
}

/** The AP field of the quarter @p n of the 4 KiB (or smaller) page a translation lies in. */
static unsigned quarter_ap(const struct guest_translation *t, unsigned n)
{
	return t->shift == 12 ? (t->l2 >> (4 + 2 * n)) & 3u : t->ap;
}

/** What guest programs may do with a quarter while their domain is client. */
static enum rights client_rights(const struct shadow *sh, const struct guest_translation *t,
				 unsigned n, bool privileged)
{
	const bool s = sh->mmu->sctlr & SCTLR_S;
	const bool r = sh->mmu->sctlr & SCTLR_R;

	if (t->flat)
		return RIGHTS_WRITE;
	return privileged ? rights_privileged(quarter_ap(t, n), s, r)
			  : rights_user(quarter_ap(t, n), s, r);
}

/** What the present view allows, whatever the reason: client rights, or a manager's. */
static enum rights view_rights(const struct shadow *sh, const struct guest_translation *t,
			       unsigned n)
{
	struct guest_translation quarter = *t;

	quarter.ap = (uint8_t)quarter_ap(t, n);
	return guest_rights(sh->mmu, &quarter, sh->privileged);
}

/**
 * Decides how a page can be granted. @p quarter is the part of the page that is accessed,
 * @p slot_is_user says that the slot holds pages of guest programs already.
 *
 * Returns false if only emulation can do it: the kernel stores to a page that its programs may
 * only read.
 */
static bool decide(const struct shadow *sh, const struct guest_translation *t, unsigned quarter,
		   enum rights need, bool slot_is_user, struct grant *grant)
{
	bool any_user = false;

	for (unsigned n = 0; n < 4; n++)
		any_user |= client_rights(sh, t, n, false) != RIGHTS_NONE;

	grant->transient = false;
	grant->kernel_page = false;
	grant->class = any_user || t->flat ? SHADOW_USER : SHADOW_KERNEL;
	for (unsigned n = 0; n < 4; n++)
		grant->rights[n] = (uint8_t)client_rights(sh, t, n, grant->class == SHADOW_KERNEL);
	if (grant->class == SHADOW_USER && grant->rights[quarter] >= need)
		return true;
	if (grant->class == SHADOW_KERNEL && sh->privileged && !slot_is_user &&
	    grant->rights[quarter] >= need)
		return true;

	/* Not expressible for good: the rights of some views, in a slot that stays open. */
	if (grant->class == SHADOW_USER && grant->rights[quarter] == RIGHTS_READ)
		return false;
	grant->transient = true;
	grant->kernel_page =
		grant->class == SHADOW_KERNEL && sh->privileged && grant->rights[quarter] >= need;
	grant->class = SHADOW_USER;
	if (grant->kernel_page)
		return true;
	for (unsigned n = 0; n < 4; n++)
		grant->rights[n] = (uint8_t)view_rights(sh, t, n);
	return true;
}

/**
 * A whole guest section, in one first-level entry, if RAM or device and alignment allow, and no page of
 * it has been copied.
 */
static bool section_possible(const struct shadow *sh, gva_t va, const struct guest_translation *t,
			     const struct mem_region *region, const struct grant *grant)
{
	const gpa_t base = gpa(t->gpa.raw & L1_SECTION_BASE);

	return t->shift == 20 && !grant->transient && va.raw >> 20 != shadow_vector_slot(sh) &&
	       !shadow_is_user_slot(sh, va.raw >> 20) &&
	       (region->kind == MEM_RAM || region->kind == MEM_DIRECT) &&
	       vm_mem_covers(region, base, MIB) &&
	       (mem_region_hpa(region, base).raw & ~L1_SECTION_BASE) == 0 &&
	       ((mem_region_hpa(region, base).raw ^ sh->copied) & L1_SECTION_BASE) != 0;
}

/**
 * The cacheable and bufferable bits: not cacheable while the guest's caches or its MMU are off. Nor
 * is what has two addresses under the VMM, which never programmes the FCSE: the low 32 MiB of a
 * guest with a process ID, and their other name. On the real core they are one line of the cache.
 */
static uint32_t attributes(const struct shadow *sh, gva_t va, const struct guest_translation *t)
{
	const bool cached = sh->mmu->sctlr & SCTLR_C && !guest_fcse_renames(sh->mmu, va.raw);

	return cached ? t->cb : t->cb & DESC_B;
}

static bool fill_section(struct shadow *sh, gva_t va, const struct guest_translation *t,
			 const struct mem_region *region, const struct grant *grant,
			 unsigned mmu_domain)
{
	const gpa_t base = gpa(t->gpa.raw & L1_SECTION_BASE);
	const unsigned slot = va.raw >> 20;
	const uint32_t desc =
		desc_section(mem_region_hpa(region, base).raw, ap_of(grant->rights[0]), mmu_domain,
			     attributes(sh, va, t));

	if (sh->current->l1[slot] == desc)
		return false;
	if (sh->current->l1[slot] != 0)
		mmu_tlb_invalidate_all(); /* an older entry of the section may be in it */
	shadow_slot_add(sh, sh->current, slot, t->flat ? base.raw : t->l1, SHADOW_SECTION);
	sh->current->l1[slot] = desc;
	sh->stats.fills++;
	return true;
}

/**
 * Whether a table has to stay open to guest programs: it holds pages of theirs, or one that the
 * present view needs there. A table that a manager domain once opened to them, and that has neither
 * any more, becomes the kernel's again at the kernel's next page: its pages are permanent there.
 * What the present view needs stays, so an instruction that needs both kinds comes to its end.
 */
static bool table_is_user(const struct shadow *sh, unsigned table)
{
	const struct shadow_table *t = &sh->tables[table];
	const unsigned entries = t->fine ? 4 * SHADOW_ENTRIES : SHADOW_ENTRIES;

	return t->class == SHADOW_USER &&
	       (t->has_user || shadow_has_exact(sh, table * SHADOW_ENTRIES, entries));
}

/**
 * The current context's table for a slot, made and linked if there is none. Turns a permanent grant
 * for a kernel page into a transient one if the table turns out to hold pages of programs.
 */
static unsigned table_for(struct shadow *sh, unsigned slot, const struct guest_translation *t,
			  struct grant *grant, unsigned mmu_domain)
{
	const uint32_t key = t->flat ? t->gpa.raw & L1_SECTION_BASE : t->l1;
	const bool of_space = shadow_is_user_slot(sh, slot);
	const unsigned old = shadow_slot_table(sh, slot);
	unsigned table = old;

	if (old >= SHADOW_TABLES || sh->tables[old].guest_l1 != key) {
		const struct shadow_table like = {
			.guest_l1 = key,
			.slot = (uint16_t)slot,
			.space = of_space ? (uint16_t)(sh->space - sh->spaces) : SHADOW_NONE,
			.guest_domain = t->domain,
			.class = (uint8_t)grant->class,
			.mmu_domain = (uint8_t)mmu_domain,
			.flat = t->flat,
			.renamed = guest_fcse_renames(sh->mmu, (uint32_t)slot << 20),
			.fine = !t->flat && (t->l1 & L1_TYPE_MASK) == L1_FINE,
		};

		if (old != SHADOW_NONE) {
			if (of_space)
				shadow_space_detach(sh, old);
			else
				shadow_slot_drop(sh, sh->current, slot);
			mmu_tlb_invalidate_all();
		}
		table = shadow_table_get(sh, &like);
		if (of_space) {
			shadow_space_attach(sh, table);
			return table;
		}
		/*
		 * It may be one that an inactive context left behind, made from a guest table whose
		 * memory has another use by now: nothing in it is trusted.
		 */
		shadow_table_revalidate(sh, table);
		shadow_slot_add(sh, sh->current, slot, key, table);
		shadow_table_link(sh, sh->current, slot, table);
	}
	if (grant->class == SHADOW_USER && sh->tables[table].class == SHADOW_KERNEL) {
		shadow_table_set_class(sh, table, SHADOW_USER, mmu_domain);
	} else if (grant->class == SHADOW_KERNEL && table_is_user(sh, table)) {
		/* Another context has put pages of programs into it: open in virtual User mode. */
		grant->class = SHADOW_USER;
		grant->transient = true;
		grant->kernel_page = true;
	} else if (grant->class == SHADOW_KERNEL && sh->tables[table].class == SHADOW_USER) {
		shadow_table_set_class(sh, table, SHADOW_KERNEL, mmu_domain);
	}
	return table;
}

/** The second-level entry for a page of the host, in the format of its table. */
static uint32_t page_desc(bool fine, uint32_t host, const struct grant *grant, unsigned quarter,
			  uint32_t cb)
{
	uint32_t desc;

	if (fine)
		return desc_tiny(host & L2_TINY_BASE, ap_of(grant->rights[quarter]), cb);
	desc = desc_small(host & L2_SMALL_BASE, 0, cb);
	for (unsigned n = 0; n < 4; n++)
		desc |= ap_of(grant->rights[n]) << (4 + 2 * n);
	return desc;
}

/** Of the page that guest and VMM share, the guest may read the last KiB at most. */
static void only_the_copy(struct grant *grant)
{
	for (unsigned n = 0; n < 3; n++)
		grant->rights[n] = RIGHTS_NONE;
	grant->rights[3] = (uint8_t)at_most(grant->rights[3], RIGHTS_READ);
}

/** The entry at @p at, which shows nothing to the guest yet, will show it the copy: no other does. */
static void copy_entry_is(struct shadow *sh, unsigned at)
{
	if (sh->copy_at != SHADOW_NO_ENTRY)
		shadow_entry_drop(sh, sh->copy_at);
	sh->copy_at = at;
	sh->copy_closed = sh->pool[at];
}

static enum shadow_result fill(struct shadow *sh, gva_t va, const struct guest_translation *t,
			       const struct mem_region *region, enum rights need, bool code)
{
	const unsigned slot = va.raw >> 20;
	const unsigned quarter = (va.raw >> 10) & 3u;
	const bool vectors = va.raw >> 12 == shadow_vector_page(sh);
	const struct shadow_slot *record;
	enum rights limit = RIGHTS_WRITE;
	struct grant grant;
	unsigned mmu_domain, table, at;
	bool slot_is_user = false, fine;
	uint32_t desc, host;

	if (va.raw - VMM_BASE < VMM_END - VMM_BASE)
		return SHADOW_RESERVED;
	if (vectors && !shadow_copy_vectors(sh, va.raw, t, region, need))
		return SHADOW_VECTOR_PAGE;
	if (region->kind == MEM_EMULATED || !host_page(region, t->gpa, &host))
		return SHADOW_EMULATE;
	if (region->kind == MEM_READ_DIRECT) {
		limit = RIGHTS_READ;
		if (need == RIGHTS_WRITE)
			return SHADOW_EMULATE;
	}
	if (vectors) {
		host = mmu_shared_vectors().raw;
	} else if (host == (sh->copied & L2_SMALL_BASE)) {
		limit = RIGHTS_READ;
		if (need == RIGHTS_WRITE) {
			shadow_copy_give_up(sh);
			return fill(sh, va, t, region, need, code);
		}
	}

	record = shadow_slot_find(sh->current, slot);
	if (record && record->table != SHADOW_SECTION)
		slot_is_user = table_is_user(sh, record->table);
	else
		slot_is_user = shadow_is_user_slot(sh, slot);
	if (!decide(sh, t, quarter, need, slot_is_user, &grant))
		return SHADOW_EMULATE;
	/*
	 * The kernel of a guest that announces copies to and from its programs with plain loads and
	 * stores: they must find no more there than the programs have.
	 */
	if (grant.transient && shadow_is_user_slot(sh, slot) && !code)
		return SHADOW_EMULATE;

	/* May forget everything, so it comes before anything is looked up. */
	mmu_domain = t->flat ? MMU_DOMAIN_FLAT : shadow_mmu_domain(sh, t->domain, grant.class);

	if (section_possible(sh, va, t, region, &grant)) {
		record = shadow_slot_find(sh->current, slot);
		if (!record || record->table == SHADOW_SECTION)
			return fill_section(sh, va, t, region, &grant, mmu_domain) ? SHADOW_FILLED
										   : SHADOW_PRESENT;
	}

	table = table_for(sh, slot, t, &grant, mmu_domain);
	fine = sh->tables[table].fine;
	for (unsigned n = 0; n < 4; n++)
		grant.rights[n] = (uint8_t)at_most(grant.rights[n], limit);
	if (vectors)
		only_the_copy(&grant);

	at = table * SHADOW_ENTRIES + (fine ? (va.raw >> 10) & 0x3ffu : (va.raw >> 12) & 0xffu);
	desc = vectors ? page_desc(fine, host | 0xc00u, &grant, 3, DESC_C | DESC_B)
		       : page_desc(fine, host | (t->gpa.raw & 0xc00u), &grant, quarter,
				   attributes(sh, va, t));
	if (sh->pool[at] == desc)
		return SHADOW_PRESENT;
	if (sh->pool[at] != 0 || sh->tlb_stale) /* ... or the access aborts once more */
		mmu_tlb_invalidate(va.raw);
	if (vectors)
		copy_entry_is(sh, at);
	shadow_entry_set(sh, at, desc, t->l2);
	if (t->shift == 16)
		sh->tables[table].has_large = true;
	if (grant.class == SHADOW_USER && !grant.transient)
		sh->tables[table].has_user = true;
	if (grant.transient) {
		const struct shadow_transient transient = { .at = at,
							    .va = va.raw,
							    .desc = desc,
							    .guest_domain = t->domain,
							    .kernel_page = grant.kernel_page,
							    .open = grant.kernel_page,
							    .present = true };

		shadow_transient_add(sh, &transient);
	} else if (sh->transient_count > 0) {
		shadow_transients_forget_in(sh, at, 1);
	}
	sh->stats.fills++;
	return SHADOW_FILLED;
}

/**
 * Fills the entry for @p va in the current context.
 *
 * @p t is the guest's translation, @p region the part of the VM's memory map it leads to, and
 * @p need what the access that aborted needs: the caller has checked that the guest's own tables
 * allow it in the present view. RIGHTS_READ also stands for "not known".
 */
enum shadow_result shadow_fill(struct shadow *sh, gva_t va, const struct guest_translation *t,
			       const struct mem_region *region, enum rights need)
{
	return fill(sh, va, t, region, need, false);
}

/**
 * The same for a fetch. In a guest that announces it also makes the entries that a load does not
 * get: what only the kernel may touch, below user_limit, is its code while it switches its MMU.
 */
enum shadow_result shadow_fill_code(struct shadow *sh, gva_t va, const struct guest_translation *t,
				    const struct mem_region *region)
{
	return fill(sh, va, t, region, RIGHTS_READ, true);
}

/**
 * Makes the table for a slot of the current space that has none, for pages of programs. Returns its
 * index, or SHADOW_TABLES plus what shadow_fill_page() answers.
 */
static __attribute__((noinline)) unsigned table_for_programs(struct shadow *sh, unsigned slot)
{
	struct shadow_table like = { .slot = (uint16_t)slot,
				     .space = (uint16_t)(sh->space - sh->spaces),
				     .class = SHADOW_USER };
	unsigned table;

	if (!shadow_guest_l1(sh, slot, &like.guest_l1))
		return SHADOW_TABLES + SHADOW_PAGE_OTHER;
	like.guest_domain = (uint8_t)desc_domain(like.guest_l1);
	if ((like.guest_l1 & L1_TYPE_MASK) == L1_FAULT)
		return SHADOW_TABLES + (FSR_TRANSLATION_SECTION | like.guest_domain << 4);
	if ((like.guest_l1 & L1_TYPE_MASK) != L1_COARSE)
		return SHADOW_TABLES + SHADOW_PAGE_OTHER;
	like.mmu_domain = (uint8_t)shadow_mmu_domain(sh, like.guest_domain, SHADOW_USER);
	table = shadow_table_get(sh, &like);
	shadow_space_attach(sh, table);
	return table;
}

/**
 * The walk, the check and the fill in short, for what a guest that announces needs most: a small
 * page of RAM below user_limit, with one permission. Its answer is what vcpu/fault.c does about an
 * access that aborted, made with @p dacr in the guest's DACR: SHADOW_PAGE_FILLED if an entry has
 * been written that allows @p need; the status of the fault that the guest's own MMU would report;
 * or SHADOW_PAGE_OTHER, for everything else, and nothing has been decided.
 *
 * It is also for an access that is yet to come (pv_retry() in vcpu/pv_entry.c): an entry may be
 * made at any time, as a TLB may load one, if the guest's descriptor is what it is made from.
 */
unsigned shadow_fill_page(struct shadow *sh, uint32_t va, enum rights need, uint32_t dacr)
{
	unsigned table, at, domain, access;
	uint32_t l2, rights, host, cb;

	if (!shadow_is_user_slot(sh, va >> 20))
		return SHADOW_PAGE_OTHER;
	table = shadow_space_table(sh, va >> 20);
	if (table == SHADOW_NONE) {
		table = table_for_programs(sh, va >> 20);
		if (table >= SHADOW_TABLES)
			return table - SHADOW_TABLES;
	}
	l2 = sh->tables[table].guest_l1;
	if ((l2 & L1_TYPE_MASK) != L1_COARSE)
		return SHADOW_PAGE_OTHER;
	domain = desc_domain(l2);
	if (!shadow_read_linear(sh, (l2 & L1_COARSE_BASE) | ((va >> 10) & 0x3fcu), &l2))
		return SHADOW_PAGE_OTHER;
	if ((l2 & L2_TYPE_MASK) == L2_FAULT)
		return FSR_TRANSLATION_PAGE | domain << 4;

	access = (dacr >> (2 * domain)) & 3u;
	rights = l2 & (0xff0u | L2_TYPE_MASK);
	if (rights == ALL_QUARTERS(AP_USER_RO) && need == RIGHTS_WRITE)
		return access == DOMAIN_CLIENT && !sh->privileged
			       ? FSR_PERMISSION_PAGE | domain << 4
			       : SHADOW_PAGE_OTHER;
	if (rights != ALL_QUARTERS(AP_USER_RW) && rights != ALL_QUARTERS(AP_USER_RO))
		return SHADOW_PAGE_OTHER;
	at = table * SHADOW_ENTRIES + ((va >> 12) & 0xffu);
	if (sh->pool[at] != 0 || /* the vector page is, too */
	    !(access & DOMAIN_CLIENT) || !host_page(&sh->pv.ram, gpa(l2), &host) ||
	    host == (sh->copied & L2_SMALL_BASE))
		return SHADOW_PAGE_OTHER;

	if (sh->tlb_stale)
		mmu_tlb_invalidate(va);
	if (sh->transient_count > 0)
		shadow_transients_forget_in(sh, at, 1);
	cb = sh->mmu->sctlr & SCTLR_C ? DESC_C | DESC_B : DESC_B;
	shadow_entry_set(sh, at, host | rights | (l2 & cb), l2);
	sh->tables[table].has_user = true;
	sh->stats.fills++;
	return SHADOW_PAGE_FILLED;
}

/**
 * Stores a word for the guest's kernel to a page of RAM that has an entry, where its programs may
 * only read and so the hardware refuses the kernel, too. False, and nothing is done, if the page is
 * not known or the kernel may not.
 */
bool shadow_store_kernel(struct shadow *sh, uint32_t va, uint32_t value)
{
	const unsigned table = shadow_slot_table(sh, va >> 20);
	const unsigned at = table * SHADOW_ENTRIES + ((va >> 12) & 0xffu);
	uint32_t host, l2;
	volatile uint32_t *page;

	if (table >= SHADOW_TABLES || sh->tables[table].fine || sh->tables[table].flat ||
	    !shadow_is_known(sh, at))
		return false;
	l2 = sh->guest_l2[at];
	host = (at == sh->copy_at ? sh->copied : sh->pool[at]) & L2_SMALL_BASE;
	if ((l2 & L2_TYPE_MASK) != L2_SMALL ||
	    ((l2 >> (4 + ((va >> 10) & 3u) * 2)) & 3u) == AP_SR ||
	    ((sh->mmu->dacr >> (2 * sh->tables[table].guest_domain)) & 3u) != DOMAIN_CLIENT ||
	    host - sh->pv.ram.hpa.raw >= sh->pv.ram.size)
		return false;

	/* The window is not cached, and the line at the guest's address must be fetched anew. */
	page = mmu_guest_window(hpa(host));
	cache_clean_invalidate_d_line(va & ~(CACHE_LINE - 1));
	cache_drain_write_buffer(0);
	page[(va & 0xfffu) / 4] = value;
	shadow_memory_written(sh, hpa(host + (va & 0xfffu)));
	return true;
}

/**
 * Whether the hardware checks User rights at @p va by itself, so that LDRT and STRT may be executed
 * as they are. False where that is not certain: the caller walks the guest's tables then.
 */
bool shadow_is_user_page(const struct shadow *sh, uint32_t va)
{
	const uint32_t l1 = sh->current->l1[va >> 20];
	const unsigned domain = desc_domain(l1);

	if ((l1 & L1_TYPE_MASK) == L1_FAULT || shadow_is_transient(sh, va))
		return false;
	if (domain < MMU_DOMAIN_DYNAMIC)
		return sh->domain_owner[domain].class == SHADOW_USER;
	return domain == MMU_DOMAIN_VECTORS && sh->gate_table != SHADOW_NONE &&
	       sh->tables[sh->gate_table].class == SHADOW_USER;
}
