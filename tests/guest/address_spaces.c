/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations that change: TLB operations, domains opened and closed, table switches, tables that
 * are reused or map themselves, the FCSE, and what is at address 0 and at 0xffff0000. A test
 * may see an old translation only where the architecture allows none but the new one.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)
#define MIB       0x00100000u

extern label closed_code, closed_code_end, closed_vectors, closed_vectors_end, code_at_zero,
	code_at_zero_end, pid_swi;
extern volatile uint32_t pid_swi_count;
uint32_t closed_run(const uint32_t args[4], uint32_t code);
void pid_round_trip(uint32_t va, uint32_t pid_a, uint32_t pid_b, uint32_t out[4]);

/* Page n of scratch RAM holds words that say so. */
static uint32_t page(unsigned n)
{
	return GUEST_SCRATCH + n * 0x1000;
}

static uint32_t page_word(unsigned n)
{
	return 0xaa000000u + n;
}

static void mark_pages(unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		for (uint32_t at = 0; at < 0x1000; at += 0x200)
			write32(page(n) + at, page_word(n));
}

static void copy_code(uint32_t to, const uint32_t *from, const uint32_t *end)
{
	for (; from < end; from++, to += 4)
		write32(to, *from);
	drain_write_buffer();
	CP15_WRITE(c7, c5, 0, 0);
}

GUEST_TEST(a_changed_page_is_seen_after_its_address_is_invalidated)
{
	mmu_tables_init();
	mark_pages(16);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 16; turn++) {
		const uint32_t va = TEST_VA + (turn % 4) * 0x1000;

		tap_case("turn %u", turn);
		mmu_set(&l2_table[0][turn % 4], desc_small(page(turn), AP_USER_RW, 0));
		tlb_flush_mva(va);
		EXPECT_EQ(page_word(turn), read32(va));
		EXPECT_EQ(page_word(turn), probe(USER_LOAD, va + 0xe00).value);
	}
}

GUEST_TEST(a_removed_page_faults_after_its_address_is_invalidated)
{
	mmu_tables_init();
	mark_pages(4);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned n = 0; n < 4; n++)
			mmu_set(&l2_table[0][n], desc_small(page(n), AP_USER_RW, 0));
		for (unsigned n = 0; n < 4; n++)
			EXPECT_EQ(page_word(n), read32(TEST_VA + n * 0x1000));
		mmu_set(&l2_table[0][turn], 0);
		tlb_flush_mva(TEST_VA + turn * 0x1000);
		for (unsigned n = 0; n < 4; n++) {
			tap_case("turn %u, page %u", turn, n);
			EXPECT_EQ(n == turn ? FSR_TRANSLATION_PAGE : 0,
				  probe_status(KERNEL_LOAD, TEST_VA + n * 0x1000));
		}
	}
}

GUEST_TEST(many_changes_are_seen_after_everything_is_invalidated)
{
	mmu_tables_init();
	mark_pages(64);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned n = 0; n < 64; n++)
			mmu_set(&l2_table[0][n],
				(n + turn) % 5
					? desc_small(page((n * 7 + turn) % 64), AP_USER_RW, 0)
					: 0);
		tlb_flush_all();
		for (unsigned n = 0; n < 64; n++) {
			tap_case("turn %u, page %u", turn, n);
			if ((n + turn) % 5)
				EXPECT_EQ(page_word((n * 7 + turn) % 64),
					  read32(TEST_VA + n * 0x1000));
			else
				EXPECT_EQ(FSR_TRANSLATION_PAGE,
					  probe_status(KERNEL_LOAD, TEST_VA + n * 0x1000));
		}
	}
}

GUEST_TEST(permissions_taken_away_are_gone_after_the_address_is_invalidated)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(SCTLR_R);
	for (unsigned turn = 0; turn < 3; turn++) {
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
		tlb_flush_mva(TEST_VA);
		EXPECT_EQ(0, probe_status(USER_STORE, TEST_VA));
		EXPECT_EQ(0, probe_status(KERNEL_STORE, TEST_VA));
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RO, 0));
		tlb_flush_mva(TEST_VA);
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, TEST_VA));
		EXPECT_EQ(0, probe_status(USER_LOAD, TEST_VA));
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_SR, 0));
		tlb_flush_mva(TEST_VA);
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_STORE, TEST_VA));
		EXPECT_EQ(0, probe_status(KERNEL_EXEC, TEST_VA));
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_PRIV, 0));
		tlb_flush_mva(TEST_VA);
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, TEST_VA));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_EXEC, TEST_VA));
	}
}

