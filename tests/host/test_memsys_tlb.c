/* SPDX-License-Identifier: Apache-2.0 */
/* The TLB of the ARM926 model: other tables, FCSE, lockdown, sets and ways, operations. */
#include "tests/host/memsys_machine.h"

#include <string.h>

/* ---- other tables, FCSE ---------------------------------------------------------------------- */

static void new_tables_may_agree_with_old_entries(void **state)
{
	const uint32_t own = 0x13000000;

	store(T_NCNB + L1_PA + (own >> 18), SECTION(DATA_PA, AP_USER_RW, KIND_WB));
	store(T_NCNB + L1_OTHER + (own >> 18), SECTION(OTHER_PA, AP_USER_RW, KIND_WB));
	load(own);
	load(WB);
	flush_d(own);
	mcr(2, 0, 0, L1_OTHER);
	load(WB);
	EXPECT_SILENT();
	load(own);
	EXPECT_FOUND(FINDING_STALE_TLB, own);
	assert_true(machine.last.culprit_pc < machine.pc);
	flush_d(own);
	mcr(2, 0, 0, L1_PA);
	tlb_all();
	load(own);
	EXPECT_SILENT();
}

static void an_entry_of_new_tables_is_watched_there(void **state)
{
	load(WB);
	mcr(2, 0, 0, L1_OTHER);
	load(WB);
	flush_d(WB);
	store(T_NCNB + L1_ENTRY(WB), SECTION(OTHER_PA, AP_USER_RW, KIND_WB)); /* not in force */
	load(WB);
	EXPECT_SILENT();
	flush_d(WB);
	store(T_NCNB + L1_OTHER + (WB >> 18), SECTION(OTHER_PA, AP_USER_RW, KIND_WB));
	load(WB);
	EXPECT_FOUND(FINDING_STALE_TLB, WB);
}

static void processes_have_addresses_of_their_own(void **state)
{
	const uint32_t pid1 = 0x16000000, pid2 = 0x18000000, va = 0x00100040;

	map_properly(L1_ENTRY(pid1 | va), SECTION(DATA_PA, AP_USER_RW, KIND_WB));
	map_properly(L1_ENTRY(pid2 | va), SECTION(OTHER_PA, AP_USER_RW, KIND_WB));
	mcr(13, 0, 0, pid1);
	make_dirty(va, 1);
	mcr(13, 0, 0, pid2);
	make_dirty(va, 2);
	mcr(13, 0, 0, pid1);
	load(va);
	EXPECT_SILENT();
	load(NCNB + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, NCNB + 0x40);
	assert_int_equal(machine.last.line_va, pid1 | va);
	/* Operations take modified addresses: this one names another line. */
	store(va, 3);
	clean_d(va);
	load(NCNB + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, NCNB + 0x40);
	store(va, 4);
	clean_d(pid1 | va);
	load(NCNB + 0x40);
	EXPECT_SILENT();
}

static void a_prefetch_takes_a_modified_address(void **state)
{
	const uint32_t pid = 0x16000000, va = 0x00100040;
	uint64_t misses;

	map_properly(L1_ENTRY(pid | va), SECTION(DATA_PA, AP_USER_RW, KIND_WB));
	map_properly(L1_ENTRY(va), SECTION(OTHER_PA, AP_USER_RW, KIND_WB));
	mcr(13, 0, 0, pid);
	mcr(7, 13, 1, va);
	mcr(7, 13, 1, 0x00200000); /* mapped nowhere: nothing happens */
	misses = machine_counts().i_misses;
	fetch(va, 4);
	assert_int_equal(machine_counts().i_misses, misses + 1);
	mcr(7, 13, 1, (pid | va) + 0x20);
	fetch(va + 0x20, 4);
	assert_int_equal(machine_counts().i_misses, misses + 1);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 0);
}

static void a_line_left_from_another_address_space(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	make_dirty(COARSE, 77);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	tlb_all();
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_LOAD, COARSE);
	assert_non_null(strstr(machine.last.text, "other memory"));
	fetch(COARSE + 0x40, 4);
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	tlb_all();
	fetch(COARSE + 0x40, 4);
	EXPECT_FOUND(FINDING_STALE_FETCH, COARSE + 0x40);
	/* A store goes into the line of the other page: its own is never written. */
	test_and_clean(true);
	load(COARSE + 0x80);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	tlb_all();
	store(COARSE + 0x80, 78);
	test_and_clean(true);
	EXPECT_SILENT();
	load(NCNB + 0x1080);
	EXPECT_FOUND(FINDING_STALE_LOAD, NCNB + 0x1080);
	load(NCNB + 0x80);
	EXPECT_FOUND(FINDING_OVERWRITTEN, NCNB + 0x80);
}

/* ---- lockdown, sets and ways, operations ----------------------------------------------------- */

