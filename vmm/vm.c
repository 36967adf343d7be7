/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "arch/arm/layout.h"
#include "arch/arm/mode_name.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/guest_abi.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vmm/console.h"
#include "vmm/irq.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/loader.h"
#include "vmm/run.h"
#include "vmm/stop.h"
#include "vmm/timer.h"

/**
 * Asks for something that the VM's own thread does, at the end of its present trap, or when it is its
 * turn. A request that has not been seen yet is replaced: the last one counts.
 */
void vm_ask(struct vm *vm, enum vm_request what)
{
	vm->request = what;
	vm->vcpu.attention = 1;
	run_set_ready(vm, true);
}

/* The back ends. */

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

static uint32_t passthrough_read(const struct reg_passthrough *backend, uint32_t offset)
{
	return ((const struct vm_passthrough *)backend)->regs[offset / 4];
}

static void passthrough_write(const struct reg_passthrough *backend, uint32_t offset,
			      uint32_t value)
{
	((const struct vm_passthrough *)backend)->regs[offset / 4] = value;
}

static const struct reg_passthrough *passthrough_make(const struct board_window *window)
{
	struct vm_passthrough *passthrough = heap_alloc(sizeof(*passthrough));

	passthrough->ops.read = passthrough_read;
	passthrough->ops.write = passthrough_write;
	passthrough->regs = mmu_device_window(hpa(window->base), window->size);
	return &passthrough->ops;
}

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
		system->ram_size = vm->bundle->vm[vm->number].memory;
		if (window->backend == VM_BACKEND_SYSTEM_BOARD)
			system->board = passthrough_make(window);
		return system;
	default:
		return 0;
	}
}

/** The virtual CPU's inputs: even numbers are IRQ, odd ones FIQ, each the OR of its sources. */
static void cpu_input(void *sink, unsigned input, bool level)
{
	struct vm *const vm = sink;
	uint32_t either;

	vm->cpu_inputs = level ? vm->cpu_inputs | BIT(input) : vm->cpu_inputs & ~BIT(input);
	_Static_assert(VM_CPU_SOURCES == 2, "both are looked at");
	either = vm->cpu_inputs | vm->cpu_inputs >> 2;
	vm->vcpu.interrupt = (either & 1u) * PSR_I | (either >> 1 & 1u) * PSR_F;
	vm->vcpu.attention = 1;
	if (vm->waiting && vm->vcpu.interrupt)
		run_set_ready(vm, true);
}

static void connect_wires(struct vm *vm, struct device *dev, const struct board_window *window)
{
	for (unsigned i = 0; i < DEVICE_WIRES_MAX; i++) {
		const struct vm_wire *wire = &window->wire[i];

		switch (wire->sink) {
		case VM_SINK_NONE:
			break;
		case VM_SINK_CPU:
			dev->irq[i] = (struct irq_line){ cpu_input, vm, wire->input };
			break;
		default:
			dev->irq[i] = (struct irq_line){ device_input, vm->sink[wire->sink],
							 wire->input };
			break;
		}
	}
}

static enum status add_ram(struct vm *vm)
{
	const uint32_t size = vm->bundle->vm[vm->number].memory;
	const struct mem_region ram = {
		.base = 0, .size = size, .kind = MEM_RAM, .hpa = hpa(VM_RAM_HPA)
	};

	if (VM_RAM_HPA + size > vm->boot->bundle.raw) {
		log_error(
			"hako: %s: %u MiB of memory do not fit below the bundle at 0x%08x; bundle "
			"the guest with less\n",
			vm->name, (unsigned)(size / MIB), (unsigned)vm->boot->bundle.raw);
		return STATUS_NO_MEMORY;
	}
	return vm_mem_add(&vm->mem, &ram);
}

static enum status add_devices(struct vm *vm)
{
	struct device *of_window[VM_MEM_REGIONS_MAX] = { 0 };