/* One operation on any address of a section ends the whole section. */
GUEST_TEST(one_invalidation_ends_a_whole_section)
{
	mmu_tables_init();
	mmu_on(0);
	for (uint32_t flushed = 0; flushed < MIB; flushed += 0x3d400) {
		tap_case("flushed at 0x%x", flushed);
		for (uint32_t at = 0; at < MIB; at += 0x8000) {
			write32(GUEST_SCRATCH + at, 0x11000000 + at);
			write32(GUEST_SCRATCH + MIB + at, 0x22000000 + at);
		}
		mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
		tlb_flush_all();
		for (uint32_t at = 0; at < MIB; at += 0x8000)
			EXPECT_EQ(0x11000000 + at, read32(TEST_VA + at));
		mmu_set(&l1_table[0][TEST_SLOT],
			desc_section(GUEST_SCRATCH + MIB, AP_USER_RW, 0, 0));
		tlb_flush_mva(TEST_VA + flushed);
		for (uint32_t at = 0; at < MIB; at += 0x8000)
			EXPECT_EQ(0x22000000 + at, read32(TEST_VA + at));
	}
}

GUEST_TEST(one_invalidation_ends_a_whole_large_page)
{
	mmu_tables_init();
	mark_pages(32);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned i = 0; i < 16; i++)
			mmu_set(&l2_table[0][i],
				page(16 * (turn % 2)) | AP_USER_RW * 0x550u | L2_LARGE);
		tlb_flush_mva(TEST_VA + turn * 0x3400);
		for (unsigned i = 0; i < 16; i++) {
			tap_case("turn %u, page %u", turn, i);
			EXPECT_EQ(page_word(16 * (turn % 2) + i), read32(TEST_VA + i * 0x1000));
		}
	}
}

GUEST_TEST(a_section_split_into_pages_is_seen_after_one_invalidation)
{
	mmu_tables_init();
	mark_pages(256);
	for (unsigned i = 0; i < COARSE_ENTRIES; i++)
		l2_table[0][i] = desc_small(page(255 - i), i % 2 ? AP_USER_RO : AP_USER_RW, 0);
	mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
	mmu_on(0);
	for (unsigned i = 0; i < COARSE_ENTRIES; i += 5)
		EXPECT_EQ(page_word(i), read32(TEST_VA + i * 0x1000));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	tlb_flush_mva(TEST_VA + 0x54000);
	for (unsigned i = 0; i < COARSE_ENTRIES; i += 5) {
		tap_case("page %u", i);
		EXPECT_EQ(page_word(255 - i), read32(TEST_VA + i * 0x1000));
		EXPECT_EQ(i % 2 ? FSR_PERMISSION_PAGE : 0,
			  probe_status(USER_STORE, TEST_VA + i * 0x1000 + 4));
	}
	mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
	tlb_flush_all();
	EXPECT_EQ(page_word(3), read32(TEST_VA + 0x3000));
	EXPECT_EQ(page_word(254), read32(TEST_VA + 0xfe000));
}

/* Tiny pages are the granularity of a fine table, and of an invalidation. */
GUEST_TEST(tiny_pages_change_one_by_one)
{
	mmu_tables_init();
	for (unsigned i = 0; i < 16; i++)
		write32(GUEST_SCRATCH + i * 0x400, 0x7100 + i);
	mmu_set(&l1_table[0][TEST_SLOT], desc_fine(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 4; turn++)
		for (unsigned i = 0; i < 8; i++) {
			tap_case("turn %u, page %u", turn, i);
			mmu_set(&l2_table[0][i],
				desc_tiny(GUEST_SCRATCH + ((i * 3 + turn) % 16) * 0x400, AP_USER_RW,
					  0));
			tlb_flush_mva(TEST_VA + i * 0x400);
			EXPECT_EQ(0x7100 + (i * 3 + turn) % 16, read32(TEST_VA + i * 0x400));
		}
}

GUEST_TEST(domains_open_and_close_at_once)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	for (unsigned domain = 1; domain < 16; domain++)
		mmu_set(&l1_table[0][TEST_SLOT + domain],
			desc_section(GUEST_SCRATCH, AP_PRIV, domain, 0));
	mmu_on(0);
	for (unsigned domain = 1; domain < 16; domain++) {
		const uint32_t va = TEST_VA + domain * MIB;

		tap_case("domain %u", domain);
		EXPECT_EQ(FSR_DOMAIN_SECTION, probe_status(KERNEL_LOAD, va));
		dacr_write(DACR_ONLY_0 | dacr_field(domain, DOMAIN_CLIENT));
		EXPECT_EQ(0, probe_status(KERNEL_LOAD, va));
		EXPECT_EQ(FSR_PERMISSION_SECTION, probe_status(USER_LOAD, va));
		dacr_write(DACR_ONLY_0 | dacr_field(domain, DOMAIN_MANAGER));
		EXPECT_EQ(0, probe_status(USER_LOAD, va));
		EXPECT_EQ(0, probe_status(USER_EXEC, va));
		dacr_write(DACR_ONLY_0 | dacr_field(domain, DOMAIN_CLIENT));
		EXPECT_EQ(FSR_PERMISSION_SECTION, probe_status(USER_LOAD, va));
		dacr_write(DACR_ONLY_0);
		EXPECT_EQ(FSR_DOMAIN_SECTION, probe_status(KERNEL_STORE, va));
		EXPECT_EQ(FSR_DOMAIN_SECTION, probe_status(USER_EXEC, va));
	}
}

