// SPDX-License-Identifier: Apache-2.0
#include "net/switch.h"

#include "devemu/clock.h"
#include "net/offload.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#include <stddef.h>

#define SOURCE_AT 6u
/** Places where an address can be: its hash, and those behind it. */
#define PROBES 4u

/** Broadcast, too. */
static bool is_group(struct mac mac)
{
	return mac.first & 1u;
}

/** A switch without ports. @p now is the board's time, by which stations are forgotten. */
void switch_init(struct vswitch *sw, const char *name, uint64_t (*now)(void))
{
	*sw = (struct vswitch){ .name = name, .now = now };
}

static struct port *fixed_port(const struct vswitch *sw, struct mac mac)
{
	for (unsigned n = 0; n < sw->port_count; n++)
		if (is_same_mac(sw->port[n]->mac, mac))
			return sw->port[n];
	return NULL;
}

/**
 * Adds a port. Refuses an address that is none, or that another fixed port has, and what is more
 * than SWITCH_PORTS_MAX.
 */
enum status switch_attach(struct vswitch *sw, struct port *port)
{
	const struct mac mac = mac_at(port->address);

	if (sw->port_count == SWITCH_PORTS_MAX)
		return STATUS_NO_MEMORY;
	if (!port->open && ((!mac.first && !mac.last) || is_group(mac)))
		return STATUS_BAD_CONFIG;
	if (!port->open && fixed_port(sw, mac))
		return STATUS_OVERLAP;

	/* An open port is at no address: one of a group, which nobody sends from. */
	port->mac = port->open ? (struct mac){ UINT32_MAX, 0 } : mac;
	port->on = sw;
	port->number = (uint8_t)sw->port_count;
	port->choked = false;
	port->waiters = 0;
	sw->port[sw->port_count++] = port;
	return STATUS_OK;
}

/** The port at whose number another one is: what refers to it by the number follows. */
static void renumber(struct vswitch *sw, unsigned from, unsigned to)
{
	for (unsigned n = 0; n < sw->port_count; n++) {
		const uint32_t waiters = sw->port[n]->waiters;

		sw->port[n]->waiters = (waiters & ~BIT(from) & ~BIT(to)) |
				       (bit(waiters, from) && from != to ? BIT(to) : 0);
	}
	sw->port[to] = sw->port[from];
	sw->port[to]->number = (uint8_t)to;
}

/**
 * Takes a port off. Those who wait for it are resumed, and find nobody. Not while a frame is on its
 * way: switch_is_busy().
 */
void switch_detach(struct port *port)
{
	struct vswitch *const sw = port->on;

	if (port->open) /* else nothing was learned of it */
		switch_forget(sw, port);
	switch_port_ready(port);
	renumber(sw, sw->port_count - 1, port->number);
	sw->port_count--;
	port->on = NULL;
}

static unsigned hash(struct mac mac)
{
	/* Addresses differ in their last bytes: the product's upper bits depend on all. */
	return ((mac.first ^ mac.last << 16 ^ mac.last) * 0x9e3779b1u >> 20) % SWITCH_STATIONS;
}

static bool is_fresh(const struct station *station, uint64_t now)
{
	return station->seen && now - station->seen < (uint64_t)SWITCH_AGE_SECONDS * CLOCK_HZ;
}

/** Where the address was last seen, or NULL. */
static struct port *find_station(const struct vswitch *sw, struct mac mac)
{
	const unsigned at = hash(mac);

	for (unsigned n = 0; n < PROBES; n++) {
		const struct station *station = &sw->station[(at + n) % SWITCH_STATIONS];

		if (station->seen && is_same_mac(station->mac, mac))
			return is_fresh(station, sw->now()) ? station->port : NULL;
	}
	return NULL;
}

