/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses that a VMM has to carry out itself, on cached memory: the kernel stores to pages its
 * programs may only read, loads and stores of several words do so half, devices are read into it.
 * Each is mixed with plain accesses to the same line.
 */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define SLOT_VA 0x48000000u
#define PAGE_AT 0xa0000u
#define WB      (DESC_C | DESC_B)

static uint32_t *const l2 = l2_table[1];

static void set_page(uint32_t n, unsigned ap, uint32_t cb)
{
	mmu_set(&l2[n], desc_small(GUEST_SCRATCH + PAGE_AT + n * 0x1000, ap, cb));
	tlb_flush_mva(SLOT_VA + n * 0x1000);
}

static void prepare(void)
{
	caches_on();
	for (uint32_t at = 0; at < 0x4000; at += 4)
		write32(NAME_PLAIN + PAGE_AT + at, at);
	mmu_set(&l1_table[0][SLOT_VA >> 20], desc_coarse(addr(l2), 0));
	tlb_flush_all();
	/* A page of programs, so that the slot is theirs. */
	set_page(3, AP_USER_RW, WB);
	EXPECT_EQ(0, probe_status(USER_LOAD, SLOT_VA + 0x3000));
}

GUEST_TEST(a_store_to_a_read_only_page_hits_the_line)
{
	const uint32_t va = SLOT_VA + 0x40;

	prepare();
	for (uint32_t n = 0; n < 4; n++) {
		set_page(0, AP_USER_RW, WB);
		read32(va);
		write32(va, 0x100 + n); /* dirty */
		write32(va + 0x10, 0x180 + n);
		set_page(0, AP_USER_RO, WB);
		write32(va + 4, 0x200 + n);
		write32(va + 0x1c, 0x280 + n);
		EXPECT_EQ(0x100 + n, read32(va));
		EXPECT_EQ(0x200 + n, read32(va + 4));
		EXPECT_EQ(0x180 + n, read32(va + 0x10));
		EXPECT_EQ(0x280 + n, read32(va + 0x1c));
		EXPECT_EQ(0x200 + n, probe(USER_LOAD, va + 4).value);
		write32(va, 0x300 + n);
		EXPECT_EQ(0x300 + n, read32(va));
		EXPECT_EQ(0x300 + n, probe(USER_LOAD, va).value);
		d_line_clean(va);
		drain_write_buffer();
		EXPECT_EQ(0x300 + n, read32(NAME_PLAIN + PAGE_AT + 0x40));
		EXPECT_EQ(0x280 + n, read32(NAME_PLAIN + PAGE_AT + 0x5c));
	}
	caches_off();
}

/* The same word again and again: what was cleaned must not come after what was stored. */
GUEST_TEST(a_store_to_a_word_that_is_dirty_is_the_last)
{
	const uint32_t va = SLOT_VA + 0x80;

	prepare();
	for (uint32_t n = 0; n < 8; n++) {
		set_page(0, AP_USER_RW, WB);
		for (uint32_t at = 0; at < 0x20; at += 4) {
			read32(va + at);
			write32(va + at, 0x1000 + n + at);
		}
		set_page(0, AP_USER_RO, WB);
		for (uint32_t at = 0; at < 0x20; at += 4)
			write32(va + at, 0x2000 + n + at);
		d_line_clean(va);
		drain_write_buffer();
		for (uint32_t at = 0; at < 0x20; at += 4) {
			EXPECT_EQ(0x2000 + n + at, read32(va + at));
			EXPECT_EQ(0x2000 + n + at, read32(NAME_PLAIN + PAGE_AT + 0x80 + at));
		}
	}
	caches_off();
}

GUEST_TEST(a_store_to_a_page_without_cache_is_in_memory)
{
	static const uint32_t attributes[] = { 0, DESC_B, DESC_C };

	prepare();
	for (uint32_t n = 0; n < 3; n++) {
		const uint32_t va = SLOT_VA + 0x1000 + n * 0x40;

		set_page(1, AP_USER_RO, attributes[n]);
		read32(va);
		write32(va, 0x500 + n);
		drain_write_buffer();
		EXPECT_EQ(0x500 + n, read32(va));
		EXPECT_EQ(0x500 + n, read32(NAME_PLAIN + PAGE_AT + 0x1000 + n * 0x40));
		caches_empty();
	}
	caches_off();
}

