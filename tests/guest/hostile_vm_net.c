/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flood of frames: for all, for one neighbour, for nobody; from itself and from others; with
 * offloads that are right, and such as lie about where headers are and how long they are. What it
 * receives goes anywhere in its scratch RAM, over its own rings as well.
 */
#include "tests/guest/hostile_vm.h"

#include "tests/guest/cp15.h"
#include "tests/guest/tap.h"

#include "devemu/virtio_net_regs.h"

#define QUEUE_SIZE 256u
#define HEADER     12u
#define FRAME_MAX  0x11000u

#define RX_RINGS (GUEST_SCRATCH + 0x0000u)
#define TX_RINGS (GUEST_SCRATCH + 0x8000u)
#define FRAMES   (GUEST_SCRATCH + 0x20000u)
#define RX_AREA  (GUEST_SCRATCH + 0x100000u)

#define TYPE_AT  12u
#define IP_AT    14u
#define TCP_AT   34u
#define TCP_DATA 54u

/* In the order of tests/qemu/vms/hostile.dts: the Linux VMs, and this one. */
static const uint8_t neighbours[][6] = {
	{ 0x02, 0x48, 0x41, 0x4b, 0x4f, 0x01 }, { 0x02, 0x48, 0x41, 0x4b, 0x4f, 0x02 },
	{ 0x02, 0x48, 0x41, 0x4b, 0x4f, 0x03 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 }, { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
};
#define OWN 2u

static const uint32_t rx_at[3] = { RX_RINGS, RX_RINGS + 0x1000, RX_RINGS + 0x2000 };
static const uint32_t tx_at[3] = { TX_RINGS, TX_RINGS + 0x1000, TX_RINGS + 0x2000 };
static uint32_t rx_index, tx_index;

static uint8_t *bytes_at(uint32_t at)
{
	return (uint8_t *)(uintptr_t)at;
}

static void write16(uint32_t at, uint32_t value)
{
	*(volatile uint16_t *)(uintptr_t)at = (uint16_t)value;
}

static void put_be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_address(uint8_t *to, unsigned whose)
{
	for (unsigned i = 0; i < 6; i++)
		to[i] = neighbours[whose][i];
}

static int find_network(void)
{
	for (unsigned device = 0; device < VIRTIO_DEVICES; device++)
		if (virtio_is_there(device) &&
		    virtio_read(device, VIRTIO_MMIO_DEVICE_ID) == VIRTIO_ID_NETWORK)
			return (int)device;
	return -1;
}

static void begin(unsigned device)
{
	for (uint32_t at = RX_RINGS; at < TX_RINGS + 0x3000; at += 4)
		write32(at, 0);
	rx_index = tx_index = 0;
	virtio_begin(device, !one_in(4));
	virtio_place_queue(device, VIRTIO_NET_QUEUE_RX, QUEUE_SIZE, rx_at);
	virtio_place_queue(device, VIRTIO_NET_QUEUE_TX, QUEUE_SIZE, tx_at);
	virtio_write(device, VIRTIO_MMIO_STATUS,
		     VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
			     VIRTIO_STATUS_DRIVER_OK);
}

/** Room for what others send, some of it where its own rings are. */
static void give_room(unsigned device)
{
	for (unsigned i = below(32); i > 0; i--) {
		const unsigned n = rx_index % QUEUE_SIZE;
		uint32_t words[4] = { RX_AREA + n * 0x800, 0x800, VIRTQ_DESC_F_WRITE, 0 };

		if (one_in(16))
			words[0] = one_in(2) ? RX_RINGS + below(0x3000) : any_target();
		if (one_in(16))
			words[1] = below(2) ? below(64) : any_value();
		descriptor_put(rx_at[0], n, words);
		write16(rx_at[1] + VIRTQ_AVAIL_RING(n), n);
		rx_index++;
	}
	drain_write_buffer();
	write16(rx_at[1] + VIRTQ_AVAIL_IDX, rx_index);
	drain_write_buffer();
	virtio_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_NET_QUEUE_RX);
}

