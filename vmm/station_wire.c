/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/station_wire.h"

#include "net/stack/stack.h"
#include "vmm/lib/check.h"
#include "vmm/lib/preempt.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/** Bytes of a frame that are moved, and dealt with, without a preempt point before and between. */
#define SHORT 160u

static struct {
	struct port *station;
	struct uplink *uplink;
	const struct nic_driver *chip;
	struct nic_driver driver; /* the uplink's: the chip's, but for what is below */
	const struct station_protocol *protocol;
	struct device *deadline; /* of the station's thread: when run() is to be called */
	const struct clock *clock;
	bool snap;
	bool is_busy;  /* the uplink's thread is in the protocol */
	bool is_woken; /* run() is to be called */
	uint32_t out[FRAME_WIRE_MAX / 4 + 2];
} wire;

/* ---- frames that come -------------------------------------------------------------------------- */

/** Where the payload of a frame begins that is the protocol's, and this station's; else 0. */
static uint32_t find(const uint32_t *words, uint32_t *length)
{
	const struct mac *const own = &wire.station->mac;

	if (words[0] != own->first || (uint16_t)words[1] != own->last)
		return 0;
	return stack_find_payload((const uint8_t *)words, length);
}

/** Moves what begins in the middle of a word to its beginning: @p length bytes, as whole words. */
static void align(uint32_t *words, uint32_t length)
{
	uint32_t low = words[0], left = (length + 3u) / 4u;

	for (; left >= 4; left -= 4, words += 4) {
		const uint32_t b = words[1], c = words[2], d = words[3], e = words[4];

		words[0] = low >> 16 | b << 16;
		words[1] = b >> 16 | c << 16;
		words[2] = c >> 16 | d << 16;
		words[3] = d >> 16 | e << 16;
		low = e;
		if (left % (SHORT / 4u) < 4)
			preempt_point();
	}
	for (; left; left--, words++) {
		const uint32_t next = words[1];

		words[0] = low >> 16 | next << 16;
		low = next;
	}
}

static void count(struct port *from, struct port *to, uint32_t length)
{
	from->counters.in++;
	from->counters.in_bytes += length;
	from->counters.delivered++;
	to->counters.out++;
	to->counters.out_bytes += length;
}

/** As the chip's receive(): what is the protocol's was dealt with, and is not seen by the uplink. */
static uint32_t receive(uint8_t *frame)
{
	uint32_t *const words = (uint32_t *)(void *)frame;

	for (;;) {
		uint32_t length = wire.chip->receive(frame), payload;

		if (!frame || length < FRAME_HEADER || !wire.protocol)
			return length;
		const uint32_t whole = length;

		payload = find(words, &length);
		if (!payload)
			return whole;
		count(&wire.uplink->port, wire.station, whole);
		wire.is_busy = true;
		align(words + payload / 4u, length);
		wire.is_woken |= wire.protocol->receive(
			frame, (const uint8_t *)(words + payload / 4u), length);
		wire.is_busy = false;
		preempt_point();
	}
}

/** When the protocol's run() is to be called, which leaves what is set earlier as it is. */
static void run_at(uint64_t when)
{
	if (when < wire.deadline->deadline_at)
		wire.clock->set_deadline(wire.clock, wire.deadline, when);
}

/** The uplink has taken all frames that were there, and they may interrupt again: the protocol's turn. */
static void take_frames(bool on)
{
	if (on && wire.is_woken && wire.protocol) {
		wire.is_busy = true;
		wire.is_woken = false;
		run_at(wire.protocol->run(timer_now()));
		wire.is_busy = false;
	}
	wire.chip->take_frames(on);
}

/** A deadline was left as it was set, although it was put off: it is set anew, without waking anybody. */
static void time_is_up(struct device *dev)
{
	const uint64_t when = wire.is_busy ? 0 : wire.protocol->next();

	if (when > timer_now())
		run_at(when);
	else
		station_wake();
}

static void no_reset(struct device *dev)
{
}

static const struct device_ops deadline_ops = {
	.name = "protocol",
	.reset = no_reset,
	.deadline = time_is_up,
};

/* ---- what others call -------------------------------------------------------------------------- */

/** Puts itself between the uplink and the chip. */
void station_wire_init(struct port *station, struct uplink *uplink, bool snap)
{
	wire.station = station;
	wire.uplink = uplink;
	wire.snap = snap;
	wire.chip = uplink->nic;
	wire.driver = *uplink->nic;
	wire.driver.receive = receive;
	wire.driver.take_frames = take_frames;
	uplink->nic = &wire.driver;
}

/** @p deadline is one of the station's thread. */
void station_wire_connect(struct vm *thread, struct device *deadline)
{
	*deadline = (struct device){ .ops = &deadline_ops, .clock = &thread->clock };
	wire.deadline = deadline;
	wire.clock = &thread->clock;
}

/** From now on what comes for it is @p protocol's; before anything runs. */
void station_set_protocol(const struct station_protocol *protocol)
{
	CHECK(wire.uplink && !wire.protocol);
	wire.protocol = protocol;
}

/** Whether the protocol may be called now by another thread than the uplink's, until a preempt point. */
bool station_may_enter(void)
{
	return !wire.is_busy;
}

/** The protocol's run() is to be called soon. From anywhere. */
void station_wake(void)
{
	wire.is_woken = true;
	wire.uplink->request(wire.uplink);
}

/** The same, at @p when or before. */
void station_wake_at(uint64_t when)
{
	run_at(when);
}

/** Puts words behind a header that ends in the middle of one; copies up to three bytes more. */
static void put(uint32_t *to, const uint32_t *from, uint32_t length)
{
	uint32_t last = to[0] & 0xffffu;

	for (uint32_t left = (length + 3u) / 4u; left; left--) {
		const uint32_t word = *from++;

		*to++ = last | word << 16;
		last = word >> 16;
	}
	*to = last;
}

/**
 * Sends a payload of the protocol's, aligned to 4, to a station on the wire, in one frame, from any
 * thread. What the chip has no room for is lost, as is what cannot be sent as the cable is out.
 */
void station_send(struct mac to, const void *payload, uint32_t length)
{
	struct port *const from = wire.station;
	uint32_t *const words = wire.out;
	uint32_t at;

	CHECK(length <= STATION_PAYLOAD_MAX);
	if (!wire.chip->is_link_up()) {
		switch_drop(from, PORT_DROP_DOWN);
		return;
	}
	words[0] = to.first;
	words[1] = to.last | from->mac.first << 16;
	words[2] = from->mac.first >> 16 | from->mac.last << 16;
	at = stack_put_type((uint8_t *)words, length, wire.snap);
	put(words + at / 4u, payload, length);
	if (wire.chip->send((const uint8_t *)words, at + length))
		count(from, &wire.uplink->port, at + length);
	else
		switch_drop(from, PORT_DROP_FULL);
}
