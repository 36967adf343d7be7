/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/virtqueue_fixture.h"

static struct device dev; /* for the fixture; the queue is not its */
struct virtqueue vq;
struct vq_chain chain;
struct driver_queue q;

void start(unsigned size, uint64_t features)
{
	const struct vq_layout layout = driver_layout(0, size, &q);

	assert_true(vq_start(&vq, &bench_dma, &layout, features));
}

static void nothing(struct device *device)
{
}

int setup(void **state)
{
	static const struct device_ops ops = { .reset = nothing };

	virtio_bench_init(&dev, &ops, NULL, NULL);
	start(SIZE, VIRTIO_F_INDIRECT_DESC);
	return 0;
}

int teardown(void **state)
{
	virtio_bench_fini(&dev);
	return 0;
}

uint16_t *field(uint32_t address)
{
	return guest_ptr(address);
}
