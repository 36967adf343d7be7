/* SPDX-License-Identifier: Apache-2.0 */
/* What the device offers, and frames from guest to guest, with and without offloads. */
#include "tests/host/net_fixture.h"

#include <string.h>

#include "tests/host/inet_checksum.h"
#include "vmm/lib/bits.h"

#define TELL ((uint64_t)VIRTIO_NET_TELL_MS * (CLOCK_HZ / 1000))

static void it_offers_what_the_design_says(void **state)
{
	uint64_t features;

	net_write(A, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)A->dev.ops->read(&A->dev, VIRTIO_MMIO_DEVICE_FEATURES, 4) << 32;
	net_write(A, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	features |= A->dev.ops->read(&A->dev, VIRTIO_MMIO_DEVICE_FEATURES, 4);
	assert_true(features == (FEATURES_ALL | VIRTIO_F_INDIRECT_DESC));
	assert_int_equal(A->dev.ops->read(&A->dev, VIRTIO_MMIO_DEVICE_ID, 4), VIRTIO_ID_NETWORK);
	assert_int_equal(A->dev.ops->read(&A->dev, VIRTIO_MMIO_CONFIG, 4), 0x00000002);
	assert_int_equal(A->dev.ops->read(&A->dev, VIRTIO_MMIO_CONFIG + 4, 4), 0x00010100);
}

static void features_depend_on_each_other(void **state)
{
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_GUEST_TSO4);
	assert_false(net_status(A) & VIRTIO_STATUS_FEATURES_OK);
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_GUEST_CSUM);
	assert_false(net_status(A) & VIRTIO_STATUS_FEATURES_OK);
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_CSUM);
	assert_true(net_status(A) & VIRTIO_STATUS_FEATURES_OK);
}

static void a_frame_goes_from_one_guest_to_the_other(void **state)
{
	net_start_all();
	net_post_many(B, 4, 1536);
	for (uint32_t length = 14; length <= FRAME_WIRE_MAX; length += 47) {
		net_make(net_sent, length, 0, 1);
		net_send(A, net_plain, net_sent, length, 700);
		assert_true(net_is_sent(A));
		assert_int_equal(net_receive(B, net_header, net_got), length);
		assert_memory_equal(net_got, net_sent, length);
		assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 1);
		assert_int_equal(net_header[VIRTIO_NET_HDR_FLAGS], 0);
		assert_true(B->level);
		net_write(B, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		net_post(B, (length / 47) % 4, 1536);
	}
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 0);
	assert_int_equal(net_receive(C, net_header, net_got), 0);
}

static void a_large_frame_fills_several_buffers_and_stays_large(void **state)
{
	net_start_all();
	net_post_many(B, 30, 2500);
	net_send_tcp(A, B, 60000, 1400);
	assert_true(net_is_sent(A));
	memset(net_header, 0, sizeof(net_header));
	assert_int_equal(net_receive_divided(B, 60000), 2);
	assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 25);
	assert_int_equal(net_header[VIRTIO_NET_HDR_FLAGS], VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(net_header[VIRTIO_NET_HDR_GSO_TYPE], VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(net_header[VIRTIO_NET_HDR_GSO_SIZE] |
				 net_header[VIRTIO_NET_HDR_GSO_SIZE + 1] << 8,
			 1400);
	assert_int_equal(net_header[VIRTIO_NET_HDR_LENGTH], 54);
	assert_int_equal(net_header[VIRTIO_NET_HDR_CSUM_START], 34);
	assert_int_equal(net_header[VIRTIO_NET_HDR_CSUM_OFFSET], 16);
	/* Behind the first bytes, which have a frame of their own, all of it is aligned. */
	assert_true(net_preempts >= 60000 / (4 * FRAME_COPY_QUANTUM));
	/* One interrupt, though there are many buffers. */
	assert_int_equal(B->interrupts, 1);
}

/** As net_send_tcp(), in one segment at an address of @p offset to a multiple of 4. */
static void send_tcp_at(uint32_t offset, uint32_t length)
{
	net_make_tcp(net_header, net_sent, length, 0, 1, 1400);
	net_poke(A, GUEST_RAM / 2 + offset, net_header, VIRTIO_NET_HEADER);
	net_poke(A, GUEST_RAM / 2 + offset + VIRTIO_NET_HEADER, net_sent, length);
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 0, RAM_BASE + GUEST_RAM / 2 + offset,
		       VIRTIO_NET_HEADER + length, 0, 0);
	net_offer(A, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(A, VIRTIO_NET_QUEUE_TX);
}

/* What is sent has its payload behind 66 bytes, and so has what is received: that is as it is. */
static void as_many_bytes_lead_as_the_rest_needs_to_be_aligned(void **state)
{
	net_start_all();
	for (uint32_t offset = 1; offset < 4; offset++) {
		net_post_many(B, 8, 2500);
		send_tcp_at(offset, 12345);
		assert_int_equal(net_receive_divided(B, 12345), 4 - offset);
		assert_int_equal(net_receive(B, net_header, net_got), 0);
		net_start(B, FEATURES_ALL);
	}
	net_post_many(B, 8, 2500);
	send_tcp_at(0, 12345);
	assert_int_equal(net_receive(B, net_header, net_got), 12345);
	assert_memory_equal(net_got, net_sent, 12345);
	assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 5);
}

