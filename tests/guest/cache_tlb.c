/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the TLB may still hold when tables change without an operation, which a program may do as
 * long as what it uses does not change; and more address space than a VMM has tables for. What is
 * looked for is not in the output: a translation that is used although its table says otherwise.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define SLOT_VA  0x48000000u
#define PAGES_AT 0x40000u
#define KERNEL   1u /* a domain that programs have closed */

static uint32_t page(uint32_t n)
{
	return GUEST_SCRATCH + PAGES_AT + n * 0x1000;
}

static void prepare(void)
{
	caches_on();
	for (uint32_t n = 0; n < 64; n++) {
		write32(page(n), n);
		write32(page(n) + 0x100, PROBE_WORD);
	}
}

static void set_small(unsigned table, uint32_t entry, uint32_t n, unsigned ap)
{
	mmu_set(&l2_table[table][entry], desc_small(page(n), ap, 0));
}

/* A section's rights grow, and the table with them; the TLB follows at the fault at the latest. */
GUEST_TEST(a_section_gets_rights_without_an_operation)
{
	prepare();
	for (uint32_t turn = 0; turn < 3; turn++) {
		const uint32_t va = SLOT_VA + turn * 0x100000 + PAGES_AT;

		mmu_set(&l1_table[0][va >> 20], desc_section(GUEST_SCRATCH, AP_PRIV, 0, 0));
		tlb_flush_all();
		EXPECT_EQ(0, read32(va));
		EXPECT_EQ(FSR_PERMISSION_SECTION, probe_status(USER_LOAD, va));
		mmu_set(&l1_table[0][va >> 20], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
		/* On the core an entry with fewer rights may still be there, and the first load fault. */
		if (turn == 0 || probe_status(USER_LOAD, va) != 0)
			tlb_flush_mva(va);
		EXPECT_EQ(0, probe_status(USER_LOAD, va));
		EXPECT_EQ(0, read32(va));
	}
	caches_off();
}

/* A manager domain has all rights at once: the DACR is no part of a TLB entry (TRM, 3.5). */
GUEST_TEST(a_manager_domain_needs_no_tlb_operation)
{
	static const unsigned aps[] = { AP_SR, AP_PRIV, AP_USER_RO };

	prepare();
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t beside = 0; beside < 2; beside++) {
			const uint32_t slot_va = SLOT_VA + (2 * i + beside) * 0x100000;
			const uint32_t va = slot_va + 0x1000;

			tap_case("AP %u, %u", aps[i], (unsigned)beside);
			for (unsigned n = 0; n < COARSE_ENTRIES; n++)
				l2_table[0][n] = 0;
			set_small(0, 0, 2, AP_USER_RW);
			set_small(0, 1, 1, aps[i]);
			mmu_set(&l1_table[0][slot_va >> 20],
				desc_coarse(addr(l2_table[0]), KERNEL));
			mmu_on(SCTLR_R);
			dacr_write(DACR_ONLY_0 | dacr_field(KERNEL, DOMAIN_CLIENT));
			if (beside) /* a page of programs in the same slot */
				EXPECT_EQ(0, probe_status(USER_LOAD, slot_va));
			for (uint32_t turn = 0; turn < 3; turn++) {
				EXPECT_EQ(0, probe_status(KERNEL_LOAD, va));
				dacr_write(DACR_ONLY_0 | dacr_field(KERNEL, DOMAIN_MANAGER));
				EXPECT_EQ(0, probe_status(KERNEL_STORE, va + 8));
				EXPECT_EQ(0, probe_status(KERNEL_LOAD, va));
				EXPECT_EQ(0, probe_status(USER_STORE, va + 8));
				EXPECT_EQ(0, probe_status(KERNEL_STORE, va + 8));
				dacr_write(DACR_ONLY_0 | dacr_field(KERNEL, DOMAIN_CLIENT));
				EXPECT_EQ(0, probe_status(KERNEL_LOAD, va));
				EXPECT_EQ(aps[i] == AP_PRIV ? FSR_PERMISSION_PAGE : 0,
					  probe_status(USER_LOAD, va));
			}
		}
	}
	caches_off();
}

