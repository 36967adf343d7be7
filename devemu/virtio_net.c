// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_net.h"

#include "devemu/virtio_net_internal.h"
#include "devemu/virtio_net_regs.h"
#include "vmm/lib/string.h"

static uint64_t net_features(const struct device *dev)
{
	return VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
	       VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS |
	       (virtio_net_port(dev) ? VIRTIO_NET_F_MAC : 0u);
}

/** 5.1.3.1: who cuts or joins frames, fills in or checks their sums as well. */
static bool net_accepts(const struct device *dev, uint64_t features)
{
	if ((features & VIRTIO_NET_F_GUEST_TSO4) && !(features & VIRTIO_NET_F_GUEST_CSUM))
		return false;
	return !(features & VIRTIO_NET_F_HOST_TSO4) || (features & VIRTIO_NET_F_CSUM);
}

static void net_config(const struct device *dev, uint8_t *config)
{
	const struct port *port = virtio_net_port(dev);

	if (!port)
		return;
	memcpy(config + VIRTIO_NET_CONFIG_MAC, port->address, MAC_LENGTH);
	put_le16(config + VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP);
}

/** From here on the switch knows that large frames, and such without checksum, are welcome. */
void virtio_net_tell_offloads(const struct device *dev, struct port *port)
{
	const bool is_live = virtio_is_live(dev);

	port->takes_checksum = is_live && virtio_has(dev, VIRTIO_NET_F_GUEST_CSUM);
	port->takes_tso = is_live && virtio_has(dev, VIRTIO_NET_F_GUEST_TSO4);
}

const struct port_ops virtio_net_port_ops = {
	.deliver = virtio_net_deliver,
	.resume = virtio_net_resume,
};

static void net_notify(struct device *dev, unsigned queue)
{
	struct port *const port = virtio_net_port(dev);

	if (port)
		virtio_net_tell_offloads(dev, port);
	if (queue == VIRTIO_NET_QUEUE_TX) {
		const struct virtio_net_state *s = dev->state;

		if (!s->is_held || s->starts != virtio_queue(dev, queue)->starts)
			virtio_net_send_frames(dev);
	} else if (port && port->on && vq_has_chain(virtio_queue(dev, queue))) {
		/* Who only says so would hold every sender up anew, and all that it has for others. */
		switch_port_ready(port);
	}
}

/** Who copies to its buffers, or waits for one, finds out that there are none. */
static void net_reset(struct device *dev)
{
	struct virtio_net_state *s = dev->state;
	struct port *const port = virtio_net_port(dev);

	s->epoch++;
	s->has_frame = false;
	s->is_held = false;
	s->tell_at = CLOCK_NEVER;
	if (dev->clock)
		dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
	if (!port)
		return;
	virtio_net_tell_offloads(dev, port);
	if (port->on)
		switch_port_ready(port);
}

static const struct virtio_model model = {
	.device_id = VIRTIO_ID_NETWORK,
	.queue_count = 2,
	.queue_size = VIRTIO_NET_QUEUE_SIZE,
	.config_size = VIRTIO_NET_CONFIG_SIZE,
	.features = net_features,
	.accepts = net_accepts,
	.config = net_config,
	.notify = net_notify,
	.reset = net_reset,
};

static void virtio_net_reset(struct device *dev)
{
	virtio_mmio_reset(dev, &model);
}

const struct device_ops virtio_net_ops = {
	.name = "virtio-net",
	.state_size = sizeof(struct virtio_net_state),
	.reset = virtio_net_reset,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
	.deadline = virtio_net_deadline,
};
