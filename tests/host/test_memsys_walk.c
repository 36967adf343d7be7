/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table walks of the ARM926 model: check 2, with programs that have to be found out and
 * counterparts that do the same properly; sizes of pages, and permissions.
 */
#include "tests/host/memsys_machine.h"

#include <string.h>

/* ---- walks read memory ----------------------------------------------------------------------- */

static void a_walk_does_not_see_a_dirty_descriptor(void **state)
{
	load(T_WB + COARSE_ENTRY(COARSE)); /* its line is in the cache */
	store(T_WB + COARSE_ENTRY(COARSE), SMALL(PAGE0, AP_USER_RW, KIND_WB));
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_WALK, COARSE);
	assert_int_equal(machine.last.pa, COARSE_ENTRY(COARSE));
	assert_int_equal(machine.last.seen, 0);
	assert_int_equal(machine.last.newest, SMALL(PAGE0, AP_USER_RW, KIND_WB));
	assert_int_equal(machine.last.line_va, T_WB + (COARSE_ENTRY(COARSE) & ~31u));
	assert_int_equal(machine.last.written_va, T_WB + COARSE_ENTRY(COARSE));
	load(COARSE + 4);
	EXPECT_SILENT();
}

static void a_walk_does_not_see_the_write_buffer(void **state)
{
	static const uint32_t views[] = { T_NCB, T_WT, T_WB };

	for (unsigned i = 0; i < 3; i++) {
		const uint32_t va = COARSE + i * 0x10000; /* a line of descriptors each */

		store(views[i] + COARSE_ENTRY(va), SMALL(PAGE0, AP_USER_RW, KIND_WB));
		load(va);
		EXPECT_FOUND(FINDING_STALE_WALK, va);
		assert_non_null(strstr(machine.last.text, "write buffer"));
		store(views[i] + COARSE_ENTRY(va + 0x8000), SMALL(PAGE0, AP_USER_RW, KIND_WB));
		drain();
		load(va + 0x8000);
		EXPECT_SILENT();
	}
	store(T_NCNB + COARSE_ENTRY(COARSE + 0x80000), SMALL(PAGE0, AP_USER_RW, KIND_WB));
	load(COARSE + 0x80000);
	EXPECT_SILENT();
}

static void a_descriptor_needs_clean_and_drain(void **state)
{
	for (unsigned steps = 0; steps < 4; steps++) {
		const uint32_t va = COARSE + steps * 0x8000;
		const uint32_t at = T_WB + COARSE_ENTRY(va);

		load(at);
		store(at, SMALL(PAGE0, AP_USER_RW, KIND_WB));
		if (steps & 1)
			clean_d(at);
		if (steps & 2)
			drain();
		fetch(va, 4);
		if (steps == 3)
			EXPECT_SILENT();
		else
			EXPECT_FOUND(FINDING_STALE_WALK, va);
	}
}

static void first_level_descriptors_are_compared_too(void **state)
{
	const uint32_t va = 0x13000000, at = T_WB + L1_ENTRY(va);

	load(at);
	store(at, SECTION(DATA_PA, AP_USER_RW, KIND_WB));
	store(va, 1); /* QEMU does it, the walk of the core would fault */
	EXPECT_FOUND(FINDING_STALE_WALK, va);
	assert_int_equal(machine.last.pa, L1_ENTRY(va));
	load(at + 4);
	store(at + 4, COARSE_LINK(COARSE2_PA));
	store(T_NCNB + COARSE2_PA, SMALL(PAGE0, AP_USER_RW, KIND_WB));
	clean_d(at);
	drain();
	load(va + 0x100000);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 0);
}

static void a_descriptor_lost_or_overwritten_names_the_culprit(void **state)
{
	const uint32_t at = T_WB + COARSE_ENTRY(COARSE);
	uint32_t culprit;

	load(at);
	store(at, SMALL(PAGE0, AP_USER_RW, KIND_WB));
	invalidate_d(at);
	culprit = machine.pc;
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_WALK, COARSE);
	assert_int_equal(machine.last.culprit_pc, culprit);

	load(at + 0x40);
	store(at + 0x44, 0);
	store(at + 0x48, 0x80);
	store(T_NCNB + COARSE_ENTRY(COARSE) + 0x40, SMALL(PAGE0, AP_USER_RW, KIND_WB));
	clean_d(at + 0x40);
	culprit = machine.pc;
	drain();
	load(COARSE + 0x10000);
	EXPECT_FOUND(FINDING_STALE_WALK, COARSE + 0x10000);
	assert_int_equal(machine.last.culprit_pc, culprit);
}

static void a_store_to_the_table_that_translates_it_is_no_stale_walk(void **state)
{
	/* A page that maps its own table; the store unmaps it. */
	map_properly(COARSE_ENTRY(COARSE), SMALL(COARSE_PA, AP_PRIV, KIND_NCNB));
	store_at(COARSE + (COARSE_ENTRY(COARSE) & 0xfff), COARSE_ENTRY(COARSE), 0);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 0);
}

