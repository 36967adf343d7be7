/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls of a guest that announces (docs/guest-abi.md), and what the caches and the TLB need of
 * them. Its page tables are written through a linear mapping that is cached, and never cleaned.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/tap.h"

/* As tests/guest/guest.mk tells the VMM: programs are below LINEAR, which is RAM once more. */
#define LINEAR 0xc0000000u
#define MIB    0x00100000u
#define RAM    4u /* MiB of it */

#define SLOT_VA   0x48000000u
#define PAGES_AT  0x40000u /* in the scratch RAM: pages that hold their number */
#define PAGES     24u
#define CODE_AT   0x1000u
#define TLS_VA    0xffff0ff0u
#define PID       (2u << 25)
#define L2_LINEAR 2 /* the level 2 table for the linear mapping in pages */

void call_switch_mm(uint32_t ttbr);
void call_flush_range(uint32_t from, uint32_t end);
void call_table_clean(uint32_t from, uint32_t bytes);
void call_cache(uint32_t from, uint32_t end, uint32_t what);
void call_set_tls(uint32_t value);

static uint32_t linear(const void *at)
{
	return LINEAR + addr(at);
}

static uint32_t page_desc(unsigned n)
{
	return desc_small(GUEST_SCRATCH + PAGES_AT + n * 0x1000, AP_USER_RW, DESC_C | DESC_B);
}

/** Level 1 tables 0 and 1 differ at SLOT_VA: there each has the level 2 table of its number. */
static void fill_tables(bool linear_pages)
{
	mmu_tables_init();
	for (unsigned t = 0; t < 2; t++) {
		cached_map(l1_table[t]);
		for (uint32_t i = 0; i < RAM; i++) {
			l1_table[t][(LINEAR >> 20) + i] =
				desc_section(i * MIB, AP_PRIV, 0, DESC_C | DESC_B);
			l1_table[t][(PID >> 20) + i] = l1_table[t][i];
		}
		/* The MiB with the tables. */
		if (linear_pages)
			l1_table[t][linear(l1_table) >> 20] =
				desc_coarse(addr(l2_table[L2_LINEAR]), 0);
		l1_table[t][SLOT_VA >> 20] = desc_coarse(addr(l2_table[t]), 0);
		l1_table[t][TLS_VA >> 20] = desc_coarse(addr(l2_table[L2_TABLES - 1]), 0);
	}
	for (uint32_t i = 0; i < COARSE_ENTRIES; i++)
		l2_table[L2_LINEAR][i] = desc_small((addr(l1_table) & ~(MIB - 1)) + i * 0x1000,
						    AP_PRIV, DESC_C | DESC_B);
	l2_table[L2_TABLES - 1][0xf0] = desc_small(0, AP_USER_RO, DESC_C | DESC_B);
	drain_write_buffer();
}

static void prepare_with(bool linear_pages, uint32_t sctlr_bits)
{
	fill_tables(linear_pages);
	call_table_clean(linear(l1_table), sizeof(l1_table));
	call_table_clean(linear(l2_table), sizeof(l2_table));
	for (uint32_t n = 0; n < PAGES; n++)
		write32(GUEST_SCRATCH + PAGES_AT + n * 0x1000, n);
	mmu_on(sctlr_bits);
	sctlr_write(sctlr_read() | SCTLR_C | SCTLR_I);
}

static void prepare(void)
{
	prepare_with(false, 0);
}

/** Writes a descriptor where it is cached: the line is there, and dirty then. */
static void descriptor_write(uint32_t *entry, uint32_t descriptor)
{
	read32(linear(entry));
	write32(linear(entry), descriptor);
}

/** The same for a second-level one, and logs it. */
static void pte_write(unsigned table, unsigned n, uint32_t descriptor)
{
	const uint32_t at = linear(&l2_table[table][n]);
	const uint32_t end = pv_read(PV_LOG_END);

	descriptor_write(&l2_table[table][n], descriptor);
	write32(end, at);
	pv_write(PV_LOG_END, end + 4);
}