/** The address is behind @p port now. If all its places are in use, the oldest is forgotten. */
static void learn(struct vswitch *sw, struct mac mac, struct port *port)
{
	const unsigned at = hash(mac);
	struct station *oldest = NULL;

	for (unsigned n = 0; n < PROBES; n++) {
		struct station *station = &sw->station[(at + n) % SWITCH_STATIONS];

		if (station->seen && is_same_mac(station->mac, mac)) {
			oldest = station;
			break;
		}
		if (!oldest || station->seen < oldest->seen)
			oldest = station;
	}
	*oldest = (struct station){ .mac = mac, .seen = sw->now(), .port = port };
}

/** Forgets what was learned behind a port: its link went down. */
void switch_forget(struct vswitch *sw, const struct port *port)
{
	for (unsigned n = 0; n < SWITCH_STATIONS; n++)
		if (sw->station[n].port == port)
			sw->station[n] = (struct station){ .seen = 0 };
}

static bool is_source_true(struct port *from, struct mac source)
{
	if (!from->open)
		return is_same_mac(source, from->mac);
	return !is_group(source) && !fixed_port(from->on, source);
}

static void count_in(struct port *from, const struct frame *frame)
{
	from->counters.in++;
	from->counters.in_bytes += frame->length;
}

/** Counts a frame that ends here. For frames that their sender drops before they are sent, too. */
static void drop(struct port *from, enum port_drop why)
{
	from->counters.dropped[why]++;
}

/** Counts a frame that the sender could not even send: what it has is none. */
void switch_drop(struct port *from, enum port_drop why)
{
	from->counters.in++;
	drop(from, why);
}

/** One by one, frames as a wire has them. When there is no room in the middle, it goes on there. */
static enum port_result deliver_plain(struct port *from, struct port *to, struct frame *frame)
{
	uint8_t *const scratch = (uint8_t *)from->scratch;

	for (;;) {
		if (!frame->built)
			frame->built = offload_next(frame, scratch);

		struct frame piece = { .length = frame->built,
				       .head = scratch,
				       .head_length = frame->built,
				       .work = frame->work };
		const enum port_result result = to->ops->deliver(to, &piece);

		if (result != PORT_TAKEN)
			return result;
		frame->built = 0;
		if (offload_is_done(frame))
			return PORT_TAKEN;
		preempt_point();
	}
}

static enum port_result deliver(struct port *from, struct port *to, struct frame *frame)
{
	const struct frame_offload *const o = &frame->offload;
	const bool whole = frame->head_length == frame->length;
	enum port_result result;

	/* What was begun in pieces is ended in pieces, should it be another port now. */
	if (frame->taken || (to->plain && !whole) || (o->checksum && !to->takes_checksum) ||
	    (o->segment_size && !to->takes_tso))
		result = deliver_plain(from, to, frame);
	else
		result = to->ops->deliver(to, frame);
	if (result == PORT_TAKEN) {
		from->counters.delivered++;
		to->counters.out++;
		to->counters.out_bytes += frame->length;
	}
	return result;
}

/** Where an address that is not known must be, if there is just one place for it. */
static struct port *only_open_port(const struct port *from)
{
	const struct vswitch *const sw = from->on;
	struct port *only = NULL;

	for (unsigned n = 0; n < sw->port_count; n++) {
		struct port *const port = sw->port[n];

		if (!port->open || port == from)
			continue;
		if (only)
			return NULL;
		only = port;
	}
	return only;
}

/** To all ports that it is for. Nobody waits here: others have got it already. */
static void flood(struct port *from, struct frame *frame, bool to_all)
{
	const struct vswitch *const sw = from->on;
	unsigned receivers = 0;

	for (unsigned n = 0; n < sw->port_count; n++) {
		struct port *const to = sw->port[n];

		if (to == from || !(to_all || to->open))
			continue;
		if (receivers++)
			preempt_point();
		frame_restart(frame);

		const enum port_result result = deliver(from, to, frame);

		if (result != PORT_TAKEN)
			drop(from, result == PORT_LATER ? PORT_DROP_FULL : PORT_DROP_DOWN);
	}
	if (receivers > 1)
		from->counters.copies += receivers - 1;
	if (receivers == 0)
		drop(from, PORT_DROP_NOBODY);
}

