/* SPDX-License-Identifier: Apache-2.0 */
/* The disks that the description names, as back ends of virtio block devices. */
#ifndef VMM_DISK_VM_DISK_H
#define VMM_DISK_VM_DISK_H

#include "devemu/block.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/config/vm_config.h"

enum status vm_disks_make(const struct system_config *config, const struct boot_info *info,
			  const struct bundle *bundle) MUST_CHECK;
uint32_t vm_disks_ram(const struct system_config *config);
hpa_t vm_disks_served(const struct system_config *config, unsigned n);
const struct block_backend *vm_disk(unsigned n);

#endif
