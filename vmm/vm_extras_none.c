/* SPDX-License-Identifier: Apache-2.0 */
/* The image for one VM, which has the board's own devices, and no virtual ones. */
#include "vmm/vm_devices.h"

enum status vm_extras_make(struct vm *vm)
{
	return STATUS_OK;
}

/** What is in RAM of the board is the VM's: there is nobody else. */
void vm_extras_clear(struct vm *vm)
{
}

void vm_extras_start(struct vm *vm)
{
}
