// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtio_blk.h"

#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define REQUESTS 0u /* the queue */

/** A chain of the driver has a descriptor for the header and one for the status, too. */
#define SEG_MAX        (VQ_CHAIN_MAX - 2u)
#define SIZE_MAX_BYTES 65536u

/** What serving a request counts for besides its bytes. */
#define REQUEST_COST 4096u

static bool is_read_only(const struct device *dev)
{
	const struct block_backend *disk = dev->backend;
	const struct virtio_blk_params *params = dev->params;

	return !disk || disk->read_only || !disk->write || (params && params->read_only);
}

static uint64_t blk_features(const struct device *dev)
{
	return VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE |
	       VIRTIO_BLK_F_FLUSH | (is_read_only(dev) ? VIRTIO_BLK_F_RO : 0);
}

static void put_le32(uint8_t *at, uint32_t value)
{
	for (unsigned n = 0; n < 4; n++)
		at[n] = (uint8_t)(value >> (8 * n));
}

static void blk_config(const struct device *dev, uint8_t *config)
{
	const struct block_backend *disk = dev->backend;
	const uint64_t sectors = disk ? disk->sectors : 0;

	put_le32(config + VIRTIO_BLK_CONFIG_CAPACITY, (uint32_t)sectors);
	put_le32(config + VIRTIO_BLK_CONFIG_CAPACITY + 4, (uint32_t)(sectors >> 32));
	put_le32(config + VIRTIO_BLK_CONFIG_SIZE_MAX, SIZE_MAX_BYTES);
	put_le32(config + VIRTIO_BLK_CONFIG_SEG_MAX, SEG_MAX);
	put_le32(config + VIRTIO_BLK_CONFIG_BLK_SIZE, BLOCK_SECTOR);
}

/** Whether a request's data are whole sectors of the disk. */
static bool is_on_disk(const struct block_backend *disk, const struct virtio_blk_request *request)
{
	const uint64_t sector = request->run.sector;

	return disk && request->length % BLOCK_SECTOR == 0 && sector <= disk->sectors &&
	       request->length >> BLOCK_SECTOR_SHIFT <= disk->sectors - sector;
}

static enum block_result read_sectors(struct device *dev, struct virtio_blk_request *request)
{
	const struct block_backend *disk = dev->backend;
	enum block_result result;

	if (!is_on_disk(disk, request))
		return BLOCK_FAILED;
	result = disk->read(disk, &request->run);
	request->done = request->length - request->run.length;
	return result;
}

static enum block_result write_sectors(struct device *dev, struct virtio_blk_request *request)
{
	const struct block_backend *disk = dev->backend;

	if (is_read_only(dev) || !is_on_disk(disk, request))
		return BLOCK_FAILED;
	if (!request->is_written) {
		const enum block_result result = disk->write(disk, &request->run);

		if (result != BLOCK_DONE)
			return result;
		request->is_written = true;
	}
	return disk->flush && !virtio_has(dev, VIRTIO_BLK_F_FLUSH) ? disk->flush(disk) : BLOCK_DONE;
}

static enum block_result flush(struct device *dev, struct virtio_blk_request *request)
{
	const struct block_backend *disk = dev->backend;

	/* Only who writes has something to flush, and is told that it failed. */
	return disk && disk->flush && !is_read_only(dev) ? disk->flush(disk) : BLOCK_DONE;
}

/** Text without its end if it is as long as the field. (5.2.6) */
static enum block_result get_id(struct device *dev, struct virtio_blk_request *request)
{
	const struct block_backend *disk = dev->backend;
	char id[VIRTIO_BLK_ID_BYTES] = { 0 };

	if (disk && disk->id)
		memcpy(id, disk->id, strnlen(disk->id, sizeof(id)));
	if (request->run.length < sizeof(id))
		return BLOCK_FAILED;
	if (!vq_cursor_write(&request->run.memory, dev->dma, id, sizeof(id)))
		return BLOCK_BAD_MEMORY;
	request->done = sizeof(id);
	return BLOCK_DONE;
}

static const struct request_type {
	uint32_t type;
	bool is_write; /* its data is what the device reads */
	enum block_result (*serve)(struct device *dev, struct virtio_blk_request *request);
} request_types[] = {
	{ VIRTIO_BLK_T_IN, false, read_sectors },
	{ VIRTIO_BLK_T_OUT, true, write_sectors },
	{ VIRTIO_BLK_T_FLUSH, false, flush },
	{ VIRTIO_BLK_T_GET_ID, false, get_id },
};

static const struct request_type *find_type(uint32_t type)
{
	for (unsigned n = 0; n < sizeof(request_types) / sizeof(request_types[0]); n++)
		if (request_types[n].type == type)
			return &request_types[n];
	return NULL;
}

/**
 * Reads what the request in s->chain is into s->request. How the chain is divided into descriptors
 * means nothing: the header is its first 16 bytes, the status its last one. (5.2.6.1) Returns false
 * when no answer is possible.
 */
static bool read_request(struct device *dev)
{
	struct virtio_blk_state *s = dev->state;
	struct virtio_blk_request *const request = &s->request;
	struct vq_cursor readable = vq_readable(&s->chain);
	const uint32_t generation = dev->dma->generation;
	const struct request_type *type;
	uint32_t header[VIRTIO_BLK_HEADER / 4];

	if (s->chain.writable_bytes == 0 ||
	    !vq_cursor_read(&readable, dev->dma, header, sizeof(header)))
		return false;
	preempt_point();
	if (dev->dma->generation != generation)
		return false;
	*request = (struct virtio_blk_request){ .type = header[0] };
	request->run.sector = header[2] | (uint64_t)header[3] << 32;
	request->run.dma = dev->dma;
	type = find_type(request->type);
	if (type && type->is_write) {
		request->run.memory = readable;
		request->run.length = s->chain.readable_bytes - VIRTIO_BLK_HEADER;
	} else {
		request->run.memory = vq_writable(&s->chain);
		request->run.length = s->chain.writable_bytes - 1u;
	}
	request->length = request->run.length;
	return true;
}