static void locked_entries_survive_what_invalidates_all(void **state)
{
	uint64_t misses;

	tlb_all();
	mcr(10, 0, 0, 3u << 26 | 1); /* P, victim 3 (TRM, 2.3.11) */
	load(WB);
	load(WT); /* victim 4 */
	mcr(10, 0, 0, 0);
	tlb_all();
	misses = machine_counts().tlb_misses;
	load(WB);
	load(WT);
	assert_int_equal(machine_counts().tlb_misses, misses);
	tlb_one(WB + 0x1234);
	load(WB);
	assert_int_equal(machine_counts().tlb_misses, misses + 1);
	mcr(10, 0, 0, 4u << 26 | 1);
	load(NCNB); /* replaces WT's */
	mcr(10, 0, 0, 0);
	load(WT);
	assert_int_equal(machine_counts().tlb_misses, misses + 3);
	/* Preserved, and stale like any other. */
	store(T_NCNB + L1_ENTRY(NCNB), SECTION(OTHER_PA, AP_USER_RW, KIND_NCNB));
	tlb_all();
	load(NCNB);
	EXPECT_FOUND(FINDING_STALE_TLB, NCNB);
}

static void a_set_has_two_ways(void **state)
{
	uint64_t misses;

	for (uint32_t i = 0; i < 3; i++)
		store(T_NCNB + COARSE_ENTRY(COARSE + i * 0x20000),
		      SMALL(DATA_PA + i * 0x1000, AP_USER_RW, KIND_WB));
	load(COARSE);
	load(COARSE + 0x20000);
	misses = machine_counts().tlb_misses;
	load(COARSE);
	load(COARSE + 0x20000);
	assert_int_equal(machine_counts().tlb_misses, misses);
	load(COARSE + 0x40000);
	load(COARSE + 0x20000);
	assert_int_equal(machine_counts().tlb_misses, misses + 1);
	load(COARSE);
	assert_int_equal(machine_counts().tlb_misses, misses + 2);
	load(COARSE + 0x40000); /* the other way was replaced */
	assert_int_equal(machine_counts().tlb_misses, misses + 2);
}

static void every_name_of_the_tlb_operations_works(void **state)
{
	for (unsigned crm = 5; crm < 8; crm++) {
		load(WB);
		mcr(8, crm, 0, 0);
		assert_int_equal(walks_of(WB), 1);
		mcr(8, crm, 1, WB);
		assert_int_equal(walks_of(WB), 1);
		mcr(8, crm, 1, WT);
		assert_int_equal(walks_of(WB), 0);
	}
}

/* TRM, 3.2.12: only the quarter that is used is put into the TLB, and goes by its own address. */
static void quarters_that_differ_are_entries_of_their_own(void **state)
{
	const uint32_t page = SMALL(PAGE0, AP_USER_RW, KIND_WB) & ~0x40u; /* the first: read only */

	map_properly(COARSE_ENTRY(COARSE), page);
	for (unsigned quarter = 0; quarter < 4; quarter++)
		assert_int_equal(walks_of(COARSE + quarter * 0x400), 1);
	tlb_one(COARSE + 0x404);
	assert_int_equal(walks_of(COARSE), 0);
	assert_int_equal(walks_of(COARSE + 0x400), 1);
	assert_int_equal(walks_of(COARSE + 0xc00), 0);
	map_properly(COARSE_ENTRY(COARSE), LARGE(DATA_PA & ~0xffffu, AP_USER_RO, KIND_WB) | 0x10);
	tlb_all();
	for (unsigned quarter = 0; quarter < 4; quarter++) {
		store(T_NCNB + COARSE_ENTRY(COARSE + quarter * 0x4000),
		      LARGE(DATA_PA & ~0xffffu, AP_USER_RO, KIND_WB) | 0x10);
		assert_int_equal(walks_of(COARSE + quarter * 0x4000), 1);
	}
	tlb_one(COARSE + 0x5000);
	assert_int_equal(walks_of(COARSE), 0);
	assert_int_equal(walks_of(COARSE + 0x4000), 1);
	EXPECT_SILENT();
}

static void entries_outlive_the_mmu(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	flush_d(COARSE);
	set_control(0, 1);
	store(COARSE_ENTRY(COARSE), SMALL(PAGE1, AP_USER_RW, KIND_WB));
	set_control(1, 0);
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_tables_may_agree_with_old_entries),
		TEST(an_entry_of_new_tables_is_watched_there),
		TEST(processes_have_addresses_of_their_own),
		TEST(a_prefetch_takes_a_modified_address),
		TEST(a_line_left_from_another_address_space),
		TEST(locked_entries_survive_what_invalidates_all),
		TEST(a_set_has_two_ways),
		TEST(every_name_of_the_tlb_operations_works),
		TEST(quarters_that_differ_are_entries_of_their_own),
		TEST(entries_outlive_the_mmu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