GUEST_TEST(tables_are_changed_through_another_mapping)
{
	const uint32_t alias = 0x50000000u + (addr(l2_table[0]) & (MIB - 1));

	mmu_tables_init();
	mark_pages(4);
	mmu_set(&l1_table[0][0x500], desc_section(addr(l2_table[0]) & ~(MIB - 1), AP_PRIV, 0, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned turn = 0; turn < 4; turn++) {
		write32(alias, desc_small(page(turn), AP_USER_RW, 0));
		drain_write_buffer();
		tlb_flush_mva(TEST_VA);
		EXPECT_EQ(page_word(turn), read32(TEST_VA));
	}
}

/* The level 1 table as its own level 2 table: its section descriptors read as small pages. */
GUEST_TEST(a_table_may_be_used_as_a_table_of_the_other_level)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, 0x5e1f);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l1_table[0]), 0));
	mmu_on(0);
	EXPECT_EQ(0x5e1f, read32(TEST_VA + (GUEST_SCRATCH >> 8)));
	write32(GUEST_SCRATCH, 0x5e20);
	EXPECT_EQ(0x5e20, read32(TEST_VA + (GUEST_SCRATCH >> 8)));
}

/* A page of a table maps the table: the window through which many systems change their tables. */
GUEST_TEST(a_table_maps_itself)
{
	const uint32_t table = addr(l2_table[0]);

	mmu_tables_init();
	mark_pages(3);
	mmu_set(&l2_table[0][0], desc_small(table & 0xfffff000, AP_PRIV, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(table, 0));
	mmu_on(0);
	EXPECT_EQ(desc_small(table & 0xfffff000, AP_PRIV, 0), read32(TEST_VA + (table & 0xfff)));
	for (unsigned n = 0; n < 3; n++) {
		write32(TEST_VA + (table & 0xfff) + 4, desc_small(page(n), AP_USER_RW, 0));
		drain_write_buffer();
		tlb_flush_mva(TEST_VA + 0x1000);
		EXPECT_EQ(page_word(n), read32(TEST_VA + 0x1000));
	}
}

GUEST_TEST(two_tables_are_two_address_spaces)
{
	mmu_tables_init();
	mark_pages(8);
	for (unsigned space = 0; space < 2; space++) {
		for (unsigned i = 0; i < 4; i++)
			mmu_set(&l2_table[space][i],
				desc_small(page(space * 4 + i), AP_USER_RW, 0));
		mmu_set(&l1_table[space][TEST_SLOT], desc_coarse(addr(l2_table[space]), 0));
	}
	mmu_on(0);
	for (unsigned turn = 0; turn < 8; turn++) {
		const unsigned space = turn % 2;

		ttbr_write(addr(l1_table[space]));
		tlb_flush_all();
		for (unsigned i = 0; i < 4; i++) {
			tap_case("turn %u, page %u", turn, i);
			EXPECT_EQ(page_word(space * 4 + i), read32(TEST_VA + i * 0x1000));
		}
	}
	ttbr_write(addr(l1_table[0]));
	tlb_flush_all();
}

/* Directories and tables that are changed and reused while another directory is in use. */
GUEST_TEST(a_table_that_was_changed_while_another_was_in_use_is_new)
{
	mmu_tables_init();
	mark_pages(24);
	mmu_on(0);
	for (unsigned turn = 0; turn < 24; turn++) {
		const unsigned next = (turn + 1) % 2;
		uint32_t *const l2 = l2_table[turn * 3 % 4];

		tap_case("turn %u", turn);
		mmu_set(&l2[0], turn % 3 ? desc_small(page(turn), AP_USER_RW, 0) : 0);
		mmu_set(&l1_table[next][TEST_SLOT], desc_coarse(addr(l2), 0));
		ttbr_write(addr(l1_table[next]));
		tlb_flush_all();
		if (turn % 3)
			EXPECT_EQ(page_word(turn), read32(TEST_VA));
		else
			EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(USER_LOAD, TEST_VA));
	}
	ttbr_write(addr(l1_table[0]));
	tlb_flush_all();
}

