/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio block device (virtio 1.1, 5.2). Back end: struct block_backend; none is an empty disk.
 * Parameters: struct virtio_blk_params, or NULL.
 *
 * Requests are served in the trap that notifies of them, one after the other. So that a guest with
 * a full queue still gets its interrupts, after VIRTIO_BLK_BURST bytes it runs on for a moment
 * before the rest is served.
 */
#ifndef DEVEMU_VIRTIO_BLK_H
#define DEVEMU_VIRTIO_BLK_H

#include "devemu/block.h"
#include "devemu/virtio_mmio.h"

#define VIRTIO_BLK_QUEUE_SIZE 64u
/** Bytes of requests served at a time, and the pause after that in ticks of the clock: 200 us. */
#define VIRTIO_BLK_BURST (512u * 1024u)
#define VIRTIO_BLK_PAUSE (CLOCK_HZ / 5000u)

/* Features (5.2.3) */
#define VIRTIO_BLK_F_SIZE_MAX VIRTIO_FEATURE(1)
#define VIRTIO_BLK_F_SEG_MAX  VIRTIO_FEATURE(2)
#define VIRTIO_BLK_F_RO       VIRTIO_FEATURE(5)
#define VIRTIO_BLK_F_BLK_SIZE VIRTIO_FEATURE(6)
#define VIRTIO_BLK_F_FLUSH    VIRTIO_FEATURE(9)

/* Config space (5.2.4) */
#define VIRTIO_BLK_CONFIG_CAPACITY 0u /* 8 bytes, in sectors */
#define VIRTIO_BLK_CONFIG_SIZE_MAX 8u
#define VIRTIO_BLK_CONFIG_SEG_MAX  12u
#define VIRTIO_BLK_CONFIG_BLK_SIZE 20u
#define VIRTIO_BLK_CONFIG_BYTES    24u

/* Requests: a header of type, reserved, and sector (8 bytes); data; a status byte (5.2.6) */
#define VIRTIO_BLK_HEADER   16u
#define VIRTIO_BLK_T_IN     0u
#define VIRTIO_BLK_T_OUT    1u
#define VIRTIO_BLK_T_FLUSH  4u
#define VIRTIO_BLK_T_GET_ID 8u
#define VIRTIO_BLK_ID_BYTES 20u
#define VIRTIO_BLK_S_OK     0u
#define VIRTIO_BLK_S_IOERR  1u
#define VIRTIO_BLK_S_UNSUPP 2u

struct virtio_blk_params {
	bool read_only; /* though the disk is not */
};

struct virtio_blk_state {
	struct virtio_mmio mmio;
	bool is_pausing;       /* more is waiting, and the deadline is set */
	struct vq_chain chain; /* of the request that is being served */
};

extern const struct device_ops virtio_blk_ops;

#endif
