/* SPDX-License-Identifier: Apache-2.0 */
/* The MMIO transport, with a device type of the test's own. */
#include "tests/host/virtio_fixture.h"

#include "vmm/lib/bits.h"

#include <string.h>

#define OWN_FEATURE    VIRTIO_FEATURE(5)
#define DEPENDENT      VIRTIO_FEATURE(7) /* only together with the other */
#define REQUIRED       (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)
#define ACK_DRIVER     (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER)
#define UP_TO_FEATURES (ACK_DRIVER | VIRTIO_STATUS_FEATURES_OK)
#define UP_AND_RUNNING (UP_TO_FEATURES | VIRTIO_STATUS_DRIVER_OK)

static struct device dev;
static struct driver_queue q[2];
static unsigned notified[2];
static unsigned model_resets;

static uint64_t features(const struct device *device)
{
	return OWN_FEATURE | DEPENDENT;
}

static bool accepts(const struct device *device, uint64_t accepted)
{
	return !(accepted & DEPENDENT) || (accepted & OWN_FEATURE);
}

static void config(const struct device *device, uint8_t *bytes)
{
	for (unsigned n = 0; n < 6; n++)
		bytes[n] = (uint8_t)(0x11 * (n + 1));
}

static void count_notification(struct device *device, unsigned queue)
{
	notified[queue]++;
}

static void count_reset(struct device *device)
{
	model_resets++;
}

static const struct virtio_model model = {
	.device_id = 42,
	.queue_count = 2,
	.queue_size = 16,
	.config_size = 6,
	.features = features,
	.accepts = accepts,
	.config = config,
	.notify = count_notification,
	.reset = count_reset,
};

static void test_reset(struct device *device)
{
	virtio_mmio_reset(device, &model);
}

static const struct device_ops test_ops = {
	.name = "test",
	.state_size = sizeof(struct virtio_mmio),
	.reset = test_reset,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
};

static int setup(void **state)
{
	virtio_bench_init(&dev, &test_ops, NULL, NULL);
	memset(notified, 0, sizeof(notified));
	model_resets = 0;
	return 0;
}

static int teardown(void **state)
{
	virtio_bench_fini(&dev);
	return 0;
}

static uint64_t offered(void)
{
	uint64_t all = 0;

	for (unsigned half = 0; half < 2; half++) {
		wr(&dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, half);
		all |= (uint64_t)rd(&dev, VIRTIO_MMIO_DEVICE_FEATURES) << 32 * half;
	}
	return all;
}

static void assert_guest_errors(unsigned count)
{
	assert_int_equal(dev.guest_errors, count);
	dev.guest_errors = 0;
}

static void the_device_says_what_it_is(void **state)
{
	assert_int_equal(rd(&dev, VIRTIO_MMIO_MAGIC), 0x74726976);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_ID), 42);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_VENDOR_ID), 0x4f4b4148);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
	assert_true(offered() == (REQUIRED | OWN_FEATURE | DEPENDENT | VIRTIO_F_INDIRECT_DESC |
				  VIRTIO_F_EVENT_IDX));
	wr(&dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	assert_guest_errors(0);
}

static void every_register_is_readable_writable_or_not_there(void **state)
{
	static const uint32_t readable[] = {
		VIRTIO_MMIO_MAGIC,           VIRTIO_MMIO_VERSION,
		VIRTIO_MMIO_DEVICE_ID,       VIRTIO_MMIO_VENDOR_ID,
		VIRTIO_MMIO_DEVICE_FEATURES, VIRTIO_MMIO_QUEUE_NUM_MAX,
		VIRTIO_MMIO_QUEUE_READY,     VIRTIO_MMIO_INTERRUPT_STATUS,
		VIRTIO_MMIO_STATUS,          VIRTIO_MMIO_CONFIG_GENERATION,
		VIRTIO_MMIO_CONFIG,          VIRTIO_MMIO_CONFIG + 4,
	};
	static const uint32_t writable[] = {
		VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_MMIO_DRIVER_FEATURES,
		VIRTIO_MMIO_DRIVER_FEATURES_SEL, VIRTIO_MMIO_QUEUE_SEL,
		VIRTIO_MMIO_QUEUE_NUM,           VIRTIO_MMIO_QUEUE_READY,
		VIRTIO_MMIO_INTERRUPT_ACK,       VIRTIO_MMIO_STATUS,
		VIRTIO_MMIO_QUEUE_DESC_LOW,      VIRTIO_MMIO_QUEUE_DESC_HIGH,
		VIRTIO_MMIO_QUEUE_DRIVER_LOW,    VIRTIO_MMIO_QUEUE_DRIVER_HIGH,
		VIRTIO_MMIO_QUEUE_DEVICE_LOW,    VIRTIO_MMIO_QUEUE_DEVICE_HIGH,
	};

	for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
		bool can_read = false, can_write = false;

		for (unsigned n = 0; n < ARRAY_SIZE(readable); n++)
			can_read |= readable[n] == offset;
		for (unsigned n = 0; n < ARRAY_SIZE(writable); n++)
			can_write |= writable[n] == offset;
		dev.guest_errors = 0;
		rd(&dev, offset);
		assert_int_equal(dev.guest_errors, !can_read);
		dev.guest_errors = 0;
		wr(&dev, offset, 0);
		assert_int_equal(dev.guest_errors, !can_write);
	}
}

