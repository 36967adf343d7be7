/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of the VMM and of a guest in one page (domain/shadow_vectors.c): when that begins and ends,
 * what the guest may do there, and that it finds what it has written, by whatever name.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/fault.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"

#include <string.h>

#define DIR     0x00010000u
#define DIR_B   0x00014000u
#define PROGRAM 0x00020000u /* level 2 tables: slot 0, 0xfff, and another one for that */
#define HIGH    0x00020400u
#define HIGH_B  0x00020800u
#define FINE    0x00021000u
#define LIMIT   0xbf000000u
#define LINEAR  0xd0000000u

/* Pages. What is copied is in the second MiB, with nothing else of interest. */
#define CODE   0x00060000u
#define VECTOR 0x00110000u
#define OTHER  0x00111000u
#define STUBS  0x00112000u

#define VECTORS_VA 0xffff0000u
#define TLS        0xffff0ff0u
#define KUSER      0xffff0fc0u
#define PROGRAM_VA 0x00060000u

/* Domains 1 of programs, 2 of the vectors, 0 of the kernel; as Linux has them. */
#define OPEN    0x15u
#define CLOSED  0x11u
#define NOTHING 0x01u

#define L1(table, domain) ((table) | (domain) << 5 | 0x11)
#define PAGE(page, ap)    ((page) | (ap)*0x550u | 0xe)

static struct vcpu *const vcpu = &machine.vcpu;
static struct shadow *const sh = &machine.shadow;

static enum shadow_result touch(uint32_t va, bool write)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, vcpu_privileged(vcpu), write, &t, &fault);
	assert_non_null(region);
	return shadow_fill(sh, gva(va), &t, region, write ? RIGHTS_WRITE : RIGHTS_READ);
}

static bool reaches(uint32_t va, bool write)
{
	uint32_t at;

	return machine_access(va, write, &at) == 0;
}

/** What a load of the guest finds, if the hardware lets it. */
static uint32_t load(uint32_t va)
{
	uint32_t word;

	assert_true(user_load32(va, &word));
	return word;
}

/** An emulated access of the kernel. */
static void emulated_store(uint32_t va, unsigned size, uint32_t value)
{
	struct guest_fault fault;

	guest_found_nothing(vcpu);
	assert_true(guest_access(vcpu, va, size, true, true, &value, &fault));
}

static void set_dacr(uint32_t dacr)
{
	machine_mcr(MCR_DACR, dacr);
}

static void set_pte(uint32_t at, uint32_t value)
{
	const uint32_t va = at + LINEAR;

	guest_set_word(at, value);
	shadow_ptes_changed(sh, &va, 1);
}

static void set_pmd(uint32_t at, uint32_t value)
{
	guest_set_word(at, value);
	shadow_tables_written(sh, at + LINEAR, 4);
}

/** A kernel and a program in slot 0, as its first words for the vectors say. */
static int start_guest(bool announces)
{
	machine_init();
	machine_map_usual();
	if (announces)
		shadow_set_pv(sh, &(struct shadow_pv){ .announces = true,
						       .linear_offset = LINEAR,
						       .user_limit = LIMIT,
						       .ram = machine.mem.region[0] });
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t dir = i ? DIR_B : DIR;

		guest_set_word(dir, L1(PROGRAM, 1u));
		guest_set_word(dir + 0xfff * 4, L1(HIGH, 2u));
		for (unsigned mib = 0; mib < 2; mib++)
			guest_set_word(dir + ((LINEAR >> 20) + mib) * 4,
				       mib << 20 | AP_PRIV << 10 | 0x1e);
	}
	guest_set_word(PROGRAM + 0x60 * 4, PAGE(CODE, AP_USER_RW));
	guest_set_word(HIGH + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
	guest_set_word(HIGH + 0xf1 * 4, PAGE(STUBS, AP_PRIV));
	for (uint32_t at = 0; at < 0x1000; at += 4) {
		guest_set_word(VECTOR + at, 0x10000000 | at);
		guest_set_word(OTHER + at, 0x20000000 | at);
	}
	set_dacr(OPEN);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	assert_int_equal(touch(LINEAR + VECTOR, true), SHADOW_FILLED);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(reaches(LINEAR + VECTOR, true));
	assert_true(reaches(PROGRAM_VA, true));
	assert_false(sh->vectors_high);
	return 0;
}

