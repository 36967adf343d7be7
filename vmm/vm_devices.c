/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm_devices.h"

#include "arch/arm/user_access.h"
#include "devemu/trapped.h"
#include "vmm/console/console.h"
#include "vmm/irq.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"

/* ---- power: the VM's own, never the board's ---------------------------------------------------- */

static struct vm *power_owner(const struct power_backend *backend)
{
	return (struct vm *)((const char *)backend - offsetof(struct vm, power));
}

static void request_reset(const struct power_backend *backend)
{
	vm_ask(power_owner(backend), VM_RESET);
}

static void request_off(const struct power_backend *backend)
{
	vm_ask(power_owner(backend), VM_POWER_OFF);
}

/* ---- registers of the board -------------------------------------------------------------------- */

/** The board's registers behind an emulated window. */
struct passthrough {
	struct reg_passthrough ops; /* first: the back end and this are one pointer */
	volatile uint32_t *regs;
};

static uint32_t passthrough_read(const struct reg_passthrough *backend, uint32_t offset)
{
	return ((const struct passthrough *)backend)->regs[offset / 4];
}

static void passthrough_write(const struct reg_passthrough *backend, uint32_t offset,
			      uint32_t value)
{
	((const struct passthrough *)backend)->regs[offset / 4] = value;
}

static const struct reg_passthrough *passthrough_make(const struct board_window *window)
{
	struct passthrough *passthrough = heap_alloc(sizeof(*passthrough));

	passthrough->ops.read = passthrough_read;
	passthrough->ops.write = passthrough_write;
	passthrough->regs = mmu_device_window(hpa(window->base), window->size);
	return &passthrough->ops;
}

/** Any device of the board, access by access. */
struct bus {
	struct bus_backend ops; /* first: the same */
	volatile uint8_t *regs;
};

static bool bus_read(const struct bus_backend *backend, uint32_t offset, unsigned size,
		     uint32_t *value)
{
	const volatile uint8_t *const at = ((const struct bus *)backend)->regs + offset;

	return size == 4   ? bus_load32(at, value)
	       : size == 2 ? bus_load16(at, value)
			   : bus_load8(at, value);
}

static bool bus_write(const struct bus_backend *backend, uint32_t offset, unsigned size,
		      uint32_t value)
{
	volatile uint8_t *const at = ((const struct bus *)backend)->regs + offset;

	return size == 4   ? bus_store32(at, value)
	       : size == 2 ? bus_store16(at, value)
			   : bus_store8(at, value);
}

static const struct bus_backend *bus_make(const struct board_window *window)
{
	struct bus *bus = heap_alloc(sizeof(*bus));

	bus->ops.read = bus_read;
	bus->ops.write = bus_write;
	bus->regs = (volatile uint8_t *)mmu_device_window(hpa(window->base), window->size);
	return &bus->ops;
}

/* ---- back ends --------------------------------------------------------------------------------- */

/** Whether the VM has the row of the board's table called @p name. */
static bool has_row(const struct vm *vm, const char *name)
{
	for (unsigned i = 0; i < board.window_count; i++)
		if (strcmp(board.windows[i].name, name) == 0)
			return vm->config->row[i] >= ROW_OWNED;
	return false;
}

/** What vm->screen is where there are no other boards: for scripts/stack_depth, which knows tables. */
static const struct screen_backend no_screen __attribute__((used)) = { NULL, NULL };

static const void *backend_make(struct vm *vm, const struct board_window *window)
{
	struct system_backend *system;

	switch (window->backend) {
	case VM_BACKEND_CONSOLE:
		return console_backend(vm);
	case VM_BACKEND_IRQ:
		return &vm->lines;
	case VM_BACKEND_SYSTEM:
	case VM_BACKEND_SYSTEM_BOARD:
		system = heap_alloc(sizeof(*system));
		system->power = &vm->power;
		system->ram_size = vm->config->memory;
		system->screen = &vm->screen;
		if (window->backend == VM_BACKEND_SYSTEM_BOARD && has_row(vm, window->follows))
			system->board = passthrough_make(window);
		return system;
	default:
		return 0;
	}
}

/* ---- wires ------------------------------------------------------------------------------------- */

static void connect_wires(struct vm *vm, struct device *dev, const struct board_window *window)
{
	for (unsigned i = 0; i < DEVICE_WIRES_MAX; i++) {
		const struct vm_wire *wire = &window->wire[i];

		switch (wire->sink) {
		case VM_SINK_NONE:
			break;
		case VM_SINK_CPU:
			dev->irq[i] = (struct irq_line){ irq_cpu_input, vm, wire->input };
			break;
		default:
			dev->irq[i] = (struct irq_line){ device_input, vm->sink[wire->sink],
							 wire->input };
			break;
		}
	}
}

