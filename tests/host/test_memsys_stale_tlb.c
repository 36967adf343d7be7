/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check 3 of the ARM926 model: which uses of a TLB entry that its tables no longer agree with are
 * findings, with programs that have to be found out and counterparts that do the same properly.
 */
#include "tests/host/memsys_machine.h"

#include <string.h>

static void another_page_without_a_tlb_operation(void **state)
{
	for (unsigned as_user = 0; as_user < 2; as_user++) {
		user(false);
		map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
		flush_d(COARSE);
		change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
		user(as_user);
		load(COARSE);
		EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
		assert_int_equal(machine.last.seen, SMALL(PAGE0, AP_USER_RW, KIND_WB));
		assert_int_equal(machine.last.newest, SMALL(PAGE1, AP_USER_RW, KIND_WB));
		assert_int_equal(machine.last.written_va, T_NCNB + COARSE_ENTRY(COARSE));
		load(COARSE + 4);
		EXPECT_SILENT();
		flush_d(COARSE);
	}
	user(false);
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	flush_d(COARSE);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	tlb_one(COARSE);
	load(COARSE);
	EXPECT_SILENT();
}

static void other_attributes_without_a_tlb_operation(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(SMALL(PAGE0, AP_USER_RW, KIND_WT));
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
	assert_non_null(strstr(machine.last.text, "C and B"));
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	tlb_one(COARSE);
	load(COARSE);
	EXPECT_SILENT();
}

static void an_entry_that_is_not_used_is_no_finding(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	flush_d(COARSE);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB)); /* and back */
	load(COARSE);
	flush_d(COARSE);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	tlb_all();
	load(COARSE);
	EXPECT_SILENT();
}

static void more_rights_are_legal(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RO, KIND_WB));
	user(true);
	load(COARSE);
	user(false);
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	user(true);
	load(COARSE);
	store(COARSE, 1);
	EXPECT_SILENT();
	assert_int_equal(disagreements(), 0);
}

static void a_removed_entry_is_a_finding_in_user_mode(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(0);
	load_at(COARSE, PAGE0); /* the owner of the tables still works */
	EXPECT_SILENT();
	user(true);
	load_at(COARSE, PAGE0);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
	load_at(COARSE, PAGE0);
	EXPECT_SILENT();
}

static void fewer_rights_are_a_finding_when_they_matter(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(SMALL(PAGE0, AP_USER_RO, KIND_WB));
	user(true);
	load(COARSE);
	EXPECT_SILENT(); /* still allowed */
	store(COARSE, 1);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
	user(false);
	store(COARSE, 2);
	EXPECT_SILENT();
	tlb_one(COARSE);
	user(true);
	load(COARSE);
	EXPECT_SILENT();
}

/** User mode is entered: the next instruction line is one of its own. */
static void enter_user(void)
{
	user(false);
	fetch(WB, 4);
	user(true);
	fetch(WB, 4);
}

/*
 * QEMU empties its TLB with every write of DACR, so it aborts accesses that the core would allow,
 * and aborted accesses are not shown: an entry left behind counts when User mode could use it.
 */
static void what_user_mode_could_still_use_is_a_finding_when_it_begins(void **state)
{
	static const struct {
		uint32_t now;
		const char *text;
	} changes[] = {
		{ 0, "no longer have" },
		{ SMALL(PAGE0, AP_PRIV, KIND_WB), "no longer do" },
		{ SMALL(PAGE0, AP_USER_RO, KIND_WB), "no longer do" },
		{ SMALL(PAGE1, AP_USER_RW, KIND_WB), "other memory" },
		{ SMALL(PAGE0, AP_USER_RW, KIND_WT), "other memory" },
	};

	fetch(WB, 4);
	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		user(false);
		map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
		change(changes[i].now);
		fetch(WB, 4);
		EXPECT_SILENT();
		enter_user();
		EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
		assert_non_null(strstr(machine.last.text, changes[i].text));
		enter_user();
		EXPECT_SILENT();
		user(false);
		tlb_one(COARSE);
	}
}

/* The quarters of a page have rights of their own; the finding is about the one that lost some. */
static void a_quarter_that_lost_its_rights_is_found(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB) & ~0x300u); /* AP of the third: 0 */
	enter_user();
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE + 0x800);
}

