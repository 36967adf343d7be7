/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config/config_vm.h"

#include "domain/shadow.h"
#include "vmm/config/config_virtio.h"
#include "vmm/config/config_window.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define PERIOD_MIN_US 1000u
#define PERIOD_MAX_US 10000000u

struct vm_node {
	uint32_t memory;
	uint32_t priority;
	uint32_t budget[2];
	bool autostart;
	uint8_t on_death;
	uint32_t restarts;
	uint8_t time_in_pause;
	uint32_t shadow_tables;
	uint32_t shadow_contexts;
	char uart[CONFIG_NAME_SIZE];
	char guest[CONFIG_TEXT_SIZE];
	char initrd[CONFIG_TEXT_SIZE];
};

enum { VM_BUDGET_SEEN, VM_RESTARTS_SEEN, VM_UART_SEEN };

static const char *const deaths[] = {
	[ON_DEATH_STOP] = "stop", [ON_DEATH_RESTART] = "restart", NULL
};
static const char *const pauses[] = { "stops", "runs", NULL };

static const struct tree_property vm_properties[] = {
	/* clang-format off */
	[VM_BUDGET_SEEN] = { "budget", TREE_CELLS, TREE_FIELD(struct vm_node, budget), .min = 1,
			     .max = PERIOD_MAX_US },
	[VM_RESTARTS_SEEN] = { "restarts", TREE_CELLS, TREE_FIELD(struct vm_node, restarts),
			       .max = CONFIG_NO_LIMIT - 1 },
	[VM_UART_SEEN] = { "uart", TREE_TEXT, TREE_FIELD(struct vm_node, uart) },
	{ "memory", TREE_CELLS, true, TREE_FIELD(struct vm_node, memory), .max = 0xffffffff },
	{ "priority", TREE_CELLS, TREE_FIELD(struct vm_node, priority),
	  .max = CONFIG_PRIORITY_MAX },
	{ "autostart", TREE_FLAG, TREE_FIELD(struct vm_node, autostart) },
	{ "on-death", TREE_CHOICE, TREE_FIELD(struct vm_node, on_death), .choices = deaths },
	{ "time-in-pause", TREE_CHOICE, TREE_FIELD(struct vm_node, time_in_pause),
	  .choices = pauses },
	{ "shadow-tables", TREE_CELLS, TREE_FIELD(struct vm_node, shadow_tables),
	  .min = CONFIG_TABLES_MIN, .max = SHADOW_TABLES },
	{ "shadow-contexts", TREE_CELLS, TREE_FIELD(struct vm_node, shadow_contexts),
	  .min = CONFIG_CONTEXTS_MIN, .max = SHADOW_CONTEXTS },
	{ "guest", TREE_TEXT, true, TREE_FIELD(struct vm_node, guest) },
	{ "initrd", TREE_TEXT, TREE_FIELD(struct vm_node, initrd) },
	/* The bundler's: it goes into the guest's device tree. */
	{ .name = "cmdline", .type = TREE_TEXT },
	/* clang-format on */
};

/**
 * What a budget is of its period, in units of 2^-32. Division by shift and subtract: it is the only
 * one of this width.
 */
static uint64_t share(uint32_t budget, uint32_t period)
{
	uint64_t rest = budget % period;
	uint64_t result = budget / period;

	for (unsigned i = 0; i < 32; i++) {
		rest <<= 1;
		result <<= 1;
		if (rest >= period) {
			rest -= period;
			result |= 1;
		}
	}
	return result;
}

static bool read_budget(const struct config_tree *tree, int node, const uint32_t budget[2],
			const struct system_config *config, struct vm_config *vm)
{
	uint64_t sum;

	if (budget[1] < PERIOD_MIN_US || budget[0] > budget[1])
		return tree_fail(tree, node, "budget",
				 "more than its period, or that is less than 1000 us");
	sum = share(budget[0], budget[1]);
	for (unsigned i = 0; i < config->vm_count; i++)
		if (config->vm[i].budget_us)
			sum += share(config->vm[i].budget_us, config->vm[i].period_us);
	if (sum > (uint64_t)1 << 32)
		return tree_fail(tree, node, "budget", "all budgets together exceed 100 percent");
	vm->budget_us = budget[0];
	vm->period_us = budget[1];
	return true;
}

/** The UART behind the VM's UART 0, if it is not the console. */
static bool claim_uart(const struct config_tree *tree, int node, const char *name,
		       struct system_config *config, struct vm_config *vm)
{
	unsigned row;