static int start(void **state)
{
	return start_guest(true);
}

/** The kernel closes its programs' domain, and somebody reads the vectors' last KiB. */
static int start_shared(void **state)
{
	start_guest(true);
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
	return 0;
}

static void assert_given_up(void)
{
	assert_false(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_false(machine.hw_vectors_high);
	set_dacr(OPEN);
	touch(PROGRAM_VA, false);
	set_dacr(CLOSED);
	assert_false(sh->vectors_shared); /* for good */
	assert_false(reaches(PROGRAM_VA, false));
}

/* ---- when ------------------------------------------------------------------------------------ */

static void a_kernel_that_closes_its_programs_shares(void **state)
{
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_true(sh->vectors_high);
	assert_true(machine.hw_vectors_high);
	assert_false(reaches(PROGRAM_VA, false));
	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(reaches(PROGRAM_VA, true));
}

static void others_do_not(void **state)
{
	start_guest(false); /* a guest that does not announce */
	set_dacr(CLOSED);
	assert_false(sh->vectors_high);
	assert_false(reaches(PROGRAM_VA, false));

	start_guest(true); /* one whose vectors are low: there is nothing to share */
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_int_equal(touch(0xffff1000, false), SHADOW_FILLED);
	set_dacr(CLOSED);
	assert_true(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);

	start_guest(true); /* one that closes the kernel's domain, not that of slot 0 */
	set_dacr(OPEN & ~3u);
	assert_false(sh->vectors_high);
}

/* What costs a PAN kernel a trap costs no TLB operation, and nothing is in the way of fast paths. */
static void then_a_change_is_one_register(void **state)
{
	unsigned flushes, page_flushes;
	uint32_t epoch;

	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(shadow_views_alike(sh));
	flushes = machine.tlb_flushes;
	page_flushes = machine.tlb_page_flushes;
	epoch = sh->view_epoch;
	for (unsigned i = 0; i < 4; i++) {
		set_dacr(CLOSED);
		assert_false(reaches(PROGRAM_VA, false));
		assert_true(shadow_views_alike(sh));
		set_dacr(OPEN);
		assert_true(reaches(PROGRAM_VA, true));
	}
	assert_int_equal(machine.tlb_flushes, flushes);
	assert_int_equal(machine.tlb_page_flushes, page_flushes);
	assert_int_equal(sh->view_epoch, epoch);
}

static void the_guests_v_bit_ends_it_and_does_not_rule_it_out(void **state)
{
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	assert_true(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	assert_false(sh->vectors_high);
	assert_int_equal(touch(TLS, true), SHADOW_EMULATE); /* a page like any other */
	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
}

static void a_reset_ends_it(void **state)
{
	vcpu_reset(vcpu);
	assert_false(sh->vectors_shared);
	assert_true(sh->vectors_high);
	assert_int_equal(sh->copied, SHADOW_NO_COPY);
	assert_true(shadow_invariants_hold(sh));
}

/* ---- what the guest may do ------------------------------------------------------------------- */

static void the_last_kib_can_be_read_and_no_more(void **state)
{
	for (unsigned mode = 0; mode < 2; mode++) {
		vcpu_set_mode_bits(vcpu, mode ? PSR_MODE_USR : PSR_MODE_SVC);
		for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
			uint32_t at;

			assert_int_equal(reaches(VECTORS_VA + offset, false), offset >= 0xc00);
			assert_false(reaches(VECTORS_VA + offset, true));
			if (machine_access(VECTORS_VA + offset, false, &at) == 0)
				assert_int_equal(at, HPA_SHARED + offset);
		}
	}
	vcpu_set_mode_bits(vcpu, PSR_MODE_SVC);
	for (uint32_t offset = 0; offset < 0xc00; offset += 0x400)
		assert_int_equal(touch(VECTORS_VA + offset, false), SHADOW_VECTOR_PAGE);
	assert_int_equal(touch(TLS, true), SHADOW_VECTOR_PAGE);
}

/** Each of the four permissions, with S and R bits: what programs may not read nobody reads there. */
static void rights_are_those_of_programs(void **state)
{
	for (unsigned i = 0; i < 16; i++) {
		const unsigned ap = i & 3;
		const bool s = i & 4, r = i & 8;
		const bool readable = rights_user(ap, s, r) != RIGHTS_NONE;
		const bool allowed = rights_privileged(ap, s, r) != RIGHTS_NONE;

		start_guest(true);
		/* The other quarters say the opposite. */
		guest_set_word(HIGH + 0xf0 * 4, (VECTOR | (3 - ap) * 0x150u | ap << 10 | 0xe));
		machine_mcr(MCR_SCTLR,
			    SCTLR_M | SCTLR_C | SCTLR_V | (s ? SCTLR_S : 0) | (r ? SCTLR_R : 0));
		touch(PROGRAM_VA, true);
		set_dacr(CLOSED);
		assert_true(sh->vectors_shared);
		if (!allowed)
			continue;
		assert_int_equal(touch(TLS, false), readable ? SHADOW_FILLED : SHADOW_VECTOR_PAGE);
		assert_int_equal(reaches(TLS, false), readable);
		assert_false(reaches(TLS, true));
		assert_false(reaches(VECTORS_VA, false));
	}
}

static void the_guests_dacr_closes_it(void **state)
{
	set_dacr(NOTHING);
	assert_false(reaches(TLS, false));
	assert_false(reaches(VECTORS_VA, false));
	set_dacr(NOTHING | 2u << 4); /* the reserved value */
	assert_false(reaches(TLS, false));
	set_dacr(CLOSED);
	assert_int_equal(touch(TLS, false), SHADOW_PRESENT); /* the TLB has had it closed */
	mmu_tlb_invalidate(TLS);
	assert_int_equal(load(TLS), 0x10000ff0);
	set_dacr(CLOSED | DOMAIN_MANAGER << 4); /* may write: emulated */
	assert_int_equal(load(TLS), 0x10000ff0);
	assert_false(reaches(TLS, true));
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
}

static void any_kind_of_page_can_be_there(void **state)
{
	/* A fine table with pages of a KiB; a large page; a section. */
	for (unsigned i = 0; i < 4; i++)
		guest_set_word(FINE + (0x3c0 + i) * 4,
			       (OTHER + i * 0x400) | AP_USER_RO << 4 | 0xc | L2_TINY);
	set_pmd(DIR + 0xfff * 4, FINE | 2u << 5 | 0x13);
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x20000ff0);
	assert_false(reaches(VECTORS_VA, false));
	assert_false(reaches(VECTORS_VA + 0xbfc, false));

	for (unsigned i = 0; i < 16; i++)
		guest_set_word(HIGH_B + (0xf0 + i) * 4, VECTOR | AP_USER_RO * 0x550u | L2_LARGE);
	set_pmd(DIR + 0xfff * 4, L1(HIGH_B, 2u));
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);

	set_pmd(DIR + 0xfff * 4, 0x00100000 | AP_USER_RO << 10 | 2u << 5 | 0x1e);
	machine_mcr(MCR_TLB_ALL, 0);
	guest_set_word(0x001f0ff0, 0x1234);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x1234);
	assert_false(reaches(VECTORS_VA, false));
	assert_true(shadow_invariants_hold(sh));
}

