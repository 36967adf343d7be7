/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables in cached memory. The walker reads memory (TRM, 3.2): a descriptor is cleaned, or at
 * least drained, before it counts, and the TLB is told when one that was used changes.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define SLOT_VA  0x48000000u
#define L2_AT    0x10000u /* in the scratch RAM, a KiB */
#define L1_AT    0x20000u /* 16 KiB */
#define PAGES_AT 0x40000u /* pages that hold their number */
#define PAGES    16u

static void prepare(void)
{
	caches_on();
	for (uint32_t n = 0; n < PAGES; n++)
		for (uint32_t at = 0; at < 0x1000; at += 0x400)
			write32(NAME_PLAIN + PAGES_AT + n * 0x1000 + at, n << 16 | at);
	for (uint32_t i = 0; i < COARSE_ENTRIES; i++)
		write32(NAME_PLAIN + L2_AT + 4 * i, 0);
	mmu_set(&l1_table[0][SLOT_VA >> 20], desc_coarse(GUEST_SCRATCH + L2_AT, 0));
	tlb_flush_all();
}

/** Entry @p n of the level 2 table, where it is cached. */
static uint32_t *l2_entry(uint32_t n)
{
	return (uint32_t *)(uintptr_t)(NAME_A + L2_AT + 4 * n);
}

static uint32_t page_desc(uint32_t n)
{
	return desc_small(GUEST_SCRATCH + PAGES_AT + n * 0x1000, AP_USER_RW, 0);
}

static void flush_mva(uint32_t va)
{
	tlb_flush_mva(va);
}

static void flush_d_mva(uint32_t va)
{
	CP15_WRITE(c8, c6, 1, va);
}

static void flush_all(uint32_t va)
{
	tlb_flush_all();
}

static void flush_d_all(uint32_t va)
{
	CP15_WRITE(c8, c6, 0, 0);
}

static const struct cache_operation tlb_operations[] = {
	{ "one entry", flush_mva },
	{ "one data entry", flush_d_mva },
	{ "all", flush_all },
	{ "all data", flush_d_all },
};

#define TLB_OPERATIONS (sizeof(tlb_operations) / sizeof(tlb_operations[0]))

GUEST_TEST(a_descriptor_is_used_once_it_was_cleaned)
{
	prepare();
	for (unsigned n = 0; n < D_CLEANING; n++) {
		const uint32_t entry = L2_AT + 4 * 8 * n; /* a line each */

		tap_case("%s", d_cleaning[n].name);
		EXPECT_EQ(0, read32(NAME_A + entry));
		write32(NAME_A + entry, page_desc(n));
		d_cleaning[n].at(NAME_A + entry);
		drain_write_buffer();
		EXPECT_EQ(n << 16, read32(SLOT_VA + n * 0x8000));
	}
	caches_off();
}

GUEST_TEST(a_descriptor_is_used_once_it_has_left_the_write_buffer)
{
	static const uint32_t names[] = { NAME_A, NAME_THROUGH, NAME_BUFFERED, NAME_PLAIN };

	prepare();
	for (unsigned n = 0; n < 4; n++) {
		const uint32_t entry = L2_AT + 4 * 8 * (n + 8);

		tap_case("name 0x%x", names[n]);
		write32(names[n] + entry, page_desc(n));
		drain_write_buffer();
		EXPECT_EQ(n << 16, read32(SLOT_VA + (n + 8) * 0x8000));
	}
	caches_off();
}

GUEST_TEST(a_descriptor_that_changed_counts_after_each_tlb_operation)
{
	prepare();
	for (unsigned op = 0; op < TLB_OPERATIONS; op++) {
		uint32_t *const entry = l2_entry(8 * op);
		const uint32_t va = SLOT_VA + op * 0x8000;

		tap_case("%s", tlb_operations[op].name);
		for (uint32_t n = 0; n < PAGES; n++) {
			cached_set(entry, page_desc(n));
			if (n > 0)
				tlb_operations[op].at(va);
			EXPECT_EQ(n << 16, read32(va));
			EXPECT_EQ(n << 16, probe(USER_LOAD, va).value);
		}
	}
	caches_off();
}

/* One first-level entry, the whole MiB behind it: one operation is enough for a section. */
GUEST_TEST(a_section_that_changed_counts_after_each_tlb_operation)
{
	prepare();
	write32(NAME_PLAIN + 0x12340, 1);
	write32(NAME_PLAIN + 0x100000 + 0x12340, 2);
	for (unsigned op = 0; op < TLB_OPERATIONS; op++) {
		const uint32_t va = SLOT_VA + (op + 1) * 0x100000;

		tap_case("%s", tlb_operations[op].name);
		for (uint32_t n = 0; n < 4; n++) {
			mmu_set(&l1_table[0][va >> 20],
				desc_section(GUEST_SCRATCH + (n & 1) * 0x100000, AP_USER_RW, 0, 0));
			if (n > 0)
				tlb_operations[op].at(va);
			EXPECT_EQ(1 + (n & 1), read32(va + 0x12340));
		}
	}
	caches_off();
}

