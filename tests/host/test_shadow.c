/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shadow page tables, one situation at a time: what a guest does, and what the hardware allows
 * afterwards. Guests that announce their page tables are in test_shadow_announce.c, the random walk
 * through all of them together in test_shadow_random.c.
 */
#include "tests/host/shadow_fixture.h"

#include "arch/arm/sctlr.h"
#include "vcpu/guest_mem.h"

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	shadow_fixture_mmu_on();
	return 0;
}

static void a_page_leads_to_the_host_page_of_the_map(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	guest_set_word(COARSE + 0x45 * 4, USER_RW(PAGE_1));
	ASSERT_NO_ACCESS(0x12345678);
	assert_int_equal(touch(0x12345678, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x12345678), HPA_RAM + PAGE_1 + 0x678);
	assert_int_equal(touch(0x12345678, true), SHADOW_PRESENT);
}

static void kernel_pages_close_in_user_mode(void **state)
{
	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	guest_set_word(COARSE, KERNEL(PAGE_1));
	assert_int_equal(touch(0xc0000000, true), SHADOW_FILLED);
	assert_true(reaches(0xc0000000, true));
	set_mode(PSR_MODE_USR);
	ASSERT_NO_ACCESS(0xc0000000);
	set_mode(PSR_MODE_IRQ);
	assert_true(reaches(0xc0000000, true));
}

static void a_kernel_page_beside_user_pages_closes_too(void **state)
{
	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	guest_set_word(COARSE, KERNEL(PAGE_1));
	guest_set_word(COARSE + 4, USER_RO(PAGE_2));
	assert_int_equal(touch(0xc0001000, false), SHADOW_FILLED);
	assert_int_equal(touch(0xc0000000, true), SHADOW_FILLED);
	set_mode(PSR_MODE_USR);
	ASSERT_NO_ACCESS(0xc0000000);
	assert_true(reaches(0xc0001000, false));
	set_mode(PSR_MODE_SVC);
	assert_true(reaches(0xc0001000, false));
}

/* What one address space has found out about a slot holds for the other, too. */
static void a_kernel_page_beside_user_pages_of_another_process_closes_too(void **state)
{
	guest_set_word(DIR_B + 0xc00 * 4, L1(COARSE));
	machine_mcr(MCR_TTBR, DIR_B);
	machine_mcr(MCR_TTBR, DIR_A); /* B exists, without the slot */
	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	guest_set_word(COARSE, KERNEL(PAGE_1));
	guest_set_word(COARSE + 4, USER_RW(PAGE_2));
	assert_int_equal(touch(0xc0001000, true), SHADOW_FILLED);

	machine_mcr(MCR_TTBR, DIR_B);
	assert_int_equal(touch(0xc0000000, true), SHADOW_FILLED);
	assert_true(reaches(0xc0000000, true));
	set_mode(PSR_MODE_USR);
	ASSERT_NO_ACCESS(0xc0000000);
}

static void a_store_of_the_kernel_to_a_read_only_page_is_emulated(void **state)
{
	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	guest_set_word(COARSE, USER_RO(PAGE_1));
	assert_int_equal(touch(0xc0000ff0, false), SHADOW_FILLED);
	assert_int_equal(touch(0xc0000ff0, true), SHADOW_EMULATE);
	assert_false(reaches(0xc0000ff0, true));
}

/* Linux's page of vector stubs: AP = 00 with R = 1, which nobody may write. */
static void a_page_read_only_for_all_can_be_read_by_all(void **state)
{
	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	guest_set_word(COARSE, VECTOR_RO(PAGE_1));
	assert_int_equal(touch(0xc0000000, false), SHADOW_FILLED);
	assert_true(reaches(0xc0000000, false));
	assert_false(reaches(0xc0000000, true));
	set_mode(PSR_MODE_USR);
	assert_true(reaches(0xc0000000, false));
	/* Without the R bit the same descriptor gives nothing to anybody. */
	set_mode(PSR_MODE_SVC);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	ASSERT_NO_ACCESS(0xc0000000);
}

static void the_guests_dacr_closes_and_opens(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	machine_mcr(MCR_DACR, 0x55555551);
	ASSERT_NO_ACCESS(0x12300000);
	machine_mcr(MCR_DACR, 0x55555559); /* the reserved value */
	ASSERT_NO_ACCESS(0x12300000);
	machine_mcr(MCR_DACR, 0x55555555);
	assert_true(reaches(0x12300000, true));
}

