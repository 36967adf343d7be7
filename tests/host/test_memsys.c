/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caches and write buffer of the ARM926 model: each check with a program that has to be found out,
 * and its counterpart that does the same properly.
 */
#include "tests/host/memsys_machine.h"

/* ---- aliases --------------------------------------------------------------------------------- */

static void a_load_under_another_address_misses_the_dirty_line(void **state)
{
	make_dirty(WB + 0x40, 1);
	load(WB2 + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB2 + 0x40);
	assert_int_equal(machine.last.newest, 1);
	assert_int_equal(machine.last.line_va, WB + 0x40);
	assert_int_equal(machine.last.written_va, WB + 0x40);
	assert_int_equal(machine.last.pc, machine.pc);
	load(WB2 + 0x40); /* one fault is one report */
	EXPECT_SILENT();
}

static void a_cleaned_line_is_seen_under_another_address(void **state)
{
	make_dirty(WB + 0x40, 1);
	clean_d(WB + 0x40);
	load(WB2 + 0x40);
	EXPECT_SILENT();
}

static void a_line_filled_before_the_store_is_stale(void **state)
{
	uint32_t filled;

	load(WB2 + 0x40);
	filled = machine.pc;
	make_dirty(WB + 0x40, 1);
	clean_d(WB + 0x40);
	load(WB2 + 0x44);
	EXPECT_SILENT(); /* another word of it is not */
	load(WB2 + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB2 + 0x40);
	assert_int_equal(machine.last.culprit_pc, filled);

	make_dirty(WB + 0x80, 1);
	load(WB + 0x80);
	clean_d(WB + 0x80);
	invalidate_d(WB2 + 0x80);
	load(WB2 + 0x80);
	EXPECT_SILENT();
}

static void the_second_address_of_ram_is_an_alias_too(void **state)
{
	make_dirty(WB + 0x40, 1);
	load(WB_ALIAS + 0x40);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB_ALIAS + 0x40);
	assert_int_equal(machine.last.pa, RAM_ALIAS + DATA_PA + 0x40);
	make_dirty(WB + 0x80, 1);
	flush_d(WB + 0x80);
	load(WB_ALIAS + 0x80);
	EXPECT_SILENT();
}

static void an_uncached_load_sees_a_cleaned_line_only(void **state)
{
	static const uint32_t views[] = { NCNB, NCB };

	for (unsigned i = 0; i < 2; i++) {
		make_dirty(WB + 0x40, i + 1);
		load(views[i] + 0x40);
		EXPECT_FOUND(FINDING_STALE_LOAD, views[i] + 0x40);
		make_dirty(WB + 0x60, i + 1);
		clean_d(WB + 0x60); /* still in the write-back buffer: the read drains it */
		load(views[i] + 0x60);
		EXPECT_SILENT();
	}
}

static void an_uncached_store_does_not_reach_the_line(void **state)
{
	static const uint32_t views[] = { NCNB, NCB };

	for (unsigned i = 0; i < 2; i++) {
		load(WB + 0x40);
		store(views[i] + 0x40, i + 1);
		load(WB + 0x40);
		EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x40);
		load(WB + 0x60);
		store(views[i] + 0x60, i + 1);
		invalidate_d(WB + 0x60);
		load(WB + 0x60);
		EXPECT_SILENT();
	}
}

static void bytes_halfwords_and_doublewords_are_compared(void **state)
{
	load(WB + 0x40);
	store_bytes(NCNB + 0x45, 1, machine_ram(DATA_PA + 0x45)[0] ^ 0xff);
	load_bytes(WB + 0x44, 1);
	load_bytes(WB + 0x46, 2);
	EXPECT_SILENT();
	load_bytes(WB + 0x45, 1);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x45);
	assert_int_equal(machine.last.size, 1);
	store_bytes(NCNB + 0x46, 2, 0x1234);
	load_bytes(WB + 0x46, 2);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x46);
	assert_int_equal(machine.last.newest, 0x1234);
	store_bytes(NCNB + 0x48, 8, 0x1122334455667788);
	load_bytes(WB + 0x48, 8);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x48);
	store_bytes(NCNB + 0x5c, 4, 7); /* the second word only */
	load_bytes(WB + 0x58, 8);
	EXPECT_FOUND(FINDING_STALE_LOAD, WB + 0x5c);
}

