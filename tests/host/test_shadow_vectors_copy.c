/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy of a guest's vectors in the page that it shares with the VMM (domain/shadow_vectors.c): the
 * guest finds there what it has written, by whatever name, and nothing when its page is gone; what the
 * TLB still has of that page is closed as the guest's DACR says.
 */
#include "tests/host/shadow_vectors_fixture.h"

#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/guest_mem.h"

static struct vcpu *const vcpu = &machine.vcpu;
static struct shadow *const sh = &machine.shadow;

/** An emulated access of the kernel. */
static void emulated_store(uint32_t va, unsigned size, uint32_t value)
{
	struct guest_fault fault;

	guest_found_nothing(vcpu);
	assert_true(guest_access(vcpu, va, size, true, true, &value, &fault));
}

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
	assert_int_equal(
		shadow_fill_page(sh, PROGRAM_VA + 0x1000, RIGHTS_READ, machine.vcpu.mmu.dacr),
		SHADOW_PAGE_OTHER);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stores_go_to_both, start_shared),
		cmocka_unit_test_setup(no_entry_writes_the_page, start_shared),
		cmocka_unit_test_setup(a_store_by_another_name_gives_up, start_shared),
		cmocka_unit_test_setup(giving_up_for_a_page_at_zero, start_shared),
		cmocka_unit_test_setup(another_page_is_copied, start_shared),
		cmocka_unit_test_setup(a_page_that_is_not_there_is_free, start_shared),
		cmocka_unit_test_setup(the_vmms_vectors_stay, start_shared),
		cmocka_unit_test_setup(a_context_of_its_own, start_shared),
		cmocka_unit_test_setup(what_is_stale_is_closed_with_the_slot, start_shared),
	};

	return cmocka_run_group_tests_name("copy of shared vectors", tests, NULL, NULL);
}