	if (strcmp(name, "console") == 0)
		return true;
	row = config_find_row(name);
	if (row == CONFIG_NONE || strncmp(name, "uart", 4) != 0 || !config_row_is_exclusive(row))
		return tree_fail(tree, node, "uart", "neither \"console\" nor a spare UART");
	if (config_row_has_owner(config, row) || config->vmm_row[row])
		return tree_fail(tree, node, "uart", "another VM has it");
	config->vmm_row[row] = true;
	vm->uart_row = (uint8_t)row;
	return true;
}

static bool read_vm_properties(const struct config_tree *tree, int node,
			       struct system_config *config, struct vm_config *vm)
{
	struct vm_node raw = { .priority = CONFIG_PRIORITY, .restarts = CONFIG_NO_LIMIT };
	uint32_t seen;

	if (!tree_read(tree, node, vm_properties, ARRAY_SIZE(vm_properties), &raw, &seen))
		return false;
	if (seen & BIT(VM_RESTARTS_SEEN) && raw.on_death != ON_DEATH_RESTART)
		return tree_fail(tree, node, "restarts", "goes with on-death = \"restart\"");
	vm->memory = raw.memory;
	vm->priority = (uint8_t)raw.priority;
	vm->autostart = raw.autostart;
	vm->on_death = (enum vm_on_death)raw.on_death;
	vm->restarts = raw.restarts;
	vm->time_runs_in_pause = raw.time_in_pause;
	vm->shadow_tables = (uint16_t)raw.shadow_tables;
	vm->shadow_contexts = (uint16_t)raw.shadow_contexts;
	vm->uart_row = CONFIG_NONE;
	memcpy(vm->guest, raw.guest, sizeof(vm->guest));
	memcpy(vm->initrd, raw.initrd, sizeof(vm->initrd));
	if (seen & BIT(VM_BUDGET_SEEN) && !read_budget(tree, node, raw.budget, config, vm))
		return false;
	return !(seen & BIT(VM_UART_SEEN)) || claim_uart(tree, node, raw.uart, config, vm);
}

static bool find_lists(const struct config_tree *tree, int node, int *windows, int *virtio)
{
	*windows = -1;
	*virtio = -1;
	for (int child = tree_child(tree, node); child >= 0; child = tree_next(tree, child)) {
		int *const list = tree_is(tree, child, "windows")  ? windows
				  : tree_is(tree, child, "virtio") ? virtio
								   : NULL;

		if (!list || *list >= 0)
			return tree_fail(tree, child, NULL,
					 list ? "there twice" : "not known here");
		*list = child;
	}
	return true;
}

/** Whether all that a VM is loaded with is in front of its memory's part that is another board's window. */
static bool parts_fit(const struct bundle *bundle, unsigned number, const struct vm_config *vm)
{
	const uint32_t end = config_ram_size(vm);

	for (unsigned i = 0; end < vm->memory && i < bundle->part_count; i++) {
		const struct bundle_part *const part = &bundle->part[i];

		preempt_point();
		if (part->vm == number && part->memory_size &&
		    (part->gpa.raw > end || part->memory_size > end - part->gpa.raw))
			return false;
	}
	return true;
}

/** Reads one VM, and checks it against those before it; networks and disks have been read. */
bool config_read_vm(const struct config_tree *tree, int node, const struct bundle *bundle,
		    struct system_config *config)
{
	struct vm_config *const vm = &config->vm[config->vm_count];
	int windows, virtio;

	if (config->vm_count == bundle->vm_count)
		return tree_fail(tree, node, NULL, "more VMs than the bundle was made with");
	if (!tree_name(tree, node, vm->name))
		return false;
	for (unsigned i = 0; i < config->vm_count; i++)
		if (strcmp(config->vm[i].name, vm->name) == 0)
			return tree_fail(tree, node, NULL, "two VMs have this name");
	if (!read_vm_properties(tree, node, config, vm) ||
	    !find_lists(tree, node, &windows, &virtio))
		return false;
	preempt_point();
	if (vm->memory != bundle->vm[config->vm_count].memory)
		return tree_fail(tree, node, "memory", "not what the bundle was made with");
	for (unsigned row = 0; row < board.window_count && row < CONFIG_ROWS_MAX; row++)
		vm->row[row] = config_row_is_exclusive(row) ? ROW_ABSENT : ROW_OWNED;
	/* Devices of the board first: the others go where they leave room. */
	if (!config_read_windows(tree, windows, false, config, vm) ||
	    !config_read_virtio(tree, virtio, config, vm) ||
	    !config_read_windows(tree, windows, true, config, vm))
		return false;
	if (!parts_fit(bundle, config->vm_count, vm))
		return tree_fail(tree, node, "memory", "its guest reaches into a window");
	config->vm_count++;
	return true;
}
