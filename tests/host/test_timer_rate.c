/* SPDX-License-Identifier: Apache-2.0 */
/* The conversions from guest time are exact: compared with 128-bit division. */
#include "tests/host/device_fixture.h"

#include "devemu/timer_rate.h"

static uint64_t random64(void)
{
	return (uint64_t)bench_random() << 32 | bench_random();
}

static void division_by_24_is_exact_for_every_64_bit_value(void **state)
{
	for (unsigned k = 0; k < 64; k++) {
		for (int d = -60; d <= 60; d++) {
			const uint64_t n = (1ull << k) + (uint64_t)d;

			assert_int_equal(div24(n), n / 24);
		}
	}
	for (uint64_t n = 0; n < 200000; n++)
		assert_int_equal(div24(n), n / 24);
	for (int i = 0; i < 1000000; i++) {
		const uint64_t n = random64() >> (bench_random() % 64);
		const uint64_t multiple = n - n % 24;

		assert_int_equal(div24(n), n / 24);
		/* The steps are where an error would show first. */
		assert_int_equal(div24(multiple), multiple / 24);
		if (multiple)
			assert_int_equal(div24(multiple - 1), multiple / 24 - 1);
	}
	assert_int_equal(div24(UINT64_MAX), UINT64_MAX / 24);
}

static void division_by_25_is_exact_below_two_to_the_63(void **state)
{
	for (uint64_t n = 0; n < 200000; n++)
		assert_int_equal(div25(n), n / 25);
	for (int i = 0; i < 1000000; i++) {
		const uint64_t n = (random64() >> 1) >> (bench_random() % 63);
		const uint64_t multiple = n - n % 25;

		assert_int_equal(div25(n), n / 25);
		assert_int_equal(div25(multiple), multiple / 25);
		if (multiple)
			assert_int_equal(div25(multiple - 1), multiple / 25 - 1);
	}
	assert_int_equal(div25(INT64_MAX), INT64_MAX / 25);
}

static uint64_t exact_count(enum timer_rate rate, uint64_t now)
{
	const unsigned mhz = rate == TIMER_RATE_1MHZ ? 1 : 25;

	return (uint64_t)((unsigned __int128)now * mhz / 24);
}

static void counts_and_times_are_exact_and_inverse(void **state)
{
	for (int i = 0; i < 1000000; i++) {
		/* Up to 2^58 ticks: 380 years. */
		const uint64_t now = random64() >> (6 + bench_random() % 57);

		for (int r = 0; r < 2; r++) {
			const enum timer_rate rate = r ? TIMER_RATE_25MHZ : TIMER_RATE_1MHZ;
			struct timer_anchor anchor = { 0 };
			const uint64_t count = timer_rate_count(rate, &anchor, now);
			const uint64_t time = timer_rate_time(rate, count);

			assert_int_equal(count, exact_count(rate, now));
			assert_true(time <= now);
			/* The first moment that has this count. */
			assert_true(exact_count(rate, time) >= count);
			if (time)
				assert_true(exact_count(rate, time - 1) < count);
		}
	}
}

static void every_second_has_exactly_25_million_counts(void **state)
{
	struct timer_anchor anchor = { 0 };

	for (uint64_t s = 0; s < 400ull * 365 * 86400; s += s < 100000 ? 1 : 86399) {
		const uint64_t now = s * 24000000;

		assert_int_equal(timer_rate_count(TIMER_RATE_25MHZ, &anchor, now), s * 25000000);
		assert_int_equal(timer_rate_count(TIMER_RATE_1MHZ, &anchor, now), s * 1000000);
	}
}

static void time_that_passes_in_any_steps_is_counted_exactly(void **state)
{
	struct timer_anchor anchor = { 0 };
	uint64_t now = 0;

	for (int i = 0; i < 3000000; i++) {
		/* Short steps, steps around the reach of the anchor, and years. */
		switch (bench_random() % 16) {
		case 0:
			now += 0xffffff00u + bench_random() % 512;
			break;
		case 1:
			now += bench_random();
			break;
		case 2:
			if (bench_random() % 64 == 0)
				now += random64() >> 14;
			break;
		default:
			now += bench_random() % 100;
			break;
		}
		if (now >> 58) {
			now = 0;
			anchor = (struct timer_anchor){ 0 };
		}
		assert_int_equal(timer_rate_count(TIMER_RATE_25MHZ, &anchor, now),
				 exact_count(TIMER_RATE_25MHZ, now));
		assert_int_equal(timer_rate_count(TIMER_RATE_1MHZ, &anchor, now),
				 exact_count(TIMER_RATE_1MHZ, now));
	}
}

static void a_product_has_its_upper_half(void **state)
{
	for (int i = 0; i < 1000000; i++) {
		const uint64_t a = random64() | (i & 1 ? 0xffffffff00000000u : 0);
		const uint64_t b = random64() | (i & 2 ? 0x00000000ffffffffu : 0);

		assert_int_equal(mul_high64(a, b), (uint64_t)((unsigned __int128)a * b >> 64));
	}
	assert_int_equal(mul_high64(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(division_by_24_is_exact_for_every_64_bit_value),
		cmocka_unit_test(division_by_25_is_exact_below_two_to_the_63),
		cmocka_unit_test(counts_and_times_are_exact_and_inverse),
		cmocka_unit_test(every_second_has_exactly_25_million_counts),
		cmocka_unit_test(time_that_passes_in_any_steps_is_counted_exactly),
		cmocka_unit_test(a_product_has_its_upper_half),
	};

	return cmocka_run_group_tests_name("timer_rate", tests, NULL, NULL);
}
