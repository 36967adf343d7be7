/* SPDX-License-Identifier: Apache-2.0 */
/* The board's Ethernet as a port: a chip that is made here, and VMs on the same switch. */
#include "tests/host/net_fixture.h"

#include <string.h>

#include "net/uplink.h"
#include "tests/host/inet_checksum.h"

static struct uplink uplink;
static const uint8_t outside[MAC_LENGTH] = { 0x52, 0x55, 0x0a, 0, 2, 2 };

/* The chip. */
static bool is_there, is_up;
static unsigned room, events, requests;
static bool takes_frames;
static struct nic_filter filter;
static uint8_t wire[64][NIC_FRAME_MAX];
static uint32_t wire_length[64];
static unsigned wire_count;
static const uint8_t *arriving;
static uint32_t arriving_length;
static unsigned arriving_count;

static bool nic_init(volatile uint32_t *regs, uint8_t address[NIC_ADDRESS])
{
	address[5] = 0x56;
	return is_there;
}

static void nic_set_filter(const struct nic_filter *wanted)
{
	filter = *wanted;
}

static unsigned nic_serve(void)
{
	const unsigned now = events;

	events = 0;
	return now | (arriving_count ? NIC_RECEIVED : 0u);
}

static uint32_t nic_receive(uint8_t *frame)
{
	if (!arriving_count)
		return 0;
	arriving_count--;
	memcpy(frame, arriving, arriving_length);
	return arriving_length;
}

static void nic_take_frames(bool on)
{
	takes_frames = on;
}

static bool nic_send(const uint8_t *frame, uint32_t length)
{
	assert_int_equal((uintptr_t)frame % 4, 0);
	assert_true(length >= NIC_FRAME_MIN && length <= NIC_FRAME_MAX);
	if (!room)
		return false;
	room--;
	assert_true(wire_count < 64);
	memcpy(wire[wire_count], frame, length);
	wire_length[wire_count++] = length;
	return true;
}

static bool nic_is_link_up(void)
{
	return is_up;
}

static const struct nic_driver nic = { .init = nic_init,
				       .set_filter = nic_set_filter,
				       .serve = nic_serve,
				       .take_frames = nic_take_frames,
				       .receive = nic_receive,
				       .send = nic_send,
				       .is_link_up = nic_is_link_up };

static void request(struct uplink *which)
{
	assert_ptr_equal(which, &uplink);
	requests++;
}

static int setup(void **state)
{
	net_setup(state);
	is_there = true;
	is_up = true;
	room = 1000;
	events = 0;
	requests = 0;
	wire_count = 0;
	arriving_count = 0;
	takes_frames = true;
	uplink_init(&uplink, "ethernet", &nic, request);
	assert_int_equal(switch_attach(&net_switch, &uplink.port), STATUS_OK);
	assert_int_equal(uplink_start(&uplink, NULL), STATUS_OK);
	net_start(A, FEATURES_ALL);
	net_start(B, FEATURES_ALL);
	return 0;
}

/** Frames arrive at the board, which interrupts if somebody is to be told. */
static void arrive(const uint8_t *frame, uint32_t length, unsigned count)
{
	arriving = frame;
	arriving_length = length;
	arriving_count = count;
	if (takes_frames)
		uplink_interrupt(&uplink);
}

static void a_board_without_the_chip_is_noticed(void **state)
{
	is_there = false;
	assert_int_equal(uplink_start(&uplink, NULL), STATUS_NOT_FOUND);
}

static void the_chip_receives_for_the_ports_of_the_switch(void **state)
{
	static struct port open;

	assert_int_equal(uplink.address[5], 0x56);
	assert_int_equal(filter.count, GUESTS);
	assert_memory_equal(filter.address[1], B->port.address, MAC_LENGTH);
	assert_true(filter.all_groups);
	assert_false(filter.promiscuous);

	memset(&open, 0, sizeof(open));
	open.open = true;
	assert_int_equal(switch_attach(&net_switch, &open), STATUS_OK);
	assert_int_equal(uplink_start(&uplink, NULL), STATUS_OK);
	assert_true(filter.promiscuous);
}

static void frames_of_a_guest_go_out(void **state)
{
	for (uint32_t length = 60; length <= 1514; length += 31) {
		wire_count = 0;
		net_make(net_sent, length, 0, 1);
		memcpy(net_sent, outside, MAC_LENGTH);
		net_send(A, net_plain, net_sent, length, 300);
		assert_true(net_is_sent(A));
		assert_int_equal(wire_count, 1);
		assert_int_equal(wire_length[0], length);
		assert_memory_equal(wire[0], net_sent, length);
	}
}