static void a_frame_is_not_divided_if_it_is_small_or_a_buffer_is(void **state)
{
	net_start_all();
	net_post_many(B, 4, 2500);
	send_tcp_at(2, 8000);
	assert_int_equal(net_receive(B, net_header, net_got), 8000);
	assert_memory_equal(net_got, net_sent, 8000);
	assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 4);

	/* The first has room for the headers, and one of two bytes. */
	net_post(B, 0, VIRTIO_NET_HEADER + 54 + 1);
	for (unsigned n = 1; n < 8; n++)
		net_post(B, n, 2500);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	send_tcp_at(2, 12345);
	assert_int_equal(net_receive(B, net_header, net_got), 12345);
	assert_memory_equal(net_got, net_sent, 12345);
	assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 6);
	assert_int_equal(net_receive(B, net_header, net_got), 0);
}

static void a_guest_that_knows_no_offloads_gets_frames_of_a_wire(void **state)
{
	uint32_t at = 54, frames = 0, length;

	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_NONE);
	net_post_many(B, 40, 1536);
	net_make_tcp(net_header, net_sent, 20000, 0, 1, 1000);
	put_be16(net_sent + 50, tcp_pseudo_sum(net_sent + 14, 20000 - 34));
	net_send(A, net_header, net_sent, 20000, 4096);
	assert_true(net_is_sent(A));
	while ((length = net_receive(B, net_header, net_got)) != 0) {
		assert_int_equal(net_header[VIRTIO_NET_HDR_FLAGS], 0);
		assert_int_equal(net_header[VIRTIO_NET_HDR_GSO_TYPE], 0);
		assert_true(length <= 1054);
		assert_memory_equal(net_got + 54, net_sent + at, length - 54);
		assert_int_equal(get_be32(net_got + 38),
				 (uint32_t)(get_be32(net_sent + 38) + at - 54));
		assert_int_equal(inet_checksum(net_got + 34, length - 34,
					       tcp_pseudo_sum(net_got + 14, length - 34)),
				 0);
		at += length - 54;
		frames++;
	}
	assert_int_equal(at, 20000);
	assert_int_equal(frames, 20);
	assert_int_equal(A->port.counters.delivered, 1);
}

/* Cut or summed up for a receiver that cannot, it is copied into the VMM's memory first. */
static void a_frame_of_very_many_pieces_has_preempt_points(void **state)
{
	unsigned before;

	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_NONE);
	net_post(B, 4, 1536);
	net_make_tcp(net_header, net_sent, 1514, 0, 1, 0);
	before = net_preempts;
	net_send(A, net_header, net_sent, 1514, 24);
	assert_true(net_is_sent(A));
	assert_true(net_preempts - before >= 1416 / 24 / 8);
	assert_int_equal(net_receive(B, net_header, net_got), 1514);
	assert_memory_equal(net_got + 52, net_sent + 52, 1514 - 52);
}

static void an_offload_that_is_not_true_is_dropped(void **state)
{
	static const struct {
		uint8_t at, value;
	} bad[] = {
		{ VIRTIO_NET_HDR_GSO_TYPE, 3 },     { VIRTIO_NET_HDR_GSO_TYPE, 0x81 },
		{ VIRTIO_NET_HDR_FLAGS, 0 },        { VIRTIO_NET_HDR_CSUM_START, 36 },
		{ VIRTIO_NET_HDR_CSUM_START, 2 },   { VIRTIO_NET_HDR_CSUM_OFFSET, 6 },
		{ VIRTIO_NET_HDR_GSO_SIZE + 1, 0 }, { VIRTIO_NET_HDR_CSUM_OFFSET + 1, 0xff },
	};

	net_start_all();
	net_post_many(B, 8, 4096);
	for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
		net_make_tcp(net_header, net_sent, 3000, 0, 1, 1024 + 4);
		net_header[bad[n].at] = bad[n].value;
		net_send(A, net_header, net_sent, 3000, 4096);
		assert_true(net_is_sent(A));
		assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], n + 1);
	}
	/* Not negotiated. */
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_CSUM);
	net_send_tcp(A, B, 3000, 1000);
	net_start(A, FEATURES_NONE);
	net_send_tcp(A, B, 1000, 0);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], ARRAY_SIZE(bad) + 2);
	assert_int_equal(net_receive(B, net_header, net_got), 0);
	assert_int_equal(A->port.counters.delivered, 0);
}

