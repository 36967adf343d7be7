/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical MMU: what the shadow page tables and the VMM's own windows need of it. Host tests
 * bring their own versions of these functions.
 */
#ifndef ARCH_ARM_MMU_H
#define ARCH_ARM_MMU_H

#include "vmm/lib/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/** MMU domains that are not handed out: always client, but for MMU_DOMAIN_PV. */
#define MMU_DOMAIN_COUNT   16
#define MMU_DOMAIN_DYNAMIC 12 /* 0 to 11 belong to the shadow tables */
#define MMU_DOMAIN_PV      12 /* PV_PAGE: closed but in virtual Supervisor mode */
#define MMU_DOMAIN_FLAT    13 /* a guest whose MMU is off */
#define MMU_DOMAIN_VECTORS 14 /* the slot that holds the VMM's vectors */
#define MMU_DOMAIN_VMM     15
#define MMU_DACR_FIXED     ((1u << 26) | (1u << 28) | (1u << 30))
#define MMU_DACR_PV        (1u << 24)

#define MMU_SLOTS 4096u /* 1 MiB each */

void mmu_init(const struct boot_info *info);

/** What the MMU is set to while a VM runs. */
struct mmu_state {
	uint32_t ttbr;
	uint32_t dacr;
	uint32_t sctlr;
	hpa_t pool;
};

void mmu_use_pool(hpa_t pool);
void mmu_save(struct mmu_state *state);
void mmu_load(const struct mmu_state *state);

void mmu_set_ttbr(hpa_t table);
void mmu_set_dacr(uint32_t dacr);
void mmu_tlb_invalidate_all(void);
void mmu_tlb_invalidate(uint32_t va);

/** The VMM's own entries of a first-level table: VMM_BASE to VMM_END. */
void mmu_copy_vmm_slots(uint32_t *l1);

hpa_t mmu_pool_hpa(const void *in_pool);
void mmu_pv_page_set(bool writable);
#define MMU_VECTORS_SIZE 64u /* what is used of the vector page: vectors, and their literals */
uint32_t mmu_vector_page_desc(void);
hpa_t mmu_shared_vectors(void);
void mmu_set_shared_vectors(unsigned first, unsigned count, const volatile uint32_t *words);
void mmu_set_high_vectors(bool high);
void mmu_set_guest_control(uint32_t guest_sctlr);

void *mmu_guest_window(hpa_t page);
void *mmu_vm_window(unsigned vm, unsigned slot, hpa_t page);
void *mmu_disk_window(hpa_t page);
void *mmu_flash_window(hpa_t page);
volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size);
const void *mmu_bundle_window(hpa_t from, uint32_t size);

#endif