static void check_page(uint32_t va, uint32_t number)
{
	EXPECT_EQ(number, read32(va));
	EXPECT_EQ(number, probe(USER_LOAD, va).value);
}

/** Everything before the caches go off: nothing dirty is left for the next test. */
static void finish(void)
{
	call_switch_mm(addr(l1_table[0]));
	caches_off();
}

static void flush_by_call(void)
{
	call_flush_range(SLOT_VA, SLOT_VA + 0x1000);
}

static void flush_all(void)
{
	tlb_flush_all();
}

static void flush_one(void)
{
	tlb_flush_mva(SLOT_VA);
}

static void (*const flushes[])(void) = { flush_by_call, flush_all, flush_one };

static void descriptors_count(bool linear_pages)
{
	prepare_with(linear_pages, 0);
	for (unsigned n = 0; n < PAGES; n++) {
		tap_case("page %u", n);
		call_cache(SLOT_VA, SLOT_VA + 0x1000, PV_CACHE_CLEAN | PV_CACHE_INVALIDATE);
		pte_write(0, 0, page_desc(n));
		flushes[n % 3]();
		check_page(SLOT_VA, n);
	}
	for (unsigned turn = 0; turn < 3; turn++) {
		tap_case("all, turn %u", turn);
		call_cache(SLOT_VA, SLOT_VA + PAGES * 0x1000, PV_CACHE_CLEAN | PV_CACHE_INVALIDATE);
		for (unsigned n = 0; n < PAGES; n++)
			pte_write(0, n, page_desc((n + turn) % PAGES));
		call_flush_range(SLOT_VA, SLOT_VA + PAGES * 0x1000);
		for (unsigned n = 0; n < PAGES; n++)
			check_page(SLOT_VA + n * 0x1000, (n + turn) % PAGES);
	}
	finish();
}

GUEST_TEST(descriptors_that_were_logged_count_after_the_flush)
{
	descriptors_count(false);
	descriptors_count(true);
}

static void tables_count(bool linear_pages)
{
	uint32_t *const entry = &l1_table[0][SLOT_VA >> 20];

	prepare_with(linear_pages, 0);
	for (unsigned t = 0; t < 2; t++)
		for (unsigned n = 0; n < 4; n++)
			pte_write(t, n, page_desc(8 * t + n));
	for (unsigned turn = 0; turn < 6; turn++) {
		tap_case("turn %u", turn);
		call_cache(SLOT_VA, SLOT_VA + 0x4000, PV_CACHE_CLEAN | PV_CACHE_INVALIDATE);
		descriptor_write(entry, desc_coarse(addr(l2_table[turn % 2]), 0));
		call_table_clean(linear(entry), 4);
		call_flush_range(SLOT_VA, SLOT_VA + 0x4000);
		for (unsigned n = 0; n < 4; n++)
			check_page(SLOT_VA + n * 0x1000, 8 * (turn % 2) + n);
	}
	finish();
}

GUEST_TEST(a_table_in_place_of_another_counts_once_it_was_announced)
{
	tables_count(false);
	tables_count(true);
}

/* Until the guest flushes, the VMM takes each new entry for one that the TLB has an older one of. */
GUEST_TEST(descriptors_that_were_announced_with_their_table_count_after_the_flush)
{
	prepare();
	for (unsigned n = 0; n < 8; n++)
		pte_write(0, n, page_desc(n));
	for (unsigned turn = 0; turn < 4; turn++) {
		const uint32_t va = SLOT_VA + 2 * turn * 0x1000;

		tap_case("turn %u", turn);
		check_page(va, 2 * turn);
		call_switch_mm(addr(l1_table[0])); /* the TLB has nothing of it any more */
		descriptor_write(&l2_table[0][2 * turn], page_desc(16 + turn));
		call_table_clean(linear(&l2_table[0][2 * turn]), 4);
		check_page(va + 0x1000, 2 * turn + 1);
		call_flush_range(va, va + 0x1000);
		check_page(va, 16 + turn);
	}
	finish();
}

