/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking guest page tables as the MMU of an ARM926EJ-S does. The walker reads guest physical
 * memory through a function it is given, so it runs on the host against tables in an array.
 */
#ifndef DOMAIN_GUEST_WALK_H
#define DOMAIN_GUEST_WALK_H

#include "arch/arm/mmu_desc.h"
#include "vmm/lib/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* What there is of two of the registers (ARM926EJ-S TRM, 2.3.3 and 2.3.13). */
#define GUEST_TTBR_BASE 0xffffc000u
#define GUEST_PID_MASK  0xfe000000u

/** The registers a translation depends on. */
struct guest_mmu {
	uint32_t sctlr;
	uint32_t ttbr;
	uint32_t dacr;
	uint32_t pid; /* of the FCSE */
};

/** Reads one word of guest physical memory; false if nothing is there (external abort). */
typedef bool (*guest_read_word)(void *ctx, gpa_t from, uint32_t *word);

/** A translation, before any question of permission. */
struct guest_translation {
	gpa_t gpa;   /* of the address asked for */
	uint32_t l1; /* descriptors it came from; l2 is 0 for sections */
	uint32_t l2;
	uint8_t domain;
	uint8_t shift; /* log2 of the page: 20, 16, 12 or 10; 20 with the MMU off */
	uint8_t ap;    /* of the subpage asked for */
	uint8_t cb;    /* DESC_C and DESC_B */
	bool is_page;  /* from a level 2 table: decides the fault status code */
	bool flat;     /* MMU off: no descriptors, no domain */
};

/** The modified virtual address of the FCSE (ARM ARM, B7.2). */
static inline uint32_t guest_mva(const struct guest_mmu *mmu, uint32_t va)
{
	return va < 0x02000000u ? va | (mmu->pid & GUEST_PID_MASK) : va;
}

/** Whether @p va is one of the two names that the FCSE gives to the pages of a process. */
static inline bool guest_fcse_renames(const struct guest_mmu *mmu, uint32_t va)
{
	const uint32_t pid = mmu->pid & GUEST_PID_MASK;

	return pid != 0 && (va < 0x02000000u || (va & GUEST_PID_MASK) == pid);
}

unsigned guest_walk(const struct guest_mmu *mmu, gva_t va, guest_read_word read, void *ctx,
		    struct guest_translation *out);

enum rights guest_rights(const struct guest_mmu *mmu, const struct guest_translation *t,
			 bool privileged);

unsigned guest_permission(const struct guest_mmu *mmu, const struct guest_translation *t,
			  bool privileged, bool write);

#endif
