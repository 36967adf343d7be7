/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The computed counter against one that is ticked, step by step, over random programmes; then the
 * behaviour that the data sheet names, one test each.
 */
#include "tests/host/device_fixture.h"

#include "devemu/arm_timer_regs.h"
#include "devemu/icp_timer.h"
#include "devemu/sp804.h"

#define T1 ICP_TIMER_STRIDE /* counter 1: 1 MHz, 24 ticks of guest time each */
#define US 24u

static struct device dev;

static int setup(void **state)
{
	bench_init(&dev, &icp_timer_ops, NULL);
	bench_seed(0x5eed);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&dev);
	return 0;
}

/* --- The reference: what the data sheet says happens at each pulse of the timer clock. --- */

struct ticked {
	uint32_t counter, load, control;
	bool ris, halted;
	bool unreported; /* loaded with 0 while it was stopped */
};

static uint32_t width(const struct ticked *t)
{
	return t->control & ARM_TIMER_32BIT ? 0xffffffffu : 0xffffu;
}

static void reached_zero(struct ticked *t)
{
	t->ris = true;
	if (t->control & ARM_TIMER_ONESHOT) {
		t->halted = true;
	} else if (t->control & ARM_TIMER_PERIODIC) {
		t->counter = t->load & width(t);
		if (!t->counter)
			t->counter = 1;
	}
}

static void pulse(struct ticked *t)
{
	if (!(t->control & ARM_TIMER_ENABLE) || t->halted)
		return;
	if (t->counter == 0) {
		t->counter = width(t); /* free running goes on from the maximum */
		return;
	}
	if (--t->counter == 0)
		reached_zero(t);
}

/** A load value of 0 interrupts at once. */
static void ticked_start(struct ticked *t)
{
	if (!(t->control & ARM_TIMER_ENABLE) || !t->unreported)
		return;
	t->unreported = false;
	reached_zero(t);
}

static void ticked_load(struct ticked *t, uint32_t value)
{
	t->load = value;
	t->counter = value & width(t);
	t->halted = false;
	t->unreported = t->counter == 0;
	ticked_start(t);
}

static unsigned divider(const struct ticked *t)
{
	switch (t->control & ARM_TIMER_DIV_BITS) {
	case ARM_TIMER_DIV16:
		return 16;
	case ARM_TIMER_DIV256:
		return 256;
	default:
		return 1;
	}
}

static uint64_t clock_count(unsigned mhz)
{
	return (uint64_t)((unsigned __int128)bench_now * mhz / 24);
}

/* Programmes of a sane guest: the counter is loaded after its mode was set. */
static void run_programme(unsigned n, unsigned mhz)
{
	const uint32_t base = n * ICP_TIMER_STRIDE;
	struct ticked ref = { .control = ARM_TIMER_IE };
	const uint32_t modes[] = { 0, ARM_TIMER_PERIODIC, ARM_TIMER_ONESHOT,
				   ARM_TIMER_ONESHOT | ARM_TIMER_PERIODIC };
	const uint32_t divs[] = { 0, ARM_TIMER_DIV16, ARM_TIMER_DIV256 };
	uint32_t control = modes[bench_random() % 4] | divs[bench_random() % 3] | ARM_TIMER_ENABLE;

	if (bench_random() & 1)
		control |= ARM_TIMER_IE;
	if (bench_random() & 1)
		control |= ARM_TIMER_32BIT;

	wr(&dev, base + ARM_TIMER_CONTROL, control & ~ARM_TIMER_ENABLE);
	wr(&dev, base + ARM_TIMER_INTCLR, 0);
	ref.control = control;
	ticked_load(&ref, 1 + bench_random() % 60);
	wr(&dev, base + ARM_TIMER_LOAD, ref.load);
	wr(&dev, base + ARM_TIMER_CONTROL, control);

	for (unsigned step = 0; step < 200; step++) {
		uint64_t before, after;
		const unsigned ticks = bench_random() % (bench_random() % 8 ? 300 : 20000);

		before = clock_count(mhz) / divider(&ref);
		bench_run(&dev, ticks);
		after = clock_count(mhz) / divider(&ref);
		for (uint64_t c = before; c < after; c++)
			pulse(&ref);

		switch (bench_random() % 8) {
		case 0:
			assert_int_equal(rd(&dev, base + ARM_TIMER_RIS), ref.ris);
			break;
		case 1:
			wr(&dev, base + ARM_TIMER_INTCLR, 0);
			ref.ris = false;
			break;
		case 2:
			ref.load = bench_random() % 100;
			wr(&dev, base + ARM_TIMER_BGLOAD, ref.load);
			break;
		case 3: {
			const uint32_t value = bench_random() % 5 ? 1 + bench_random() % 90 : 0;

			ticked_load(&ref, value);
			wr(&dev, base + ARM_TIMER_LOAD, value);
			break;
		}
		case 4: /* stopped and continued */
			ref.control ^= ARM_TIMER_ENABLE;
			ticked_start(&ref);
			wr(&dev, base + ARM_TIMER_CONTROL, ref.control);
			break;
		default:
			assert_int_equal(rd(&dev, base + ARM_TIMER_VALUE), ref.counter);
			break;
		}
		assert_int_equal(wire_level[n], ref.ris && (ref.control & ARM_TIMER_IE));
		assert_int_equal(rd(&dev, base + ARM_TIMER_MIS),
				 ref.ris && (ref.control & ARM_TIMER_IE));
	}
}

