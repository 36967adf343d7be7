/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/memsys_internal.h"

#define DOMAIN_CLIENT  1u /* TRM, table 3-11 */
#define DOMAIN_MANAGER 3u /* TRM, table 3-11 */
#define RIGHTS_ALL     0xfu

/** Rights of an access permission by S and R (TRM, table 3-12); S = R = 1 with AP 0 is reserved. */
static unsigned rights_of(unsigned ap, bool s, bool r)
{
	const unsigned user_read = RIGHT_READ << RIGHT_USER_SHIFT;
	const unsigned privileged = RIGHT_READ | RIGHT_WRITE;

	switch (ap) {
	case 0:
		if (s == r)
			return 0;
		return s ? RIGHT_READ : RIGHT_READ | user_read;
	case 1:
		return privileged;
	case 2:
		return privileged | user_read;
	default:
		return RIGHTS_ALL;
	}
}

/** DACR, S and R are looked at on each access, not kept in the TLB (TRM, 3.5). */
static void update_domain(struct memsys *ms, unsigned domain)
{
	uint8_t *const rights = &ms->rights[domain * 4];

	switch (ms->dacr >> (domain * 2) & 3) {
	case DOMAIN_CLIENT:
		for (unsigned ap = 0; ap < 4; ap++)
			rights[ap] =
				(uint8_t)rights_of(ap, ms->sctlr & SCTLR_S, ms->sctlr & SCTLR_R);
		break;
	case DOMAIN_MANAGER:
		memset(rights, RIGHTS_ALL, 4);
		break;
	default:
		memset(rights, 0, 4);
		break;
	}
}

void memsys_update_rights(struct memsys *ms)
{
	for (unsigned domain = 0; domain < 16; domain++)
		update_domain(ms, domain);
}

void memsys_update_dacr(struct memsys *ms, uint32_t dacr)
{
	const uint32_t changed = ms->dacr ^ dacr;

	ms->dacr = dacr;
	for (unsigned domain = 0; domain < 16; domain++)
		if (changed >> (domain * 2) & 3)
			update_domain(ms, domain);
}

void memsys_update_control(struct memsys *ms, uint32_t sctlr)
{
	const bool rights_change = (ms->sctlr ^ sctlr) & (SCTLR_S | SCTLR_R);

	ms->sctlr = sctlr;
	ms->mmu_on = sctlr & SCTLR_M;
	/*
	 * The C bit is overridden by the M bit (TRM, table 4-3), the I bit is not (TRM, table 4-1).
	 */
	ms->dcache_on = (sctlr & (SCTLR_C | SCTLR_M)) == (SCTLR_C | SCTLR_M);
	ms->icache_on = sctlr & SCTLR_I;
	ms->icache.round_robin = ms->dcache.round_robin = sctlr & SCTLR_RR;
	if (rights_change)
		memsys_update_rights(ms);
}

static bool allows(const struct memsys *ms, const struct walk *walk, const struct access *access)
{
	return ms->rights[walk->domain * 4 + walk_ap(walk, access->mva)] & access_need(access);
}

static bool same_words(const struct walk *a, const struct walk *b)
{
	return a->l1_off == b->l1_off && a->l1 == b->l1 && a->l2_off == b->l2_off && a->l2 == b->l2;
}

/** QEMU has performed a store when it is reported here; was it to the table that translated it? */
static bool stores_to_own_table(const struct memsys *ms, const struct access *access,
				const struct walk *walk)
{
	uint32_t off;

	if (!access->write || walk->fault)
		return false;
	off = ram_offset(&ms->map, walk_pa(walk, access->mva));
	return off != NO_RAM && (off / 4 == walk->l1_off / 4 || off / 4 == walk->l2_off / 4 ||
				 (off + access->size - 1) / 4 == walk->l1_off / 4 ||
				 (off + access->size - 1) / 4 == walk->l2_off / 4);
}

static bool is_stale_word(const struct memsys *ms, uint32_t off)
{
	return off != NO_RAM && memcmp(ms->memory + off, ms->config.ram + off, 4) != 0;
}

