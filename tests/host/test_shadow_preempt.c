/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on page tables whose length is the guest's doing: others are let in on its way
 * (vmm/lib/preempt.h), and what comes out of it is the same.
 */
#include "tests/host/shadow_fixture.h"

#include "domain/shadow_announce.h"
#include "domain/shadow_internal.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#define LIMIT  0xbf000000u
#define LINEAR 0xd0000000u

#define SLOTS       160u /* that the guest uses, from this one on */
#define FIRST_SLOT  0x400u
#define KERNEL_SLOT 0xc00u

static unsigned points;

void preempt_hook(void)
{
	points++;
}

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	shadow_fixture_mmu_on();
	return 0;
}

/** A guest that announces; its RAM is linearly mapped. */
static int start_announcing(void **state)
{
	const uint32_t section = AP_PRIV << 10 | 1u << 5 | 0x1e;

	machine_init();
	machine_map_usual();
	shadow_set_pv(&machine.shadow, &(struct shadow_pv){ .announces = true,
							    .linear_offset = LINEAR,
							    .user_limit = LIMIT,
							    .ram = machine.mem.region[0] });
	guest_set_word(DIR_A + (LINEAR >> 20) * 4, section);
	shadow_fixture_mmu_on();
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	return 0;
}

/** The same MiB, in many slots of the directories from @p first on. */
static void map_sections(uint32_t dir, unsigned first)
{
	for (unsigned n = 0; n < SLOTS; n++)
		guest_set_word(dir + (first + n) * 4, 0x00100000u | AP_PRIV << 10 | 1u << 5 | 0x1e);
}

static void use_sections(unsigned first)
{
	for (unsigned n = 0; n < SLOTS; n++)
		assert_int_equal(touch((first + n) << 20, false), SHADOW_FILLED);
}

static void an_address_space_is_taken_over_by_and_by(void **state)
{
	map_sections(DIR_A, FIRST_SLOT);
	map_sections(DIR_B, FIRST_SLOT);
	use_sections(FIRST_SLOT);
	points = 0;
	machine_mcr(MCR_TTBR, DIR_B);
	assert_true(points >= SLOTS / SHADOW_SLOTS_AT_ONCE);
	for (unsigned n = 0; n < SLOTS; n++)
		assert_true(reaches((FIRST_SLOT + n) << 20, false));
}

static void an_address_space_is_forgotten_by_and_by(void **state)
{
	map_sections(DIR_A, FIRST_SLOT);
	use_sections(FIRST_SLOT);
	points = 0;
	shadow_flush_all(&machine.shadow);
	assert_true(points >= SHADOW_CONTEXTS + SLOTS / SHADOW_SLOTS_AT_ONCE);
	for (unsigned n = 0; n < SLOTS; n++)
		ASSERT_NO_ACCESS((FIRST_SLOT + n) << 20);
}

static void a_table_whose_entries_all_differ_is_compared_by_and_by(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	for (unsigned n = 0; n < 256; n++) {
		guest_set_word(COARSE + n * 4, USER_RO(PAGE_1));
		assert_int_equal(touch(0x12300000 + n * 0x1000, false), SHADOW_FILLED);
	}
	for (unsigned n = 0; n < 256; n++)
		guest_set_word(COARSE + n * 4, 0);
	points = 0;
	shadow_revalidate(&machine.shadow);
	assert_true(points >= 8);
	for (unsigned n = 0; n < 256; n++)
		ASSERT_NO_ACCESS(0x12300000 + n * 0x1000);
}

static void announced_descriptors_are_compared_by_and_by(void **state)
{
	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	for (unsigned n = 0; n < 256; n++) {
		guest_set_word(COARSE + n * 4, USER_RO(PAGE_1));
		assert_int_equal(touch(0x12300000 + n * 0x1000, false), SHADOW_FILLED);
	}
	points = 0;
	shadow_tables_written(&machine.shadow, LINEAR + COARSE, 0x400);
	assert_true(points >= 8);
	for (unsigned n = 0; n < 256; n++)
		assert_true(reaches(0x12300000 + n * 0x1000, false));
}

static void an_announced_directory_is_compared_by_and_by(void **state)
{
	map_sections(DIR_A, KERNEL_SLOT);
	use_sections(KERNEL_SLOT);
	guest_set_word(DIR_A + KERNEL_SLOT * 4, 0);
	points = 0;
	shadow_tables_written(&machine.shadow, LINEAR + DIR_A, 0x4000);
	assert_true(points >= SLOTS / SHADOW_SLOTS_AT_ONCE);
	ASSERT_NO_ACCESS(KERNEL_SLOT << 20);
	for (unsigned n = 1; n < SLOTS; n++)
		assert_true(reaches((KERNEL_SLOT + n) << 20, false));

	/* The same for tables of programs. */
	for (unsigned n = 0; n < 64; n++) {
		guest_set_word(DIR_A + (FIRST_SLOT + n) * 4, L1(COARSE));
		guest_set_word(COARSE, USER_RO(PAGE_1));
		assert_int_equal(touch((FIRST_SLOT + n) << 20, false), SHADOW_FILLED);
	}
	guest_set_word(DIR_A + FIRST_SLOT * 4, 0);
	points = 0;
	shadow_tables_written(&machine.shadow, LINEAR + DIR_A + FIRST_SLOT * 4, 64 * 4);
	assert_true(points >= 64 / SHADOW_SLOTS_AT_ONCE);
	ASSERT_NO_ACCESS(FIRST_SLOT << 20);
	assert_true(reaches((FIRST_SLOT + 1) << 20, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_space_is_taken_over_by_and_by, start),
		TEST(an_address_space_is_forgotten_by_and_by, start),
		TEST(a_table_whose_entries_all_differ_is_compared_by_and_by, start),
		TEST(announced_descriptors_are_compared_by_and_by, start_announcing),
		TEST(an_announced_directory_is_compared_by_and_by, start_announcing),
	};

	return cmocka_run_group_tests_name("shadow_preempt", tests, NULL, NULL);
}
