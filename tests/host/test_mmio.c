/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the bus: what a model sees of accesses of every size and alignment. */
#include "tests/host/device_fixture.h"

static struct device dev;
static uint32_t seen_offset, seen_value;
static unsigned seen_size;

static void none_reset(struct device *d)
{
}

static uint32_t spy_read(struct device *d, uint32_t offset, unsigned size)
{
	seen_offset = offset;
	seen_size = size;
	return 0x87654321;
}

static void spy_write(struct device *d, uint32_t offset, uint32_t value, unsigned size)
{
	seen_offset = offset;
	seen_value = value;
	seen_size = size;
}

static const struct device_ops spy = {
	.name = "spy",
	.reset = none_reset,
	.read = spy_read,
	.write = spy_write,
};

static int setup(void **state)
{
	bench_init(&dev, &spy, NULL);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&dev);
	return 0;
}

static void reads_give_the_lane_of_the_register(void **state)
{
	static const struct {
		uint32_t offset;
		unsigned size;
		uint32_t value;
	} reads[] = {
		{ 0x10, 4, 0x87654321 }, { 0x11, 4, 0x87654321 }, { 0x13, 4, 0x87654321 },
		{ 0x10, 2, 0x4321 },     { 0x11, 2, 0x4321 },     { 0x12, 2, 0x8765 },
		{ 0x13, 2, 0x8765 },     { 0x10, 1, 0x21 },       { 0x11, 1, 0x43 },
		{ 0x12, 1, 0x65 },       { 0x13, 1, 0x87 },
	};

	for (unsigned n = 0; n < sizeof(reads) / sizeof(reads[0]); n++) {
		assert_int_equal(mmio_read(&dev, reads[n].offset, reads[n].size), reads[n].value);
		assert_int_equal(seen_offset, 0x10);
		assert_int_equal(seen_size, reads[n].size);
	}
}

static void writes_are_put_into_their_lane(void **state)
{
	static const struct {
		uint32_t offset;
		unsigned size;
		uint32_t value;
	} writes[] = {
		{ 0x20, 4, 0xaabbccdd }, { 0x22, 4, 0xaabbccdd }, { 0x20, 2, 0x0000ccdd },
		{ 0x21, 2, 0x0000ccdd }, { 0x22, 2, 0xccdd0000 }, { 0x20, 1, 0x000000dd },
		{ 0x21, 1, 0x0000dd00 }, { 0x22, 1, 0x00dd0000 }, { 0x23, 1, 0xdd000000 },
	};

	for (unsigned n = 0; n < sizeof(writes) / sizeof(writes[0]); n++) {
		mmio_write(&dev, writes[n].offset, 0xaabbccdd, writes[n].size);
		assert_int_equal(seen_offset, 0x20);
		assert_int_equal(seen_value, writes[n].value);
	}
}

static void a_model_never_sees_an_offset_outside_or_unaligned(void **state)
{
	bench_seed(7);
	for (unsigned n = 0; n < 100000; n++) {
		const unsigned size = 1u << bench_random() % 3;
		const uint32_t offset = bench_random() % 0x1000;

		mmio_read(&dev, offset, size);
		assert_true(seen_offset <= 0xffc && seen_offset % 4 == 0);
		assert_int_equal(seen_offset, offset & ~3u);
		mmio_write(&dev, offset, bench_random(), size);
		assert_int_equal(seen_offset, offset & ~3u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_give_the_lane_of_the_register, setup,
						teardown),
		cmocka_unit_test_setup_teardown(writes_are_put_into_their_lane, setup, teardown),
		cmocka_unit_test_setup_teardown(a_model_never_sees_an_offset_outside_or_unaligned,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("mmio", tests, NULL, NULL);
}
