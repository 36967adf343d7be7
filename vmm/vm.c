/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "arch/arm/layout.h"
#include "arch/arm/mode_name.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/guest_abi.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vmm/console/console.h"
#include "vmm/console/events.h"
#include "vmm/irq.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/start/loader.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/stop.h"
#include "vmm/timer.h"
#include "vmm/trap.h"
#include "vmm/vm_devices.h"

/** Lines about what a VM does, on its own thread: others may be in after each. */
#define LOG_VM(vm, level, ...)                             \
	do {                                               \
		if (log_admits(&(vm)->log, (vm)->name))    \
			log_write_own(level, __VA_ARGS__); \
	} while (0)

/**
 * Asks for something that the VM's own thread does, at the end of its present trap, or when it is its
 * turn.
 */
void vm_ask(struct vm *vm, enum vm_request what)
{
	vm->request = vm_request_add(vm->request, what);
	vm->vcpu.attention = 1;
	run_set_ready(vm, true);
}

/** Deadline @p n of the VM has passed, and is its own thread's work: at the end of its trap, or now. */
void vm_leave_work(struct vm *vm, unsigned n)
{
	vm->work |= BIT(n);
	vm->vcpu.attention = 1;
	if (vm->waiting)
		run_set_ready(vm, true);
}

/** Does what vm_leave_work() has left. */
void vm_do_work(struct vm *vm)
{
	while (vm->work != 0) {
		const unsigned n = (unsigned)__builtin_ctz(vm->work);

		vm->work &= vm->work - 1u;
		timer_serve(vm, n);
	}
}

static struct vm *vms[VMS_MAX];

/** The VM with a number, or NULL: there is none. */
struct vm *vm_get(unsigned number)
{
	return number < VMS_MAX ? vms[number] : 0;
}

static enum status add_ram(struct vm *vm, uint32_t at)
{
	const uint32_t size = vm->config->memory;
	const struct mem_region ram = {
		.base = board.ram.base.raw, .size = size, .kind = MEM_RAM, .hpa = hpa(at)
	};

	if (at + size > vm->boot->bundle.raw) {
		log_error(
			"hako: %s: %u MiB of memory do not fit below the bundle at 0x%08x; bundle "
			"the guest with less\n",
			vm->name, (unsigned)(size / MIB), (unsigned)vm->boot->bundle.raw);
		return STATUS_NO_MEMORY;
	}
	return vm_mem_add(&vm->mem, &ram);
}

/** How many address spaces a VM has at hand, if its description does not say: what its memory suggests. */
static const struct {
	uint32_t memory; /* at least */
	struct shadow_size size;
} usual_sizes[] = {
	/* clang-format off */
	{ 64 * MIB, { SHADOW_CONTEXTS, SHADOW_TABLES } },
	{ 40 * MIB, { 12,              240 } },
	{ 28 * MIB, { 6,               160 } },
	{ 16 * MIB, { 5,               128 } },
	{ 0,        { 3,               16 } },
	/* clang-format on */
};

/** How many tables and address spaces a VM of this description has. */
struct shadow_size vm_shadow_size(const struct vm_config *config)
{
	const unsigned tables = config->shadow_tables, contexts = config->shadow_contexts;
	struct shadow_size size;
	unsigned i = 0;

	while (config->memory < usual_sizes[i].memory)
		i++;
	size = usual_sizes[i].size;
	if (tables)
		size.tables = align_up(tables, 4);
	if (contexts)
		size.contexts = contexts;
	return size;
}

/** Prepares the tables that the hardware walks; the pool with the VM's number is mapped from here on. */
static enum status make_shadow(struct vm *vm)
{
	const struct shadow_size size = vm_shadow_size(vm->config);
	const struct pv_info *const pv = &vm->vcpu.pv;
	const struct shadow_pv announced = { .announces = pv->announces,
					     .linear_offset = pv->linear_offset,
					     .user_limit = pv->user_limit,
					     .ram = vm->mem.region[vm->mem.ram] };

	if (!shadow_size_ok(&size) || shadow_heap_size(&size, pv->announces) > heap_free()) {
		log_error(
			"hako: %s: %u shadow tables and %u contexts are not possible with %u KiB of "
			"the VMM's heap left; see docs/vm-config.md, shadow-tables\n",
			vm->name, size.tables, size.contexts, (unsigned)(heap_free() / KIB));
		return STATUS_NO_MEMORY;
	}
	mmu_use_pool(hpa(vm->boot->pool.raw + vm->number * VMM_POOL_SIZE));
	shadow_init(&vm->shadow, &size, &vm->vcpu.mmu, guest_ram_page, &vm->mem,
		    (void *)(uintptr_t)VMM_POOL);
	shadow_set_pv(&vm->shadow, &announced);
	return STATUS_OK;
}

