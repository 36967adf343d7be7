/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence of domain/shadow.h as a property: a shadow entry may be missing at any time, but it
 * never allows more than the guest's own entry, the VM's memory map and the virtual mode allow
 * together. Random guest tables, and random sequences of what a guest can do about them; after
 * each step everything the hardware could use - tables and TLB - is held against the guest's own
 * tables, read by a walker of the test's own.
 *
 * An entry may lag behind the guest's tables exactly as the TLB of a real ARM926EJ-S may: until the
 * guest invalidates it. The list of what was there before is kept here ("stale").
 */
#include "tests/host/core_machine.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_internal.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/fault.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/bits.h"

#include <stdio.h>
#include <string.h>

/* Where the guest keeps its tables. */
#define DIRS_AT    0x00010000u
#define COARSE_AT  0x000c0000u
#define FINE_AT    0x08010000u
#define COARSE_MAX 192u
#define FINE_MAX   8u

#define STALE_MAX 512u

/** How one sequence is driven. */
struct plan {
	unsigned dirs, coarse, slots, domains, steps, check_every;
	unsigned edits;  /* of 1000 steps, those that change tables */
	unsigned resets; /* ... and those after which everything is forgotten, as a rule */
};

static struct plan plan;
static uint16_t slots[512];
static struct ref_entry stale[STALE_MAX];
static unsigned stale_count;
static bool stale_overflow;
static unsigned step;
static uint32_t run_seed;
static unsigned long allowed_accesses;
static unsigned checks;

#define FAIL(...)                                                 \
	do {                                                      \
		print_error("seed %u step %u: ", run_seed, step); \
		print_error(__VA_ARGS__);                         \
		fail();                                           \
	} while (0)

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

static uint32_t random_l2(void)
{
	const uint32_t ap =
		ONE_OF(0x00, 0x55, 0x55, 0xaa, 0xff, 0xff, 0xf5, 0x1b, 0x80, rnd() & 0xff);
	const uint32_t cb = rnd_below(4) << 2;
	const uint32_t page = random_gpa_page();

	switch (rnd_below(8)) {
	case 0:
		return rnd() & ~3u;
	case 1:
		return page | rnd_below(4) << 10 | (ap & 3) << 4 | cb | 3;
	case 2:
		return (page & 0xffff0000u) | ap << 4 | cb | 1;
	default:
		return page | ap << 4 | cb | 2;
	}
}

static void forget_stale(void)
{
	stale_count = 0;
	stale_overflow = false;
}