/* A large page is one entry of the TLB, wherever in it the operation's address lies. */
GUEST_TEST(a_large_page_that_changed_counts_after_one_operation)
{
	prepare();
	write32(NAME_PLAIN + 0x60000 + 0x3008, 1);
	write32(NAME_PLAIN + 0x60000 + 0x9008, 2);
	write32(NAME_PLAIN + 0x70000 + 0x3008, 3);
	write32(NAME_PLAIN + 0x70000 + 0x9008, 4);
	for (uint32_t n = 0; n < 4; n++) {
		const uint32_t page = GUEST_SCRATCH + 0x60000 + (n & 1) * 0x10000;

		for (uint32_t i = 0; i < 16; i++)
			cached_set(l2_entry(0x50 + i), page | AP_USER_RW * 0x550u | L2_LARGE);
		if (n > 0)
			tlb_flush_mva(SLOT_VA + 0x50000);
		EXPECT_EQ(1 + 2 * (n & 1), read32(SLOT_VA + 0x53008));
		EXPECT_EQ(2 + 2 * (n & 1), read32(SLOT_VA + 0x59008));
	}
	caches_off();
}

/* A page whose quarters differ is four entries of the TLB, each with an operation of its own. */
GUEST_TEST(quarters_that_differ_are_forgotten_one_by_one)
{
	uint32_t *const entry = l2_entry(0x70);
	const uint32_t va = SLOT_VA + 0x70000;

	prepare();
	for (uint32_t n = 0; n < 6; n++) {
		/* AP 2 and 3 in turns, then the other way round. */
		const uint32_t aps = n & 1 ? 0xbb : 0xee;
		const uint32_t page = GUEST_SCRATCH + PAGES_AT + n * 0x1000;

		cached_set(entry, page | aps << 4 | L2_SMALL);
		if (n > 0)
			for (uint32_t quarter = 0; quarter < 4; quarter++)
				tlb_flush_mva(va + quarter * 0x400);
		for (uint32_t quarter = 0; quarter < 4; quarter++)
			EXPECT_EQ(n << 16 | quarter * 0x400, read32(va + quarter * 0x400));
	}
	caches_off();
}

GUEST_TEST(tiny_pages_are_forgotten_one_by_one)
{
	uint32_t *const l2 = l2_table[0];
	const uint32_t va = SLOT_VA + 0x800000;

	prepare();
	mmu_set(&l1_table[0][va >> 20], desc_fine(addr(l2), 0));
	for (uint32_t n = 0; n < 4; n++) {
		for (uint32_t quarter = 0; quarter < 4; quarter++) {
			mmu_set(&l2[0x40 + quarter],
				desc_tiny(GUEST_SCRATCH + PAGES_AT + n * 0x1000 + quarter * 0x400,
					  AP_USER_RW, 0));
			if (n > 0)
				tlb_flush_mva(va + 0x10000 + quarter * 0x400);
		}
		for (uint32_t quarter = 0; quarter < 4; quarter++)
			EXPECT_EQ(n << 16 | quarter * 0x400,
				  read32(va + 0x10000 + quarter * 0x400));
	}
	caches_off();
}

/* Level 1 in cached memory, and the base register moved to it. */
GUEST_TEST(a_cached_first_level_table_is_used_once_it_was_cleaned)
{
	uint32_t *const l1 = (uint32_t *)(uintptr_t)(NAME_A + L1_AT);

	prepare();
	for (uint32_t i = 0; i < L1_ENTRIES; i++)
		l1[i] = l1_table[0][i];
	for (uint32_t at = 0; at < L1_ENTRIES * 4; at += CACHE_LINE)
		d_line_clean(NAME_A + L1_AT + at);
	drain_write_buffer();
	ttbr_write(GUEST_SCRATCH + L1_AT);
	tlb_flush_all();
	write32(NAME_PLAIN + 0x23450, 0x55);
	EXPECT_EQ(0x55, read32(NAME_A + 0x23450));
	for (uint32_t n = 0; n < 4; n++) {
		const uint32_t va = 0x58000000 + n * 0x100000;

		EXPECT_EQ(0, l1[va >> 20]);
		cached_set(&l1[va >> 20], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
		EXPECT_EQ(0x55, read32(va + 0x23450));
	}
	ttbr_write(addr(l1_table[0]));
	tlb_flush_all();
	caches_off();
}

/* Rights are added: no operation is needed after the fault, as none is cached (TRM, 3.4). */
GUEST_TEST(a_page_that_appears_needs_no_tlb_operation)
{
	prepare();
	for (uint32_t n = 0; n < PAGES; n++) {
		const uint32_t va = SLOT_VA + 0x90000 + n * 0x1000;

		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(KERNEL_LOAD, va));
		cached_set(l2_entry(0x90 + n), page_desc(n));
		EXPECT_EQ(n << 16, read32(va));
	}
	caches_off();
}
