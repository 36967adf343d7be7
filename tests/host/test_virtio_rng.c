/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/virtio_fixture.h"

#include "devemu/entropy.h"
#include "devemu/virtio_rng.h"

#include <string.h>

static struct device dev;
static struct driver_queue q;
static uint8_t counter;

/* Not random at all: each byte can be told from its place. */
static void count(void *source, void *to, uint32_t length)
{
	uint8_t *byte = to;

	assert_ptr_equal(source, &counter);
	assert_true(length >= 1 && length <= ENTROPY_PIECE);
	while (length--)
		*byte++ = ++counter;
}

static const struct entropy_backend entropy = { .fill = count, .source = &counter };

static int setup(void **state)
{
	counter = 0;
	virtio_bench_init(&dev, &virtio_rng_ops, &entropy, NULL);
	driver_start(&dev, 0, 1, 8, &q);
	return 0;
}

static int teardown(void **state)
{
	virtio_bench_fini(&dev);
	return 0;
}

static void buffers_are_filled(void **state)
{
	const struct buffer two[] = { { BUFFERS + 0xfff, 2, true }, { BUFFERS, 40, true } };
	uint32_t head, length;

	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_ENTROPY);
	driver_add(&q, two, 2);
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &length));
	assert_int_equal(length, 42);
	assert_memory_equal(guest_ptr(BUFFERS + 0xfff), "\1\2", 3);
	for (unsigned n = 0; n < 40; n++)
		assert_int_equal(*(uint8_t *)guest_ptr(BUFFERS + n), n + 3);
	assert_true(wire_level[0]);
	assert_true(preempt_points >= 2);
}

static void a_long_buffer_is_filled_in_part(void **state)
{
	const struct buffer big = { BUFFERS, 0x8000, true };
	uint32_t head, length;

	driver_add(&q, &big, 1);
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &length));
	assert_int_equal(length, VIRTIO_RNG_BYTES_MAX);
	assert_int_equal(*(uint8_t *)guest_ptr(BUFFERS + VIRTIO_RNG_BYTES_MAX), 0);
}

static void bad_buffers_need_a_reset(void **state)
{
	static const struct buffer bad[] = { { BUFFERS, 64, false },
					     { ROM_BASE - 32, 64, true },
					     { 0x10, 1, true } };
	uint32_t head, length;

	for (unsigned n = 0; n < 3; n++) {
		driver_start(&dev, 0, 1, 8, &q);
		driver_add(&q, &bad[n], 1);
		driver_kick(&dev, 0);
		assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
		assert_false(driver_used(&q, &head, &length));
	}
}

static void without_a_source_nothing_is_random(void **state)
{
	const struct buffer buffer = { BUFFERS, 32, true };
	uint32_t head, length;

	dev.backend = NULL;
	driver_add(&q, &buffer, 1);
	driver_kick(&dev, 0);
	assert_false(driver_used(&q, &head, &length));
	dev.backend = &entropy;
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &length));
}

static void reset_the_vm(void)
{
	bench_dma.generation++;
	dev.ops->reset(&dev);
}

static void a_reset_ends_the_work(void **state)
{
	const struct buffer buffer = { BUFFERS, 128, true };
	uint32_t head, length;

	bench_meanwhile = reset_the_vm;
	driver_add(&q, &buffer, 1);
	driver_kick(&dev, 0);
	assert_int_equal(preempt_points, 1);
	assert_false(driver_used(&q, &head, &length));
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(buffers_are_filled),       T(a_long_buffer_is_filled_in_part),
		T(bad_buffers_need_a_reset), T(without_a_source_nothing_is_random),
		T(a_reset_ends_the_work),
	};

	return cmocka_run_group_tests_name("virtio_rng", tests, NULL, NULL);
}
