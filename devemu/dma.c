// SPDX-License-Identifier: Apache-2.0
#include "devemu/dma.h"

#include "vmm/lib/string.h"

/**
 * Copies a few bytes out of guest memory, through the slot for sources. Returns false when a page
 * of them is not RAM; some bytes may have been copied then. For less than a page: there is no
 * preempt point.
 */
bool dma_read(const struct dma *dma, gpa_t from, void *to, uint32_t length)
{
	for (uint8_t *byte = to; length;) {
		uint32_t piece = length;
		const void *mapped = dma->map(dma, from, &piece, false, DMA_SOURCE);

		if (!mapped)
			return false;
		memcpy(byte, mapped, piece);
		byte += piece;
		from.raw += piece;
		length -= piece;
	}
	return true;
}

/** Copies a few bytes into guest memory, through the slot for targets; as dma_read(). */
bool dma_write(const struct dma *dma, gpa_t to, const void *from, uint32_t length)
{
	for (const uint8_t *byte = from; length;) {
		uint32_t piece = length;
		void *mapped = dma->map(dma, to, &piece, true, DMA_TARGET);

		if (!mapped)
			return false;
		memcpy(mapped, byte, piece);
		byte += piece;
		to.raw += piece;
		length -= piece;
	}
	return true;
}

/** Whether all of a range can be mapped. It may reach the end of the address space, not beyond. */
bool dma_covers(const struct dma *dma, gpa_t at, uint32_t length, bool write)
{
	if (length && at.raw + (length - 1u) < at.raw)
		return false;
	while (length) {
		uint32_t piece = length;

		if (!dma->map(dma, at, &piece, write, DMA_RING))
			return false;
		at.raw += piece;
		length -= piece;
	}
	return true;
}
