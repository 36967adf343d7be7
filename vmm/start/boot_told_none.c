// SPDX-License-Identifier: Apache-2.0
/* The image for one VM, which has no drivers for what a record is on. */
#include "vmm/start/boot_told.h"

void boot_told(const void *params, size_t length, struct boot_place *place)
{
}
