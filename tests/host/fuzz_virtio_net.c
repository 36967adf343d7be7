/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: three virtio network devices on one switch, with drivers that do anything: arbitrary
 * descriptors and rings, registers at any time, resets, frames of all kinds - and others that do it
 * at the preempt points of one's sending. The sanitizers see accesses to guest memory that is not
 * mapped; and at any time every frame that went in is delivered or counted as dropped.
 */
#include "tests/host/fuzz.h"
#include "tests/host/net_fixture.h"

#include <string.h>

#define RAM          (64u * 1024u)
#define FRAME_LENGTH 30000u
#define NESTED_MAX   8u /* operations at preempt points, for each that sends */

struct operation {
	uint8_t what, guest;
	uint16_t x;
	uint32_t y;
};

static const uint8_t *input;
static size_t input_left;
static unsigned current, nested;

static bool next_operation(struct operation *op)
{
	if (input_left < sizeof(*op))
		return false;
	memcpy(op, input, sizeof(*op));
	input += sizeof(*op);
	input_left -= sizeof(*op);
	return true;
}

static void send_good(unsigned from, const struct operation *op)
{
	static uint8_t frame[FRAME_LENGTH];
	uint8_t header[VIRTIO_NET_HEADER] = { 0 };
	const uint32_t length = 14 + op->y % (FRAME_LENGTH - 14);
	const unsigned to = (from + 1 + op->x % 2) % GUESTS;

	net_seed(op->y);
	if (op->x & 4 && length > 54)
		net_make_tcp(header, frame, length, from, to,
			     op->x & 8 ? 0 : 88 + (op->y >> 16) % 1372);
	else
		net_make(frame, length, from, to);
	if (op->x & 16)
		memset(frame, 0xff, MAC_LENGTH);
	net_send(&guests[from], header, frame, length, 500 + op->x);
}

static void any_descriptor(struct net_guest *guest, const struct operation *op)
{
	const unsigned queue = op->x & 1u;
	/* Mostly memory, and sometimes not. */
	const uint32_t at = op->y & 0x80000000u ? op->y : RAM_BASE + (op->y & 0xffffu);

	net_descriptor(guest, queue, op->x >> 1 & 63u, at, op->y >> 16 & 0x7fffu, op->x >> 7 & 7u,
		       op->x >> 10);
}

static void carry_out(unsigned n, const struct operation *op)
{
	struct net_guest *guest = &guests[n];

	switch (op->what % 12) {
	case 0:
		net_poke(guest, op->x & 0xfffcu, &op->y, 4);
		break;
	case 1:
	case 2:
		any_descriptor(guest, op);
		break;
	case 3:
		net_offer(guest, op->x & 1u, op->y % 80);
		net_kick(guest, op->x & 1u);
		break;
	case 4:
		net_kick(guest, op->x & 1u);
		break;
	case 5:
		net_write(guest, op->x & 0x1fcu, op->y);
		break;
	case 6:
		if (n == current && nested == 0)
			net_run(op->y % (CLOCK_HZ / 4));
		break;
	case 7:
		net_reset(guest);
		break;
	case 8:
		net_start(guest, op->x & 3u ? FEATURES_ALL | VIRTIO_F_INDIRECT_DESC
					    : FEATURES_NONE | op->y);
		break;
	case 9:
		for (unsigned k = 0; k < op->x % 24; k++)
			net_post(guest, (op->y + k) % 6, 12 + op->y % 4000);
		net_kick(guest, VIRTIO_NET_QUEUE_RX);
		break;
	default:
		send_good(n, op);
		break;
	}
}

/** Another VM's turn: it does anything but what is its own thread's that is in the middle. */
static void others_turn(void)
{
	struct operation op;
	const unsigned mine = current;

	if (nested == NESTED_MAX || !next_operation(&op))
		return;
	nested++;
	current = (mine + 1 + op.guest % (GUESTS - 1)) % GUESTS;
	carry_out(current, &op);
	current = mine;
}

static void check(void)
{
	uint32_t delivered = 0, out = 0;

	for (unsigned n = 0; n < GUESTS; n++) {
		const struct port_counters *const c = &guests[n].port.counters;
		uint32_t dropped = 0;

		for (unsigned why = 0; why < PORT_DROP_COUNT; why++)
			dropped += c->dropped[why];
		REQUIRE(c->in + c->copies == c->delivered + dropped);
		delivered += c->delivered;
		out += c->out;
	}
	REQUIRE(delivered == out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct operation op;

	net_ram_size = RAM;
	net_setup(NULL);
	net_preempt = others_turn;
	for (unsigned n = 0; n < GUESTS; n++)
		net_start(&guests[n], FEATURES_ALL | VIRTIO_F_INDIRECT_DESC);
	input = data;
	input_left = size;
	while (next_operation(&op)) {
		current = op.guest % GUESTS;
		nested = 0;
		carry_out(current, &op);
		check();
	}
	net_teardown(NULL);
	return 0;
}