/* Eight words: four in a page that takes stores, four in one that is read only. */
GUEST_TEST(a_store_of_several_words_across_two_pages)
{
	const uint32_t va = SLOT_VA + 0x1000 - 16;

	prepare();
	for (uint32_t n = 0; n < 4; n++) {
		set_page(0, AP_USER_RW, WB);
		set_page(1, AP_USER_RO, WB);
		for (uint32_t i = 0; i < 8; i++)
			read32(va + 4 * i);
		write32(va, 1); /* dirty */
		__asm__ volatile("mov r0, %0\n\t"
				 "add r1, %1, #0\n\tadd r2, %1, #1\n\tadd r3, %1, #2\n\t"
				 "add r4, %1, #3\n\tadd r5, %1, #4\n\tadd r6, %1, #5\n\t"
				 "add r8, %1, #6\n\tadd r9, %1, #7\n\t"
				 "stmia r0, {r1 - r6, r8, r9}"
				 :
				 : "r"(va), "r"(0x10 * n)
				 : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "memory");
		for (uint32_t i = 0; i < 8; i++)
			EXPECT_EQ(0x10 * n + i, read32(va + 4 * i));
		d_line_clean(va);
		d_line_clean(va + 16);
		drain_write_buffer();
		for (uint32_t i = 0; i < 8; i++)
			EXPECT_EQ(0x10 * n + i, read32(NAME_PLAIN + PAGE_AT + 0x1000 - 16 + 4 * i));
	}
	caches_off();
}

GUEST_TEST(a_swap_on_a_read_only_page_hits_the_line)
{
	const uint32_t va = SLOT_VA + 0xc0;
	uint32_t old;

	prepare();
	set_page(0, AP_USER_RW, WB);
	read32(va);
	write32(va, 0xaa);
	set_page(0, AP_USER_RO, WB);
	__asm__ volatile("swp %0, %1, [%2]" : "=&r"(old) : "r"(0xbb), "r"(va) : "memory");
	EXPECT_EQ(0xaa, old);
	EXPECT_EQ(0xbb, read32(va));
	__asm__ volatile("swpb %0, %1, [%2]" : "=&r"(old) : "r"(0xcc), "r"(va + 1) : "memory");
	EXPECT_EQ(0, old);
	EXPECT_EQ(0xccbb, read32(va));
	caches_off();
}

/* A device read by LDM, which has to be emulated; what it gives goes to a line that is dirty. */
GUEST_TEST(device_registers_read_into_a_dirty_line)
{
	const uint32_t va = NAME_A + 0xb0000;

	prepare();
	for (uint32_t n = 0; n < 4; n++) {
		read32(va);
		write32(va + 0x10, n);
		__asm__ volatile("ldmia %0, {r4, r5}\n\tstmia %1, {r4, r5}"
				 :
				 : "r"(BOARD_PIC), "r"(va)
				 : "r4", "r5", "memory");
		EXPECT_EQ(n, read32(va + 0x10));
		d_line_clean_invalidate(va);
		drain_write_buffer();
		EXPECT_EQ(n, read32(NAME_PLAIN + 0xb0010));
	}
	caches_off();
}

/* Rights that come and go: the entry in the TLB has to follow. */
GUEST_TEST(rights_that_grow_after_a_fault)
{
	const uint32_t va = SLOT_VA + 0x2000;

	prepare();
	for (uint32_t n = 0; n < 4; n++) {
		set_page(2, AP_USER_RO, 0);
		EXPECT_EQ(0, probe_status(USER_LOAD, va));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, va));
		set_page(2, AP_USER_RW, 0);
		EXPECT_EQ(0, probe_status(USER_STORE, va));
		EXPECT_EQ(0, probe_status(USER_LOAD, va));
	}
	caches_off();
}