static void what_user_mode_cannot_use_or_may_is_no_finding_when_it_begins(void **state)
{
	/* The TLB was told; rights that grew; an entry that came back; one of privileged modes. */
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(0);
	tlb_one(COARSE);
	enter_user();
	user(false);
	map_and_use(SMALL(PAGE0, AP_USER_RO, KIND_WB));
	change(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	enter_user();
	user(false);
	change(0);
	change(SMALL(PAGE0, AP_USER_RO, KIND_WB));
	enter_user();
	user(false);
	map_and_use(SMALL(PAGE0, AP_PRIV, KIND_WB));
	change(0);
	enter_user();
	user(false);
	tlb_one(COARSE);
	/* A domain that is closed in User mode's view. */
	load(WB2);
	store(T_NCNB + L1_ENTRY(WB2), SECTION(DATA_PA, AP_USER_RW, KIND_WB) | 1 << 5);
	tlb_one(WB2);
	load(WB2);
	store(T_NCNB + L1_ENTRY(WB2), 0);
	mcr(3, 0, 0, 1);
	enter_user();
	EXPECT_SILENT();
	/* ... until it is opened. */
	user(false);
	mcr(3, 0, 0, 5);
	enter_user();
	EXPECT_FOUND(FINDING_STALE_TLB, WB2);
}

static void under_gather_rules_user_mode_may_begin_with_old_entries(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(0);
	enter_user();
	EXPECT_SILENT();
}

static void another_domain_counts_as_other_rights(void **state)
{
	load(WB);
	store(T_NCNB + L1_ENTRY(WB), SECTION(DATA_PA, AP_USER_RW, KIND_WB) | 1 << 5);
	user(true);
	load(WB);
	EXPECT_SILENT(); /* domain 1 is open as well */
	user(false);
	mcr(3, 0, 0, 1);
	user(true);
	load(WB);
	EXPECT_FOUND(FINDING_STALE_TLB, WB);
}

static void under_gather_rules_rights_may_go_before_the_tlb_knows(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	change(0);
	user(true);
	load_at(COARSE, PAGE0);
	store_at(COARSE, PAGE0, 1);
	user(false);
	change(SMALL(PAGE0, AP_USER_RO, KIND_WB));
	user(true);
	store(COARSE, 2);
	EXPECT_SILENT();
	/* ... but not become another page. */
	user(false);
	flush_d(COARSE);
	change(0);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	user(true);
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
}

static void under_gather_rules_another_page_needs_the_operation(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	flush_d(COARSE);
	change(0);
	tlb_one(COARSE);
	change(SMALL(PAGE1, AP_USER_RW, KIND_WB));
	user(true);
	load(COARSE);
	EXPECT_SILENT();
}

static void changes_through_the_write_buffer_and_the_cache_count(void **state)
{
	static const uint32_t views[] = { T_NCB, T_WT, T_WB };

	for (unsigned i = 0; i < 3; i++) {
		map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
		flush_d(COARSE);
		load(views[i] + COARSE_ENTRY(COARSE));
		store(views[i] + COARSE_ENTRY(COARSE), SMALL(PAGE1, AP_USER_RW, KIND_WB));
		clean_d(views[i] + COARSE_ENTRY(COARSE));
		drain();
		load(COARSE);
		EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
		test_and_clean(true);
		drain();
	}
}

static void a_byte_of_a_descriptor_is_a_change_too(void **state)
{
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	flush_d(COARSE);
	store_bytes(T_NCNB + COARSE_ENTRY(COARSE) + 1, 1, 0x1f); /* page 1 */
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
}

static void a_first_level_change_concerns_all_pages_below(void **state)
{
	store(T_NCNB + COARSE2_PA, SMALL(PAGE0, AP_USER_RW, KIND_WB));
	store(T_NCNB + COARSE2_PA + 4, SMALL(DATA_PA + 0x5000, AP_USER_RW, KIND_WB));
	store(T_NCNB + COARSE_ENTRY(COARSE + 0x1000), SMALL(PAGE1, AP_USER_RW, KIND_WB));
	map_and_use(SMALL(PAGE0, AP_USER_RW, KIND_WB));
	load(COARSE + 0x1000);
	flush_d(COARSE + 0x1000);
	store(T_NCNB + L1_ENTRY(COARSE), COARSE_LINK(COARSE2_PA));
	load(COARSE); /* the same page in both tables */
	EXPECT_SILENT();
	load(COARSE + 0x1000);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE + 0x1000);
	assert_int_equal(machine.last.newest, COARSE_LINK(COARSE2_PA));
	/* The first page's descriptor is in the other table now, and watched there. */
	flush_d(COARSE);
	store(T_NCNB + COARSE2_PA, SMALL(PAGE1 + 0x3000, AP_USER_RW, KIND_WB));
	load(COARSE);
	EXPECT_FOUND(FINDING_STALE_TLB, COARSE);
}

static void a_section_split_into_equal_pages_is_legal(void **state)
{
	for (uint32_t i = 0; i < 256; i++)
		store(T_NCNB + COARSE2_PA + i * 4,
		      SMALL(DATA_PA + i * 0x1000, i == 9 ? AP_USER_RO : AP_USER_RW, KIND_WB));
	store(T_NCNB + COARSE2_PA + 7 * 4, SMALL(OTHER_PA, AP_USER_RW, KIND_WB));
	load(WB);
	store(T_NCNB + L1_ENTRY(WB), COARSE_LINK(COARSE2_PA));
	user(true);
	load(WB + 0x3000);
	store(WB + 0x4000, 1);
	load(WB + 0x9000);
	EXPECT_SILENT();
	store(WB + 0x9000, 1);
	EXPECT_FOUND(FINDING_STALE_TLB, WB + 0x9000);
	load(WB + 0x7000); /* not this one */
	EXPECT_FOUND(FINDING_STALE_TLB, WB + 0x7000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_page_without_a_tlb_operation),
		TEST(other_attributes_without_a_tlb_operation),
		TEST(an_entry_that_is_not_used_is_no_finding),
		TEST(more_rights_are_legal),
		TEST(a_removed_entry_is_a_finding_in_user_mode),
		TEST(fewer_rights_are_a_finding_when_they_matter),
		TEST(what_user_mode_could_still_use_is_a_finding_when_it_begins),
		TEST(a_quarter_that_lost_its_rights_is_found),
		TEST(what_user_mode_cannot_use_or_may_is_no_finding_when_it_begins),
		GATHER_TEST(under_gather_rules_user_mode_may_begin_with_old_entries),
		TEST(another_domain_counts_as_other_rights),
		GATHER_TEST(under_gather_rules_rights_may_go_before_the_tlb_knows),
		GATHER_TEST(under_gather_rules_another_page_needs_the_operation),
		GATHER_TEST(another_page_without_a_tlb_operation),
		GATHER_TEST(other_attributes_without_a_tlb_operation),
		TEST(changes_through_the_write_buffer_and_the_cache_count),
		TEST(a_byte_of_a_descriptor_is_a_change_too),
		TEST(a_first_level_change_concerns_all_pages_below),
		TEST(a_section_split_into_equal_pages_is_legal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