#define AGREED 16u /* pages: some are in the TLB whatever else is */

/* Another second-level table that says the same of the pages in use, and more. */
GUEST_TEST(a_table_is_replaced_by_one_that_agrees)
{
	prepare();
	for (uint32_t turn = 0; turn < 4; turn++) {
		const unsigned from = turn & 1, to = !from;

		for (unsigned t = 0; t < 2; t++) {
			for (unsigned n = 0; n < COARSE_ENTRIES; n++)
				l2_table[t][n] = 0;
			for (uint32_t n = 0; n < AGREED; n++)
				set_small(t, n, n, AP_USER_RW);
		}
		set_small(to, AGREED, AGREED, AP_USER_RW);
		mmu_set(&l1_table[0][SLOT_VA >> 20], desc_coarse(addr(l2_table[from]), 0));
		tlb_flush_all();
		EXPECT_EQ(FSR_TRANSLATION_PAGE,
			  probe_status(KERNEL_LOAD, SLOT_VA + (AGREED << 12)));
		for (uint32_t n = 0; n < AGREED; n++)
			EXPECT_EQ(n, read32(SLOT_VA + (n << 12)));
		mmu_set(&l1_table[0][SLOT_VA >> 20], desc_coarse(addr(l2_table[to]), 0));
		EXPECT_EQ(AGREED, read32(SLOT_VA + (AGREED << 12)));
		for (uint32_t n = 0; n < AGREED; n++)
			EXPECT_EQ(n, read32(SLOT_VA + (n << 12)));
		EXPECT_EQ(2, probe(USER_LOAD, SLOT_VA + 0x2000).value);
	}
	caches_off();
}

/* More kernel pages beside pages of programs than anybody remembers one by one. */
GUEST_TEST(many_kernel_pages_beside_pages_of_programs)
{
	prepare();
	for (uint32_t n = 0; n < 64; n++)
		set_small(0, n, n, n & 1 ? AP_USER_RW : AP_PRIV);
	mmu_set(&l1_table[0][SLOT_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	tlb_flush_all();
	EXPECT_EQ(1, probe(USER_LOAD, SLOT_VA + 0x1000).value);
	for (uint32_t turn = 0; turn < 3; turn++) {
		for (uint32_t n = 0; n < 64; n++)
			EXPECT_EQ(n, read32(SLOT_VA + n * 0x1000));
		for (uint32_t n = 63; n-- > 0;) {
			EXPECT_EQ(n, read32(SLOT_VA + n * 0x1000));
			EXPECT_EQ(n + 1, read32(SLOT_VA + (n + 1) * 0x1000));
		}
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, SLOT_VA + 0x2000));
		EXPECT_EQ(3, probe(USER_LOAD, SLOT_VA + 0x3000).value);
	}
	caches_off();
}

/* The last slot, where high vectors would be, with few pages, many, and tiny ones. */
static void close_the_top(bool fine, uint32_t pages)
{
	const uint32_t va = 0xfff00000;
	const uint32_t first = 0x20;

	prepare();
	for (uint32_t n = 0; n < pages; n++) {
		if (fine)
			mmu_set(&l2_table[0][4 * (first + n)], desc_tiny(page(n), AP_PRIV, 0));
		else
			set_small(0, first + n, n, AP_PRIV);
	}
	mmu_set(&l1_table[0][va >> 20], fine ? desc_fine(addr(l2_table[0]), KERNEL)
					     : desc_coarse(addr(l2_table[0]), KERNEL));
	dacr_write(DACR_ONLY_0 | dacr_field(KERNEL, DOMAIN_CLIENT));
	tlb_flush_all();
	for (uint32_t turn = 0; turn < 3; turn++) {
		for (uint32_t n = 0; n < pages; n++)
			EXPECT_EQ(n, read32(va + ((first + n) << 12)));
		for (uint32_t n = 0; n < pages; n++)
			EXPECT_EQ(FSR_PERMISSION_PAGE,
				  probe_status(USER_LOAD, va + ((first + n) << 12)));
		dacr_write(DACR_ONLY_0);
		EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(KERNEL_LOAD, va + (first << 12)));
		EXPECT_EQ(FSR_DOMAIN_PAGE,
			  probe_status(USER_LOAD, va + ((first + pages - 1) << 12)));
		dacr_write(DACR_ONLY_0 | dacr_field(KERNEL, DOMAIN_CLIENT));
	}
	caches_off();
}

