/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers that are another board's: each access is carried out there (docs/remote-protocol.md). Back
 * end: struct remote_backend. The protocol, and the VM's wait for an answer, are behind that
 * (vmm/remote/remote_window.c); a device that is reset here keeps its state there, as one that is mapped into
 * a VM does.
 */
#ifndef DEVEMU_REMOTE_H
#define DEVEMU_REMOTE_H

#include "devemu/device.h"

struct remote_backend {
	/**
	 * One access of 1, 2 or 4 bytes at a multiple of that; returns when there is an answer, and not
	 * at all if the guest is given a data abort instead, or begins anew meanwhile.
	 */
	uint32_t (*read)(const struct remote_backend *backend, uint32_t offset, unsigned size);
	void (*write)(const struct remote_backend *backend, uint32_t offset, unsigned size,
		      uint32_t value);
	/** As the model's near(), for what is known of the device. May be NULL. */
	const struct device_ops *(*near)(const struct remote_backend *backend, uint32_t offset);
	/** The VM is reset, or off: what it waited for is void. */
	void (*reset)(const struct remote_backend *backend);
};

/** Memory of the VM that is another board's, too: not every access of the guest is seen here. */
struct remote_memory_backend {
	void (*write)(const struct remote_memory_backend *backend, uint32_t offset, unsigned size,
		      uint32_t value);
	void (*reset)(const struct remote_memory_backend *backend);
	/** Some of it has been written. On the VM's own thread: the device has a dma. */
	void (*deadline)(const struct remote_memory_backend *backend);
};

extern const struct device_ops remote_ops;
extern const struct device_ops remote_memory_ops;

#endif
