/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio devices of a VM. */
#ifndef VMM_CONFIG_CONFIG_VIRTIO_H
#define VMM_CONFIG_CONFIG_VIRTIO_H

#include "vmm/config/config_tree.h"

bool config_read_virtio(const struct config_tree *tree, int list,
			const struct system_config *config, struct vm_config *vm);

#endif
