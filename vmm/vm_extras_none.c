/* SPDX-License-Identifier: Apache-2.0 */
/* The image for one VM, which has the board's own devices, and no virtual ones. */
#include "vmm/start/loader.h"
#include "vmm/vm_devices.h"

enum status vm_extras_make(struct vm *vm, const struct system_config *config)
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

/** Nobody waits yet. */
unsigned vm_extras_decode(struct vm *vm, struct proxy *table)
{
	return loader_decode(vm->bundle, vm->boot, vm->number, table, 0, vm->vcpu.proxy_count);
}
