// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_net_internal.h"

#include "devemu/virtio_net_regs.h"
#include "net/offload.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/** A frame in mergeable buffers takes this many at most: 64 KiB in buffers of 1 KiB. */
#define RX_BUFFERS_MAX 66u
/** So many, of one descriptor each, are reserved between two preempt points. */
#define CHAINS_AT_ONCE 3u
/** What moving from one piece to the next costs, in bytes of copying. */
#define PIECE_COST 384u

/** Dividing a frame costs the receiver another one, which has to be less than what it saves. */
#define DIVIDE_MIN 8192u
/** More payload than this is not needed for the rest to be aligned. */
#define LEAD_MAX  3u
#define LEAD_ROOM ((VIRTIO_NET_HEADER + FRAME_HEAD_MAX + LEAD_MAX + 3u) / 4u * 4u)

/** Buffers that a frame is being copied to: in the sender's working memory. */
struct reserved {
	unsigned count, segment_count;
	unsigned lead_segments; /* of the first chain, if it is for a leading frame of its own */
	uint32_t lead;          /* payload of that one, or 0: the frame is not divided */
	uint32_t epoch, generation, starts; /* of device, VM and queue when they were reserved */
	struct vq_used used[RX_BUFFERS_MAX + 1];   /* what is to be written in each */
	uint16_t first;                            /* next_avail of the queue before */
	struct vq_segment segment[RX_BUFFERS_MAX]; /* of all of them */
	union {
		struct vq_chain chain; /* while they are reserved */
		struct {               /* then: what is not copied from the sender */
			uint8_t lead_bytes[LEAD_ROOM]; /* the leading frame, our header before it */
			uint8_t start[LEAD_ROOM]; /* our header; if divided, the frame's, too */
		};
	};
};

_Static_assert(sizeof(struct reserved) <= FRAME_WORK, "FRAME_WORK");
_Static_assert(VIRTIO_NET_HEADER % 4 == 0, "frame.head is aligned");

/** Whether the buffers are still ours. Another VM may have run, the one that they belong to. */
static bool is_still(struct device *dev, const struct reserved *r)
{
	const struct virtio_net_state *s = dev->state;

	return r->epoch == s->epoch && r->generation == dev->dma->generation &&
	       r->starts == virtio_queue(dev, VIRTIO_NET_QUEUE_RX)->starts && virtio_is_live(dev);
}

/** Adds the chain in r->chain. Returns false if a frame in as many pieces is not for us. */
static bool reserve_chain(struct reserved *r, unsigned count_max)
{
	r->used[r->count++] = (struct vq_used){ r->chain.head, r->chain.writable_bytes };
	if (r->count > count_max || r->segment_count + r->chain.writable_count > RX_BUFFERS_MAX)
		return false;
	for (unsigned n = 0; n < r->chain.writable_count; n++)
		r->segment[r->segment_count++] = r->chain.segment[n];
	return true;
}

/**
 * The buffers are not enough, or not needed. If another VM has taken some behind them meanwhile they
 * cannot go back to where they were: the guest gets them back as empty, and offers them again.
 */
static void put_back(struct device *dev, struct reserved *r)
{
	struct virtqueue *vq = virtio_queue(dev, VIRTIO_NET_QUEUE_RX);

	if ((uint16_t)(vq->next_avail - r->first) == r->count) {
		vq_rewind(vq, r->count);
		return;
	}
	for (unsigned n = 0; n < r->count; n++)
		r->used[n].written = 0;
	vq_push_all(vq, r->used, r->count);
}

/**
 * How many bytes of payload go before the others in a frame of their own, as some segment has to be
 * the first in any case. With 12 bytes of ours and 14 of Ethernet before them, a whole frame's would
 * come to lie at another offset in a word than that at which the sender has them, and than that at
 * which a program wants them: as an ARMv5 loads no unaligned words, the guest's copy as well as ours
 * would take several times as long. Behind these few bytes, all is aligned.
 */