static void frames_of_impossible_lengths_are_dropped(void **state)
{
	net_start_all();
	net_post_many(B, 4, 4096);
	net_make(net_sent, FRAME_WIRE_MAX + 1, 0, 1);
	net_send(A, net_plain, net_sent, 13, 4096);
	assert_true(net_is_sent(A));
	net_send(A, net_plain, net_sent, FRAME_WIRE_MAX + 1, 4096);
	assert_true(net_is_sent(A));
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 0, RAM_BASE, 5, 0, 0); /* not even a header */
	net_offer(A, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], 3);
	assert_int_equal(A->port.counters.in, 3);
}

static void a_driver_that_has_not_notified_yet_gets_large_frames_from_the_second_on(void **state)
{
	net_start_all();
	for (unsigned n = 0; n < 20; n++)
		net_post(B, n, 4096);
	net_send_tcp(A, B, 5000, 1400);
	for (unsigned n = 0; n < 4; n++)
		assert_in_range(net_receive(B, net_header, net_got), 1, 1454);
	net_send_tcp(A, B, 5000, 1400);
	assert_int_equal(net_receive(B, net_header, net_got), 5000);
}

static void a_broadcast_reaches_all_as_it_was(void **state)
{
	net_start_all();
	net_post_many(B, 4, 2048);
	net_post_many(C, 4, 2048);
	net_make(net_sent, 1000, 0, 1);
	memset(net_sent, 0xff, MAC_LENGTH);
	net_send(A, net_plain, net_sent, 1000, 300);
	for (unsigned n = 1; n < GUESTS; n++) {
		memset(net_got, 0, sizeof(net_got));
		assert_int_equal(net_receive(&guests[n], net_header, net_got), 1000);
		assert_memory_equal(net_got, net_sent, 1000);
	}
	assert_int_equal(A->port.counters.in, 1);
	assert_int_equal(A->port.counters.copies, 1);
}

static void without_mergeable_buffers_a_frame_is_in_one_chain(void **state)
{
	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_ALL & ~VIRTIO_NET_F_MRG_RXBUF);
	/* Chains of two: the header's buffer, and one for 1000 bytes. */
	for (unsigned n = 0; n < 4; n++) {
		net_descriptor(B, VIRTIO_NET_QUEUE_RX, 2 * n, RAM_BASE + BUFFERS_AT + 8192 * n, 12,
			       VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 2 * n + 1);
		net_descriptor(B, VIRTIO_NET_QUEUE_RX, 2 * n + 1,
			       RAM_BASE + BUFFERS_AT + 8192 * n + 4096, 1000, VIRTQ_DESC_F_WRITE,
			       0);
		net_offer(B, VIRTIO_NET_QUEUE_RX, 2 * n);
	}
	net_kick(B, VIRTIO_NET_QUEUE_RX);

	uint32_t head, length;

	net_send_plain(A, B, 1001);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
	net_send_plain(A, B, 1000);
	assert_true(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));
	assert_int_equal(head, 0);
	assert_int_equal(length, 1012);
	net_peek(B, BUFFERS_AT, net_header, sizeof(net_header));
	assert_int_equal(net_header[VIRTIO_NET_HDR_BUFFERS], 1);
	net_peek(B, BUFFERS_AT + 4096, net_got, 1000);
	assert_memory_equal(net_got, net_sent, 1000);
}

static void a_burst_lets_its_own_guest_run_now_and_then(void **state)
{
	net_start_all();
	net_make_tcp(net_header, net_sent, 60000, 0, 2, 1400);
	net_write(C, VIRTIO_MMIO_STATUS, 0);
	net_poke(A, GUEST_RAM / 2, net_header, sizeof(net_header));
	net_poke(A, GUEST_RAM / 2 + 12, net_sent, 60000);
	for (unsigned n = 0; n < 6; n++) {
		net_descriptor(A, VIRTIO_NET_QUEUE_TX, n, RAM_BASE + GUEST_RAM / 2, 60012, 0, 0);
		net_offer(A, VIRTIO_NET_QUEUE_TX, n);
	}
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	for (unsigned n = 0; n < 3; n++)
		assert_true(net_is_sent(A));
	assert_false(net_is_sent(A));
	net_run(CLOCK_HZ / 1000);
	for (unsigned n = 0; n < 3; n++)
		assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.in, 6);
}

