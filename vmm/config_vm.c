// SPDX-License-Identifier: Apache-2.0
#include "vmm/config_vm.h"

#include "domain/shadow.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#define PAGE_MASK        0xfffu
#define TRAPPED_MAX      (64 * KIB) /* of a device whose accesses are trapped */
#define PRIORITY_DEFAULT 10u
#define PERIOD_MIN_US    1000u
#define PERIOD_MAX_US    10000000u
#define MAC_GROUP        1u /* in the first byte: not an address of one device */

/* ---- rows of the board's table ------------------------------------------------------------- */

/** The row of board.windows with that name, or CONFIG_NONE. */
unsigned config_find_row(const char *name)
{
	for (unsigned i = 0; i < board.window_count && i < CONFIG_ROWS_MAX; i++)
		if (strcmp(board.windows[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}

/** A device that is mapped into one VM, and so can have one owner only. */
static bool is_exclusive(unsigned row)
{
	return board.windows[row].kind == MEM_DIRECT;
}

/** Some VM before the one that is being read has the device itself. */
static bool has_owner(const struct system_config *config, unsigned row)
{
	for (unsigned i = 0; i < config->vm_count; i++)
		if (config->vm[i].row[row] != ROW_ABSENT)
			return true;
	return false;
}

/** Inputs of the VM's primary controller that something drives already. */
static uint32_t used_inputs(const struct vm_config *vm)
{
	uint32_t used = 0;

	for (unsigned row = 0; row < board.window_count; row++)
		for (unsigned i = 0; i < DEVICE_WIRES_MAX; i++)
			if (board.windows[row].wire[i].sink == VM_SINK_PRIMARY)
				used |= BIT(board.windows[row].wire[i].input);
	for (unsigned i = 0; i < board.irq_count; i++) {
		const unsigned row = config_find_row(board.irqs[i].window);

		if (board.irqs[i].sink == VM_SINK_PRIMARY && row != CONFIG_NONE &&
		    vm->row[row] != ROW_ABSENT)
			used |= BIT(board.irqs[i].input);
	}
	for (unsigned i = 0; i < vm->virtio_count; i++)
		used |= BIT(board.virtio_input[i]);
	for (unsigned i = 0; i < vm->window_count; i++)
		if (vm->window[i].interrupt != CONFIG_NONE)
			used |= BIT(vm->window[i].interrupt);
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
	if (!is_exclusive(row))
		return tree_fail(tree, node, "device", "every VM has a model of it anyway");
	if (vm->row[row] != ROW_ABSENT)
		return tree_fail(tree, node, "device", "this VM has it already");
	if (has_owner(config, row))
		return tree_fail(tree, node, "device", "another VM has it");
	if (config->vmm_row[row])
		return tree_fail(tree, node, "device", "the VMM uses it: disk, uplink or uart");
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
static const char *what_is_at(const struct vm_config *vm, uint32_t base, uint32_t size)
{
	if (meets(base, size, 0, vm->memory))
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
			      const struct window_node *raw, uint32_t seen, struct vm_config *vm)
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
	overlaps = what_is_at(vm, base, size);
	if (overlaps)
		return tree_fail(tree, node, "reg", overlaps);
	if (seen & BIT(WINDOW_INTERRUPT) && used_inputs(vm) & BIT(raw->interrupt))
		return tree_fail(tree, node, "interrupt", "another device has this input");
	*window = (struct window_config){
		.model = model,
		.base = base,
		.size = size,
		.interrupt = seen & BIT(WINDOW_INTERRUPT) ? (uint8_t)raw->interrupt : CONFIG_NONE,
	};
	vm->window_count++;
	return true;
}

/** Reads the windows that are devices of the board, or those that are models of their own. */
static bool read_windows(const struct config_tree *tree, int list, bool models,
			 const struct system_config *config, struct vm_config *vm)
{
	if (list < 0)
		return true;
	if (!tree_read(tree, list, NULL, 0, NULL, NULL))
		return false;
	for (int node = tree_child(tree, list); node >= 0; node = tree_next(tree, node)) {
		struct window_node raw = { .device = "" };
		uint32_t seen;

		if (!tree_read(tree, node, window_properties, ARRAY_SIZE(window_properties), &raw,
			       &seen) ||
		    !tree_no_children(tree, node))
			return false;
		if (!(seen & (BIT(WINDOW_DEVICE) | BIT(WINDOW_MODEL))))
			return tree_fail(tree, node, NULL, "device or model is needed");
		if (models != !(seen & BIT(WINDOW_DEVICE)))
			continue;
		if (models ? !read_model_window(tree, node, &raw, seen, vm)
			   : !read_device_window(tree, node, &raw, seen, config, vm))
			return false;
	}
	return true;
}

/* ---- virtio -------------------------------------------------------------------------------- */

struct virtio_node {
	uint8_t type;
	char network[CONFIG_NAME_SIZE];
	char disk[CONFIG_NAME_SIZE];
	bool read_only;
	uint8_t mac[CONFIG_MAC_SIZE];
};

enum { VIRTIO_TYPE, VIRTIO_OF_NETWORK, VIRTIO_MAC, VIRTIO_OF_DISK, VIRTIO_READ_ONLY };

static const char *const virtio_types[] = {
	[VIRTIO_NETWORK] = "network",
	[VIRTIO_BLOCK] = "block",
	[VIRTIO_CONSOLE] = "console",
	[VIRTIO_ENTROPY] = "entropy",
	NULL,
};

static const struct tree_property virtio_properties[] = {
	/* clang-format off */
	[VIRTIO_TYPE] = { "type", TREE_CHOICE, true, TREE_FIELD(struct virtio_node, type),
			  .choices = virtio_types },
	[VIRTIO_OF_NETWORK] = { "network", TREE_TEXT, TREE_FIELD(struct virtio_node, network) },
	[VIRTIO_MAC] = { "mac", TREE_BYTES, TREE_FIELD(struct virtio_node, mac) },
	[VIRTIO_OF_DISK] = { "disk", TREE_TEXT, TREE_FIELD(struct virtio_node, disk) },
	[VIRTIO_READ_ONLY] = { "read-only", TREE_FLAG, TREE_FIELD(struct virtio_node, read_only) },
	/* clang-format on */
};

/* What each type may have beside its type, and what it must. */
static const struct {
	uint32_t may;
	uint32_t must;
} virtio_rules[] = {
	[VIRTIO_NETWORK] = { BIT(VIRTIO_OF_NETWORK) | BIT(VIRTIO_MAC), BIT(VIRTIO_OF_NETWORK) },
	[VIRTIO_BLOCK] = { BIT(VIRTIO_OF_DISK) | BIT(VIRTIO_READ_ONLY), BIT(VIRTIO_OF_DISK) },
	[VIRTIO_CONSOLE] = { 0, 0 },
	[VIRTIO_ENTROPY] = { 0, 0 },
};

static bool is_zero_mac(const uint8_t mac[CONFIG_MAC_SIZE])
{
	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++)
		if (mac[i])
			return false;
	return true;
}

/** Compares a new virtio device with one that is there; returns what is wrong, or NULL. */
static const char *compare(const struct virtio_config *new, const struct virtio_config *old)
{
	if (new->type != old->type)
		return NULL;
	if (new->type == VIRTIO_NETWORK &&new->has_mac &&
	    old->has_mac &&memcmp(new->mac, old->mac, CONFIG_MAC_SIZE) == 0)
		return "another device has this MAC address";
	if (new->type == VIRTIO_BLOCK &&new->disk == old->disk && !new->read_only &&
	    !old->read_only)
		return "two devices write to this disk; make all but one read-only";
	return NULL;
}

static const char *compare_with_all(const struct system_config *config, const struct vm_config *vm,
				    const struct virtio_config *device)
{
	const char *wrong = NULL;

	/* @p vm is the one behind those that are counted. */
	for (const struct vm_config *other = config->vm; other <= vm; other++)
		for (unsigned i = 0; i < other->virtio_count && !wrong; i++)
			wrong = compare(device, &other->virtio[i]);
	return wrong;
}

static bool find_network(const struct config_tree *tree, int node, const char *name,
			 const struct system_config *config, struct virtio_config *device)
{
	for (uint8_t i = 0; i < config->network_count; i++)
		if (strcmp(config->network[i].name, name) == 0) {
			device->network = i;
			return true;
		}
	return tree_fail(tree, node, "network", "there is no such network");
}

static bool find_disk(const struct config_tree *tree, int node, const char *name,
		      const struct system_config *config, struct virtio_config *device)
{
	for (uint8_t i = 0; i < config->disk_count; i++)
		if (strcmp(config->disk[i].name, name) == 0) {
			device->disk = i;
			return true;
		}
	return tree_fail(tree, node, "disk", "there is no such disk");
}

static bool read_virtio_device(const struct config_tree *tree, int node,
			       const struct system_config *config, struct vm_config *vm)
{
	struct virtio_config *const device = &vm->virtio[vm->virtio_count];
	struct virtio_node raw = { .type = 0 };
	uint32_t seen;
	const char *wrong;

	if (vm->virtio_count == CONFIG_VIRTIO_MAX)
		return tree_fail(tree, node, NULL, "more than 8 virtio devices");
	if (!tree_read(tree, node, virtio_properties, ARRAY_SIZE(virtio_properties), &raw, &seen) ||
	    !tree_no_children(tree, node))
		return false;
	seen &= ~BIT(VIRTIO_TYPE);
	if (seen & ~virtio_rules[raw.type].may || virtio_rules[raw.type].must & ~seen)
		return tree_fail(tree, node, "type", "not with these properties");
	*device = (struct virtio_config){
		.type = (enum virtio_type)raw.type,
		.network = CONFIG_NONE,
		.disk = CONFIG_NONE,
		.read_only = raw.read_only,
		.has_mac = bit(seen, VIRTIO_MAC),
	};
	memcpy(device->mac, raw.mac, CONFIG_MAC_SIZE);
	if ((seen & BIT(VIRTIO_OF_NETWORK) &&
	     !find_network(tree, node, raw.network, config, device)) ||
	    (seen & BIT(VIRTIO_OF_DISK) && !find_disk(tree, node, raw.disk, config, device)))
		return false;
	if (device->disk != CONFIG_NONE && !device->read_only &&
	    config->disk[device->disk].kind == DISK_FLASH)
		return tree_fail(tree, node, "read-only", "flash can only be read: it is needed");
	if (device->has_mac && (raw.mac[0] & MAC_GROUP || is_zero_mac(raw.mac)))
		return tree_fail(tree, node, "mac", "not the address of one device");
	wrong = compare_with_all(config, vm, device);
	if (wrong)
		return tree_fail(tree, node, NULL, wrong);
	if (used_inputs(vm) & BIT(board.virtio_input[vm->virtio_count]))
		return tree_fail(tree, node, NULL,
				 "its interrupt is taken by a device of the board");
	vm->virtio_count++;
	return true;
}

static bool read_virtio(const struct config_tree *tree, int list,
			const struct system_config *config, struct vm_config *vm)
{
	if (list < 0)
		return true;
	if (!tree_read(tree, list, NULL, 0, NULL, NULL))
		return false;
	for (int node = tree_child(tree, list); node >= 0; node = tree_next(tree, node))
		if (!read_virtio_device(tree, node, config, vm))
			return false;
	return true;
}

/* ---- the VM -------------------------------------------------------------------------------- */

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
	/* These are the bundler's. */
	{ .name = "guest", .type = TREE_TEXT, .required = true },
	{ .name = "cmdline", .type = TREE_TEXT },
	{ .name = "initrd", .type = TREE_TEXT },
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
	if (row == CONFIG_NONE || strncmp(name, "uart", 4) != 0 || !is_exclusive(row))
		return tree_fail(tree, node, "uart", "neither \"console\" nor a spare UART");
	if (has_owner(config, row) || config->vmm_row[row])
		return tree_fail(tree, node, "uart", "another VM has it");
	config->vmm_row[row] = true;
	vm->uart_row = (uint8_t)row;
	return true;
}

static bool read_vm_properties(const struct config_tree *tree, int node,
			       struct system_config *config, struct vm_config *vm)
{
	struct vm_node raw = { .priority = PRIORITY_DEFAULT, .restarts = CONFIG_NO_LIMIT };
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
	if (vm->memory != bundle->vm[config->vm_count].memory)
		return tree_fail(tree, node, "memory", "not what the bundle was made with");
	for (unsigned row = 0; row < board.window_count && row < CONFIG_ROWS_MAX; row++)
		vm->row[row] = is_exclusive(row) ? ROW_ABSENT : ROW_OWNED;
	/* Devices of the board first: the others go where they leave room. */
	if (!read_windows(tree, windows, false, config, vm) ||
	    !read_virtio(tree, virtio, config, vm) ||
	    !read_windows(tree, windows, true, config, vm))
		return false;
	config->vm_count++;
	return true;
}
