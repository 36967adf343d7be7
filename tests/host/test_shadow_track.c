/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracked memory: the guest writes to it by entries that were told to its owner, and by no other ones,
 * whatever it maps it as.
 */
#include "tests/host/shadow_fixture.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_track.h"
#include "vcpu/guest_mem.h"

#include <string.h>

#define TRACKED       0x00900000u /* GPA, behind what is RAM in machine_map_usual() */
#define TRACKED_PAGES 40u
#define PICTURE(n)    (TRACKED + (n)*TRACKED_PAGE)
#define VA            0xd0000000u
#define OTHER_VA      0x30000000u

static uint32_t open_pages[2], writer[TRACKED_PAGES];
static unsigned was_open;
static uint64_t closed;
static struct mem_tracker tracker;

static void note_was_open(struct mem_tracker *t, unsigned page)
{
	was_open++;
	closed |= 1ull << page;
}

static int start(void **state)
{
	struct mem_region tracked = { .base = TRACKED,
				      .size = TRACKED_PAGES * TRACKED_PAGE,
				      .kind = MEM_READ_DIRECT,
				      .hpa = hpa(HPA_RAM + TRACKED),
				      .device = &machine.device };

	machine_init();
	machine_map_usual();
	memset(open_pages, 0, sizeof(open_pages));
	was_open = 0;
	closed = 0;
	assert_int_equal(STATUS_OK, vm_mem_add(&machine.mem, &tracked));
	tracker = (struct mem_tracker){ .region = vm_mem_find(&machine.mem, gpa(TRACKED)),
					.open = open_pages,
					.writer = writer };
	shadow_fixture_mmu_on();
	guest_set_word(DIR_A + (VA >> 20) * 4, L1(COARSE));
	guest_set_word(DIR_A + (OTHER_VA >> 20) * 4, L1(COARSE + 0x400));
	for (unsigned n = 0; n < TRACKED_PAGES; n++) {
		guest_set_word(COARSE + n * 4, KERNEL(PICTURE(n)));
		guest_set_word(COARSE + 0x400 + n * 4, USER_RW(PICTURE(n)));
	}
	return 0;
}

static void close_all(void)
{
	was_open = 0;
	closed = 0;
	shadow_track_close(&machine.shadow, &tracker, note_was_open);
}

static unsigned count_open(void)
{
	return (unsigned)(__builtin_popcount(open_pages[0]) + __builtin_popcount(open_pages[1]));
}

/** A store: by the hardware, or else by emulation, which opens the page. */
static bool store(uint32_t va)
{
	struct guest_translation t;
	struct guest_fault fault;

	if (reaches(va, true))
		return true;
	assert_int_equal(SHADOW_EMULATE, touch(va, true));
	assert_non_null(guest_translate(&machine.vcpu, va, vcpu_privileged(&machine.vcpu), true, &t,
					&fault));
	return shadow_track_open(&machine.shadow, &tracker, va, &t);
}

static void reading_opens_nothing(void **state)
{
	assert_int_equal(SHADOW_FILLED, touch(VA, false));
	assert_true(reaches(VA, false));
	assert_false(reaches(VA, true));
	assert_int_equal(0, count_open());
	assert_int_equal(HPA_RAM + TRACKED, host_of(VA));
	close_all();
	assert_int_equal(0, was_open);
	assert_true(reaches(VA, false));
}

static void the_first_store_opens_and_the_next_are_the_guests(void **state)
{
	assert_true(store(VA + 0x3010));
	assert_int_equal(1u << 3, open_pages[0]);
	assert_true(reaches(VA + 0x3ffc, true));
	assert_false(reaches(VA + 0x4000, true));
	assert_int_equal(HPA_RAM + PICTURE(3) + 0x10, host_of(VA + 0x3010));
	close_all();
	assert_int_equal(1, was_open);
	assert_true(closed == 1ull << 3);
	assert_int_equal(0, count_open());
	assert_false(reaches(VA + 0x3010, true));
	assert_true(store(VA + 0x3010));
	assert_int_equal(1u << 3, open_pages[0]);
}

static void a_page_that_was_read_before_is_opened(void **state)
{
	assert_int_equal(SHADOW_FILLED, touch(VA, false));
	assert_true(store(VA));
	assert_true(reaches(VA, true));
	assert_int_equal(1, count_open());
}

static void many_pages_are_closed_at_once(void **state)
{
	for (unsigned n = 0; n < TRACKED_PAGES; n++)
		assert_true(store(VA + n * TRACKED_PAGE));
	close_all();
	assert_int_equal(TRACKED_PAGES, was_open);
	for (unsigned n = 0; n < TRACKED_PAGES; n++)
		assert_false(reaches(VA + n * TRACKED_PAGE, true));
}

/* A guest has a page at two addresses: it writes by the one that was last. */
static void one_entry_writes_to_a_page(void **state)
{
	assert_true(store(VA));
	assert_true(store(OTHER_VA));
	assert_int_equal(1, count_open());
	assert_true(reaches(OTHER_VA, true));
	assert_false(reaches(VA, true));
	assert_int_equal(SHADOW_FILLED, touch(VA, false));
	assert_false(reaches(VA, true));
	close_all();
	assert_false(reaches(VA, true));
	assert_false(reaches(OTHER_VA, true));
}

