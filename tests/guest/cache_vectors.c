/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception vectors in cached memory, at both places they can be. A VMM has vectors of its own at
 * one of the two: what the caches hold there must be the guest's when the guest looks.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define HIGH_VA   0xffff0000u
#define PAGE_LOW  0x80000u /* in the scratch RAM: what is at address 0 */
#define PAGE_HIGH 0x81000u
#define WB        (DESC_C | DESC_B)

static uint32_t *const low_l2 = l2_table[1];
static uint32_t *const high_l2 = l2_table[2];

/** Copies of the vectors in pages of their own, at 0 and 0xffff0000, cached. */
static void prepare(void)
{
	caches_on();
	for (uint32_t at = 0; at < 0x1000; at += 4) {
		write32(NAME_PLAIN + PAGE_LOW + at, at < 0x40 ? read32(at) : at);
		write32(NAME_PLAIN + PAGE_HIGH + at, at < 0x40 ? read32(at) : ~at);
	}
	mmu_set(&low_l2[0], desc_small(GUEST_SCRATCH + PAGE_LOW, AP_USER_RW, WB));
	for (uint32_t i = 1; i < COARSE_ENTRIES; i++)
		mmu_set(&low_l2[i], desc_small(i << 12, AP_USER_RW, 0));
	mmu_set(&high_l2[0xf0], desc_small(GUEST_SCRATCH + PAGE_HIGH, AP_USER_RW, WB));
	mmu_set(&l1_table[0][0], desc_coarse(addr(low_l2), 0));
	mmu_set(&l1_table[0][HIGH_VA >> 20], desc_coarse(addr(high_l2), 0));
	tlb_flush_all();
}

static void finish(void)
{
	caches_empty();
	sctlr_write(sctlr_read() & ~SCTLR_V);
	mmu_set(&l1_table[0][0], desc_section(0, AP_USER_RW, 0, 0));
	tlb_flush_all();
	caches_off();
}

static void vectors_high(bool high)
{
	sctlr_write(high ? sctlr_read() | SCTLR_V : sctlr_read() & ~SCTLR_V);
}

/** Exceptions of both kinds arrive, in the kernel and in a program. */
static void take_exceptions(void)
{
	const unsigned modes[] = { PSR_MODE_SVC, PSR_MODE_USR };

	/* swi 1; udf */
	write32(NAME_PLAIN + 0x90000, 0xef000001);
	write32(NAME_PLAIN + 0x90020, 0xe7f000f0);
	for (unsigned m = 0; m < 2; m++) {
		run_code4(modes[m] | PSR_MASKED, NAME_PLAIN + 0x90000, (const uint32_t[4]){ 0 });
		EXPECT_EQ(KIND_SWI, seen.kind);
		run_code4(modes[m] | PSR_MASKED, NAME_PLAIN + 0x90020, (const uint32_t[4]){ 0 });
		EXPECT_EQ(KIND_UNDEF, seen.kind);
	}
}

GUEST_TEST(vectors_move_with_nothing_but_their_bit)
{
	prepare();
	for (unsigned i = 0; i < 6; i++) {
		vectors_high(i & 1);
		take_exceptions();
	}
	finish();
}

/* The page that is not the vectors' is a page like any other. */
GUEST_TEST(both_vector_pages_are_memory)
{
	prepare();
	for (unsigned i = 0; i < 4; i++) {
		vectors_high(i & 1);
		take_exceptions();
		for (uint32_t at = 0; at < 0x80; at += 4) {
			EXPECT_EQ(read32(NAME_PLAIN + PAGE_LOW + at), read32(at));
			EXPECT_EQ(read32(NAME_PLAIN + PAGE_HIGH + at), read32(HIGH_VA + at));
		}
	}
	finish();
}

GUEST_TEST(stores_beside_the_vectors_are_kept)
{
	prepare();
	for (uint32_t i = 0; i < 4; i++) {
		vectors_high(i & 1);
		take_exceptions();
		write32(0x34, 0x100 + i); /* the word of the reserved vector */
		write32(HIGH_VA + 0x34, 0x200 + i);
		write32(0x80, 0x300 + i);
		write32(HIGH_VA + 0x80, 0x400 + i);
		EXPECT_EQ(0x100 + i, read32(0x34));
		EXPECT_EQ(0x200 + i, read32(HIGH_VA + 0x34));
		EXPECT_EQ(0x300 + i, read32(0x80));
		EXPECT_EQ(0x400 + i, read32(HIGH_VA + 0x80));
		d_line_clean(0x34);
		d_line_clean(HIGH_VA + 0x34);
		d_line_clean(0x80);
		d_line_clean(HIGH_VA + 0x80);
		drain_write_buffer();
		EXPECT_EQ(0x100 + i, read32(NAME_PLAIN + PAGE_LOW + 0x34));
		EXPECT_EQ(0x200 + i, read32(NAME_PLAIN + PAGE_HIGH + 0x34));
		EXPECT_EQ(0x300 + i, read32(NAME_PLAIN + PAGE_LOW + 0x80));
		EXPECT_EQ(0x400 + i, read32(NAME_PLAIN + PAGE_HIGH + 0x80));
	}
	finish();
}

/* A dirty line of the vectors is what the core finds, too: they are fetched through the caches. */
GUEST_TEST(a_vector_that_was_rewritten_counts)
{
	prepare();
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t swi_literal = (i & 1 ? HIGH_VA : 0) + 0x28;
		const uint32_t was = read32(swi_literal);

		vectors_high(i & 1);
		take_exceptions();
		write32(swi_literal, 0);
		write32(swi_literal, was);
		take_exceptions();
		vectors_high(!(i & 1));
		take_exceptions();
	}
	finish();
}

/* Code of the guest where somebody else's vectors may be: exactly there, not beside. */
GUEST_TEST(code_runs_in_the_page_that_is_not_the_vectors)
{
	prepare();
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t code = i & 1 ? 0 : HIGH_VA;
		const uint32_t page = NAME_PLAIN + (i & 1 ? PAGE_LOW : PAGE_HIGH);
		const uint32_t first = read32(page), second = read32(page + 4);

		vectors_high(i & 1);
		take_exceptions();
		code_write(page, MOV_R0(0x40 + i));
		d_line_clean_invalidate(code);
		drain_write_buffer();
		i_line_invalidate(code);
		EXPECT_EQ(0x40 + i, code_run(code));
		take_exceptions();
		EXPECT_EQ(0x40 + i, code_run(code));
		EXPECT_EQ(MOV_R0(0x40 + i), read32(code));
		write32(page, first);
		write32(page + 4, second);
		d_line_clean_invalidate(code);
		drain_write_buffer();
		i_line_invalidate(code);
	}
	finish();
}
