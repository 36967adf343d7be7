/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm_remake.h"

#include "arch/arm/layout.h"
#include "devemu/trapped.h"
#include "devemu/virtio_blk.h"
#include "devemu/virtio_console.h"
#include "devemu/virtio_net.h"
#include "devemu/virtio_rng.h"
#include "net/switch.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv.h"
#include "vmm/console/console.h"
#include "vmm/entropy.h"
#include "vmm/irq.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/in_steps.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/start/loader.h"
#include "vmm/remote/peers.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/timer.h"

#define PAGE_SIZE 4096u

_Static_assert(VMM_POOL_DTB >= SHADOW_POOL_SIZE, "behind the shadow tables");
_Static_assert(VMM_POOL_DTB + VMM_POOL_DTB_SIZE <= VMM_POOL_VECTORS, "before the vectors");

/* ---- what it will need ----------------------------------------------------------------------- */

/** What heap_alloc() takes for that. */
static uint32_t block(size_t size)
{
	return align_up((uint32_t)size, HEAP_ALIGN);
}

/* A device of the board behind an emulated window: two functions, and where it is. */
struct behind {
	const void *read, *write;
	volatile void *regs;
};

/** A row of the board's table: vmm/vm_devices.c. */
static uint32_t row_size(const struct vm_config *vm, unsigned row, unsigned *count)
{
	const struct board_window *const window = &board.windows[row];
	const bool is_trapped = vm->row[row] == ROW_TRAPPED || vm->row[row] == ROW_LOGGED;
	uint32_t size;

	if (vm->row[row] == ROW_ABSENT || (!is_trapped && !window->ops))
		return 0;
	++*count;
	size = block((is_trapped ? &trapped_ops : window->ops)->state_size);
	if (is_trapped)
		return size + block(sizeof(struct behind)) +
		       (vm->row[row] == ROW_LOGGED ? block(sizeof(struct trapped_params)) : 0);
	if (window->backend == VM_BACKEND_SYSTEM || window->backend == VM_BACKEND_SYSTEM_BOARD)
		size += block(sizeof(struct system_backend));
	if (window->backend == VM_BACKEND_SYSTEM_BOARD)
		size += block(sizeof(struct behind));
	return size;
}

/** A virtio device, and what stands behind it: vmm/vm_extras.c. */
static uint32_t virtio_size(enum virtio_type type)
{
	switch (type) {
	case VIRTIO_NETWORK:
		return block(virtio_net_ops.state_size) + block(sizeof(struct virtio_net_backend)) +
		       block(sizeof(struct port));
	case VIRTIO_BLOCK:
		return block(virtio_blk_ops.state_size) + block(sizeof(struct virtio_blk_params));
	case VIRTIO_CONSOLE:
		return block(virtio_console_ops.state_size);
	case VIRTIO_ENTROPY:
		return block(virtio_rng_ops.state_size) + block(sizeof(struct entropy_source));
	}
	return 0;
}

/** For the devices of a VM; and how many they are. */
static uint32_t devices_size(const struct system_config *config, const struct vm_config *vm,
			     unsigned *count)
{
	uint32_t size = 0;

	for (unsigned row = 0; row < board.window_count; row++)
		size += row_size(vm, row, count);
	for (unsigned i = 0; i < vm->window_count; i++) {
		const struct window_config *const window = &vm->window[i];

		size += block(window->model->ops->state_size);
		if (window->remote != CONFIG_NONE)
			size += remote_window_heap_size(window, &config->remote[window->remote]);
	}
	for (unsigned i = 0; i < vm->virtio_count; i++)
		size += virtio_size(vm->virtio[i].type);
	*count += vm->window_count + vm->virtio_count;
	return size;
}

/**
 * How much of the heap a VM takes at most; what its description and its guest say decides that, as in
 * vm_make().
 */
uint32_t vm_heap_size(const struct system_config *config, const struct bundle *bundle, unsigned n,
		      unsigned *devices)
{
	const struct vm_config *const vm = &config->vm[n];
	const struct shadow_size shadow = vm_shadow_size(vm);
	const struct bundle_part *const proxies = bundle_find(bundle, n, BUNDLE_PROXIES);
	unsigned entries = PROXY_TABLE_MIN;

	while (proxies && entries < proxies->size / 4)
		entries *= 2;
	*devices = 0;
	return devices_size(config, vm, devices) +
	       (uint32_t)shadow_heap_size(&shadow, bundle_find(bundle, n, BUNDLE_PV)) +
	       block(entries * sizeof(struct proxy));
}

/** How much of the VMM's memory is this VM's: of the heap, and of the pool beside its page tables. */
void vm_note_memory(struct vm *vm, const struct system_config *config)
{
	const struct shadow_size shadow = vm_shadow_size(vm->config);
	const uint32_t tables =
		(uint32_t)shadow_heap_size(&shadow, bundle_find(vm->bundle, vm->number, BUNDLE_PV));
	unsigned devices;

	vm->own_memory = vm_heap_size(config, vm->bundle, vm->number, &devices) - tables +
			 (uint32_t)sizeof(struct vm_room) + console_room_size() +
			 (VMM_POOL_SIZE - VMM_POOL_DTB);
	vm->shadow_memory = tables + SHADOW_POOL_SIZE;
}

/**
 * The same for VM @p n of a plan. False: it cannot be made, and the plan says why; nothing else is left
 * to go wrong in vm_make().
 */
