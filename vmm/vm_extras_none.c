/* SPDX-License-Identifier: Apache-2.0 */
/* The image for one VM, which has the board's own devices, and no virtual ones. */
#include "vmm/vm_devices.h"

enum status vm_extras_make(struct vm *vm)
{
	return STATUS_OK;
}

void vm_extras_start(struct vm *vm)
{
}
