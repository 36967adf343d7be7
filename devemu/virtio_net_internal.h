/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the virtio network device share: virtio_net.c is the device, virtio_net_send.c
 * takes frames from the guest's send queue, virtio_net_receive.c fills buffers of its receive queue.
 */
#ifndef DEVEMU_VIRTIO_NET_INTERNAL_H
#define DEVEMU_VIRTIO_NET_INTERNAL_H

#include "devemu/virtio_net.h"

#define VIRTIO_NET_QUEUE_SIZE VQ_SIZE_MAX

/** The device's port, or NULL: no cable. */
static inline struct port *virtio_net_port(const struct device *dev)
{
	const struct virtio_net_backend *backend = dev->backend;

	return backend ? backend->port : NULL;
}

static inline uint32_t get_le16(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

static inline void put_le16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

void virtio_net_tell_offloads(const struct device *dev, struct port *port);

/* Sending. */
void virtio_net_send_frames(struct device *dev);
void virtio_net_tell_sent(struct device *dev);
void virtio_net_deadline(struct device *dev);
void virtio_net_resume(struct port *port);

/* Receiving. */
enum port_result virtio_net_deliver(struct port *port, struct frame *frame);

#endif
