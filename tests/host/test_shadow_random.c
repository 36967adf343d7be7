/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence of domain/shadow.h as a property: a shadow entry may be missing at any time, but it
 * never allows more than the guest's own entry, the VM's memory map and the virtual mode allow
 * together. After each step of a random guest (shadow_guest.h) everything the hardware could use -
 * tables and TLB - is held against the guest's own tables, read by a walker of the test's own.
 *
 * An entry may lag behind the guest's tables exactly as the TLB of a real ARM926EJ-S may, until the
 * guest invalidates it: shadow_guest_stale(). The same holds for a guest that announces what it
 * changes, as long as it does; if it lies, what is left is that nothing leads out of its memory map.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"
#include "tests/host/shadow_guest.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/guest_mem.h"

#include <string.h>

static unsigned step;
static uint32_t run_seed;
static const struct shadow_plan *plan;
static unsigned long allowed_accesses, short_fills, short_faults;
static unsigned checks, shared_checks;

#define FAIL(...)                                                 \
	do {                                                      \
		print_error("seed %u step %u: ", run_seed, step); \
		print_error(__VA_ARGS__);                         \
		fail();                                           \
	} while (0)

/* ---- the property ---------------------------------------------------------------------------- */

static uint32_t vector_page(void)
{
	return machine.hw_vectors_high ? 0xffff0000u : 0;
}

