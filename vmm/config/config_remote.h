/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a description says about other boards: which there are, what of this board they may use, and
 * which windows of a VM are theirs. An image without forwarding refuses all of it
 * (vmm/remote/peers_none.c).
 */
#ifndef VMM_CONFIG_CONFIG_REMOTE_H
#define VMM_CONFIG_CONFIG_REMOTE_H

#include "vmm/config/config_tree.h"

bool config_read_peer(const struct config_tree *tree, int node, const struct bundle *bundle,
		      struct system_config *config);
uint8_t config_find_peer(const struct system_config *config, const char *name);
bool config_read_serve(const struct config_tree *tree, int node, struct system_config *config);
bool config_is_remote(const struct config_tree *tree, int node);
bool config_read_remote(const struct config_tree *tree, int node, struct system_config *config,
			struct vm_config *vm);

#endif
