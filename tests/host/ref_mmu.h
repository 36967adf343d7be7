/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MMU of ARMv5 once more, typed from the ARM Architecture Reference Manual (DDI 0100I, part B3)
 * without a look at arch/arm/mmu_desc.h or domain/guest_walk.c: what those are compared with, and
 * the hardware under the shadow page tables.
 */
#ifndef TESTS_HOST_REF_MMU_H
#define TESTS_HOST_REF_MMU_H

#include <stdbool.h>
#include <stdint.h>

/** The registers, and the memory the tables are in; @p read is false for an external abort. */
struct ref_mmu {
	uint32_t control, ttbr, dacr, pid;
	bool (*read)(void *ctx, uint32_t physical, uint32_t *word);
	void *ctx;
};

/** One entry as a TLB holds it: descriptors, and the modified virtual addresses they cover. */
struct ref_entry {
	uint32_t mva, size; /* size 0: the whole address space, MMU off */
	uint32_t l1, l2;
};

/** What an address means according to an entry. */
struct ref_meaning {
	uint32_t physical;
	unsigned domain, ap, cb;
	bool is_page;
};

uint32_t ref_mva(const struct ref_mmu *mmu, uint32_t va);

/** Finds the entry of @p mva; returns 0, or the fault status with the domain in bits 7:4. */
unsigned ref_walk(const struct ref_mmu *mmu, uint32_t mva, struct ref_entry *entry);
struct ref_meaning ref_meaning(const struct ref_entry *entry, uint32_t mva);

/** 0: no access, 1: read, 2: read and write. */
unsigned ref_rights(const struct ref_mmu *mmu, const struct ref_entry *entry, uint32_t mva,
		    bool privileged);
/** 0, or the fault status with the domain in bits 7:4. */
unsigned ref_check(const struct ref_mmu *mmu, const struct ref_entry *entry, uint32_t mva,
		   bool privileged, bool write);

#endif
