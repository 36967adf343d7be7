/* SPDX-License-Identifier: Apache-2.0 */
/* The models of the AST2400: interrupt controller, timers, watchdogs, system control unit. */
#include "tests/host/device_fixture.h"

#include "devemu/ast2400_scu.h"
#include "devemu/ast2400_timer.h"
#include "devemu/ast2400_vic.h"
#include "devemu/ast2400_wdt.h"

#define MS 24000u

static struct device dev;

/* ---- interrupt controller ------------------------------------------------------------------- */

static void a_level_is_there_as_long_as_it_is(void **state)
{
	bench_init(&dev, &ast2400_vic_ops, NULL);
	wr(&dev, AST2400_VIC_ENABLE, 1u << 10);
	dev.ops->set_input(&dev, 10, true);
	assert_true(wire_level[AST2400_VIC_WIRE_IRQ]);
	assert_int_equal(1u << 10, rd(&dev, AST2400_VIC_IRQ_STATUS));
	wr(&dev, AST2400_VIC_EDGE_CLR, 1u << 10);
	assert_true(wire_level[AST2400_VIC_WIRE_IRQ]);
	dev.ops->set_input(&dev, 10, false);
	assert_false(wire_level[AST2400_VIC_WIRE_IRQ]);
	bench_fini(&dev);
}

static void an_edge_stays_until_it_is_cleared(void **state)
{
	bench_init(&dev, &ast2400_vic_ops, NULL);
	wr(&dev, AST2400_VIC_ENABLE + 4, 1u << 3);
	dev.ops->set_input(&dev, 35, true);
	dev.ops->set_input(&dev, 35, false);
	assert_true(wire_level[AST2400_VIC_WIRE_IRQ]);
	assert_int_equal(0, rd(&dev, AST2400_VIC_IRQ_STATUS));
	assert_int_equal(1u << 3, rd(&dev, AST2400_VIC_IRQ_STATUS + 4));
	assert_int_equal(1u << 3, rd(&dev, AST2400_VIC_EDGE_STATUS + 4));
	wr(&dev, AST2400_VIC_EDGE_CLR + 4, 1u << 3);
	assert_false(wire_level[AST2400_VIC_WIRE_IRQ]);
	bench_fini(&dev);
}

static void an_edge_that_comes_while_masked_is_not_lost(void **state)
{
	bench_init(&dev, &ast2400_vic_ops, NULL);
	dev.ops->set_input(&dev, 16, true);
	dev.ops->set_input(&dev, 16, false);
	assert_false(wire_level[AST2400_VIC_WIRE_IRQ]);
	assert_int_equal(1u << 16, rd(&dev, AST2400_VIC_RAW_STATUS));
	wr(&dev, AST2400_VIC_ENABLE, 1u << 16);
	assert_true(wire_level[AST2400_VIC_WIRE_IRQ]);
	wr(&dev, AST2400_VIC_ENABLE_CLR, 1u << 16);
	assert_false(wire_level[AST2400_VIC_WIRE_IRQ]);
	bench_fini(&dev);
}

static void software_and_selection_reach_the_other_wire(void **state)
{
	bench_init(&dev, &ast2400_vic_ops, NULL);
	wr(&dev, AST2400_VIC_SELECT + 4, 1u << 2);
	wr(&dev, AST2400_VIC_ENABLE + 4, 1u << 2);
	wr(&dev, AST2400_VIC_TRIGGER + 4, 1u << 2);
	assert_true(wire_level[AST2400_VIC_WIRE_FIQ]);
	assert_false(wire_level[AST2400_VIC_WIRE_IRQ]);
	assert_int_equal(1u << 2, rd(&dev, AST2400_VIC_FIQ_STATUS + 4));
	wr(&dev, AST2400_VIC_TRIGGER_CLR + 4, 1u << 2);
	assert_false(wire_level[AST2400_VIC_WIRE_FIQ]);
	bench_fini(&dev);
}

/* ---- timers --------------------------------------------------------------------------------- */

static unsigned pulses[AST2400_TIMERS];

static void first_input(void *sink, unsigned input, bool level)
{
	pulses[input - 16] += level;
}

static void other_input(void *sink, unsigned input, bool level)
{
	pulses[input - 35 + 3] += level;
}

static void timer_init(void)
{
	bench_init(&dev, &ast2400_timer_ops, NULL);
	dev.irq[AST2400_TIMER_WIRE_FIRST] = (struct irq_line){ first_input, NULL, 16 };
	dev.irq[AST2400_TIMER_WIRE_OTHER] = (struct irq_line){ other_input, NULL, 35 };
	for (unsigned n = 0; n < AST2400_TIMERS; n++)
		pulses[n] = 0;
}