static void a_rewrite_of_the_same_value_is_harmless(void **state)
{
	load(WB + 0x40);
	store(NCNB + 0x40, load(NCNB + 0x40));
	load(WB + 0x40);
	EXPECT_SILENT();
}

/* ---- write-back and write-through ------------------------------------------------------------ */

static void write_through_reaches_memory_with_the_next_read(void **state)
{
	make_dirty(WT + 0x40, 1);
	load(WB + 0x40); /* a miss of the data side drains what it reads (TRM, 4.2) */
	load(WT + 0x40);
	EXPECT_SILENT();
	invalidate_d(WT + 0x40); /* nothing to lose */
	load(WT + 0x40);
	EXPECT_SILENT();
}

static void a_store_that_misses_does_not_allocate(void **state)
{
	uint64_t misses;

	store(WB + 0x40, 1);
	misses = machine_counts().d_misses;
	load(WB2 + 0x40);
	EXPECT_SILENT();
	assert_int_equal(machine_counts().d_misses, misses + 1);
	load(WB + 0x40);
	assert_int_equal(machine_counts().d_misses, misses + 2);
}

static void each_half_of_a_line_is_dirty_by_itself(void **state)
{
	make_dirty(WB + 0x40, 1);
	clean_d(WB + 0x40);
	assert_int_equal(machine_counts().write_backs, 1);
	store(WB + 0x40, 2);
	store(WB + 0x5c, 2);
	clean_d(WB + 0x40);
	assert_int_equal(machine_counts().write_backs, 3);
	clean_d(WB + 0x40);
	assert_int_equal(machine_counts().write_backs, 3);
	store_bytes(WB + 0x4c, 8, 3); /* across the middle */
	clean_d(WB + 0x40);
	assert_int_equal(machine_counts().write_backs, 5);
	/* The clean half is not written over what came after it was read. */
	store(WB + 0x40, 4);
	store(NCNB + 0x50, 4);
	clean_d(WB + 0x40);
	load(NCNB + 0x50);
	EXPECT_SILENT();
}

static void an_evicted_line_is_written_back(void **state)
{
	make_dirty(WB, 1);
	for (unsigned i = 1; i <= 64; i++)
		load(WB + i * CACHE_SETS * 32);
	assert_int_equal(machine_counts().write_backs, 1);
	load(WB);
	load(NCNB);
	EXPECT_SILENT();
}

/* ---- lost and overwritten -------------------------------------------------------------------- */

static void lost_bytes_are_found_when_they_are_read(void **state)
{
	uint32_t culprit;

	make_dirty(WB + 0x40, 1);
	store(WB + 0x44, 2);
	invalidate_d(WB + 0x40);
	culprit = machine.pc;
	EXPECT_SILENT();
	load(WB + 0x48);
	EXPECT_SILENT();
	load(WB + 0x40);
	EXPECT_FOUND(FINDING_LOST_BYTES, WB + 0x40);
	assert_int_equal(machine.last.culprit_pc, culprit);
	assert_int_equal(machine.last.newest, 1);
}

static void lost_bytes_that_are_written_again_are_no_fault(void **state)
{
	/* As v4wb_clear_user_highpage does it. */
	make_dirty(WB + 0x40, 1);
	invalidate_d(WB + 0x40);
	for (unsigned i = 0; i < 32; i += 4)
		store(WB + 0x40 + i, 0);
	load(WB + 0x40);
	load(NCB + 0x40);
	EXPECT_SILENT();
}

