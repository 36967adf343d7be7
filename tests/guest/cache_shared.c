/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that announces, with its vectors high, which closes its programs' domain in the kernel: the
 * VMM puts its own vectors beside the guest's then (domain/shadow_vectors.c). What programs may execute
 * and read in the last KiB of that page stays what the guest has there, however it gets there. On the
 * bare board all of this is one page of RAM.
 *
 * The program itself is in the megabyte that is closed, so that what runs meanwhile is copied.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define HIGH_VA  0xffff0000u
#define TLS      (HIGH_VA + 0xff0)
#define GET_TLS  (HIGH_VA + 0xfe0)
#define ADD_ONE  (HIGH_VA + 0xfc0)
#define PAGE_1   0x90000u /* in the scratch RAM: what is at HIGH_VA */
#define PAGE_2   0x91000u
#define CODE     0x92000u
#define WORDS    0x93000u
#define PROGRAMS 1u /* their domain */
#define WB       (DESC_C | DESC_B)
#define OPEN     (DACR_ONLY_0 | dacr_field(PROGRAMS, DOMAIN_CLIENT))

static unsigned turn; /* which of two level 2 tables has the high page */

extern label shared_start, shared_end, shared_call, shared_load, shared_store;

/** Calls @p function, an address that is open, with one argument and all else closed. */
static uint32_t call_closed(uint32_t function, uint32_t arg)
{
	uint32_t (*const call)(uint32_t closed, uint32_t open, uint32_t function, uint32_t arg) =
		(void *)(NAME_PLAIN + CODE + addr(shared_call) - addr(shared_start));

	return call(DACR_ONLY_0, OPEN, function, arg);
}

/** The place of one of the functions that are copied. */
static uint32_t copied(label function)
{
	return NAME_PLAIN + CODE + addr(function) - addr(shared_start);
}

/** Tells of what has been written to page tables, in the way that Linux does. */
static void announce(const uint32_t *tables, uint32_t size)
{
	for (uint32_t at = 0; at < size; at += CACHE_LINE)
		d_line_clean(addr(tables) + at);
}

/** The level 2 table that is not in use for high addresses. */
static uint32_t *other_table(void)
{
	turn ^= 1;
	return l2_table[2 + turn];
}

/**
 * Has another descriptor for the megabyte of the high page. A level 2 descriptor that has changed may
 * be in the TLB of the board until the flush, which is right, and which the model does not know.
 */
static void set_high_slot(uint32_t descriptor)
{
	mmu_set(&l1_table[0][HIGH_VA >> 20], descriptor);
	announce(&l1_table[0][0xff8], CACHE_LINE);
	tlb_flush_all();
	/* Another page at the address: what the caches hold there is the other one's. */
	caches_empty();
}

static void set_high_descriptor(uint32_t descriptor)
{
	uint32_t *const l2 = other_table();

	mmu_set(&l2[0xf0], descriptor);
	announce(&l2[0xf0], CACHE_LINE);
	set_high_slot(desc_coarse(addr(l2), 0));
}

/** A page where none was. */
static void put_high_page(uint32_t page)
{
	uint32_t *const l2 = other_table();

	mmu_set(&l2[0xf0], desc_small(GUEST_SCRATCH + page, AP_USER_RO, WB));
	mmu_set(&l1_table[0][HIGH_VA >> 20], desc_coarse(addr(l2), 0));
	announce(&l2[0xf0], CACHE_LINE);
	announce(&l1_table[0][0xff8], CACHE_LINE);
	tlb_flush_all();
}

static void set_high_page(uint32_t page, unsigned ap)
{
	set_high_descriptor(desc_small(GUEST_SCRATCH + page, ap, WB));
}

/** A page as Linux has it: vectors, code for programs, and a word. */
static void make_page(uint32_t page, uint32_t word)
{
	for (uint32_t at = 0; at < 0x1000; at += 4)
		write32(NAME_PLAIN + page + at, at < 0x40 ? read32(at) : PROBE_WORD);
	write32(NAME_PLAIN + page + 0xfc0, 0xe5901000); /* ldr r1, [r0] */
	write32(NAME_PLAIN + page + 0xfc4, 0xe2811001); /* add r1, r1, #1 */
	write32(NAME_PLAIN + page + 0xfc8, 0xe5801000); /* str r1, [r0] */
	write32(NAME_PLAIN + page + 0xfcc, 0xe1a00001); /* mov r0, r1 */
	write32(NAME_PLAIN + page + 0xfd0, RETURN);
	write32(NAME_PLAIN + page + 0xfe0, 0xe59f0008); /* ldr r0, [pc, #8] */
	write32(NAME_PLAIN + page + 0xfe4, RETURN);
	write32(NAME_PLAIN + page + 0xff0, word);
}

