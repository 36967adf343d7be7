// SPDX-License-Identifier: Apache-2.0
#include "net/uplink.h"

#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

_Static_assert(NIC_FRAME_MAX == FRAME_WIRE_MAX, "a frame of the wire fits");
_Static_assert(NIC_ADDRESSES_MAX >= SWITCH_PORTS_MAX, "the filter has room for all ports");

/** A frame for the wire: the switch has made it one piece. (port.plain) */
static enum port_result uplink_deliver(struct port *port, struct frame *frame)
{
	const struct uplink *uplink = port->owner;

	if (!uplink->nic->is_link_up())
		return PORT_DOWN;
	return uplink->nic->send(frame->head, frame->length) ? PORT_TAKEN : PORT_LATER;
}

/* What comes from the wire does not wait: resume() is not needed. */
static const struct port_ops ops = { .deliver = uplink_deliver };

/**
 * Fills in the port, for switch_attach(). @p request is called when uplink_run() is to be, from
 * uplink_interrupt().
 */
void uplink_init(struct uplink *uplink, const char *name, const struct nic_driver *nic,
		 void (*request)(struct uplink *uplink))
{
	*uplink = (struct uplink){
		.port = { .ops = &ops, .name = name, .owner = uplink, .open = true, .plain = true },
		.nic = nic,
		.request = request,
	};
}

/**
 * What the chip is to receive: what is for the ports of the switch, or all of it, when there is
 * another port behind which there may be any address.
 */
static void set_filter(const struct uplink *uplink)
{
	const struct vswitch *const sw = uplink->port.on;
	struct nic_filter filter = { .all_groups = true };

	for (unsigned n = 0; n < sw->port_count; n++) {
		const struct port *const port = sw->port[n];

		if (port == &uplink->port)
			continue;
		if (port->open)
			filter.promiscuous = true;
		else
			memcpy(filter.address[filter.count++], port->address, MAC_LENGTH);
	}
	uplink->nic->set_filter(&filter);
}

/** Starts the chip, when all ports are attached. STATUS_NOT_FOUND: there is none at @p regs. */
enum status uplink_start(struct uplink *uplink, volatile uint32_t *regs)
{
	if (!uplink->nic->init(regs, uplink->address))
		return STATUS_NOT_FOUND;
	set_filter(uplink);
	return STATUS_OK;
}

static void take_one(struct uplink *uplink)
{
	const unsigned at = (uplink->first + uplink->count) % UPLINK_RING;

	if (uplink->count == UPLINK_RING) {
		uplink->nic->receive(NULL);
		uplink->lost++;
		return;
	}
	uplink->ring[at].length = uplink->nic->receive((uint8_t *)uplink->ring[at].bytes);
	if (uplink->ring[at].length)
		uplink->count++;
}

/**
 * The board's interrupt. It takes one frame: the line stays asserted while the chip has more, so
 * that whatever is due in between is not kept waiting.
 */
void uplink_interrupt(struct uplink *uplink)
{
	const unsigned events = uplink->nic->serve();

	if ((events & NIC_LINK) && !uplink->nic->is_link_up())
		switch_forget(uplink->port.on, &uplink->port);
	if (events & (NIC_ROOM | NIC_LINK))
		switch_port_ready(&uplink->port);
	if (events & NIC_RECEIVED)
		take_one(uplink);
	if (uplink->count && !uplink->is_running)
		uplink->request(uplink);
}

/**
 * Sends the frames of the ring on their way, those that come meanwhile too. A receiver without room
 * loses its frame, as on any wire. There are preempt points; if it is called again in one of them,
 * the first call goes on with the work.
 */
void uplink_run(struct uplink *uplink)
{
	if (uplink->is_running)
		return;
	uplink->is_running = true;
	while (uplink->count) {
		const uint32_t length = uplink->ring[uplink->first].length;
		struct frame frame = { .length = length,
				       .head = (const uint8_t *)uplink->ring[uplink->first].bytes,
				       .head_length = length,
				       .work = uplink->work };

		frame_restart(&frame);
		(void)switch_send(&uplink->port, &frame, false);
		uplink->first = (uplink->first + 1) % UPLINK_RING;
		uplink->count--;
		preempt_point();
	}
	uplink->is_running = false;
}
