/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/virtio_fixture.h"

#include "devemu/virtio_console.h"

#include <string.h>

#define IN  VIRTIO_CONSOLE_RECEIVE
#define OUT VIRTIO_CONSOLE_TRANSMIT

static struct device dev;
static struct driver_queue q[2];
static char sent[8192];
static unsigned sent_count;
static unsigned room; /* bytes that the line takes before it is full */

static void line_put(const struct uart_backend *backend, uint8_t byte)
{
	assert_true(room > 0);
	room--;
	assert_true(sent_count < sizeof(sent));
	sent[sent_count++] = (char)byte;
}

static bool line_room(const struct uart_backend *backend)
{
	return room > 0;
}

static const struct uart_backend line = { .put = line_put, .room = line_room };

static int setup(void **state)
{
	sent_count = 0;
	room = 1000000;
	virtio_bench_init(&dev, &virtio_console_ops, &line, NULL);
	driver_start(&dev, 0, 2, 16, q);
	return 0;
}

static int teardown(void **state)
{
	virtio_bench_fini(&dev);
	return 0;
}

static void send(uint32_t address, uint32_t length)
{
	const struct buffer buffer = { address, length, false };

	driver_add(&q[OUT], &buffer, 1);
	driver_kick(&dev, OUT);
}

static void assert_sent(const char *text)
{
	assert_int_equal(sent_count, strlen(text));
	assert_memory_equal(sent, text, sent_count);
}

static void it_is_a_console(void **state)
{
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_CONSOLE);
	wr(&dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0); /* no size, no ports, no emergency write */
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_FEATURES),
			 (uint32_t)(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX));
}

static void what_is_sent_arrives_in_order(void **state)
{
	const struct buffer parts[] = { { BUFFERS + 0xffd, 6, false }, { BUFFERS, 5, false } };
	uint32_t head, length;

	memcpy(guest_ptr(BUFFERS + 0xffd), "hello ", 6);
	memcpy(guest_ptr(BUFFERS), "world", 5);
	driver_add(&q[OUT], parts, 2);
	driver_kick(&dev, OUT);
	assert_sent("hello world");
	assert_true(driver_used(&q[OUT], &head, &length));
	assert_int_equal(head, 0);
	assert_int_equal(length, 0);
	assert_true(wire_level[0]);
	assert_true(bench_deadline == CLOCK_NEVER);
}

static void a_long_text_is_sent_in_bursts(void **state)
{
	const unsigned total = 3 * VIRTIO_CONSOLE_BURST + 100;
	uint32_t head, length;

	for (unsigned n = 0; n < total; n++)
		*(uint8_t *)guest_ptr(BUFFERS + n) = (uint8_t)('a' + n % 23);
	send(BUFFERS, total);
	for (unsigned round = 1; round <= 3; round++) {
		assert_int_equal(sent_count, round * VIRTIO_CONSOLE_BURST);
		driver_kick(&dev, OUT);
		assert_int_equal(sent_count, round * VIRTIO_CONSOLE_BURST);
		assert_false(driver_used(&q[OUT], &head, &length));
		bench_run(&dev, VIRTIO_CONSOLE_PAUSE);
	}
	assert_int_equal(sent_count, total);
	assert_memory_equal(sent, guest_ptr(BUFFERS), total);
	assert_true(driver_used(&q[OUT], &head, &length));
	assert_true(bench_deadline == CLOCK_NEVER);
}

static void a_full_line_holds_the_guest_back(void **state)
{
	uint32_t head, length;

	memcpy(guest_ptr(BUFFERS), "0123456789", 10);
	room = 4;
	send(BUFFERS, 10);
	send(BUFFERS, 2);
	assert_sent("0123");
	bench_run(&dev, 10 * VIRTIO_CONSOLE_PAUSE);
	assert_sent("0123");
	assert_false(driver_used(&q[OUT], &head, &length));
	assert_false(wire_level[0]);
	room = 7;
	bench_run(&dev, VIRTIO_CONSOLE_PAUSE);
	assert_sent("01234567890");
	assert_true(driver_used(&q[OUT], &head, &length));
	assert_false(driver_used(&q[OUT], &head, &length));
	assert_true(wire_level[0]);
	room = 100;
	bench_run(&dev, VIRTIO_CONSOLE_PAUSE);
	assert_sent("012345678901");
	assert_true(driver_used(&q[OUT], &head, &length));
}

