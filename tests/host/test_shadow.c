/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shadow page tables, one situation at a time: what a guest does, and what the hardware allows
 * afterwards. The random walk through all of them together is in test_shadow_random.c.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/fault.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/bits.h"

#include <string.h>

/* Guest physical addresses: two page directories, a coarse table, pages. */
#define DIR_A  0x00010000u
#define DIR_B  0x00014000u
#define DIR_C  0x00018000u
#define COARSE 0x00020000u
#define FINE   0x00021000u
#define PAGE_1 0x00101000u
#define PAGE_2 0x00102000u

/* Coarse and fine table, domain 1; small pages. */
#define L1(table)       ((table) | 1u << 5 | 0x11)
#define L1_OF_FINE      (FINE | 1u << 5 | 0x13)
#define KERNEL(page)    ((page) | 0x55 << 4 | 0xe)
#define USER_RW(page)   ((page) | 0xff << 4 | 0xe)
#define USER_RO(page)   ((page) | 0xaa << 4 | 0xe)
#define VECTOR_RO(page) ((page) | 0x00 << 4 | 0xe) /* read only for all, with the R bit */

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR_A);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V | SCTLR_R);
	return 0;
}

static void set_mode(unsigned mode)
{
	vcpu_set_mode_bits(&machine.vcpu, mode);
}

/** What an access that aborts leads to, for as long as it leads to anything. */
static enum shadow_result touch(uint32_t va, bool write)
{
	const bool privileged = vcpu_privileged(&machine.vcpu);
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(&machine.vcpu);
	region = guest_translate(&machine.vcpu, va, privileged, write, &t, &fault);
	assert_non_null(region);
	return shadow_fill(&machine.shadow, gva(va), &t, region,
			   write ? RIGHTS_WRITE : RIGHTS_READ);
}

static bool reaches(uint32_t va, bool write)
{
	uint32_t at;

	return machine_access(va, write, &at) == 0;
}

#define ASSERT_NO_ACCESS(va)                      \
	do {                                      \
		assert_false(reaches(va, false)); \
		assert_false(reaches(va, true));  \
	} while (0)

/** The host address @p va leads to. */
static uint32_t host_of(uint32_t va)
{
	uint32_t at;

	assert_int_equal(machine_access(va, false, &at), 0);
	return at;
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

/* ---- a guest that announces ------------------------------------------------------------------ */

#define LIMIT  0xbf000000u
#define LINEAR 0xd0000000u

static void set_dir(uint32_t dir)
{
	machine_mcr(MCR_TTBR, dir);
}

/** The MiB that the tables are in, linearly mapped. */
static void map_linear(uint32_t dir, uint32_t section)
{
	guest_set_word(dir + (LINEAR >> 20) * 4, section | AP_PRIV << 10 | 1u << 5 | 0x1e);
}

static int start_announcing(void **state)
{
	machine_init();
	machine_map_usual();
	shadow_set_pv(&machine.shadow, &(struct shadow_pv){ .announces = true,
							    .linear_offset = LINEAR,
							    .user_limit = LIMIT,
							    .ram = machine.mem.region[0] });
	map_linear(DIR_A, 0);
	map_linear(DIR_B, 0);
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR_A);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V | SCTLR_R);
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	return 0;
}

static void set_pte(uint32_t at, uint32_t value)
{
	const uint32_t va = at + LINEAR;

	guest_set_word(at, value);
	shadow_ptes_changed(&machine.shadow, &va, 1);
}

static void set_pmd(uint32_t at, uint32_t value)
{
	guest_set_word(at, value);
	shadow_tables_written(&machine.shadow, at + LINEAR, 4);
}

static void a_known_space_is_there_at_once(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_B + 0x123 * 4, L1(COARSE + 0x400));
	set_pmd(DIR_A, L1(COARSE + 0x800)); /* the slot of the vectors */
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 0x400, USER_RO(PAGE_2));
	set_pte(COARSE + 0x804, USER_RO(PAGE_2));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x00001000, false), SHADOW_FILLED);
	set_dir(DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
	ASSERT_NO_ACCESS(0x00001000);
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_2);
	set_dir(DIR_A);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_1);
	assert_true(reaches(0x00001000, false));
	set_dir(DIR_B);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_2);
	ASSERT_NO_ACCESS(0x00001000);
}