static void registers_are_words(void **state)
{
	assert_int_equal(mmio_read(&dev, VIRTIO_MMIO_MAGIC, 1), 0);
	assert_int_equal(mmio_read(&dev, VIRTIO_MMIO_MAGIC + 2, 2), 0);
	mmio_write(&dev, VIRTIO_MMIO_STATUS, 1, 1);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
	assert_guest_errors(3);
}

static void config_space_is_read_in_any_size(void **state)
{
	for (unsigned n = 0; n < 6; n++)
		assert_int_equal(mmio_read(&dev, VIRTIO_MMIO_CONFIG + n, 1), 0x11 * (n + 1));
	assert_int_equal(mmio_read(&dev, VIRTIO_MMIO_CONFIG + 2, 2), 0x4433);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG), 0x44332211);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG + 4), 0x6655);
	assert_guest_errors(0);
	mmio_write(&dev, VIRTIO_MMIO_CONFIG, 1, 1);
	wr(&dev, VIRTIO_MMIO_CONFIG, 1);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG), 0x44332211);
	assert_guest_errors(2);
}

static void a_driver_gets_a_device_to_work(void **state)
{
	assert_true(driver_negotiate(&dev, REQUIRED | OWN_FEATURE));
	assert_true(virtio_has(&dev, OWN_FEATURE));
	assert_false(virtio_has(&dev, DEPENDENT));
	wr(&dev, VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_NUM_MAX), 16);
	assert_true(driver_queue(&dev, 0, 16, &q[0]));
	assert_true(driver_queue(&dev, 1, 4, &q[1]));
	assert_false(virtio_is_live(&dev));
	wr(&dev, VIRTIO_MMIO_STATUS, UP_AND_RUNNING);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), UP_AND_RUNNING);
	assert_true(virtio_is_live(&dev));
	driver_kick(&dev, 0);
	driver_kick(&dev, 1);
	driver_kick(&dev, 1);
	assert_int_equal(notified[0], 1);
	assert_int_equal(notified[1], 2);
	assert_guest_errors(0);
}

static void features_are_refused_unless_all_is_well(void **state)
{
	static const struct {
		uint64_t features;
		bool good;
	} cases[] = {
		{ REQUIRED, true },
		{ REQUIRED | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, true },
		{ REQUIRED | OWN_FEATURE | DEPENDENT, true },
		{ REQUIRED | DEPENDENT, false },
		{ 0, false },
		{ VIRTIO_F_VERSION_1, false },
		{ VIRTIO_F_ACCESS_PLATFORM, false },
		{ REQUIRED | VIRTIO_FEATURE(0), false },  /* not offered */
		{ REQUIRED | VIRTIO_FEATURE(34), false }, /* a packed ring */
		{ REQUIRED | VIRTIO_FEATURE(63), false },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		assert_int_equal(driver_negotiate(&dev, cases[n].features), cases[n].good);
		assert_int_equal(virtio_has(&dev, VIRTIO_F_VERSION_1), cases[n].good);
		assert_guest_errors(0);
		/* Without FEATURES_OK no queue becomes ready and nothing works. */
		assert_int_equal(driver_queue(&dev, 0, 16, &q[0]), cases[n].good);
		wr(&dev, VIRTIO_MMIO_STATUS, ACK_DRIVER | VIRTIO_STATUS_DRIVER_OK);
		assert_int_equal(virtio_is_live(&dev), cases[n].good);
		assert_guest_errors(cases[n].good ? 0 : 2);
	}
}

