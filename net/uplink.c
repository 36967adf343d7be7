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

/**
 * The board's interrupt, in the time of whoever runs: no frame is copied here. Those that have come
 * wait in the chip, without further interrupts, until uplink_run().
 */
void uplink_interrupt(struct uplink *uplink)
{
	const unsigned events = uplink->nic->serve();

	if ((events & NIC_LINK) && !uplink->nic->is_link_up())
		switch_forget(uplink->port.on, &uplink->port);
	if (events & (NIC_ROOM | NIC_LINK))
		switch_port_ready(&uplink->port);
	if (events & NIC_RECEIVED) {
		uplink->nic->take_frames(false);
		uplink->request(uplink);
	}
}

/**
 * Takes the frames that have come, and those that come meanwhile, and sends them on their way. A
 * receiver without room loses its frame, as on any wire. There are preempt points.
 */
void uplink_run(struct uplink *uplink)
{
	uint32_t length;

	while ((length = uplink->nic->receive((uint8_t *)uplink->bytes)) != 0) {
		struct frame frame = { .length = length,
				       .head = (const uint8_t *)uplink->bytes,
				       .head_length = length,
				       .from_wire = true,
				       .work = uplink->work };

		preempt_point();
		frame_restart(&frame);
		(void)switch_send(&uplink->port, &frame, false);
		preempt_point();
	}
	/* What was not good and was skipped may have others behind it: they interrupt. */
	uplink->nic->take_frames(true);
}