static void prepare(void)
{
	caches_on();
	make_page(PAGE_1, 0x1111);
	make_page(PAGE_2, 0x2222);
	for (uint32_t at = 0; at < addr(shared_end) - addr(shared_start); at += 4)
		write32(NAME_PLAIN + CODE + at, read32(addr(shared_start) + at));
	dacr_write(OPEN);
	mmu_set(&l1_table[0][0], desc_section(0, AP_USER_RW, PROGRAMS, 0));
	announce(l1_table[0], sizeof(l1_table[0]));
	announce(l2_table[0], sizeof(l2_table));
	set_high_page(PAGE_1, AP_USER_RO);
	sctlr_write(sctlr_read() | SCTLR_V);
}

static void finish(void)
{
	caches_empty();
	sctlr_write(sctlr_read() & ~SCTLR_V);
	caches_off();
}

/** What a program gets when it executes the code at @p at with @p arg. */
static uint32_t program_calls(uint32_t at, uint32_t arg)
{
	run_code4(PSR_MODE_USR, at, (const uint32_t[4]){ arg });
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	return seen.r[0];
}

/** What the kernel reads while its programs' memory is closed. */
static void check_closed_loads(void)
{
	EXPECT_EQ(0x11, call_closed(copied(shared_load), NAME_PLAIN + WORDS));
	EXPECT_EQ(read32(TLS), call_closed(copied(shared_load), TLS));
}

/** ... and executes. */
static void check_closed(void)
{
	check_closed_loads();
	EXPECT_EQ(read32(TLS), call_closed(GET_TLS, 0));
}

GUEST_TEST(programs_execute_and_read_what_the_guest_has)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 8; i++) {
		check_closed();
		write32(TLS, 0x100 + i);
		EXPECT_EQ(0x100 + i, program_calls(GET_TLS, 0));
		EXPECT_EQ(0x100 + i, call_closed(GET_TLS, 0));
		EXPECT_EQ(0x100 + i, probe(USER_LOAD, TLS).value);
		EXPECT_EQ(0x100 + i, probe(KERNEL_LDRT, TLS).value);
		d_line_clean(TLS & ~(CACHE_LINE - 1));
		drain_write_buffer();
		EXPECT_EQ(0x100 + i, read32(NAME_PLAIN + PAGE_1 + 0xff0));
		/* With its programs closed, and through the name that may be written. */
		EXPECT_EQ(TLS, call_closed(copied(shared_store), TLS));
		EXPECT_EQ(TLS, program_calls(GET_TLS, 0));
		/* The code may abort: its memory is not in any table yet. */
		write32(NAME_PLAIN + WORDS + 0x100 * i, i);
		EXPECT_EQ(i + 1, program_calls(ADD_ONE, NAME_PLAIN + WORDS + 0x100 * i));
		write32(NAME_PLAIN + WORDS, 0x11);
	}
	finish();
}