static void features_are_fixed_once_they_are_accepted(void **state)
{
	assert_true(driver_negotiate(&dev, REQUIRED));
	wr(&dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(&dev, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)OWN_FEATURE);
	assert_false(virtio_has(&dev, OWN_FEATURE));
	assert_guest_errors(1);
	wr(&dev, VIRTIO_MMIO_STATUS, 0);
	wr(&dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 2);
	wr(&dev, VIRTIO_MMIO_DRIVER_FEATURES, 0);
	assert_guest_errors(0);
	wr(&dev, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	assert_guest_errors(1);
}

static void status_bits_stay_until_a_reset(void **state)
{
	driver_start(&dev, 0, 2, 16, q);
	wr(&dev, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), UP_AND_RUNNING);
	wr(&dev, VIRTIO_MMIO_STATUS, 0xffffffff); /* NEEDS_RESET is the device's */
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), UP_AND_RUNNING | VIRTIO_STATUS_FAILED);
	model_resets = 0;
	wr(&dev, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(model_resets, 1);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
}

static void a_reset_forgets_everything(void **state)
{
	driver_start(&dev, VIRTIO_F_EVENT_IDX, 2, 16, q);
	virtio_needs_reset(&dev);
	assert_true(wire_level[0]);
	wr(&dev, VIRTIO_MMIO_STATUS, 0);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_false(virtio_is_live(&dev));
	assert_false(virtio_has(&dev, VIRTIO_F_EVENT_IDX));
	for (unsigned n = 0; n < 2; n++) {
		wr(&dev, VIRTIO_MMIO_QUEUE_SEL, n);
		assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	driver_kick(&dev, 0);
	assert_int_equal(notified[0], 0);
	assert_guest_errors(1);
}

static void there_are_two_queues(void **state)
{
	assert_true(driver_negotiate(&dev, REQUIRED));
	wr(&dev, VIRTIO_MMIO_QUEUE_SEL, 2);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_READY), 0);
	wr(&dev, VIRTIO_MMIO_QUEUE_NUM, 4);
	wr(&dev, VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 4);
	wr(&dev, VIRTIO_MMIO_QUEUE_READY, 1);
	wr(&dev, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_guest_errors(4);
	wr(&dev, VIRTIO_MMIO_QUEUE_SEL, 0xffffffff);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	wr(&dev, VIRTIO_MMIO_STATUS, UP_AND_RUNNING);
	dev.guest_errors = 0;
	driver_kick(&dev, 2);
	driver_kick(&dev, 0x10000);
	assert_guest_errors(2);
	driver_kick(&dev, 1); /* not ready: nothing happens */
	assert_int_equal(notified[1], 0);
}

static void a_queue_that_is_ready_cannot_be_moved(void **state)
{
	const uint32_t fixed[] = {
		VIRTIO_MMIO_QUEUE_NUM,         VIRTIO_MMIO_QUEUE_DESC_LOW,
		VIRTIO_MMIO_QUEUE_DESC_HIGH,   VIRTIO_MMIO_QUEUE_DRIVER_LOW,
		VIRTIO_MMIO_QUEUE_DRIVER_HIGH, VIRTIO_MMIO_QUEUE_DEVICE_LOW,
		VIRTIO_MMIO_QUEUE_DEVICE_HIGH, VIRTIO_MMIO_QUEUE_READY,
	};
	struct virtqueue before;

	driver_start(&dev, 0, 1, 16, q);
	before = *virtio_queue(&dev, 0);
	for (unsigned n = 0; n < ARRAY_SIZE(fixed); n++)
		wr(&dev, fixed[n], fixed[n] == VIRTIO_MMIO_QUEUE_READY ? 1 : 4);
	assert_guest_errors(ARRAY_SIZE(fixed));
	assert_memory_equal(virtio_queue(&dev, 0), &before, sizeof(before));

	wr(&dev, VIRTIO_MMIO_QUEUE_READY, 0); /* 4.2.2.2: and it reads as 0 then */
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_READY), 0);
	driver_kick(&dev, 0);
	assert_int_equal(notified[0], 0);
	assert_true(driver_queue(&dev, 0, 8, &q[0]));
	driver_kick(&dev, 0);
	assert_int_equal(notified[0], 1);
	assert_guest_errors(0);
}