static void what_a_manager_may_ends_with_it(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	guest_set_word(COARSE, KERNEL(PAGE_1));
	set_mode(PSR_MODE_USR);
	machine.vcpu.mmu.dacr = 0x5555555d;
	shadow_domains_changed(&machine.shadow);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true));
	machine.vcpu.mmu.dacr = 0x55555555;
	shadow_domains_changed(&machine.shadow);
	ASSERT_NO_ACCESS(0x12300000);
}

/**
 * A manager domain opens the kernel's megabyte to a program. Once the program has been there, the
 * kernel must get its pages back for good: each costs it one fault, however many there are.
 */
static void the_kernels_slot_is_its_own_again_after_a_manager(void **state)
{
	const unsigned pages = 4 * SHADOW_TRANSIENTS;

	guest_set_word(DIR_A + 0xc00 * 4, L1(COARSE));
	for (unsigned n = 0; n < pages; n++)
		guest_set_word(COARSE + n * 4, KERNEL(PAGE_1 + n * 0x1000));
	machine_mcr(MCR_DACR, 0x5555555d); /* domain 1 is a manager */
	for (unsigned round = 0; round < 3; round++) {
		unsigned faults = 0;

		set_mode(PSR_MODE_USR);
		assert_int_equal(touch(0xc0008000, true), SHADOW_FILLED);
		assert_true(reaches(0xc0008000, true));
		set_mode(PSR_MODE_SVC);
		for (unsigned n = 0; n < 3 * pages; n++) {
			const uint32_t va = 0xc0000000 + n % pages * 0x1000;

			if (!reaches(va, true)) {
				assert_int_equal(touch(va, true), SHADOW_FILLED);
				faults++;
			}
		}
		assert_true(faults <= pages);
		set_mode(PSR_MODE_USR);
		ASSERT_NO_ACCESS(0xc0008000);
	}
}

static void a_changed_entry_goes_with_its_invalidation(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	guest_set_word(COARSE + 4, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x12301000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true) && reaches(0x12301000, true));

	guest_set_word(COARSE, USER_RW(PAGE_2));
	guest_set_word(COARSE + 4, 0);
	machine_mcr(MCR_TLB_PAGE, 0x12300abc);
	ASSERT_NO_ACCESS(0x12300000);
	machine_mcr(MCR_TLB_ALL, 0);
	ASSERT_NO_ACCESS(0x12301000);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_2);
}

static void one_address_invalidates_a_whole_large_page(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	for (unsigned n = 0; n < 16; n++)
		guest_set_word(COARSE + n * 4, 0x00110000 | 0xff << 4 | 1);
	for (uint32_t va = 0x12300000; va < 0x12310000; va += 0x1000)
		assert_int_equal(touch(va, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x1230f123), HPA_RAM + 0x0011f123);
	for (unsigned n = 0; n < 16; n++)
		guest_set_word(COARSE + n * 4, 0);
	machine_mcr(MCR_TLB_PAGE, 0x12307000);
	for (uint32_t va = 0x12300000; va < 0x12310000; va += 0x1000)
		ASSERT_NO_ACCESS(va);
}

static void one_address_invalidates_a_whole_section(void **state)
{
	/* The third MiB of RAM is there in part: the section is in pieces. */
	guest_set_word(DIR_A + 0x123 * 4, 0x00200000 | 3 << 10 | 1 << 5 | 0x1e);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x1237f000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true) && reaches(0x1237f000, true));
	guest_set_word(DIR_A + 0x123 * 4, 0);
	machine_mcr(MCR_TLB_PAGE, 0x12310000);
	ASSERT_NO_ACCESS(0x12300000);
	ASSERT_NO_ACCESS(0x1237f000);
}

static void a_section_is_one_entry_where_it_can_be(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, 0x00100000 | 3 << 10 | 1 << 5 | 0x1e);
	assert_int_equal(touch(0x12345678, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true) && reaches(0x123ffffc, true));
	assert_int_equal(host_of(0x123abcdc), HPA_RAM + 0x001abcdc);
}

