/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLB of the ARM926 model: check 3, with programs that have to be found out and counterparts
 * that do the same properly; FCSE, lockdown, operations.
 */
#include "tests/host/memsys_machine.h"

#include <string.h>

#define PAGE0 DATA_PA
#define PAGE1 (DATA_PA + 0x1000)

static void user(bool on)
{
	machine.user = on;
}

static uint64_t disagreements(void)
{
	return machine_counts().disagreements;
}

static uint64_t walks_of(uint32_t va)
{
	const uint64_t before = machine_counts().tlb_misses;

	load(va);
	return machine_counts().tlb_misses - before;
}

/* ---- check 3 --------------------------------------------------------------------------------- */

static void map_and_use(uint32_t descriptor)
{
	map_properly(COARSE_ENTRY(COARSE), descriptor);
	load(COARSE);
}

/** Change the descriptor of COARSE, without a TLB operation. */
static void change(uint32_t descriptor)
{
	store(T_NCNB + COARSE_ENTRY(COARSE), descriptor);
}

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

/* ---- other tables, FCSE, lockdown ------------------------------------------------------------ */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
#define GATHER_TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup_gather, machine_teardown)

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
