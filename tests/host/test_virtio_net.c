/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/net_fixture.h"

#include <string.h>

#include "vmm/lib/bits.h"

#define A (&guests[0])
#define B (&guests[1])
#define C (&guests[2])

#define HOLD ((uint64_t)VIRTIO_NET_HOLD_MS * (CLOCK_HZ / 1000))

static const uint8_t plain[VIRTIO_NET_HEADER];
static uint8_t sent[FRAME_TSO_MAX], got[FRAME_TSO_MAX + 4096], header[VIRTIO_NET_HEADER];

static void start_all(void)
{
	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_ALL);
	net_start(C, FEATURES_ALL);
}

static void post(struct net_guest *guest, unsigned count, uint32_t size)
{
	for (unsigned n = 0; n < count; n++)
		net_post(guest, n, size);
	net_kick(guest, VIRTIO_NET_QUEUE_RX);
}

static bool is_sent(struct net_guest *guest)
{
	uint32_t head, length;

	return net_used(guest, VIRTIO_NET_QUEUE_TX, &head, &length);
}

static uint32_t status(struct net_guest *guest)
{
	return guest->dev.ops->read(&guest->dev, VIRTIO_MMIO_STATUS, 4);
}

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
	assert_false(status(A) & VIRTIO_STATUS_FEATURES_OK);
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_GUEST_CSUM);
	assert_false(status(A) & VIRTIO_STATUS_FEATURES_OK);
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_CSUM);
	assert_true(status(A) & VIRTIO_STATUS_FEATURES_OK);
}

