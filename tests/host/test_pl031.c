/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/device_fixture.h"

#include "devemu/pl031.h"
#include "devemu/pl031_regs.h"

#define SECOND ((uint64_t)CLOCK_HZ)
#define START  1763750000u

static struct device rtc;
static const struct rtc_backend time_of_day = { .seconds_at_start = START };

static int setup(void **state)
{
	bench_init(&rtc, &pl031_ops, &time_of_day);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&rtc);
	return 0;
}

static void registers_have_their_power_on_values(void **state)
{
	/* What Linux binds its driver to: part 0x031, of ARM. */
	static const uint8_t ids[8] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	assert_int_equal(rd(&rtc, PL031_DR), START);
	assert_int_equal(rd(&rtc, PL031_MR), 0);
	assert_int_equal(rd(&rtc, PL031_LR), 0);
	assert_int_equal(rd(&rtc, PL031_CR), PL031_CR_START);
	assert_int_equal(rd(&rtc, PL031_IMSC), 0);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	assert_int_equal(rd(&rtc, PL031_MIS), 0);
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(rd(&rtc, PRIMECELL_ID + 4 * n), ids[n]);
	assert_int_equal(rtc.guest_errors, 0);
}

static void it_counts_seconds_of_guest_time(void **state)
{
	bench_run(&rtc, SECOND - 1);
	assert_int_equal(rd(&rtc, PL031_DR), START);
	bench_run(&rtc, 1);
	assert_int_equal(rd(&rtc, PL031_DR), START + 1);
	bench_run(&rtc, 86400 * SECOND);
	assert_int_equal(rd(&rtc, PL031_DR), START + 86401);
	wr(&rtc, PL031_DR, 1); /* read-only */
	assert_int_equal(rd(&rtc, PL031_DR), START + 86401);
}

static void a_loaded_time_goes_on_from_there(void **state)
{
	bench_run(&rtc, 10 * SECOND + SECOND / 2);
	wr(&rtc, PL031_LR, 1000);
	assert_int_equal(rd(&rtc, PL031_LR), 1000);
	assert_int_equal(rd(&rtc, PL031_DR), 1000);
	bench_run(&rtc, 7 * SECOND);
	assert_int_equal(rd(&rtc, PL031_DR), 1007);
	assert_int_equal(rd(&rtc, PL031_LR), 1000);
	wr(&rtc, PL031_LR, 0xffffffff); /* wraps as 32 bits do */
	bench_run(&rtc, 2 * SECOND);
	assert_int_equal(rd(&rtc, PL031_DR), 1);
}

static void the_alarm_comes_in_the_second_it_is_set_to(void **state)
{
	bench_run(&rtc, SECOND / 3);
	wr(&rtc, PL031_IMSC, PL031_INT);
	wr(&rtc, PL031_MR, START + 5);
	bench_run(&rtc, 5 * SECOND - SECOND / 3 - 1);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	assert_false(wire_level[0]);
	bench_run(&rtc, 1);
	assert_int_equal(deadline_calls, 1); /* by itself: nobody has read anything */
	assert_true(wire_level[0]);
	assert_int_equal(rd(&rtc, PL031_DR), START + 5);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
	assert_int_equal(rd(&rtc, PL031_MIS), 1);
	wr(&rtc, PL031_ICR, PL031_INT);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	bench_run(&rtc, 1000 * SECOND); /* once */
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
}

static void an_alarm_for_now_comes_at_once_and_one_for_the_past_after_the_wrap(void **state)
{
	bench_run(&rtc, 100 * SECOND);
	wr(&rtc, PL031_MR, START + 100);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
	wr(&rtc, PL031_ICR, PL031_INT);
	wr(&rtc, PL031_MR, START + 99);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	bench_run(&rtc, 0xfffffffeull * SECOND);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	bench_run(&rtc, SECOND);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
}

static void setting_the_time_moves_the_alarm(void **state)
{
	wr(&rtc, PL031_MR, START + 1000);
	wr(&rtc, PL031_LR, START + 990);
	bench_run(&rtc, 10 * SECOND - 1);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	bench_run(&rtc, 1);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
	wr(&rtc, PL031_ICR, PL031_INT);
	wr(&rtc, PL031_LR, START + 1000);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
}

