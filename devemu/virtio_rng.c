// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_rng.h"

#include "devemu/entropy.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define REQUESTS 0u /* the queue */

/** Fills the chain that was taken. Returns the number of bytes, or 0 when it is not RAM. */
static uint32_t fill(struct device *dev)
{
	struct virtio_rng_state *s = dev->state;
	const struct entropy_backend *entropy = dev->backend;
	const uint32_t generation = dev->dma->generation;
	struct vq_cursor to = vq_writable(&s->chain);
	const uint32_t length = s->chain.writable_bytes < VIRTIO_RNG_BYTES_MAX
					? s->chain.writable_bytes
					: VIRTIO_RNG_BYTES_MAX;
	uint8_t random[ENTROPY_PIECE];
	uint32_t done = 0;

	while (done < length) {
		const uint32_t left = length - done;
		const uint32_t piece = left < sizeof(random) ? left : sizeof(random);

		entropy->fill(entropy->source, random, piece);
		preempt_point();
		if (dev->dma->generation != generation ||
		    !vq_cursor_write(&to, dev->dma, random, piece)) {
			done = 0;
			break;
		}
		done += piece;
	}
	memset(random, 0, sizeof(random)); /* the guest's secrets are its own */
	return done;
}

static void rng_notify(struct device *dev, unsigned queue)
{
	struct virtio_rng_state *s = dev->state;
	struct virtqueue *vq = virtio_queue(dev, REQUESTS);
	const uint32_t generation = dev->dma->generation;

	while (dev->backend && vq_pop(vq, &s->chain)) {
		const uint32_t length = fill(dev);

		if (dev->dma->generation != generation)
			return;
		if (length == 0) {
			vq_break(vq);
			break;
		}
		vq_push(vq, &s->chain, length);
	}
	virtio_queue_done(dev, REQUESTS);
}

static const struct virtio_model rng_model = {
	.device_id = VIRTIO_ID_ENTROPY,
	.queue_count = 1,
	.queue_size = VIRTIO_RNG_QUEUE_SIZE,
	.notify = rng_notify,
};

static void rng_reset(struct device *dev)
{
	virtio_mmio_reset(dev, &rng_model);
}

const struct device_ops virtio_rng_ops = {
	.name = "virtio_rng",
	.state_size = sizeof(struct virtio_rng_state),
	.reset = rng_reset,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
};
