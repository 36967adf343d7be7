/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a VM: which there are, what stands behind each, and where its wires end. */
#ifndef VMM_VM_DEVICES_H
#define VMM_VM_DEVICES_H

#include "vmm/vm.h"

enum status vm_devices_make(struct vm *vm, const struct system_config *config) MUST_CHECK;

/* For those that the board does not have: vmm/vm_extras.c. */
struct device *vm_device_add_memory(struct vm *vm, const struct device_ops *ops,
				    struct mem_region *region);
struct device *vm_device_add(struct vm *vm, const struct device_ops *ops, uint32_t base,
			     uint32_t size);
void vm_device_connect(struct vm *vm, struct device *dev, unsigned input);
enum status vm_extras_make(struct vm *vm, const struct system_config *config) MUST_CHECK;
void vm_extras_clear(struct vm *vm);
void vm_extras_start(struct vm *vm);
uint32_t vm_extras_board_seconds(void);
unsigned vm_extras_decode(struct vm *vm, struct proxy *table);

#endif