GUEST_TEST(the_mmu_is_switched_off_and_on)
{
	mmu_tables_init();
	mark_pages(2);
	mmu_set(&l2_table[0][(GUEST_SCRATCH & (MIB - 1)) >> 12],
		desc_small(page(1), AP_USER_RW, 0));
	mmu_set(&l1_table[0][GUEST_SCRATCH >> 20], desc_coarse(addr(l2_table[0]), 0));
	for (unsigned turn = 0; turn < 4; turn++) {
		mmu_on(0);
		EXPECT_EQ(page_word(1), read32(GUEST_SCRATCH));
		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(KERNEL_LOAD, GUEST_SCRATCH + 0x1000));
		mmu_off();
		EXPECT_EQ(page_word(0), read32(GUEST_SCRATCH));
		EXPECT_EQ(page_word(1), read32(GUEST_SCRATCH + 0x1000));
	}
}

/* FCSE (ARM ARM, B8): the same address below 32 MiB is another one under another PID. */
GUEST_TEST(a_change_of_the_fcse_pid_needs_no_flush)
{
	const uint32_t va = 0x01800000;
	uint32_t out[4];

	mmu_tables_init();
	for (unsigned pid = 1; pid < 3; pid++) {
		for (uint32_t at = 0; at < GUEST_SCRATCH; at += MIB)
			mmu_set(&l1_table[0][pid * 32 + (at >> 20)],
				desc_section(at, AP_USER_RW, 0, 0));
		mmu_set(&l2_table[pid][0], desc_small(page(pid), AP_USER_RW, 0));
		mmu_set(&l1_table[0][pid * 32 + (va >> 20)], desc_coarse(addr(l2_table[pid]), 0));
	}
	mmu_on(0);
	for (unsigned turn = 0; turn < 3; turn++) {
		tap_case("turn %u", turn);
		mark_pages(3);
		pid_round_trip(va, 1u << 25, 2u << 25, out);
		EXPECT_EQ(page_word(1), out[0]);
		EXPECT_EQ(page_word(2), out[1]);
		EXPECT_EQ(~page_word(1), out[2]);
		EXPECT_EQ(page_word(2), out[3]);
		EXPECT_EQ(~page_word(1), read32(page(1)));
		/* Above 32 MiB the PID means nothing. */
		EXPECT_EQ(page_word(2), read32(0x05800000));
	}
}

/* The low vectors are below 32 MiB: they are fetched from the PID's own first page. */
GUEST_TEST(the_fcse_pid_moves_the_low_vectors)
{
	mmu_tables_init();
	for (uint32_t at = 0; at < GUEST_SCRATCH; at += MIB)
		mmu_set(&l1_table[0][32 + (at >> 20)], desc_section(at, AP_USER_RW, 0, 0));
	for (unsigned i = 0; i < COARSE_ENTRIES; i++)
		l2_table[0][i] = desc_small(i << 12, AP_USER_RW, 0);
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l1_table[0][32], desc_coarse(addr(l2_table[0]), 0));
	for (uint32_t at = 0; at < 0x40; at += 4)
		write32(GUEST_SCRATCH + at, read32(at));
	write32(GUEST_SCRATCH + 0x28, addr(pid_swi));
	drain_write_buffer();
	mmu_on(0);
	for (uint32_t pid = 0; pid < 2; pid++) {
		pid_swi_count = 0;
		fcse_pid_write(pid << 25);
		run_code(PSR_MODE_USR, code_at_zero, 1, 0);
		run_code(SVC, code_at_zero, 1, 0);
		fcse_pid_write(0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x600e, seen.r[0]);
		EXPECT_EQ(2 * pid, pid_swi_count);
	}
}