/* As Linux's timer-fttmr010 sets its two up. */
static void a_free_running_counter_is_guest_time(void **state)
{
	timer_init();
	wr(&dev, AST2400_TIMER_CONTROL, AST2400_TIMER_ENABLE << 4);
	wr(&dev, AST2400_TIMER_BASE(1) + AST2400_TIMER_COUNT, 0);
	wr(&dev, AST2400_TIMER_BASE(1) + AST2400_TIMER_RELOAD, 0xffffffff);
	bench_run(&dev, 1000);
	assert_int_equal(0xffffffffu - 1000, rd(&dev, 0x10));
	bench_run(&dev, 0xfffffffful);
	assert_int_equal(0xffffffffu - 1000, rd(&dev, 0x10));
	bench_fini(&dev);
}

static void a_counter_interrupts_at_zero_and_starts_again(void **state)
{
	timer_init();
	wr(&dev, AST2400_TIMER_BASE(0) + AST2400_TIMER_RELOAD, 240000);
	wr(&dev, AST2400_TIMER_CONTROL, AST2400_TIMER_ENABLE | AST2400_TIMER_OVERFLOW);
	bench_run(&dev, 239999);
	assert_int_equal(0, pulses[0]);
	bench_run(&dev, 1);
	assert_int_equal(1, pulses[0]);
	bench_run(&dev, 9 * 240000);
	assert_int_equal(10, pulses[0]);
	wr(&dev, AST2400_TIMER_CONTROL, 0);
	assert_int_equal(CLOCK_NEVER, bench_deadline);
	bench_fini(&dev);
}

/* It is loaded when it is switched on: each event counts from there. */
static void a_shot_counts_from_where_it_was_switched_on(void **state)
{
	timer_init();
	for (unsigned n = 0; n < 3; n++) {
		wr(&dev, AST2400_TIMER_CONTROL, 0);
		bench_run(&dev, 77);
		wr(&dev, AST2400_TIMER_BASE(0) + AST2400_TIMER_RELOAD, 5000 + n);
		wr(&dev, AST2400_TIMER_CONTROL, AST2400_TIMER_ENABLE | AST2400_TIMER_OVERFLOW);
		assert_int_equal(bench_now + 5000 + n, bench_deadline);
		bench_run(&dev, 5000 + n);
		assert_int_equal(n + 1, pulses[0]);
	}
	bench_fini(&dev);
}

static void matches_interrupt_without_being_enabled(void **state)
{
	timer_init();
	wr(&dev, AST2400_TIMER_BASE(6) + AST2400_TIMER_RELOAD, 10000);
	wr(&dev, AST2400_TIMER_BASE(6) + AST2400_TIMER_MATCH1, 6000);
	wr(&dev, AST2400_TIMER_BASE(6) + AST2400_TIMER_MATCH2, 20000);
	wr(&dev, AST2400_TIMER_CONTROL, AST2400_TIMER_ENABLE << 24);
	bench_run(&dev, 3999);
	assert_int_equal(0, pulses[6]);
	bench_run(&dev, 1);
	assert_int_equal(1, pulses[6]);
	bench_run(&dev, 10000);
	assert_int_equal(2, pulses[6]);
	bench_fini(&dev);
}

static void the_slow_clock_is_one_of_microseconds(void **state)
{
	timer_init();
	wr(&dev, AST2400_TIMER_BASE(2) + AST2400_TIMER_RELOAD, 1000);
	wr(&dev, AST2400_TIMER_CONTROL,
	   (AST2400_TIMER_ENABLE | AST2400_TIMER_1MHZ | AST2400_TIMER_OVERFLOW) << 8);
	bench_run(&dev, 24 * 400);
	assert_int_equal(600, rd(&dev, 0x20));
	bench_run(&dev, MS - 24 * 400 - 1);
	assert_int_equal(0, pulses[2]);
	bench_run(&dev, 1);
	assert_int_equal(1, pulses[2]);
	bench_fini(&dev);
}

/* Longer than 32 bits, with nobody who looks. */
static void a_counter_without_interrupts_does_not_drift(void **state)
{
	timer_init();
	wr(&dev, AST2400_TIMER_BASE(4) + AST2400_TIMER_RELOAD, 1000);
	wr(&dev, AST2400_TIMER_BASE(4) + AST2400_TIMER_MATCH1, 5000);
	wr(&dev, AST2400_TIMER_BASE(4) + AST2400_TIMER_MATCH2, 5000);
	wr(&dev, AST2400_TIMER_CONTROL, AST2400_TIMER_ENABLE << 16);
	bench_run(&dev, 1000ull * 30000000 + 300);
	assert_int_equal(0, pulses[4]);
	assert_int_equal(700, rd(&dev, AST2400_TIMER_BASE(4)));
	bench_fini(&dev);
}

/* One that would interrupt at every tick interrupts as often as nobody else is disturbed by. */
static void a_short_period_is_no_storm(void **state)
{
	timer_init();
	for (unsigned n = 0; n < AST2400_TIMERS; n++)
		wr(&dev, AST2400_TIMER_BASE(n) + AST2400_TIMER_RELOAD, 1 + n);
	wr(&dev, AST2400_TIMER_CONTROL, 0x55555555);
	deadline_calls = 0;
	bench_run(&dev, 100 * MS);
	assert_in_range(pulses[7], 100, 501);
	assert_in_range(deadline_calls, 100, 4001);
	bench_fini(&dev);
}