static void what_is_announced_goes_with_the_flush(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true));
	set_pte(COARSE, USER_RO(PAGE_1));
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12301000);
	assert_false(reaches(0x12300000, true));
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_true(reaches(0x12300000, false));
	set_pte(COARSE + 4, USER_RO(PAGE_2)); /* another, that nothing is known of */
	shadow_flush_range(&machine.shadow, 0x12301000, 0x12302000);
	assert_int_equal(touch(0x12300000, false), SHADOW_PRESENT);
}

/* Nothing is known of most ranges, so there is nothing to invalidate. */
static void a_flush_without_changes_costs_no_tlb_operation(void **state)
{
	const unsigned before = machine.tlb_flushes + machine.tlb_page_flushes;

	set_pte(COARSE, USER_RW(PAGE_1));
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12400000);
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12301000);
	assert_int_equal(machine.tlb_flushes + machine.tlb_page_flushes, before);
}

static void an_inactive_space_hears_announcements_too(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_A + 0x124 * 4, L1(COARSE + 0x400));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 0x400, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x12400000, true), SHADOW_FILLED);
	set_dir(DIR_B);
	set_pte(COARSE, 0);
	set_pmd(DIR_A + 0x124 * 4, 0);
	set_dir(DIR_A);
	ASSERT_NO_ACCESS(0x12300000);
	ASSERT_NO_ACCESS(0x12400000);
}

static void the_kernels_slots_are_everybodys(void **state)
{
	set_pmd(DIR_A + 0xc00 * 4, L1(COARSE));
	set_pmd(DIR_B + 0xc00 * 4, L1(COARSE));
	set_pte(COARSE, KERNEL(PAGE_1));
	assert_int_equal(touch(0xc0000000, true), SHADOW_FILLED);
	set_dir(DIR_B);
	assert_int_equal(host_of(0xc0000000), HPA_RAM + PAGE_1);
	set_pmd(DIR_A + 0xc00 * 4, 0); /* in the directory that the others copy */
	ASSERT_NO_ACCESS(0xc0000000);
}

static void a_directory_written_anew_is_another_space(void **state)
{
	set_pmd(DIR_B + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_dir(DIR_B);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	set_dir(DIR_A);
	guest_set_word(DIR_B + 0x123 * 4, 0);
	shadow_tables_written(&machine.shadow, DIR_B + LINEAR, 0x4000);
	assert_int_equal(machine.shadow.spaces[1].tables, SHADOW_NONE);
	set_dir(DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
}

static void another_context_is_compared_when_told(void **state)
{
	set_pmd(DIR_A + 0x041 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	machine_mcr(MCR_PID, 0x04000000); /* the FCSE: no space has that */
	assert_int_equal(touch(0x00100000, true), SHADOW_FILLED);
	assert_true(reaches(0x00100000, true));
	set_pte(COARSE, 0);
	ASSERT_NO_ACCESS(0x00100000);
	machine_mcr(MCR_PID, 0);
	ASSERT_NO_ACCESS(0x04100000);
}

/* The kernel copies to and from programs with plain loads and stores. */
static void the_kernel_has_nothing_of_its_own_below_the_limit(void **state)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, KERNEL(PAGE_1));
	set_pte(COARSE + 4, USER_RO(PAGE_2));
	set_pmd(DIR_A + 0x124 * 4, 0x00100000 | AP_PRIV << 10 | 1u << 5 | 0x1e);
	assert_int_equal(touch(0x12300000, false), SHADOW_EMULATE);
	assert_int_equal(touch(0x12400000, true), SHADOW_EMULATE);
	assert_int_equal(touch(0x12301000, true), SHADOW_EMULATE);
	machine_mcr(MCR_DACR, 0x5555555d); /* a manager, too */
	assert_int_equal(touch(0x12301000, true), SHADOW_EMULATE);
	machine_mcr(MCR_DACR, 0x55555555);
	ASSERT_NO_ACCESS(0x12300000);
	/* But it may execute there, as it does when it switches its MMU. */
	guest_found_nothing(&machine.vcpu);
	region = guest_translate(&machine.vcpu, 0x12300000, true, false, &t, &fault);
	assert_int_equal(shadow_fill_code(&machine.shadow, gva(0x12300000), &t, region),
			 SHADOW_FILLED);
	assert_true(reaches(0x12300000, false));
	set_mode(PSR_MODE_USR);
	ASSERT_NO_ACCESS(0x12300000);
}

static unsigned fill_page(uint32_t va, bool write)
{
	return shadow_fill_page(&machine.shadow, va, write ? RIGHTS_WRITE : RIGHTS_READ);
}

static void the_short_fill_does_what_the_long_one_does(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 4, USER_RW(PAGE_2));
	set_pte(COARSE + 8, USER_RO(PAGE_2));
	set_mode(PSR_MODE_USR);
	assert_int_equal(fill_page(0x12301000, true), SHADOW_PAGE_FILLED); /* makes the table */
	assert_int_equal(fill_page(0x12300000, false), SHADOW_PAGE_FILLED);
	assert_int_equal(fill_page(0x12302000, false), SHADOW_PAGE_FILLED);
	assert_int_equal(fill_page(0x12302000, false), SHADOW_PAGE_OTHER); /* has it */
	assert_int_equal(touch(0x12301000, true), SHADOW_PRESENT);
	assert_int_equal(touch(0x12300000, true), SHADOW_PRESENT);
	assert_int_equal(touch(0x12302000, false), SHADOW_PRESENT);
	assert_true(reaches(0x12300000, true) && reaches(0x12301000, true));
	assert_true(reaches(0x12302000, false) && !reaches(0x12302000, true));
	assert_int_equal(host_of(0x12301000), HPA_RAM + PAGE_2);
}