GUEST_TEST(rights_are_those_of_the_page)
{
	static const unsigned aps[] = { AP_USER_RO, AP_USER_RW, AP_PRIV, AP_USER_RO };

	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	check_closed();
	for (unsigned i = 0; i < sizeof(aps) / sizeof(aps[0]); i++) {
		set_high_page(PAGE_1, aps[i]);
		for (uint32_t offset = 0x440; offset < 0x1000; offset += 0x400) {
			const uint32_t va = HIGH_VA + offset;

			for (unsigned access = KERNEL_LOAD; access < ACCESS_COUNT; access++) {
				const bool user = access_is_user(access);
				const bool allowed =
					!user || aps[i] == AP_USER_RW ||
					(aps[i] == AP_USER_RO && !access_is_store(access));

				/* What runs where the vectors may be, or cannot be read there, is not here. */
				if (access_is_exec(access) && (offset < 0xc00 || aps[i] == AP_PRIV))
					continue;
				tap_case("AP %u, %s, 0x%x", aps[i], access_name(access),
					 (unsigned)va);
				EXPECT_EQ(allowed ? 0 : FSR_PERMISSION_PAGE,
					  probe_status(access, va));
			}
		}
		check_closed_loads();
	}
	/* A quarter of the page for programs, the others not. */
	set_high_descriptor((desc_small(GUEST_SCRATCH + PAGE_1, AP_PRIV, WB) & ~0xc00u) |
			    AP_USER_RO << 10);
	check_closed();
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, HIGH_VA + 0xbfc));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, HIGH_VA + 8));
	EXPECT_EQ(0, probe_status(USER_LOAD, HIGH_VA + 0xc00));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, HIGH_VA + 0xc00));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_STRT, HIGH_VA + 0xc00));
	finish();
}

GUEST_TEST(another_page_is_another_page)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 6; i++) {
		set_high_page(i & 1 ? PAGE_2 : PAGE_1, AP_USER_RO);
		EXPECT_EQ(i < 2 ? (i ? 0x2222 : 0x1111) : 0x200 + i - 2, program_calls(GET_TLS, 0));
		check_closed();
		write32(TLS, 0x200 + i);
		check_closed();
		EXPECT_EQ(0x200 + i, program_calls(GET_TLS, 0));
	}
	/* The page that is not there any more is memory like any other. */
	write32(NAME_PLAIN + PAGE_1 + 0xff0, 0x3333);
	EXPECT_EQ(0x3333, read32(NAME_PLAIN + PAGE_1 + 0xff0));
	EXPECT_EQ(0x205, program_calls(GET_TLS, 0));
	set_high_page(PAGE_1, AP_USER_RO);
	EXPECT_EQ(0x3333, program_calls(GET_TLS, 0));
	finish();
}

GUEST_TEST(what_the_guest_has_there_may_be_any_page)
{
	uint32_t *const l2 = l2_table[5];

	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	check_closed();
	/* A fine table with a page of a KiB; then a large page. */
	for (unsigned i = 0; i < 4; i++) {
		mmu_set(&l2_table[4][0x3c0 + i],
			desc_tiny(GUEST_SCRATCH + PAGE_2 + i * 0x400, AP_USER_RO, WB));
	}
	announce(&l2_table[4][0x3c0], CACHE_LINE);
	set_high_slot(desc_fine(addr(l2_table[4]), 0));
	EXPECT_EQ(0x2222, program_calls(GET_TLS, 0));
	check_closed();
	write32(TLS, 0x4444);
	EXPECT_EQ(0x4444, program_calls(GET_TLS, 0));
	check_closed();
	for (unsigned i = 0; i < 16; i++)
		mmu_set(&l2[0xf0 + i],
			(GUEST_SCRATCH + PAGE_1) >> 16 << 16 | AP_USER_RO * 0x550 | WB | L2_LARGE);
	announce(&l2[0xf0], 64);
	set_high_slot(desc_coarse(addr(l2), 0));
	EXPECT_EQ(0x1111, program_calls(GET_TLS, 0));
	check_closed();
	finish();
}

GUEST_TEST(code_that_has_changed_is_executed)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 4; i++) {
		check_closed();
		EXPECT_EQ(read32(TLS), program_calls(GET_TLS, 0));
		write32(GET_TLS, MOV_R0(0x50 + i));
		d_line_clean(GET_TLS);
		drain_write_buffer();
		i_line_invalidate(GET_TLS);
		EXPECT_EQ(0x50 + i, program_calls(GET_TLS, 0));
		EXPECT_EQ(0x50 + i, call_closed(GET_TLS, 0));
		write32(GET_TLS, 0xe59f0008);
		d_line_clean(GET_TLS);
		drain_write_buffer();
		i_line_invalidate(GET_TLS);
	}
	finish();
}