GUEST_TEST(the_slot_at_the_top_is_closed_and_opened)
{
	close_the_top(false, 4);
	close_the_top(false, 40);
	close_the_top(true, 8);
}

/* The same where the vectors are high, and the other end is the VMM's. */
GUEST_TEST(the_slot_at_zero_is_closed_and_opened_with_high_vectors)
{
	const uint32_t pages[] = { 4, 40 };

	for (unsigned i = 0; i < 2; i++) {
		prepare();
		mmu_map_high_vectors();
		for (unsigned n = 0; n < COARSE_ENTRIES; n++) /* the program's first MiB */
			mmu_set(&l2_table[0][n], desc_small(n << 12, AP_USER_RW, 0));
		for (uint32_t n = 0; n < pages[i]; n++)
			set_small(0, 0xa0 + n, n, AP_PRIV);
		mmu_set(&l1_table[0][0], desc_coarse(addr(l2_table[0]), 0));
		mmu_on(SCTLR_V);
		for (uint32_t turn = 0; turn < 3; turn++) {
			for (uint32_t n = 0; n < pages[i]; n++)
				EXPECT_EQ(n, read32(0xa0000 + (n << 12)));
			for (uint32_t n = 0; n < pages[i]; n++)
				EXPECT_EQ(FSR_PERMISSION_PAGE,
					  probe_status(USER_LOAD, 0xa0000 + (n << 12)));
		}
		mmu_set(&l1_table[0][0], desc_section(0, AP_USER_RW, 0, 0));
		tlb_flush_all();
		caches_off();
	}
}

/* 1 MiB slots in use: more than a VMM remembers for one address space. */
GUEST_TEST(more_slots_than_anybody_counts)
{
	const uint32_t slots = 300;

	prepare();
	for (uint32_t n = 0; n < slots; n++)
		mmu_set(&l1_table[0][0x800 + n], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
	write32(NAME_PLAIN + 0x5000, 0x5a);
	for (uint32_t n = 0; n < slots; n++)
		for (uint32_t back = 0; back <= n && back < 4; back++)
			EXPECT_EQ(0x5a, read32(0x80005000 + ((n - back) << 20)));
	caches_off();
}

/*
 * Second-level tables in use: more than a VMM has, which is 480 now. A fine table takes the room of
 * four; the first turn is for any number from 440 to 519.
 */
GUEST_TEST(more_tables_than_anybody_has)
{
	const uint32_t slots = 190;

	prepare();
	mmu_set(&l2_table[0][4], desc_tiny(page(7), AP_USER_RW, 0));
	set_small(1, 1, 9, AP_USER_RW);
	for (uint32_t fine = 0; fine < 2; fine++) {
		for (uint32_t n = 0; n < slots; n++) {
			/* First fine tables use up most, then coarse ones the rest. */
			const bool is_fine = fine ? n % 8 != 7 : n < 110;

			mmu_set(&l1_table[0][0x800 + n],
				is_fine ? desc_fine(addr(l2_table[0]), 0)
					: desc_coarse(addr(l2_table[1]), 0));
		}
		tlb_flush_all();
		for (uint32_t n = 0; n < slots; n++)
			for (uint32_t back = 0; back <= n && back < 6; back++) {
				const uint32_t value = read32(0x80001000 + ((n - back) << 20));

				EXPECT_TRUE(value == 7 || value == 9);
			}
	}
	caches_off();
}
