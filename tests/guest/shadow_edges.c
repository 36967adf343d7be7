/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables whose shadow is easy to get wrong: tables shared by address spaces, tables taken out
 * of use and put in again elsewhere, pages with two names. Each was a bug once.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)
#define FCSE_PID  0x40000000u
#define FCSE_VA   0x41000000u

/** A page for programs, and a page of the kernel at @p kernel_entry of the same table. */
static void map_beside(unsigned kernel_entry)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	write32(GUEST_SCRATCH + 0x1000, PROBE_WORD);
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l2_table[0][kernel_entry], desc_small(GUEST_SCRATCH + 0x1000, AP_PRIV, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
}

static void switch_to(unsigned table)
{
	ttbr_write(addr(l1_table[table]));
	tlb_flush_all();
}

/* The other address space has used a page for programs in the table that both share. */
GUEST_TEST(a_kernel_page_beside_a_page_that_another_address_space_used_is_closed)
{
	map_beside(1);
	mmu_set(&l1_table[1][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);

	switch_to(1);
	switch_to(0);
	EXPECT_EQ(0, probe_status(USER_LOAD, TEST_VA));
	switch_to(1);
	EXPECT_EQ(0, probe_status(KERNEL_LOAD, TEST_VA + 0x1000));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, TEST_VA + 0x1000));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, TEST_VA + 0x1000));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_LDRT, TEST_VA + 0x1000));
}

/* Entry 0xf0 of the table that goes is where the one that comes has the vectors. */
GUEST_TEST(a_kernel_page_of_a_table_that_is_gone_is_forgotten)
{
	map_beside(0xf0);
	mmu_set(&l2_table[1][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l1_table[0][0xfff], desc_coarse(addr(l2_table[1]), 0));
	mmu_on(0);

	EXPECT_EQ(0, probe_status(USER_LOAD, TEST_VA));
	EXPECT_EQ(PROBE_WORD, read32(TEST_VA + 0xf0000));
	mmu_set(&l1_table[0][TEST_SLOT], 0);
	tlb_flush_all();
	EXPECT_EQ(PROBE_WORD, read32(0xfff00000));
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(0, probe_status(USER_LOAD, 0xfff00000));
		tlb_flush_all();
	}
}

/* ARM ARM, B8: the low name of a page of the process, and its modified virtual address. */
GUEST_TEST(both_names_of_a_page_follow_a_flush_of_one_entry)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, 1);
	write32(GUEST_SCRATCH + 0x1000, 2);
	for (unsigned i = 0; i < 4; i++)
		mmu_set(&l1_table[0][(FCSE_PID >> 20) + i], l1_table[0][i]);
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l1_table[0][FCSE_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	fcse_pid_write(FCSE_PID);
	tlb_flush_all();

	EXPECT_EQ(1, read32(FCSE_VA));
	EXPECT_EQ(1, read32(FCSE_VA & 0x01ffffff));
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH + 0x1000, AP_USER_RW, 0));
	tlb_flush_mva(FCSE_VA);
	EXPECT_EQ(2, read32(FCSE_VA));
	EXPECT_EQ(2, read32(FCSE_VA & 0x01ffffff));
	fcse_pid_write(0);
}
