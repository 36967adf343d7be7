/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables of a test guest. mmu_tables_init() writes a flat map of what every program needs -
 * its 4 MiB of RAM and the board's devices, in domain 0 - and the test adds what it is about.
 * That map is not cached, so a table is in memory as soon as the write buffer has drained.
 */
#ifndef TESTS_GUEST_MMU_H
#define TESTS_GUEST_MMU_H

#include "arch/arm/mmu_desc.h"

#include <stdbool.h>
#include <stdint.h>

#define L1_ENTRIES     4096
#define COARSE_ENTRIES 256
#define FINE_ENTRIES   1024

/* Level 1 tables, and level 2 tables large enough for either kind. */
#define L1_TABLES 2
#define L2_TABLES 6
extern uint32_t l1_table[L1_TABLES][L1_ENTRIES];
extern uint32_t l2_table[L2_TABLES][FINE_ENTRIES];

/** The DACR that opens nothing but domain 0, as client. */
#define DACR_ONLY_0 0x00000001u

void mmu_tables_init(void);
void mmu_flat_map(uint32_t *l1);
void mmu_on(uint32_t sctlr_bits);
void mmu_off(void);
bool mmu_is_on(void);
void mmu_set(uint32_t *entry, uint32_t descriptor);
void mmu_map_high_vectors(void);

/** Domain @p n set to @p access. */
static inline uint32_t dacr_field(unsigned n, uint32_t access)
{
	return access << (2 * n);
}

#endif
