/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way of most device accesses: a plain load or store of the guest's kernel, to a register
 * in a page that it has used before. An entry keeps what its translation was made of, and is
 * compared with the guest's tables before its first use after device_pages_compare(): nothing is
 * ever forgotten, so an address space switch costs little.
 *
 * What arch/arm/fast_mmio.S does not do itself, device_page_access() does, which data_abort_trap()
 * asks first; the rest takes the general way, which ends with device_page_remember().
 */
#ifndef VCPU_DEVICE_PAGE_H
#define VCPU_DEVICE_PAGE_H

#include "vcpu/vcpu.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * trap_dabt (arch/arm/vectors.S) finds entries as these two do, and trap_device
 * (arch/arm/fast_mmio.S) does what device_page_access() does.
 */

/** The entry for @p va. Another page may have it; those that Linux uses all the time do not meet. */
static inline struct device_page *device_page_at(struct vcpu *vcpu, uint32_t va)
{
	return &vcpu->device_pages[(va >> 12 ^ va >> 19) % DEVICE_PAGES];
}

/** What an entry is found by. */
static inline uint32_t device_page_key(uint32_t va)
{
	return va / DEVICE_PAGE_SIZE;
}

static inline bool device_page_known(struct vcpu *vcpu, uint32_t va)
{
	return device_page_at(vcpu, va)->key == device_page_key(va);
}

/**
 * To be called for each operation of the guest that ends the life of TLB entries of its kernel, or
 * that gives all addresses another meaning. (The domain access control register is looked at anyway.)
 */
static inline void device_pages_compare(struct vcpu *vcpu)
{
	vcpu->device_epoch++;
}

bool device_page_transfer(struct vcpu *vcpu, const struct device_page *page, uint32_t va,
			  uint32_t word);
bool device_page_access(struct vcpu *vcpu, uint32_t fsr, uint32_t va);
void device_page_remember(struct vcpu *vcpu, uint32_t va, const struct guest_translation *t,
			  const struct mem_region *region);

#endif