/* A manager may store where the kernel only reads: in a page then, and the TLB knows no section. */
static void pages_in_place_of_a_section_leave_nothing_of_it(void **state)
{
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V | SCTLR_S);
	guest_set_word(DIR_A + 0x123 * 4, 0x00100000 | 0 << 10 | 1 << 5 | 0x1e);
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_true(reaches(0x12345678, false));
	machine_mcr(MCR_DACR, 0x5555555d);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true));
	ASSERT_NO_ACCESS(0x12345678);
}

/* The same modified address is known to the hardware under two virtual ones. */
static void an_fcse_address_is_invalidated_at_both_places(void **state)
{
	guest_set_word(DIR_A + 0x041 * 4, L1(COARSE));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	machine_mcr(MCR_PID, 0x04000000);
	assert_int_equal(touch(0x00100000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x04100000, true), SHADOW_FILLED);
	assert_true(reaches(0x00100000, true) && reaches(0x04100000, true));
	guest_set_word(COARSE, 0);
	machine_mcr(MCR_TLB_PAGE, 0x04100000);
	ASSERT_NO_ACCESS(0x00100000);
	ASSERT_NO_ACCESS(0x04100000);
}

static void a_process_id_changes_what_low_addresses_mean(void **state)
{
	guest_set_word(DIR_A + 0x001 * 4, L1(COARSE));
	guest_set_word(DIR_A + 0x041 * 4, L1(COARSE + 0x400));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	guest_set_word(COARSE + 0x400, USER_RW(PAGE_2));
	assert_int_equal(touch(0x00100000, true), SHADOW_FILLED);
	machine_mcr(MCR_PID, 0x04000000);
	ASSERT_NO_ACCESS(0x00100000);
	assert_int_equal(touch(0x00100000, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x00100000), HPA_RAM + PAGE_2);
	machine_mcr(MCR_PID, 0);
	assert_int_equal(host_of(0x00100000), HPA_RAM + PAGE_1);
}

/* A directory is freed and used again: the old TTBR value has other contents. */
static void a_reused_directory_is_compared(void **state)
{
	guest_set_word(DIR_B + 0x123 * 4, L1(COARSE));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	machine_mcr(MCR_TTBR, DIR_B);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	machine_mcr(MCR_TTBR, DIR_A);
	guest_set_word(COARSE, USER_RW(PAGE_2)); /* the table too, at the same address */
	machine_mcr(MCR_TTBR, DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	machine_mcr(MCR_TTBR, DIR_A);
	guest_set_word(DIR_B + 0x123 * 4, 0);
	machine_mcr(MCR_TTBR, DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
}

static void what_is_not_of_the_vm_is_never_filled(void **state)
{
	static const uint32_t nowhere[] = { 0x00280000, 0x70000000, HPA_RAM + 0x00700000, HPA_POOL,
					    HPA_VECTORS };

	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		struct guest_translation t;
		struct guest_fault fault;

		guest_set_word(COARSE, USER_RW(nowhere[i] & 0xfffff000));
		guest_found_nothing(&machine.vcpu);
		assert_null(guest_translate(&machine.vcpu, 0x12300000, true, false, &t, &fault));
		assert_int_equal(fault.fsr, 0x1a); /* external, page, domain 1 */
	}
}

static void the_vector_page_is_always_there_and_never_the_guests(void **state)
{
	/* The guest's vectors are high, so the VMM's are at 0. */
	guest_set_word(DIR_A, L1(COARSE));
	guest_set_word(COARSE, USER_RW(PAGE_1));
	guest_set_word(COARSE + 4, USER_RW(PAGE_2));
	assert_int_equal(touch(0x00000000, true), SHADOW_VECTOR_PAGE);
	assert_int_equal(touch(0x00001000, true), SHADOW_FILLED);
	ASSERT_NO_ACCESS(0);
	assert_true(reaches(0x1000, true));
	/* Closing the guest's domain closes the page, not the vectors' slot. */
	machine_mcr(MCR_DACR, 0x55555551);
	ASSERT_NO_ACCESS(0x1000);
	assert_int_equal((machine.hw.dacr >> (2 * MMU_DOMAIN_VECTORS)) & 3, DOMAIN_CLIENT);
	machine_mcr(MCR_DACR, 0x55555555);
	assert_true(reaches(0x1000, true));
}

static void the_vmms_own_addresses_are_reserved(void **state)
{
	guest_set_word(DIR_A + 0xffc * 4, 0x00100000 | 3 << 10 | 1 << 5 | 0x12);
	assert_int_equal(touch(0xffc00000, false), SHADOW_RESERVED);
	assert_int_equal(machine.shadow.current->l1[0xffc], VMM_SLOT_DESC(0xffc));
}

static void caches_off_means_uncached(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, 0x00100000 | 3 << 10 | 1 << 5 | 0x1e);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_V);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(machine.shadow.current->l1[0x123] & DESC_C, 0);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(machine.shadow.current->l1[0x123] & (DESC_C | DESC_B), DESC_C | DESC_B);
}

