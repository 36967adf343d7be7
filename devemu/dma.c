/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/dma.h"

/** Whether all of a range can be mapped. It may reach the end of the address space, not beyond. */
bool dma_covers(const struct dma *dma, gpa_t at, uint32_t length, bool write)
{
	if (length && at.raw + (length - 1u) < at.raw)
		return false;
	while (length) {
		uint32_t piece = length;

		if (!dma_map(dma, at, &piece, write, DMA_RING))
			return false;
		at.raw += piece;
		length -= piece;
	}
	return true;
}
