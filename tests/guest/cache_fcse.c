/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast context switch extension with caches on. Lines and TLB entries belong to modified
 * virtual addresses (TRM, 4.1; ARM ARM, B8): a change of the PID needs no maintenance, and the two
 * names of a page of the process are one line.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define PROCESSES 3u
#define PID(n)    ((n) << 25)
#define LOW_VA    0x01000000u /* behind the program, which every process sees as well */
#define MVA(n)    (PID(n) | LOW_VA)
#define PROGRAM   4u /* MiB */

/* Process n: half a MiB of the scratch RAM at LOW_VA. */
static uint32_t plain(uint32_t n)
{
	return NAME_PLAIN + n * 0x80000;
}

static void prepare(void)
{
	caches_on();
	for (uint32_t n = 1; n <= PROCESSES; n++) {
		for (unsigned i = 0; i < PROGRAM; i++)
			mmu_set(&l1_table[0][(PID(n) >> 20) + i], l1_table[0][i]);
		for (uint32_t i = 0; i < 0x80; i++)
			mmu_set(&l2_table[n][i],
				desc_small(plain(n) + i * 0x1000, AP_USER_RW, DESC_C | DESC_B));
		mmu_set(&l1_table[0][MVA(n) >> 20], desc_coarse(addr(l2_table[n]), 0));
	}
	tlb_flush_all();
}

static void finish(void)
{
	caches_empty();
	fcse_pid_write(0);
	caches_off();
}

GUEST_TEST(dirty_lines_of_processes_stay_apart)
{
	prepare();
	for (uint32_t n = 1; n <= PROCESSES; n++) {
		fcse_pid_write(PID(n));
		read32(LOW_VA);
		write32(LOW_VA, 0x100 * n);
		write32(LOW_VA + 4, 0);
	}
	for (uint32_t i = 1; i < 4; i++) {
		for (uint32_t n = 1; n <= PROCESSES; n++) {
			fcse_pid_write(PID(n));
			EXPECT_EQ(0x100 * n, read32(LOW_VA));
			write32(LOW_VA + 4, read32(LOW_VA + 4) + n);
			EXPECT_EQ(i * n, read32(LOW_VA + 4));
		}
	}
	finish();
	for (uint32_t n = 1; n <= PROCESSES; n++)
		EXPECT_EQ(3 * n, read32(plain(n) + 4));
}

GUEST_TEST(code_of_processes_stays_apart)
{
	prepare();
	for (uint32_t n = 1; n <= PROCESSES; n++)
		code_write(plain(n) + 0x100, MOV_R0(n));
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t n = 1; n <= PROCESSES; n++) {
			fcse_pid_write(PID(n));
			EXPECT_EQ(n, code_run(LOW_VA + 0x100));
		}
	}
	finish();
}

/* The process uses its page at the low address, and the kernel at the modified one. */
GUEST_TEST(both_names_of_a_page_of_the_process_are_one_line)
{
	prepare();
	for (uint32_t n = 1; n <= PROCESSES; n++) {
		fcse_pid_write(PID(n));
		read32(LOW_VA + 0x200);
		write32(LOW_VA + 0x200, 0x10 + n);
		EXPECT_EQ(0x10 + n, read32(MVA(n) + 0x200));
		write32(MVA(n) + 0x200, 0x20 + n);
		EXPECT_EQ(0x20 + n, read32(LOW_VA + 0x200));
		write32(LOW_VA + 0x204, 0x30 + n);
		d_line_clean(MVA(n) + 0x200);
		drain_write_buffer();
		EXPECT_EQ(0x20 + n, read32(plain(n) + 0x200));
		EXPECT_EQ(0x30 + n, read32(plain(n) + 0x204));
	}
	finish();
}

/* Operations take modified addresses: a low one is a line of the process with PID 0. */
GUEST_TEST(an_operation_by_a_low_address_leaves_the_process_alone)
{
	prepare();
	fcse_pid_write(PID(1));
	read32(LOW_VA + 0x300);
	write32(LOW_VA + 0x300, 0x77);
	d_line_invalidate(LOW_VA + 0x300);
	EXPECT_EQ(0x77, read32(LOW_VA + 0x300));
	finish();
	EXPECT_EQ(0x77, read32(plain(1) + 0x300));
}

/* Nobody's turn: lines of the process with PID 0 stay in the cache, and can be cleaned there. */
GUEST_TEST(lines_of_process_zero_outlive_its_turn)
{
	prepare();
	mmu_set(&l2_table[0][0], desc_small(plain(0), AP_USER_RW, DESC_C | DESC_B));
	mmu_set(&l1_table[0][LOW_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	for (uint32_t n = 1; n <= PROCESSES; n++) {
		read32(LOW_VA + 0x400);
		write32(LOW_VA + 0x400, 0x90 + n);
		write32(LOW_VA + 0x500, 0xa0 + n);
		fcse_pid_write(PID(n));
		d_line_clean(LOW_VA + 0x400);
		d_line_clean(LOW_VA + 0x500);
		drain_write_buffer();
		EXPECT_EQ(0x90 + n, read32(plain(0) + 0x400));
		fcse_pid_write(0);
		EXPECT_EQ(0x90 + n, read32(LOW_VA + 0x400));
		EXPECT_EQ(0xa0 + n, read32(LOW_VA + 0x500));
	}
	finish();
}

GUEST_TEST(one_tlb_operation_by_the_modified_address_is_enough)
{
	prepare();
	write32(plain(1) + 0x1400, 1);
	write32(plain(1) + 0x2400, 2);
	fcse_pid_write(PID(1));
	for (uint32_t n = 0; n < 4; n++) {
		mmu_set(&l2_table[1][8],
			desc_small(plain(1) + 0x1000 + (n & 1) * 0x1000, AP_USER_RW, 0));
		if (n > 0)
			tlb_flush_mva(MVA(1) + 0x8000);
		EXPECT_EQ(1 + (n & 1), read32(LOW_VA + 0x8400));
		EXPECT_EQ(1 + (n & 1), read32(MVA(1) + 0x8400));
	}
	finish();
}
