/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lib/heap.h"

#include "vmm/lib/check.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#include <stdint.h>

#define PIECE 2048u /* cleared between preempt points: vmm/reload.c lets others run meanwhile */

static uint8_t *next;
static size_t left;

void heap_init(void *start, size_t size)
{
	const size_t skip = -(uintptr_t)start % HEAP_ALIGN;

	next = (uint8_t *)start + skip;
	left = size - skip;
}

/** Returns @p size bytes of zeros, from the start of a cache line; panics if they are not there. */
void *heap_alloc(size_t size)
{
	void *const block = next;

	size = (size + HEAP_ALIGN - 1) & ~(size_t)(HEAP_ALIGN - 1);
	if (size > left)
		panic("the VMM's heap is used up: %u bytes wanted, %u left; see vmm/lib/heap.h\n",
		      (unsigned)size, (unsigned)left);
	next += size;
	left -= size;
	for (size_t at = 0; at < size; at += PIECE) {
		memset((uint8_t *)block + at, 0, size - at < PIECE ? size - at : PIECE);
		preempt_point();
	}
	return block;
}

size_t heap_free(void)
{
	return left;
}