static void what_is_no_ram_is_not_copied(void **state)
{
	static const uint32_t pages[] = { 0x10000000, 0x10102000, 0x10103000 };

	for (unsigned i = 0; i < 3; i++) {
		set_pte(HIGH + 0xf0 * 4, PAGE(pages[i], AP_USER_RO));
		machine_mcr(MCR_TLB_ALL, 0);
		assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
		assert_false(reaches(TLS, false));
	}
	machine_map(VECTORS_VA, 0x1000, MEM_RAM, HPA_RAM + 0x5f0000);
	machine_mcr(MCR_SCTLR, SCTLR_C | SCTLR_V); /* nor what is there without an MMU */
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
	assert_int_equal(touch(0xfffff000, false), SHADOW_FILLED);
	assert_false(reaches(TLS, false));
}

/* ---- the copy -------------------------------------------------------------------------------- */

static void stores_go_to_both(void **state)
{
	emulated_store(TLS, 4, 0x12345678);
	assert_int_equal(load(TLS), 0x12345678);
	assert_int_equal(guest_word(VECTOR + 0xff0), 0x12345678);
	emulated_store(TLS + 1, 1, 0xab);
	assert_int_equal(load(TLS), 0x1234ab78);
	emulated_store(TLS + 2, 2, 0xcdef);
	assert_int_equal(load(TLS), 0xcdefab78);
	assert_int_equal(guest_word(VECTOR + 0xff0), 0xcdefab78);
	assert_true(shadow_store_kernel(sh, TLS, 0x55aa));
	assert_int_equal(load(TLS), 0x55aa);
	assert_int_equal(guest_word(VECTOR + 0xff0), 0x55aa);
	/* By another name, emulated; at both ends of the KiB, and beside it. */
	emulated_store(LINEAR + VECTOR + 0xc00, 4, 1);
	emulated_store(LINEAR + VECTOR + 0xffc, 4, 2);
	emulated_store(LINEAR + VECTOR + 0xbfc, 4, 3);
	emulated_store(LINEAR + VECTOR + 0x1000, 4, 4);
	assert_int_equal(load(VECTORS_VA + 0xc00), 1);
	assert_int_equal(load(VECTORS_VA + 0xffc), 2);
	assert_memory_equal(machine.shared_kib, machine_host(HPA_RAM + VECTOR + 0xc00), 0x400);
	assert_true(sh->vectors_shared);
}