static void guest_tlb_all(void)
{
	machine_mcr(MCR_TLB_ALL, 0);
	forget_stale();
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

/** Notes all that the guest's TLB may hold of [mva, mva + size). */
static void note_range(uint32_t mva, uint32_t size)
{
	const struct ref_mmu guest = machine_guest_mmu();
	struct ref_entry entry;

	for (uint32_t at = 0; at < size; at += entry.l1 % 4 == 3 ? 0x400 : 0x1000) {
		const unsigned status = ref_walk(&guest, mva + at, &entry);

		if (status == 0)
			note_stale(&entry);
		if (entry.l1 % 2 == 0)
			break; /* a section, or nothing */
	}
}

static void edit_l1(uint32_t dir, unsigned slot, uint32_t value)
{
	if (mmu_on() && dir == current_dir())
		note_range((uint32_t)slot << 20, 0x100000);
	guest_set_word(dir + slot * 4, value);
}

/** Writes the entry of a level 2 table, with the repetitions that its page size asks for. */
static void edit_l2(uint32_t table, bool fine, unsigned index, uint32_t value)
{
	unsigned count = 1;

	switch (value & 3) {
	case 1:
		count = fine ? 64 : 16;
		break;
	case 2:
		count = fine ? 4 : 1;
		break;
	}
	index &= ~(count - 1u);
	for (unsigned i = 0; mmu_on() && i < plan.slots; i++) {
		uint32_t l1;

		if (!machine_guest_mmu().read(0, current_dir() + slots[i] * 4, &l1))
			break;
		if ((l1 & 3) == (fine ? 3u : 1u) &&
		    (l1 & (fine ? 0xfffff000u : 0xfffffc00u)) == table)
			note_range((uint32_t)slots[i] << 20 | index << (fine ? 10 : 12),
				   count << (fine ? 10 : 12));
	}
	for (unsigned n = 0; n < count; n++)
		guest_set_word(table + (index + n) * 4, value);
}

/** Few indices, so that things meet: the vector page, its neighbour, the ends, one large page. */
static unsigned random_page_index(void)
{
	return ONE_OF(0, 1, 2, 0x0f, 0x10, 0x11, 0x1f, 0xf0, 0xf1, 0xfe, 0xff);
}

static void random_edit(void)
{
	const uint32_t dir = DIRS_AT + rnd_below(plan.dirs) * 0x4000;

	switch (rnd_below(4)) {
	case 0:
		edit_l1(rnd_below(2) && current_dir() - DIRS_AT < plan.dirs * 0x4000 ? current_dir()
										     : dir,
			slots[rnd_below(plan.slots)], random_l1());
		break;
	case 1: /* copied lazily from another process, as Linux does */
		edit_l1(dir, slots[rnd_below(plan.slots)],
			guest_word(DIRS_AT + rnd_below(plan.dirs) * 0x4000 +
				   slots[rnd_below(plan.slots)] * 4));
		break;
	case 2:
		edit_l2(FINE_AT + rnd_below(FINE_MAX) * 0x1000, true,
			random_page_index() * 4 + rnd_below(4), random_l2());
		break;
	default:
		edit_l2(COARSE_AT + rnd_below(plan.coarse) * 0x400, false, random_page_index(),
			random_l2());
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
	forget_stale();
	for (unsigned d = 0; d < plan.dirs; d++)
		for (unsigned i = 0; i < plan.slots; i++)
			guest_set_word(DIRS_AT + d * 0x4000 + slots[i] * 4,
				       d > 0 && rnd_below(2) ? guest_word(DIRS_AT + slots[i] * 4)
							     : random_l1());
	for (unsigned t = 0; t < plan.coarse; t++)
		for (unsigned i = 0; i < 8; i++)
			edit_l2(COARSE_AT + t * 0x400, false, random_page_index(), random_l2());
	for (unsigned t = 0; t < FINE_MAX; t++)
		for (unsigned i = 0; i < 12; i++)
			edit_l2(FINE_AT + t * 0x1000, true, random_page_index() * 4 + rnd_below(4),
				random_l2());
}

/* ---- the property ---------------------------------------------------------------------------- */

static uint32_t vector_page(void)
{
	return machine.hw_vectors_high ? 0xffff0000u : 0;
}

/** Whether the VM has @p host at the guest physical address, and the most it may do there. */
static unsigned map_rights(uint32_t physical, uint32_t host)
{
	for (unsigned i = 0; i < machine.mem.count; i++) {
		const struct mem_region *r = &machine.mem.region[i];

		if (physical - r->base >= r->size || r->kind == MEM_EMULATED)
			continue;
		if (host != r->hpa.raw + (physical - r->base))
			return 0;
		return r->kind == MEM_READ_DIRECT ? 1 : 2;
	}
	return 0;
}

static bool host_is_mapped(uint32_t host)
{
	for (unsigned i = 0; i < machine.mem.count; i++) {
		const struct mem_region *r = &machine.mem.region[i];

		if (r->kind != MEM_EMULATED && host - r->hpa.raw < r->size)
			return true;
	}
	return false;
}

/** Whether one guest entry, current or stale, explains what the hardware allows. */
static bool explains(const struct ref_mmu *guest, const struct ref_entry *entry, uint32_t mva,
		     uint32_t host, unsigned rights, unsigned cb)
{
	const struct ref_meaning m = ref_meaning(entry, mva);
	const unsigned own = ref_rights(guest, entry, mva, vcpu_privileged(&machine.vcpu));
	/* What the FCSE renames has two names in the shadow: not cached. */
	const bool renamed = guest->pid && (mva & 0xfe000000u) == (guest->pid & 0xfe000000u);
	const bool cached = guest->control & SCTLR_C && !renamed;

	return own >= rights && map_rights(m.physical, host) >= rights &&
	       cb == (m.cb & (cached ? 0xcu : 0x4u));
}

/** The property, for what one entry of the hardware means at one address. */
static void check_at(const char *where, const struct ref_entry *hw, uint32_t va)
{
	const struct ref_mmu guest = machine_guest_mmu();
	const struct ref_meaning m = ref_meaning(hw, va);
	const unsigned rights = ref_rights(&machine.hw, hw, va, false);
	const uint32_t mva = ref_mva(&guest, va);
	struct ref_entry entry;

	if (va >> 12 == vector_page() >> 12) {
		if (rights || (m.physical & ~0xfffu) != HPA_VECTORS)
			FAIL("%s: the vector page is 0x%08x, rights %u\n", where, m.physical,
			     rights);
		return;
	}
	if (!host_is_mapped(m.physical))
		FAIL("%s: 0x%08x leads to 0x%08x, outside the VM\n", where, va, m.physical);
	if (rights == 0)
		return;
	if (ref_walk(&guest, mva, &entry) == 0 &&
	    explains(&guest, &entry, mva, m.physical, rights, m.cb))
		return;
	for (unsigned i = 0; i < stale_count; i++)
		if (mva - stale[i].mva < stale[i].size &&
		    explains(&guest, &stale[i], mva, m.physical, rights, m.cb))
			return;
	FAIL("%s: 0x%08x allows %u of 0x%08x (l1 %08x l2 %08x cb %x), the guest's entry (l1 %08x l2 "
	     "%08x, %s, dacr %08x, sctlr %08x, pid %08x) does not\n",
	     where, va, rights, m.physical, hw->l1, hw->l2, m.cb, entry.l1, entry.l2,
	     vcpu_privileged(&machine.vcpu) ? "privileged" : "user", guest.dacr, guest.control,
	     guest.pid);
}

static void check_entry(const char *where, const struct ref_entry *hw)
{
	if (hw->size == 0x100000) {
		check_at(where, hw, hw->mva);
		check_at(where, hw, hw->mva + 0xffffc);
		check_at(where, hw, hw->mva + (rnd() & 0xffffc));
		return;
	}
	for (unsigned n = 0; n < 4; n++)
		check_at(where, hw, hw->mva + n * (hw->size / 4));
}

/** What the core needs to take an exception, whatever the guest has done. */
static void check_vmm_reachable(void)
{
	struct ref_entry entry;
	struct ref_meaning m;

	if (((machine.hw.dacr >> 26) & 0x3f) != 0x15)
		FAIL("the fixed domains are not client: dacr %08x\n", machine.hw.dacr);
	for (unsigned i = 0; i < 26; i += 2)
		if ((machine.hw.dacr >> i & 3) > 1)
			FAIL("a domain is manager: dacr %08x\n", machine.hw.dacr);
	if (ref_walk(&machine.hw, vector_page() | 0x18, &entry))
		FAIL("the vector page is not there\n");
	m = ref_meaning(&entry, vector_page());
	if (m.physical != HPA_VECTORS || m.domain != MMU_DOMAIN_VECTORS || m.ap != 1 ||
	    ref_rights(&machine.hw, &entry, vector_page(), true) == 0)
		FAIL("the vector page is not the VMM's: %08x %08x\n", entry.l1, entry.l2);
	if (machine.hw_vectors_high != machine.shadow.vectors_high)
		FAIL("vectors: hardware and shadow differ\n");
}

/** Everything the hardware could use now. */
static void check_all(void)
{
	const uint32_t *l1 = machine.shadow.current->l1;

	check_vmm_reachable();
	if (machine.hw.ttbr != mmu_pool_hpa(l1).raw)
		FAIL("the hardware walks another context\n");
	for (unsigned slot = 0; slot < MMU_SLOTS; slot++) {
		const uint32_t base = (uint32_t)slot << 20;
		struct ref_entry entry;

		if (l1[slot] == 0)
			continue;
		if (base >= VMM_BASE && base < VMM_END) {
			if (l1[slot] != VMM_SLOT_DESC(slot))
				FAIL("slot 0x%x of the VMM is %08x\n", slot, l1[slot]);
			continue;
		}
		for (uint32_t at = 0; at < 0x100000; at += (l1[slot] & 3) == 3 ? 0x400 : 0x1000) {
			if (machine_shadow_l2(l1[slot], at) == 0)
				continue;
			if (ref_walk(&machine.hw, base + at, &entry))
				FAIL("0x%08x: an entry that is none, %08x %08x\n", base + at,
				     entry.l1, entry.l2);
			check_entry("table", &entry);
			if (entry.size == 0x100000)
				break;
		}
	}
	for (unsigned i = 0; i < machine.tlb_count; i++)
		if (machine.tlb[i].mva < VMM_BASE || machine.tlb[i].mva >= VMM_END)
			check_entry("TLB", &machine.tlb[i]);
	if (++checks % 16 == 0 && !shadow_invariants_hold(&machine.shadow))
		FAIL("invariants\n");
}

/* ---- what happens ---------------------------------------------------------------------------- */

static uint32_t random_va(void)
{
	uint32_t slot = slots[rnd_below(plan.slots)];

	if (rnd_below(4) == 0) /* through the FCSE */
		slot &= 0x1f;
	return slot << 20 | random_page_index() << 12 | rnd_below(4) << 10 | (rnd() & 0x3fc);
}

/** Whether the kernel's store to what its programs may only read, which no entry can express. */
static bool needs_emulation(const struct mem_region *region, const struct guest_translation *t,
			    bool write)
{
	const bool s = machine.vcpu.mmu.sctlr & SCTLR_S, r = machine.vcpu.mmu.sctlr & SCTLR_R;

	return region->kind == MEM_EMULATED || (write && region->kind == MEM_READ_DIRECT) ||
	       (write && rights_user(t->ap, s, r) == RIGHTS_READ);
}

/** An access, by way of vcpu/fault.c without its instruction. */
static void random_access(void)
{
	const uint32_t va = random_va();
	const bool write = rnd_below(2);
	const bool privileged = vcpu_privileged(&machine.vcpu);
	const struct ref_mmu guest = machine_guest_mmu();
	struct guest_translation t;
	struct guest_fault fault;
	struct ref_entry entry;
	const struct mem_region *region;
	enum shadow_result result;
	unsigned expected;
	uint32_t at;

	if (va - VMM_BASE >= VMM_END - VMM_BASE && machine_access(va, write, &at) == 0)
		return; /* check_all() has a look at it */
	expected = ref_walk(&guest, ref_mva(&guest, va), &entry);
	if (!expected)
		expected = ref_check(&guest, &entry, ref_mva(&guest, va), privileged, write);
	guest_found_nothing(&machine.vcpu); /* as at the start of a trap */
	region = guest_translate(&machine.vcpu, va, privileged, write, &t, &fault);
	if (expected) {
		if (region || fault.fsr != expected || fault.far != ref_mva(&guest, va))
			FAIL("0x%08x: status %x at %08x, expected %x\n", va, region ? 0 : fault.fsr,
			     fault.far, expected);
		return;
	}
	if (!region)
		return; /* nothing there */

	result = shadow_fill(&machine.shadow, gva(va), &t, region,
			     write ? RIGHTS_WRITE : RIGHTS_READ);
	switch (result) {
	case SHADOW_FILLED:
	case SHADOW_PRESENT:
		if (machine_walk(va, write, &at) != 0)
			FAIL("0x%08x: %s, but the hardware refuses\n", va,
			     result == SHADOW_FILLED ? "filled" : "present");
		allowed_accesses++;
		machine_access(va, write, &at);
		break;
	case SHADOW_EMULATE:
		if (!needs_emulation(region, &t, write))
			FAIL("0x%08x: emulated without need\n", va);
		break;
	case SHADOW_VECTOR_PAGE:
		if (va >> 12 != vector_page() >> 12)
			FAIL("0x%08x: no vector page\n", va);
		if (rnd_below(4) == 0) { /* the guest executes there */
			shadow_set_vectors(&machine.shadow, va < 0x1000);
			forget_stale();
		}
		break;
	default:
		if (va < VMM_BASE || va >= VMM_END)
			FAIL("0x%08x: not the VMM's\n", va);
	}
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
	const uint32_t flip =
		ONE_OF(SCTLR_M, SCTLR_C, SCTLR_S, SCTLR_R, SCTLR_V, SCTLR_A | SCTLR_I);

	/* Mostly on. */
	machine_mcr(MCR_SCTLR, flip == SCTLR_M && rnd_below(4) ? before | SCTLR_M : before ^ flip);
	if ((before ^ machine.vcpu.mmu.sctlr) & (SCTLR_M | SCTLR_C | SCTLR_S | SCTLR_R | SCTLR_V))
		forget_stale();
}

static void switch_process(void)
{
	const uint32_t dir = rnd_below(40) ? DIRS_AT + rnd_below(plan.dirs) * 0x4000
					   : ONE_OF(0x70000000, 0x10100000, 0x00000000);

	machine_mcr(MCR_TTBR, dir | (rnd() & 0x3fff));
	/* With the MMU off nothing is held; it is compared when it comes on. */
	forget_stale();
}

static void invalidate_page(void)
{
	uint32_t mva = ref_mva(&(struct ref_mmu){ .pid = machine.vcpu.mmu.pid }, random_va());

	if (stale_count > 0 && rnd_below(4)) {
		const struct ref_entry *entry = &stale[rnd_below(stale_count)];

		mva = entry->mva + (rnd() & (entry->size - 1));
	}
	machine_mcr(MCR_TLB_PAGE, mva);
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

	machine_mcr(MCR_PID, ONE_OF(0, 0, 0x04000000, 0xc0000000));
	if (machine.vcpu.mmu.pid != before)
		forget_stale();
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

static void random_step(void)
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
			return;
		}
		dice -= actions[i].weight;
	}
	random_access();
}