static void a_reset_forgets_what_was_not_sent(void **state)
{
	for (unsigned how = 0; how < 3; how++) {
		sent_count = 0;
		memcpy(guest_ptr(BUFFERS), "0123456789", 10);
		room = 4;
		send(BUFFERS, 10);
		room = 100;
		switch (how) {
		case 0:
			wr(&dev, VIRTIO_MMIO_STATUS, 0);
			assert_true(bench_deadline == CLOCK_NEVER);
			driver_start(&dev, 0, 2, 16, q);
			break;
		case 1: /* only the queue */
			wr(&dev, VIRTIO_MMIO_QUEUE_SEL, OUT);
			wr(&dev, VIRTIO_MMIO_QUEUE_READY, 0);
			bench_run(&dev, VIRTIO_CONSOLE_PAUSE);
			assert_true(driver_queue(&dev, OUT, 16, &q[OUT]));
			break;
		default:
			dev.ops->reset(&dev);
			driver_start(&dev, 0, 2, 16, q);
			break;
		}
		bench_run(&dev, 2 * VIRTIO_CONSOLE_PAUSE);
		assert_sent("0123");
		send(BUFFERS, 1);
		assert_sent("01230");
	}
}

static void bytes_are_received_one_for_each_buffer(void **state)
{
	const struct buffer buffers[] = { { BUFFERS, 64, true }, { BUFFERS + 0x100, 1, true } };
	uint32_t head, length;

	assert_false(virtio_console_can_receive(&dev));
	assert_false(virtio_console_receive(&dev, 'x'));
	for (unsigned n = 0; n < 2; n++)
		driver_add(&q[IN], &buffers[n], 1);
	driver_kick(&dev, IN);
	assert_false(driver_used(&q[IN], &head, &length));
	for (unsigned n = 0; n < 2; n++) {
		assert_true(virtio_console_can_receive(&dev));
		assert_true(virtio_console_receive(&dev, (uint8_t)('a' + n)));
		assert_true(wire_level[0]);
		wr(&dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INT_USED_BUFFER);
		assert_true(driver_used(&q[IN], &head, &length));
		assert_int_equal(head, n);
		assert_int_equal(length, 1);
		assert_int_equal(*(char *)guest_ptr(buffers[n].address), 'a' + n);
	}
	assert_false(virtio_console_can_receive(&dev));
	assert_false(virtio_console_receive(&dev, 'x'));
	assert_int_equal(*(char *)guest_ptr(BUFFERS), 'a');
	assert_false(wire_level[0]);
}

static void nothing_is_received_before_the_driver_is_ready(void **state)
{
	const struct buffer buffer = { BUFFERS, 64, true };

	assert_true(driver_negotiate(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM));
	assert_true(driver_queue(&dev, IN, 16, &q[IN]));
	driver_add(&q[IN], &buffer, 1);
	assert_false(virtio_console_can_receive(&dev));
	assert_false(virtio_console_receive(&dev, 'a'));
	wr(&dev, VIRTIO_MMIO_STATUS, 0x0f);
	assert_true(virtio_console_receive(&dev, 'a'));
}