/* The same address, other memory, lines that are dirty. */
GUEST_TEST(another_address_space_finds_its_own_lines)
{
	prepare();
	pte_write(0, 0, page_desc(0));
	pte_write(1, 0, page_desc(1));
	for (unsigned turn = 0; turn < 6; turn++) {
		const unsigned space = turn % 2;

		tap_case("turn %u", turn);
		call_switch_mm(addr(l1_table[space]));
		EXPECT_EQ(space + turn / 2 * 0x100, read32(SLOT_VA));
		EXPECT_EQ(space + turn / 2 * 0x100, probe(USER_LOAD, SLOT_VA).value);
		write32(SLOT_VA, space + (turn / 2 + 1) * 0x100);
	}
	call_switch_mm(addr(l1_table[0]));
	for (unsigned space = 0; space < 2; space++)
		EXPECT_EQ(space + 0x300, read32(GUEST_SCRATCH + PAGES_AT + space * 0x1000));
	finish();
}

GUEST_TEST(another_address_space_runs_its_own_code)
{
	prepare();
	for (unsigned n = 0; n < 2; n++) {
		pte_write(n, 0, page_desc(n));
		code_write(NAME_PLAIN + PAGES_AT + n * 0x1000 + 0x40, MOV_R0(n + 1));
	}
	for (unsigned turn = 0; turn < 6; turn++) {
		tap_case("turn %u", turn);
		call_switch_mm(addr(l1_table[turn % 2]));
		EXPECT_EQ(turn % 2 + 1, code_run(SLOT_VA + 0x40));
	}
	finish();
}

#define HYPERCALL(number) (0xee000f00u | (number) << 12)

/*
 * Stores r0 at r1, makes a call that drains the write buffer, and runs what was stored, which is at
 * r3 as well. It runs in cached memory and in registers: an access to memory that is not cached
 * would drain the buffer, too.
 */
static const uint32_t draining_calls[][7] = {
	{
		0xe5810000, /* str r0, [r1] */
		0xe3a00000, /* mov r0, #0 */
		0xe3a01000, /* mov r1, #0 */
		0xe3a02000 | PV_CACHE_CODE_ALL | PV_CACHE_DRAIN, HYPERCALL(PV_HC_CACHE),
		0xe12fff13, /* bx r3 */
	},
	{
		0xe5810000,                             /* str r0, [r1] */
		0xe1a00002,                             /* mov r0, r2 */
		HYPERCALL(PV_HC_SWITCH_MM), 0xe12fff13, /* bx r3 */
	},
};

GUEST_TEST(what_was_stored_before_a_draining_call_is_executed)
{
	const uint32_t routine = 0x7000, at = 0x6000;

	prepare();
	for (unsigned c = 0; c < 2; c++) {
		for (uint32_t i = 0; i < 7; i++)
			write32(NAME_PLAIN + routine + 4 * i, draining_calls[c][i]);
		code_write(NAME_PLAIN + at, MOV_R0(0));
		call_cache(NAME_B, NAME_B + 0x8000, PV_CACHE_CODE | PV_CACHE_DRAIN);
		for (uint32_t n = 1; n < 8; n++) {
			tap_case("call %u, turn %u", c, (unsigned)n);
			run_code4(PSR_MODE_SVC | PSR_MASKED, NAME_B + routine,
				  (const uint32_t[4]){ MOV_R0(n), NAME_BUFFERED + at,
						       addr(l1_table[0]), NAME_B + at });
			EXPECT_EQ(KIND_RETURNED, seen.kind);
			EXPECT_EQ(n, seen.r[0]);
		}
	}
	finish();
}