static void interrupts_follow_the_drivers_wish(void **state)
{
	uint32_t head, length;

	net_start_all();
	net_post_many(B, 8, 2048);
	for (unsigned n = 0; n < 5; n++) {
		net_send_plain(A, B, 100);
		net_write(B, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	}
	/* used_event was 0: one, for the first. */
	assert_int_equal(B->interrupts, 1);
	while (net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length))
		;
	net_send_plain(A, B, 100);
	assert_int_equal(B->interrupts, 2);
}

/** A sends one to C, where it is dropped. Its driver has seen all before, and waits for this one. */
static void send_and_await(void)
{
	while (net_is_sent(A))
		;
	net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	A->interrupts = 0;
	net_send_plain(A, C, 100);
}

static void a_guest_is_told_in_time_of_what_was_sent(void **state)
{
	net_start_all();
	net_write(C, VIRTIO_MMIO_STATUS, 0);
	send_and_await();
	net_run(TELL - 1);
	assert_int_equal(A->interrupts, 0);
	net_run(1);
	assert_int_equal(A->interrupts, 1);

	/* Another frame does not put it off. */
	send_and_await();
	net_run(TELL / 2);
	net_send_plain(A, C, 100);
	net_run(TELL / 2);
	assert_int_equal(A->interrupts, 1);
	net_run(2 * TELL);
	assert_int_equal(A->interrupts, 1);
}

static void a_guest_is_told_of_what_was_sent_with_what_it_receives(void **state)
{
	net_start_all();
	net_post_many(A, 4, 2048);
	send_and_await();
	assert_int_equal(A->interrupts, 0);
	net_send_plain(B, A, 100);
	assert_int_equal(A->interrupts, 1);
	net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	net_run(2 * TELL);
	assert_int_equal(A->interrupts, 1);
}

static void a_guest_is_told_when_much_was_sent(void **state)
{
	net_start_all();
	net_write(C, VIRTIO_MMIO_STATUS, 0);
	send_and_await();
	for (unsigned n = 1; n < VQ_SIZE_MAX / 4; n++) {
		assert_int_equal(A->interrupts, 0);
		net_send_plain(A, C, 100);
	}
	assert_int_equal(A->interrupts, 1);
	net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	net_run(2 * TELL);
	assert_int_equal(A->interrupts, 1);
}

static void who_does_not_wait_is_not_told(void **state)
{
	net_start_all();
	net_write(C, VIRTIO_MMIO_STATUS, 0);
	send_and_await();
	net_run(TELL);
	net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	net_send_plain(A, C, 100); /* used_event has passed */
	net_run(2 * TELL);
	assert_int_equal(A->interrupts, 1);
	assert_true(A->dev.deadline_at == CLOCK_NEVER);
}

static void without_a_cable_frames_are_lost(void **state)
{
	A->dev.backend = NULL;
	net_start(A, FEATURES_ALL & ~VIRTIO_NET_F_MAC);
	assert_true(net_status(A) & VIRTIO_STATUS_FEATURES_OK);
	assert_int_equal(A->dev.ops->read(&A->dev, VIRTIO_MMIO_CONFIG + 4, 4), 0);
	net_send_plain(A, B, 100);
	assert_true(net_is_sent(A));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_offers_what_the_design_says),
		TEST(features_depend_on_each_other),
		TEST(a_frame_goes_from_one_guest_to_the_other),
		TEST(a_large_frame_fills_several_buffers_and_stays_large),
		TEST(as_many_bytes_lead_as_the_rest_needs_to_be_aligned),
		TEST(a_frame_is_not_divided_if_it_is_small_or_a_buffer_is),
		TEST(a_guest_that_knows_no_offloads_gets_frames_of_a_wire),
		TEST(a_frame_of_very_many_pieces_has_preempt_points),
		TEST(an_offload_that_is_not_true_is_dropped),
		TEST(frames_of_impossible_lengths_are_dropped),
		TEST(a_driver_that_has_not_notified_yet_gets_large_frames_from_the_second_on),
		TEST(a_broadcast_reaches_all_as_it_was),
		TEST(without_mergeable_buffers_a_frame_is_in_one_chain),
		TEST(a_burst_lets_its_own_guest_run_now_and_then),
		TEST(interrupts_follow_the_drivers_wish),
		TEST(a_guest_is_told_in_time_of_what_was_sent),
		TEST(a_guest_is_told_of_what_was_sent_with_what_it_receives),
		TEST(a_guest_is_told_when_much_was_sent),
		TEST(who_does_not_wait_is_not_told),
		TEST(without_a_cable_frames_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
