/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a frame's bytes: at the preempt points of a copy others send and receivers are reset, and
 * descriptors name what is no memory.
 */
#include "tests/host/net_fixture.h"

#include <string.h>

static unsigned calls;
static bool is_done;
static const uint8_t mark[64 * 1024] = { 1 };

/** A sends to B, and @p meanwhile is called at each preempt point; it counts the calls. */
static void send_large(uint32_t length, void (*meanwhile)(void))
{
	calls = 0;
	is_done = false;
	net_preempt = meanwhile;
	net_send_tcp(A, B, length, 1400);
	net_preempt = NULL;
}

/** Once, when B's second buffer has been filled, and the third has not. */
static bool is_in_the_middle(void)
{
	uint32_t words[2];

	net_peek(B, BUFFERS_AT + 2 * 4096 - 4, &words[0], 4);
	net_peek(B, BUFFERS_AT + 3 * 4096 - 4, &words[1], 4);
	if (is_done || words[0] == 0)
		return false;
	assert_int_equal(words[1], 0);
	is_done = true;
	return true;
}

/** In the middle of a copy, the receiver is reset and uses its buffers for something else. */
static void reset_b(void)
{
	if (is_in_the_middle()) {
		net_start(B, FEATURES_ALL);
		net_poke(B, BUFFERS_AT, mark, sizeof(mark));
	}
}

/** Only its queue is stopped and started. */
static void restart_queue_of_b(void)
{
	if (is_in_the_middle()) {
		net_write(B, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_NET_QUEUE_RX);
		net_write(B, VIRTIO_MMIO_QUEUE_READY, 0);
		net_write(B, VIRTIO_MMIO_QUEUE_READY, 1);
		net_poke(B, BUFFERS_AT, mark, sizeof(mark));
	}
}

static void check_end_of_copy(void (*what)(void))
{
	uint8_t now[sizeof(mark)];

	net_start_all();
	net_post_many(B, 16, 4096);
	send_large(60000, what);
	assert_true(is_done);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
	net_peek(B, BUFFERS_AT, now, sizeof(now));
	assert_memory_equal(now, mark, sizeof(now));
}

static void a_reset_in_the_middle_of_a_copy_ends_it(void **state)
{
	check_end_of_copy(reset_b);
}

static void a_queue_that_is_restarted_in_the_middle_of_a_copy_ends_it(void **state)
{
	check_end_of_copy(restart_queue_of_b);
}

/** The VM is reset: its device goes with it, and the memory may be another's. */
static void reset_vm_b(void)
{
	if (is_in_the_middle())
		B->dma.generation++;
}

static void a_reset_of_the_vm_in_the_middle_of_a_copy_ends_it(void **state)
{
	net_start_all();
	net_post_many(B, 16, 4096);
	send_large(60000, reset_vm_b);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
	assert_int_equal(net_receive(B, net_header, net_got), 0);
}

/** In the middle of A's copy, C sends to the same guest; and B to A. */
static void others_send(void)
{
	static uint8_t bytes[300];

	if (++calls > 5)
		return;
	net_make(bytes, sizeof(bytes), 2, 1);
	net_send(C, net_plain, bytes, sizeof(bytes), 4096);
	net_make(bytes, sizeof(bytes), 1, 0);
	net_send(B, net_plain, bytes, sizeof(bytes), 4096);
}

static void frames_that_are_sent_meanwhile_do_not_mix(void **state)
{
	net_start_all();
	net_post_many(A, 8, 4096);
	net_post_many(B, 32, 2048);
	send_large(40000, others_send);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(net_receive(B, net_header, net_got), 300);
	assert_int_equal(net_receive_divided(B, 40000), 2);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(net_receive(A, net_header, net_got), 300);
}

/** Between A's buffers, one for a frame of C's is taken. */
static void c_sends_once(void)
{
	static uint8_t bytes[300];

	if (!is_done && virtio_queue(&B->dev, VIRTIO_NET_QUEUE_RX)->next_avail) {
		is_done = true;
		net_make(bytes, sizeof(bytes), 2, 1);
		net_send(C, net_plain, bytes, sizeof(bytes), 4096);
	}
}

static void too_few_buffers_with_one_taken_behind_them_come_back_empty(void **state)
{
	uint32_t head, length;

	net_start_all();
	net_post_many(B, 6, 2048);
	send_large(40000, c_sends_once);
	assert_false(net_is_sent(A));
	assert_int_equal(net_receive(B, net_header, net_got), 300);
	for (unsigned n = 0; n < 5; n++) {
		assert_true(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));
		assert_int_equal(length, 0);
	}
	assert_false(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));

	/* Offered again, with more, they take the frame. */
	net_post_many(B, 24, 2048);
	net_run(1);
	assert_true(net_is_sent(A));
	assert_int_equal(net_receive_divided(B, 40000), 2);
}

static void segments_that_are_no_memory_break_the_sender_only(void **state)
{
	net_start_all();
	net_post_many(B, 4, 4096);
	net_make(net_sent, 1000, 0, 1);
	net_poke(A, GUEST_RAM / 2, net_plain, sizeof(net_plain));
	net_poke(A, GUEST_RAM / 2 + 12, net_sent, 500);
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 0, RAM_BASE + GUEST_RAM / 2, 512, VIRTQ_DESC_F_NEXT,
		       1);
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 1, 0xfffff000, 500, 0, 0);
	net_offer(A, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	assert_true(net_status(A) & VIRTIO_STATUS_NEEDS_RESET);
	assert_false(net_status(B) & VIRTIO_STATUS_NEEDS_RESET);
	/* What could not be read is zero. */
	memset(net_sent + 500, 0, 500);
	assert_int_equal(net_receive(B, net_header, net_got), 1000);
	assert_memory_equal(net_got, net_sent, 1000);
}

static void buffers_that_are_no_memory_break_the_receiver_only(void **state)
{
	net_start_all();
	net_descriptor(B, VIRTIO_NET_QUEUE_RX, 0, RAM_BASE + GUEST_RAM - 100, 4096,
		       VIRTQ_DESC_F_WRITE, 0);
	net_offer(B, VIRTIO_NET_QUEUE_RX, 0);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	net_send_plain(A, B, 1000);
	assert_true(net_is_sent(A));
	assert_false(net_status(A) & VIRTIO_STATUS_NEEDS_RESET);
	assert_true(net_status(B) & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_receive_buffer_that_is_to_be_read_breaks_the_queue(void **state)
{
	net_start_all();
	net_descriptor(B, VIRTIO_NET_QUEUE_RX, 0, RAM_BASE, 4096, 0, 0);
	net_offer(B, VIRTIO_NET_QUEUE_RX, 0);
	net_send_plain(A, B, 1000);
	assert_true(net_status(B) & VIRTIO_STATUS_NEEDS_RESET);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reset_in_the_middle_of_a_copy_ends_it),
		TEST(a_queue_that_is_restarted_in_the_middle_of_a_copy_ends_it),
		TEST(a_reset_of_the_vm_in_the_middle_of_a_copy_ends_it),
		TEST(frames_that_are_sent_meanwhile_do_not_mix),
		TEST(too_few_buffers_with_one_taken_behind_them_come_back_empty),
		TEST(segments_that_are_no_memory_break_the_sender_only),
		TEST(buffers_that_are_no_memory_break_the_receiver_only),
		TEST(a_receive_buffer_that_is_to_be_read_breaks_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
