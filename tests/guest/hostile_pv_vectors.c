/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks on the page that holds the vectors of VMM and guest (domain/shadow_vectors.c), by a guest that
 * has promised to announce its changes and does so when it likes. Whatever it maps there, it finds its
 * own bytes: never the VMM's, and it never executes those.
 */
#include "tests/guest/hostile_pv_vectors.h"

#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HIGH_VA      0xffff0000u
#define ALIAS_VA     0x48000000u
#define CODE         (GUEST_SCRATCH + 0x80000u)
#define PAGES        (GUEST_SCRATCH + 0x90000u) /* 64 KiB: sixteen pages that may be there */
#define OPEN         (DACR_ONLY_0 | dacr_field(1, DOMAIN_CLIENT) | dacr_field(2, DOMAIN_MANAGER))
#define CLOSED       (OPEN & ~dacr_field(1, DOMAIN_MANAGER))

extern label shared_start, shared_end, shared_call, shared_load;
extern label hostile_load, hostile_store, hostile_load_byte, hostile_store_byte,
	hostile_load_double, hostile_store_double, hostile_load_many, hostile_store_many,
	hostile_swap, hostile_load_user, hostile_store_user, hostile_branch;

static uint32_t random_state = 0x6b8b4567;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

/** Closes the megabyte that the program is in for as long as another place takes to load a word. */
static uint32_t load_closed(uint32_t va)
{
	uint32_t (*const call)(uint32_t closed, uint32_t open, uint32_t function, uint32_t arg) =
		(void *)(CODE + addr(shared_call) - addr(shared_start));

	return call(CLOSED, OPEN, CODE + addr(shared_load) - addr(shared_start), va);
}

static void announce(const uint32_t *table)
{
	CP15_WRITE(c7, c10, 1, addr(table));
}

/** One of the ways in which a page can be at HIGH_VA. The kernel can always fetch its vectors there. */
static void map_somehow(void)
{
	const uint32_t page = PAGES + (next_random() & 0xf000u);
	const unsigned ap = 1 + next_random() % 3, domain = next_random() & 2;
	const bool announced = next_random() & 3;

	switch (next_random() % 4) {
	case 0:
		for (uint32_t i = 0; i < 4; i++)
			mmu_set(&l2_table[4][0x3c0 + i], desc_tiny(page + i * 0x400, ap, 0));
		mmu_set(&l1_table[0][HIGH_VA >> 20], desc_fine(addr(l2_table[4]), domain));
		break;
	case 1:
		for (uint32_t i = 0; i < 16; i++)
			mmu_set(&l2_table[1][0xf0 + i], PAGES | ap * 0x550 | L2_LARGE);
		mmu_set(&l1_table[0][HIGH_VA >> 20], desc_coarse(addr(l2_table[1]), domain));
		break;
	default:
		mmu_set(&l2_table[2][0xf0],
			(desc_small(page, ap, 0) & ~0xc00u) | (1 + next_random() % 3) << 10);
		mmu_set(&l1_table[0][HIGH_VA >> 20], desc_coarse(addr(l2_table[2]), domain));
	}
	if (announced) {
		announce(&l2_table[1][0xf0]);
		announce(&l2_table[1][0xf8]);
		announce(&l2_table[2][0xf0]);
		announce(&l2_table[4][0x3c0]);
		announce(&l1_table[0][HIGH_VA >> 20]);
	}
	if (announced || next_random() & 1)
		tlb_flush_all();
}

/** A word of one of the pages: with random words in it the VMM's would be noticed, too. */
static bool is_ours(uint32_t word, uint32_t offset)
{
	for (uint32_t page = PAGES; page < PAGES + 0x10000; page += 0x1000)
		if (read32(page + offset) == word)
			return true;
	return false;
}

/** Its own vectors, and words of no meaning. */
static void fill_pages(void)
{
	for (uint32_t at = 0; at < 0x10000; at += 4)
		write32(PAGES + at, (at & 0xfff) < 0x40 ? read32(at & 0xfff) : next_random());
}

