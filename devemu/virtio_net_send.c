// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_net_internal.h"

#include "devemu/virtio_net_regs.h"
#include "net/offload.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#define HOLD_TICKS ((uint64_t)VIRTIO_NET_HOLD_MS * (CLOCK_HZ / 1000u))

/* A guest that has filled its queue runs again after this much, if only to take an interrupt. */
#define BURST_BYTES (128u * KIB)
#define BURST_PAUSE (CLOCK_HZ / 10000u)

/**
 * A guest wants to know what has been sent, but hardly ever waits for it. So it is told with the next
 * frame that it receives, or after this time, or when so many chains are to be told of.
 */
#define TELL_TICKS  ((uint64_t)VIRTIO_NET_TELL_MS * (CLOCK_HZ / 1000u))
#define TELL_CHAINS (VIRTIO_NET_QUEUE_SIZE / 4u)

/**
 * What the guest asks for, from the header of its frame; nothing that it has not negotiated.
 * (5.1.6.2.1)
 */
static bool parse_offload(const struct device *dev, const uint8_t *header,
			  struct frame_offload *offload)
{
	const uint32_t type = header[VIRTIO_NET_HDR_GSO_TYPE];

	*offload = (struct frame_offload){ .checksum = false };
	if (header[VIRTIO_NET_HDR_FLAGS] & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		const uint32_t start = get_le16(header + VIRTIO_NET_HDR_CSUM_START);
		const uint32_t at = start + get_le16(header + VIRTIO_NET_HDR_CSUM_OFFSET);

		if (!virtio_has(dev, VIRTIO_NET_F_CSUM) || at > UINT16_MAX)
			return false;
		offload->checksum = true;
		offload->checksum_start = (uint16_t)start;
		offload->checksum_at = (uint16_t)at;
	}
	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	offload->segment_size = (uint16_t)get_le16(header + VIRTIO_NET_HDR_GSO_SIZE);
	return type == VIRTIO_NET_HDR_GSO_TCPV4 && offload->segment_size &&
	       virtio_has(dev, VIRTIO_NET_F_HOST_TSO4);
}

/**
 * The frame in s->chain. Its header and its first bytes are read once, and all that is decided is
 * decided by that copy. Returns false if it is none.
 */
static bool read_frame(struct device *dev)
{
	struct virtio_net_state *s = dev->state;
	uint8_t *const header = (uint8_t *)s->start;
	struct vq_cursor from = vq_readable(&s->chain);
	const uint32_t length = s->chain.readable_bytes - VIRTIO_NET_HEADER;
	uint32_t head_length = length < FRAME_HEAD_MAX ? length : FRAME_HEAD_MAX;
	struct frame_offload offload;

	if (s->chain.readable_bytes < VIRTIO_NET_HEADER + FRAME_HEADER || length > FRAME_TSO_MAX)
		return false;
	if (!vq_cursor_read(&from, dev->dma, header, VIRTIO_NET_HEADER + head_length)) {
		virtio_needs_reset(dev);
		return false;
	}
	if (!parse_offload(dev, header, &offload) ||
	    !offload_check(header + VIRTIO_NET_HEADER, head_length, length, &offload))
		return false;
	if (offload.segment_size) {
		/* What is behind the headers is copied in one go; nothing was decided by it. */
		head_length = offload.header_length;
		from = vq_readable(&s->chain);
		vq_cursor_skip(&from, VIRTIO_NET_HEADER + head_length);
	}
	s->frame = (struct frame){ .length = length,
				   .head = header + VIRTIO_NET_HEADER,
				   .head_length = head_length,
				   .dma = dev->dma,
				   .rest = from,
				   .offload = offload,
				   .work = s->work };
	frame_restart(&s->frame);
	return true;
}

static void give_back(struct device *dev)
{
	struct virtio_net_state *s = dev->state;

	s->has_frame = false;
	s->is_held = false;
	vq_push(virtio_queue(dev, VIRTIO_NET_QUEUE_TX), &s->chain, 0);
}