	for (unsigned i = 0; i < board.window_count; i++) {
		const struct board_window *window = &board.windows[i];
		struct mem_region region = { .base = window->base,
					     .size = window->size,
					     .kind = window->kind,
					     .hpa = hpa(window->base) };
		enum status status;

		if (window->ops) {
			struct device *dev;

			if (vm->device_count == VM_DEVICES_MAX)
				return STATUS_NO_MEMORY;
			dev = &vm->device[vm->device_count++];
			dev->ops = window->ops;
			dev->state = heap_alloc(window->ops->state_size);
			dev->params = window->params;
			dev->owner = vm->name;
			dev->clock = &vm->clock;
			dev->deadline_at = CLOCK_NEVER;
			dev->backend = backend_make(vm, window);
			if (window->is != VM_SINK_NONE)
				vm->sink[window->is] = dev;
			if (window->backend == VM_BACKEND_CONSOLE)
				vm->console = dev;
			of_window[i] = dev;
			region.device = dev;
		}
		status = vm_mem_add(&vm->mem, &region);
		if (status != STATUS_OK) {
			log_error("hako: %s: window '%s' at 0x%08x: %s\n", vm->name, window->name,
				  (unsigned)window->base, status_name(status));
			return status;
		}
	}
	/* All controllers exist now. */
	for (unsigned i = 0; i < board.window_count; i++)
		if (of_window[i])
			connect_wires(vm, of_window[i], &board.windows[i]);
	return STATUS_OK;
}

/** Makes the VM that the bundle describes; vm_start() gives it its software. */
enum status vm_create(struct vm *vm, const struct boot_info *info, const struct bundle *bundle)
{
	static const struct shadow_size size = { .contexts = SHADOW_CONTEXTS,
						 .tables = SHADOW_TABLES };
	struct pv_info *const pv = &vm->vcpu.pv;
	struct shadow_pv announced;
	enum status status;

	vm->power = (struct power_backend){ .reset = request_reset, .off = request_off };
	vm->lines.refresh = irq_refresh;
	vm->boot = info;
	vm->bundle = bundle;
	loader_vm_name(bundle, info, vm->number, vm->name);

	status = add_ram(vm);
	if (status != STATUS_OK)
		return status;
	timer_clock_init(&vm->clock);
	status = add_devices(vm);
	if (status != STATUS_OK)
		return status;

	vm->proxies = heap_alloc(PROXY_TABLE_MAX * sizeof(*vm->proxies));
	loader_make_proxies(bundle, info, vm->number, vm->proxies);

	vm->vcpu.vm = vm;
	vm->vcpu.mem = &vm->mem;
	vm->vcpu.shadow = &vm->shadow;
	vm->vcpu.proxies = vm->proxies;
	vm->vcpu.completes_unaligned = loader_is_linux(bundle, info, vm->number);
	status = loader_pv_info(bundle, info, vm->number, pv);
	if (status != STATUS_OK)
		return status;
	pv_dacr_proxies(vm->proxies, pv);
	if (pv->magic)
		vm->vcpu.pv_page = (volatile uint8_t *)PV_PAGE;
	announced = (struct shadow_pv){ .announces = pv->announces,
					.linear_offset = pv->linear_offset,
					.user_limit = pv->user_limit,
					.ram = *vm_mem_find(&vm->mem, gpa(0)) };
	mmu_use_pool(info->pool);
	shadow_init(&vm->shadow, &size, &vm->vcpu.mmu, guest_ram_page, &vm->mem,
		    (void *)(uintptr_t)VMM_POOL);
	shadow_set_pv(&vm->shadow, &announced);
	/* Only now are the vectors mapped: what the core does not have traps. */
	jazelle_disable(); /* its state would be one that no trap handler knows */
	vm->vcpu.has_vfp = vfp_present();
	for (unsigned n = 0; n < board.irq_count; n++)
		irq_give(vm, n);
	timer_connect(vm);
	console_connect(vm);
	run_add(vm);
	return STATUS_OK;
}

/** (Re)starts the VM: devices at power-on state, RAM loaded anew, the CPU at the guest's entry. */
static void start(struct vm *vm)
{
	vm->state = VM_RUNNING;
	irq_open(vm);
	timer_cancel_all(vm);
	for (unsigned i = 0; i < vm->device_count; i++) {
		struct device *dev = &vm->device[i];

		dev->guest_errors = 0;
		dev->ops->reset(dev);
	}
	if (vm->vcpu.has_vfp)
		vfp_reset();
	vcpu_reset(&vm->vcpu);
	loader_load(vm->bundle, vm->boot, vm->number, &vm->mem);
	vm->time_base = timer_now();

	/* What a kernel finds in its registers (Linux: Documentation/arch/arm/booting.rst). */
	vm->vcpu.frame.r[0] = 0;
	vm->vcpu.frame.r[1] = board.machine_id;
	vm->vcpu.frame.r[2] = vm->bundle->vm[vm->number].dtb.raw;
	vm->vcpu.frame.pc = vm->bundle->vm[vm->number].entry.raw;
	vm->starts++;
	log_info("[%s] start %u: %u MiB, entry 0x%08x, %u proxies; VMM heap %u KiB free, %u shadow "
		 "tables free\n",
		 vm->name, vm->starts, (unsigned)(vm->bundle->vm[vm->number].memory / MIB),
		 (unsigned)vm->bundle->vm[vm->number].entry.raw,
		 loader_proxy_count(vm->bundle, vm->boot, vm->number),
		 (unsigned)(heap_free() / KIB), vm->shadow.free_count);
}