/** Returns false if the sender has to keep it. */
static bool send_to(struct port *from, struct port *to, struct frame *frame, bool may_wait)
{
	const uint32_t waiting = BIT(from->number);
	const enum port_result result = deliver(from, to, frame);
	/* In vain, that is: it may have had room meanwhile, at a preempt point. */
	const bool has_waited = (to->waiters & waiting) != 0;

	if (result == PORT_LATER && may_wait && !to->choked) {
		to->waiters |= waiting;
		from->counters.held++;
		return false;
	}
	to->waiters &= ~waiting;
	count_in(from, frame);
	if (result == PORT_LATER) {
		to->choked |= has_waited;
		drop(from, PORT_DROP_FULL);
	} else if (result == PORT_DOWN) {
		drop(from, PORT_DROP_DOWN);
	}
	return true;
}

static bool send(struct port *from, struct frame *frame, bool may_wait)
{
	if (frame->length < FRAME_HEADER || frame->head_length < FRAME_HEADER) {
		switch_drop(from, PORT_DROP_MALFORMED);
		return true;
	}

	const struct mac destination = mac_at(frame->head);
	const struct mac source = mac_at(frame->head + SOURCE_AT);

	if (!is_source_true(from, source)) {
		count_in(from, frame);
		drop(from, PORT_DROP_SPOOFED);
		return true;
	}
	if (from->open)
		learn(from->on, source, from);

	struct port *to = NULL;

	if (!is_group(destination)) {
		to = fixed_port(from->on, destination);
		if (!to)
			to = find_station(from->on, destination);
		if (to == from) {
			count_in(from, frame);
			drop(from, PORT_DROP_LOCAL);
			return true;
		}
		if (!to)
			to = only_open_port(from);
	}
	if (to)
		return send_to(from, to, frame, may_wait);
	count_in(from, frame);
	flood(from, frame, is_group(destination));
	return true;
}

/**
 * Sends a frame on its way: it is delivered or dropped when this returns true. False: its receiver
 * has no room, and the sender, who @p may_wait, has to come again with the same frame, as it is
 * left here - when it is resumed, or when it has waited long enough.
 *
 * A frame is begun with frame_restart(). Frames for several ports are not held for any of them. In
 * a frame that is cut, and between its receivers, there are preempt points, and in what deliver()
 * of a port does.
 */
bool switch_send(struct port *from, struct frame *frame, bool may_wait)
{
	struct vswitch *const sw = from->on;
	bool is_gone;

	sw->sending++;
	is_gone = send(from, frame, may_wait);
	sw->sending--;
	return is_gone;
}

/**
 * The same, for a sender of the VMM's own that knows which port it is for, whatever the address says:
 * a frame from an address that is not its own is its bug.
 */
bool switch_send_to(struct port *from, struct port *to, struct frame *frame, bool may_wait)
{
	struct vswitch *const sw = from->on;
	bool is_gone;

	sw->sending++;
	is_gone = send_to(from, to, frame, may_wait);
	sw->sending--;
	return is_gone;
}

/**
 * A frame that was told "later" is dropped: its sender does not wait as long as it might. That is no
 * reason to take others' frames for a receiver that never has room.
 */
void switch_give_up(struct port *from, const struct frame *frame)
{
	const struct vswitch *const sw = from->on;

	for (unsigned n = 0; n < sw->port_count; n++)
		sw->port[n]->waiters &= ~BIT(from->number);
	count_in(from, frame);
	drop(from, PORT_DROP_FULL);
}

/**
 * The port may have room again, or will never have any, having been reset: senders that wait for it
 * try once more.
 */
void switch_port_ready(struct port *port)
{
	uint32_t waiters = port->waiters;

	port->choked = false;
	port->waiters = 0;
	for (; waiters; waiters &= waiters - 1u) {
		struct port *const waiter = port->on->port[__builtin_ctz(waiters)];

		if (waiter->ops->resume)
			waiter->ops->resume(waiter);
	}
}
