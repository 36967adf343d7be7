/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio block device (virtio 1.1, 5.2). Back end: struct block_backend; none is an empty disk.
 * Parameters: struct virtio_blk_params, or NULL.
 *
 * Requests are served in the trap that notifies of them, one after the other. So that a guest with
 * a full queue still gets its interrupts, after VIRTIO_BLK_BURST bytes it runs on for a moment
 * before the rest is served. It also runs on while a request has to wait for the disk, which is asked
 * again every VIRTIO_BLK_RETRY.
 *
 * A driver that does not know of flushes may take what it has written for safe (5.2.6.2): each of its
 * writes is flushed.
 */
#ifndef DEVEMU_VIRTIO_BLK_H
#define DEVEMU_VIRTIO_BLK_H

#include "devemu/block.h"
#include "devemu/virtio_mmio.h"

#define VIRTIO_BLK_QUEUE_SIZE 64u
/** Bytes of requests served at a time, and the pause after that in ticks of the clock: 200 us. */
#define VIRTIO_BLK_BURST (512u * 1024u)
#define VIRTIO_BLK_PAUSE (CLOCK_HZ / 5000u)
#define VIRTIO_BLK_RETRY (CLOCK_HZ / 1000u)

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

/** A request, and what became of it. */
struct virtio_blk_request {
	uint32_t type;
	struct block_run run; /* its data: what is left of it */
	uint32_t length;      /* all of it */
	uint32_t done;        /* bytes of data that the guest was given */
	bool is_written;      /* what is left is to flush it */
};

struct virtio_blk_state {
	struct virtio_mmio mmio;
	bool is_pausing;       /* more is waiting, and the deadline is set */
	bool is_waiting;       /* the disk has not finished the request */
	uint32_t starts;       /* of the queue, when the request was taken */
	struct vq_chain chain; /* of the request that is being served */
	struct virtio_blk_request request;
};

extern const struct device_ops virtio_blk_ops;

#endif
