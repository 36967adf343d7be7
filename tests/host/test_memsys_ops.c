/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ARM926 model's operations on whole caches, lockdown and replacement, caches and MMU off, and
 * its configuration.
 */
#include "tests/host/memsys_machine.h"

#include <string.h>

/* ---- operations on all of the cache ---------------------------------------------------------- */

static void test_and_clean_cleans_all(void **state)
{
	for (unsigned i = 0; i < 200; i++)
		make_dirty(WB + i * 0x20, i + 1);
	test_and_clean(false);
	assert_int_equal(machine_counts().write_backs, 200);
	for (unsigned i = 0; i < 200; i++)
		load(NCNB + i * 0x20);
	EXPECT_SILENT();
	/* The lines are still there: */
	store(NCNB, 1000);
	load(WB);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB);
	store(WB, 2000);
	test_and_clean(true);
	load(NCNB);
	store(NCNB, 3000);
	load(WB);
	EXPECT_SILENT();
}

static void set_way_loops_reach_every_line(void **state)
{
	for (unsigned clean = 0; clean < 2; clean++) {
		for (unsigned i = 0; i < 512; i++)
			make_dirty(WB + i * 0x20, i + 1 + 1000 * clean);
		for (uint32_t way = 0; way < 4; way++)
			for (uint32_t set = 0; set < CACHE_SETS; set++)
				mcr(7, clean ? 10 : 14, 2, way << 30 | set << 5);
		for (unsigned i = 0; i < 512; i++)
			load(NCNB + i * 0x20);
		EXPECT_SILENT();
	}
	assert_int_equal(machine_counts().write_backs, 2 * 512);
}

static void a_set_way_loop_that_leaves_out_a_way_is_found(void **state)
{
	for (unsigned i = 0; i < 512; i++)
		make_dirty(WB + i * 0x20, i + 1);
	for (uint32_t way = 0; way < 3; way++)
		for (uint32_t set = 0; set < CACHE_SETS; set++)
			mcr(7, 14, 2, way << 30 | set << 5);
	for (unsigned i = 0; i < 512; i++)
		load(NCNB + i * 0x20);
	assert_int_equal(machine.found, CACHE_SETS);
	assert_int_equal(machine.by_kind[FINDING_STALE_LOAD], CACHE_SETS);
}

/* ---- lockdown and replacement ---------------------------------------------------------------- */

static void fill_set(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		load(WB + i * CACHE_SETS * 32);
}

static void a_locked_way_keeps_its_line(void **state)
{
	uint64_t misses;

	for (unsigned control = 0; control < 2; control++) {
		set_control(control ? SCTLR_ROUND_ROBIN : 0, 0);
		mcr(9, 0, 0, 0xfffe); /* way 0 only (TRM, 2.3.10) */
		load(WB + 4);
		mcr(9, 0, 0, 0xfff1); /* all but way 0 */
		fill_set(1, 100);
		misses = machine_counts().d_misses;
		load(WB + 4);
		assert_int_equal(machine_counts().d_misses, misses);
		test_and_clean(true);
	}
	mcr(9, 0, 0, 0xfff0);
	load(WB);
	fill_set(1, 100);
	misses = machine_counts().d_misses;
	load(WB);
	assert_int_equal(machine_counts().d_misses, misses + 1);
}

static void an_empty_way_that_is_locked_stays_empty(void **state)
{
	mcr(9, 0, 0, 0xfff7); /* way 3 only */
	load(WB);
	load(WB + CACHE_SETS * 32);
	load(WB);
	assert_int_equal(machine_counts().d_misses, 3);
}

static void without_a_way_nothing_is_allocated(void **state)
{
	mcr(9, 0, 0, 0xffff);
	mcr(9, 0, 1, 0xffff);
	load(WB);
	load(WB);
	fetch(WB, 4);
	fetch(WB, 4);
	assert_int_equal(machine_counts().d_misses, 2);
	assert_int_equal(machine_counts().i_misses, 2);
	store(WB, 1);
	load(WB);
	load(WB2);
	EXPECT_SILENT();
}