/** Takes frames until there is a good one. */
static bool take_frame(struct device *dev, struct port *port)
{
	struct virtio_net_state *s = dev->state;

	while (virtio_is_live(dev) && vq_pop(virtio_queue(dev, VIRTIO_NET_QUEUE_TX), &s->chain)) {
		s->starts = virtio_queue(dev, VIRTIO_NET_QUEUE_TX)->starts;
		preempt_point();
		if (s->starts != virtio_queue(dev, VIRTIO_NET_QUEUE_TX)->starts)
			continue;
		s->has_frame = port && read_frame(dev);
		if (s->has_frame)
			return true;
		if (port)
			switch_drop(port, PORT_DROP_MALFORMED);
		give_back(dev);
		preempt_point();
	}
	return false;
}

/** Returns false if the frame has to wait. */
static bool send_frame(struct device *dev, struct port *port)
{
	struct virtio_net_state *s = dev->state;
	const uint32_t epoch = s->epoch;
	const uint64_t now = dev->clock->now(dev->clock);
	const bool may_wait = !s->is_held || now < s->held_until;
	const bool done = switch_send(port, &s->frame, may_wait);

	if (epoch != s->epoch)
		return true;
	if (!done) {
		if (!s->is_held)
			s->held_until = now + HOLD_TICKS;
		s->is_held = true;
		return false;
	}
	if (s->frame.unreadable)
		virtio_needs_reset(dev);
	give_back(dev);
	return true;
}

/** Sends what there is. Returns when the work goes on: CLOCK_NEVER if the guest has to say so. */
static uint64_t send_burst(struct device *dev, struct port *port)
{
	struct virtio_net_state *s = dev->state;
	uint32_t bytes = 0;

	if (s->starts != virtio_queue(dev, VIRTIO_NET_QUEUE_TX)->starts) {
		s->has_frame =
			false; /* the guest has taken the queue away, and all that was in it */
		s->is_held = false;
	}
	while (virtio_is_live(dev) && (s->has_frame || take_frame(dev, port))) {
		preempt_point(); /* reading it has taken long */
		if (!s->has_frame)
			continue; /* the device has been reset meanwhile */
		bytes += s->frame.length;
		if (!send_frame(dev, port))
			return s->held_until;
		if (bytes >= BURST_BYTES)
			return dev->clock->now(dev->clock) + BURST_PAUSE;
		preempt_point();
	}
	return CLOCK_NEVER;
}

/** Interrupts the guest for what was sent, if it wants that. */
void virtio_net_tell_sent(struct device *dev)
{
	struct virtio_net_state *s = dev->state;

	s->tell_at = CLOCK_NEVER;
	virtio_queue_done(dev, VIRTIO_NET_QUEUE_TX);
}

void virtio_net_send_frames(struct device *dev)
{
	struct virtio_net_state *s = dev->state;
	uint64_t next;
	unsigned untold;

	if (s->is_sending)
		return;
	s->is_sending = true;
	next = send_burst(dev, virtio_net_port(dev));
	s->is_sending = false;
	untold = vq_untold(virtio_queue(dev, VIRTIO_NET_QUEUE_TX));
	if (next != CLOCK_NEVER || untold == 0 || untold >= TELL_CHAINS) {
		virtio_net_tell_sent(dev);
	} else {
		if (s->tell_at == CLOCK_NEVER)
			s->tell_at = dev->clock->now(dev->clock) + TELL_TICKS;
		next = s->tell_at;
	}
	dev->clock->set_deadline(dev->clock, dev, next);
}

/** Who has something to tell has nothing to send: virtio_net_send_frames() has told when something waits. */
void virtio_net_deadline(struct device *dev)
{
	const struct virtio_net_state *s = dev->state;

	if (s->tell_at != CLOCK_NEVER)
		virtio_net_tell_sent(dev);
	else
		virtio_net_send_frames(dev);
}

/**
 * A receiver has room: this VM's own thread has to go on. Not while it is sending: between a frame
 * that has to wait and the deadline of that there is no preempt point.
 */
void virtio_net_resume(struct port *port)
{
	struct device *dev = port->owner;

	dev->clock->set_deadline(dev->clock, dev, 0);
}
