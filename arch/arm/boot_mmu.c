// SPDX-License-Identifier: Apache-2.0
#include "arch/arm/boot_mmu.h"

#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "arch/arm/mmu_desc.h"

/* Alignment: ARM926EJ-S TRM, 3.2.1. */
uint32_t vmm_l1_table[L1_ENTRIES] __attribute__((aligned(16384)));

#define SECTION_SHIFT 20
#define SECTION_SIZE  (1u << SECTION_SHIFT)

static void map_section(uint32_t va, uint32_t pa, unsigned domain, uint32_t cb)
{
	vmm_l1_table[va >> SECTION_SHIFT] = desc_section(pa, AP_PRIV, domain, cb);
}

/**
 * Fills vmm_l1_table, which is all zeros, and returns its physical address.
 *
 * Runs with the MMU off and position independent from the image's final place: the address of the
 * table is computed from the pc and so physical, and the stores go to memory, not to a cache.
 */
uint32_t boot_mmu_make_table(uint32_t image, uint32_t pool)
{
	map_section(VMM_IMAGE, image, MMU_DOMAIN_VMM, DESC_C | DESC_B);
	/*
	 * Neither cached nor buffered: the walker reads memory, not the data cache, so a store to a
	 * table is seen by the next walk without a clean (TRM, 3.2 and 4.3).
	 */
	for (uint32_t at = 0; at < VMM_POOL_SIZE; at += SECTION_SIZE)
		map_section(VMM_POOL + at, pool + at, MMU_DOMAIN_VMM, 0);
	vmm_l1_table[VMM_WINDOWS >> SECTION_SHIFT] =
		desc_coarse(pool + VMM_POOL_WINDOW_L2, MMU_DOMAIN_VMM);
	/* The table of the windows is in one of them: VMM_POOL is another pool for each VM. */
	((uint32_t *)(uintptr_t)(pool + VMM_POOL_WINDOW_L2))[WINDOW_L2] =
		desc_small((pool + VMM_POOL_WINDOW_L2) & ~0xfffu, AP_PRIV, 0);
	vmm_l1_table[VMM_PV_PAGE >> SECTION_SHIFT] =
		desc_coarse(pool + VMM_POOL_PV_L2, MMU_DOMAIN_PV);
	/*
	 * Not cached: the caches are virtually tagged, and the same bytes are cached under
	 * VMM_IMAGE. Domain 0, so that it goes with the others that the guest uses.
	 */
	map_section(image, image, 0, 0);
	return (uint32_t)(uintptr_t)vmm_l1_table;
}