static void a_clean_line_has_nothing_to_lose(void **state)
{
	make_dirty(WB + 0x40, 1);
	clean_d(WB + 0x40);
	invalidate_d(WB + 0x40);
	load(WB + 0x40);
	EXPECT_SILENT();
	make_dirty(WB + 0x60, 1);
	flush_d(WB + 0x60);
	load(WB + 0x60);
	EXPECT_SILENT();
}

static void every_invalidation_loses(void **state)
{
	/* Set/way 0x40 is way 0, the first that a fill of an empty set takes. */
	static const struct {
		unsigned crm, opc2;
		uint32_t value;
	} ways[] = { { 6, 0, 0 }, { 7, 0, 0 }, { 6, 2, 0x40 }, { 6, 1, WB + 0x5f } };

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		machine_stop();
		machine_start(16, TLB_RULES_STRICT);
		make_dirty(WB + 0x40, 1);
		mcr(7, ways[i].crm, ways[i].opc2, ways[i].value);
		load(NCNB + 0x40);
		EXPECT_FOUND(FINDING_LOST_BYTES, NCNB + 0x40);
	}
}

static void a_write_back_over_newer_data_is_found_at_the_read(void **state)
{
	uint32_t culprit;

	make_dirty(WB + 0x40, 1);
	store(NCNB + 0x44, 2); /* the line's value of this word is older now */
	clean_d(WB + 0x40);
	culprit = machine.pc;
	EXPECT_SILENT();
	load(NCNB + 0x48);
	EXPECT_SILENT();
	load(NCNB + 0x44);
	EXPECT_FOUND(FINDING_OVERWRITTEN, NCNB + 0x44);
	assert_int_equal(machine.last.culprit_pc, culprit);
	assert_int_equal(machine.last.newest, 2);
}

static void a_write_back_before_the_newer_data_is_right(void **state)
{
	make_dirty(WB + 0x40, 1);
	flush_d(WB + 0x40);
	store(NCNB + 0x44, 2);
	load(NCNB + 0x44);
	load(WB + 0x44);
	EXPECT_SILENT();
	make_dirty(WB + 0x60, 1);
	store(NCNB + 0x64, 2);
	clean_d(WB + 0x60);
	store(NCNB + 0x64, 3); /* overwritten, but never read */
	load(NCNB + 0x64);
	EXPECT_SILENT();
}

static void an_eviction_overwrites_too(void **state)
{
	make_dirty(WB, 1);
	store(NCB + 4, 2);
	for (unsigned i = 1; i <= 64; i++)
		load(WB + i * CACHE_SETS * 32);
	EXPECT_SILENT();
	load(NCB + 4);
	EXPECT_FOUND(FINDING_OVERWRITTEN, NCB + 4);
}

/* ---- instructions ---------------------------------------------------------------------------- */

enum { STEP_CLEAN = 1, STEP_DRAIN = 2, STEP_INVALIDATE = 4, STEPS_ALL = 7 };

static void write_code(uint32_t va, unsigned steps)
{
	fetch(va, 32);
	make_dirty(va, machine.pc); /* a value that was not there */
	if (steps & STEP_CLEAN)
		clean_d(va);
	if (steps & STEP_DRAIN)
		drain();
	if (steps & STEP_INVALIDATE)
		invalidate_i(va);
	fetch(va, 32);
}

static void code_needs_clean_drain_and_invalidate(void **state)
{
	for (unsigned steps = 0; steps < STEPS_ALL; steps++) {
		write_code(WB + 0x40 * steps, steps);
		EXPECT_FOUND(FINDING_STALE_FETCH, WB + 0x40 * steps);
		assert_int_equal(machine.last.pc, WB + 0x40 * steps);
	}
	write_code(WB + 0x1000, STEPS_ALL);
	EXPECT_SILENT();
}

