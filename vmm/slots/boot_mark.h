/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMM's part of the boot record: when all VMs that start with the board have started, it notes so,
 * and the boot loader stays with this slot. The device that the record is on is the VMM's then.
 */
#ifndef VMM_SLOTS_BOOT_MARK_H
#define VMM_SLOTS_BOOT_MARK_H

#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/config/vm_config.h"

enum status boot_mark_claim(struct system_config *config, const struct boot_info *info,
			    const struct bundle *bundle) MUST_CHECK;
const char *boot_mark_conflict(const struct system_config *config);
bool boot_mark_meets(enum disk_kind kind, uint64_t start, uint64_t size);
void boot_mark_find(const struct system_config *config);
void boot_mark_vm_started(unsigned number);

#endif