static void round_robin_replaces_in_order(void **state)
{
	uint64_t misses;

	set_control(SCTLR_ROUND_ROBIN, 0);
	fill_set(0, 4);
	fill_set(4, 1); /* replaces the first */
	misses = machine_counts().d_misses;
	fill_set(1, 4);
	assert_int_equal(machine_counts().d_misses, misses);
	fill_set(0, 1); /* replaces the second */
	fill_set(2, 3);
	assert_int_equal(machine_counts().d_misses, misses + 1);
}

/* ---- off, and on again ----------------------------------------------------------------------- */

static void with_the_caches_off_nothing_can_be_stale(void **state)
{
	set_control(0, 0x1004);
	store(WB + 0x40, 1);
	load(WB2 + 0x40);
	load(NCNB + 0x40);
	store(WT + 0x40, 2);
	drain();
	fetch(WB + 0x40, 4);
	load(WB + 0x40);
	EXPECT_SILENT();
	assert_int_equal(machine_counts().d_misses + machine_counts().i_misses, 0);
}

static void a_line_left_when_the_cache_is_turned_off_is_missed(void **state)
{
	make_dirty(WB + 0x40, 1);
	set_control(0, 4);
	load(WB + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x40);
	set_control(4, 0);
	make_dirty(WB + 0x60, 1);
	test_and_clean(true);
	drain();
	set_control(0, 4);
	load(WB + 0x60);
	EXPECT_SILENT();
}

static void without_the_mmu_data_is_uncached_and_instructions_cached(void **state)
{
	set_control(0, 1);
	store(DATA_PA + 0x40, 1);
	load(DATA_PA + 0x40);
	fetch(DATA_PA + 0x40, 4);
	EXPECT_SILENT();
	assert_int_equal(machine_counts().d_misses, 0);
	assert_int_equal(machine_counts().i_misses, 1);
	store(DATA_PA + 0x40, 2);
	fetch(DATA_PA + 0x40, 4);
	EXPECT_FOUND(FINDING_STALE_FETCH, DATA_PA + 0x40);
	store(DATA_PA + 0x40, 3);
	invalidate_i(DATA_PA + 0x40);
	fetch(DATA_PA + 0x40, 4);
	EXPECT_SILENT();
	set_control(0, 0x1000);
	store(DATA_PA + 0x40, 4);
	fetch(DATA_PA + 0x40, 4);
	EXPECT_SILENT();
	assert_int_equal(machine_counts().i_misses, 2);
}

static void lines_outlive_the_mmu(void **state)
{
	make_dirty(WB + 0x40, 1);
	set_control(0, 1);
	load(DATA_PA + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, DATA_PA + 0x40);
}

/* ---- devices, counts, configuration ---------------------------------------------------------- */

static void devices_are_counted_and_not_compared(void **state)
{
	load(DEVICE_VA);
	store(DEVICE_VA, 1);
	load(DEVICE_VA);
	EXPECT_SILENT();
	assert_int_equal(machine_counts().device_accesses, 3);
}

static void a_wrong_configuration_is_refused(void **state)
{
	static const unsigned sizes[] = { 0, 2, 12, 256 };
	struct memsys_config config = machine.config;
	char error[80] = "";

	for (unsigned i = 0; i < 4; i++) {
		config.icache_kib = sizes[i];
		assert_null(memsys_new(&config, error, sizeof(error)));
		assert_non_null(strstr(error, "KiB"));
	}
	config = machine.config;
	config.ram = NULL;
	assert_null(memsys_new(&config, error, sizeof(error)));
	assert_non_null(strstr(error, "RAM"));
	config = machine.config;
	config.profile = NULL;
	assert_null(memsys_new(&config, error, sizeof(error)));
	assert_non_null(strstr(error, "profile"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_and_clean_cleans_all),
		TEST(set_way_loops_reach_every_line),
		TEST(a_set_way_loop_that_leaves_out_a_way_is_found),
		TEST(a_locked_way_keeps_its_line),
		TEST(an_empty_way_that_is_locked_stays_empty),
		TEST(without_a_way_nothing_is_allocated),
		TEST(round_robin_replaces_in_order),
		TEST(with_the_caches_off_nothing_can_be_stale),
		TEST(a_line_left_when_the_cache_is_turned_off_is_missed),
		TEST(without_the_mmu_data_is_uncached_and_instructions_cached),
		TEST(lines_outlive_the_mmu),
		TEST(devices_are_counted_and_not_compared),
		TEST(a_wrong_configuration_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