static void computed_and_ticked_counters_agree(void **state)
{
	for (unsigned i = 0; i < 1500; i++) {
		bench_run(&dev, bench_random() % 100000);
		run_programme(0, 25);
		wr(&dev, ARM_TIMER_CONTROL, 0);
		run_programme(1, 1);
		wr(&dev, T1 + ARM_TIMER_CONTROL, 0);
	}
}

/* --- One behaviour each. --- */

static void registers_have_their_power_on_values(void **state)
{
	assert_int_equal(rd(&dev, ARM_TIMER_LOAD), 0);
	assert_int_equal(rd(&dev, ARM_TIMER_VALUE), 0xffffffff);
	assert_int_equal(rd(&dev, ARM_TIMER_CONTROL), ARM_TIMER_IE);
	assert_int_equal(rd(&dev, ARM_TIMER_RIS), 0);
	assert_false(wire_level[0]);
	assert_int_equal(bench_deadline, CLOCK_NEVER);
}

static void a_second_of_counter_0_has_25_million_counts(void **state)
{
	wr(&dev, ARM_TIMER_LOAD, 0xffffffff);
	wr(&dev, ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_32BIT);
	bench_run(&dev, 24000000);
	assert_int_equal(rd(&dev, ARM_TIMER_VALUE), 0xffffffff - 25000000);
}

static void a_periodic_interrupt_does_not_drift(void **state)
{
	/* 100 Hz over 10^9 ticks of guest time, each interrupt served some time after it came. */
	const uint64_t start = bench_now;
	unsigned count = 0;

	wr(&dev, T1 + ARM_TIMER_LOAD, 10000);
	wr(&dev, T1 + ARM_TIMER_CONTROL,
	   ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_32BIT | ARM_TIMER_IE);
	while (bench_now < start + 1000000000) {
		assert_int_equal(bench_deadline, start + (count + 1) * 240000ull);
		bench_run(&dev, bench_deadline - bench_now);
		assert_true(wire_level[1]);
		count++;
		bench_run(&dev, bench_random() % 5000);
		wr(&dev, T1 + ARM_TIMER_INTCLR, 0);
		assert_false(wire_level[1]);
	}
	assert_int_equal(count, 1000000000 / 240000 + 1);
}

static void a_periodic_interrupt_at_25_mhz_does_not_drift(void **state)
{
	const uint64_t load = 777777; /* not a whole number of ticks of guest time */
	uint64_t count = 0;

	wr(&dev, ARM_TIMER_LOAD, (uint32_t)load);
	wr(&dev, ARM_TIMER_CONTROL,
	   ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_32BIT | ARM_TIMER_IE);
	while (bench_now < 1000000000) {
		count++;
		/* ceil(count * load * 24 / 25) */
		assert_int_equal(bench_deadline, (count * load * 24 + 24) / 25);
		bench_run(&dev, bench_deadline - bench_now);
		assert_true(wire_level[0]);
		wr(&dev, ARM_TIMER_INTCLR, 0);
	}
}

