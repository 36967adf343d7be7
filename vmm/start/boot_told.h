/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boot loader says of its record, for an image that writes to it. Part of the early boot:
 * position independent.
 */
#ifndef VMM_START_BOOT_TOLD_H
#define VMM_START_BOOT_TOLD_H

#include "vmm/start/boot_info.h"

#include <stddef.h>

void boot_told(const void *params, size_t length, struct boot_place *place);

#endif
