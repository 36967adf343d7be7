/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the early boot found out and did: the argument of vmm_main(). It stands in memory that
 * nothing else uses and stays valid.
 */
#ifndef VMM_START_BOOT_INFO_H
#define VMM_START_BOOT_INFO_H

#include "vmm/lib/addr.h"

#include <stdint.h>

/** Where the boot loader keeps its record, as it says (docs/boot-record.md). */
struct boot_place {
	uint32_t medium;  /* BOOT_MEDIUM_*; 0: it says nothing */
	uint32_t area[2]; /* bytes from the start of the medium */
	uint32_t area_size;
	uint32_t attempt; /* number of the entry that says that we were started */
};

#define BOOT_MEDIUM_FLASH 1u
#define BOOT_MEDIUM_CARD  2u

struct boot_info {
	uint32_t machine_id;
	hpa_t ram_base;
	uint32_t ram_size;    /* usable RAM, a multiple of 1 MiB; the image is at its end */
	hpa_t bundle;         /* checked: header, part table and the checksum of every part */
	uint32_t bundle_size; /* a multiple of 4 KiB */
	hpa_t image;          /* 1 MiB, mapped at VMM_IMAGE */
	hpa_t pool; /* VMM_POOL_SIZE for each VM, one at least; the first is at VMM_POOL */
	uint32_t pool_size;
	hpa_t l1; /* the first-level table in use, vmm_l1_table in boot_mmu.h */
	struct boot_place record;
};

#endif
