/* SPDX-License-Identifier: Apache-2.0 */
/* The image for several VMs, which knows of no other boards. */
#include "vmm/config/config_remote.h"
#include "vmm/remote/peers.h"

static const char no_boards[] = "this VMM knows of no other boards; bundle the one in "
				"build/<board>-remote";

bool config_read_peer(const struct config_tree *tree, int node, const struct bundle *bundle,
		      struct system_config *config)
{
	return tree_fail(tree, node, NULL, no_boards);
}

bool config_read_serve(const struct config_tree *tree, int node, struct system_config *config)
{
	return tree_fail(tree, node, NULL, no_boards);
}

/** Whether a window of a VM is another board's: what it says is read as of any window. */
bool config_is_remote(const struct config_tree *tree, int node)
{
	return false;
}

bool config_read_remote(const struct config_tree *tree, int node, struct system_config *config,
			struct vm_config *vm)
{
	return false;
}

enum status peers_make(const struct system_config *config, const struct boot_info *info,
		       const struct bundle *bundle)
{
	return STATUS_OK;
}

void peers_start(void)
{
}

bool peers_interrupt(unsigned irq)
{
	return false;
}

uint32_t remote_window_heap_size(const struct window_config *place,
				 const struct remote_window_config *config)
{
	return 0;
}

bool remote_memory_make(struct vm *vm, const struct window_config *place,
			const struct remote_window_config *config)
{
	return false;
}

void remote_window_make(struct vm *vm, struct device *dev, const struct window_config *place,
			const struct remote_window_config *config)
{
}

bool remote_windows_busy(const struct vm *vm)
{
	return false;
}

void remote_windows_detach(const struct vm *vm)
{
}