/** What the scheduler has to know. */
void vm_schedule(struct vm *vm)
{
	const unsigned ticks_per_us = CLOCK_HZ / 1000000;

	vm->sched = (struct sched_entity){ .priority = vm->config->priority,
					   .budget = vm->config->budget_us * ticks_per_us,
					   .period = vm->config->period_us * ticks_per_us };
}

/**
 * Makes VM @p number of the bundle, as @p config says, with RAM from @p ram on; for vmm/vm_remake.c,
 * too. All of it is zeros, but for what others know it by.
 */
enum status vm_make(struct vm *vm, unsigned number, hpa_t ram, const struct system_config *config,
		    const struct boot_info *info, const struct bundle *bundle)
{
	struct pv_info *const pv = &vm->vcpu.pv;
	struct proxy *proxies;
	enum status status;

	vm->number = number;
	vm->config = &config->vm[number];
	vm->boot = info;
	vm->bundle = bundle;
	memcpy(vm->name, vm->config->name, sizeof(vm->name));
	timer_clock_init(&vm->clock);

	status = add_ram(vm, ram.raw);
	if (status == STATUS_OK)
		status = vm_devices_make(vm, config);
	if (status == STATUS_OK)
		status = loader_pv_info(bundle, info, number, pv);
	if (status != STATUS_OK)
		return status;

	proxies = loader_make_proxies(bundle, info, number, &vm->vcpu.proxy_count);
	vm->proxy_words = vm_extras_decode(vm, proxies);
	pv_dacr_proxies(proxies, pv);
	vm->vcpu.proxies = proxies;
	vm->vcpu.vm = vm;
	vm->vcpu.mem = &vm->mem;
	vm->vcpu.shadow = &vm->shadow;
	vm->vcpu.completes_unaligned = loader_is_linux(bundle, info, number);
	preempt_point();
	if (pv->magic)
		vm->vcpu.pv_page = (volatile uint8_t *)PV_PAGE;
	status = make_shadow(vm);
	if (status != STATUS_OK)
		return status;
	/* Only now are the vectors mapped: what the core does not have traps. */
	jazelle_disable(); /* its state would be one that no trap handler knows */
	vm->vcpu.has_vfp = vfp_present();
	for (unsigned line = 0; line < board.irq_count; line++) {
		if (config_line_owner(config, &board.irqs[line]) == number)
			irq_give(vm, line);
		preempt_point();
	}
	timer_connect(vm);
	console_connect(vm);
	return STATUS_OK;
}

/**
 * The same, for the first time: it is off; vm_ask() starts it. Called in the order of numbers: each
 * takes the RAM behind that of the one before.
 */
enum status vm_create(struct vm *vm, unsigned number, const struct system_config *config,
		      const struct boot_info *info, const struct bundle *bundle)
{
	static uint32_t next = VM_RAM_OFFSET; /* of the board's RAM */
	const enum status status =
		vm_make(vm, number, hpa(board.ram.base.raw + next), config, info, bundle);

	if (status != STATUS_OK)
		return status;
	next += config->vm[number].memory;
	vm_schedule(vm);
	timer_add(vm);
	vms[number] = vm;
	run_add(vm, vm_thread);
	return STATUS_OK;
}

/** Devices at power-on state; what was begun with the VM's memory is void. */
static void reset_devices(struct vm *vm)
{
	vm->dma.generation++;
	timer_cancel_all(vm);
	vm->work = 0;
	for (unsigned i = 0; i < vm->device_count; i++) {
		struct device *dev = &vm->device[i];

		dev->guest_errors = 0;
		dev->ops->reset(dev);
		preempt_point();
	}
}

/** (Re)starts the VM: devices at power-on state, RAM loaded anew, the CPU at the guest's entry. */
static void start(struct vm *vm)
{
	const uint32_t ram_base = board.ram.base.raw;
	uint32_t entry, dtb;

	vm->state = VM_RUNNING;
	vm->is_dead = false;
	console_reset(vm);
	event(EVENT_START, vm->number, vm->starts + 1, 0);
	irq_close(vm); /* what came in the middle of it, its controllers would forget, or not */
	reset_devices(vm);
	irq_open(vm);
	if (vm->vcpu.has_vfp)
		vfp_reset();
	vcpu_reset(&vm->vcpu);
	if (vm->starts == 0)
		vm_extras_clear(vm);
	loader_load(vm->bundle, vm->boot, vm->number, &vm->mem);
	entry = vm->bundle->vm[vm->number].entry.raw + ram_base;
	dtb = vm->bundle->vm[vm->number].dtb.raw;
	vm->time_base = timer_now();
	vm_extras_start(vm);

	/* What a kernel finds in its registers (Linux: Documentation/arch/arm/booting.rst). */
	vm->vcpu.frame.r[0] = 0;
	vm->vcpu.frame.r[1] = board.machine_id;
	vm->vcpu.frame.r[2] = dtb ? dtb + ram_base : 0;
	vm->vcpu.frame.pc = entry;
	vm->starts++;
	LOG_VM(vm, LOG_INFO,
	       "[%s] start %u: %u MiB, entry 0x%08x, %u proxies; VMM heap %u KiB free, %u shadow "
	       "tables free\n",
	       vm->name, vm->starts, (unsigned)(vm->config->memory / MIB), (unsigned)entry,
	       vm->proxy_words, (unsigned)(heap_free() / KIB), vm->shadow.free_count);
}