static void the_mask_hides_the_alarm_and_does_not_lose_it(void **state)
{
	wr(&rtc, PL031_MR, START + 2);
	bench_run(&rtc, 2 * SECOND);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
	assert_int_equal(rd(&rtc, PL031_MIS), 0);
	wr(&rtc, PL031_IMSC, 0xffffffff);
	assert_int_equal(rd(&rtc, PL031_IMSC), 1);
	assert_true(wire_level[0]);
	wr(&rtc, PL031_ICR, 0xfffffffe); /* not this one */
	assert_true(wire_level[0]);
	wr(&rtc, PL031_IMSC, 0);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
}

static void a_late_deadline_is_not_lost(void **state)
{
	wr(&rtc, PL031_IMSC, PL031_INT);
	wr(&rtc, PL031_MR, START + 1);
	bench_now = 3 * SECOND; /* the clock was not served meanwhile */
	assert_int_equal(rd(&rtc, PL031_RIS), 1);
	assert_true(wire_level[0]);
	assert_true(bench_deadline == CLOCK_NEVER);
}

static void it_cannot_be_stopped(void **state)
{
	wr(&rtc, PL031_CR, 0);
	assert_int_equal(rd(&rtc, PL031_CR), PL031_CR_START);
	bench_run(&rtc, 3 * SECOND);
	assert_int_equal(rd(&rtc, PL031_DR), START + 3);
}

static void a_reset_keeps_the_time_and_forgets_the_alarm(void **state)
{
	wr(&rtc, PL031_LR, START + 86400);
	wr(&rtc, PL031_IMSC, PL031_INT);
	wr(&rtc, PL031_MR, START + 86410);
	wr(&rtc, PL031_MR, rd(&rtc, PL031_DR));
	assert_true(wire_level[0]);
	rtc.ops->reset(&rtc);
	assert_false(wire_level[0]);
	assert_true(bench_deadline == CLOCK_NEVER);
	assert_int_equal(rd(&rtc, PL031_DR), START + 86400);
	assert_int_equal(rd(&rtc, PL031_MR), 0);
	assert_int_equal(rd(&rtc, PL031_LR), 0);
	assert_int_equal(rd(&rtc, PL031_IMSC), 0);
	bench_run(&rtc, 100 * SECOND);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
}

static void without_a_back_end_it_starts_at_zero(void **state)
{
	bench_fini(&rtc);
	bench_init(&rtc, &pl031_ops, NULL);
	assert_int_equal(rd(&rtc, PL031_DR), 0);
	bench_run(&rtc, 4 * SECOND);
	assert_int_equal(rd(&rtc, PL031_DR), 4);
}

static void unknown_registers_read_as_zero_and_are_counted(void **state)
{
	assert_int_equal(rd(&rtc, PL031_ICR), 0); /* write-only */
	assert_int_equal(rd(&rtc, 0x020), 0);
	assert_int_equal(rd(&rtc, 0xfdc), 0);
	wr(&rtc, 0x020, 1);
	wr(&rtc, PRIMECELL_ID, 1);
	wr(&rtc, PL031_RIS, 1);
	assert_int_equal(rd(&rtc, PL031_RIS), 0);
	assert_int_equal(rtc.guest_errors, 6);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(registers_have_their_power_on_values),
		T(it_counts_seconds_of_guest_time),
		T(a_loaded_time_goes_on_from_there),
		T(the_alarm_comes_in_the_second_it_is_set_to),
		T(an_alarm_for_now_comes_at_once_and_one_for_the_past_after_the_wrap),
		T(setting_the_time_moves_the_alarm),
		T(the_mask_hides_the_alarm_and_does_not_lose_it),
		T(a_late_deadline_is_not_lost),
		T(it_cannot_be_stopped),
		T(a_reset_keeps_the_time_and_forgets_the_alarm),
		T(without_a_back_end_it_starts_at_zero),
		T(unknown_registers_read_as_zero_and_are_counted),
	};

	return cmocka_run_group_tests_name("pl031", tests, NULL, NULL);
}