/* The page is not cached where the guest has it, not as code either (TRM, 4.1): a store is enough. */
GUEST_TEST(code_in_a_page_that_is_not_cached_is_executed)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	set_high_descriptor(desc_small(GUEST_SCRATCH + PAGE_1, AP_USER_RO, 0));
	for (uint32_t i = 0; i < 4; i++) {
		check_closed();
		EXPECT_EQ(read32(TLS), program_calls(GET_TLS, 0));
		write32(GET_TLS, MOV_R0(0x50 + i));
		EXPECT_EQ(0x50 + i, program_calls(GET_TLS, 0));
		EXPECT_EQ(MOV_R0(0x50 + i), read32(NAME_PLAIN + PAGE_1 + 0xfe0));
		write32(GET_TLS, 0xe59f0008);
	}
	finish();
}

/* Lines that were dirty under another name when the page came to its place, and are cleaned there. */
GUEST_TEST(what_was_dirty_elsewhere_arrives)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t page = i & 1 ? PAGE_1 : PAGE_2;

		check_closed();
		(void)read32(NAME_A + page + 0xff0); /* a store that misses goes to memory */
		write32(NAME_A + page + 0xff0, 0x700 + i);
		mmu_set(&l1_table[0][HIGH_VA >> 20], 0);
		announce(&l1_table[0][0xff8], CACHE_LINE);
		tlb_flush_all();
		for (uint32_t at = 0; at < 0x1000; at += CACHE_LINE) {
			d_line_invalidate(HIGH_VA + at);
			i_line_invalidate(HIGH_VA + at);
		}
		put_high_page(page);
		EXPECT_EQ(PROBE_WORD, read32(HIGH_VA + 0xc00)); /* a line that was not written */
		d_line_clean(NAME_A + page + 0xff0);
		drain_write_buffer();
		EXPECT_EQ(0x700 + i, program_calls(GET_TLS, 0));
		EXPECT_EQ(0x700 + i, read32(NAME_PLAIN + page + 0xff0));
	}
	finish();
}

GUEST_TEST(exceptions_enter_at_the_guests_vectors)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	write32(NAME_PLAIN + CODE + 0x800, 0xe7f000f0); /* udf */
	for (unsigned i = 0; i < 4; i++) {
		check_closed();
		run_code4(i & 1 ? PSR_MODE_USR : PSR_MODE_SVC | PSR_MASKED,
			  NAME_PLAIN + CODE + 0x800, (const uint32_t[4]){ 0 });
		EXPECT_EQ(KIND_UNDEF, seen.kind);
		EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(USER_LOAD, 0x30000000));
		EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(USER_EXEC, 0x30000000));
		for (uint32_t at = 0; at < 0x40; at += 4)
			EXPECT_EQ(read32(NAME_PLAIN + PAGE_1 + at), read32(HIGH_VA + at));
	}
	finish();
}

/* From here on the VMM's vectors are elsewhere again: the page has been written by another name. */
GUEST_TEST(a_store_by_another_name_is_seen)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 4; i++) {
		check_closed();
		EXPECT_EQ(read32(TLS), program_calls(GET_TLS, 0));
		write32(NAME_PLAIN + PAGE_1 + 0xff0, 0x600 + i);
		d_line_invalidate(TLS & ~(CACHE_LINE - 1));
		EXPECT_EQ(0x600 + i, program_calls(GET_TLS, 0));
		EXPECT_EQ(0x600 + i, call_closed(GET_TLS, 0));
		write32(NAME_PLAIN + PAGE_1 + 0xfe0, MOV_R0(0x70 + i));
		d_line_invalidate(GET_TLS);
		i_line_invalidate(GET_TLS);
		EXPECT_EQ(0x70 + i, program_calls(GET_TLS, 0));
		write32(NAME_PLAIN + PAGE_1 + 0xfe0, 0xe59f0008);
		d_line_invalidate(GET_TLS);
		i_line_invalidate(GET_TLS);
	}
	finish();
}

/* Code in the first KiB, which is the VMM's otherwise. */
GUEST_TEST(code_beside_the_vectors_is_the_guests)
{
	prepare();
	write32(NAME_PLAIN + WORDS, 0x11);
	for (uint32_t i = 0; i < 3; i++) {
		check_closed();
		EXPECT_EQ(0, probe_status(USER_EXEC, HIGH_VA + 0x100));
		EXPECT_EQ(0, probe_status(KERNEL_EXEC, HIGH_VA + 0x100));
	}
	finish();
}
