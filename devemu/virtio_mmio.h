/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio over MMIO, version 2 (virtio 1.1, 4.2), without the legacy interface: what is common to
 * all device types. One wire.
 *
 * A device type is a constant struct virtio_model and a state that begins with struct virtio_mmio.
 * Its device_ops have virtio_mmio_read and virtio_mmio_write, and a reset that calls
 * virtio_mmio_reset() with its model:
 *
 *	struct virtio_rng_state { struct virtio_mmio mmio; ... };
 *
 *	const struct device_ops virtio_rng_ops = {
 *		.name = "virtio_rng", .state_size = sizeof(struct virtio_rng_state),
 *		.reset = rng_reset, .read = virtio_mmio_read, .write = virtio_mmio_write };
 *
 * The VM gives dev->dma, and the model's back end in dev->backend and dev->params.
 */
#ifndef DEVEMU_VIRTIO_MMIO_H
#define DEVEMU_VIRTIO_MMIO_H

#include "devemu/device.h"
#include "devemu/virtio.h"
#include "devemu/virtqueue.h"

#define VIRTIO_QUEUES_MAX 2u
#define VIRTIO_CONFIG_MAX 64u

/** A device type. */
struct virtio_model {
	uint32_t device_id;
	unsigned queue_count;
	uint16_t queue_size;  /* of each queue, at most VQ_SIZE_MAX; the driver may choose less */
	uint16_t config_size; /* bytes of config space, at most VIRTIO_CONFIG_MAX */
	/** Features of this device beyond those of the transport. NULL: none. */
	uint64_t (*features)(const struct device *dev);
	/** Whether features depend on each other as they should (5.x.3). NULL: they never do. */
	bool (*accepts)(const struct device *dev, uint64_t features);
	/** Fills in config space, config_size bytes that are zero. NULL if there is none. */
	void (*config)(const struct device *dev, uint8_t *config);
	/** The driver has made chains available in a queue, which is ready. */
	void (*notify)(struct device *dev, unsigned queue);
	/** The driver withdraws a queue: chains that were taken are its again. May be NULL. */
	void (*stop)(struct device *dev, unsigned queue);
	/** The driver resets the device: its work is void, and the model's own state. May be NULL. */
	void (*reset)(struct device *dev);
};

/** The head of each model's state. */
struct virtio_mmio {
	const struct virtio_model *model;
	uint64_t features; /* what the driver accepted; in force from FEATURES_OK on */
	uint32_t status;
	uint32_t interrupt_status;
	uint32_t device_features_sel, driver_features_sel;
	uint32_t queue_sel;
	struct virtqueue queue[VIRTIO_QUEUES_MAX];
	struct virtio_queue_setup {
		uint32_t size;
		uint32_t low[3], high[3]; /* addresses of descriptor, driver and device area */
	} setup[VIRTIO_QUEUES_MAX];
};

/* For the tables of functions of the models. */
void virtio_mmio_reset(struct device *dev, const struct virtio_model *model);
uint32_t virtio_mmio_read(struct device *dev, uint32_t offset, unsigned size);
void virtio_mmio_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size);

/* For the models. */
struct virtqueue *virtio_queue(struct device *dev, unsigned n);
bool virtio_is_live(const struct device *dev);
bool virtio_has(const struct device *dev, uint64_t feature);
void virtio_queue_done(struct device *dev, unsigned n);
void virtio_needs_reset(struct device *dev);

#endif