/**
 * The walk of the hardware, which reads memory: not the data cache and not the write buffer (TRM,
 * 3.2).
 */
static struct tlb_entry *walk_hardware(struct memsys *ms, const struct access *access)
{
	struct walk seen, newest;

	ms->counts.tlb_misses++;
	walk_tables(&seen, ms->memory, &ms->map, ms->ttbr, access->mva);
	bus_read_words(&ms->bus, seen.l2_off == NO_RAM ? 1 : 2);
	walk_tables(&newest, ms->config.ram, &ms->map, ms->ttbr, access->mva);
	if (!same_words(&seen, &newest)) {
		if (stores_to_own_table(ms, access, &seen))
			return tlb_add(&ms->tlb, &seen);
		if (is_stale_word(ms, newest.l1_off))
			memsys_report_walk(ms, access, newest.l1_pa, newest.l1_off);
		if (is_stale_word(ms, newest.l2_off))
			memsys_report_walk(ms, access, newest.l2_pa, newest.l2_off);
	}
	return newest.fault ? NULL : tlb_add(&ms->tlb, &newest);
}

static bool is_same_memory(const struct walk *a, const struct walk *b, uint32_t mva)
{
	return walk_pa(a, mva) == walk_pa(b, mva) && a->cb == b->cb;
}

/** What the tables say now about an entry that is in doubt. */
static void compare_entry(struct memsys *ms, struct tlb_entry *entry, uint32_t mva)
{
	const struct walk *const made = &entry->made;
	struct walk now;

	walk_tables(&now, ms->config.ram, &ms->map, ms->ttbr, mva);
	tlb_adopt(&ms->tlb, entry, &now);
	if (now.fault) {
		tlb_mark(&ms->tlb, entry, TLB_DIFFERS);
	} else if (now.size == made->size && is_same_memory(made, &now, mva)) {
		if (made->domain == now.domain && !memcmp(made->ap, now.ap, sizeof(now.ap))) {
			entry->made = now;
			entry->reported = false;
			tlb_mark(&ms->tlb, entry, TLB_AGREES);
		} else {
			tlb_mark(&ms->tlb, entry, TLB_DIFFERS);
		}
	}
	/* Of another size, or of other memory: compared at each use. */
}

/**
 * Check 3 for an entry that is not known to agree with the tables: docs/arm926-model.md has the
 * rules. Returns whether the entry can be used; if not, it is gone.
 */
static bool check_entry(struct memsys *ms, struct access *access, struct tlb_entry *entry)
{
	bool allowed_now;

	if (entry->mark == TLB_UNKNOWN)
		compare_entry(ms, entry, access->mva);
	if (entry->mark == TLB_AGREES)
		return true;
	if (!entry->now.fault && !is_same_memory(&entry->made, &entry->now, access->mva)) {
		memsys_report_tlb(
			ms, access, entry,
			walk_pa(&entry->made, access->mva) != walk_pa(&entry->now, access->mva)
				? "the tables now name other memory for this address"
				: "the tables now have other C and B bits for this address");
		tlb_remove(&ms->tlb, entry);
		return false;
	}
	allowed_now = !entry->now.fault && allows(ms, &entry->now, access);
	if (!allows(ms, &entry->made, access)) {
		/* More rights than the entry has: the hardware faults, the program retries. */
		if (allowed_now)
			tlb_remove(&ms->tlb, entry);
		return !allowed_now;
	}
	if (!allowed_now && access->user && ms->config.rules == TLB_RULES_STRICT &&
	    !entry->reported) {
		entry->reported = true;
		memsys_report_tlb(ms, access, entry,
				  entry->now.fault
					  ? "the tables no longer have an entry for this address"
					  : "the tables no longer allow this access");
	}
	return true;
}

/** What User mode may do by @p walk, with DACR, S and R as they are. */
static unsigned user_rights(const struct memsys *ms, const struct walk *walk, uint32_t mva)
{
	return walk->fault ? 0
			   : ms->rights[walk->domain * 4 + walk_ap(walk, mva)] >> RIGHT_USER_SHIFT;
}