static uint32_t lead_of(const struct frame *frame)
{
	const uint32_t headers = frame->offload.header_length;

	if (frame->offload.segment_size == 0 || frame->length - headers < DIVIDE_MIN)
		return 0;
	return (VIRTIO_NET_HEADER + headers - frame->rest.segment->at.raw - frame->rest.offset) &
	       LEAD_MAX;
}

/** The first chain is for the leading frame alone, if that fits: the rest begins with the next one. */
static bool use_for_lead(struct reserved *r, const struct frame *frame)
{
	const uint32_t bytes = VIRTIO_NET_HEADER + frame->offload.header_length + r->lead;

	if (r->used[0].written < bytes) {
		r->lead = 0;
		return false;
	}
	r->used[0].written = bytes;
	r->lead_segments = r->segment_count;
	return true;
}

/** Takes buffers for a frame from the queue, or none. */
static enum port_result reserve(struct device *dev, struct reserved *r, const struct frame *frame)
{
	const struct virtio_net_state *s = dev->state;
	struct virtqueue *vq = virtio_queue(dev, VIRTIO_NET_QUEUE_RX);
	const unsigned count_max = virtio_has(dev, VIRTIO_NET_F_MRG_RXBUF) ? RX_BUFFERS_MAX : 1;
	uint32_t length = VIRTIO_NET_HEADER + frame->length;

	r->count = 0;
	r->segment_count = 0;
	r->lead_segments = 0;
	r->lead = count_max > 1 ? lead_of(frame) : 0;
	r->epoch = s->epoch;
	r->generation = dev->dma->generation;
	r->starts = vq->starts;
	r->first = vq->next_avail;
	for (;;) {
		const bool found = vq_pop(vq, &r->chain);

		if (!is_still(dev, r))
			return PORT_DOWN;
		if (!found) {
			put_back(dev, r);
			virtio_queue_done(dev, VIRTIO_NET_QUEUE_RX);
			return vq->ready ? PORT_LATER : PORT_DOWN;
		}
		/* 5.1.6.3.1: a buffer has at least room for the header. */
		if (r->chain.readable_count || r->chain.writable_bytes < VIRTIO_NET_HEADER) {
			vq_break(vq);
			virtio_queue_done(dev, VIRTIO_NET_QUEUE_RX);
			return PORT_DOWN;
		}
		if (!reserve_chain(r, count_max)) {
			put_back(dev, r);
			virtio_queue_done(dev, VIRTIO_NET_QUEUE_RX);
			return PORT_DOWN;
		}
		if (r->count == 1 && r->lead && use_for_lead(r, frame)) {
			length -= r->lead;
		} else if (r->used[r->count - 1].written >= length) {
			r->used[r->count - 1].written = length;
			return PORT_TAKEN;
		} else {
			length -= r->used[r->count - 1].written;
		}
		if (r->count % CHAINS_AT_ONCE == 0 || r->chain.writable_count > 1) {
			preempt_point();
			if (!is_still(dev, r))
				return PORT_DOWN;
		}
	}
}

/** 5.1.6.4.1; the receiver has negotiated what the frame asks for, or the switch has done it. */
static void fill_header(uint8_t *header, const struct frame_offload *o, unsigned buffers)
{
	memset(header, 0, VIRTIO_NET_HEADER);
	put_le16(header + VIRTIO_NET_HDR_BUFFERS, buffers);
	if (o->checksum) {
		header[VIRTIO_NET_HDR_FLAGS] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		put_le16(header + VIRTIO_NET_HDR_CSUM_START, o->checksum_start);
		put_le16(header + VIRTIO_NET_HDR_CSUM_OFFSET,
			 (uint32_t)o->checksum_at - o->checksum_start);
	}
	if (o->segment_size) {
		header[VIRTIO_NET_HDR_GSO_TYPE] = VIRTIO_NET_HDR_GSO_TCPV4;
		put_le16(header + VIRTIO_NET_HDR_LENGTH, o->header_length);
		put_le16(header + VIRTIO_NET_HDR_GSO_SIZE, o->segment_size);
	}
}

/**
 * What goes before the bytes that are copied from the sender: of a frame that is divided, all of the
 * leading one, and the headers of the other. Returns how much of r->start there is.
 */
