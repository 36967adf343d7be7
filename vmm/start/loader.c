/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/start/loader.h"

#include "arch/arm/cache.h"
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/lib/check.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define PAGE_SIZE 4096u

/* Of a page, between two preempt points. */
#define AT_ONCE (PAGE_SIZE / 2)

/** Copies or clears a piece of a page of guest RAM; @p from NULL means zeros. */
static uint32_t fill_page(const struct vm_mem *mem, uint32_t at, hpa_t from, uint32_t left,
			  bool zero)
{
	const uint32_t in_page = at & (PAGE_SIZE - 1);
	const uint32_t piece = AT_ONCE - at % AT_ONCE;
	const uint32_t length = left < piece ? left : piece;
	const struct mem_region *region = vm_mem_find(mem, gpa(at));
	uint8_t *page;

	CHECK(region && region->kind == MEM_RAM);
	page = mmu_guest_window(mem_region_hpa(region, gpa(at - in_page)));
	if (zero)
		memset(page + in_page, 0, length);
	else
		memcpy(page + in_page, mmu_bundle_window(from, length), length);
	return length;
}

/**
 * Places every part of the guest in its RAM. The windows are uncached, so what is written is in
 * memory; the caches are emptied first, because lines of an earlier run must not be written over it
 * later, nor be found by the new one.
 */
void loader_load(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		 const struct vm_mem *mem)
{
	cache_flush_all();
	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *part = &bundle->part[i];
		const uint32_t at = board.ram.base.raw + part->gpa.raw;
		uint32_t done = 0;

		if (part->vm != vm || (part->kind != BUNDLE_GUEST && part->kind != BUNDLE_DTB &&
				       part->kind != BUNDLE_INITRD))
			continue;
		while (done < part->size) {
			done += fill_page(mem, at + done,
					  hpa(info->bundle.raw + part->offset + done),
					  part->size - done, false);
			preempt_point();
		}
		while (done < part->memory_size) {
			done += fill_page(mem, at + done, hpa(0), part->memory_size - done, true);
			preempt_point();
		}
	}
}