static void prepare(void)
{
	mmu_tables_init();
	for (uint32_t at = 0; at < addr(shared_end) - addr(shared_start); at += 4)
		write32(CODE + at, read32(addr(shared_start) + at));
	dacr_write(OPEN);
	mmu_set(&l1_table[0][0], desc_section(0, AP_USER_RW, 1, 0));
	for (uint32_t at = 0; at < COUNT(l1_table[0]); at += 8)
		announce(&l1_table[0][at]);
	map_somehow();
	tlb_flush_all();
	mmu_on(SCTLR_V);
	(void)load_closed(CODE);
}

/** Every word, by every kind of access, from the kernel and from a program. */
static void all_accesses(void)
{
	const uint32_t *const code[] = {
		hostile_load,       hostile_load_byte,    hostile_load_double, hostile_load_many,
		hostile_load_user,  hostile_store,        hostile_store_byte,  hostile_swap,
		hostile_store_user, hostile_store_double, hostile_store_many,
	};

	for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
		const uint32_t va = HIGH_VA + offset;
		const unsigned n = next_random() % COUNT(code);

		/* Stores to its vectors are the guest's end, and nothing that anybody looks for. */
		if (n >= 5 && offset < 0x60)
			continue;
		run_code(next_random() & 1 ? PSR_MODE_USR : SVC, code[n], va, va);
		if (offset >= 0xffc)
			continue; /* some of these reach farther */
		EXPECT_EQ(true, is_ours(read32(va), offset));
	}
}

void hostile_vectors_from_everywhere(void)
{
	for (unsigned i = 0; i < 12; i++) {
		fill_pages();
		prepare();
		for (unsigned n = 0; n < 6; n++) {
			all_accesses();
			map_somehow();
			(void)load_closed(CODE);
		}
		mmu_off();
	}
}

/** Has @p word at an offset of each of the pages. */
static void in_all_pages(uint32_t offset, uint32_t word)
{
	for (uint32_t page = PAGES; page < PAGES + 0x10000; page += 0x1000)
		write32(page + offset, word);
}

/** Executes what is at the word, and a vector: as a program it leads to the handler in User mode. */
static void execute(uint32_t offset, bool as_program)
{
	(void)load_closed(CODE);
	run_code(as_program ? PSR_MODE_USR : SVC, hostile_branch, HIGH_VA + offset, 0);
	run_code(PSR_MODE_USR, hostile_branch, HIGH_VA + 0xc, 0);
	(void)load_closed(CODE);
}

/* Branches to the end of the page, from each of its words: by the word itself, or by one it loads. */
static void execute_branches(void)
{
	for (uint32_t offset = 0x60; offset < 0xff0; offset += 4) {
		const uint32_t branch =
			next_random() & 1 ? 0xea000000u | ((0xff4 - offset - 8) / 4 & 0xffffffu)
					  : 0xe59ff000u | (0xff8 - offset - 8);

		if (offset > 0xfe8)
			break; /* behind pc */
		if (mmu_is_on())
			mmu_off();
		in_all_pages(offset, branch);
		in_all_pages(0xff4, 0xe12fff1e); /* bx lr */
		in_all_pages(0xff8, HIGH_VA + 0xff4);
		prepare();
		execute(offset, next_random() & 1);
	}
	mmu_off();
}

/* Other code at its words, and the page written under another name. */
void hostile_vectors_executed(void)
{
	static const uint32_t words[] = { 0xe12fff1e, 0xe7f000f0,
					  0xef000001 }; /* bx lr, udf, swi */

	fill_pages();
	execute_branches();
	for (unsigned i = 0; i < 64; i++) {
		const uint32_t offset = 0x60 + (next_random() & 0xf8c);

		in_all_pages(offset, words[i % COUNT(words)]);
		prepare();
		execute(offset, i & 4);
		mmu_set(&l1_table[0][ALIAS_VA >> 20],
			desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
		announce(&l1_table[0][ALIAS_VA >> 20]);
		tlb_flush_all();
		write32(ALIAS_VA + (PAGES - GUEST_SCRATCH) + 0xff0, i);
		EXPECT_EQ(i, read32(PAGES + 0xff0));
		EXPECT_EQ(true, is_ours(read32(HIGH_VA + 0xff0), 0xff0));
		mmu_off();
	}
}