static void the_short_walk_finds_the_guests_faults(void **state)
{
	const uint32_t domain = 2u << 4; /* not that of the linear mapping */

	set_mode(PSR_MODE_USR);
	assert_int_equal(fill_page(0x12300000, false), FSR_TRANSLATION_SECTION);
	set_pmd(DIR_A + 0x123 * 4, COARSE | 2u << 5 | L1_SBO | L1_COARSE);
	set_pte(COARSE + 8, USER_RO(PAGE_2));
	assert_int_equal(fill_page(0x12301000, false), FSR_TRANSLATION_PAGE | domain);
	for (unsigned filled = 0; filled < 2; filled++) {
		assert_int_equal(fill_page(0x12302000, true), FSR_PERMISSION_PAGE | domain);
		fill_page(0x12302000, false);
	}
	machine_mcr(MCR_DACR, 0x55555545);
	assert_int_equal(fill_page(0x12301000, false), FSR_TRANSLATION_PAGE | domain);
	assert_int_equal(fill_page(0x12302000, true), SHADOW_PAGE_OTHER);
}

static void what_is_not_simple_goes_the_long_way(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_A + 0x124 * 4, 0x00100000 | AP_USER_RW << 10 | 1u << 5 | 0x1e);
	set_pte(COARSE, KERNEL(PAGE_2));
	set_pte(COARSE + 4, USER_RW(0x10102000)); /* emulated */
	set_pte(COARSE + 8, USER_RW(0x00280000)); /* behind the RAM */
	set_pte(COARSE + 12, USER_RO(PAGE_1));
	set_pte(COARSE + 16, USER_RW(PAGE_1));
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(fill_page(0x12300000 + n * 0x1000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(0x12303000, true), SHADOW_PAGE_OTHER); /* the kernel may */
	assert_int_equal(fill_page(0x12400000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(0xc0000000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(VMM_BASE, false), SHADOW_PAGE_OTHER);
	machine_mcr(MCR_DACR, 0x55555551);
	assert_int_equal(fill_page(0x12304000, false), SHADOW_PAGE_OTHER);
	machine_mcr(MCR_SCTLR, SCTLR_C | SCTLR_V); /* another context */
	assert_int_equal(fill_page(0x12304000, false), SHADOW_PAGE_OTHER);
}

/** Two tables of which three pages each are known. */
static void make_two_tables(void)
{
	for (uint32_t t = 0; t < 2; t++) {
		set_pmd(DIR_A + (0x123 + t) * 4, L1(COARSE + t * 0x400));
		for (uint32_t n = 0; n < 3; n++) {
			guest_set_word(COARSE + t * 0x400 + n * 4, USER_RW(PAGE_1));
			assert_int_equal(touch(0x12300000 + t * 0x100000 + n * 0x1000, true),
					 SHADOW_FILLED);
		}
	}
}

static bool known_in_two_tables(unsigned t, unsigned n)
{
	return fill_page(0x12300000 + t * 0x100000 + n * 0x1000, true) == SHADOW_PAGE_OTHER;
}

static void a_log_is_taken_in_rows(void **state)
{
	/* Rows of one table, of one that nothing is known of, and of the other table. */
	static const uint32_t log[] = { COARSE,         COARSE + 8,     COARSE + 0x3fc,
					COARSE + 0x800, COARSE + 0x804, COARSE + 0x400,
					COARSE + 0x404 };
	uint32_t vas[ARRAY_SIZE(log)];

	make_two_tables();
	for (unsigned i = 0; i < ARRAY_SIZE(log); i++)
		vas[i] = log[i] + LINEAR;
	shadow_ptes_changed(&machine.shadow, vas, ARRAY_SIZE(vas));
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(known_in_two_tables(0, n), n == 1);
		assert_int_equal(known_in_two_tables(1, n), n == 2);
	}
}

static void a_line_of_a_table_is_compared(void **state)
{
	make_two_tables();
	guest_set_word(COARSE + 4, USER_RW(PAGE_2));
	guest_set_word(COARSE + 0x404, USER_RW(PAGE_2));
	shadow_tables_written(&machine.shadow, COARSE + 0x2000 + LINEAR, 32); /* no table */
	shadow_tables_written(&machine.shadow, COARSE + 0x400 + LINEAR, 32);
	for (unsigned n = 0; n < 3; n++) {
		assert_true(known_in_two_tables(0, n));
		assert_int_equal(known_in_two_tables(1, n), n != 1);
	}
}

/* What the guest maps where its tables should be is not read as its tables. */
static void a_false_linear_mapping_is_not_read(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	map_linear(DIR_A, 0x00100000);
	shadow_tables_written(&machine.shadow, DIR_A + (LINEAR >> 20) * 4 + LINEAR, 4);
	guest_set_word(0x00100000 + COARSE, USER_RW(PAGE_2));
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	assert_int_equal(host_of(LINEAR), HPA_RAM + 0x00100000);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_1);
}

