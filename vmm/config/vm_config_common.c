// SPDX-License-Identifier: Apache-2.0
#include "devemu/inert.h"
#include "vmm/config/vm_config.h"
#include "vmm/start/loader.h"

#include "vmm/lib/string.h"

#define ESCAPE 0x0f /* Ctrl-O */

/** What holds without a description: the bundle's one VM has everything the board has. */
void config_make_one(const struct bundle *bundle, const struct boot_info *info,
		     struct system_config *config)
{
	struct vm_config *const vm = &config->vm[0];

	memset(config, 0, sizeof(*config));
	config->escape = ESCAPE;
	config->vm_count = 1;
	loader_vm_name(bundle, info, 0, vm->name);
	vm->memory = bundle->vm[0].memory;
	vm->autostart = true;
	vm->uart_row = CONFIG_NONE;
	for (unsigned row = 0; row < board.window_count; row++)
		vm->row[row] = ROW_OWNED;
}

/**
 * The VM whose interrupt controller shows a line of the board, or CONFIG_NONE: the one that has the
 * device. Lines of devices that every VM has a model of go to a VM that is alone; of those that no VM
 * can have, to none.
 */
unsigned config_line_owner(const struct system_config *config, const struct board_irq *line)
{
	for (unsigned row = 0; row < board.window_count; row++) {
		if (strcmp(board.windows[row].name, line->window) != 0)
			continue;
		if (board.windows[row].ops == &inert_ops)
			return CONFIG_NONE;
		if (board.windows[row].kind != MEM_DIRECT)
			return config->vm_count == 1 ? 0 : CONFIG_NONE;
		for (unsigned i = 0; i < config->vm_count; i++)
			if (config->vm[i].row[row] >= ROW_OWNED)
				return i;
	}
	return CONFIG_NONE;
}
