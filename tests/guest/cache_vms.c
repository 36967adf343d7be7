/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest among others that use the same addresses for something else: data that stay dirty in the
 * cache, code, and pages that change, each looked at again after somebody else may have had the CPU.
 * It is linked twice. cache_vms_1 sleeps after each turn, with priority it comes back anywhere in
 * what another VM or the VMM does for that one; cache_vms_2 sleeps seldom. Alone, on the board, both
 * do the same (docs/arm926-model.md).
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

/* Turns, microseconds between two of them, and how many turns go by without sleep. */
#define TURNS   160u
#define SLEEP   100u
#define SELDOM  16u
#define NEW_MAP 20u /* turns until the tables are made anew */

/* Cached lines in sets of their own; code behind them, pages at an address that is nothing else. */
#define LINES     64u
#define CODE_AT   0x8000u
#define PAGES     4u
#define PAGES_AT  0x49000000u
#define PAGES_GPA (NAME_PLAIN + 0x10000u)

/* 1 or 2: guest.mk. */
extern const char vms_seed[];

static uint32_t seed(void)
{
	return addr(vms_seed);
}

static uint32_t word(uint32_t turn, uint32_t line)
{
	return seed() << 28 | turn << 12 | line;
}

static uint32_t page_gpa(uint32_t turn, uint32_t page)
{
	return PAGES_GPA + (turn + page * seed()) % 16 * 0x1000u;
}

/** Leaves the CPU to others, caches, TLB and all, until the timer has run out. */
static void sleep(void)
{
	timer_start(BOARD_TIMER, SLEEP, TIMER_INTEN | TIMER_ONESHOT);
	while (!(read32(BOARD_TIMER + TIMER_RIS) & 1))
		wait_for_interrupt(); /* masked: it wakes up */
	write32(BOARD_TIMER + TIMER_INTCLR, 0);
}

static void begin(void)
{
	caches_on();
	mmu_set(&l1_table[0][PAGES_AT >> 20], desc_coarse(addr(l2_table[0]), 0));
	irq_enable(BOARD_TIMER_IRQ);
}

/** What is written in a turn. Every line is in the cache, and dirty, when this returns. */
static void write_all(uint32_t turn)
{
	for (uint32_t n = 0; n < LINES; n++) {
		read32(NAME_A + n * CACHE_LINE);
		write32(NAME_A + n * CACHE_LINE, word(turn, n));
	}
	code_write(NAME_A + CODE_AT, MOV_R0(seed() << 6 | turn % 64));
	d_line_clean(NAME_A + CODE_AT);
	drain_write_buffer();
	i_line_invalidate(NAME_A + CODE_AT);
	for (uint32_t n = 0; n < PAGES; n++) {
		write32(page_gpa(turn, n), word(turn, 0x100 + n));
		mmu_set(&l2_table[0][n], desc_small(page_gpa(turn, n), AP_USER_RW, 0));
		tlb_flush_mva(PAGES_AT + n * 0x1000u);
	}
}

static uint32_t page_word(uint32_t turn, uint32_t page)
{
	/* Of several that have the same page the last one wrote. */
	for (uint32_t n = PAGES; n-- > page;)
		if (page_gpa(turn, n) == page_gpa(turn, page))
			return word(turn, 0x100 + n);
	return 0;
}

static void check_all(uint32_t turn)
{
	for (uint32_t n = 0; n < LINES; n++)
		EXPECT_EQ(word(turn, n), read32(NAME_A + n * CACHE_LINE));
	EXPECT_EQ(seed() << 6 | turn % 64, code_run(NAME_A + CODE_AT));
	for (uint32_t n = 0; n < PAGES; n++)
		EXPECT_EQ(page_word(turn, n), read32(PAGES_AT + n * 0x1000u));
}

GUEST_TEST(what_is_behind_an_address_is_this_guests_whoever_had_the_cpu)
{
	const uint32_t seldom = seed() == 1 ? 1 : SELDOM;

	irq_init();
	begin();
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		tap_case("turn %u", turn);
		write_all(turn);
		check_all(turn);
		if (turn % seldom == 0)
			sleep();
		check_all(turn);
		if (turn % NEW_MAP == NEW_MAP - 1) {
			caches_off();
			for (uint32_t n = 0; n < LINES; n++)
				EXPECT_EQ(word(turn, n), read32(NAME_PLAIN + n * CACHE_LINE));
			begin();
		}
	}
	caches_off();
	irq_init();
}
