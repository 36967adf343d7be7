/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restart in the middle of work: the first run leaves dirty lines, code in the instruction cache
 * and tables behind, and presses the reset button. The second must find its memory as it was
 * loaded. Only a VMM can restart it from there, so there is no bare run (tests/guest/run.py).
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

/* In the scratch RAM, which the loader does not touch. */
#define MARK_AT   (NAME_PLAIN + 0x1ff000u)
#define RUN_AT    (MARK_AT + 4)
#define WRONG_AT  (MARK_AT + 8)
#define MARK      0x52535452u
#define RUNS      3u
#define MOV_R0(n) (0xe3a00000u | (n))
#define RETURN    0xe12fff1eu

#define LOADED_WORDS 4096u
#define LOADED       0x0010adedu
#define CODE_LINES   256u

/* Loaded with the program: what the first run dirties. */
static uint32_t loaded[LOADED_WORDS] __attribute__((aligned(4096))) = {
	[0 ... LOADED_WORDS - 1] = LOADED,
};
/* A line each: what else runs takes some of them out of the cache, but not all. */
static uint32_t loaded_code[CODE_LINES][8] __attribute__((aligned(32))) = {
	[0 ... CODE_LINES - 1] = { MOV_R0(0x42), RETURN },
};

/** Runs the code at @p at; what it leaves in r0. */
static uint32_t run(uint32_t at)
{
	run_code4(PSR_MODE_SVC | PSR_MASKED, at, (const uint32_t[4]){ 0 });
	return seen.kind == KIND_RETURNED ? seen.r[0] : ~seen.kind;
}

/** The program's RAM under a cached name. What runs, and its stack, is used at the other one. */
static uint32_t cached(const void *object)
{
	return 0x20000000u | addr(object);
}

static void map_program_cached(void)
{
	for (uint32_t at = 0; at < GUEST_SCRATCH; at += 0x100000)
		mmu_set(&l1_table[0][(0x20000000 | at) >> 20],
			desc_section(at, AP_USER_RW, 0, DESC_C | DESC_B));
	mmu_set(&l1_table[0][BOARD_RESET >> 20],
		desc_section(BOARD_RESET & 0xfff00000u, AP_USER_RW, 0, 0));
	tlb_flush_all();
}

/** After a reset the caches are empty (TRM, 4.1): nothing needs to be invalidated. */
static void caches_on_after_reset(void)
{
	mmu_tables_init();
	cached_map(l1_table[0]);
	map_program_cached();
	sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C | SCTLR_I);
}

/** How many words are not as loaded, in memory and through the caches. */
static uint32_t differences(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < LOADED_WORDS; i++)
		wrong += read32(addr(&loaded[i])) != LOADED;
	caches_on_after_reset();
	for (uint32_t i = 0; i < LOADED_WORDS; i++)
		wrong += read32(cached(&loaded[i])) != LOADED;
	for (uint32_t i = 0; i < CODE_LINES; i++)
		wrong += run(cached(loaded_code[i])) != 0x42;
	caches_off();
	for (uint32_t i = 0; i < LOADED_WORDS; i++)
		wrong += read32(addr(&loaded[i])) != LOADED;
	return wrong;
}

static void leave_everything_dirty(void)
{
	caches_on();
	map_program_cached();
	for (uint32_t i = 0; i < CODE_LINES; i++) {
		write32(cached(loaded_code[i]), MOV_R0(0x66));
		d_line_clean_invalidate(cached(loaded_code[i]));
		drain_write_buffer();
		i_line_invalidate(cached(loaded_code[i]));
	}
	for (uint32_t i = 0; i < LOADED_WORDS; i++) {
		read32(cached(&loaded[i]));
		write32(cached(&loaded[i]), ~i);
	}
	/* Last, so that it is still there. */
	for (uint32_t i = 0; i < CODE_LINES; i++)
		EXPECT_EQ(0x66, run(cached(loaded_code[i])));
}

/* One test, so that only the last run comes to a result. Each prints a plan. */
GUEST_TEST(memory_is_as_loaded_after_each_restart)
{
	const bool first = read32(MARK_AT) != MARK;
	const uint32_t number = first ? 1 : read32(RUN_AT);
	const uint32_t wrong = (first ? 0 : read32(WRONG_AT)) + differences();

	write32(MARK_AT, MARK);
	write32(RUN_AT, number + 1);
	write32(WRONG_AT, wrong);
	if (number < RUNS) {
		leave_everything_dirty();
		write32(BOARD_RESET_LOCK, BOARD_RESET_KEY);
		write32(BOARD_RESET, BOARD_RESET_VALUE);
		tap_bail_out("the reset button does nothing");
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(RUNS, number);
}