static void many_periods_that_nobody_looked_at_are_made_up_for(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 7);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_32BIT);
	bench_run(&dev, (7ull * 1000000007 + 3) * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 4);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_RIS), 1);
	assert_int_equal(deadline_calls, 0);
}

static void one_shot_interrupts_once_and_stands_at_zero(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 5);
	wr(&dev, T1 + ARM_TIMER_CONTROL,
	   ARM_TIMER_ENABLE | ARM_TIMER_ONESHOT | ARM_TIMER_32BIT | ARM_TIMER_IE);
	bench_run(&dev, 5 * US - 1);
	assert_false(wire_level[1]);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 1);
	bench_run(&dev, 1);
	assert_true(wire_level[1]);
	wr(&dev, T1 + ARM_TIMER_INTCLR, 0);
	bench_run(&dev, 1000 * US);
	assert_false(wire_level[1]);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 0);
	assert_int_equal(bench_deadline, CLOCK_NEVER);

	/* Disabled and enabled again without a new value: still halted. */
	wr(&dev, T1 + ARM_TIMER_CONTROL, 0);
	wr(&dev, T1 + ARM_TIMER_CONTROL,
	   ARM_TIMER_ENABLE | ARM_TIMER_ONESHOT | ARM_TIMER_32BIT | ARM_TIMER_IE);
	bench_run(&dev, 1000 * US);
	assert_false(wire_level[1]);

	wr(&dev, T1 + ARM_TIMER_LOAD, 3);
	bench_run(&dev, 3 * US);
	assert_true(wire_level[1]);
}

static void linux_sets_its_next_event_in_a_counter_that_has_expired(void **state)
{
	const uint32_t control =
		ARM_TIMER_32BIT | ARM_TIMER_IE | ARM_TIMER_ONESHOT | ARM_TIMER_ENABLE;

	for (uint32_t next = 15; next < 100000; next = next * 3 + 1) {
		const uint64_t from = bench_now;

		wr(&dev, T1 + ARM_TIMER_LOAD, next);
		wr(&dev, T1 + ARM_TIMER_CONTROL, control);
		assert_false(wire_level[1]);
		assert_true(bench_deadline > from + (next - 1) * US);
		assert_true(bench_deadline <= from + next * US);
		bench_run(&dev, next * US);
		assert_true(wire_level[1]);
		wr(&dev, T1 + ARM_TIMER_INTCLR, 1);
		assert_false(wire_level[1]);
		bench_run(&dev, 17);
	}
}

static void free_running_wraps_through_zero_to_the_maximum(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 2);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE);
	bench_run(&dev, 2 * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 0);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_RIS), 1);
	bench_run(&dev, US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 0xffff);

	wr(&dev, T1 + ARM_TIMER_CONTROL, 0);
	wr(&dev, T1 + ARM_TIMER_LOAD, 2);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_32BIT);
	bench_run(&dev, 3 * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 0xffffffff);
	bench_run(&dev, (uint64_t)US << 32);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 0xffffffff);
}

static void the_prescaler_divides_by_16_and_by_256(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 1000);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_DIV16);
	bench_run(&dev, 160 * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 990);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_DIV256);
	bench_run(&dev, 2560 * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 980);
}

static void a_background_load_counts_from_the_next_zero(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 10);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC);
	bench_run(&dev, 4 * US);
	wr(&dev, T1 + ARM_TIMER_BGLOAD, 20);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_LOAD), 20);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 6);
	bench_run(&dev, 6 * US);
	assert_int_equal(rd(&dev, T1 + ARM_TIMER_VALUE), 20);
}