static void make_tcp(uint32_t length, uint32_t segment_size)
{
	net_make_tcp(net_header, net_sent, length, 0, 1, segment_size);
	memcpy(net_sent, outside, MAC_LENGTH);
	put_be16(net_sent + 50, tcp_pseudo_sum(net_sent + 14, length - 34));
}

static void check_wire(uint32_t total)
{
	uint32_t at = 54;

	for (unsigned n = 0; n < wire_count; n++) {
		const uint32_t length = wire_length[n];

		assert_int_equal(inet_checksum(wire[n] + 14, 20, 0), 0);
		assert_int_equal(inet_checksum(wire[n] + 34, length - 34,
					       tcp_pseudo_sum(wire[n] + 14, length - 34)),
				 0);
		assert_memory_equal(wire[n] + 54, net_sent + at, length - 54);
		at += length - 54;
	}
	assert_int_equal(at, total);
}

static void a_large_frame_goes_out_in_frames_of_the_wire(void **state)
{
	make_tcp(30000, 1460);
	net_send(A, net_header, net_sent, 30000, 4096);
	assert_true(net_is_sent(A));
	assert_int_equal(wire_count, 21);
	check_wire(30000);
	assert_int_equal(uplink.port.counters.out, 1);
}

static void sending_goes_on_where_the_chip_had_no_room(void **state)
{
	room = 5;
	make_tcp(30000, 1460);
	net_send(A, net_header, net_sent, 30000, 4096);
	assert_false(net_is_sent(A));
	for (unsigned n = 0; n < 4; n++) {
		room = 4 + n;
		events = NIC_ROOM;
		uplink_interrupt(&uplink);
		assert_false(net_is_sent(A));
		net_run(1);
	}
	assert_true(net_is_sent(A));
	assert_int_equal(wire_count, 21);
	check_wire(30000);
	assert_int_equal(A->port.counters.in, 1);
}

/** A station moves to another port while a frame for it is half on the wire. */
static enum port_result other_deliver(struct port *port, struct frame *frame)
{
	assert_int_equal(frame->head_length, frame->length);
	return nic_send(frame->head, frame->length) ? PORT_TAKEN : PORT_LATER;
}

static void what_was_begun_in_pieces_is_ended_in_pieces(void **state)
{
	static const struct port_ops other_ops = { .deliver = other_deliver };
	static struct port other;
	static uint32_t work[FRAME_WORK / 4];
	uint32_t words[15] = { 0 };
	struct frame frame = {
		.length = 60, .head = (uint8_t *)words, .head_length = 60, .work = work
	};

	memset(&other, 0, sizeof(other));
	other.ops = &other_ops;
	other.open = true;
	other.takes_checksum = true;
	other.takes_tso = true;
	assert_int_equal(switch_attach(&net_switch, &other), STATUS_OK);
	memcpy((uint8_t *)words, A->port.address, MAC_LENGTH);
	memcpy((uint8_t *)words + 6, outside, MAC_LENGTH);
	assert_true(switch_send(&uplink.port, &frame, false));

	room = 5;
	make_tcp(30000, 1460);
	net_send(A, net_header, net_sent, 30000, 4096);
	assert_false(net_is_sent(A));
	assert_true(switch_send(&other, &frame, false));
	room = 1000;
	events = NIC_ROOM;
	uplink_interrupt(&uplink);
	net_run(1);
	assert_true(net_is_sent(A));
	assert_int_equal(other.counters.out, 1);
	check_wire(30000);
}

static void without_a_cable_nothing_waits(void **state)
{
	is_up = false;
	make_tcp(1000, 0);
	net_send(A, net_header, net_sent, 1000, 4096);
	assert_true(net_is_sent(A));
	assert_int_equal(A->port.counters.dropped[PORT_DROP_DOWN], 1);
}

static unsigned known_stations(void)
{
	unsigned count = 0;

	for (unsigned n = 0; n < SWITCH_STATIONS; n++)
		count += net_switch.station[n].port == &uplink.port;
	return count;
}

