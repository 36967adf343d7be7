/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device model: a constant table of functions and a state. It sees offsets, values, wires, guest
 * time and its back end - no addresses and no vCPU.
 */
#ifndef DEVEMU_DEVICE_H
#define DEVEMU_DEVICE_H

#include "devemu/clock.h"
#include "devemu/dma.h"
#include "devemu/irq_line.h"

#include <stddef.h>
#include <stdint.h>

struct device;
struct log_limit;

/** A kind of device. One constant instance per model, shared by all VMs. */
struct device_ops {
	const char *name;
	size_t state_size;
	/** Power-on state; also called when the VM is reset. Lowers its wires. */
	void (*reset)(struct device *dev);
	/** @p size is 1, 2 or 4; @p offset is aligned to it and inside the window. */
	uint32_t (*read)(struct device *dev, uint32_t offset, unsigned size);
	void (*write)(struct device *dev, uint32_t offset, uint32_t value, unsigned size);
	/** The deadline set with clock->set_deadline() has passed. NULL if the model sets none. */
	void (*deadline)(struct device *dev);
	/** An input wire changed (interrupt controllers). NULL if the model has no inputs. */
	void (*set_input)(struct device *dev, unsigned input, bool level);
	/** The board's bus may abort its accesses: they are not made in Abort mode (fast_mmio.S). */
	bool may_abort;
	/**
	 * Of a model that may abort: other functions for the registers in the KiB at @p offset, which
	 * from now on neither abort nor wait; NULL: there are none. They are called by fast_mmio.S only,
	 * and read() and write() above do the same. NULL if that is never so.
	 */
	const struct device_ops *(*near)(struct device *dev, uint32_t offset);
};

#define DEVICE_WIRES_MAX 4

/** One device of one VM. */
struct device {
	const struct device_ops *ops;
	void *state; /* ops->state_size bytes, zeroed once, the model's own */
	struct irq_line irq[DEVICE_WIRES_MAX]; /* outputs; the model says which is which */
	bool irq_level[DEVICE_WIRES_MAX];      /* what they were driven to; a wire starts low */
	const struct clock *clock;             /* NULL for models that need no time */
	const struct dma *dma; /* NULL for models that do not access memory themselves */
	const void *params;    /* constants of this instance: see each model's header */
	const void *backend;   /* given by the VM: see each model's header */
	uint64_t deadline_at;  /* owned by the clock */
	const char *owner;     /* name of the VM, for messages */
	struct log_limit *log; /* of the VM, for those messages; NULL: there is no limit */
	unsigned guest_errors; /* accesses to registers that are not there */
};

/** An irq_line whose sink is a device: passes the level to ops->set_input(). */
void device_input(void *dev, unsigned input, bool level);

/**
 * Drives an output wire. The far end hears of changes only, so a model derives its levels after
 * every access and calls this without a second thought.
 */
static inline void device_set_irq(struct device *dev, unsigned wire, bool level)
{
	if (dev->irq_level[wire] == level)
		return;
	dev->irq_level[wire] = level;
	irq_line_set(&dev->irq[wire], level);
}

/** Counts an access to a register the device does not have; logs only the first few per device. */
void device_guest_error(struct device *dev, uint32_t offset);

/* Where a PrimeCell of ARM has its identification, one byte in a word. */
#define PRIMECELL_ID      0xfe0u
#define PRIMECELL_ID_SIZE 8u

/** Reads what is no other register of a PrimeCell: its identification, or a guest's error. */
static inline uint32_t device_read_id(struct device *dev, const uint8_t id[PRIMECELL_ID_SIZE],
				      uint32_t offset)
{
	if (offset >= PRIMECELL_ID && offset < PRIMECELL_ID + 4 * PRIMECELL_ID_SIZE)
		return id[(offset - PRIMECELL_ID) / 4u];
	device_guest_error(dev, offset);
	return 0;
}

#endif
