/* SPDX-License-Identifier: Apache-2.0 */
/* What waiting for memory costs in the ARM926 model: cycles beside those of the instructions. */
#include "tests/host/memsys_machine.h"

static uint64_t stalled(void)
{
	return machine_counts().stall_cycles;
}

static uint64_t stall_of(void (*what)(void))
{
	const uint64_t before = stalled();

	what();
	return stalled() - before;
}

/* Time passes: a line that was being filled is complete. */
static void pass_time(void)
{
	for (unsigned i = 0; i < 20; i++)
		fetch(WB, 32);
}

static void load_line(void)
{
	load(WB + 0x2000);
}

static void load_next_line(void)
{
	load(WB + 0x2020);
}

static void load_uncached(void)
{
	load(NCNB + 0x2000);
}

static void store_unbuffered(void)
{
	store(NCNB + 0x2000, 1);
}

static void store_buffered(void)
{
	store(NCB + 0x2000, 1);
}

static void load_device(void)
{
	load(DEVICE_VA);
}

static void store_five(void)
{
	for (unsigned i = 0; i < 5; i++)
		store(NCB + 0x3000 + 0x100 * i, 1);
}

static void waiting_follows_the_profile(void **state)
{
	const struct memory_profile *p = machine.config.profile;

	load(WB);
	load(NCNB);
	load(NCB);
	load(DEVICE_VA);
	pass_time();
	assert_int_equal(stall_of(load_line), p->critical_word);
	assert_int_equal(stall_of(load_line), 0);
	pass_time();
	assert_int_equal(stall_of(load_uncached), p->read_word);
	assert_int_equal(stall_of(store_unbuffered), p->write_word);
	assert_int_equal(stall_of(store_buffered), 0);
	assert_int_equal(stall_of(drain), p->write_word);
	assert_int_equal(stall_of(load_device), p->device_read);
	assert_int_equal(stall_of(store_five), p->write_word); /* until the first address is free */
}

static void the_second_miss_waits_for_the_first_line(void **state)
{
	load(WB);
	pass_time();
	load_line();
	assert_int_equal(stall_of(load_next_line), machine.config.profile->line_fill);
}

/* As one instruction: all words have its address. */
static void store_multiple(uint32_t va, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		if (i)
			machine.pc -= 4;
		store(va + 4 * i, i);
	}
}

/* From the store until all is in memory. */
static uint64_t time_to_memory(uint32_t va, unsigned words)
{
	uint64_t before;

	drain();
	before = stalled();
	store_multiple(va, words);
	drain();
	return stalled() - before;
}

/* A burst's words after the first take a third each of what half a line takes more than a word. */
#define BURST_4 (machine.config.profile->write_back)
#define BURST_8                               \
	(machine.config.profile->write_word + \
	 7 * (machine.config.profile->write_back - machine.config.profile->write_word) / 3)

static void what_one_instruction_stores_goes_in_bursts(void **state)
{
	const unsigned word = machine.config.profile->write_word;
	const struct {
		unsigned words, cycles;
	} cases[] = {
		{ 1, word },
		{ 2, 2 * word },
		{ 3, 3 * word },
		{ 4, BURST_4 },
		{ 5, BURST_4 + word },
		{ 8, BURST_8 },
		{ 12, BURST_8 + BURST_4 },
		{ 14, BURST_8 + BURST_4 + 2 * word },
	};

	load(NCB);
	load(NCNB);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(time_to_memory(NCB + 0x4000, cases[i].words), cases[i].cycles);
		assert_int_equal(time_to_memory(NCNB + 0x4000, cases[i].words), cases[i].cycles);
		assert_int_equal(time_to_memory(NCB + 0x401c, cases[i].words), cases[i].cycles);
	}
}

static void several_instructions_are_no_burst(void **state)
{
	const unsigned word = machine.config.profile->write_word;
	uint64_t before;

	load(NCB);
	pass_time();
	drain();
	before = stalled();
	for (unsigned i = 0; i < 4; i++)
		store(NCB + 0x4000 + 4 * i, i);
	drain();
	assert_int_equal(stalled() - before, 4 * word);

	/* The same instruction in a loop, which has been fetched again. */
	before = stalled();
	for (unsigned i = 0; i < 4; i++) {
		store(NCB + 0x4000 + 4 * i, i);
		machine.pc -= 4;
		fetch(WB, 4);
	}
	drain();
	assert_int_equal(stalled() - before, 4 * word - 4);
}

static void a_line_dirty_in_both_halves_is_one_burst(void **state)
{
	uint64_t before;

	make_dirty(WB + 0x2000, 1);
	pass_time();
	before = stalled();
	clean_d(WB + 0x2000);
	drain();
	assert_int_equal(stalled() - before, BURST_4);
	make_dirty(WB + 0x2000, 1);
	make_dirty(WB + 0x2010, 1);
	pass_time();
	before = stalled();
	clean_d(WB + 0x2000);
	drain();
	assert_int_equal(stalled() - before, BURST_8);
}

static void the_loop_that_cleans_waits_for_memory_alone(void **state)
{
	uint64_t before;

	for (unsigned i = 0; i < 8; i++)
		make_dirty(WB + 0x2000 + 32 * i, i);
	pass_time();
	before = stalled();
	test_and_clean(false);
	drain();
	assert_int_equal(stalled() - before, 8 * BURST_4);
	before = stalled();
	test_and_clean(false);
	assert_int_equal(stalled() - before, 0);
}

static void time_is_the_core_s_if_it_is_known(void **state)
{
	uint64_t core = 0;

	machine.config.issued = &core;
	machine_restart();
	set_control(SCTLR_ALL, 0);
	load(WB);
	core += 100;
	load_line();
	core += 5;
	assert_int_equal(stall_of(load_next_line), machine.config.profile->line_fill - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waiting_follows_the_profile),
		TEST(the_second_miss_waits_for_the_first_line),
		TEST(what_one_instruction_stores_goes_in_bursts),
		TEST(several_instructions_are_no_burst),
		TEST(a_line_dirty_in_both_halves_is_one_burst),
		TEST(the_loop_that_cleans_waits_for_memory_alone),
		TEST(time_is_the_core_s_if_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
