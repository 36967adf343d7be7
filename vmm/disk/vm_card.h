/* SPDX-License-Identifier: Apache-2.0 */
/* The disks of the description that are on the board's SD card. */
#ifndef VMM_DISK_VM_CARD_H
#define VMM_DISK_VM_CARD_H

#include "devemu/block.h"
#include "vmm/config/vm_config.h"

const char *vm_card_wrong(uint32_t end);
const struct block_backend *vm_card_disk_make(const struct disk_config *config);

#endif
