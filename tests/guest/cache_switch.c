/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MMU and caches off and on again, with what the manual asks of a program for that and no more
 * (TRM, 2.3.2 and 4.1). Who reads the program's instructions as data must leave nothing behind.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define AT 0x6000u

/** Code at NAME_A, never read as data there, that traps. */
static void run_sensitive_code(void)
{
	code_write(NAME_PLAIN + AT, MRC_DACR);
	drain_write_buffer();
	i_line_invalidate(NAME_A + AT);
	EXPECT_EQ(dacr_read(), code_run(NAME_A + AT));
}

GUEST_TEST(memory_written_while_the_mmu_is_off_is_read_afterwards)
{
	caches_on();
	run_sensitive_code();
	sctlr_write(sctlr_read() & ~SCTLR_M);
	write32(NAME_PLAIN + AT, 0x1234);
	write32(NAME_PLAIN + AT + 0x1c, 0x5678);
	tlb_flush_all();
	sctlr_write(sctlr_read() | SCTLR_M);
	EXPECT_EQ(0x1234, read32(NAME_A + AT));
	EXPECT_EQ(0x5678, read32(NAME_A + AT + 0x1c));
	caches_off();
}

GUEST_TEST(memory_written_while_the_data_cache_is_off_is_read_afterwards)
{
	caches_on();
	run_sensitive_code();
	sctlr_write(sctlr_read() & ~SCTLR_C);
	write32(NAME_A + AT, 0x2345);
	write32(NAME_B + AT + 0x1c, 0x6789);
	drain_write_buffer();
	sctlr_write(sctlr_read() | SCTLR_C);
	EXPECT_EQ(0x2345, read32(NAME_A + AT));
	EXPECT_EQ(0x6789, read32(NAME_A + AT + 0x1c));
	caches_off();
}

GUEST_TEST(what_was_cleaned_before_the_mmu_goes_off_is_in_memory)
{
	caches_on();
	for (unsigned n = 0; n < D_CLEANING; n++) {
		const uint32_t at = AT + n * CACHE_LINE;

		tap_case("%s", d_cleaning[n].name);
		read32(NAME_A + at);
		write32(NAME_A + at, 0x100 + n);
		d_cleaning[n].at(NAME_A + at);
		drain_write_buffer();
		sctlr_write(sctlr_read() & ~(SCTLR_M | SCTLR_C));
		EXPECT_EQ(0x100 + n, read32(NAME_PLAIN + at));
		sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C);
		EXPECT_EQ(0x100 + n, read32(NAME_A + at));
	}
	caches_off();
}

/* As a decompressor does: written cached, cleaned, run with the MMU off. */
GUEST_TEST(code_that_was_cleaned_runs_with_the_mmu_off)
{
	caches_on();
	for (unsigned n = 0; n < 3; n++) {
		read32(NAME_A + AT);
		code_write(NAME_A + AT, MOV_R0(7 + n));
		d_line_clean_invalidate(NAME_A + AT);
		drain_write_buffer();
		i_invalidate(0);
		sctlr_write(sctlr_read() & ~(SCTLR_M | SCTLR_C));
		EXPECT_EQ(7 + n, code_run(NAME_PLAIN + AT));
		sctlr_write(sctlr_read() & ~SCTLR_I);
		EXPECT_EQ(7 + n, code_run(NAME_PLAIN + AT));
		sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C | SCTLR_I);
		EXPECT_EQ(7 + n, code_run(NAME_A + AT));
	}
	caches_off();
}

GUEST_TEST(code_that_changed_while_the_instruction_cache_was_off_runs)
{
	caches_on();
	for (unsigned n = 0; n < 3; n++) {
		code_write(NAME_PLAIN + AT, MOV_R0(7 + n));
		i_line_invalidate(NAME_A + AT);
		EXPECT_EQ(7 + n, code_run(NAME_A + AT));
		sctlr_write(sctlr_read() & ~SCTLR_I);
		write32(NAME_PLAIN + AT, MOV_R0(15 + n));
		EXPECT_EQ(15 + n, code_run(NAME_A + AT));
		i_invalidate(0);
		sctlr_write(sctlr_read() | SCTLR_I);
		EXPECT_EQ(15 + n, code_run(NAME_A + AT));
	}
	caches_off();
}

/* One address, another page behind it, as at a change of address space. */
GUEST_TEST(an_address_that_gets_another_page_shows_it_after_a_flush)
{
	const uint32_t va = 0x49000000;

	caches_on();
	for (uint32_t n = 0; n < 4; n++) {
		mmu_set(&l1_table[0][va >> 20], desc_section(GUEST_SCRATCH + (n & 1) * 0x100000,
							     AP_USER_RW, 0, DESC_C | DESC_B));
		tlb_flush_all();
		read32(va + AT);
		write32(va + AT, 0x10 + n);
		code_write(va + AT + 8, MOV_R0(7 + n));
		d_cleaning[n + 2].at(va + AT);
		drain_write_buffer();
		i_invalidating[n].at(va + AT + 8);
		EXPECT_EQ(0x10 + n, read32(NAME_PLAIN + (n & 1) * 0x100000 + AT));
		EXPECT_EQ(7 + n, code_run(va + AT + 8));
		caches_empty();
	}
	caches_off();
}
