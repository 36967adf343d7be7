/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/station_wire.h"

#include "net/stack/stack.h"
#include "vmm/idle.h"
#include "vmm/irq.h"
#include "vmm/lib/check.h"
#include "vmm/lib/preempt.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/** Two bytes of nothing, and the addresses: what is behind a header of 14 bytes is aligned. */
#define PAD 2u
/** Words of a frame that are copied without a preempt point. */
#define PIECE 128u
/** Frames that are taken out of the chip, however many come, before run() has its turn if it is due. */
#define ROW 8u

static struct {
	struct port *station;
	struct uplink *uplink;
	const struct nic_driver *chip;
	struct nic_driver driver; /* the uplink's: the chip's, but for what is below */
	const struct station_protocol *protocol;
	struct device *deadline; /* of the station's thread: when run() is to be called */
	const struct clock *clock;
	bool snap;
	bool is_running; /* the uplink's thread has frames out of the chip, perhaps */
	bool is_busy;    /* it is in the protocol */
	bool is_woken;   /* run() is to be called */
	unsigned row;    /* frames since it is */
	bool is_begun;   /* go_on() is */
	uint32_t in[NIC_LOOK];
} wire;

/* ---- frames that come -------------------------------------------------------------------------- */

/**
 * Where the payload of the frame begins that waits in the chip, in words, if it is the protocol's, and this
 * station's; else 0. Its @p length becomes that of the payload; 0: there is no frame.
 */
static uint32_t look(uint32_t *words, uint32_t *length)
{
	const struct mac *const own = &wire.station->mac;

	*length = wire.chip->look(words);
	if (*length <= NIC_BAD || words[0] >> 16 != (uint16_t)own->first ||
	    words[1] != (own->first >> 16 | own->last << 16))
		return 0;
	return (stack_find_payload((const uint8_t *)words + PAD, length) + PAD) / 4u;
}

/** Who says that it is from it. */
static struct mac sender(const uint32_t *words)
{
	return (struct mac){ words[2], (uint16_t)words[3] };
}

static void count(struct port *from, struct port *to, uint32_t length)
{
	from->counters.in++;
	from->counters.in_bytes += length;
	from->counters.delivered++;
	to->counters.out++;
	to->counters.out_bytes += length;
}

/** When the protocol's run() is to be called, which leaves what is set earlier as it is. */
static void run_at(uint64_t when)
{
	if (when < wire.deadline->deadline_at)
		wire.clock->set_deadline(wire.clock, wire.deadline, when);
}

/** What the protocol does by itself, if there is something. */
static void run(void)
{
	wire.row = 0;
	if (!wire.is_woken || !wire.protocol)
		return;
	preempt_point();
	wire.is_busy = true;
	wire.is_woken = false;
	run_at(wire.protocol->run(timer_now()));
	wire.is_busy = false;
}

/** As the chip's receive(): what is the protocol's was dealt with, and is not seen by the uplink. */
static uint32_t receive(uint8_t *frame)
{
	uint32_t *const words = (uint32_t *)(void *)frame;

	wire.is_running = true;
	while (frame && wire.protocol) {
		if (++wire.row > ROW)
			run();

		uint32_t length;
		const uint32_t payload = look(words, &length);
		const uint32_t end = payload + (length + 3u) / 4u;

		/* What comes now is looked at later: it may be the protocol's. */
		if (!payload && !length)
			return 0;
		if (!payload)
			break;
		for (uint32_t at = NIC_LOOK; at < end; at += PIECE) {
			preempt_point();
			wire.chip->read(words + at, at, end - at < PIECE ? end - at : PIECE);
		}
		wire.chip->drop();
		count(&wire.uplink->port, wire.station, 4 * payload - PAD + length);
		preempt_point();
		wire.is_busy = true;
		/* Not "|=": others wake it meanwhile, and C leaves open which comes first. */
		if (wire.protocol->receive(sender(words), (const uint8_t *)(words + payload),
					   length))
			wire.is_woken = true;
		wire.is_busy = false;
		preempt_point();
	}
	return wire.chip->receive(frame);
}

/**
 * A short frame of the protocol's, while nobody runs: it is dealt with at once, in nobody's time and
 * without the uplink's thread. False: that one's.
 */
static bool take(void)
{
	uint32_t length;
	const uint32_t payload = look(wire.in, &length);
	enum station_taken taken;

	if (!payload || payload + (length + 3u) / 4u > NIC_LOOK)
		return false;
	taken = wire.protocol->take(sender(wire.in), (const uint8_t *)(wire.in + payload), length);
	if (taken == STATION_LEFT)
		return false;
	wire.chip->drop();
	count(&wire.uplink->port, wire.station, 4 * payload - PAD + length);
	wire.is_begun = taken == STATION_BEGUN;
	if (taken == STATION_WAITS)
		station_wake();
	return true;
}

/** Goes on with it, instead of the board's sleep. Interrupts come first. */
static bool go_on(void)
{
	enum station_taken taken;

	if (!wire.is_begun)
		return false;
	if (irq_dispatch())
		return true;
	taken = wire.protocol->go_on();
	wire.is_begun = taken == STATION_BEGUN;
	if (taken == STATION_WAITS)
		station_wake();
	return true;
}

/** Somebody runs: the uplink's thread does the rest. */
static void wake_up(void)
{
	if (!wire.is_begun)
		return;
	wire.is_begun = false;
	station_wake();
}

static const struct idle_work idle = { .work = go_on, .end = wake_up };

/** As the chip's. While run() is to be called, the last short frame may still be needed. */
static unsigned serve(void)
{
	const unsigned events = wire.chip->serve();

	if ((events & NIC_RECEIVED) && idle_now && wire.protocol && !wire.is_running &&
	    !wire.is_busy && !wire.is_woken && !wire.is_begun && take())
		return events & ~NIC_RECEIVED;
	return events;
}

/** The uplink has taken all frames that were there, and they may interrupt again: the protocol's turn. */
static void take_frames(bool on)
{
	if (on)
		run();
	wire.is_running &= !on;
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
	wire.driver.serve = serve;
	wire.driver.receive = receive;
	wire.driver.take_frames = take_frames;
	uplink->nic = &wire.driver;
	idle_work = &idle;
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

/**
 * Sends a payload of the protocol's, of whole words, to a station on the wire, in one frame, from any
 * thread. What the chip has no room for is lost, as is what cannot be sent as the cable is out.
 */
void station_send(struct mac to, const void *payload, uint32_t length)
{
	struct port *const from = wire.station;
	uint32_t head[(PAD + STATION_HEADER_MAX) / 4u], words;

	CHECK(length <= STATION_PAYLOAD_MAX && length % 4u == 0);
	if (!wire.chip->is_link_up()) {
		switch_drop(from, PORT_DROP_DOWN);
		return;
	}
	head[0] = to.first << 16;
	head[1] = to.first >> 16 | to.last << 16;
	head[2] = from->mac.first;
	head[3] = from->mac.last;
	words = (stack_put_type((uint8_t *)head + PAD, length, wire.snap) + PAD) / 4u;
	if (wire.chip->send_words(head, words, payload, length / 4u))
		count(from, &wire.uplink->port, 4u * words - PAD + length);
	else
		switch_drop(from, PORT_DROP_FULL);
}