static void a_cable_that_is_pulled_ends_the_waiting_and_what_was_known(void **state)
{
	uint8_t in[60];

	/* A station is known. */
	memset(in, 1, sizeof(in));
	memcpy(in, A->port.address, MAC_LENGTH);
	memcpy(in + 6, outside, MAC_LENGTH);
	arrive(in, sizeof(in), 1);
	uplink_run(&uplink);
	assert_int_equal(known_stations(), 1);

	room = 0;
	make_tcp(1000, 0);
	net_send(A, net_header, net_sent, 1000, 4096);
	assert_false(net_is_sent(A));
	is_up = false;
	events = NIC_LINK;
	uplink_interrupt(&uplink);
	net_run(1);
	assert_true(net_is_sent(A));
	assert_int_equal(known_stations(), 0);
}

static void frames_come_in(void **state)
{
	net_post_many(B, 8, 2048);
	net_make(net_sent, 1514, 0, 1);
	memcpy(net_sent + 6, outside, MAC_LENGTH);
	arrive(net_sent, 1514, 3);
	assert_true(requests > 0);
	assert_int_equal(net_receive(B, net_header, net_got), 0); /* not in the interrupt */
	uplink_run(&uplink);
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(net_receive(B, net_header, net_got), 1514);
		assert_memory_equal(net_got, net_sent, 1514);
		assert_int_equal(net_header[VIRTIO_NET_HDR_FLAGS],
				 0); /* its checksum is to be checked */
	}
	assert_int_equal(net_receive(B, net_header, net_got), 0);

	/* And the answer knows its way. */
	net_make(net_sent, 100, 1, 0);
	memcpy(net_sent, outside, MAC_LENGTH);
	net_send(B, net_plain, net_sent, 100, 4096);
	assert_int_equal(wire_count, 1);
	assert_int_equal(B->port.counters.copies, 0);
}

/** However many come, the time of the VM that is interrupted is not used for them. */
static void the_interrupt_takes_no_frame_and_comes_once(void **state)
{
	net_post_many(B, 8, 2048);
	net_make(net_sent, 200, 0, 1);
	memcpy(net_sent + 6, outside, MAC_LENGTH);
	arrive(net_sent, 200, 5);
	assert_int_equal(arriving_count, 5);
	assert_false(takes_frames);
	assert_int_equal(requests, 1);
	/* What interrupts meanwhile is served all the same. */
	events = NIC_ROOM;
	uplink_interrupt(&uplink);
	assert_int_equal(arriving_count, 5);
	uplink_run(&uplink);
	assert_int_equal(arriving_count, 0);
	assert_true(takes_frames);
	assert_int_equal(uplink.port.counters.in, 5);
}

static void a_full_guest_loses_frames_and_counts_them(void **state)
{
	net_post_many(B, 2, 2048);
	net_make(net_sent, 200, 0, 1);
	memcpy(net_sent + 6, outside, MAC_LENGTH);
	arrive(net_sent, 200, 11);
	uplink_run(&uplink);
	assert_int_equal(uplink.port.counters.in, 11);
	assert_int_equal(uplink.port.counters.delivered, 2);
	assert_int_equal(uplink.port.counters.dropped[PORT_DROP_FULL], 9);

	/* A VM that sends to the same one may wait for it nevertheless. */
	net_make(net_sent, 200, 0, 1);
	net_send(A, net_plain, net_sent, 200, 4096);
	assert_false(net_is_sent(A));
}

static void arrive_more(void)
{
	if (net_preempts <= 40)
		arriving_count++;
}

static void what_comes_meanwhile_is_sent_on_too(void **state)
{
	unsigned count = 0;

	net_post_many(B, 60, 2048);
	net_make(net_sent, 100, 0, 1);
	memcpy(net_sent + 6, outside, MAC_LENGTH);
	arrive(net_sent, 100, 1);
	net_preempts = 0;
	net_preempt = arrive_more;
	uplink_run(&uplink);
	net_preempt = NULL;
	while (net_receive(B, net_header, net_got))
		count++;
	assert_int_equal(count, 41);
	assert_int_equal(requests, 1);
	assert_true(takes_frames);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, net_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_board_without_the_chip_is_noticed),
		TEST(the_chip_receives_for_the_ports_of_the_switch),
		TEST(frames_of_a_guest_go_out),
		TEST(a_large_frame_goes_out_in_frames_of_the_wire),
		TEST(sending_goes_on_where_the_chip_had_no_room),
		TEST(what_was_begun_in_pieces_is_ended_in_pieces),
		TEST(without_a_cable_nothing_waits),
		TEST(a_cable_that_is_pulled_ends_the_waiting_and_what_was_known),
		TEST(frames_come_in),
		TEST(the_interrupt_takes_no_frame_and_comes_once),
		TEST(a_full_guest_loses_frames_and_counts_them),
		TEST(what_comes_meanwhile_is_sent_on_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