/** The VM is off: all it can do is to start. */
static void start_when_asked(struct vm *vm)
{
	while (!(vm->request & (VM_START | VM_RESET))) {
		vm->request = VM_NOTHING;
		run_set_ready(vm, false);
		run_others();
	}
	vm->request = VM_NOTHING;
	start(vm);
}

/** The beginning of a VM's thread, which never ends. */
void vm_thread(void)
{
	start_when_asked(run_vm);
	guest_enter(trap_resume(&run_vm->vcpu));
}

/** The VM is off until it is to start again. */
static void switch_off(struct vm *vm)
{
	vm->state = VM_OFF;
	event(EVENT_STOP, vm->number, 0, 0);
	irq_close(vm);
	reset_devices(vm);       /* nobody sends to it, or waits for it */
	vm->request &= VM_START; /* what was wanted of it meanwhile, when it ran, is void */
}

/** The same, by itself: if it was the last one, the board ends, with @p code. */
static void power_off(struct vm *vm, int code)
{
	switch_off(vm);
	while (!vms_any_on()) {
		if (service_settle(vm))
			stop_board(code);
		run_set_ready(vm, false);
		run_others();
	}
	start_when_asked(vm);
}

/** The VM and, if it was made so, its time stand still. */
static void pause(struct vm *vm)
{
	vm->state = VM_PAUSED;
	LOG_VM(vm, LOG_INFO, "[%s] paused\n", vm->name);
	timer_stand_still(vm, !vm->config->time_runs_in_pause);
	event(EVENT_PAUSE, vm->number, 0, 0);
	while (vm_request_first(vm->request) == VM_PAUSE) {
		run_set_ready(vm, false);
		run_others();
	}
	timer_stand_still(vm, false);
	vm->state = VM_RUNNING;
	event(EVENT_RESUME, vm->number, 0, 0);
	if (vm->request == VM_NOTHING)
		LOG_VM(vm, LOG_INFO, "[%s] goes on\n", vm->name);
}

/** Does what was asked of the VM. */
void vm_act_on_request(struct vm *vm)
{
	while (vm->request != VM_NOTHING) {
		const enum vm_request what = vm_request_first(vm->request);

		if (what != VM_PAUSE) /* it is over when it is withdrawn */
			vm->request = vm_request_after(vm->request, what);
		switch (what) {
		case VM_RESET:
			event(EVENT_RESET, vm->number, 0, 0);
			LOG_VM(vm, LOG_INFO, "[%s] reset\n", vm->name);
			start(vm);
			break;
		case VM_POWER_OFF:
			LOG_VM(vm, LOG_INFO, "[%s] powered off\n", vm->name);
			power_off(vm, 0);
			break;
		case VM_STOP:
			LOG_VM(vm, LOG_INFO, "[%s] stopped by the monitor\n", vm->name);
			switch_off(vm);
			start_when_asked(vm);
			break;
		case VM_PAUSE:
			pause(vm);
			break;
		case VM_START:
		case VM_RESUME:
		case VM_RESET_NOW:
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

	LOG_VM(vm, LOG_WARN, "[%s] stopped: %s (0x%08x) at pc 0x%08x, mode %s, last trap: %s\n",
	       vm->name, vcpu->stop_reason, (unsigned)vcpu->stop_value, (unsigned)f->pc,
	       arm_mode_name(vcpu_mode(vcpu)), trap);
	for (unsigned i = 0; i < 15; i += 5) {
		LOG_VM(vm, LOG_WARN, "[%s]   r%-2u %08x %08x %08x %08x %08x\n", vm->name, i,
		       (unsigned)f->r[i], (unsigned)f->r[i + 1], (unsigned)f->r[i + 2],
		       (unsigned)f->r[i + 3], (unsigned)f->r[i + 4]);
	}
	LOG_VM(vm, LOG_WARN, "[%s]   cpsr %08x  spsr %08x  sctlr %08x  ttbr %08x  dacr %08x\n",
	       vm->name, (unsigned)vcpu_cpsr(vcpu), (unsigned)vcpu_spsr(vcpu),
	       (unsigned)vcpu->mmu.sctlr, (unsigned)vcpu->mmu.ttbr, (unsigned)vcpu->mmu.dacr);
	vm->deaths++;
	event(EVENT_DEATH, vm->number, f->pc, vcpu->stop_value);
	if (vm->config->on_death == ON_DEATH_RESTART && vm->deaths - 1 < vm->config->restarts) {
		LOG_VM(vm, LOG_INFO, "[%s] restarted after its death\n", vm->name);
		start(vm);
		return;
	}
	vm->is_dead = true;
	power_off(vm, 1);
}