/* An entry that not every view allows comes back by itself, but not once its page is closed. */
static void a_transient_entry_is_closed_too(void **state)
{
	/* A page of programs makes the slot theirs: that of the kernel beside it is transient. */
	guest_set_word(COARSE + 1 * 4, USER_RW(PICTURE(1)));
	assert_true(store(VA + 0x1000));
	assert_true(store(VA));
	assert_true(reaches(VA, true));
	set_mode(PSR_MODE_USR);
	assert_false(reaches(VA, true));
	close_all();
	set_mode(PSR_MODE_SVC);
	assert_false(reaches(VA, true));
	assert_false(reaches(VA + 0x1000, true));
}

static void nothing_of_it_is_cached(void **state)
{
	assert_true(store(VA));
	assert_int_equal(DESC_B, machine_shadow_l2(machine.shadow.current->l1[VA >> 20], 0) &
					 (DESC_C | DESC_B));
}

/* What was the entry of a page may be that of another one when the page is closed. */
static void an_entry_of_another_page_stays(void **state)
{
	assert_true(store(VA));
	guest_set_word(COARSE, KERNEL(PAGE_1));
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(SHADOW_FILLED, touch(VA, true));
	assert_int_equal(HPA_RAM + PAGE_1, host_of(VA));
	close_all();
	assert_int_equal(1, was_open);
	assert_true(reaches(VA, true));
}

/* Sections and a flat guest get entries for pages. */
static void a_section_is_opened_by_pages(void **state)
{
	guest_set_word(DIR_A + (VA >> 20) * 4, TRACKED | AP_PRIV << 10 | 1u << 5 | 0x12);
	machine_mcr(MCR_TLB_ALL, 0);
	assert_true(store(VA + 0x5000));
	assert_int_equal(1u << 5, open_pages[0]);
	assert_true(reaches(VA + 0x5000, true));
	assert_false(reaches(VA + 0x6000, true));
	close_all();
	assert_false(reaches(VA + 0x5000, true));
}

/* The kernel stores where its programs may only read: each of them is emulated, and the page is open. */
static void what_no_entry_can_express_is_emulated(void **state)
{
	guest_set_word(COARSE, USER_RO(PICTURE(0)));
	assert_false(store(VA));
	assert_int_equal(1, count_open());
	assert_false(reaches(VA, true));
	close_all();
	assert_int_equal(1, was_open);
}

/* Page tables in it are none. */
/*
 * Where the VMM's vectors are there is no entry for the guest: each of its stores is emulated, and its owner is
 * told of the page at each collection. And the last page of all addresses is one like others.
 */
static void at_the_vectors_and_at_the_end_of_all_addresses(void **state)
{
	guest_set_word(DIR_A + 0xfff * 4, L1(COARSE + 0x800));
	guest_set_word(COARSE + 0x800 + 0xf0 * 4, KERNEL(PICTURE(5)));
	guest_set_word(COARSE + 0x800 + 0xff * 4, KERNEL(PICTURE(6)));
	for (unsigned high = 0; high < 2; high++) {
		struct guest_translation t;
		struct guest_fault fault;

		shadow_set_vectors(&machine.shadow, high);
		for (unsigned n = 0; n < 2 && high; n++) {
			assert_int_equal(SHADOW_VECTOR_PAGE, touch(0xffff0c10, true));
			assert_non_null(
				guest_translate(&machine.vcpu, 0xffff0c10, true, true, &t, &fault));
			assert_false(shadow_track_open(&machine.shadow, &tracker, 0xffff0c10, &t));
			assert_false(reaches(0xffff0c10, true));
			assert_false(reaches(0xffff0c10, false));
		}
		if (!high)
			assert_true(store(0xffff0c10));
		assert_true(store(0xfffffffc));
		assert_true(reaches(0xfffff000, true));
		close_all();
		assert_int_equal(closed, 3u << 5);
		assert_false(reaches(0xffff0c10, true));
		assert_false(reaches(0xfffffffc, true));
	}
}

static void it_is_no_ram_for_anything_else(void **state)
{
	assert_null(guest_ram_page(&machine.mem, gpa(TRACKED)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reading_opens_nothing, start),
		TEST(the_first_store_opens_and_the_next_are_the_guests, start),
		TEST(a_page_that_was_read_before_is_opened, start),
		TEST(many_pages_are_closed_at_once, start),
		TEST(one_entry_writes_to_a_page, start),
		TEST(a_transient_entry_is_closed_too, start),
		TEST(nothing_of_it_is_cached, start),
		TEST(an_entry_of_another_page_stays, start),
		TEST(a_section_is_opened_by_pages, start),
		TEST(what_no_entry_can_express_is_emulated, start),
		TEST(at_the_vectors_and_at_the_end_of_all_addresses, start),
		TEST(it_is_no_ram_for_anything_else, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