static void a_frame_goes_from_one_guest_to_the_other(void **state)
{
	start_all();
	post(B, 4, 1536);
	for (uint32_t length = 14; length <= FRAME_WIRE_MAX; length += 47) {
		net_make(sent, length, 0, 1);
		net_send(A, plain, sent, length, 700);
		assert_true(is_sent(A));
		assert_int_equal(net_receive(B, header, got), length);
		assert_memory_equal(got, sent, length);
		assert_int_equal(header[VIRTIO_NET_HDR_BUFFERS], 1);
		assert_int_equal(header[VIRTIO_NET_HDR_FLAGS], 0);
		assert_true(B->level);
		net_write(B, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		net_write(A, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		net_post(B, (length / 47) % 4, 1536);
	}
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 0);
	assert_int_equal(net_receive(C, header, got), 0);
}

static void a_large_frame_fills_several_buffers_and_stays_large(void **state)
{
	start_all();
	post(B, 30, 2500);
	net_make_tcp(header, sent, 60000, 0, 1, 1400);
	net_send(A, header, sent, 60000, 4096);
	assert_true(is_sent(A));
	memset(header, 0, sizeof(header));
	assert_int_equal(net_receive(B, header, got), 60000);
	assert_memory_equal(got, sent, 60000);
	assert_int_equal(header[VIRTIO_NET_HDR_BUFFERS], 25);
	assert_int_equal(header[VIRTIO_NET_HDR_FLAGS], VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(header[VIRTIO_NET_HDR_GSO_TYPE], VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(header[VIRTIO_NET_HDR_GSO_SIZE] | header[VIRTIO_NET_HDR_GSO_SIZE + 1] << 8,
			 1400);
	assert_int_equal(header[VIRTIO_NET_HDR_LENGTH], 54);
	assert_int_equal(header[VIRTIO_NET_HDR_CSUM_START], 34);
	assert_int_equal(header[VIRTIO_NET_HDR_CSUM_OFFSET], 16);
	assert_true(net_preempts >= 60000 / FRAME_COPY_QUANTUM);
	/* One interrupt, though there are many buffers. */
	assert_int_equal(B->interrupts, 1);
}

/** RFC 1071; 0 if the right checksum is in it. */
static uint32_t sum_of(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	for (uint32_t n = 0; n < length; n++)
		sum += n & 1u ? bytes[n] : (uint32_t)bytes[n] << 8;
	while (sum >> 16)
		sum = (sum & 0xffffu) + (sum >> 16);
	return sum ^ 0xffffu;
}

static void a_guest_that_knows_no_offloads_gets_frames_of_a_wire(void **state)
{
	uint32_t at = 54, frames = 0, length;

	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_NONE);
	post(B, 40, 1536);
	net_make_tcp(header, sent, 20000, 0, 1, 1000);
	/* The pseudo header's sum. */
	put_be16(sent + 50, sum_of(sent + 26, 8, 6 + 20000 - 34) ^ 0xffffu);
	net_send(A, header, sent, 20000, 4096);
	assert_true(is_sent(A));
	while ((length = net_receive(B, header, got)) != 0) {
		assert_int_equal(header[VIRTIO_NET_HDR_FLAGS], 0);
		assert_int_equal(header[VIRTIO_NET_HDR_GSO_TYPE], 0);
		assert_true(length <= 1054);
		assert_memory_equal(got + 54, sent + at, length - 54);
		assert_int_equal(get_be32(got + 38), (uint32_t)(get_be32(sent + 38) + at - 54));
		assert_int_equal(sum_of(got + 34, length - 34,
					sum_of(got + 26, 8, 6 + length - 34) ^ 0xffffu),
				 0);
		at += length - 54;
		frames++;
	}
	assert_int_equal(at, 20000);
	assert_int_equal(frames, 20);
	assert_int_equal(A->port.counters.delivered, 1);
}

static void a_large_frame_waits_in_the_middle_for_a_guest_without_offloads(void **state)
{
	uint32_t at = 54, length;

	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_NONE);
	post(B, 7, 1536);
	net_make_tcp(header, sent, 20000, 0, 1, 1000);
	net_send(A, header, sent, 20000, 4096);
	for (unsigned turn = 0; turn < 4; turn++) {
		uint32_t before = at;

		assert_int_equal(is_sent(A), turn == 2);
		while ((length = net_receive(B, header, got)) != 0) {
			assert_memory_equal(got + 54, sent + at, length - 54);
			at += length - 54;
		}
		assert_int_equal(at != before, turn < 3);
		post(B, 7, 1536);
		net_run(1);
	}
	assert_int_equal(at, 20000);
	assert_int_equal(A->port.counters.held, 2);
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

	start_all();
	post(B, 8, 4096);
	for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
		net_make_tcp(header, sent, 3000, 0, 1, 1024 + 4);
		header[bad[n].at] = bad[n].value;
		net_send(A, header, sent, 3000, 4096);
		assert_true(is_sent(A));
		assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], n + 1);
	}
	/* Not negotiated. */
	net_start(A, FEATURES_NONE | VIRTIO_NET_F_CSUM);
	net_make_tcp(header, sent, 3000, 0, 1, 1000);
	net_send(A, header, sent, 3000, 4096);
	net_start(A, FEATURES_NONE);
	net_make_tcp(header, sent, 1000, 0, 1, 0);
	net_send(A, header, sent, 1000, 4096);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], ARRAY_SIZE(bad) + 2);
	assert_int_equal(net_receive(B, header, got), 0);
	assert_int_equal(A->port.counters.delivered, 0);
}

static void frames_of_impossible_lengths_are_dropped(void **state)
{
	start_all();
	post(B, 4, 4096);
	net_make(sent, FRAME_WIRE_MAX + 1, 0, 1);
	net_send(A, plain, sent, 13, 4096);
	assert_true(is_sent(A));
	net_send(A, plain, sent, FRAME_WIRE_MAX + 1, 4096);
	assert_true(is_sent(A));
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 0, RAM_BASE, 5, 0, 0); /* not even a header */
	net_offer(A, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_MALFORMED], 3);
	assert_int_equal(A->port.counters.in, 3);
}

static void a_full_receiver_holds_the_sender(void **state)
{
	start_all();
	post(B, 1, 2048);
	net_make(sent, 1000, 0, 1);
	net_send(A, plain, sent, 1000, 4096);
	assert_true(is_sent(A));
	net_send(A, plain, sent, 1000, 4096);
	assert_false(is_sent(A));
	net_run(HOLD / 2);
	assert_false(is_sent(A));

	assert_int_equal(net_receive(B, header, got), 1000);
	net_post(B, 0, 2048);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	assert_false(is_sent(A)); /* not in the other VM's thread */
	net_run(1);
	assert_true(is_sent(A));
	assert_int_equal(net_receive(B, header, got), 1000);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 0);
}

