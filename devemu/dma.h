/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory as a device model that is a bus master sees it: by guest physical address, a page at
 * a time. The VM gives the access in dev->dma; what it maps is its own RAM and nothing else. The
 * pages are seen past the guest's cache: a driver maintains its cache as for any bus master.
 */
#ifndef DEVEMU_DMA_H
#define DEVEMU_DMA_H

#include "vmm/lib/addr.h"

#include <stdbool.h>
#include <stdint.h>

#define DMA_PAGE 4096u

/** What a mapping is for. A new one in the same slot replaces the one before. */
enum dma_slot {
	DMA_RING,     /**< what a driver writes of a virtqueue: descriptors, ring of available */
	DMA_USED,     /**< what the device writes of it: ring of used */
	DMA_SOURCE,   /**< what is copied from */
	DMA_TARGET,   /**< what is copied to */
	DMA_INDIRECT, /**< an indirect table of descriptors */
	DMA_SLOTS
};

struct dma {
	/**
	 * The memory at @p at. *length is what the caller wants, at least 1, and comes back cut at
	 * the end of the page. NULL: this is not RAM of the VM, or it may not be written.
	 * The pointer is valid until the next map() of the same slot, and until a preempt point.
	 */
	void *(*map)(const struct dma *dma, gpa_t at, uint32_t *length, bool write,
		     enum dma_slot slot);
	uint32_t generation; /**< moves when the VM is reset: work begun before is void */
};

bool dma_covers(const struct dma *dma, gpa_t at, uint32_t length, bool write);

#endif