/* What serve_request() returns besides a status. */
#define NO_ANSWER (-1) /* none is possible */
#define NOT_YET   (-2) /* the disk will have it later */

/** Serves s->request, or goes on with it. */
static int serve_request(struct device *dev)
{
	struct virtio_blk_state *s = dev->state;
	const struct request_type *const type = find_type(s->request.type);

	if (!type)
		return VIRTIO_BLK_S_UNSUPP;
	switch (type->serve(dev, &s->request)) {
	case BLOCK_DONE:
		return VIRTIO_BLK_S_OK;
	case BLOCK_FAILED:
		return VIRTIO_BLK_S_IOERR;
	case BLOCK_LATER:
		return dev->clock ? NOT_YET : (int)VIRTIO_BLK_S_IOERR;
	default:
		return NO_ANSWER;
	}
}

static bool put_status(struct device *dev, uint8_t status)
{
	struct virtio_blk_state *s = dev->state;
	struct vq_cursor at = vq_writable(&s->chain);

	vq_cursor_skip(&at, s->chain.writable_bytes - 1u);
	return vq_cursor_write(&at, dev->dma, &status, sizeof(status));
}

static void pause(struct device *dev, uint64_t ticks)
{
	struct virtio_blk_state *s = dev->state;

	s->is_pausing = true;
	dev->clock->set_deadline(dev->clock, dev, dev->clock->now(dev->clock) + ticks);
}

/** Whether the request that waits is still the device's: the driver may have stopped the queue. */
static bool go_on(struct virtio_blk_state *s, const struct virtqueue *vq)
{
	const bool was_waiting = s->is_waiting;

	s->is_waiting = false;
	return was_waiting && vq->ready && !vq->broken && vq->starts == s->starts;
}

/**
 * Takes a request, or goes on with the one that waits, serves and answers it. Returns what it counts
 * for, or 0 if there is none, or it has to wait. What is written of the chain is counted from its
 * beginning: with data missing, the status behind it does not count. (2.6.8)
 */
static uint32_t serve_next(struct device *dev)
{
	struct virtio_blk_state *s = dev->state;
	struct virtqueue *vq = virtio_queue(dev, REQUESTS);
	const uint32_t generation = dev->dma->generation;
	uint32_t bytes;
	int status = NOT_YET;

	if (!go_on(s, vq)) {
		preempt_point(); /* the way here was long, too */
		if (!vq_pop(vq, &s->chain))
			return 0;
		s->starts = vq->starts;
		if (!read_request(dev))
			status = NO_ANSWER;
	}
	if (status == NOT_YET)
		status = serve_request(dev);
	if (dev->dma->generation != generation)
		return 0;
	if (status == NOT_YET) {
		s->is_waiting = true;
		pause(dev, VIRTIO_BLK_RETRY);
		return 0;
	}
	if (status < 0 || !put_status(dev, (uint8_t)status)) {
		vq_break(vq);
		return 0;
	}
	vq_push(vq, &s->chain,
		s->request.done + (s->request.done == s->chain.writable_bytes - 1u ? 1u : 0u));
	preempt_point();
	bytes = s->chain.writable_bytes + s->chain.readable_bytes;
	return REQUEST_COST + (bytes < VIRTIO_BLK_BURST ? bytes : VIRTIO_BLK_BURST);
}

/** Serves requests, until there are no more or it is the guest's turn to run. */
static void serve(struct device *dev)
{
	uint32_t served = 0;
	uint32_t cost;

	do {
		cost = serve_next(dev);
		served += cost;
	} while (cost && (!dev->clock || served < VIRTIO_BLK_BURST));
	if (cost && vq_has_chain(virtio_queue(dev, REQUESTS)))
		pause(dev, VIRTIO_BLK_PAUSE);
	virtio_queue_done(dev, REQUESTS);
}

static void blk_notify(struct device *dev, unsigned queue)
{
	const struct virtio_blk_state *s = dev->state;

	if (!s->is_pausing)
		serve(dev);
}

static void blk_deadline(struct device *dev)
{
	struct virtio_blk_state *s = dev->state;

	s->is_pausing = false;
	if (virtio_is_live(dev))
		serve(dev);
}

static void blk_driver_reset(struct device *dev)
{
	struct virtio_blk_state *s = dev->state;

	s->is_pausing = false;
	s->is_waiting = false;
	if (dev->clock)
		dev->clock->set_deadline(dev->clock, dev, CLOCK_NEVER);
}

static const struct virtio_model blk_model = {
	.device_id = VIRTIO_ID_BLOCK,
	.queue_count = 1,
	.queue_size = VIRTIO_BLK_QUEUE_SIZE,
	.config_size = VIRTIO_BLK_CONFIG_BYTES,
	.features = blk_features,
	.config = blk_config,
	.notify = blk_notify,
	.reset = blk_driver_reset,
};

static void blk_reset(struct device *dev)
{
	virtio_mmio_reset(dev, &blk_model);
}

const struct device_ops virtio_blk_ops = {
	.name = "virtio_blk",
	.state_size = sizeof(struct virtio_blk_state),
	.reset = blk_reset,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
	.deadline = blk_deadline,
};