static void it_waits_no_longer_than_it_may(void **state)
{
	start_all();
	post(C, 4, 2048);
	net_make(sent, 1000, 0, 1);
	net_send(A, plain, sent, 1000, 4096);
	assert_false(is_sent(A));
	net_run(HOLD - 1);
	assert_false(is_sent(A));
	net_run(2);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 1);

	/* The next one does not wait for the same guest, and others go on. */
	net_send(A, plain, sent, 1000, 4096);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 2);
	net_make(sent, 1000, 0, 2);
	net_send(A, plain, sent, 1000, 4096);
	assert_int_equal(net_receive(C, header, got), 1000);
}

static void a_few_buffers_now_and_then_do_not_make_it_wait_longer(void **state)
{
	start_all();
	net_make_tcp(header, sent, 60000, 0, 1, 1400);
	net_send(A, header, sent, 60000, 4096);
	for (unsigned n = 0; n < 9; n++) {
		net_run(HOLD / 10);
		assert_false(is_sent(A));
		net_post(B, n, 2048);
		net_kick(B, VIRTIO_NET_QUEUE_RX);
	}
	net_run(HOLD / 10 + 10);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 1);
}

static void a_driver_that_has_not_notified_yet_gets_large_frames_from_the_second_on(void **state)
{
	start_all();
	for (unsigned n = 0; n < 20; n++)
		net_post(B, n, 4096);
	net_make_tcp(header, sent, 5000, 0, 1, 1400);
	net_send(A, header, sent, 5000, 4096);
	for (unsigned n = 0; n < 4; n++)
		assert_in_range(net_receive(B, header, got), 1, 1454);
	net_make_tcp(header, sent, 5000, 0, 1, 1400);
	net_send(A, header, sent, 5000, 4096);
	assert_int_equal(net_receive(B, header, got), 5000);
}

static void a_broadcast_reaches_all_as_it_was(void **state)
{
	start_all();
	post(B, 4, 2048);
	post(C, 4, 2048);
	net_make(sent, 1000, 0, 1);
	memset(sent, 0xff, MAC_LENGTH);
	net_send(A, plain, sent, 1000, 300);
	for (unsigned n = 1; n < GUESTS; n++) {
		memset(got, 0, sizeof(got));
		assert_int_equal(net_receive(&guests[n], header, got), 1000);
		assert_memory_equal(got, sent, 1000);
	}
	assert_int_equal(A->port.counters.in, 1);
	assert_int_equal(A->port.counters.copies, 1);
}

static void few_buffers_are_left_for_smaller_frames(void **state)
{
	start_all();
	post(B, 3, 2048);
	net_make_tcp(header, sent, 10000, 0, 1, 1400);
	net_send(A, header, sent, 10000, 4096);
	assert_false(is_sent(A));
	net_make(got, 100, 2, 1);
	net_send(C, plain, got, 100, 4096);
	assert_int_equal(net_receive(B, header, got), 100);

	for (unsigned n = 3; n < 8; n++)
		net_post(B, n, 2048);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	net_run(1);
	assert_int_equal(net_receive(B, header, got), 10000);
	assert_memory_equal(got, sent, 10000);
}