/* Ranges of a line, of some, and of more than the cache has; the last are done as a whole. */
static const uint32_t sizes[] = { CACHE_LINE, 9 * CACHE_LINE, 0x4000, 0x5000 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

GUEST_TEST(a_range_that_was_cleaned_is_in_memory)
{
	prepare();
	for (unsigned s = 0; s < SIZES; s++) {
		tap_case("0x%x bytes", (unsigned)sizes[s]);
		for (uint32_t at = CODE_AT; at < CODE_AT + sizes[s]; at += CACHE_LINE) {
			read32(NAME_A + at);
			write32(NAME_A + at, at + s);
		}
		call_cache(NAME_A + CODE_AT, NAME_A + CODE_AT + sizes[s],
			   PV_CACHE_CLEAN | PV_CACHE_DRAIN);
		for (uint32_t at = CODE_AT; at < CODE_AT + sizes[s]; at += CACHE_LINE)
			EXPECT_EQ(at + s, read32(NAME_PLAIN + at));
	}
	finish();
}

GUEST_TEST(a_range_that_was_invalidated_is_read_again)
{
	prepare();
	for (unsigned s = 0; s < SIZES; s++) {
		const uint32_t end = CODE_AT + sizes[s];

		tap_case("0x%x bytes", (unsigned)sizes[s]);
		call_cache(NAME_A + CODE_AT, NAME_A + end, PV_CACHE_INVALIDATE);
		for (uint32_t at = CODE_AT; at < end; at += CACHE_LINE)
			read32(NAME_A + at);
		for (uint32_t at = CODE_AT; at < end; at += CACHE_LINE)
			write32(NAME_PLAIN + at, at ^ s);
		call_cache(NAME_A + CODE_AT, NAME_A + end, PV_CACHE_INVALIDATE);
		for (uint32_t at = CODE_AT; at < end; at += CACHE_LINE)
			EXPECT_EQ(at ^ s, read32(NAME_A + at));
	}
	finish();
}

/** Code in the first and the last line of a range. */
static void write_code(uint32_t name, uint32_t size, uint32_t instruction)
{
	code_write(name + CODE_AT, instruction);
	code_write(name + CODE_AT + size - CACHE_LINE, instruction);
}

static void check_code(uint32_t size, uint32_t value)
{
	EXPECT_EQ(value, code_run(NAME_A + CODE_AT));
	EXPECT_EQ(value, code_run(NAME_A + CODE_AT + size - CACHE_LINE));
}

/* What the VMM emulates it has read as data: lines that the guest knows nothing of. */
GUEST_TEST(code_that_changed_runs_after_its_range_was_announced)
{
	prepare();
	for (unsigned s = 0; s < SIZES; s++) {
		const uint32_t size = sizes[s];
		const uint32_t from = NAME_A + CODE_AT, end = from + size;

		tap_case("0x%x bytes", (unsigned)size);
		for (unsigned n = 0; n < 3; n++) {
			write_code(NAME_A, size, MOV_R0(n));
			call_cache(from, end, PV_CACHE_CODE | PV_CACHE_DRAIN);
			check_code(size, n);
		}
		for (unsigned n = 0; n < 3; n++) {
			write_code(NAME_PLAIN, size, n % 2 ? MRC_TTBR : MRC_DACR);
			call_cache(from, end, PV_CACHE_CODE | PV_CACHE_DRAIN);
			check_code(size, n % 2 ? ttbr_read() : dacr_read());
		}
		call_cache(from, end, PV_CACHE_CODE | PV_CACHE_DRAIN);
	}
	finish();
}

/* As Linux does it for a page of code: its lines, then the whole instruction cache. */
GUEST_TEST(code_that_was_cleaned_runs_after_all_code_was_announced)
{
	prepare();
	for (unsigned n = 0; n < 6; n++) {
		tap_case("turn %u", n);
		read32(NAME_A + CODE_AT);
		code_write(NAME_A + CODE_AT, MOV_R0(n));
		call_cache(NAME_A + CODE_AT, NAME_A + CODE_AT + CACHE_LINE,
			   PV_CACHE_CLEAN | PV_CACHE_CODE_ALL | PV_CACHE_DRAIN);
		EXPECT_EQ(n, code_run(NAME_A + CODE_AT));
	}
	finish();
}

/* Programs read it where they may not write. */
GUEST_TEST(programs_see_the_word_that_a_call_has_stored)
{
	prepare_with(false, SCTLR_V);
	code_write(0xf00, RETURN);
	code_run(TLS_VA & ~0xffu);
	for (uint32_t n = 1; n < 6; n++) {
		call_set_tls(n << 20);
		EXPECT_EQ(n << 20, probe(USER_LOAD, TLS_VA).value);
		EXPECT_EQ(n << 20, read32(TLS_VA));
	}
	finish();
}

/** A page in the scratch RAM, as Linux clears one: its lines are dirty at its address in LINEAR. */
static uint32_t page_cleared(unsigned n, uint32_t number)
{
	const uint32_t page = LINEAR + GUEST_SCRATCH + PAGES_AT + n * 0x1000;

	for (uint32_t at = 0; at < 0x1000; at += 4) {
		if (at % 64 == 0)
			read32(page + at);
		write32(page + at, number);
	}
	call_cache(page, page + 0x1000,
		   PV_CACHE_CLEAN | PV_CACHE_INVALIDATE | PV_CACHE_DRAIN | PV_CACHE_LATER);
	return page;
}

static void check_whole_page(uint32_t va, uint32_t number)
{
	for (uint32_t at = 0; at < 0x1000; at += 60)
		check_page(va + at, number);
}

/* Whatever else happens in between, and whether the guest cleans it itself or not. */
GUEST_TEST(a_page_that_is_cleaned_later_is_clean_for_its_program)
{
	prepare();
	for (unsigned turn = 0; turn < 12; turn++) {
		uint32_t page;

		tap_case("turn %u", turn);
		call_cache(SLOT_VA, SLOT_VA + 0x2000, PV_CACHE_CLEAN | PV_CACHE_INVALIDATE);
		if (turn % 2)
			page_cleared(1, 0x2000 + turn);
		page = page_cleared(0, 0x1000 + turn);
		pte_write(0, 0, page_desc(0));
		pte_write(0, 1, page_desc(1));
		flushes[turn % 3]();
		if (turn % 4 >= 2)
			call_cache(page, page + 0x1000,
				   PV_CACHE_CLEAN | PV_CACHE_INVALIDATE | PV_CACHE_DRAIN);
		if (turn >= 8)
			call_switch_mm(addr(l1_table[0]));
		if (turn % 2)
			check_whole_page(SLOT_VA + 0x1000, 0x2000 + turn);
		check_whole_page(SLOT_VA, 0x1000 + turn);
	}
	finish();
}

/* Without a translation of its own: what the VMM reads for the guest's kernel. */
GUEST_TEST(a_page_that_is_cleaned_later_is_clean_for_an_access_of_the_vmm)
{
	prepare();
	for (unsigned turn = 0; turn < 4; turn++) {
		tap_case("turn %u", turn);
		call_cache(SLOT_VA, SLOT_VA + 0x1000, PV_CACHE_CLEAN | PV_CACHE_INVALIDATE);
		pte_write(0, 0, 0);
		flush_by_call();
		page_cleared(2, 0x3000 + turn);
		/* The kernel stores to what programs may only read. */
		pte_write(0, 0,
			  desc_small(GUEST_SCRATCH + PAGES_AT + 2 * 0x1000, AP_USER_RO,
				     DESC_C | DESC_B));
		write32(SLOT_VA + 8, 0x4000 + turn);
		EXPECT_EQ(0x4000 + turn, read32(SLOT_VA + 8));
		EXPECT_EQ(0x3000 + turn, read32(SLOT_VA + 12));
	}
	finish();
}

/* With a process ID its tables are compared as a whole, and they are still in the cache. */
GUEST_TEST(descriptors_count_in_a_process_of_the_fcse)
{
	prepare();
	caches_empty();
	fcse_pid_write(PID);
	for (unsigned n = 0; n < 12; n++) {
		tap_case("page %u", n);
		d_line_clean_invalidate(SLOT_VA);
		pte_write(0, 0, page_desc(n));
		flushes[n % 3]();
		EXPECT_EQ(n, read32(SLOT_VA));
	}
	fcse_pid_write(0);
	finish();
}