GUEST_TEST(programs_read_the_last_words_of_the_vector_page)
{
	mmu_tables_init();
	for (uint32_t at = 0; at < 0x40; at += 4)
		write32(GUEST_SCRATCH + at, read32(at));
	for (uint32_t at = 0xfe0; at < 0x1000; at += 4)
		write32(GUEST_SCRATCH + at, PROBE_WORD);
	mmu_map_high_vectors();
	mmu_set(&l2_table[L2_TABLES - 1][0xf0], desc_small(GUEST_SCRATCH, AP_USER_RO, 0));
	mmu_on(SCTLR_V | SCTLR_R);
	EXPECT_EQ(PROBE_WORD, probe(USER_LOAD, 0xffff0ffc).value);
	EXPECT_EQ(0, probe_status(USER_EXEC, 0xffff0fe0));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, 0xffff0ff0));
	/* The kernel's store of the TLS word, beside code programs execute. */
	EXPECT_EQ(0, probe_status(KERNEL_STORE, 0xffff0ff0));
	write32(0xffff0ff0, 0x12340000);
	EXPECT_EQ(0x12340000, read32(GUEST_SCRATCH + 0xff0));
	write32(0xffff0ff0, PROBE_WORD);
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_STRT, 0xffff0ff0));
	EXPECT_EQ(PROBE_WORD, probe(USER_LOAD, 0xffff0ff0).value);
}

/* With high vectors page 0 is a page like any other, for code and for data. */
GUEST_TEST(address_zero_is_ordinary_memory_while_the_vectors_are_high)
{
	mmu_tables_init();
	copy_code(GUEST_SCRATCH, code_at_zero, code_at_zero_end);
	for (unsigned i = 1; i < COARSE_ENTRIES; i++)
		l2_table[1][i] = desc_small(i << 12, AP_USER_RW, 0);
	mmu_set(&l2_table[1][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l1_table[0][0], desc_coarse(addr(l2_table[1]), 0));
	mmu_map_high_vectors();
	mmu_on(SCTLR_V);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code(mode ? PSR_MODE_USR : SVC, 0, 5, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x6012, seen.r[0]);
		EXPECT_EQ(0, probe_status(mode ? USER_STORE : KERNEL_STORE, 0x18 + mode * 0x400));
		EXPECT_EQ(PROBE_WORD, read32(GUEST_SCRATCH + 0x18 + mode * 0x400));
	}
}

GUEST_TEST(the_top_page_is_ordinary_memory_while_the_vectors_are_low)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH + 8, PROBE_WORD);
	write32(GUEST_SCRATCH + 0xffc, PROBE_WORD);
	mmu_map_high_vectors();
	mmu_set(&l2_table[L2_TABLES - 1][0xf0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l2_table[L2_TABLES - 1][0xff], desc_small(GUEST_SCRATCH, AP_PRIV, 0));
	mmu_on(0);
	EXPECT_EQ(0, probe_status(USER_STORE, 0xffff0008));
	EXPECT_EQ(0, probe_status(USER_EXEC, 0xffff0008));
	EXPECT_EQ(0, probe_status(KERNEL_EXEC, 0xffff0ffc));
	EXPECT_EQ(0, probe_status(KERNEL_LOAD, 0xfffffffc));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, 0xfffffffc));
}

/*
 * Software PAN: a program's MiB at address 0 is closed in the DACR while the kernel, elsewhere, is
 * interrupted and makes an SWI. The vectors are high and in another domain.
 */
GUEST_TEST(interrupts_are_taken_while_the_domain_of_slot_zero_is_closed)
{
	const uint32_t code = 0x50000000;
	const uint32_t args[4] = { BOARD_SOFT_SET, BOARD_SOFT_SET_VALUE,
				   dacr_field(1, DOMAIN_CLIENT), BOARD_SOFT_CLR };

	mmu_tables_init();
	copy_code(page(0), closed_code, closed_code_end);
	copy_code(page(1), closed_vectors, closed_vectors_end);
	mmu_set(&l1_table[0][code >> 20], desc_section(GUEST_SCRATCH, AP_PRIV, 1, 0));
	mmu_set(&l1_table[0][BOARD_PIC >> 20], desc_section(BOARD_PIC & ~(MIB - 1), AP_PRIV, 1, 0));
	mmu_set(&l2_table[0][0xf0], desc_small(page(1), AP_USER_RO, 0));
	mmu_set(&l1_table[0][0xfff], desc_coarse(addr(l2_table[0]), 1));
	irq_init();
	irq_enable(BOARD_SOFT_IRQ);
	mmu_on(SCTLR_V);
	dacr_write(DACR_ONLY_0 | dacr_field(1, DOMAIN_CLIENT));
	for (unsigned turn = 0; turn < 3; turn++) {
		tap_case("turn %u", turn);
		EXPECT_EQ(0x101, closed_run(args, code));
	}
	mmu_off();
	irq_init();
}