static void a_guest_without_a_driver_gets_nothing_and_holds_nobody(void **state)
{
	net_start(A, FEATURES_ALL);
	net_make(sent, 100, 0, 1);
	net_send(A, plain, sent, 100, 4096);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_reset_of_the_receiver_ends_the_waiting(void **state)
{
	start_all();
	net_make(sent, 100, 0, 1);
	net_send(A, plain, sent, 100, 4096);
	assert_false(is_sent(A));
	net_write(B, VIRTIO_MMIO_STATUS, 0);
	net_run(1);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_reset_of_the_sender_forgets_its_frame(void **state)
{
	start_all();
	net_make(sent, 100, 0, 1);
	net_send(A, plain, sent, 100, 4096);
	net_start(A, FEATURES_ALL);
	assert_true(A->dev.deadline_at == CLOCK_NEVER);
	post(B, 1, 2048);
	net_run(HOLD * 2);
	assert_int_equal(net_receive(B, header, got), 0);
	assert_false(is_sent(A));
	assert_int_equal(A->port.counters.in, 0);
}

static void a_receiver_that_has_no_buffers_and_says_so_holds_nobody_again(void **state)
{
	start_all();
	for (unsigned n = 0; n < 2; n++) {
		net_make(sent, 100, 0, 1);
		net_send(A, plain, sent, 100, 4096);
		assert_int_equal(is_sent(A), n > 0);
		net_run(HOLD * 2);
		if (!n)
			assert_true(is_sent(A));
		net_write(B, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_NET_QUEUE_RX);
	}
	assert_int_equal(A->port.counters.dropped[PORT_DROP_FULL], 2);
	assert_int_equal(A->port.counters.held, 1);
}

static void a_send_queue_that_is_restarted_forgets_the_frame_too(void **state)
{
	start_all();
	post(C, 4, 2048);
	net_make(sent, 100, 0, 1);
	net_send(A, plain, sent, 100, 4096);
	assert_false(is_sent(A));
	net_write(A, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_NET_QUEUE_TX);
	net_write(A, VIRTIO_MMIO_QUEUE_READY, 0);
	net_run(HOLD * 2);
	assert_int_equal(A->port.counters.in, 0);
	/* From the beginning of its rings. */
	net_poke16(A, RING_AT(1) + 0x1000 + VIRTQ_AVAIL_IDX, 0);
	net_poke16(A, RING_AT(1) + 0x2000 + VIRTQ_USED_IDX, 0);
	A->avail[1] = 0;
	net_write(A, VIRTIO_MMIO_QUEUE_READY, 1);
	net_make(sent, 100, 0, 2);
	net_send(A, plain, sent, 100, 4096);
	assert_true(is_sent(A));
	assert_int_equal(A->port.counters.in, 1);
	assert_int_equal(net_receive(C, header, got), 100);
}

static unsigned calls;
static const uint8_t mark[64 * 1024] = { 1 };

/** In the middle of a copy, the receiver is reset and uses its buffers for something else. */
static void reset_b(void)
{
	if (++calls == 3) {
		net_start(B, FEATURES_ALL);
		net_poke(B, BUFFERS_AT, mark, sizeof(mark));
	}
}

/** Only its queue is stopped and started. */
static void restart_queue_of_b(void)
{
	if (++calls == 3) {
		net_write(B, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_NET_QUEUE_RX);
		net_write(B, VIRTIO_MMIO_QUEUE_READY, 0);
		net_write(B, VIRTIO_MMIO_QUEUE_READY, 1);
		net_poke(B, BUFFERS_AT, mark, sizeof(mark));
	}
}

static void check_end_of_copy(void (*what)(void))
{
	uint8_t now[sizeof(mark)];

	calls = 0;
	start_all();
	post(B, 16, 4096);
	net_make_tcp(header, sent, 60000, 0, 1, 1400);
	net_preempt = what;
	net_send(A, header, sent, 60000, 4096);
	net_preempt = NULL;
	assert_true(is_sent(A));
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
	if (++calls == 3)
		B->dma.generation++;
}

static void a_reset_of_the_vm_in_the_middle_of_a_copy_ends_it(void **state)
{
	calls = 0;
	start_all();
	post(B, 16, 4096);
	net_make_tcp(header, sent, 60000, 0, 1, 1400);
	net_preempt = reset_vm_b;
	net_send(A, header, sent, 60000, 4096);
	net_preempt = NULL;
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
	assert_int_equal(net_receive(B, header, got), 0);
}

/** In the middle of A's copy, C sends to the same guest; and B to A. */
static void others_send(void)
{
	static uint8_t bytes[300];

	if (++calls > 5)
		return;
	net_make(bytes, sizeof(bytes), 2, 1);
	net_send(C, plain, bytes, sizeof(bytes), 4096);
	net_make(bytes, sizeof(bytes), 1, 0);
	net_send(B, plain, bytes, sizeof(bytes), 4096);
}

static void frames_that_are_sent_meanwhile_do_not_mix(void **state)
{
	calls = 0;
	start_all();
	post(A, 8, 4096);
	post(B, 32, 2048);
	net_make_tcp(header, sent, 40000, 0, 1, 1400);
	net_preempt = others_send;
	net_send(A, header, sent, 40000, 4096);
	net_preempt = NULL;
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(net_receive(B, header, got), 300);
	assert_int_equal(net_receive(B, header, got), 40000);
	assert_memory_equal(got, sent, 40000);
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(net_receive(A, header, got), 300);
}

/** Between A's buffers, one for a frame of C's is taken. */
static void c_sends_once(void)
{
	static uint8_t bytes[300];

	if (++calls == 1) {
		net_make(bytes, sizeof(bytes), 2, 1);
		net_send(C, plain, bytes, sizeof(bytes), 4096);
	}
}

static void too_few_buffers_with_one_taken_behind_them_come_back_empty(void **state)
{
	uint32_t head, length;

	calls = 0;
	start_all();
	post(B, 6, 2048);
	net_make_tcp(header, sent, 40000, 0, 1, 1400);
	net_preempt = c_sends_once;
	net_send(A, header, sent, 40000, 4096);
	net_preempt = NULL;
	assert_false(is_sent(A));
	assert_int_equal(net_receive(B, header, got), 300);
	for (unsigned n = 0; n < 5; n++) {
		assert_true(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));
		assert_int_equal(length, 0);
	}
	assert_false(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));

	/* Offered again, with more, they take the frame. */
	post(B, 24, 2048);
	net_run(1);
	assert_true(is_sent(A));
	assert_int_equal(net_receive(B, header, got), 40000);
	assert_memory_equal(got, sent, 40000);
}

