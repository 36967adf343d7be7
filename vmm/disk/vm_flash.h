/* SPDX-License-Identifier: Apache-2.0 */
/* The disks of the description that are in the board's flash. */
#ifndef VMM_DISK_VM_FLASH_H
#define VMM_DISK_VM_FLASH_H

#include "devemu/block.h"
#include "vmm/lib/addr.h"
#include "vmm/config/vm_config.h"

struct vm;

uint32_t vm_flash_buffer_size(const struct system_config *config);
void vm_flash_start(const struct system_config *config, hpa_t buffer, bool has_record);
const char *vm_flash_wrong(uint32_t end);
void vm_flash_copy(uint32_t offset, void *to, uint32_t size);
void vm_flash_configured(const struct system_config *config);
const struct block_backend *vm_flash_disk_make(const struct disk_config *config);
bool vm_flash_settle(struct vm *waits);
bool vm_flash_is_awaited(const struct vm *by);

#endif