/* Nothing lets the guest write the page that has been copied. */
static void no_entry_writes_the_page(void **state)
{
	assert_false(reaches(LINEAR + VECTOR, true));
	assert_int_equal(touch(LINEAR + VECTOR, false), SHADOW_FILLED);
	assert_true(reaches(LINEAR + VECTOR, false));
	assert_false(reaches(LINEAR + VECTOR, true));
	assert_int_equal(touch(LINEAR + OTHER, true), SHADOW_FILLED); /* a section no more */
	assert_true(reaches(LINEAR + OTHER, true));
	assert_false(reaches(LINEAR + VECTOR, true));
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED); /* another MiB still is one */
	assert_int_equal(sh->current->l1[LINEAR >> 20] & L1_TYPE_MASK, L1_SECTION);
	assert_int_equal(sh->current->l1[(LINEAR >> 20) + 1] & L1_TYPE_MASK, L1_COARSE);
	/* A program's page, the short way. */
	set_dacr(OPEN);
	set_pte(PROGRAM + 0x61 * 4, PAGE(VECTOR, AP_USER_RW));
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_int_equal(shadow_fill_page(sh, PROGRAM_VA + 0x1000, RIGHTS_READ), SHADOW_PAGE_OTHER);
	assert_int_equal(touch(PROGRAM_VA + 0x1000, false), SHADOW_FILLED);
	assert_false(reaches(PROGRAM_VA + 0x1000, true));
	assert_true(sh->vectors_shared);
}

static void a_store_by_another_name_gives_up(void **state)
{
	assert_int_equal(touch(LINEAR + VECTOR, true), SHADOW_FILLED);
	assert_true(reaches(LINEAR + VECTOR, true));
	assert_given_up();
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
}