/** The receiver answers it, so that there is something to be received. */
static void put_tcp(uint8_t *frame, uint32_t length)
{
	uint32_t sum = 0;

	put_be16(frame + TYPE_AT, 0x0800);
	frame[IP_AT] = 0x45;
	put_be16(frame + IP_AT + 2, length - IP_AT);
	put_be16(frame + IP_AT + 6, 0x4000);
	frame[IP_AT + 8] = 64;
	frame[IP_AT + 9] = 6;
	put_be16(frame + IP_AT + 12, 0x0a01); /* 10.1.0.3 to 10.1.0.1 */
	put_be16(frame + IP_AT + 14, 0x0003);
	put_be16(frame + IP_AT + 16, 0x0a01);
	put_be16(frame + IP_AT + 18, 0x0001);
	put_be16(frame + IP_AT + 10, 0);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)frame[IP_AT + i] << 8 | frame[IP_AT + i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(frame + IP_AT + 10, ~(sum + (sum >> 16)));
	frame[TCP_AT + 12] = 0x50;
}

/** A frame with its virtio header at @p at. Returns how long both are. */
static uint32_t make_frame(uint32_t at)
{
	uint8_t *const header = bytes_at(at), *const frame = header + HEADER;
	uint32_t length = 60 + below(1455);

	for (unsigned i = 0; i < HEADER; i++)
		header[i] = 0;
	if (one_in(4))
		length = TCP_DATA + below(FRAME_MAX - TCP_DATA - HEADER);
	for (unsigned i = TYPE_AT; i < 128; i++)
		frame[i] = (uint8_t)any();
	put_address(frame, one_in(2) ? 3 : below(COUNT(neighbours)));
	put_address(frame + 6, one_in(8) ? below(COUNT(neighbours)) : OWN);
	if (one_in(2))
		put_tcp(frame, length);
	if (length > 1514 || one_in(4)) {
		header[VIRTIO_NET_HDR_FLAGS] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header[VIRTIO_NET_HDR_GSO_TYPE] = VIRTIO_NET_HDR_GSO_TCPV4;
		write16(at + VIRTIO_NET_HDR_LENGTH, TCP_DATA);
		write16(at + VIRTIO_NET_HDR_GSO_SIZE, 88 + below(1373));
		write16(at + VIRTIO_NET_HDR_CSUM_START, TCP_AT);
		write16(at + VIRTIO_NET_HDR_CSUM_OFFSET, 16);
		put_tcp(frame, length);
	}
	if (one_in(3))
		for (unsigned lies = 1 + below(3); lies > 0; lies--)
			header[below(HEADER)] = one_in(2) ? (uint8_t)any() : (uint8_t)below(64);
	if (one_in(8))
		frame[IP_AT + below(40)] = (uint8_t)any();
	if (one_in(8))
		length = one_in(2) ? below(64) : length + below(0x2000);
	return HEADER + length;
}

/** The frame in pieces, some of which may be somewhere else. */
static void send(unsigned device, uint32_t at, uint32_t length)
{
	const unsigned head = tx_index % QUEUE_SIZE;
	unsigned n = head;

	for (unsigned pieces = 1 + below(5); length; pieces--, n = (n + 1) % QUEUE_SIZE) {
		const uint32_t piece = pieces == 1 ? length : 1 + below(length);
		const uint32_t words[4] = { one_in(64) ? any_value() : at, piece,
					    length == piece ? 0 : VIRTQ_DESC_F_NEXT,
					    (n + 1) % QUEUE_SIZE };

		descriptor_put(tx_at[0], n, words);
		at += piece;
		length -= piece;
		if (pieces == 1)
			break;
	}
	write16(tx_at[1] + VIRTQ_AVAIL_RING(tx_index % QUEUE_SIZE), head);
	tx_index++;
	drain_write_buffer();
	write16(tx_at[1] + VIRTQ_AVAIL_IDX, tx_index);
	drain_write_buffer();
	virtio_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_NET_QUEUE_TX);
}

/** The attack. The frames that it is sent meanwhile are for the others to send. */
void frames(uint32_t count)
{
	const int found = find_network();
	const unsigned device = (unsigned)found;
	uint32_t resets = 0;

	if (found < 0)
		tap_bail_out("there is no network device");
	begin(device);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t at = FRAMES + below(8) * 0x18000;

		if (one_in(4))
			give_room(device);
		send(device, at, make_frame(at));
		if (one_in(16))
			virtio_write(device, VIRTIO_MMIO_INTERRUPT_ACK, 3);
		if (one_in(256) ||
		    (virtio_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET)) {
			resets++;
			begin(device);
		}
	}
	EXPECT_TRUE(count < 500 || resets > 0);
	tap_printf("# %u frames, %u resets\n", count, resets);
}