static void a_guest_cannot_keep_the_clock_busy(void **state)
{
	/* Period 0: due at once, but not due again until the guest has cleared it. */
	wr(&dev, ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_IE);
	wr(&dev, ARM_TIMER_LOAD, 0);
	bench_run(&dev, 24000000);
	assert_true(wire_level[0]);
	assert_true(deadline_calls <= 1);
	assert_int_equal(bench_deadline, CLOCK_NEVER);
}

static void a_deadline_that_comes_early_is_asked_for_again(void **state)
{
	wr(&dev, T1 + ARM_TIMER_LOAD, 100);
	wr(&dev, T1 + ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_IE);
	bench_deadline = CLOCK_NEVER;
	dev.ops->deadline(&dev);
	assert_false(wire_level[1]);
	assert_int_equal(bench_deadline, 100 * US);
}

static void counters_have_wires_of_their_own(void **state)
{
	for (uint32_t n = 0; n < 3; n++) {
		wr(&dev, n * ICP_TIMER_STRIDE + ARM_TIMER_LOAD, 10 * (n + 1));
		wr(&dev, n * ICP_TIMER_STRIDE + ARM_TIMER_CONTROL,
		   ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_IE);
	}
	bench_run(&dev, 10);
	assert_true(wire_level[0] && !wire_level[1] && !wire_level[2]);
	bench_run(&dev, 20 * US);
	assert_true(wire_level[0] && wire_level[1] && !wire_level[2]);
	bench_run(&dev, 10 * US);
	assert_true(wire_level[2]);
}

static void the_sp804_has_one_wire_and_an_identification(void **state)
{
	static const uint8_t ids[8] = { 0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct device sp804;

	bench_init(&sp804, &sp804_ops, NULL);
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(rd(&sp804, PRIMECELL_ID + 4 * n), ids[n]);
	for (uint32_t n = 0; n < 2; n++) {
		wr(&sp804, n * SP804_STRIDE + ARM_TIMER_LOAD, 10);
		wr(&sp804, n * SP804_STRIDE + ARM_TIMER_CONTROL,
		   ARM_TIMER_ENABLE | ARM_TIMER_ONESHOT | ARM_TIMER_IE);
	}
	bench_run(&sp804, 10 * US);
	assert_true(wire_level[0]);
	wr(&sp804, ARM_TIMER_INTCLR, 0);
	assert_true(wire_level[0]);
	wr(&sp804, SP804_STRIDE + ARM_TIMER_INTCLR, 0);
	assert_false(wire_level[0]);

	assert_int_equal(rd(&sp804, 0x40), 0);
	assert_int_equal(sp804.guest_errors, 1);
	bench_fini(&sp804);
}

static void reset_stops_everything(void **state)
{
	wr(&dev, ARM_TIMER_LOAD, 1);
	wr(&dev, ARM_TIMER_CONTROL, ARM_TIMER_ENABLE | ARM_TIMER_PERIODIC | ARM_TIMER_IE);
	bench_run(&dev, 100);
	assert_true(wire_level[0]);
	dev.ops->reset(&dev);
	assert_false(wire_level[0]);
	assert_int_equal(bench_deadline, CLOCK_NEVER);
	assert_int_equal(rd(&dev, ARM_TIMER_VALUE), 0xffffffff);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(computed_and_ticked_counters_agree),
		T(registers_have_their_power_on_values),
		T(a_second_of_counter_0_has_25_million_counts),
		T(a_periodic_interrupt_does_not_drift),
		T(a_periodic_interrupt_at_25_mhz_does_not_drift),
		T(many_periods_that_nobody_looked_at_are_made_up_for),
		T(one_shot_interrupts_once_and_stands_at_zero),
		T(linux_sets_its_next_event_in_a_counter_that_has_expired),
		T(free_running_wraps_through_zero_to_the_maximum),
		T(the_prescaler_divides_by_16_and_by_256),
		T(a_background_load_counts_from_the_next_zero),
		T(a_guest_cannot_keep_the_clock_busy),
		T(a_deadline_that_comes_early_is_asked_for_again),
		T(counters_have_wires_of_their_own),
		T(the_sp804_has_one_wire_and_an_identification),
		T(reset_stops_everything),
	};

	return cmocka_run_group_tests_name("arm_timer", tests, NULL, NULL);
}
