/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/vm_mem.h"

#include "vmm/lib/bits.h"

#define PAGE_MASK 0xfffu

/** The last address of @p region. */
static uint32_t last(const struct mem_region *region)
{
	return region->base + (region->size - 1u);
}

/**
 * Adds a region, keeping the map sorted.
 *
 * Returns STATUS_BAD_CONFIG for a region of nothing and for an empty, unaligned or wrapping region,
 * STATUS_OVERLAP if it shares an address with another, STATUS_NO_MEMORY if the map is full; the map
 * is unchanged then.
 */
__attribute__((cold)) enum status vm_mem_add(struct vm_mem *mem, const struct mem_region *region)
{
	unsigned at = 0;

	if (region->kind == MEM_NOTHING || region->size == 0 || (region->base & PAGE_MASK) ||
	    (region->size & PAGE_MASK) || last(region) < region->base ||
	    (region->hpa.raw & PAGE_MASK))
		return STATUS_BAD_CONFIG;
	if (mem->count == VM_MEM_REGIONS_MAX)
		return STATUS_NO_MEMORY;

	while (at < mem->count && mem->region[at].base < region->base)
		at++;
	if (at > 0 && last(&mem->region[at - 1]) >= region->base)
		return STATUS_OVERLAP;
	if (at < mem->count && mem->region[at].base <= last(region))
		return STATUS_OVERLAP;

	for (unsigned i = mem->count; i > at; i--)
		mem->region[i] = mem->region[i - 1];
	mem->region[at] = *region;
	mem->count++;
	for (unsigned i = 0; i < mem->count; i++)
		if (mem->region[i].kind == MEM_RAM)
			mem->ram = i;
	return STATUS_OK;
}

/** The region that holds @p at, or NULL when nothing is there. */
const struct mem_region *vm_mem_find(const struct vm_mem *mem, gpa_t at)
{
	unsigned low = 0, high = mem->count;

	/* Nearly every question is about RAM. A region that is not there has size 0. */
	if (at.raw - mem->region[mem->ram].base < mem->region[mem->ram].size)
		return &mem->region[mem->ram];

	while (low < high) {
		const unsigned middle = (low + high) / 2;
		const struct mem_region *region = &mem->region[middle];

		if (at.raw < region->base)
			high = middle;
		else if (at.raw > last(region))
			low = middle + 1;
		else
			return region;
	}
	return 0;
}

/** Whether all of [from, from + size) lies in @p region. @p size is not 0. */
bool vm_mem_covers(const struct mem_region *region, gpa_t from, uint32_t size)
{
	const uint32_t to = from.raw + (size - 1u);

	return from.raw >= region->base && to >= from.raw && to <= last(region);
}