/* Linux's word for the thread, in a page that its programs read. */
static void the_kernels_store_goes_past_a_read_only_entry(void **state)
{
	set_pmd(DIR_A + 0xffe * 4, L1(COARSE));
	set_pte(COARSE, USER_RO(PAGE_1));
	set_pte(COARSE + 4, VECTOR_RO(PAGE_1));
	set_pte(COARSE + 8, USER_RO(0x10103000)); /* a device that may only be read */
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 1)); /* not known yet */
	for (uint32_t va = 0xffe00000; va < 0xffe03000; va += 0x1000)
		assert_int_equal(touch(va, false), SHADOW_FILLED);
	assert_true(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 0x12345678));
	assert_int_equal(guest_word(PAGE_1 + 0xff0), 0x12345678);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe01ff0, 2));
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe02ff0, 2));
	machine_mcr(MCR_DACR, 0x55555551);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 2));
	machine_mcr(MCR_DACR, 0x55555555);
	set_pte(COARSE, 0);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 2));
	assert_int_equal(guest_word(PAGE_1 + 0xff0), 0x12345678);
}

/* More processes than there are tables for: those used last stay, whatever becomes of the others. */
static void more_spaces_than_tables(void **state)
{
	const uint32_t dirs = 0x08000000;
	const unsigned spaces = 120, slots = 5;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned s = 0; s < spaces; s++) {
			const uint32_t dir = dirs + s * 0x4000;

			for (unsigned i = 0; round == 0 && i < slots; i++)
				guest_set_word(dir + (0x100 + i) * 4, L1(COARSE + i * 0x400));
			guest_set_word(COARSE, USER_RW(PAGE_1));
			set_dir(dir);
			for (unsigned i = 0; i < slots; i++) {
				guest_set_word(COARSE + i * 0x400, USER_RW(PAGE_1 + i * 0x1000));
				touch(0x10000000 + i * 0x100000, true);
				assert_int_equal(host_of(0x10000000 + i * 0x100000),
						 HPA_RAM + PAGE_1 + i * 0x1000);
			}
		}
	}
	assert_true(machine.shadow.stats.contexts_recycled > 0);
	/* The last ones have all they had. */
	for (unsigned s = spaces - 50; s < spaces; s++) {
		set_dir(dirs + s * 0x4000);
		for (unsigned i = 0; i < slots; i++)
			assert_true(reaches(0x10000000 + i * 0x100000, true));
	}
}