/** Wire 0 of @p dev ends at an input of the VM's primary interrupt controller. */
void vm_device_connect(struct vm *vm, struct device *dev, unsigned input)
{
	dev->irq[0] = (struct irq_line){ device_input, vm->sink[VM_SINK_PRIMARY], input };
}

/* ---- devices ----------------------------------------------------------------------------------- */

static struct device *device_make(struct vm *vm, const struct device_ops *ops)
{
	struct device *dev;

	if (vm->device_count == VM_DEVICES_MAX) {
		log_error("hako: %s: more than %u devices; leave one out\n", vm->name,
			  VM_DEVICES_MAX);
		return 0;
	}
	dev = &vm->device[vm->device_count++];
	dev->ops = ops;
	dev->state = heap_alloc(ops->state_size);
	dev->owner = vm->name;
	dev->log = &vm->log;
	dev->clock = &vm->clock;
	dev->deadline_at = CLOCK_NEVER;
	return dev;
}

static enum status add_region(struct vm *vm, const char *name, const struct mem_region *region)
{
	const enum status status = vm_mem_add(&vm->mem, region);

	if (status != STATUS_OK)
		log_error("hako: %s: window '%s' at 0x%08x: %s\n", vm->name, name,
			  (unsigned)region->base, status_name(status));
	return status;
}

/** A device with memory of the VM, at @p region; NULL, and a message, if that cannot be. */
struct device *vm_device_add_memory(struct vm *vm, const struct device_ops *ops,
				    struct mem_region *region)
{
	struct device *const dev = device_make(vm, ops);

	region->device = dev;
	return dev && add_region(vm, ops->name, region) == STATUS_OK ? dev : 0;
}

/** A device at an address where the board has none; NULL, and a message, if that cannot be. */
struct device *vm_device_add(struct vm *vm, const struct device_ops *ops, uint32_t base,
			     uint32_t size)
{
	struct device *const dev = device_make(vm, ops);
	const struct mem_region region = {
		.base = base, .size = size, .kind = MEM_EMULATED, .device = dev
	};

	if (!dev || add_region(vm, ops->name, &region) != STATUS_OK)
		return 0;
	return dev;
}

/** The row of the board's table as this VM has it. */
static enum status add_row(struct vm *vm, unsigned row, struct device **made)
{
	const struct board_window *const window = &board.windows[row];
	const enum row_use use = (enum row_use)vm->config->row[row];
	struct mem_region region = { .base = window->base,
				     .size = window->size,
				     .kind = window->kind,
				     .hpa = hpa(window->base) };
	struct device *dev = 0;

	if (use < ROW_OWNED)
		return STATUS_OK;
	if (use == ROW_TRAPPED || use == ROW_LOGGED) {
		struct trapped_params *params = 0;

		dev = device_make(vm, &trapped_ops);
		if (!dev)
			return STATUS_NO_MEMORY;
		if (use == ROW_LOGGED) {
			params = heap_alloc(sizeof(*params));
			params->name = window->name;
		}
		dev->params = params;
		dev->backend = bus_make(window);
		region.kind = MEM_EMULATED;
	} else if (window->ops) {
		dev = device_make(vm, window->ops);
		if (!dev)
			return STATUS_NO_MEMORY;
		dev->params = window->params;
		dev->backend = backend_make(vm, window);
		if (window->is != VM_SINK_NONE)
			vm->sink[window->is] = dev;
		if (window->backend == VM_BACKEND_CONSOLE)
			vm->console = dev;
	}
	region.device = dev;
	*made = dev;
	return add_region(vm, window->name, &region);
}

/** Makes all devices that the VM's description, or the board's table, gives it. */
enum status vm_devices_make(struct vm *vm, const struct system_config *config)
{
	struct device *of_row[VM_MEM_REGIONS_MAX] = { 0 };
	enum status status;

	vm->power = (struct power_backend){ .reset = request_reset, .off = request_off };
	vm->lines.refresh = irq_refresh;
	for (unsigned row = 0; row < board.window_count; row++) {
		status = add_row(vm, row, &of_row[row]);
		if (status != STATUS_OK)
			return status;
		preempt_point(); /* of vmm/vm_remake.c */
	}
	/* All controllers exist now. */
	for (unsigned row = 0; row < board.window_count; row++)
		if (of_row[row] && vm->config->row[row] == ROW_OWNED)
			connect_wires(vm, of_row[row], &board.windows[row]);
	return vm_extras_make(vm, config);
}