static uint32_t make_start(struct reserved *r, struct frame *frame)
{
	const struct frame_offload *const o = &frame->offload;
	const struct frame_offload of_lead = { .checksum = true,
					       .checksum_start = o->checksum_start,
					       .checksum_at = o->checksum_at };
	const uint32_t headers = o->header_length;

	if (!r->lead) {
		fill_header(r->start, o, r->count);
		return VIRTIO_NET_HEADER;
	}
	fill_header(r->lead_bytes, &of_lead, 1);
	fill_header(r->start, o, r->count - 1);
	frame_take_all(frame, r->lead_bytes + VIRTIO_NET_HEADER, headers + r->lead);
	offload_divide(frame, r->lead_bytes + VIRTIO_NET_HEADER, 0, r->lead);
	offload_divide(frame, r->start + VIRTIO_NET_HEADER, r->lead,
		       frame->length - headers - r->lead);
	return VIRTIO_NET_HEADER + headers;
}

/**
 * Copies header and frame into the reserved buffers. Returns false when they are not ours any more,
 * or were not memory.
 */
static bool copy(struct device *dev, const struct reserved *r, struct frame *frame, uint32_t start)
{
	struct vq_cursor lead = { r->segment, r->lead_segments, 0 };
	struct vq_cursor to = { r->segment + r->lead_segments, r->segment_count - r->lead_segments,
				0 };
	uint32_t left = frame->length - frame->taken, cost = 0;

	if ((r->lead && !vq_cursor_write(&lead, dev->dma, r->lead_bytes, r->used[0].written)) ||
	    !vq_cursor_write(&to, dev->dma, r->start, start)) {
		virtio_needs_reset(dev);
		return false;
	}
	while (left) {
		const uint32_t room = (FRAME_COPY_QUANTUM - cost - PIECE_COST) & ~31u;
		uint32_t piece = left;
		void *mapped = vq_cursor_map(&to, dev->dma, &piece, true, DMA_TARGET);
		unsigned ease;

		if (!mapped) {
			virtio_needs_reset(dev);
			return false;
		}
		ease = frame_copy_ease(frame, mapped);
		piece = frame_take(frame, mapped, piece < room << ease ? piece : room << ease);
		vq_cursor_skip(&to, piece);
		left -= piece;
		cost += PIECE_COST + (piece >> ease);
		/* At the end, showing the buffers takes as long as three pieces more. */
		if (cost + (left ? 2 : 5) * PIECE_COST > FRAME_COPY_QUANTUM) {
			cost = 0;
			preempt_point();
			if (!is_still(dev, r))
				return false;
		}
	}
	return true;
}

/** Shows the guest the buffers, all at once: a frame's are one behind the other. (5.1.6.4.1) */
static void publish(struct device *dev, const struct reserved *r)
{
	const struct virtio_net_state *s = dev->state;

	vq_push_all(virtio_queue(dev, VIRTIO_NET_QUEUE_RX), r->used, r->count);
	virtio_queue_done(dev, VIRTIO_NET_QUEUE_RX);
	if (s->tell_at != CLOCK_NEVER && (s->mmio.interrupt_status & VIRTIO_INT_USED_BUFFER)) {
		dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
		virtio_net_tell_sent(dev);
	}
}

/**
 * A frame for this VM: called in the thread of its sender, which may be another VM, or by the
 * board's network device. Buffers are reserved, then filled, with preempt points, then shown.
 */
enum port_result virtio_net_deliver(struct port *port, struct frame *frame)
{
	struct device *dev = port->owner;
	struct reserved *const r = frame->work;
	enum port_result result;
	uint32_t start;

	if (!virtio_is_live(dev))
		return PORT_DOWN;
	if (!port->takes_checksum)
		virtio_net_tell_offloads(dev, port); /* a driver need not have notified us yet */
	result = reserve(dev, r, frame);
	if (result != PORT_TAKEN)
		return result;
	preempt_point();
	start = make_start(r, frame);
	preempt_point();
	if (!is_still(dev, r) || !copy(dev, r, frame, start))
		return PORT_DOWN;
	publish(dev, r);
	return PORT_TAKEN;
}
