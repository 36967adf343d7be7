/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restart in the middle of work: the first run leaves dirty lines, code in the instruction cache
 * and tables behind, and presses the reset button. The next must find its memory as it was loaded.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/restart.h"

#define MARK_AT  RESTART_STATE
#define RUN_AT   (MARK_AT + 4)
#define WRONG_AT (MARK_AT + 8)
#define MARK     0x52535452u
#define RUNS     3u

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
		wrong += code_run(cached(loaded_code[i])) != 0x42;
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
		if (code_run(cached(loaded_code[i])) != 0x66)
			tap_bail_out("code that was written did not run");
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
		press_reset();
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(RUNS, number);
}