static void segments_that_are_no_memory_break_the_sender_only(void **state)
{
	start_all();
	post(B, 4, 4096);
	net_make(sent, 1000, 0, 1);
	net_poke(A, GUEST_RAM / 2, plain, sizeof(plain));
	net_poke(A, GUEST_RAM / 2 + 12, sent, 500);
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 0, RAM_BASE + GUEST_RAM / 2, 512, VIRTQ_DESC_F_NEXT,
		       1);
	net_descriptor(A, VIRTIO_NET_QUEUE_TX, 1, 0xfffff000, 500, 0, 0);
	net_offer(A, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	assert_true(status(A) & VIRTIO_STATUS_NEEDS_RESET);
	assert_false(status(B) & VIRTIO_STATUS_NEEDS_RESET);
	/* What could not be read is zero. */
	memset(sent + 500, 0, 500);
	assert_int_equal(net_receive(B, header, got), 1000);
	assert_memory_equal(got, sent, 1000);
}

static void buffers_that_are_no_memory_break_the_receiver_only(void **state)
{
	start_all();
	net_descriptor(B, VIRTIO_NET_QUEUE_RX, 0, RAM_BASE + GUEST_RAM - 100, 4096,
		       VIRTQ_DESC_F_WRITE, 0);
	net_offer(B, VIRTIO_NET_QUEUE_RX, 0);
	net_kick(B, VIRTIO_NET_QUEUE_RX);
	net_make(sent, 1000, 0, 1);
	net_send(A, plain, sent, 1000, 4096);
	assert_true(is_sent(A));
	assert_false(status(A) & VIRTIO_STATUS_NEEDS_RESET);
	assert_true(status(B) & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static void a_receive_buffer_that_is_to_be_read_breaks_the_queue(void **state)
{
	start_all();
	net_descriptor(B, VIRTIO_NET_QUEUE_RX, 0, RAM_BASE, 4096, 0, 0);
	net_offer(B, VIRTIO_NET_QUEUE_RX, 0);
	net_make(sent, 1000, 0, 1);
	net_send(A, plain, sent, 1000, 4096);
	assert_true(status(B) & VIRTIO_STATUS_NEEDS_RESET);
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

	net_make(sent, 1001, 0, 1);
	net_send(A, plain, sent, 1001, 4096);
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
	net_send(A, plain, sent, 1000, 4096);
	assert_true(net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length));
	assert_int_equal(head, 0);
	assert_int_equal(length, 1012);
	net_peek(B, BUFFERS_AT, header, sizeof(header));
	assert_int_equal(header[VIRTIO_NET_HDR_BUFFERS], 1);
	net_peek(B, BUFFERS_AT + 4096, got, 1000);
	assert_memory_equal(got, sent, 1000);
}

static void a_burst_lets_its_own_guest_run_now_and_then(void **state)
{
	start_all();
	net_make_tcp(header, sent, 60000, 0, 2, 1400);
	net_write(C, VIRTIO_MMIO_STATUS, 0);
	net_poke(A, GUEST_RAM / 2, header, sizeof(header));
	net_poke(A, GUEST_RAM / 2 + 12, sent, 60000);
	for (unsigned n = 0; n < 6; n++) {
		net_descriptor(A, VIRTIO_NET_QUEUE_TX, n, RAM_BASE + GUEST_RAM / 2, 60012, 0, 0);
		net_offer(A, VIRTIO_NET_QUEUE_TX, n);
	}
	net_kick(A, VIRTIO_NET_QUEUE_TX);
	for (unsigned n = 0; n < 3; n++)
		assert_true(is_sent(A));
	assert_false(is_sent(A));
	net_run(CLOCK_HZ / 1000);
	for (unsigned n = 0; n < 3; n++)
		assert_true(is_sent(A));
	assert_int_equal(A->port.counters.in, 6);
}

static void interrupts_follow_the_drivers_wish(void **state)
{
	uint32_t head, length;

	start_all();
	post(B, 8, 2048);
	net_make(sent, 100, 0, 1);
	for (unsigned n = 0; n < 5; n++) {
		net_send(A, plain, sent, 100, 4096);
		net_write(B, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	}
	/* used_event was 0: one, for the first. */
	assert_int_equal(B->interrupts, 1);
	while (net_used(B, VIRTIO_NET_QUEUE_RX, &head, &length))
		;
	net_send(A, plain, sent, 100, 4096);
	assert_int_equal(B->interrupts, 2);
}

static void without_a_cable_frames_are_lost(void **state)
{
	A->dev.backend = NULL;
	net_start(A, FEATURES_ALL & ~VIRTIO_NET_F_MAC);
	assert_true(status(A) & VIRTIO_STATUS_FEATURES_OK);
	assert_int_equal(A->dev.ops->read(&A->dev, VIRTIO_MMIO_CONFIG + 4, 4), 0);
	net_make(sent, 100, 0, 1);
	net_send(A, plain, sent, 100, 4096);
	assert_true(is_sent(A));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_offers_what_the_design_says),
		TEST(features_depend_on_each_other),
		TEST(a_frame_goes_from_one_guest_to_the_other),
		TEST(a_large_frame_fills_several_buffers_and_stays_large),
		TEST(a_guest_that_knows_no_offloads_gets_frames_of_a_wire),
		TEST(a_large_frame_waits_in_the_middle_for_a_guest_without_offloads),
		TEST(an_offload_that_is_not_true_is_dropped),
		TEST(frames_of_impossible_lengths_are_dropped),
		TEST(a_full_receiver_holds_the_sender),
		TEST(it_waits_no_longer_than_it_may),
		TEST(a_few_buffers_now_and_then_do_not_make_it_wait_longer),
		TEST(a_driver_that_has_not_notified_yet_gets_large_frames_from_the_second_on),
		TEST(a_broadcast_reaches_all_as_it_was),
		TEST(few_buffers_are_left_for_smaller_frames),
		TEST(a_guest_without_a_driver_gets_nothing_and_holds_nobody),
		TEST(a_reset_of_the_receiver_ends_the_waiting),
		TEST(a_reset_of_the_sender_forgets_its_frame),
		TEST(a_receiver_that_has_no_buffers_and_says_so_holds_nobody_again),
		TEST(a_send_queue_that_is_restarted_forgets_the_frame_too),
		TEST(a_reset_in_the_middle_of_a_copy_ends_it),
		TEST(a_queue_that_is_restarted_in_the_middle_of_a_copy_ends_it),
		TEST(a_reset_of_the_vm_in_the_middle_of_a_copy_ends_it),
		TEST(frames_that_are_sent_meanwhile_do_not_mix),
		TEST(too_few_buffers_with_one_taken_behind_them_come_back_empty),
		TEST(segments_that_are_no_memory_break_the_sender_only),
		TEST(buffers_that_are_no_memory_break_the_receiver_only),
		TEST(a_receive_buffer_that_is_to_be_read_breaks_the_queue),
		TEST(without_mergeable_buffers_a_frame_is_in_one_chain),
		TEST(a_burst_lets_its_own_guest_run_now_and_then),
		TEST(interrupts_follow_the_drivers_wish),
		TEST(without_a_cable_frames_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
