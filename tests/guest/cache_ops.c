/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/cache_ops.h"

#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SECTION_SIZE 0x00100000u

/* Operand of an operation by set and way (TRM, 2.3.8 and 4.5): way in 31:30, set from bit 5 on. */
#define EACH_SET_AND_WAY(crm, op2)                              \
	for (uint32_t way = 0; way < CACHE_WAYS; way++)         \
		for (uint32_t set = 0; set < CACHE_SETS; set++) \
	CP15_WRITE(c7, crm, op2, way << 30 | set << 5)

static void clean_line(uint32_t va)
{
	d_line_clean(va);
}

static void clean_sets(uint32_t va)
{
	EACH_SET_AND_WAY(c10, 2);
}

static void test_and_clean(uint32_t va)
{
	__asm__ volatile("1: mrc p15, 0, r15, c7, c10, 3\n\tbne 1b" : : : "cc", "memory");
}

static void clean_invalidate_line(uint32_t va)
{
	d_line_clean_invalidate(va);
}

static void clean_invalidate_sets(uint32_t va)
{
	EACH_SET_AND_WAY(c14, 2);
}

static void test_clean_invalidate(uint32_t va)
{
	__asm__ volatile("1: mrc p15, 0, r15, c7, c14, 3\n\tbne 1b" : : : "cc", "memory");
}

static void invalidate_line(uint32_t va)
{
	d_line_invalidate(va);
}

static void invalidate_sets(uint32_t va)
{
	EACH_SET_AND_WAY(c6, 2);
}

static void invalidate_d(uint32_t va)
{
	CP15_WRITE(c7, c6, 0, 0);
}

static void invalidate_both(uint32_t va)
{
	CP15_WRITE(c7, c7, 0, 0);
}

static void invalidate_i_line(uint32_t va)
{
	i_line_invalidate(va);
}

static void invalidate_i_sets(uint32_t va)
{
	EACH_SET_AND_WAY(c5, 2);
}

static void invalidate_i(uint32_t va)
{
	i_invalidate(va);
}

const struct cache_operation d_cleaning[D_CLEANING] = {
	{ "clean line", clean_line },
	{ "clean sets and ways", clean_sets },
	{ "test and clean", test_and_clean },
	{ "clean and invalidate line", clean_invalidate_line },
	{ "clean and invalidate sets and ways", clean_invalidate_sets },
	{ "test, clean and invalidate", test_clean_invalidate },
};

const struct cache_operation d_invalidating[D_INVALIDATING] = {
	{ "clean and invalidate line", clean_invalidate_line },
	{ "clean and invalidate sets and ways", clean_invalidate_sets },
	{ "test, clean and invalidate", test_clean_invalidate },
	{ "invalidate line", invalidate_line },
	{ "invalidate sets and ways", invalidate_sets },
	{ "invalidate D", invalidate_d },
	{ "invalidate both", invalidate_both },
};

const struct cache_operation i_invalidating[I_INVALIDATING] = {
	{ "invalidate I line", invalidate_i_line },
	{ "invalidate I sets and ways", invalidate_i_sets },
	{ "invalidate I", invalidate_i },
	{ "invalidate both", invalidate_both },
};

/** Adds the names of the scratch RAM to a level 1 table that is not cached. */
void cached_map(uint32_t *l1)
{
	static const struct {
		uint32_t name, cb;
	} names[] = {
		{ NAME_A, DESC_C | DESC_B },
		{ NAME_B, DESC_C | DESC_B },
		{ NAME_THROUGH, DESC_C },
		{ NAME_BUFFERED, DESC_B },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (uint32_t at = 0; at < GUEST_SCRATCH_SIZE; at += SECTION_SIZE)
			mmu_set(&l1[(names[i].name + at) >> 20],
				desc_section(GUEST_SCRATCH + at, AP_USER_RW, 0, names[i].cb));
}

/** Writes a descriptor at an address that is cached, write-back, so that the walker sees it. */
void cached_set(uint32_t *entry, uint32_t descriptor)
{
	*(volatile uint32_t *)entry = descriptor;
	d_line_clean(addr(entry));
	drain_write_buffer();
}

/** Stores @p instruction and a return. No cache operation. */
void code_write(uint32_t at, uint32_t instruction)
{
	write32(at, instruction);
	write32(at + 4, RETURN);
}

/** Runs the code at @p at in the kernel: what it leaves in r0. */
uint32_t code_run(uint32_t at)
{
	run_code4(PSR_MODE_SVC | PSR_MASKED, at, (const uint32_t[4]){ 0 });
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	return seen.r[0];
}

/** What was written is in memory, and nothing is in the caches. */
void caches_empty(void)
{
	test_clean_invalidate(0);
	drain_write_buffer();
	i_invalidate(0);
}

/** Tables with all names, MMU and caches on; nothing is in the caches. */
void caches_on(void)
{
	mmu_tables_init();
	cached_map(l1_table[0]);
	invalidate_both(0);
	mmu_on(0);
	sctlr_write(sctlr_read() | SCTLR_C | SCTLR_I);
}

/** The end of a test: nothing dirty is left for the next one. */
void caches_off(void)
{
	caches_empty();
	sctlr_write(sctlr_read() & ~(SCTLR_C | SCTLR_I));
	mmu_off();
}
