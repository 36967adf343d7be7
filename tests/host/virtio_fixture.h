/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio device on a workbench: guest RAM that the device sees a page at a time through windows
 * that become void as on the board, and a driver that sets up queues and hands out buffers.
 */
#ifndef TESTS_HOST_VIRTIO_FIXTURE_H
#define TESTS_HOST_VIRTIO_FIXTURE_H

#include "tests/host/device_fixture.h"

#include "devemu/virtio.h"
#include "devemu/virtio_mmio.h"
#include "devemu/virtqueue.h"

/* The VM's RAM; its last page may not be written by devices. */
#define RAM_BASE  0x00100000u
#define RAM_PAGES 96u
#define RAM_SIZE  (RAM_PAGES * DMA_PAGE)
#define ROM_BASE  (RAM_BASE + RAM_SIZE - DMA_PAGE)
/* What a driver may use for buffers; the queues are below. */
#define BUFFERS (RAM_BASE + 0x10000u)

extern uint8_t *const ram; /* the VM's RAM as the guest sees it */
extern struct dma bench_dma;
extern unsigned preempt_points;
/** Called at each preempt point, if not NULL: what others do meanwhile. */
extern void (*bench_meanwhile)(void);

/** The guest's view of an address. */
void *guest_ptr(uint32_t address);

/** The driver's side of one queue; as virtio 1.1, 2.6.13 has it, without interrupts. */
struct driver_queue {
	uint32_t descriptors, avail, used; /* guest addresses */
	unsigned size;
	unsigned next_descriptor; /* the next free one; they are not given back */
	uint16_t avail_index, used_index;
};

struct buffer {
	uint32_t address, length;
	bool write; /* by the device */
};

/** bench_init() with memory; RAM is zeroed. */
void virtio_bench_init(struct device *dev, const struct device_ops *ops, const void *backend,
		       const void *params);
void virtio_bench_fini(struct device *dev);

/** The steps of a driver up to FEATURES_OK, and whether the device agreed. */
bool driver_negotiate(struct device *dev, uint64_t features);
/** Where the fixture puts queue @p n: each part ends in another page than it begins. Clears it. */
struct vq_layout driver_layout(unsigned n, unsigned size, struct driver_queue *q);
/** Sets up a queue; its parts are at places of their own. Returns QueueReady. */
bool driver_queue(struct device *dev, unsigned n, unsigned size, struct driver_queue *q);
/** All of it, for devices that are to work. */
void driver_start(struct device *dev, uint64_t features, unsigned queues, unsigned size,
		  struct driver_queue *q);

void driver_descriptor(const struct driver_queue *q, unsigned n, uint64_t address, uint32_t length,
		       uint16_t flags, uint16_t next);
/** Writes descriptors for a chain, and makes it available. Returns its head. */
unsigned driver_add(struct driver_queue *q, const struct buffer *buffers, unsigned count);
/** Makes the chain at @p head available. */
void driver_offer(struct driver_queue *q, unsigned head);
void driver_kick(struct device *dev, unsigned queue);
/** Takes the next used chain. Returns false if there is none. */
bool driver_used(struct driver_queue *q, uint32_t *head, uint32_t *length);

#endif