static void run(uint32_t with_seed, const struct plan *with)
{
	plan = *with;
	run_seed = with_seed;
	seed(with_seed);
	machine_init();
	machine_map_usual();
	make_tables();
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIRS_AT);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | (rnd_below(2) ? SCTLR_R : 0));
	forget_stale();
	for (step = 0; step < plan.steps; step++) {
		random_step();
		if (step % plan.check_every == 0)
			check_all();
	}
	vcpu_reset(&machine.vcpu);
	forget_stale();
	check_all();
}

/* Everything is met: counted, so that a change of the test which loses the point is noticed. */
static void few_address_spaces(void **state)
{
	const struct plan p = { .dirs = 5,
				.coarse = 6,
				.slots = 12,
				.domains = 4,
				.steps = 3000,
				.check_every = 1,
				.edits = 120,
				.resets = 10 };

	allowed_accesses = 0;
	for (uint32_t s = 1; s <= 6; s++)
		run(s, &p);
	assert_true(allowed_accesses > 1000);
}

static void more_address_spaces_than_contexts(void **state)
{
	const struct plan p = { .dirs = SHADOW_CONTEXTS + 8,
				.coarse = 24,
				.slots = 12,
				.domains = 3,
				.steps = 4000,
				.check_every = 2,
				.edits = 80,
				.resets = 5 };

	for (uint32_t s = 11; s <= 13; s++) {
		run(s, &p);
		assert_true(machine.shadow.stats.contexts_recycled > 0);
	}
}

static void more_domains_than_the_hardware_has(void **state)
{
	const struct plan p = { .dirs = 4,
				.coarse = 8,
				.slots = 12,
				.domains = 16,
				.steps = 3000,
				.check_every = 1,
				.edits = 60,
				.resets = 10 };

	for (uint32_t s = 21; s <= 23; s++)
		run(s, &p);
}

static void more_slots_and_tables_than_the_pool_has(void **state)
{
	const struct plan p = { .dirs = 24,
				.coarse = COARSE_MAX,
				.slots = SHADOW_SLOTS + 60,
				.domains = 2,
				.steps = 20000,
				.check_every = 250,
				.edits = 5 };

	run(31, &p);
	assert_true(machine.shadow.stats.tables_recycled > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_address_spaces),
		cmocka_unit_test(more_address_spaces_than_contexts),
		cmocka_unit_test(more_domains_than_the_hardware_has),
		cmocka_unit_test(more_slots_and_tables_than_the_pool_has),
	};

	return cmocka_run_group_tests_name("shadow tables, random", tests, NULL, NULL);
}