/** ... and what is there. */
static uint32_t vectors_at(void)
{
	return machine.shadow.vectors_shared ? HPA_SHARED : HPA_VECTORS;
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

/** The most the VM may do with @p host, at whatever address. */
static unsigned host_rights(uint32_t host)
{
	unsigned rights = 0;

	for (unsigned i = 0; i < machine.mem.count; i++) {
		const struct mem_region *r = &machine.mem.region[i];

		if (r->kind == MEM_READ_DIRECT && host - r->hpa.raw < r->size && rights == 0)
			rights = 1;
		if ((r->kind == MEM_RAM || r->kind == MEM_DIRECT) && host - r->hpa.raw < r->size)
			rights = 2;
	}
	return rights;
}

/** Whether the slots of spaces are in force, of a guest that announces. */
static bool in_space(uint32_t va)
{
	return plan->announces && machine.shadow.current == machine.shadow.common &&
	       va < SHADOW_GUEST_LIMIT;
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
	struct ref_mmu program = *guest;

	/* Below the limit, a kernel that announces has no more than its programs have. */
	program.dacr = 0x55555555;
	if (in_space(mva) && ref_rights(&program, entry, mva, false) < rights)
		return false;
	return own >= rights && map_rights(m.physical, host) >= rights &&
	       cb == (m.cb & (cached ? 0xcu : 0x4u));
}

/** Whether one guest entry says that its programs may read, at @p va, what has been copied. */
static bool is_the_copy(const struct ref_mmu *guest, const struct ref_entry *entry, uint32_t va)
{
	return ref_rights(guest, entry, va, false) >= 1 &&
	       map_rights(ref_meaning(entry, va).physical, machine.shadow.copied + (va & 0x3ff));
}

/** The page that is the guest's as well: of its last KiB there is a copy, and it is up to date. */
static void check_shared(const char *where, const struct ref_mmu *guest,
			 const struct ref_meaning *m, uint32_t va, unsigned rights)
{
	const struct ref_entry *stale;
	struct ref_mmu first = *guest;
	struct ref_entry entry;
	unsigned count;

	if ((m->physical & ~0x3ffu) != HPA_SHARED + 0xc00 || rights > 1)
		FAIL("%s: the vector page is open: 0x%08x leads to 0x%08x, rights %u\n", where, va,
		     m->physical, rights);
	if (memcmp(machine.shared_kib, machine_host(machine.shadow.copied), 1024) != 0)
		FAIL("%s: the copy of 0x%08x is out of date\n", where, machine.shadow.copied);
	shared_checks++;
	if (plan->lies)
		return;
	if (ref_walk(guest, va, &entry) == 0 && is_the_copy(guest, &entry, va))
		return;
	first.ttbr = shadow_guest_first_dir();
	if (ref_walk(&first, va, &entry) == 0 && is_the_copy(guest, &entry, va))
		return;
	stale = shadow_guest_stale(&count);
	for (unsigned i = 0; i < count; i++)
		if (va - stale[i].mva < stale[i].size && is_the_copy(guest, &stale[i], va))
			return;
	FAIL("%s: 0x%08x allows %u, the guest's entry (l1 %08x l2 %08x, dacr %08x, sctlr %08x) does "
	     "not\n",
	     where, va, rights, entry.l1, entry.l2, guest->dacr, guest->control);
}

/** The property, for what one entry of the hardware means at one address. */
static void check_at(const char *where, const struct ref_entry *hw, uint32_t va)
{
	const struct ref_mmu guest = machine_guest_mmu();
	const struct ref_meaning m = ref_meaning(hw, va);
	const unsigned rights = ref_rights(&machine.hw, hw, va, false);
	const uint32_t mva = ref_mva(&guest, va);
	struct ref_mmu first = guest;
	const struct ref_entry *stale;
	struct ref_entry entry;
	unsigned stale_count;

	if (va >> 12 == vector_page() >> 12) {
		if (rights && machine.shadow.vectors_shared) {
			check_shared(where, &guest, &m, va, rights);
			return;
		}
		if (rights || (m.physical & ~0xfffu) != vectors_at())
			FAIL("%s: the vector page is 0x%08x, rights %u\n", where, m.physical,
			     rights);
		return;
	}
	if (rights > 1 && ((m.physical ^ machine.shadow.copied) & ~0xfffu) == 0)
		FAIL("%s: 0x%08x may write what has been copied\n", where, va);
	if (host_rights(m.physical) == 0 || host_rights(m.physical) < rights)
		FAIL("%s: 0x%08x leads to 0x%08x, outside the VM\n", where, va, m.physical);
	if (rights == 0 || plan->lies)
		return;
	if (ref_walk(&guest, mva, &entry) == 0 &&
	    explains(&guest, &entry, mva, m.physical, rights, m.cb))
		return;
	/* The kernel's slots are the same in all directories, or still to be copied from the first. */
	first.ttbr = shadow_guest_first_dir();
	if (plan->announces && va >= SHADOW_GUEST_LIMIT && ref_walk(&first, mva, &entry) == 0 &&
	    explains(&guest, &entry, mva, m.physical, rights, m.cb))
		return;
	stale = shadow_guest_stale(&stale_count);
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
	if (m.physical != vectors_at() || m.domain != MMU_DOMAIN_VECTORS || m.ap != 1 ||
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

/** Whether the kernel's store to what its programs may only read, which no entry can express. */
static bool needs_emulation(const struct mem_region *region, const struct guest_translation *t,
			    uint32_t va, bool write)
{
	const bool s = machine.vcpu.mmu.sctlr & SCTLR_S, r = machine.vcpu.mmu.sctlr & SCTLR_R;

	if (in_space(va) && rights_user(t->ap, s, r) < (write ? RIGHTS_WRITE : RIGHTS_READ))
		return true;
	return region->kind == MEM_EMULATED || (write && region->kind == MEM_READ_DIRECT) ||
	       (write && rights_user(t->ap, s, r) == RIGHTS_READ);
}

/** The kernel touches its linear mapping, through which its tables are read. */
static void touch_linear(void)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	for (uint32_t va = SHADOW_GUEST_LINEAR; va < SHADOW_GUEST_LINEAR + 0x200000;
	     va += 0x100000) {
		guest_found_nothing(&machine.vcpu);
		region = guest_translate(&machine.vcpu, va, true, false, &t, &fault);
		if (region)
			shadow_fill(&machine.shadow, gva(va), &t, region, RIGHTS_READ);
	}
}

/** What vcpu/fault.c tries first. Whether it has an answer, which must be the guest's own. */
static bool short_way(uint32_t va, bool write, unsigned expected)
{
	unsigned status;
	uint32_t at;

	shadow_guest_announce_tables(); /* tables that are no more are not looked into */
	if (vcpu_privileged(&machine.vcpu))
		touch_linear();
	status = shadow_fill_page(&machine.shadow, va, write ? RIGHTS_WRITE : RIGHTS_READ,
				  machine.vcpu.mmu.dacr);
	if (status == SHADOW_PAGE_OTHER)
		return false;
	if (status != expected && !plan->lies)
		FAIL("0x%08x: short walk, status %x, expected %x\n", va, status, expected);
	if (status != SHADOW_PAGE_FILLED) {
		short_faults++;
		return true;
	}
	if (machine_walk(va, write, &at) != 0)
		FAIL("0x%08x: short fill, but the hardware refuses\n", va);
	short_fills++;
	return true; /* check_all() has a look at it */
}

/** An access, by way of vcpu/fault.c without its instruction. */
static void random_access(void)
{
	const uint32_t va = shadow_guest_va();
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
	if (plan->announces && rnd_below(2) && short_way(va, write, expected))
		return;
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
		if (!needs_emulation(region, &t, va, write))
			FAIL("0x%08x: emulated without need\n", va);
		break;
	case SHADOW_VECTOR_PAGE:
		if (va >> 12 != vector_page() >> 12)
			FAIL("0x%08x: no vector page\n", va);
		if (rnd_below(machine.shadow.vectors_shared ? 32 : 4) ==
		    0) { /* the guest executes there */
			shadow_set_vectors(&machine.shadow, va < 0x1000);
			shadow_guest_tlb_empty();
		}
		break;
	default:
		if (va < VMM_BASE || va >= VMM_END)
			FAIL("0x%08x: not the VMM's\n", va);
	}
}

static void run(uint32_t with_seed, const struct shadow_plan *with_plan)
{
	run_seed = with_seed;
	plan = with_plan;
	seed(with_seed);
	shadow_guest_start(plan);
	for (step = 0; step < plan->steps; step++) {
		if (!shadow_guest_act())
			random_access();
		if (step % plan->check_every == 0)
			check_all();
	}
	vcpu_reset(&machine.vcpu);
	shadow_guest_tlb_empty();
	check_all();
}

/* Everything is met: counted, so that a change of the test which loses the point is noticed. */
static void few_address_spaces(void **state)
{
	const struct shadow_plan p = { .dirs = 5,
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
	const struct shadow_plan p = { .dirs = SHADOW_CONTEXTS + 8,
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
	const struct shadow_plan p = { .dirs = 4,
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
	const struct shadow_plan p = { .dirs = 8,
				       .coarse = SHADOW_COARSE_MAX,
				       .slots = SHADOW_SLOTS + 60,
				       .domains = 2,
				       .steps = 20000,
				       .check_every = 250,
				       .edits = 5 };

	run(31, &p);
	assert_true(machine.shadow.stats.tables_recycled > 0);
}

static void a_guest_that_announces(void **state)
{
	const struct shadow_plan few = { .dirs = 5,
					 .coarse = 6,
					 .slots = 12,
					 .domains = 3,
					 .steps = 3000,
					 .check_every = 1,
					 .edits = 120,
					 .resets = 4,
					 .announces = true };
	const struct shadow_plan dense = { .dirs = 2,
					   .coarse = 3,
					   .slots = 6,
					   .domains = 1,
					   .steps = 3000,
					   .check_every = 1,
					   .edits = 200,
					   .announces = true };
	const struct shadow_plan many = { .dirs = 40,
					  .coarse = SHADOW_COARSE_MAX,
					  .slots = 60,
					  .domains = 2,
					  .steps = 40000,
					  .check_every = 100,
					  .edits = 30,
					  .announces = true };

	allowed_accesses = short_fills = short_faults = shared_checks = 0;
	for (uint32_t s = 41; s <= 44; s++)
		run(s, &few);
	for (uint32_t s = 61; s <= 66; s++)
		run(s, &dense);
	assert_true(allowed_accesses > 1000);
	assert_true(short_fills > 40);
	assert_true(short_faults > 40);
	assert_true(shared_checks > 100);
	run(49, &many);
	assert_true(machine.shadow.stats.contexts_recycled > 0);
}

static void a_guest_that_lies(void **state)
{
	const struct shadow_plan p = { .dirs = 40,
				       .coarse = 24,
				       .slots = 40,
				       .domains = 16,
				       .steps = 6000,
				       .check_every = 4,
				       .edits = 200,
				       .resets = 5,
				       .announces = true,
				       .lies = true };

	for (uint32_t s = 51; s <= 55; s++)
		run(s, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_address_spaces),
		cmocka_unit_test(more_address_spaces_than_contexts),
		cmocka_unit_test(more_domains_than_the_hardware_has),
		cmocka_unit_test(more_slots_and_tables_than_the_pool_has),
		cmocka_unit_test(a_guest_that_announces),
		cmocka_unit_test(a_guest_that_lies),
	};

	return cmocka_run_group_tests_name("shadow tables, random", tests, NULL, NULL);
}
