/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of a VM: devices of the board that it has, and models at places of their own. */
#ifndef VMM_CONFIG_CONFIG_WINDOW_H
#define VMM_CONFIG_CONFIG_WINDOW_H

#include "vmm/config/config_tree.h"

unsigned config_find_row(const char *name);
unsigned config_find_card(void);
bool config_row_is_exclusive(unsigned row);
bool config_row_has_owner(const struct system_config *config, unsigned row);
uint32_t config_used_inputs(const struct system_config *config, const struct vm_config *vm);
const char *config_what_is_at(const struct vm_config *vm, uint32_t base, uint32_t size);
bool config_read_windows(const struct config_tree *tree, int list, bool models,
			 struct system_config *config, struct vm_config *vm);

#endif
