/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/shadow_guest.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "tests/host/guest_tables.h"
#include "vmm/lib/bits.h"

#include <string.h>

/* Where the guest keeps its tables. */
#define DIRS_AT   0x00010000u
#define COARSE_AT 0x000c0000u
#define FINE_AT   0x08010000u
#define FINE_MAX  8u

#define STALE_MAX   512u
#define PENDING_MAX 256u

static struct shadow_plan plan;
static uint16_t slots[512];
static struct ref_entry stale[STALE_MAX];
static unsigned stale_count;
static bool stale_overflow;

/* Announcements that are due. */
static uint32_t pending_ptes[PENDING_MAX], pending_tables[PENDING_MAX];
static unsigned pte_count, table_count;

static unsigned one_of(const uint32_t *values, unsigned count)
{
	return values[rnd_below(count)];
}
#define ONE_OF(...)                               \
	one_of((const uint32_t[]){ __VA_ARGS__ }, \
	       sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* ---- what the guest writes ------------------------------------------------------------------- */

static uint32_t random_gpa_page(void)
{
	switch (rnd_below(12)) {
	case 0:
		return 0x0027f000; /* the last of RAM, and behind it */
	case 1:
		return 0x00280000;
	case 2:
		return 0x10102000; /* emulated */
	case 3:
		return 0x10103000; /* read direct */
	case 4:
		return 0x10100000 + rnd_below(2) * 0x1000;
	case 5:
		return 0x10000000 + rnd_below(16) * 0x1000;
	case 6:
		return 0xfffff000;
	case 7:
		return 0x70000000; /* nothing */
	case 8:
		return 0x08000000 + rnd_below(0x210) * 0x1000;
	default:
		return rnd_below(0x280) * 0x1000;
	}
}

static uint32_t random_l1(void)
{
	const uint32_t domain = rnd_below(plan.domains) << 5;

	switch (rnd_below(10)) {
	case 0:
		return rnd() & ~3u; /* a fault, whatever else it says */
	case 1:
	case 2:
		return ONE_OF(0, 1, 2, 0x80, 0x81, 0x82, 0x100, 0x101, 0xfff, 0x300) << 20 |
		       rnd_below(4) << 10 | domain | rnd_below(4) << 2 | 0x12;
	case 3:
		return (rnd_below(12) ? FINE_AT + rnd_below(FINE_MAX) * 0x1000 : 0x10102000) |
		       domain | 0x13;
	default:
		return (rnd_below(32) ? COARSE_AT + rnd_below(plan.coarse) * 0x400 : 0x70000400) |
		       domain | 0x11;
	}
}

static uint32_t some_l2(void)
{
	const uint32_t ap =
		ONE_OF(0x00, 0x55, 0x55, 0xaa, 0xff, 0xff, 0xf5, 0x1b, 0x80, rnd() & 0xff);
	const uint32_t cb = rnd_below(4) << 2;
	const uint32_t page = random_gpa_page();

	if (plan.announces && rnd_below(3) == 0) /* a page of a Linux program */
		return rnd_below(0x280) * 0x1000 | ONE_OF(0xaa, 0xff) << 4 | 0xe;
	return random_l2(page, ap, cb);
}

/* ---- announcements --------------------------------------------------------------------------- */

void shadow_guest_announce_tables(void)
{
	for (unsigned i = 0; i < table_count; i++) {
		/* One descriptor, or the cache line it is in. */
		const uint32_t va = pending_tables[i] + SHADOW_GUEST_LINEAR;

		if (rnd_below(2))
			shadow_tables_written(&machine.shadow, va, 4);
		else
			shadow_tables_written(&machine.shadow, va & ~31u, 32);
	}
	table_count = 0;
}

/** Announces what is due: for before the guest relies on it. */
static void announce(void)
{
	shadow_guest_announce_tables();
	shadow_ptes_changed(&machine.shadow, pending_ptes, pte_count);
	pte_count = 0;
}

static void note_pte(uint32_t at)
{
	if (!plan.announces || plan.lies)
		return;
	if (pte_count == PENDING_MAX)
		announce();
	pending_ptes[pte_count++] = at + SHADOW_GUEST_LINEAR;
}

static void note_table(uint32_t at)
{
	if (!plan.announces || plan.lies)
		return;
	if (table_count == PENDING_MAX)
		announce();
	pending_tables[table_count++] = at;
}

/** A hypercall with arguments that nobody has thought about. */
static void lie(void)
{
	const uint32_t va = rnd_below(3) ? SHADOW_GUEST_LINEAR + rnd_below(0x300000) : rnd();
	const uint32_t size = rnd_below(3) ? rnd_below(0x10000) : rnd();
	uint32_t ptes[8];

	for (unsigned i = 0; i < ARRAY_SIZE(ptes); i++)
		ptes[i] = rnd_below(3) ? SHADOW_GUEST_LINEAR + rnd_below(0x300000) : rnd();
	switch (rnd_below(4)) {
	case 0:
		shadow_tables_written(&machine.shadow, va, size);
		break;
	case 1:
		shadow_flush_range(&machine.shadow, va, rnd_below(2) ? va + size : rnd());
		break;
	case 2:
		shadow_fill_page(&machine.shadow, shadow_guest_va(),
				 rnd_below(2) ? RIGHTS_READ : RIGHTS_WRITE, rnd());
		break;
	default:
		shadow_ptes_changed(&machine.shadow, ptes, ARRAY_SIZE(ptes));
	}
}

/* ---- the TLB --------------------------------------------------------------------------------- */

void shadow_guest_tlb_empty(void)
{
	stale_count = 0;
	stale_overflow = false;
}

static void guest_tlb_all(void)
{
	announce();
	machine_mcr(MCR_TLB_ALL, 0);
	shadow_guest_tlb_empty();
}

const struct ref_entry *shadow_guest_stale(unsigned *count)
{
	*count = stale_count;
	return stale;
}

static void note_stale(const struct ref_entry *entry)
{
	for (unsigned i = 0; i < stale_count; i++)
		if (memcmp(&stale[i], entry, sizeof(*entry)) == 0)
			return;
	if (stale_count == STALE_MAX)
		stale_overflow = true;
	else
		stale[stale_count++] = *entry;
}

static uint32_t current_dir(void)
{
	return machine.vcpu.mmu.ttbr & 0xffffc000u;
}

static bool mmu_on(void)
{
	return machine.vcpu.mmu.sctlr & SCTLR_M;
}

/** Whether all directories have the same there, or nothing yet. */
static bool is_shared(unsigned slot)
{
	return plan.announces && !plan.lies && slot >= SHADOW_GUEST_LIMIT >> 20;
}

/** The directory that says what is in a slot, now. */
static uint32_t dir_of(unsigned slot)
{
	return is_shared(slot) ? DIRS_AT : current_dir();
}

/** Notes all that the guest's TLB may hold of [mva, mva + size). */
static void note_range(uint32_t mva, uint32_t size)
{
	struct ref_mmu guest = machine_guest_mmu();
	struct ref_entry entry;

	guest.ttbr = dir_of(mva >> 20);

	for (uint32_t at = 0; at < size; at += entry.l1 % 4 == 3 ? 0x400 : 0x1000) {
		const unsigned status = ref_walk(&guest, mva + at, &entry);

		if (status == 0)
			note_stale(&entry);
		if (entry.l1 % 2 == 0)
			break; /* a section, or nothing */
	}
}

static void edit_one_l1(uint32_t dir, unsigned slot, uint32_t value)
{
	if (mmu_on() && dir == dir_of(slot))
		note_range((uint32_t)slot << 20, 0x100000);
	guest_set_word(dir + slot * 4, value);
}

/** Writes a first-level descriptor; one of the kernel of a guest that announces, in all directories. */
static void edit_l1(uint32_t dir, unsigned slot, uint32_t value)
{
	if (!is_shared(slot)) {
		edit_one_l1(dir, slot, value);
		note_table(dir + slot * 4);
		return;
	}
	for (unsigned d = 0; d < plan.dirs; d++) {
		/* Linux copies some when they are used. */
		edit_one_l1(DIRS_AT + d * 0x4000, slot, d > 0 && rnd_below(4) == 0 ? 0 : value);
		note_table(DIRS_AT + d * 0x4000 + slot * 4);
	}
}

/** A page directory is freed, and its memory is that of another process's. */
static void reuse_directory(void)
{
	const uint32_t dir = DIRS_AT + rnd_below(plan.dirs) * 0x4000;

	if (dir == DIRS_AT || dir == current_dir() || !plan.announces || plan.lies)
		return;
	for (unsigned i = 0; i < plan.slots; i++)
		guest_set_word(dir + slots[i] * 4, slots[i] < SHADOW_GUEST_LIMIT >> 20
							   ? 0
							   : guest_word(DIRS_AT + slots[i] * 4));
	shadow_tables_written(&machine.shadow, dir + SHADOW_GUEST_LINEAR, 0x4000);
}

/** Writes the entry of a level 2 table, with the repetitions that its page size asks for. */
static void edit_l2(uint32_t table, bool fine, unsigned index, uint32_t value)
{
	const unsigned count = l2_copies(value, fine);

	index &= ~(count - 1u);
	for (unsigned i = 0; mmu_on() && i < plan.slots; i++) {
		uint32_t l1;

		if (!machine_guest_mmu().read(0, dir_of(slots[i]) + slots[i] * 4, &l1))
			break;
		if ((l1 & 3) == (fine ? 3u : 1u) &&
		    (l1 & (fine ? 0xfffff000u : 0xfffffc00u)) == table)
			note_range((uint32_t)slots[i] << 20 | index << (fine ? 10 : 12),
				   count << (fine ? 10 : 12));
	}
	for (unsigned n = 0; n < count; n++) {
		guest_set_word(table + (index + n) * 4, value);
		note_pte(table + (index + n) * 4);
	}
}

/** Few indices, so that things meet: the vector page, its neighbour, the ends, one large page. */
static unsigned random_page_index(void)
{
	return ONE_OF(0, 1, 2, 0x0f, 0x10, 0x11, 0x1f, 0xf0, 0xf1, 0xfe, 0xff);
}

static void copy_l1(uint32_t dir, uint32_t from)
{
	const unsigned slot = slots[rnd_below(plan.slots)];

	if (is_shared(slot)) {
		edit_one_l1(dir, slot, guest_word(DIRS_AT + slot * 4));
		note_table(dir + slot * 4);
		return;
	}
	edit_l1(dir, slot, guest_word(from + slots[rnd_below(plan.slots)] * 4));
}

static void random_edit(void)
{
	const uint32_t dir = DIRS_AT + rnd_below(plan.dirs) * 0x4000;

	if (plan.lies && rnd_below(2))
		lie();
	if (rnd_below(16) == 0)
		reuse_directory();
	switch (rnd_below(4)) {
	case 0:
		edit_l1(rnd_below(2) && current_dir() - DIRS_AT < plan.dirs * 0x4000 ? current_dir()
										     : dir,
			slots[rnd_below(plan.slots)], random_l1());
		break;
	case 1: /* copied lazily from another process, as Linux does */
		copy_l1(dir, DIRS_AT + rnd_below(plan.dirs) * 0x4000);
		break;
	case 2:
		edit_l2(FINE_AT + rnd_below(FINE_MAX) * 0x1000, true,
			random_page_index() * 4 + rnd_below(4), some_l2());
		break;
	default:
		edit_l2(COARSE_AT + rnd_below(plan.coarse) * 0x400, false, random_page_index(),
			some_l2());
		break;
	}
	if (stale_overflow) /* more than can be remembered */
		guest_tlb_all();
}

static void make_tables(void)
{
	static const uint16_t first[] = { 0,  0xfff, 0x40,  0xc00, 0xffe, 1,
					  31, 0x41,  0xc01, 0xffb, 0x5f,  0x20 };

	for (unsigned i = 0; i < plan.slots; i++)
		slots[i] = i < ARRAY_SIZE(first) ? first[i] : (uint16_t)(0x200 + i);
	shadow_guest_tlb_empty();
	for (unsigned d = 0; d < plan.dirs; d++) {
		for (unsigned i = 0; i < plan.slots; i++)
			guest_set_word(DIRS_AT + d * 0x4000 + slots[i] * 4,
				       d > 0 && (rnd_below(2) || is_shared(slots[i]))
					       ? guest_word(DIRS_AT + slots[i] * 4)
					       : random_l1());
		for (unsigned i = 0; plan.announces && i < 2; i++) /* the linear mapping */
			guest_set_word(DIRS_AT + d * 0x4000 + (SHADOW_GUEST_LINEAR >> 20) * 4 +
					       i * 4,
				       i << 20 | 1 << 10 | 0x1e);
	}
	for (unsigned t = 0; t < plan.coarse; t++)
		for (unsigned i = 0; i < 8; i++)
			edit_l2(COARSE_AT + t * 0x400, false, random_page_index(), some_l2());
	for (unsigned t = 0; t < FINE_MAX; t++)
		for (unsigned i = 0; i < 12; i++)
			edit_l2(FINE_AT + t * 0x1000, true, random_page_index() * 4 + rnd_below(4),
				some_l2());
}

/* ---- what happens ---------------------------------------------------------------------------- */

uint32_t shadow_guest_va(void)
{
	uint32_t slot = slots[rnd_below(plan.slots)];

	if (rnd_below(4) == 0) /* through the FCSE */
		slot &= 0x1f;
	return slot << 20 | random_page_index() << 12 | rnd_below(4) << 10 | (rnd() & 0x3fc);
}

static void change_mode(void)
{
	static const uint8_t modes[] = { PSR_MODE_USR, PSR_MODE_USR, PSR_MODE_SVC, PSR_MODE_IRQ,
					 PSR_MODE_SYS };

	vcpu_set_mode_bits(&machine.vcpu, modes[rnd_below(ARRAY_SIZE(modes))]);
}

static void change_control(void)
{
	const uint32_t before = machine.vcpu.mmu.sctlr;
	const bool vectors_high = machine.hw_vectors_high;
	const uint32_t flip =
		ONE_OF(SCTLR_M, SCTLR_C, SCTLR_S, SCTLR_R, SCTLR_V, SCTLR_A | SCTLR_I);

	announce();
	/* Mostly on. */
	machine_mcr(MCR_SCTLR, flip == SCTLR_M && rnd_below(4) ? before | SCTLR_M : before ^ flip);
	/* All is forgotten; with V if the VMM's vectors have to move. */
	if ((before ^ machine.vcpu.mmu.sctlr) & (SCTLR_M | SCTLR_C | SCTLR_S | SCTLR_R) ||
	    machine.hw_vectors_high != vectors_high)
		shadow_guest_tlb_empty();
}

static void switch_process(void)
{
	const uint32_t dir = rnd_below(40) || (plan.announces && !plan.lies)
				     ? DIRS_AT + rnd_below(plan.dirs) * 0x4000
				     : ONE_OF(0x70000000, 0x10100000, 0x00000000);

	announce();
	machine_mcr(MCR_TTBR, dir | (rnd() & 0x3fff));
	/* With the MMU off nothing is held; it is compared when it comes on. */
	shadow_guest_tlb_empty();
}

static void invalidate_page(void)
{
	const uint32_t pc = machine.vcpu.frame.pc;
	uint32_t mva = ref_mva(&(struct ref_mmu){ .pid = machine.vcpu.mmu.pid }, shadow_guest_va());

	if (stale_count > 0 && rnd_below(4)) {
		const struct ref_entry *entry = &stale[rnd_below(stale_count)];

		mva = entry->mva + (rnd() & (entry->size - 1));
	}
	announce();
	if (plan.announces && rnd_below(2)) {
		shadow_flush_range(&machine.shadow, mva, mva + 1 + rnd_below(0x3000));
	} else {
		machine.vcpu.frame.pc = 0xaaa00000; /* nothing is behind it to be fetched */
		machine_mcr(MCR_TLB_PAGE, mva);
		machine.vcpu.frame.pc = pc;
	}
	if (!mmu_on())
		return;
	for (unsigned i = 0; i < stale_count;) {
		if (mva - stale[i].mva < stale[i].size)
			stale[i] = stale[--stale_count];
		else
			i++;
	}
}

static void change_process_id(void)
{
	const uint32_t before = machine.vcpu.mmu.pid;

	announce();
	/* A guest that announces has other contexts then: mostly not. */
	machine_mcr(MCR_PID,
		    plan.announces && rnd_below(3) ? 0 : ONE_OF(0, 0, 0x04000000, 0xc0000000));
	if (machine.vcpu.mmu.pid != before)
		shadow_guest_tlb_empty();
}

static void change_domains(void)
{
	uint32_t dacr = rnd();

	/* Mostly client: two of three domains that are not. */
	for (unsigned n = 0; n < 16; n++)
		if (rnd_below(3))
			dacr = (dacr & ~(3u << 2 * n)) | 1u << 2 * n;
	machine_mcr(MCR_DACR, dacr);
}

bool shadow_guest_act(void)
{
	const struct {
		unsigned weight;
		void (*action)(void);
	} actions[] = {
		{ plan.edits, random_edit }, { plan.resets, change_control },
		{ 60, invalidate_page },     { 20, guest_tlb_all },
		{ 100, change_mode },        { 50, change_domains },
		{ 70, switch_process },      { 10, change_process_id },
	};
	unsigned dice = rnd_below(1000);

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		if (dice < actions[i].weight) {
			actions[i].action();
			return true;
		}
		dice -= actions[i].weight;
	}
	return false;
}

void shadow_guest_start(const struct shadow_plan *with)
{
	plan = *with;
	machine_init();
	machine_map_usual();
	if (plan.announces)
		shadow_set_pv(&machine.shadow,
			      &(struct shadow_pv){ .announces = true,
						   .linear_offset = SHADOW_GUEST_LINEAR,
						   .user_limit = SHADOW_GUEST_LIMIT,
						   .ram = machine.mem.region[0] });
	make_tables();
	pte_count = table_count = 0; /* nothing has been made of the tables yet */
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIRS_AT);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | (rnd_below(2) ? SCTLR_R : 0) |
				       (plan.announces && rnd_below(2) ? SCTLR_V : 0));
	shadow_guest_tlb_empty();
}

uint32_t shadow_guest_first_dir(void)
{
	return DIRS_AT;
}
