/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another board does to a PL110, and what the controller gets of it: it never reads outside the
 * memory that was granted.
 */
#include "net/remote/pl110_guard.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define USER  0x02200000u
#define HERE  0x05300000u
#define SIZE  0x00200000u
#define VGA_0 (39u << 2) /* 640 x 480 */
#define VGA_1 479u

static uint32_t chip[0x1000 / 4];
static bool fails;
static struct pl110_guard guard;
static const struct server_window window = { .name = "screen" };

static enum remote_result chip_read(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	*value = chip[offset / 4];
	return fails ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static enum remote_result chip_write(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	if (!fails)
		chip[offset / 4] = value;
	return fails ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static unsigned shown;

static void show(unsigned order)
{
	shown = order;
}

static int start(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(chip); i++)
		chip[i] = 0xffffffff; /* as somebody has left it */
	fails = false;
	guard = (struct pl110_guard){ .load = chip_read,
				      .store = chip_write,
				      .user = USER,
				      .here = HERE,
				      .size = SIZE,
				      .orders = 0xb,
				      .show = show };
	assert_true(pl110_guard_init(&guard, &window));
	return 0;
}

static enum remote_result put(uint32_t offset, uint32_t value)
{
	return pl110_guard_write(&guard, &window, offset, 4, value);
}

static uint32_t get(uint32_t offset)
{
	uint32_t value;

	assert_int_equal(REMOTE_OK, pl110_guard_read(&guard, &window, offset, 4, &value));
	return value;
}

static void it_is_off_at_the_start_and_shows_the_memory_only(void **state)
{
	assert_int_equal(0, chip[PL110_CONTROL / 4]);
	assert_int_equal(0, chip[PL110_IMSC / 4]);
	assert_int_equal(0, chip[PL110_TIMING0 / 4]);
	assert_int_equal(0, chip[PL110_TIMING1 / 4]);
	assert_int_equal(HERE, chip[PL110_UPBASE / 4]);
	assert_int_equal(HERE, chip[PL110_LPBASE / 4]);
}

/* What is behind it takes colours in the orders that it has, and in no other one. */
static void what_is_behind_it_does_what_it_can(void **state)
{
	static const uint32_t wrong[] = { 2, 4, 31, 32, 33, 0x80000000u, 0xffffffffu };

	assert_int_equal(0, shown);
	assert_int_equal(REMOTE_OK, put(PL110_COLOURS, 3));
	assert_int_equal(3, shown);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(REMOTE_REFUSED, put(PL110_COLOURS, wrong[i]));
	assert_int_equal(3, shown);
	assert_int_equal(3, get(PL110_COLOURS));
	assert_int_equal(0xffffffffu, chip[PL110_COLOURS / 4]); /* none of its registers */
	assert_true(pl110_guard_init(&guard, &window));
	assert_int_equal(0, shown);
}

static void base_addresses_are_translated_both_ways(void **state)
{
	assert_int_equal(REMOTE_OK, put(PL110_TIMING0, VGA_0));
	assert_int_equal(REMOTE_OK, put(PL110_TIMING1, VGA_1));
	assert_int_equal(REMOTE_OK, put(PL110_UPBASE, USER + 0x1000));
	assert_int_equal(HERE + 0x1000, chip[PL110_UPBASE / 4]);
	assert_int_equal(USER + 0x1000, get(PL110_UPBASE));
	assert_int_equal(USER, get(PL110_LPBASE));
	chip[PL110_CURRENT / 4] = chip[0x30 / 4] = HERE + 0x1234;
	assert_int_equal(USER + 0x1234, get(PL110_CURRENT));
	assert_int_equal(USER + 0x1234, get(0x30));
	chip[0x20 / 4] = HERE; /* a status is no address */
	assert_int_equal(HERE, get(0x20));
}

static void a_picture_lies_in_the_memory(void **state)
{
	const uint32_t last = SIZE - 640 * 480 * 4;

	assert_int_equal(REMOTE_OK, put(PL110_TIMING0, VGA_0));
	assert_int_equal(REMOTE_OK, put(PL110_TIMING1, VGA_1));
	for (uint32_t base = PL110_UPBASE; base <= PL110_LPBASE; base += 4) {
		assert_int_equal(REMOTE_OK, put(base, USER + last));
		assert_int_equal(REMOTE_REFUSED, put(base, USER + last + 8));
		assert_int_equal(REMOTE_REFUSED, put(base, USER - 8));
		assert_int_equal(REMOTE_REFUSED, put(base, USER + SIZE));
		assert_int_equal(REMOTE_REFUSED, put(base, HERE));
		assert_int_equal(REMOTE_REFUSED, put(base, 0));
		assert_int_equal(REMOTE_REFUSED, put(base, 0xfffffff8));
		assert_int_equal(HERE + last, chip[base / 4]);
	}
	assert_int_equal(REMOTE_REFUSED, put(PL110_TIMING1, VGA_1 + 1));
	assert_int_equal(REMOTE_REFUSED, put(PL110_TIMING0, VGA_0 + 4));
	assert_int_equal(VGA_0, chip[PL110_TIMING0 / 4]);
	assert_int_equal(VGA_1, chip[PL110_TIMING1 / 4]);
	assert_int_equal(REMOTE_OK, put(PL110_TIMING1, VGA_1 - 1));
	assert_int_equal(REMOTE_OK, put(PL110_UPBASE, USER));
	assert_int_equal(REMOTE_REFUSED, put(PL110_TIMING0, 0xffffffff)); /* the other one */
}

/* Between two pictures it may still be at the old one. */
static void the_size_changes_while_it_is_off(void **state)
{
	assert_int_equal(REMOTE_OK, put(PL110_UPBASE, USER + SIZE - 1024));
	assert_int_equal(REMOTE_OK, put(PL110_CONTROL, 0x82b));
	assert_int_equal(REMOTE_OK, put(PL110_UPBASE, USER));
	assert_int_equal(REMOTE_REFUSED, put(PL110_TIMING0, VGA_0));
	assert_int_equal(REMOTE_OK, put(PL110_TIMING0, 0)); /* what it has */
	assert_int_equal(REMOTE_OK, put(PL110_CONTROL, 0x82a));
	assert_int_equal(REMOTE_OK, put(PL110_TIMING0, VGA_0));
}

static void only_words_are_written(void **state)
{
	assert_int_equal(REMOTE_REFUSED, pl110_guard_write(&guard, &window, PL110_UPBASE, 2, USER));
	assert_int_equal(REMOTE_REFUSED, pl110_guard_write(&guard, &window, PL110_CONTROL, 1, 0));
	for (unsigned i = 0; i < ARRAY_SIZE(pl110_ranges); i++) {
		assert_int_equal(REMOTE_WIDTH_4, pl110_ranges[i].widths);
		assert_true(pl110_ranges[i].offset + pl110_ranges[i].size <= sizeof(chip));
	}
}

static void a_bus_error_changes_nothing(void **state)
{
	uint32_t value;

	fails = true;
	assert_int_equal(REMOTE_BUS_ERROR, put(PL110_UPBASE, USER + 0x1000));
	assert_int_equal(REMOTE_BUS_ERROR,
			 pl110_guard_read(&guard, &window, PL110_UPBASE, 4, &value));
	assert_false(pl110_guard_init(&guard, &window));
	fails = false;
	assert_int_equal(USER, get(PL110_UPBASE));
}

/* In frames the registers are where the PL110's manual has them, whatever the board. */
static void the_versatile_has_two_registers_in_another_order(void **state)
{
	guard.is_swapped = true;
	assert_true(pl110_guard_init(&guard, &window));
	assert_int_equal(REMOTE_OK, put(PL110_CONTROL, 0x123));
	assert_int_equal(REMOTE_OK, put(PL110_IMSC, 0x4));
	assert_int_equal(0x123, chip[0x18 / 4]);
	assert_int_equal(0x4, chip[0x1c / 4]);
	assert_int_equal(0x123, get(PL110_CONTROL));
	assert_int_equal(REMOTE_REFUSED, put(PL110_TIMING0, VGA_0)); /* it is on */
	assert_int_equal(0x14, pl110_swap(0x14));
	assert_int_equal(0x20, pl110_swap(0x20));
}

static void a_memory_that_is_too_small_is_no_memory(void **state)
{
	guard.size = 63;
	assert_false(pl110_guard_init(&guard, &window));
	assert_int_equal(REMOTE_REFUSED, put(PL110_UPBASE, USER));
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_off_at_the_start_and_shows_the_memory_only),
		TEST(what_is_behind_it_does_what_it_can),
		TEST(base_addresses_are_translated_both_ways),
		TEST(a_picture_lies_in_the_memory),
		TEST(the_size_changes_while_it_is_off),
		TEST(only_words_are_written),
		TEST(a_bus_error_changes_nothing),
		TEST(the_versatile_has_two_registers_in_another_order),
		TEST(a_memory_that_is_too_small_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
