/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lib/heap.h"

#include "vmm/lib/check.h"
#include "vmm/lib/string.h"

#include <stdint.h>

static uint8_t *next;
static size_t left;
static bool is_clear; /* all that is left */

/** From now on blocks are taken from here. @p clear: there are zeros already. */
void heap_init(void *start, size_t size, bool clear)
{
	const size_t skip = -(uintptr_t)start % HEAP_ALIGN;

	next = (uint8_t *)start + skip;
	left = size - skip;
	is_clear = clear;
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
	if (!is_clear)
		memset(block, 0, size);
	return block;
}

size_t heap_free(void)
{
	return left;
}
