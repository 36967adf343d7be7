/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config/config_window.h"

#include "devemu/inert.h"

#include "vmm/config/config_remote.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define PAGE_MASK   0xfffu
#define TRAPPED_MAX (64 * KIB) /* of a device whose accesses are trapped */

/* ---- rows of the board's table ------------------------------------------------------------- */

/** The row of board.windows with that name, or CONFIG_NONE. */
unsigned config_find_row(const char *name)
{
	for (unsigned i = 0; i < board.window_count && i < CONFIG_ROWS_MAX; i++)
		if (strcmp(board.windows[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}

/** The row of the controller of an SD card, or CONFIG_NONE. */
unsigned config_find_card(void)
{
	const unsigned row = config_find_row("mmc");

	return row != CONFIG_NONE ? row : config_find_row("mmc0");
}

/** A device that is mapped into one VM, and so can have one owner only. */
bool config_row_is_exclusive(unsigned row)
{
	return board.windows[row].kind == MEM_DIRECT;
}

/** Some VM before the one that is being read has the device itself. */
bool config_row_has_owner(const struct system_config *config, unsigned row)
{
	for (unsigned i = 0; i < config->vm_count; i++)
		if (config->vm[i].row[row] != ROW_ABSENT)
			return true;
	return false;
}

/** Virtio devices and windows of a description are at the first 32 inputs: what is behind them is no matter. */
static uint32_t input_bit(unsigned input)
{
	return input < 32 ? BIT(input) : 0;
}

/** Inputs of the VM's primary controller that something drives already. */
uint32_t config_used_inputs(const struct system_config *config, const struct vm_config *vm)
{
	const struct vm_wire *wire;
	uint32_t used = 0;

	for (unsigned row = 0; row < board.window_count; row++)
		for (unsigned i = 0; i < DEVICE_WIRES_MAX; i++)
			if (board.windows[row].wire[i].sink == VM_SINK_PRIMARY)
				used |= input_bit(board.windows[row].wire[i].input);
	for (unsigned i = 0; i < board.irq_count; i++) {
		const unsigned row = config_find_row(board.irqs[i].window);

		preempt_point();

		if (board.irqs[i].sink == VM_SINK_PRIMARY && row != CONFIG_NONE &&
		    vm->row[row] != ROW_ABSENT && board.windows[row].ops != &inert_ops)
			used |= input_bit(board.irqs[i].input);
	}
	for (unsigned i = 0; i < vm->virtio_count; i++)
		used |= BIT(board.virtio_input[i]);
	for (unsigned i = 0; i < vm->window_count; i++) {
		if (vm->window[i].interrupt != CONFIG_NONE)
			used |= BIT(vm->window[i].interrupt);
		if (vm->window[i].remote == CONFIG_NONE)
			continue;
		wire = config->remote[vm->window[i].remote].wire;
		for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
			if (wire[n].sink == VM_SINK_PRIMARY)
				used |= input_bit(wire[n].input);
	}
	return used;
}

/* ---- windows ------------------------------------------------------------------------------- */

struct window_node {
	char device[CONFIG_NAME_SIZE];
	char model[CONFIG_NAME_SIZE];
	uint8_t backend;
	bool log;
	uint32_t reg[2];
	uint32_t interrupt;
};

enum { WINDOW_DEVICE, WINDOW_BACKEND, WINDOW_LOG, WINDOW_MODEL, WINDOW_REG, WINDOW_INTERRUPT };
enum { BACKEND_DIRECT, BACKEND_TRAPPED };

static const char *const backends[] = { "direct", "trapped", NULL };

static const struct tree_property window_properties[] = {
	/* clang-format off */
	[WINDOW_DEVICE] = { "device", TREE_TEXT, TREE_FIELD(struct window_node, device) },
	[WINDOW_BACKEND] = { "backend", TREE_CHOICE, TREE_FIELD(struct window_node, backend),
			     .choices = backends },
	[WINDOW_LOG] = { "log", TREE_FLAG, TREE_FIELD(struct window_node, log) },
	[WINDOW_MODEL] = { "model", TREE_TEXT, TREE_FIELD(struct window_node, model) },
	[WINDOW_REG] = { "reg", TREE_CELLS, TREE_FIELD(struct window_node, reg),
			 .max = 0xffffffff },
	[WINDOW_INTERRUPT] = { "interrupt", TREE_CELLS,
			       TREE_FIELD(struct window_node, interrupt), .max = 31 },
	/* clang-format on */
};

#define OF_DEVICE (BIT(WINDOW_DEVICE) | BIT(WINDOW_BACKEND) | BIT(WINDOW_LOG))
#define OF_MODEL  (BIT(WINDOW_MODEL) | BIT(WINDOW_REG) | BIT(WINDOW_INTERRUPT))

static bool read_device_window(const struct config_tree *tree, int node,
			       const struct window_node *raw, uint32_t seen,
			       const struct system_config *config, struct vm_config *vm)
{
	const unsigned row = config_find_row(raw->device);

	if (seen & OF_MODEL || !(seen & BIT(WINDOW_BACKEND)))
		return tree_fail(tree, node, "device", "goes with backend, and not with model");
	if (row == CONFIG_NONE)
		return tree_fail(tree, node, "device", "this board has no such device");
	if (!config_row_is_exclusive(row))
		return tree_fail(tree, node, "device", "every VM has a model of it anyway");
	if (vm->row[row] != ROW_ABSENT)
		return tree_fail(tree, node, "device", "this VM has it already");
	if (config_row_has_owner(config, row))
		return tree_fail(tree, node, "device", "another VM has it");
	if (config->vmm_row[row])
		return tree_fail(tree, node, "device",
				 "the VMM uses it: disk, uplink, uart or serve");
	if (raw->log && raw->backend != BACKEND_TRAPPED)
		return tree_fail(tree, node, "log", "goes with backend = \"trapped\"");
	if (raw->backend == BACKEND_TRAPPED && board.windows[row].size > TRAPPED_MAX)
		return tree_fail(tree, node, "backend", "too large a device to be trapped");
	vm->row[row] = raw->backend == BACKEND_DIRECT ? ROW_OWNED
		       : raw->log                     ? ROW_LOGGED
						      : ROW_TRAPPED;
	return true;
}

static const struct vm_model *find_model(const char *name)
{
	for (unsigned i = 0; i < vm_model_count; i++)
		if (strcmp(vm_models[i].name, name) == 0)
			return &vm_models[i];
	return NULL;
}

static bool meets(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a_size && b_size && a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

/** What a window of the VM would lie over, or NULL. */
const char *config_what_is_at(const struct vm_config *vm, uint32_t base, uint32_t size)
{
	if (meets(base, size, board.ram.base.raw, vm->memory))
		return "overlaps the VM's memory";
	if (meets(base, size, VM_VIRTIO_BASE, VM_VIRTIO_MAX * VM_VIRTIO_SIZE))
		return "overlaps the windows of virtio devices";
	for (unsigned i = 0; i < board.window_count; i++)
		if (vm->row[i] != ROW_ABSENT &&
		    meets(base, size, board.windows[i].base, board.windows[i].size))
			return "overlaps a device of the board";
	for (unsigned i = 0; i < vm->window_count; i++)
		if (meets(base, size, vm->window[i].base, vm->window[i].size))
			return "overlaps another window";
	return NULL;
}

static bool read_model_window(const struct config_tree *tree, int node,
			      const struct window_node *raw, uint32_t seen,
			      const struct system_config *config, struct vm_config *vm)
{
	struct window_config *const window = &vm->window[vm->window_count];
	const struct vm_model *const model = find_model(raw->model);
	const uint32_t base = raw->reg[0], size = raw->reg[1];
	const char *overlaps;

	if (!(seen & BIT(WINDOW_REG)) || seen & OF_DEVICE)
		return tree_fail(tree, node, "model", "goes with reg, and not with device");
	if (!model)
		return tree_fail(tree, node, "model", "this VMM has no such model");
	if (vm->window_count == CONFIG_WINDOWS_MAX)
		return tree_fail(tree, node, NULL, "more than 8 models");
	if (base & PAGE_MASK || size != model->size || base + (size - 1) < base)
		return tree_fail(tree, node, "reg", "not page aligned, or not the model's size");
	overlaps = config_what_is_at(vm, base, size);
	if (overlaps)
		return tree_fail(tree, node, "reg", overlaps);
	if (seen & BIT(WINDOW_INTERRUPT) && config_used_inputs(config, vm) & BIT(raw->interrupt))
		return tree_fail(tree, node, "interrupt", "another device has this input");
	*window = (struct window_config){
		.model = model,
		.base = base,
		.size = size,
		.interrupt = seen & BIT(WINDOW_INTERRUPT) ? (uint8_t)raw->interrupt : CONFIG_NONE,
		.remote = CONFIG_NONE,
	};
	vm->window_count++;
	return true;
}

/** Reads the windows that are devices of the board, or those that are models of their own. */
bool config_read_windows(const struct config_tree *tree, int list, bool models,
			 struct system_config *config, struct vm_config *vm)
{
	if (list < 0)
		return true;
	if (!tree_read(tree, list, NULL, 0, NULL, NULL))
		return false;
	for (int node = tree_child(tree, list); node >= 0; node = tree_next(tree, node)) {
		struct window_node raw = { .device = "" };
		uint32_t seen;

		if (config_is_remote(tree, node)) {
			if (models && !config_read_remote(tree, node, config, vm))
				return false;
			continue;
		}
		if (!tree_read(tree, node, window_properties, ARRAY_SIZE(window_properties), &raw,
			       &seen) ||
		    !tree_no_children(tree, node))
			return false;
		if (!(seen & (BIT(WINDOW_DEVICE) | BIT(WINDOW_MODEL))))
			return tree_fail(tree, node, NULL, "device or model is needed");
		if (models != !(seen & BIT(WINDOW_DEVICE)))
			continue;
		if (models ? !read_model_window(tree, node, &raw, seen, config, vm)
			   : !read_device_window(tree, node, &raw, seen, config, vm))
			return false;
	}
	return true;
}