/** What User mode could still do by an entry, and not by the tables; NULL if nothing. */
static const char *left_for_user(const struct memsys *ms, const struct walk *made,
				 const struct walk *now, uint32_t mva)
{
	const unsigned had = user_rights(ms, made, mva);

	if (!had)
		return NULL;
	if (now->fault)
		return "User mode begins with an entry that the tables no longer have";
	if (!is_same_memory(made, now, mva))
		return "User mode begins with an entry of other memory than the tables'";
	if (had & ~user_rights(ms, now, mva))
		return "User mode begins with an entry that allows what the tables no longer do";
	return NULL;
}

static void check_left_entry(struct memsys *ms, struct tlb_entry *entry, uint32_t pc)
{
	const struct walk *const made = &entry->made;
	uint32_t step;

	for (uint32_t at = 0; at < made->size && !entry->reported; at += step) {
		const struct access access = { .pc = pc,
					       .va = made->base + at,
					       .mva = made->base + at,
					       .size = 4,
					       .user = true };
		const char *text;
		struct walk now;

		walk_tables(&now, ms->config.ram, &ms->map, ms->ttbr, access.mva);
		/* A quarter has rights of its own; so has each page a section was split into. */
		step = !now.fault && now.size < made->size ? now.size : made->size / 4;
		text = left_for_user(ms, made, &now, access.mva);
		if (!text)
			continue;
		tlb_adopt(&ms->tlb, entry, &now);
		entry->reported = true;
		memsys_report_tlb(ms, &access, entry, text);
	}
}

/**
 * The rules STRICT where User mode begins: every entry it could use agrees with the tables. The use
 * alone would be too late. QEMU empties its TLB with every write of DACR, where the core does not:
 * it aborts what the core would allow, and accesses that abort are not seen here.
 */
void memsys_check_left(struct memsys *ms, uint32_t pc)
{
	ms->tlb.doubt = false;
	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *const entry = &ms->tlb.entries[i];

		if (!entry->valid)
			continue;
		if (entry->mark == TLB_UNKNOWN)
			compare_entry(ms, entry, entry->made.base);
		if (entry->mark == TLB_AGREES)
			continue;
		ms->tlb.doubt = true;
		check_left_entry(ms, entry, pc);
	}
}

static void front_copy(struct memsys *ms, const struct access *access,
		       const struct tlb_entry *entry)
{
	const uint32_t within = access->mva & ((1u << FRONT_SHIFT) - 1);
	const unsigned index = tlb_index(&ms->tlb, entry);

	ms->front[access->mva >> FRONT_SHIFT & (FRONT_ENTRIES - 1)] = (struct front){
		.page = access->mva >> FRONT_SHIFT,
		.serial = ms->tlb.serial[index],
		.pa = access->pa - within,
		.off = access->off == NO_RAM ? NO_RAM : access->off - within,
		.index = (uint8_t)index,
		.cb = access->cb,
		.rights = (uint8_t)(entry->made.domain * 4 + walk_ap(&entry->made, access->mva)),
	};
}

/** As memsys_translate(), for what the front does not know. */
bool memsys_translate_slow(struct memsys *ms, struct access *access)
{
	struct tlb_entry *entry = tlb_find(&ms->tlb, access->mva);

	if (entry && entry->mark != TLB_AGREES && !check_entry(ms, access, entry))
		entry = NULL;
	if (entry && entry->mark == TLB_AGREES && !allows(ms, &entry->made, access)) {
		/* As after a fault for which the tables were right: they are asked again. */
		tlb_remove(&ms->tlb, entry);
		entry = NULL;
	}
	if (!entry)
		entry = walk_hardware(ms, access);
	if (!entry) {
		ms->counts.disagreements++;
		return false;
	}
	access->pa = walk_pa(&entry->made, access->mva);
	access->off = ram_offset(&ms->map, access->pa);
	access->cb = entry->made.cb;
	if (!allows(ms, &entry->made, access))
		ms->counts.disagreements++;
	if (entry->mark == TLB_AGREES)
		front_copy(ms, access, entry);
	return true;
}
