/* SPDX-License-Identifier: Apache-2.0 */
/* One memory under several virtual addresses, and the maintenance that the caches then need. */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

/* A line of its own for each case. */
#define AT(n) (0x1000u + 3 * CACHE_LINE * (n))

GUEST_TEST(a_dirty_line_that_was_cleaned_is_in_memory)
{
	caches_on();
	for (unsigned n = 0; n < D_CLEANING; n++) {
		const uint32_t at = AT(n);

		tap_case("%s", d_cleaning[n].name);
		write32(NAME_PLAIN + at + 4, 0x100 + n);
		EXPECT_EQ(0x100 + n, read32(NAME_A + at + 4));
		write32(NAME_A + at + 4, 0x200 + n);
		d_cleaning[n].at(NAME_A + at);
		drain_write_buffer();
		EXPECT_EQ(0x200 + n, read32(NAME_PLAIN + at + 4));
	}
	caches_off();
}

GUEST_TEST(both_halves_of_a_dirty_line_reach_memory)
{
	caches_on();
	for (unsigned n = 0; n < D_CLEANING; n++) {
		const uint32_t at = AT(n);

		tap_case("%s", d_cleaning[n].name);
		read32(NAME_A + at);
		write32(NAME_A + at, 0x300 + n);
		write32(NAME_A + at + 0x1c, 0x400 + n);
		d_cleaning[n].at(NAME_A + at + 0x10);
		drain_write_buffer();
		EXPECT_EQ(0x300 + n, read32(NAME_PLAIN + at));
		EXPECT_EQ(0x400 + n, read32(NAME_PLAIN + at + 0x1c));
	}
	caches_off();
}

GUEST_TEST(a_line_that_was_invalidated_is_read_again)
{
	caches_on();
	for (unsigned n = 0; n < D_INVALIDATING; n++) {
		const uint32_t at = AT(n);

		tap_case("%s", d_invalidating[n].name);
		write32(NAME_PLAIN + at, 0x500 + n);
		EXPECT_EQ(0x500 + n, read32(NAME_A + at));
		write32(NAME_PLAIN + at, 0x600 + n);
		d_invalidating[n].at(NAME_A + at);
		EXPECT_EQ(0x600 + n, read32(NAME_A + at));
	}
	caches_off();
}

GUEST_TEST(two_cached_names_agree_after_clean_and_invalidate)
{
	caches_on();
	for (unsigned n = 0; n < 4; n++) {
		const uint32_t at = AT(n);

		read32(NAME_A + at);
		for (uint32_t i = 0; i < 8; i++)
			write32(NAME_A + at + 4 * i, i << 8 | n);
		d_line_clean_invalidate(NAME_A + at);
		drain_write_buffer();
		for (uint32_t i = 0; i < 8; i++)
			EXPECT_EQ(i << 8 | n, read32(NAME_B + at + 4 * i));
		write32(NAME_B + at + 0x14, 0xb0 + n);
		d_line_clean_invalidate(NAME_B + at);
		drain_write_buffer();
		EXPECT_EQ(0xb0 + n, read32(NAME_A + at + 0x14));
		d_line_clean_invalidate(NAME_A + at);
	}
	caches_off();
}

/* Write-through lines are never dirty: invalidating is enough (TRM, 4.3). */
GUEST_TEST(a_write_through_line_needs_no_clean)
{
	caches_on();
	write32(NAME_PLAIN + AT(0), 1);
	EXPECT_EQ(1, read32(NAME_THROUGH + AT(0)));
	write32(NAME_THROUGH + AT(0), 2);
	drain_write_buffer();
	EXPECT_EQ(2, read32(NAME_PLAIN + AT(0)));
	write32(NAME_PLAIN + AT(0), 3);
	d_line_invalidate(NAME_THROUGH + AT(0));
	EXPECT_EQ(3, read32(NAME_THROUGH + AT(0)));
	caches_off();
}

/* TRM, 4.2: a read drains the buffer if it holds what is read. */
GUEST_TEST(a_read_sees_the_write_buffer)
{
	caches_on();
	write32(NAME_BUFFERED + AT(0), 0x11);
	EXPECT_EQ(0x11, read32(NAME_BUFFERED + AT(0)));
	EXPECT_EQ(0x11, read32(NAME_PLAIN + AT(0)));
	write32(NAME_A + AT(1), 0x22); /* not in the cache, which allocates for reads only */
	EXPECT_EQ(0x22, read32(NAME_PLAIN + AT(1)));
	caches_off();
}

/* Lines of the VMM, dirty ones too, share the caches with the guest's. */
GUEST_TEST(invalidating_everything_loses_nothing_that_was_cleaned)
{
	caches_on();
	for (uint32_t at = 0; at < 0x8000; at += CACHE_LINE) {
		read32(NAME_A + at);
		write32(NAME_A + at, at);
	}
	for (uint32_t at = 0; at < 0x8000; at += CACHE_LINE)
		d_line_clean(NAME_A + at);
	drain_write_buffer();
	d_invalidating[D_INVALIDATING - 1].at(0);
	d_invalidating[D_INVALIDATING - 2].at(0);
	for (uint32_t at = 0; at < 0x8000; at += CACHE_LINE) {
		EXPECT_EQ(at, read32(NAME_PLAIN + at));
		EXPECT_EQ(at, read32(NAME_A + at));
	}
	caches_off();
}

/* Operations on addresses where the guest has nothing, the VMM's own among them, change nothing. */
GUEST_TEST(operations_on_lines_of_nobody_change_nothing)
{
	caches_on();
	for (uint32_t at = 0; at < 0x400; at += CACHE_LINE) {
		read32(NAME_A + at);
		write32(NAME_A + at, ~at);
	}
	for (uint32_t va = 0xffa00000; va < 0xffe00000; va += 0x10020) {
		d_line_invalidate(va);
		i_line_invalidate(va);
		d_line_clean(va);
		d_line_clean_invalidate(va);
	}
	for (uint32_t va = 0xffc00000; va < 0xffc40000; va += CACHE_LINE)
		d_line_invalidate(va);
	for (uint32_t at = 0; at < 0x400; at += CACHE_LINE)
		EXPECT_EQ(~at, read32(NAME_A + at));
	caches_off();
}