/* A fine table takes four tables in a row, aligned. */
static void a_fine_table_goes_where_tables_are_free(void **state)
{
	guest_set_word(COARSE, KERNEL(PAGE_1));
	guest_set_word(FINE, KERNEL(PAGE_2));
	for (uint32_t slot = 0x100; slot < 0x105; slot++) {
		guest_set_word(DIR_A + slot * 4, L1(COARSE));
		assert_int_equal(touch(slot << 20, true), SHADOW_FILLED);
	}
	guest_set_word(DIR_A + 0x200 * 4, L1_OF_FINE);
	assert_int_equal(touch(0x20000000, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x20000000), HPA_RAM + PAGE_2);
	for (uint32_t slot = 0x100; slot < 0x105; slot++)
		assert_true(reaches(slot << 20, true));
	assert_int_equal(machine.shadow.stats.tables_recycled, 0);
}

static void a_fine_table_takes_the_place_of_others_if_it_must(void **state)
{
	static const uint32_t dirs[] = { DIR_A, DIR_B, DIR_C };

	guest_set_word(FINE, KERNEL(PAGE_2));
	for (unsigned i = 0; i < 3; i++) {
		machine_mcr(MCR_TTBR, dirs[i]);
		guest_set_word(COARSE + i * 0x400, KERNEL(PAGE_1));
		for (uint32_t slot = 0x100; slot < 0x100 + SHADOW_TABLES / 3; slot++) {
			guest_set_word(dirs[i] + slot * 4, L1(COARSE + i * 0x400));
			assert_int_equal(touch(slot << 20, true), SHADOW_FILLED);
		}
	}
	assert_int_equal(machine.shadow.stats.tables_recycled, 0);
	assert_true(machine.shadow.free_count < 4);
	for (uint32_t slot = 0x200; slot < 0x202; slot++) {
		guest_set_word(DIR_C + slot * 4, L1_OF_FINE);
		assert_int_equal(touch(slot << 20, true), SHADOW_FILLED);
		assert_int_equal(host_of(slot << 20), HPA_RAM + PAGE_2);
	}
	assert_true(reaches(0x20000000, true)); /* the first one is not the second's place */
	assert_true(machine.shadow.stats.tables_recycled > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_leads_to_the_host_page_of_the_map, start),
		TEST(kernel_pages_close_in_user_mode, start),
		TEST(a_kernel_page_beside_user_pages_closes_too, start),
		TEST(a_kernel_page_beside_user_pages_of_another_process_closes_too, start),
		TEST(a_store_of_the_kernel_to_a_read_only_page_is_emulated, start),
		TEST(a_page_read_only_for_all_can_be_read_by_all, start),
		TEST(the_guests_dacr_closes_and_opens, start),
		TEST(what_a_manager_may_ends_with_it, start),
		TEST(the_kernels_slot_is_its_own_again_after_a_manager, start),
		TEST(a_changed_entry_goes_with_its_invalidation, start),
		TEST(one_address_invalidates_a_whole_large_page, start),
		TEST(one_address_invalidates_a_whole_section, start),
		TEST(a_section_is_one_entry_where_it_can_be, start),
		TEST(pages_in_place_of_a_section_leave_nothing_of_it, start),
		TEST(an_fcse_address_is_invalidated_at_both_places, start),
		TEST(a_process_id_changes_what_low_addresses_mean, start),
		TEST(a_reused_directory_is_compared, start),
		TEST(what_is_not_of_the_vm_is_never_filled, start),
		TEST(the_vector_page_is_always_there_and_never_the_guests, start),
		TEST(the_vmms_own_addresses_are_reserved, start),
		TEST(caches_off_means_uncached, start),
		TEST(a_fine_table_goes_where_tables_are_free, start),
		TEST(a_fine_table_takes_the_place_of_others_if_it_must, start),
	};

	return cmocka_run_group_tests_name("shadow page tables", tests, NULL, NULL);
}
