/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio entropy device (virtio 1.1, 5.4). Back end: struct entropy_backend; without one, buffers
 * are kept for ever, as the device may not return one without random bytes in it.
 */
#ifndef DEVEMU_VIRTIO_RNG_H
#define DEVEMU_VIRTIO_RNG_H

#include "devemu/virtio_mmio.h"

#define VIRTIO_RNG_QUEUE_SIZE 8u
/** Bytes given for one buffer at most, however long it is. */
#define VIRTIO_RNG_BYTES_MAX 256u

struct virtio_rng_state {
	struct virtio_mmio mmio;
	struct vq_chain chain; /* the one that is being filled */
};

extern const struct device_ops virtio_rng_ops;

#endif
