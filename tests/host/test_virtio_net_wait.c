/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that wait for a receiver's buffers: how long, and what ends it. */
#include "tests/host/net_fixture.h"

#define HOLD ((uint64_t)VIRTIO_NET_HOLD_MS * (CLOCK_HZ / 1000))

static void a_large_frame_waits_in_the_middle_for_a_guest_without_offloads(void **state)
{
	uint32_t at = 54, length;

	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_NONE);
	net_post_many(B, 7, 1536);
	net_send_tcp(A, B, 20000, 1000);
	for (unsigned turn = 0; turn < 4; turn++) {
		uint32_t before = at;

		assert_int_equal(net_is_sent(A), turn == 2);
		while ((length = net_receive(B, net_header, net_got)) != 0) {
			assert_memory_equal(net_got + 54, net_sent + at, length - 54);
			at += length - 54;
		}
		assert_int_equal(at != before, turn < 3);
		net_post_many(B, 7, 1536);
		net_run(1);
	}
	assert_int_equal(at, 20000);
	assert_int_equal(A->port.counters.held, 2);
}

static void a_full_receiver_holds_the_sender(void **state)
{
	net_start_all();
	net_post_many(B, 1, 2048);
	net_send_plain(A, B, 1000);
	assert_true(net_is_sent(A));
	net_send_plain(A, B, 1000);
	assert_false(net_is_sent(A));
	net_run(HOLD / 2);
	assert_false(net_is_sent(A));

	assert_int_equal(net_receive(B, net_header, net_got), 1000);
	net_post(B, 0, 2048);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	assert_false(net_is_sent(A)); /* not in the other VM's thread */
	net_run(1);
	assert_true(net_is_sent(A));
	assert_int_equal(net_receive(B, net_header, net_got), 1000);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 0);
}

static void it_waits_no_longer_than_it_may(void **state)
{
	net_start_all();
	net_post_many(C, 4, 2048);
	net_send_plain(A, B, 1000);
	assert_false(net_is_sent(A));
	net_run(HOLD - 1);
	assert_false(net_is_sent(A));
	net_run(2);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 1);

	/* The next one does not wait for the same guest, and others go on. */
	net_send_plain(A, B, 1000);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 2);
	net_send_plain(A, C, 1000);
	assert_int_equal(net_receive(C, net_header, net_got), 1000);
}

static void a_few_buffers_now_and_then_do_not_make_it_wait_longer(void **state)
{
	net_start_all();
	net_send_tcp(A, B, 60000, 1400);
	for (unsigned n = 0; n < 9; n++) {
		net_run(HOLD / 10);
		assert_false(net_is_sent(A));
		net_post(B, n, 2048);
		net_kick(B, VIRTIO_NET_QUEUE_RX);
	}
	net_run(HOLD / 10 + 10);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 1);
}

static void few_buffers_are_left_for_smaller_frames(void **state)
{
	net_start_all();
	net_post_many(B, 3, 2048);
	net_send_tcp(A, B, 10000, 1400);
	assert_false(net_is_sent(A));
	net_make(net_got, 100, 2, 1);
	net_send(C, net_plain, net_got, 100, 4096);
	assert_int_equal(net_receive(B, net_header, net_got), 100);

	for (unsigned n = 3; n < 8; n++)
		net_post(B, n, 2048);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	net_run(1);
	assert_int_equal(net_receive_divided(B, 10000), 2);
}

static void a_guest_without_a_driver_gets_nothing_and_holds_nobody(void **state)
{
	net_start(A, FEATURES_ALL);
	net_send_plain(A, B, 100);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_reset_of_the_receiver_ends_the_waiting(void **state)
{
	net_start_all();
	net_send_plain(A, B, 100);
	assert_false(net_is_sent(A));
	net_write(B, VIRTIO_MMIO_STATUS, 0);
	net_run(1);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_reset_of_the_sender_forgets_its_frame(void **state)
{
	net_start_all();
	net_send_plain(A, B, 100);
	net_start(A, FEATURES_ALL);
	assert_true(A->dev.deadline_at == CLOCK_NEVER);
	net_post_many(B, 1, 2048);
	net_run(HOLD * 2);
	assert_int_equal(net_receive(B, net_header, net_got), 0);
	assert_false(net_is_sent(A));
	assert_int_equal(A->port.counters.in, 0);
}

static void a_receiver_that_has_no_buffers_and_says_so_holds_nobody_again(void **state)
{
	net_start_all();
	for (unsigned n = 0; n < 2; n++) {
		net_send_plain(A, B, 100);
		assert_int_equal(net_is_sent(A), n > 0);
		net_run(HOLD * 2);
		if (!n)
			assert_true(net_is_sent(A));
		net_write(B, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_NET_QUEUE_RX);
	}
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 2);
	assert_int_equal(A->port.counters.held, 1);
}

static void a_send_queue_that_is_restarted_forgets_the_frame_too(void **state)
{
	net_start_all();
	net_post_many(C, 4, 2048);
	net_send_plain(A, B, 100);
	assert_false(net_is_sent(A));
	net_write(A, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_NET_QUEUE_TX);
	net_write(A, VIRTIO_MMIO_QUEUE_READY, 0);
	net_run(HOLD * 2);
	assert_int_equal(A->port.counters.in, 0);
	/* From the beginning of its rings. */
	net_poke16(A, RING_AT(1) + 0x1000 + VIRTQ_AVAIL_IDX, 0);
	net_poke16(A, RING_AT(1) + 0x2000 + VIRTQ_USED_IDX, 0);
	A->avail[1] = 0;
	net_write(A, VIRTIO_MMIO_QUEUE_READY, 1);
	net_send_plain(A, C, 100);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.in, 1);
	assert_int_equal(net_receive(C, net_header, net_got), 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_large_frame_waits_in_the_middle_for_a_guest_without_offloads),
		TEST(a_full_receiver_holds_the_sender),
		TEST(it_waits_no_longer_than_it_may),
		TEST(a_few_buffers_now_and_then_do_not_make_it_wait_longer),
		TEST(few_buffers_are_left_for_smaller_frames),
		TEST(a_guest_without_a_driver_gets_nothing_and_holds_nobody),
		TEST(a_reset_of_the_receiver_ends_the_waiting),
		TEST(a_reset_of_the_sender_forgets_its_frame),
		TEST(a_receiver_that_has_no_buffers_and_says_so_holds_nobody_again),
		TEST(a_send_queue_that_is_restarted_forgets_the_frame_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