static void a_queue_in_a_bad_place_needs_a_reset(void **state)
{
	static const struct {
		uint32_t offset, value;
	} bad[] = {
		{ VIRTIO_MMIO_QUEUE_NUM, 0 },
		{ VIRTIO_MMIO_QUEUE_NUM, 3 },
		{ VIRTIO_MMIO_QUEUE_DESC_LOW, 0x10 },
		{ VIRTIO_MMIO_QUEUE_DESC_LOW, RAM_BASE + 8 },
		{ VIRTIO_MMIO_QUEUE_DRIVER_LOW, RAM_BASE + RAM_SIZE },
		{ VIRTIO_MMIO_QUEUE_DEVICE_LOW, ROM_BASE },
		{ VIRTIO_MMIO_QUEUE_DESC_HIGH, 1 },
		{ VIRTIO_MMIO_QUEUE_DRIVER_HIGH, 1 },
		{ VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 0x80000000 },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
		assert_true(driver_negotiate(&dev, REQUIRED));
		assert_true(driver_queue(&dev, 0, 16, &q[0]));
		wr(&dev, VIRTIO_MMIO_QUEUE_READY, 0);
		wr(&dev, bad[n].offset, bad[n].value);
		assert_guest_errors(0);
		wr(&dev, VIRTIO_MMIO_QUEUE_READY, 1);
		assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_READY), 0);
		assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
		assert_guest_errors(1);
		wr(&dev, VIRTIO_MMIO_STATUS, UP_AND_RUNNING);
		assert_false(virtio_is_live(&dev));
	}
}

static void a_queue_has_at_most_the_size_offered(void **state)
{
	assert_true(driver_negotiate(&dev, REQUIRED));
	wr(&dev, VIRTIO_MMIO_QUEUE_NUM, 32);
	assert_guest_errors(1);
	wr(&dev, VIRTIO_MMIO_QUEUE_NUM, 0x10010);
	assert_guest_errors(1);
	wr(&dev, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_QUEUE_READY), 0);
}

static void serve_one(void)
{
	const struct buffer one = { BUFFERS, 16, true };
	static struct vq_chain chain;

	driver_add(&q[0], &one, 1);
	assert_true(vq_pop(virtio_queue(&dev, 0), &chain));
	vq_push(virtio_queue(&dev, 0), &chain, 1);
	virtio_queue_done(&dev, 0);
}

static void a_used_buffer_interrupts_until_it_is_acknowledged(void **state)
{
	driver_start(&dev, 0, 1, 16, q);
	virtio_queue_done(&dev, 0);
	assert_false(wire_level[0]);
	serve_one();
	assert_true(wire_level[0]);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INT_USED_BUFFER);
	virtio_needs_reset(&dev);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_INT_USED_BUFFER | VIRTIO_INT_CONFIG);
	wr(&dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INT_USED_BUFFER);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INT_CONFIG);
	assert_true(wire_level[0]);
	wr(&dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INT_CONFIG);
	assert_false(wire_level[0]);
}

static void a_broken_queue_stops_the_device(void **state)
{
	static struct vq_chain chain;

	driver_start(&dev, 0, 2, 16, q);
	driver_offer(&q[0], 0xffff);
	assert_false(vq_pop(virtio_queue(&dev, 0), &chain));
	virtio_queue_done(&dev, 0);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), UP_AND_RUNNING | VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INT_CONFIG);
	assert_true(wire_level[0]);
	assert_false(virtio_is_live(&dev));
	driver_kick(&dev, 1); /* the other one, too */
	assert_int_equal(notified[1], 0);
	wr(&dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INT_CONFIG);
	virtio_needs_reset(&dev);
	assert_false(wire_level[0]); /* said once */

	driver_start(&dev, 0, 2, 16, q);
	assert_true(virtio_is_live(&dev));
	serve_one();
	assert_int_equal(rd(&dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INT_USED_BUFFER);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_device_says_what_it_is),
		T(every_register_is_readable_writable_or_not_there),
		T(registers_are_words),
		T(config_space_is_read_in_any_size),
		T(a_driver_gets_a_device_to_work),
		T(features_are_refused_unless_all_is_well),
		T(features_are_fixed_once_they_are_accepted),
		T(status_bits_stay_until_a_reset),
		T(a_reset_forgets_everything),
		T(there_are_two_queues),
		T(a_queue_that_is_ready_cannot_be_moved),
		T(a_queue_in_a_bad_place_needs_a_reset),
		T(a_queue_has_at_most_the_size_offered),
		T(a_used_buffer_interrupts_until_it_is_acknowledged),
		T(a_broken_queue_stops_the_device),
	};

	return cmocka_run_group_tests_name("virtio_mmio", tests, NULL, NULL);
}
