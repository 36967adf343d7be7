/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/mmu.h"

#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"

#define SECTION_SIZE 0x00100000u

uint32_t l1_table[L1_TABLES][L1_ENTRIES]
	__attribute__((section(".bss.page_tables"), aligned(16384)));
uint32_t l2_table[L2_TABLES][FINE_ENTRIES]
	__attribute__((section(".bss.page_tables"), aligned(4096)));

/* What mmu_on() sets or clears besides M. */
static const uint32_t choices = SCTLR_S | SCTLR_R | SCTLR_A | SCTLR_V;

static const uint32_t device_sections[] = BOARD_DEVICE_SECTIONS;

/** Program RAM and devices at their physical addresses; everything else faults. */
void mmu_flat_map(uint32_t *l1)
{
	for (unsigned i = 0; i < L1_ENTRIES; i++)
		l1[i] = 0;
	for (uint32_t at = BOARD_RAM; at < GUEST_SCRATCH + GUEST_SCRATCH_SIZE; at += SECTION_SIZE)
		l1[at >> 20] = desc_section(at, AP_USER_RW, 0, 0);
	for (unsigned i = 0; i < sizeof(device_sections) / sizeof(device_sections[0]); i++)
		l1[device_sections[i] >> 20] = desc_section(device_sections[i], AP_USER_RW, 0, 0);
}

/** Flat map in every level 1 table, level 2 tables empty, table 0 and DACR_ONLY_0 in use. */
void mmu_tables_init(void)
{
	for (unsigned t = 0; t < L1_TABLES; t++)
		mmu_flat_map(l1_table[t]);
	for (unsigned t = 0; t < L2_TABLES; t++)
		for (unsigned i = 0; i < FINE_ENTRIES; i++)
			l2_table[t][i] = 0;
	drain_write_buffer();
	ttbr_write(addr(l1_table[0]));
	dacr_write(DACR_ONLY_0);
	fcse_pid_write(0);
	tlb_flush_all();
}

/** MMU on, with @p sctlr_bits (S, R, A, V) and without the others of these. */
void mmu_on(uint32_t sctlr_bits)
{
	tlb_flush_all();
	sctlr_write((sctlr_read() & ~choices) | SCTLR_M | sctlr_bits);
}

/** MMU, alignment faults and high vectors off; no FCSE. */
void mmu_off(void)
{
	fcse_pid_write(0);
	sctlr_write(sctlr_read() & ~(SCTLR_M | choices));
	tlb_flush_all();
}

bool mmu_is_on(void)
{
	return sctlr_read() & SCTLR_M;
}

/** Writes a descriptor so that the table walker sees it. No TLB operation. */
void mmu_set(uint32_t *entry, uint32_t descriptor)
{
	*(volatile uint32_t *)entry = descriptor;
	drain_write_buffer();
}

/** The vectors in RAM also at 0xffff0000, through the last level 2 table, in domain 0. */
void mmu_map_high_vectors(void)
{
	uint32_t *const l2 = l2_table[L2_TABLES - 1];

	mmu_set(&l2[0xf0], desc_small(BOARD_RAM, AP_USER_RO, 0));
	mmu_set(&l1_table[0][0xfff], desc_coarse(addr(l2), 0));
}
