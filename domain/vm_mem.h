/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM's memory map: what is at which guest physical address. This lookup and the shadow fill that
 * uses it are the isolation property: no host address reaches a page table that did not come out of
 * vm_mem_find(). A leaf: no dependencies but the address types.
 */
#ifndef DOMAIN_VM_MEM_H
#define DOMAIN_VM_MEM_H

#include "vmm/lib/addr.h"
#include "vmm/lib/status.h"

#include <stdbool.h>
#include <stdint.h>

enum mem_kind {
	MEM_NOTHING,     /**< no device answers: external abort */
	MEM_RAM,         /**< the VM's own RAM */
	MEM_DIRECT,      /**< a device mapped into the VM */
	MEM_READ_DIRECT, /**< reads go to the device, writes are emulated */
	MEM_EMULATED,    /**< every access is emulated */
};

struct device;

struct mem_region {
	uint32_t base; /* GPA, 4 KiB aligned */
	uint32_t size; /* multiple of 4 KiB; base + size does not exceed 4 GiB */
	enum mem_kind kind;
	hpa_t hpa;             /* MEM_RAM, MEM_DIRECT, MEM_READ_DIRECT: where base is on the bus */
	struct device *device; /* MEM_READ_DIRECT, MEM_EMULATED: the model */
};

#define VM_MEM_REGIONS_MAX 64

struct vm_mem {
	unsigned count;
	unsigned ram; /* index of the RAM, which is looked at first; 0 if there is none */
	struct mem_region region[VM_MEM_REGIONS_MAX]; /* sorted by base, without overlap */
};

enum status vm_mem_add(struct vm_mem *mem, const struct mem_region *region) MUST_CHECK;
const struct mem_region *vm_mem_find(const struct vm_mem *mem, gpa_t at);
bool vm_mem_covers(const struct mem_region *region, gpa_t from, uint32_t size);

static inline hpa_t mem_region_hpa(const struct mem_region *region, gpa_t at)
{
	return hpa(region->hpa.raw + (at.raw - region->base));
}

#endif
