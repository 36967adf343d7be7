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

/** A row of them in a table of two slots takes more than others: each is compared in both. */
static void a_log_of_a_table_with_two_slots_is_taken_by_and_by(void **state)
{
	uint32_t vas[64];

	guest_set_word(DIR_A + 0x123 * 4, L1(COARSE));
	guest_set_word(DIR_A + 0x124 * 4, L1(COARSE));
	for (unsigned n = 0; n < ARRAY_SIZE(vas); n++) {
		guest_set_word(COARSE + n * 4, USER_RO(PAGE_1));
		assert_int_equal(touch(0x12300000 + n * 0x1000, false), SHADOW_FILLED);
		assert_int_equal(touch(0x12400000 + n * 0x1000, false), SHADOW_FILLED);
		guest_set_word(COARSE + n * 4, 0);
		vas[n] = LINEAR + COARSE + n * 4;
	}
	points = 0;
	shadow_ptes_changed(&machine.shadow, vas, ARRAY_SIZE(vas));
	assert_true(points >= 8);
	for (unsigned n = 0; n < ARRAY_SIZE(vas); n++) {
		ASSERT_NO_ACCESS(0x12300000 + n * 0x1000);
		ASSERT_NO_ACCESS(0x12400000 + n * 0x1000);
	}
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

/* Tables of programs, nearly all that there are; the guest's own is the same: one list has them all. */
#define TABLES (SHADOW_TABLES - 8u)

static void use_tables(void)
{
	guest_set_word(COARSE, USER_RO(PAGE_1));
	for (unsigned n = 0; n < TABLES; n++) {
		guest_set_word(DIR_A + (FIRST_SLOT + n) * 4, L1(COARSE));
		assert_int_equal(touch((FIRST_SLOT + n) << 20, false), SHADOW_FILLED);
	}
}

static void check_tables(void)
{
	for (unsigned n = 0; n < TABLES; n++)
		assert_true(reaches((FIRST_SLOT + n) << 20, false));
}

static void a_space_of_many_tables_is_switched_to_and_from_by_and_by(void **state)
{
	use_tables();
	points = 0;
	machine_mcr(MCR_TTBR, DIR_B);
	assert_true(points >= TABLES / SHADOW_PASSED_AT_ONCE);
	ASSERT_NO_ACCESS(FIRST_SLOT << 20);
	points = 0;
	machine_mcr(MCR_TTBR, DIR_A);
	assert_true(points >= TABLES / SHADOW_PASSED_AT_ONCE);
	check_tables();
}

static void a_long_list_of_tables_is_passed_by_and_by(void **state)
{
	use_tables();
	guest_set_word(DIR_A + (FIRST_SLOT + TABLES) * 4, L1(COARSE));
	points = 0;
	assert_int_equal(touch((FIRST_SLOT + TABLES) << 20, false), SHADOW_FILLED);
	assert_true(points >= TABLES / SHADOW_PASSED_AT_ONCE);

	points = 0;
	shadow_tables_written(&machine.shadow, LINEAR + COARSE, 4);
	assert_true(points >= TABLES / SHADOW_PASSED_AT_ONCE);

	/* The table that was made first is the last in the list of its space, and of its hash. */
	guest_set_word(DIR_A + FIRST_SLOT * 4, 0);
	points = 0;
	shadow_tables_written(&machine.shadow, LINEAR + DIR_A + FIRST_SLOT * 4, 4);
	assert_true(points >= TABLES / SHADOW_SLOTS_AT_ONCE + 2 * (TABLES / SHADOW_PASSED_AT_ONCE));
	ASSERT_NO_ACCESS(FIRST_SLOT << 20);
	assert_true(reaches((FIRST_SLOT + 1) << 20, false));
}

static void room_for_a_fine_table_is_made_by_and_by(void **state)
{
	use_tables();
	guest_set_word(DIR_A + 0x123 * 4, L1_OF_FINE);
	guest_set_word(FINE, USER_RO(PAGE_1));
	points = 0;
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_true(points >= SHADOW_TABLES / 4 / SHADOW_SLOTS_AT_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_space_is_taken_over_by_and_by, start),
		TEST(an_address_space_is_forgotten_by_and_by, start),
		TEST(a_table_whose_entries_all_differ_is_compared_by_and_by, start),
		TEST(announced_descriptors_are_compared_by_and_by, start_announcing),
		TEST(a_log_of_a_table_with_two_slots_is_taken_by_and_by, start_announcing),
		TEST(an_announced_directory_is_compared_by_and_by, start_announcing),
		TEST(a_space_of_many_tables_is_switched_to_and_from_by_and_by, start_announcing),
		TEST(a_long_list_of_tables_is_passed_by_and_by, start_announcing),
		TEST(room_for_a_fine_table_is_made_by_and_by, start_announcing),
	};

	return cmocka_run_group_tests_name("shadow_preempt", tests, NULL, NULL);
}