/* The page's other name is where the VMM's vectors would go to. */
static void giving_up_for_a_page_at_zero(void **state)
{
	set_dacr(OPEN);
	set_pte(PROGRAM, PAGE(VECTOR, AP_USER_RW));
	assert_int_equal(touch(0x10, false), SHADOW_FILLED);
	assert_int_equal(touch(0x10, true), SHADOW_VECTOR_PAGE);
	assert_false(reaches(0x10, false));
	assert_given_up();
}

static void another_page_is_copied(void **state)
{
	set_pte(HIGH + 0xf0 * 4, PAGE(OTHER, AP_USER_RO));
	assert_int_equal(load(TLS), 0x10000ff0); /* the TLB may have it until it is told */
	machine_mcr(MCR_TLB_PAGE, VECTORS_VA);
	assert_false(reaches(TLS, false));
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x20000ff0);
	assert_false(reaches(LINEAR + OTHER, true));
	assert_int_equal(touch(LINEAR + VECTOR, true), SHADOW_FILLED); /* which is free again */
	assert_true(sh->vectors_shared);
	assert_int_equal(load(TLS), 0x20000ff0);
	set_pte(HIGH + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
	assert_false(reaches(LINEAR + VECTOR, true));
	assert_true(shadow_invariants_hold(sh));
}

/* The page is not there any more: a store to it is one like any other. */
static void a_page_that_is_not_there_is_free(void **state)
{
	set_pte(HIGH + 0xf0 * 4, 0);
	assert_int_equal(touch(LINEAR + VECTOR, true), SHADOW_FILLED);
	assert_true(reaches(LINEAR + VECTOR, true));
	assert_true(sh->vectors_shared);
	assert_int_equal(sh->copied, SHADOW_NO_COPY);
	assert_false(reaches(TLS, false)); /* not even from the TLB */
	set_pte(HIGH + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
	guest_set_word(VECTOR + 0xff0, 77);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 77);
	assert_false(reaches(LINEAR + VECTOR, true));
}

