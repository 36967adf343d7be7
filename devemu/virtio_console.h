/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio console with one port (virtio 1.1, 5.3; no VIRTIO_CONSOLE_F_MULTIPORT). Back end: struct
 * uart_backend for what the guest sends; what it receives comes in with virtio_console_receive().
 *
 * When the back end has no room, or after VIRTIO_CONSOLE_BURST bytes, the guest runs on for a
 * moment and the rest follows.
 */
#ifndef DEVEMU_VIRTIO_CONSOLE_H
#define DEVEMU_VIRTIO_CONSOLE_H

#include "devemu/virtio_mmio.h"

#define VIRTIO_CONSOLE_QUEUE_SIZE 16u
#define VIRTIO_CONSOLE_RECEIVE    0u
#define VIRTIO_CONSOLE_TRANSMIT   1u
/** Bytes sent at a time, and the pause after that in ticks of the clock: 1 ms. */
#define VIRTIO_CONSOLE_BURST 1024u
#define VIRTIO_CONSOLE_PAUSE (CLOCK_HZ / 1000u)

struct virtio_console_state {
	struct virtio_mmio mmio;
	bool is_sending; /* `sent` is taken, and `rest` of it is to be sent */
	bool is_pausing; /* until the deadline */
	struct vq_cursor rest;
	struct vq_chain sent;
	struct vq_chain received; /* while a byte is put into it */
};

extern const struct device_ops virtio_console_ops;

bool virtio_console_receive(struct device *dev, uint8_t byte);
bool virtio_console_can_receive(struct device *dev);

#endif
