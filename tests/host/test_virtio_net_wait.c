/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that wait for a receiver's buffers: how long, and what ends it. */
#include <string.h>

#include "tests/host/net_fixture.h"
#include "tests/xorshift.h"

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

static uint32_t dropped(const struct net_guest *guest)
{
	uint32_t sum = 0;

	for (unsigned why = 0; why < PORT_DROP_COUNT; why++)
		sum += guest->port.counters.dropped[why];
	return sum;
}

/** Two send as fast as they can to one that offers buffers when it likes; each frame has a number. */
static void of_a_flood_each_frame_arrives_once_or_is_counted(void **state)
{
	struct net_guest *const senders[] = { A, C };
	uint32_t sent[2] = { 0 }, last[2] = { 0 }, received[2] = { 0 }, posted = 0, seed = 5;
	bool is_busy[2] = { false };

	net_start_all();
	for (unsigned step = 0; step < 30000; step++) {
		const bool ends = step >= 29000;
		const unsigned n = xorshift32(&seed) % 2;

		if (!is_busy[n] && !ends) {
			net_make(net_sent, 60, n ? 2 : 0, 1);
			sent[n]++;
			memcpy(net_sent + FRAME_HEADER, &sent[n], 4);
			net_send(senders[n], net_plain, net_sent, 60, 4096);
			is_busy[n] = true;
		}
		/* Now and then none for longer than anybody waits. */
		if (posted < received[0] + received[1] + QUEUE_MAX - 1 && step / 1000 % 4 != 1 &&
		    xorshift32(&seed) % 3 == 0) {
			net_post(B, posted++ % QUEUE_MAX, 2048);
			net_kick(B, VIRTIO_NET_QUEUE_RX);
		}
		net_run(xorshift32(&seed) % (HOLD / 16));
		for (unsigned from = 0; from < 2; from++)
			is_busy[from] = is_busy[from] && !net_is_sent(senders[from]);
		while (net_receive(B, net_header, net_got)) {
			const unsigned from = net_got[11] == senders[1]->port.address[5];
			uint32_t number;

			memcpy(&number, net_got + FRAME_HEADER, 4);
			assert_true(number > last[from] && number <= sent[from]);
			last[from] = number;
			received[from]++;
		}
	}
	for (unsigned n = 0; n < 2; n++) {
		assert_false(is_busy[n]);
		assert_true(received[n] > 1000 && dropped(senders[n]) > 100);
		assert_int_equal(sent[n], received[n] + dropped(senders[n]));
		assert_int_equal(sent[n], senders[n]->port.counters.in);
	}
	assert_int_equal(received[0] + received[1], B->port.counters.out);
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
		TEST(of_a_flood_each_frame_arrives_once_or_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
