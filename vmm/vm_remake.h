/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM that is off, taken apart and made anew by another description: vmm/reload.c. Its number stays,
 * and with it its page tables' pool, its console and its turn.
 */
#ifndef VMM_VM_REMAKE_H
#define VMM_VM_REMAKE_H

#include "vmm/lib/first_fit.h"
#include "vmm/reload_plan.h"
#include "vmm/vm.h"

uint32_t vm_heap_size(const struct system_config *config, const struct bundle *bundle, unsigned n,
		      unsigned *devices);
void vm_note_memory(struct vm *vm, const struct system_config *config);
bool vm_remake_size(struct reload_plan *plan, const struct boot_info *info, unsigned n,
		    uint32_t *size);
bool vm_is_parked(const struct vm *vm);
bool vm_network_busy(const struct vm *vm);
void vm_cut_off(struct vm *vm);
void vm_take_apart(struct vm *vm);
uint32_t vm_remake(struct vm *vm, const struct system_config *config, hpa_t ram,
		   const struct reload_tree *tree, struct range heap);

#endif