/* ---- watchdogs ------------------------------------------------------------------------------ */

static const struct system_backend power_only = { .power = &bench_power };

static void a_watchdog_that_is_fed_does_nothing(void **state)
{
	bench_init(&dev, &ast2400_wdt_ops, &power_only);
	wr(&dev, AST2400_WDT_RELOAD, 1000);
	wr(&dev, AST2400_WDT_RESTART, AST2400_WDT_RESTART_KEY);
	wr(&dev, AST2400_WDT_CONTROL, AST2400_WDT_ENABLE | AST2400_WDT_SYSTEM | AST2400_WDT_1MHZ);
	for (unsigned n = 0; n < 5; n++) {
		bench_run(&dev, MS - 24);
		assert_int_equal(1, rd(&dev, AST2400_WDT_STATUS));
		wr(&dev, AST2400_WDT_RESTART, 0x1234);
		assert_int_equal(1, rd(&dev, AST2400_WDT_STATUS));
		wr(&dev, AST2400_WDT_RESTART, AST2400_WDT_RESTART_KEY);
	}
	assert_int_equal(0, power_resets);
	bench_run(&dev, MS);
	assert_int_equal(1, power_resets);
	bench_run(&dev, 1000 * MS);
	assert_int_equal(1, power_resets);
	bench_fini(&dev);
}

static void the_second_watchdog_interrupts(void **state)
{
	bench_init(&dev, &ast2400_wdt_ops, &power_only);
	wr(&dev, AST2400_WDT_STRIDE + AST2400_WDT_RELOAD, 500);
	wr(&dev, AST2400_WDT_STRIDE + AST2400_WDT_RESTART, AST2400_WDT_RESTART_KEY);
	wr(&dev, AST2400_WDT_STRIDE + AST2400_WDT_CONTROL,
	   AST2400_WDT_ENABLE | AST2400_WDT_INTERRUPT);
	bench_run(&dev, 499);
	assert_false(wire_level[0]);
	bench_run(&dev, 1);
	assert_true(wire_level[0]);
	assert_int_equal(0, power_resets);
	wr(&dev, AST2400_WDT_STRIDE + AST2400_WDT_CONTROL, 0);
	assert_false(wire_level[0]);
	bench_fini(&dev);
}

/* ---- system control unit -------------------------------------------------------------------- */

static uint32_t board_read(const struct reg_passthrough *backend, uint32_t offset)
{
	return 0xb0000000 | offset;
}

static void board_write(const struct reg_passthrough *backend, uint32_t offset, uint32_t value)
{
	fail_msg("0x%x is written to 0x%x of the board", value, offset);
}

static void what_a_guest_sets_up_stays_with_it(void **state)
{
	static const struct reg_passthrough regs = { board_read, board_write };
	static const struct system_backend with_board = { .power = &bench_power, .board = &regs };

	bench_init(&dev, &ast2400_scu_ops, &with_board);
	assert_int_equal(0, rd(&dev, AST2400_SCU_KEY));
	assert_int_equal(0xb0000004, rd(&dev, AST2400_SCU_RESET));
	wr(&dev, AST2400_SCU_RESET, 0xffffffff);
	assert_int_equal(0xb0000004, rd(&dev, AST2400_SCU_RESET));
	wr(&dev, AST2400_SCU_KEY, AST2400_SCU_UNLOCK);
	assert_int_equal(1, rd(&dev, AST2400_SCU_KEY));
	for (uint32_t at = 4; at < AST2400_SCU_END; at += 4)
		wr(&dev, at, ~at);
	assert_int_equal(~4u, rd(&dev, AST2400_SCU_RESET));
	assert_int_equal(0xb0000078, rd(&dev, AST2400_SCU_RANDOM));
	assert_int_equal(0, power_resets);
	dev.ops->reset(&dev);
	assert_int_equal(0xb0000004, rd(&dev, AST2400_SCU_RESET));
	bench_fini(&dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_is_there_as_long_as_it_is),
		cmocka_unit_test(an_edge_stays_until_it_is_cleared),
		cmocka_unit_test(an_edge_that_comes_while_masked_is_not_lost),
		cmocka_unit_test(software_and_selection_reach_the_other_wire),
		cmocka_unit_test(a_free_running_counter_is_guest_time),
		cmocka_unit_test(a_counter_interrupts_at_zero_and_starts_again),
		cmocka_unit_test(a_shot_counts_from_where_it_was_switched_on),
		cmocka_unit_test(matches_interrupt_without_being_enabled),
		cmocka_unit_test(the_slow_clock_is_one_of_microseconds),
		cmocka_unit_test(a_counter_without_interrupts_does_not_drift),
		cmocka_unit_test(a_short_period_is_no_storm),
		cmocka_unit_test(a_watchdog_that_is_fed_does_nothing),
		cmocka_unit_test(the_second_watchdog_interrupts),
		cmocka_unit_test(what_a_guest_sets_up_stays_with_it),
	};

	return cmocka_run_group_tests_name("ast2400", tests, NULL, NULL);
}
