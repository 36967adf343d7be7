// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_console.h"

#include "devemu/backend.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/** Bytes between two preempt points. */
#define PIECE 32u

static bool has_room(const struct device *dev)
{
	const struct uart_backend *line = dev->backend;

	/* Without a clock it cannot be waited for: bytes are lost, as on a board. */
	return !line || !line->room || !dev->clock || line->room(line);
}

static void put(const struct device *dev, uint8_t byte)
{
	const struct uart_backend *line = dev->backend;

	if (line)
		line->put(line, byte);
}

/**
 * Sends up to @p limit bytes, and at most a piece, of the chain that is being sent. Returns how
 * many: 0 when there is no room, or when the chain is not RAM and the queue broken.
 */
static uint32_t send_piece(struct device *dev, uint32_t limit)
{
	struct virtio_console_state *s = dev->state;
	uint32_t length = limit < PIECE ? limit : PIECE;
	const uint8_t *from = vq_cursor_map(&s->rest, dev->dma, &length, false, DMA_SOURCE);
	uint32_t sent = 0;

	if (!from) {
		vq_break(virtio_queue(dev, VIRTIO_CONSOLE_TRANSMIT));
		return 0;
	}
	while (sent < length && has_room(dev))
		put(dev, from[sent++]);
	vq_cursor_skip(&s->rest, sent);
	preempt_point();
	return sent;
}

static void pause_sending(struct device *dev)
{
	struct virtio_console_state *s = dev->state;

	s->is_pausing = true;
	dev->clock->set_deadline(dev->clock, dev,
				 dev->clock->now(dev->clock) + VIRTIO_CONSOLE_PAUSE);
}

/** Sends what the guest has queued, until there is no more or it has to wait. */
static void transmit(struct device *dev)
{
	struct virtio_console_state *s = dev->state;
	struct virtqueue *vq = virtio_queue(dev, VIRTIO_CONSOLE_TRANSMIT);
	const uint32_t generation = dev->dma->generation;
	uint32_t left = VIRTIO_CONSOLE_BURST;

	while (s->is_sending || vq_pop(vq, &s->sent)) {
		if (!s->is_sending) {
			s->is_sending = true;
			s->rest = vq_readable(&s->sent);
		}
		if (s->rest.count) {
			const uint32_t sent = send_piece(dev, left);

			if (dev->dma->generation != generation)
				return;
			if (vq->broken)
				break;
			left -= dev->clock ? sent : 0;
			if (sent == 0 || left == 0) {
				pause_sending(dev);
				break;
			}
		} else {
			s->is_sending = false;
			vq_push(vq, &s->sent, 0);
			preempt_point(); /* a chain need not have a byte */
			if (dev->dma->generation != generation)
				return;
		}
	}
	virtio_queue_done(dev, VIRTIO_CONSOLE_TRANSMIT);
}

static void console_notify(struct device *dev, unsigned queue)
{
	const struct virtio_console_state *s = dev->state;

	if (queue == VIRTIO_CONSOLE_TRANSMIT && !s->is_pausing)
		transmit(dev);
}

static void console_deadline(struct device *dev)
{
	struct virtio_console_state *s = dev->state;

	s->is_pausing = false;
	if (virtio_is_live(dev) && virtio_queue(dev, VIRTIO_CONSOLE_TRANSMIT)->ready)
		transmit(dev);
}

/** The chain that is being sent is the driver's again. */
static void console_stop(struct device *dev, unsigned queue)
{
	struct virtio_console_state *s = dev->state;

	if (queue == VIRTIO_CONSOLE_TRANSMIT)
		s->is_sending = false;
}

static void console_driver_reset(struct device *dev)
{
	struct virtio_console_state *s = dev->state;

	s->is_sending = false;
	s->is_pausing = false;
	if (dev->clock)
		dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
}

/** Whether virtio_console_receive() would take a byte now. */
bool virtio_console_can_receive(struct device *dev)
{
	bool can;

	if (!virtio_is_live(dev))
		return false;
	can = vq_has_chain(virtio_queue(dev, VIRTIO_CONSOLE_RECEIVE));
	virtio_queue_done(dev, VIRTIO_CONSOLE_RECEIVE); /* a broken ring shows here, too */
	return can;
}

/**
 * A byte arrives on the line; it goes into a buffer of its own. Returns false when the guest has
 * none ready: the caller keeps the byte and tries again. There is no preempt point, so that it may
 * be called for a VM other than the one that runs.
 */
bool virtio_console_receive(struct device *dev, uint8_t byte)
{
	struct virtio_console_state *s = dev->state;
	struct virtqueue *vq = virtio_queue(dev, VIRTIO_CONSOLE_RECEIVE);
	struct vq_cursor to;
	bool is_taken = false;

	if (!virtio_is_live(dev))
		return false;
	if (vq_pop_short(vq, &s->received)) {
		to = vq_writable(&s->received);
		is_taken = vq_cursor_write(&to, dev->dma, &byte, sizeof(byte));
		if (is_taken)
			vq_push(vq, &s->received, sizeof(byte));
		else
			vq_break(vq);
	}
	virtio_queue_done(dev, VIRTIO_CONSOLE_RECEIVE);
	return is_taken;
}

static const struct virtio_model console_model = {
	.device_id = VIRTIO_ID_CONSOLE,
	.queue_count = 2,
	.queue_size = VIRTIO_CONSOLE_QUEUE_SIZE,
	.notify = console_notify,
	.stop = console_stop,
	.reset = console_driver_reset,
};

static void console_reset(struct device *dev)
{
	virtio_mmio_reset(dev, &console_model);
}

const struct device_ops virtio_console_ops = {
	.name = "virtio_console",
	.state_size = sizeof(struct virtio_console_state),
	.reset = console_reset,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
	.deadline = console_deadline,
};
