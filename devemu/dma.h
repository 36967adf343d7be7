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
	DMA_RING,   /**< what a driver writes of a virtqueue's rings: what is available */
	DMA_USED,   /**< what the device writes of them: what is used */
	DMA_SOURCE, /**< what is copied from */
	DMA_TARGET, /**< what is copied to */
	DMA_TABLE,  /**< a table of descriptors, the queue's own or an indirect one */
	DMA_SLOTS
};

/** A page that is mapped in a slot: a ring is looked at many times before another page. */
struct dma_mapping {
	uint32_t page; /* GPA + 1; 0: none */
	uint32_t host; /* HPA */
	uint8_t *at;
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

	/** For dma_map(): what map() has filled in, if it does, and a page that is not to be written. */
	struct dma_mapping mapped[DMA_SLOTS];
	const uint32_t *barred; /* HPA */
};

/** As dma->map(), which is called for another page than the last one only. */
static inline void *dma_map(const struct dma *dma, gpa_t at, uint32_t *length, bool write,
			    enum dma_slot slot)
{
	const struct dma_mapping *const m = &dma->mapped[slot];
	const uint32_t in_page = at.raw & (DMA_PAGE - 1);

	if (m->page != at.raw - in_page + 1u || (write && *dma->barred - m->host < DMA_PAGE))
		return dma->map(dma, at, length, write, slot);
	if (*length > DMA_PAGE - in_page)
		*length = DMA_PAGE - in_page;
	return m->at + in_page;
}

bool dma_covers(const struct dma *dma, gpa_t at, uint32_t length, bool write);

#endif