/** The VM's thread waits until somebody wants something of it. */
static void wait_for_request(struct vm *vm)
{
	while (vm->request == VM_NOTHING) {
		run_set_ready(vm, false);
		run_others();
	}
}

/** The VM is off until it is to start again; @p code is what the board ends with, if it was the last. */
static void power_off(struct vm *vm, int code)
{
	vm->state = VM_OFF;
	irq_close(vm);
	timer_cancel_all(vm);
	if (!vms_any_on())
		stop_board(code);
	while (vm->request != VM_START && vm->request != VM_RESET) {
		vm->request = VM_NOTHING; /* nothing else makes sense */
		wait_for_request(vm);
	}
	vm->request = VM_NOTHING;
	start(vm);
}

/** The VM and, if it was made so, its time stand still. */
static void pause(struct vm *vm)
{
	vm->state = VM_PAUSED;
	log_info("[%s] paused\n", vm->name);
	timer_stand_still(vm, true);
	do {
		vm->request = VM_NOTHING;
		wait_for_request(vm);
	} while (vm->request == VM_PAUSE || vm->request == VM_START);
	timer_stand_still(vm, false);
	vm->state = VM_RUNNING;
	if (vm->request == VM_RESUME) {
		vm->request = VM_NOTHING;
		log_info("[%s] goes on\n", vm->name);
	}
}

/** The beginning of the VM's thread. */
void vm_first_start(struct vm *vm)
{
	vm->request = VM_NOTHING;
	start(vm);
}

/** Does what was asked of the VM. */
void vm_act_on_request(struct vm *vm)
{
	while (vm->request != VM_NOTHING) {
		const enum vm_request what = vm->request;

		vm->request = VM_NOTHING;
		switch (what) {
		case VM_RESET:
			log_info("[%s] reset\n", vm->name);
			start(vm);
			break;
		case VM_POWER_OFF:
			log_info("[%s] powered off\n", vm->name);
			power_off(vm, 0);
			break;
		case VM_STOP:
			log_info("[%s] stopped\n", vm->name);
			power_off(vm, 0);
			break;
		case VM_PAUSE:
			pause(vm);
			break;
		case VM_START:
		case VM_RESUME:
		case VM_NOTHING:
			break; /* it runs */
		}
	}
}

/** The VM cannot continue: says why and in which state; it is off then. */
void vm_stop_with_report(struct vm *vm, const char *trap)
{
	const struct vcpu *const vcpu = &vm->vcpu;
	const struct trap_frame *const f = &vcpu->frame;

	log_warn("[%s] stopped: %s (0x%08x) at pc 0x%08x, mode %s, last trap: %s\n", vm->name,
		 vcpu->stop_reason, (unsigned)vcpu->stop_value, (unsigned)f->pc,
		 arm_mode_name(vcpu_mode(vcpu)), trap);
	for (unsigned i = 0; i < 15; i += 5)
		log_warn("[%s]   r%-2u %08x %08x %08x %08x %08x\n", vm->name, i, (unsigned)f->r[i],
			 (unsigned)f->r[i + 1], (unsigned)f->r[i + 2], (unsigned)f->r[i + 3],
			 (unsigned)f->r[i + 4]);
	log_warn("[%s]   cpsr %08x  spsr %08x  sctlr %08x  ttbr %08x  dacr %08x\n", vm->name,
		 (unsigned)vcpu_cpsr(vcpu), (unsigned)vcpu_spsr(vcpu), (unsigned)vcpu->mmu.sctlr,
		 (unsigned)vcpu->mmu.ttbr, (unsigned)vcpu->mmu.dacr);
	vm->deaths++;
	power_off(vm, 1);
}
