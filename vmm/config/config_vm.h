/* SPDX-License-Identifier: Apache-2.0 */
/* One VM's node of the description: used by vm_config.c, which has read what VMs share. */
#ifndef VMM_CONFIG_CONFIG_VM_H
#define VMM_CONFIG_CONFIG_VM_H

#include "vmm/config/config_tree.h"

bool config_read_vm(const struct config_tree *tree, int node, const struct bundle *bundle,
		    struct system_config *config);

#endif
