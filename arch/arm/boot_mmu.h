/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first page table: the VMM where arch/arm/layout.h wants it, and one section in which address
 * and physical address are the same, for the instructions that switch the MMU on.
 */
#ifndef ARCH_ARM_BOOT_MMU_H
#define ARCH_ARM_BOOT_MMU_H

#include <stdint.h>

#define L1_ENTRIES 4096u

/** The VMM's first-level table, in use from the first mapped instruction on. */
extern uint32_t vmm_l1_table[L1_ENTRIES];

uint32_t boot_mmu_make_table(uint32_t image, uint32_t pool);

#endif
