/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shadow of a guest that announces each change of its page tables: for its hypercalls
 * (vcpu/hypercall.c). After shadow_set_pv(), shadow_switch() compares nothing, and neither do
 * shadow_revalidate() and shadow_revalidate_page(): they invalidate the TLB.
 *
 * Announced are second-level descriptors that had a meaning and have another
 * (shadow_ptes_changed()); first-level descriptors and whole tables, when they are written
 * (shadow_tables_written()). An announcement may come any time before the guest relies on it, which
 * is at a TLB operation or at a switch of address spaces.
 */
#ifndef DOMAIN_SHADOW_ANNOUNCE_H
#define DOMAIN_SHADOW_ANNOUNCE_H

#include "domain/shadow.h"

void shadow_set_pv(struct shadow *sh, const struct shadow_pv *pv);

void shadow_ptes_changed(struct shadow *sh, const volatile uint32_t *vas, unsigned count);
void shadow_tables_written(struct shadow *sh, uint32_t va, uint32_t size);
void shadow_flush_range(struct shadow *sh, uint32_t start, uint32_t end);

/* Answers of shadow_fill_page() beside fault statuses, which have the guest's domain in 7:4. */
#define SHADOW_PAGE_FILLED 0u
#define SHADOW_PAGE_OTHER  0x100u

/** Whether @p va belongs to the programs of a guest that announces: shadow_fill_page() may help. */
static inline bool shadow_in_space(const struct shadow *sh, uint32_t va)
{
	return va >> 20 < sh->user_slots;
}

unsigned shadow_fill_page(struct shadow *sh, uint32_t va, enum rights need, uint32_t dacr);
bool shadow_store_kernel(struct shadow *sh, uint32_t va, uint32_t value);

#endif