static void the_stale_instruction_is_named(void **state)
{
	fetch(WB + 0x40, 8);
	store(NCNB + 0x58, 1);
	fetch(WB + 0x40, 24);
	EXPECT_SILENT();
	fetch(WB + 0x50, 16);
	EXPECT_FOUND(FINDING_STALE_FETCH, WB + 0x58);
	assert_int_equal(machine.last.newest, 1);
	assert_int_equal(machine.last.line_va, WB + 0x40);
	store_bytes(NCNB + 0x5a, 2, 0x4770); /* Thumb */
	fetch(WB + 0x5a, 2);
	EXPECT_FOUND(FINDING_STALE_FETCH, WB + 0x5a);
}

static void whole_and_set_way_invalidation_of_instructions(void **state)
{
	fetch(WB + 0x40, 4);
	store(NCNB + 0x40, 1);
	mcr(7, 5, 0, 0);
	fetch(WB + 0x40, 4);
	store(NCNB + 0x40, 2);
	mcr(7, 7, 0, 0);
	fetch(WB + 0x40, 4);
	store(NCNB + 0x40, 3);
	mcr(7, 5, 2, 0x40); /* way 0 */
	fetch(WB + 0x40, 4);
	EXPECT_SILENT();
	store(NCNB + 0x40, 4);
	mcr(7, 5, 2, 0x40000040); /* way 1 */
	fetch(WB + 0x40, 4);
	EXPECT_FOUND(FINDING_STALE_FETCH, WB + 0x40);
}

static void an_uncached_fetch_reads_memory(void **state)
{
	fetch(NCNB + 0x40, 4);
	store(NCNB + 0x40, 1);
	fetch(NCNB + 0x40, 4);
	EXPECT_SILENT();
	store(NCB + 0x40, 2); /* in the write buffer */
	fetch(NCB + 0x40, 4);
	EXPECT_FOUND(FINDING_STALE_FETCH, NCB + 0x40);
	store(NCB + 0x40, 3);
	drain();
	fetch(NCB + 0x40, 4);
	EXPECT_SILENT();
}

static void a_prefetched_line_gets_old_like_any_other(void **state)
{
	mcr(7, 13, 1, WB + 0x40);
	store(NCNB + 0x40, 1);
	fetch(WB + 0x40, 4);
	EXPECT_FOUND(FINDING_STALE_FETCH, WB + 0x40);
	assert_int_equal(machine_counts().i_misses, 0);
}

/* ---- write buffer ---------------------------------------------------------------------------- */

/** In memory, for what does not look into the buffer: an instruction fetch. */
static bool has_reached_memory(uint32_t va)
{
	bool reached;

	fetch(NCNB + va % 0x100000, 4);
	reached = machine.found == 0;
	machine.found = 0;
	return reached;
}

static void the_buffer_has_four_addresses(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		store(NCB + i * 0x100, 1);
	store(NCB + 0x1000, 1); /* the oldest has to go */
	assert_true(has_reached_memory(NCB));
	assert_false(has_reached_memory(NCB + 0x100));
}

static void the_buffer_has_sixteen_words(void **state)
{
	for (unsigned i = 0; i < 16; i++)
		store(NCB + i * 4, 1); /* two lines: two addresses */
	assert_false(has_reached_memory(NCB + 0x20));
	machine_stop();
	machine_start(16, TLB_RULES_STRICT);
	for (unsigned i = 0; i < 17; i++)
		store(NCB + i * 4, 1);
	assert_true(has_reached_memory(NCB + 0x1c));
	assert_false(has_reached_memory(NCB + 0x20));
}