bool vm_remake_size(struct reload_plan *plan, const struct boot_info *info, unsigned n,
		    uint32_t *size)
{
	const struct vm_config *const vm = &plan->config.vm[n];
	const struct shadow_size shadow = vm_shadow_size(vm);
	struct pv_info pv;
	unsigned devices;

	if (!shadow_size_ok(&shadow))
		return reload_plan_refuse(plan, "%s: too few shadow-contexts", vm->name);
	if (loader_pv_info(&plan->bundle, info, n, &pv) != STATUS_OK)
		return reload_plan_refuse(plan, "%s: its memory is too small for its guest",
					  vm->name);
	*size = vm_heap_size(&plan->config, &plan->bundle, n, &devices);
	return devices <= VM_DEVICES_MAX ||
	       reload_plan_refuse(plan, "%s: more than %u devices", vm->name, VM_DEVICES_MAX);
}

/* ---- apart ----------------------------------------------------------------------------------- */

/** Whether a VM is off, and its thread has nothing left to do for it, nor will have by itself. */
bool vm_is_parked(const struct vm *vm)
{
	return vm->state == VM_OFF && vm->request == VM_NOTHING && !vm->sched.ready &&
	       !service_is_awaited(vm);
}

static struct port *port_of(const struct device *dev)
{
	return dev->ops == &virtio_net_ops ? ((const struct virtio_net_backend *)dev->backend)->port
					   : 0;
}

/**
 * Whether somebody was preempted in the middle of a frame that might be for this VM, or another board
 * has to do with it.
 */
bool vm_network_busy(const struct vm *vm)
{
	if (remote_windows_busy(vm))
		return true;
	for (unsigned i = 0; i < vm->device_count; i++) {
		const struct port *const port = port_of(&vm->device[i]);

		if (port && switch_is_busy(port->on))
			return true;
	}
	return false;
}

/** The VM cannot start, and nobody sends to it. It is parked, and its networks are not busy. */
void vm_cut_off(struct vm *vm)
{
	vm->is_remade = true;
	for (unsigned i = 0; i < vm->device_count; i++) {
		struct port *const port = port_of(&vm->device[i]);

		if (port)
			switch_detach(port);
	}
	remote_windows_detach(vm);
}

/** Nobody reaches the VM's devices any more. Others run in between. */
void vm_take_apart(struct vm *vm)
{
	preempt_point();
	irq_take(vm);
	console_disconnect(vm);
	timer_cancel_all(vm);
}

/* ---- and together ---------------------------------------------------------------------------- */

/** Another VM in its place, off. Whoever looks at it meanwhile finds zeros, and its description. */
static void begin_anew(struct vm *vm)
{
	const size_t middle = offsetof(struct vm, number), end = offsetof(struct vm, device);
	const struct boot_info *const boot = vm->boot;
	const struct bundle *const bundle = vm->bundle;
	const struct vm_config *const config = vm->config;
	const unsigned number = vm->number;
	struct sched_entity sched;

	clear_in_steps(vm, middle);
	clear_in_steps((char *)vm + end, sizeof(*vm) - end);
	sched = vm->sched;
	memset((char *)vm + middle, 0, end - middle);
	vm->is_remade = true;
	vm->number = number;
	vm->boot = boot;
	vm->bundle = bundle;
	vm->config = config;
	memcpy(vm->name, config->name, sizeof(vm->name));
	vm->deadline = CLOCK_NEVER;
	vm->sched = sched;
}

/** Its turn and the time it has had are those of its number; the rest is its description's. */
static void schedule_anew(struct vm *vm)
{
	const struct sched_entity old = vm->sched;

	vm_schedule(vm);
	vm->sched.owner = vm;
	vm->sched.used = old.used;
	vm->sched.slice_end = old.slice_end;
	sched_begin_period(&vm->sched, timer_now());
	run_order();
}

/**
 * Makes a VM that was taken apart by what is in force now; it is off, and can start. Its RAM is that
 * from @p ram on, its share of the heap is @p heap, of which it returns how much it took: 0 if it
 * could not be made, which has been logged. Called on a thread that is no VM's and has the VMM's own
 * first-level table; others run in between.
 */
uint32_t vm_remake(struct vm *vm, const struct system_config *config, hpa_t ram,
		   const struct reload_tree *tree, struct range heap)
{
	const hpa_t pool = hpa(vm->boot->pool.raw + vm->number * VMM_POOL_SIZE);
	struct mmu_state own;
	enum status status;
	uint32_t left;

	begin_anew(vm);
	mmu_use_pool(pool);
	/* Mapped and uncached, as the early boot left it, but for the VMM's own in its last page. */
	clear_in_steps((void *)VMM_POOL, VMM_POOL_PV_PAGE + PAGE_SIZE);
	clear_in_steps((void *)(uintptr_t)heap.at, heap.size);
	copy_in_steps((void *)(VMM_POOL + VMM_POOL_DTB), tree->bytes, tree->size);
	mmu_save(&own);
	heap_init((void *)(uintptr_t)heap.at, heap.size, true);
	status = vm_make(vm, vm->number, ram, config, vm->boot, vm->bundle);
	left = (uint32_t)heap_free();
	mmu_save(&vm->mmu);
	mmu_load(&own);
	if (status != STATUS_OK)
		return 0;
	thread_init(&vm->thread, &vm->vcpu.frame, vm_thread);
	schedule_anew(vm);
	vm->is_remade = false;
	return heap.size - left;
}