/* ---- sizes and permissions ------------------------------------------------------------------- */

static void one_entry_covers_a_page_of_each_size(void **state)
{
	static const struct {
		uint32_t va, size, descriptor;
	} pages[] = {
		{ COARSE, 0x1000, SMALL(PAGE1, AP_USER_RW, KIND_WB) },
		{ COARSE + 0x10000, 0x10000, LARGE(DATA_PA + 0x20000, AP_USER_RW, KIND_WB) },
		{ FINE, 0x400, TINY(DATA_PA + 0x1400, AP_USER_RW, KIND_WB) },
		{ FINE + 0x1000, 0x1000, SMALL(PAGE1, AP_USER_RW, KIND_WB) },
		{ FINE + 0x10000, 0x10000, LARGE(DATA_PA + 0x20000, AP_USER_RW, KIND_WB) },
	};

	for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const uint32_t va = pages[i].va, end = va + pages[i].size;

		if (va < FINE)
			for (uint32_t at = va; at < end; at += 0x1000)
				store(T_NCNB + COARSE_ENTRY(at), pages[i].descriptor);
		else
			for (uint32_t at = va; at < end; at += 0x400)
				store(T_NCNB + FINE_ENTRY(at), pages[i].descriptor);
		store(NCNB + (machine_pa(va) & 0xfffff), i + 100);
		assert_int_equal(walks_of(va), 1);
		assert_int_equal(walks_of(end - 4), 0);
		load(NCNB + (machine_pa(end - 4) & 0xfffff));
		tlb_one(end - 4);
		assert_int_equal(walks_of(va), 1);
		test_and_clean(true);
	}
	assert_int_equal(walks_of(WB), 1);
	assert_int_equal(walks_of(WB + 0xffffc), 0);
	tlb_one(WB + 0x80000); /* any address in a section removes it */
	assert_int_equal(walks_of(WB), 1);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 0);
}

static void tiny_pages_exist_in_fine_tables_only(void **state)
{
	store(T_NCNB + COARSE_ENTRY(COARSE), TINY(DATA_PA, AP_USER_RW, KIND_WB));
	load_at(COARSE, DATA_PA);
	assert_int_equal(disagreements(), 1);
}

static void rights_are_those_of_the_subpage(void **state)
{
	/* Quarter 0 none for User, 1 read, 2 and 3 write. */
	map_properly(COARSE_ENTRY(COARSE), PAGE0 | 0xf80 | KIND_WB | 2);
	store_at(COARSE, PAGE0, 1);
	user(true);
	load(COARSE + 0x400);
	store(COARSE + 0x800, 1);
	assert_int_equal(disagreements(), 1); /* AP 0 with S = R = 0: nobody */
	store(COARSE + 0x400, 1);
	load(COARSE);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 3);
}

static void s_and_r_are_looked_at_on_each_use(void **state)
{
	map_properly(COARSE_ENTRY(COARSE), SMALL(PAGE0, AP_SR, KIND_WB));
	load(COARSE);
	assert_int_equal(disagreements(), 1);
	set_control(0x200, 0); /* R: read-only for all */
	load(COARSE);
	user(true);
	load(COARSE);
	assert_int_equal(disagreements(), 1);
	user(false);
	set_control(0x100, 0x200); /* S: read-only for privileged code */
	load(COARSE);
	assert_int_equal(disagreements(), 1);
	user(true);
	load(COARSE);
	assert_int_equal(disagreements(), 2);
	EXPECT_SILENT();
}

static void a_domain_is_opened_and_closed_without_a_tlb_operation(void **state)
{
	mcr(3, 0, 0, 1 | 1 << 2); /* domain 1: client */
	load(DOMAIN1);
	mcr(3, 0, 0, 1);
	load(DOMAIN1);
	assert_int_equal(disagreements(), 1);
	mcr(3, 0, 0, 1 | 3 << 2); /* manager */
	store(DOMAIN1, 1);
	assert_int_equal(disagreements(), 1);
	EXPECT_SILENT();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_walk_does_not_see_a_dirty_descriptor),
		TEST(a_walk_does_not_see_the_write_buffer),
		TEST(a_descriptor_needs_clean_and_drain),
		TEST(first_level_descriptors_are_compared_too),
		TEST(a_descriptor_lost_or_overwritten_names_the_culprit),
		TEST(a_store_to_the_table_that_translates_it_is_no_stale_walk),
		TEST(one_entry_covers_a_page_of_each_size),
		TEST(tiny_pages_exist_in_fine_tables_only),
		TEST(rights_are_those_of_the_subpage),
		TEST(s_and_r_are_looked_at_on_each_use),
		TEST(a_domain_is_opened_and_closed_without_a_tlb_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