static void what_drains_the_buffer(void **state)
{
	store(NCB, 1);
	drain();
	assert_true(has_reached_memory(NCB));
	store(NCB + 0x20, 1);
	mcr(7, 0, 4, 0); /* wait for interrupt */
	assert_true(has_reached_memory(NCB + 0x20));
	store(NCB + 0x40, 1);
	store(NCNB + 0x1000, 1);
	assert_true(has_reached_memory(NCB + 0x40));
	store(NCB + 0x60, 1);
	load(NCNB + 0x1000);
	assert_true(has_reached_memory(NCB + 0x60));
	store(NCB + 0x80, 1);
	swap(NCB + 0xa0, 1);
	assert_true(has_reached_memory(NCB + 0x80));
	assert_true(has_reached_memory(NCB + 0xa0));
	store(NCB + 0xc0, 1);
	load(DEVICE_VA);
	assert_true(has_reached_memory(NCB + 0xc0));
	store(NCB + 0xe0, 1);
	load(NCB + 0xe4); /* the same line: drained (TRM, 4.2) */
	assert_true(has_reached_memory(NCB + 0xe0));
	store(NCB + 0x100, 1);
	load(NCB + 0x1000);
	assert_false(has_reached_memory(NCB + 0x100));
	store(WB + 0x140, 1); /* misses */
	assert_false(has_reached_memory(WB + 0x140));
	store(WB + 0x160, 1);
	load(WB + 0x160);
	assert_true(has_reached_memory(WB + 0x160));
}

static void a_store_does_not_continue_a_line_written_back(void **state)
{
	/* The buffer is a ring: the line gets the place of the first store, which ended at 0x44. */
	for (unsigned i = 0; i < 8; i++) {
		store(NCB + 0x40 + i * 0x20, 1);
		drain();
	}
	make_dirty(WB + 0x40, 2);
	clean_d(WB + 0x40);
	store(NCB + 0x44, 3);
	for (unsigned i = 0; i < 4; i++) /* with it five addresses: it has to go */
		store(NCB + 0x1000 + i * 0x100, 4);
	assert_true(has_reached_memory(NCB + 0x44));
}

static void the_last_write_of_a_word_wins(void **state)
{
	store(NCB + 0x40, 1);
	store(NCB + 0x44, 2);
	store(NCB + 0x40, 3);
	store_bytes(NCB + 0x41, 1, 4);
	drain();
	load(NCNB + 0x40);
	load(NCNB + 0x44);
	EXPECT_SILENT();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_load_under_another_address_misses_the_dirty_line),
		TEST(a_cleaned_line_is_seen_under_another_address),
		TEST(a_line_filled_before_the_store_is_stale),
		TEST(the_second_address_of_ram_is_an_alias_too),
		TEST(an_uncached_load_sees_a_cleaned_line_only),
		TEST(an_uncached_store_does_not_reach_the_line),
		TEST(bytes_halfwords_and_doublewords_are_compared),
		TEST(a_rewrite_of_the_same_value_is_harmless),
		TEST(write_through_reaches_memory_with_the_next_read),
		TEST(a_store_that_misses_does_not_allocate),
		TEST(each_half_of_a_line_is_dirty_by_itself),
		TEST(an_evicted_line_is_written_back),
		TEST(lost_bytes_are_found_when_they_are_read),
		TEST(lost_bytes_that_are_written_again_are_no_fault),
		TEST(a_clean_line_has_nothing_to_lose),
		TEST(every_invalidation_loses),
		TEST(a_write_back_over_newer_data_is_found_at_the_read),
		TEST(a_write_back_before_the_newer_data_is_right),
		TEST(an_eviction_overwrites_too),
		TEST(code_needs_clean_drain_and_invalidate),
		TEST(the_stale_instruction_is_named),
		TEST(whole_and_set_way_invalidation_of_instructions),
		TEST(an_uncached_fetch_reads_memory),
		TEST(a_prefetched_line_gets_old_like_any_other),
		TEST(the_buffer_has_four_addresses),
		TEST(the_buffer_has_sixteen_words),
		TEST(what_drains_the_buffer),
		TEST(a_store_does_not_continue_a_line_written_back),
		TEST(the_last_write_of_a_word_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
