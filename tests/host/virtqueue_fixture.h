/* SPDX-License-Identifier: Apache-2.0 */
/* One split virtqueue, without a device behind it, and its driver. */
#ifndef TESTS_HOST_VIRTQUEUE_FIXTURE_H
#define TESTS_HOST_VIRTQUEUE_FIXTURE_H

#include "tests/host/virtio_fixture.h"

#define SIZE  16u
#define INDIR VIRTQ_DESC_F_INDIRECT

extern struct virtqueue vq;
extern struct vq_chain chain;
extern struct driver_queue q;

/** The driver begins anew, with a queue of @p size. */
void start(unsigned size, uint64_t features);
/** Of a test: a queue of SIZE, with indirect descriptors. */
int setup(void **state);
int teardown(void **state);

/** A halfword of the guest's. */
uint16_t *field(uint32_t address);

#endif