static void bad_buffers_need_a_reset(void **state)
{
	static const struct buffer bad_in[] = { { BUFFERS, 64, false },
						{ ROM_BASE, 64, true },
						{ 0x10, 1, true } };

	for (unsigned n = 0; n < 3; n++) {
		driver_start(&dev, 0, 2, 16, q);
		driver_add(&q[IN], &bad_in[n], 1);
		assert_false(virtio_console_receive(&dev, 'a'));
		assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
		assert_false(virtio_console_can_receive(&dev));
	}
	driver_start(&dev, 0, 2, 16, q);
	q[IN].avail_index = 1000;
	driver_offer(&q[IN], 0);
	assert_false(virtio_console_can_receive(&dev));
	assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);

	driver_start(&dev, 0, 2, 16, q);
	send(RAM_BASE + RAM_SIZE - 2, 4);
	assert_int_equal(sent_count, 2);
	assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
}

static void receive_meanwhile(void)
{
	virtio_console_receive(&dev, 'm');
}

/* Somebody types while the guest prints: another VM's turn, in the middle of ours. */
static void a_byte_may_arrive_at_a_preempt_point(void **state)
{
	const struct buffer room_for_one = { BUFFERS + 0x800, 1, true };
	uint32_t head, length;

	for (unsigned n = 0; n < 3; n++)
		driver_add(&q[IN], &room_for_one, 1);
	bench_meanwhile = receive_meanwhile;
	memset(guest_ptr(BUFFERS), 'p', 200);
	send(BUFFERS, 200);
	assert_int_equal(sent_count, 200);
	for (unsigned n = 0; n < 3; n++)
		assert_true(driver_used(&q[IN], &head, &length));
	assert_true(driver_used(&q[OUT], &head, &length));
}

static void reset_the_vm(void)
{
	bench_dma.generation++;
	dev.ops->reset(&dev);
}

static void a_reset_at_a_preempt_point_ends_the_work(void **state)
{
	room = 0; /* so that it would pause */
	bench_meanwhile = reset_the_vm;
	send(BUFFERS, 200);
	assert_int_equal(preempt_points, 1);
	assert_true(bench_deadline == CLOCK_NEVER);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
}

/* A driver may fill the queue with chains that have nothing for the device. */
static void chains_without_bytes_have_preempt_points_too(void **state)
{
	const struct buffer nothing_to_read = { BUFFERS, 64, true };
	uint32_t head, length;

	for (unsigned n = 0; n < 16; n++)
		driver_add(&q[OUT], &nothing_to_read, 1);
	driver_kick(&dev, OUT);
	assert_int_equal(sent_count, 0);
	assert_int_equal(preempt_points, 16);
	for (unsigned n = 0; n < 16; n++)
		assert_true(driver_used(&q[OUT], &head, &length));

	driver_add(&q[OUT], &nothing_to_read, 1);
	bench_meanwhile = reset_the_vm;
	driver_kick(&dev, OUT);
	assert_int_equal(preempt_points, 17);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
}

static void nothing_may_be_connected(void **state)
{
	uint32_t head, length;

	dev.backend = NULL;
	send(BUFFERS, 200);
	assert_true(driver_used(&q[OUT], &head, &length));
}

static void without_a_clock_nothing_waits(void **state)
{
	uint32_t head, length;

	dev.clock = NULL;
	send(BUFFERS, 5000);
	assert_int_equal(sent_count, 5000);
	assert_true(driver_used(&q[OUT], &head, &length));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_is_a_console),
		T(what_is_sent_arrives_in_order),
		T(a_long_text_is_sent_in_bursts),
		T(a_full_line_holds_the_guest_back),
		T(a_reset_forgets_what_was_not_sent),
		T(bytes_are_received_one_for_each_buffer),
		T(nothing_is_received_before_the_driver_is_ready),
		T(bad_buffers_need_a_reset),
		T(a_byte_may_arrive_at_a_preempt_point),
		T(a_reset_at_a_preempt_point_ends_the_work),
		T(chains_without_bytes_have_preempt_points_too),
		T(nothing_may_be_connected),
		T(without_a_clock_nothing_waits),
	};

	return cmocka_run_group_tests_name("virtio_console", tests, NULL, NULL);
}