/* The VMM's vectors are there whatever happens to the entry. */
static void the_vmms_vectors_stay(void **state)
{
	struct ref_entry entry;

	for (unsigned i = 0; i < 4; i++) {
		switch (i) {
		case 0:
			set_pte(HIGH + 0xf0 * 4, 0);
			break;
		case 1: /* compared, one by one */
			guest_set_word(HIGH + 0xf0 * 4, 0);
			shadow_tables_written(sh, HIGH + LINEAR, 0x400);
			break;
		case 2:
			set_pmd(DIR + 0xfff * 4, 0);
			break;
		default:
			shadow_flush_all(sh);
		}
		machine_mcr(MCR_TLB_ALL, 0);
		assert_int_equal(ref_walk(&machine.hw, VECTORS_VA, &entry), 0);
		assert_int_equal(ref_meaning(&entry, VECTORS_VA).physical, HPA_SHARED);
		assert_int_equal(ref_rights(&machine.hw, &entry, VECTORS_VA, true), 2);
		assert_false(reaches(VECTORS_VA, false));
		assert_false(reaches(TLS, false));
		assert_true(shadow_invariants_hold(sh));
		set_pmd(DIR + 0xfff * 4, L1(HIGH, 2u));
		set_pte(HIGH + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
		assert_int_equal(touch(TLS, false), SHADOW_FILLED);
		assert_int_equal(load(TLS), 0x10000ff0);
	}
}

/* Another context than that of all spaces has tables of its own: one copy, in one table. */
static void a_context_of_its_own(void **state)
{
	machine_mcr(MCR_PID, 0x04000000);
	assert_false(reaches(TLS, false));
	assert_int_equal(touch(TLS, false), SHADOW_PRESENT); /* the table is there */
	mmu_tlb_invalidate(TLS);
	assert_int_equal(load(TLS), 0x10000ff0);
	/* The same page in another table: the first one forgets it. */
	set_pmd(DIR_B + 0xfff * 4, L1(HIGH_B, 2u));
	set_pte(HIGH_B + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
	for (unsigned i = 0; i < 4; i++) {
		machine_mcr(MCR_TTBR, i & 1 ? DIR : DIR_B);
		assert_false(reaches(TLS, false));
		assert_int_equal(touch(TLS, false), SHADOW_FILLED);
		assert_int_equal(load(TLS), 0x10000ff0);
		assert_false(reaches(VECTORS_VA, false));
	}
	/* Another page in that table. */
	set_pte(HIGH_B + 0xf0 * 4, PAGE(OTHER, AP_USER_RO));
	machine_mcr(MCR_TTBR, DIR_B);
	assert_false(reaches(TLS, false));
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x20000ff0);
	machine_mcr(MCR_TTBR, DIR);
	assert_false(reaches(TLS, false));
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
	machine_mcr(MCR_PID, 0);
	assert_true(!reaches(TLS, false) || load(TLS) == 0x10000ff0);
	assert_true(shadow_invariants_hold(sh));
}

/* What the TLB has of a page that is gone is closed with the slot, as the domain of the guest says. */
static void what_is_stale_is_closed_with_the_slot(void **state)
{
	machine_mcr(MCR_TLB_ALL, 0);
	assert_true(reaches(TLS, false));
	set_pte(HIGH + 0xf0 * 4, 0);
	assert_true(reaches(TLS, false));
	set_dacr(NOTHING);
	assert_false(reaches(TLS, false));

	start_guest(true); /* a page of the kernel, and a program */
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_int_equal(touch(0xffff1000, true), SHADOW_FILLED);
	assert_true(reaches(0xffff1000, true));
	set_pte(HIGH + 0xf1 * 4, 0);
	vcpu_set_mode_bits(vcpu, PSR_MODE_USR);
	assert_false(reaches(0xffff1000, false));

	start_guest(true); /* the same, in a table that programs use, too */
	set_dacr(CLOSED);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(touch(0xffff1000, true), SHADOW_FILLED);
	assert_true(reaches(0xffff1000, true));
	set_pte(HIGH + 0xf1 * 4, 0);
	set_dacr(OPEN);
	vcpu_set_mode_bits(vcpu, PSR_MODE_USR);
	assert_false(reaches(0xffff1000, false));
}

/* ---- what is executed ------------------------------------------------------------------------ */

static enum trap_outcome execute(uint32_t pc, uint32_t cpsr)
{
	vcpu_set_cpsr(vcpu, cpsr);
	vcpu->frame.pc = pc;
	machine.ifsr = 0xd;
	return prefetch_abort_trap(vcpu);
}

static void code_in_the_last_kib_is_executed(void **state)
{
	machine_mcr(MCR_TLB_ALL, 0);
	shadow_flush_all(sh);
	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	vcpu->frame.pc = KUSER;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	assert_int_equal(load(KUSER), 0x10000fc0);
	assert_true(sh->vectors_shared);
}

static void a_branch_of_the_vectors_is_carried_out(void **state)
{
	guest_set_word(VECTOR + 4, 0xea000400);    /* b 0xffff100c */
	guest_set_word(VECTOR + 8, 0xe59ffff0);    /* ldr pc, 0xffff1000 */
	guest_set_word(VECTOR + 0xc, 0xe51ff008);  /* ldr pc, 0xffff000c */
	guest_set_word(VECTOR + 0x10, 0xe59fffff); /* ldr pc, 0xffff1017: not aligned */
	guest_set_word(VECTOR + 0x14, 0xea800000); /* b 0xfdff001c */
	guest_set_word(VECTOR + 0xff8, 0xeafffc00);
	guest_set_word(STUBS, 0xc0001234);
	assert_int_equal(execute(VECTORS_VA + 4, 0xdb), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xffff100c);
	assert_int_equal(execute(VECTORS_VA + 8, 0xd3), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xc0001234);
	assert_int_equal(execute(VECTORS_VA + 0xc, 0xd7), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xe51ff008);
	assert_int_equal(execute(VECTORS_VA + 0x14, 0xd7), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xfdff001c);
	assert_true(sh->vectors_shared);
	/* The word it loads is not there: a data abort at the vector. */
	set_pte(HIGH + 0xf1 * 4, 0);
	assert_int_equal(execute(VECTORS_VA + 8, 0xd3), TRAP_RESUME);
	assert_int_equal(vcpu->cp15.dfsr, 0x27);
	assert_int_equal(vcpu->cp15.far, 0xffff1000);
	assert_int_equal(vcpu->frame.r[14], VECTORS_VA + 8 + 8);
	assert_int_equal(vcpu->frame.pc, VECTORS_VA + 0x10);
	assert_true(sh->vectors_shared);
	/* A program gets no farther than it would: the page is its kernel's. */
	set_pte(HIGH + 0xf1 * 4, PAGE(STUBS, AP_PRIV));
	assert_int_equal(execute(VECTORS_VA + 8, PSR_MODE_USR), TRAP_RESUME);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_ABT);
	assert_int_equal(vcpu->cp15.dfsr, 0x2f);
}