static int check_pool(void **state)
{
	return shadow_invariants_hold(&machine.shadow) ? 0 : -1;
}

#define TEST(name)            cmocka_unit_test_setup_teardown(name, start, check_pool)
#define TEST_ANNOUNCING(name) cmocka_unit_test_setup_teardown(name, start_announcing, check_pool)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_leads_to_the_host_page_of_the_map),
		TEST(kernel_pages_close_in_user_mode),
		TEST(a_kernel_page_beside_user_pages_closes_too),
		TEST(a_kernel_page_beside_user_pages_of_another_process_closes_too),
		TEST(a_store_of_the_kernel_to_a_read_only_page_is_emulated),
		TEST(a_page_read_only_for_all_can_be_read_by_all),
		TEST(the_guests_dacr_closes_and_opens),
		TEST(what_a_manager_may_ends_with_it),
		TEST(the_kernels_slot_is_its_own_again_after_a_manager),
		TEST(a_changed_entry_goes_with_its_invalidation),
		TEST(one_address_invalidates_a_whole_large_page),
		TEST(one_address_invalidates_a_whole_section),
		TEST(a_section_is_one_entry_where_it_can_be),
		TEST(an_fcse_address_is_invalidated_at_both_places),
		TEST(a_process_id_changes_what_low_addresses_mean),
		TEST(a_reused_directory_is_compared),
		TEST(what_is_not_of_the_vm_is_never_filled),
		TEST(the_vector_page_is_always_there_and_never_the_guests),
		TEST(the_vmms_own_addresses_are_reserved),
		TEST(caches_off_means_uncached),
		TEST(a_fine_table_goes_where_tables_are_free),
		TEST(a_fine_table_takes_the_place_of_others_if_it_must),
		TEST_ANNOUNCING(a_known_space_is_there_at_once),
		TEST_ANNOUNCING(what_is_announced_goes_with_the_flush),
		TEST_ANNOUNCING(a_flush_without_changes_costs_no_tlb_operation),
		TEST_ANNOUNCING(an_inactive_space_hears_announcements_too),
		TEST_ANNOUNCING(the_kernels_slots_are_everybodys),
		TEST_ANNOUNCING(a_directory_written_anew_is_another_space),
		TEST_ANNOUNCING(another_context_is_compared_when_told),
		TEST_ANNOUNCING(the_kernel_has_nothing_of_its_own_below_the_limit),
		TEST_ANNOUNCING(the_short_fill_does_what_the_long_one_does),
		TEST_ANNOUNCING(the_short_walk_finds_the_guests_faults),
		TEST_ANNOUNCING(what_is_not_simple_goes_the_long_way),
		TEST_ANNOUNCING(a_log_is_taken_in_rows),
		TEST_ANNOUNCING(a_line_of_a_table_is_compared),
		TEST_ANNOUNCING(a_false_linear_mapping_is_not_read),
		TEST_ANNOUNCING(the_kernels_store_goes_past_a_read_only_entry),
		TEST_ANNOUNCING(more_spaces_than_tables),
	};

	return cmocka_run_group_tests_name("shadow page tables", tests, NULL, NULL);
}
