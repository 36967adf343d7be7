/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio network device (virtio 1.1, 5.1): one pair of queues, a port of a switch (net/switch.h).
 * A frame that the guest sends goes from its buffers to those of the receiver with one copy. What
 * the two leave to the device - checksums, cutting large TCP frames - is left out where both agree.
 *
 * Wire 0: interrupt. dev->backend: struct virtio_net_backend, or NULL: no cable. The port belongs
 * to the VM, which fills in .ops = &virtio_net_port_ops, .owner = the device, and the address.
 * dev->clock is needed: a frame that its receiver has no room for waits until a deadline.
 */
#ifndef DEVEMU_VIRTIO_NET_H
#define DEVEMU_VIRTIO_NET_H

#include "devemu/virtio_mmio.h"
#include "net/switch.h"

/** How long a frame waits for its receiver, at most: a VM of low priority may not run for long. */
#define VIRTIO_NET_HOLD_MS 100u
/** How long a guest that waits for an interrupt for what it has sent may wait. */
#define VIRTIO_NET_TELL_MS 1u

struct virtio_net_backend {
	struct port *port;
};

#define VIRTIO_NET_HEADER 12u /* struct virtio_net_hdr (5.1.6) */

struct virtio_net_state {
	struct virtio_mmio mmio;
	uint32_t epoch;  /* counts resets: what was begun before is void */
	bool is_sending; /* the queue is being worked on, further down on this VM's stack */
	bool has_frame;  /* chain and frame are one that was taken from the queue */
	bool is_held;    /* and could not be delivered */
	uint64_t held_until;
	uint64_t tell_at; /* when the guest is interrupted for what was sent, or CLOCK_NEVER */
	uint32_t starts;  /* of the send queue, when the frame was taken from it */
	struct vq_chain chain;
	struct frame frame;
	uint32_t start[(VIRTIO_NET_HEADER + FRAME_HEAD_MAX + 3) / 4]; /* header, frame.head */
	uint32_t work[FRAME_WORK / 4];
};

extern const struct device_ops virtio_net_ops;
extern const struct port_ops virtio_net_port_ops;

#endif