static void other_code_there_gives_up(void **state)
{
	static const uint32_t words[] = { 0xe1a00000, 0x0a000000, 0xeb000000,
					  0xe59ef000, 0xe5bff000, 0xfa000000 };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		start_shared(state);
		guest_set_word(VECTOR + 0x40, words[i]);
		assert_int_equal(execute(VECTORS_VA + 0x40, 0xd3), TRAP_RESUME);
		assert_int_equal(vcpu->frame.pc, VECTORS_VA + 0x40);
		assert_given_up();
		vcpu_set_cpsr(vcpu, 0xd3);
		vcpu->frame.pc = VECTORS_VA + 0x40;
		assert_int_equal(machine_fetch(), TRAP_NEXT);
	}
	start_shared(state); /* Thumb code, whatever it is */
	guest_set_word(VECTOR + 0x40, 0xea000000);
	assert_int_equal(execute(VECTORS_VA + 0x40, 0xd3 | PSR_T), TRAP_RESUME);
	assert_given_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_kernel_that_closes_its_programs_shares, start),
		cmocka_unit_test(others_do_not),
		cmocka_unit_test_setup(then_a_change_is_one_register, start_shared),
		cmocka_unit_test_setup(the_guests_v_bit_ends_it_and_does_not_rule_it_out,
				       start_shared),
		cmocka_unit_test_setup(a_reset_ends_it, start_shared),
		cmocka_unit_test_setup(the_last_kib_can_be_read_and_no_more, start_shared),
		cmocka_unit_test(rights_are_those_of_programs),
		cmocka_unit_test_setup(the_guests_dacr_closes_it, start_shared),
		cmocka_unit_test_setup(any_kind_of_page_can_be_there, start_shared),
		cmocka_unit_test_setup(what_is_no_ram_is_not_copied, start_shared),
		cmocka_unit_test_setup(stores_go_to_both, start_shared),
		cmocka_unit_test_setup(no_entry_writes_the_page, start_shared),
		cmocka_unit_test_setup(a_store_by_another_name_gives_up, start_shared),
		cmocka_unit_test_setup(giving_up_for_a_page_at_zero, start_shared),
		cmocka_unit_test_setup(another_page_is_copied, start_shared),
		cmocka_unit_test_setup(a_page_that_is_not_there_is_free, start_shared),
		cmocka_unit_test_setup(the_vmms_vectors_stay, start_shared),
		cmocka_unit_test_setup(a_context_of_its_own, start_shared),
		cmocka_unit_test_setup(what_is_stale_is_closed_with_the_slot, start_shared),
		cmocka_unit_test_setup(code_in_the_last_kib_is_executed, start_shared),
		cmocka_unit_test_setup(a_branch_of_the_vectors_is_carried_out, start_shared),
		cmocka_unit_test(other_code_there_gives_up),
	};

	return cmocka_run_group_tests_name("shared vectors", tests, NULL, NULL);
}
