/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/remote.h"

static void remote_reset(struct device *dev)
{
	const struct remote_backend *const backend = dev->backend;

	backend->reset(backend);
}

static uint32_t remote_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct remote_backend *const backend = dev->backend;

	return backend->read(backend, offset, size);
}

static void remote_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const struct remote_backend *const backend = dev->backend;

	backend->write(backend, offset, size, value);
}

static const struct device_ops *remote_near(struct device *dev, uint32_t offset)
{
	const struct remote_backend *const backend = dev->backend;

	return backend->near ? backend->near(backend, offset) : NULL;
}

const struct device_ops remote_ops = {
	.name = "remote",
	.may_abort = true,
	.near = remote_near,
	.reset = remote_reset,
	.read = remote_read,
	.write = remote_write,
};

static void memory_reset(struct device *dev)
{
	const struct remote_memory_backend *const backend = dev->backend;

	backend->reset(backend);
}

static void memory_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	const struct remote_memory_backend *const backend = dev->backend;

	backend->write(backend, offset, size, value);
}

static void memory_deadline(struct device *dev)
{
	const struct remote_memory_backend *const backend = dev->backend;

	backend->deadline(backend);
}

const struct device_ops remote_memory_ops = {
	.name = "remote memory",
	.reset = memory_reset,
	.write = memory_write,
	.deadline = memory_deadline,
};
