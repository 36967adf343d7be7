/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's side of a split virtqueue (virtio 1.1, 2.6). Everything in it was written by the
 * guest and is hostile; it may even change under our hands, as a buffer can lie over the rings. So
 * each field is read once, checked here, and copied: what a model gets in struct vq_chain is its
 * own. A queue that breaks the rules is `broken` from then on: vq_pop() finds nothing more, and the
 * transport (virtio_queue_done()) shows DEVICE_NEEDS_RESET.
 *
 * A model takes chains and gives them back, in any order:
 *
 *	while (vq_pop(vq, &chain)) {
 *		struct vq_cursor in = vq_readable(&chain), out = vq_writable(&chain);
 *		...vq_cursor_read(), vq_cursor_write(), or vq_cursor_map() and vq_cursor_skip()...
 *		vq_push(vq, &chain, bytes_written);
 *	}
 *	virtio_queue_done(dev, n);            (interrupt if wanted, DEVICE_NEEDS_RESET if broken)
 *
 * Several chains that must appear together (a frame in mergeable buffers) are given back with one
 * vq_push_all(); if they turn out to be too few, vq_rewind() puts them back.
 *
 * The guest notifies when it makes a chain available after vq_pop() found none; until then a device
 * that is busy with a queue, or needs nothing from it, is left alone (with VIRTIO_F_EVENT_IDX).
 *
 * Of the functions here, vq_pop() has preempt points for long chains, and vq_cursor_read() for bytes
 * in many pieces.
 */
#ifndef DEVEMU_VIRTQUEUE_H
#define DEVEMU_VIRTQUEUE_H

#include "devemu/dma.h"

#include <stddef.h>

/** The largest queue offered. A queue's size is a power of two. */
#define VQ_SIZE_MAX 256u
/** Descriptors of one chain, as long as chains of our device types get: see docs/virtio.md. */
#define VQ_CHAIN_MAX 64u

/** Where a driver put a queue. */
struct vq_layout {
	uint16_t size;
	gpa_t descriptors, avail, used; /* "descriptor area", "driver area", "device area" */
};

struct virtqueue {
	const struct dma *dma;
	struct vq_layout at;
	bool ready;          /* set up, and may be used */
	bool broken;         /* the guest broke the rules; until the next vq_start() */
	bool event_idx;      /* VIRTIO_F_EVENT_IDX was negotiated */
	bool indirect;       /* VIRTIO_F_INDIRECT_DESC was negotiated */
	uint16_t next_avail; /* index of the next chain to take; runs freely */
	uint16_t seen_avail; /* and of the first one that the guest has not told of yet */
	uint16_t next_used;  /* index of the next one to publish */
	uint16_t told_used;  /* next_used when the guest was last asked about an interrupt */
	uint32_t starts;     /* moves with each vq_start() and vq_stop(): what was taken is void */
};

/** Descriptors of a chain that is taken where there must be no preempt point. */
#define VQ_SHORT_MAX 4u

/** A piece of a buffer in guest memory. It does not wrap and is not empty; it may not be RAM. */
struct vq_segment {
	gpa_t at;
	uint32_t length;
};

/** A chain of descriptors: first the segments that the device reads, then those it writes. */
struct vq_chain {
	uint16_t head;
	uint16_t readable_count, writable_count;
	uint32_t readable_bytes, writable_bytes; /* their sum fits in 32 bits, too */
	struct vq_segment segment[VQ_CHAIN_MAX];
};

/** A chain that is given back, as the ring of used buffers has it. */
struct vq_used {
	uint32_t head;
	uint32_t written; /* bytes that are new, from the first writable one on */
};

/** A place in the bytes of a chain; models copy it to go back to a place. */
struct vq_cursor {
	const struct vq_segment *segment;
	unsigned count;  /* segments from here on */
	uint32_t offset; /* in the first of them */
};

bool vq_start(struct virtqueue *vq, const struct dma *dma, const struct vq_layout *at,
	      uint64_t features);
void vq_stop(struct virtqueue *vq);
void vq_break(struct virtqueue *vq);

bool vq_has_chain(struct virtqueue *vq);
bool vq_pop(struct virtqueue *vq, struct vq_chain *chain);
bool vq_pop_short(struct virtqueue *vq, struct vq_chain *chain);
void vq_rewind(struct virtqueue *vq, unsigned count);
void vq_push_all(struct virtqueue *vq, const struct vq_used *used, unsigned count);
void vq_push(struct virtqueue *vq, const struct vq_chain *chain, uint32_t written);

unsigned vq_untold(struct virtqueue *vq);
bool vq_needs_interrupt(struct virtqueue *vq);

struct vq_cursor vq_readable(const struct vq_chain *chain);
struct vq_cursor vq_writable(const struct vq_chain *chain);
bool vq_cursor_read(struct vq_cursor *cursor, const struct dma *dma, void *to, uint32_t length);
bool vq_cursor_write(struct vq_cursor *cursor, const struct dma *dma, const void *from,
		     uint32_t length);

/**
 * The memory at the cursor: *length bytes at most are wanted, at least 1; it comes back cut at the
 * end of the segment and of the page. NULL at the end of the bytes, or when it is not RAM.
 */
static inline void *vq_cursor_map(const struct vq_cursor *cursor, const struct dma *dma,
				  uint32_t *length, bool write, enum dma_slot slot)
{
	uint32_t left;

	if (cursor->count == 0)
		return NULL;
	left = cursor->segment->length - cursor->offset;
	if (*length > left)
		*length = left;
	return dma_map(dma, gpa(cursor->segment->at.raw + cursor->offset), length, write, slot);
}

/** Moves on by @p length bytes, or to the end. */
static inline void vq_cursor_skip(struct vq_cursor *cursor, uint32_t length)
{
	while (cursor->count) {
		const uint32_t left = cursor->segment->length - cursor->offset;

		if (length < left) {
			cursor->offset += length;
			return;
		}
		length -= left;
		cursor->segment++;
		cursor->count--;
		cursor->offset = 0;
	}
}

#endif
