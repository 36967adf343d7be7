/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vms.h"

#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "arch/arm/mode_name.h"
#include "devemu/virtio_net.h"
#include "vmm/console/console.h"
#include "vmm/lib/log.h"
#include "vmm/run.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/** How many VMs there are; they are numbered from 0, as the description has them. */
unsigned vms_count(void)
{
	unsigned n = 0;

	while (vm_get(n))
		n++;
	return n;
}

struct vm *vms_get(unsigned n)
{
	return vm_get(n);
}

uint64_t vms_now(void)
{
	return timer_now();
}

const char *vms_name(const struct vm *vm)
{
	return vm->name;
}

enum vms_state vms_state(const struct vm *vm)
{
	switch (vm->state) {
	case VM_OFF:
		if (vm->is_remade)
			return VMS_STATE_CHANGING;
		if (vm->request & VM_START)
			return VMS_STATE_READY; /* it has not had its turn yet */
		return vm->is_dead ? VMS_STATE_DEAD : VMS_STATE_STOPPED;
	case VM_PAUSED:
		return VMS_STATE_PAUSED;
	case VM_RUNNING:
		break;
	}
	if (vm == run_vm)
		return VMS_STATE_RUNNING;
	return vm->sched.ready ? VMS_STATE_READY : VMS_STATE_WAITING;
}

/** STATUS_NOT_FOUND: what is asked for makes no sense in the VM's present state. */
enum status vms_ask(struct vm *vm, enum vms_request what)
{
	static const struct {
		enum vm_request request;
		bool off, running, paused; /* when it makes sense */
	} of[] = {
		/* clang-format off */
		[VMS_ASK_START]  = { VM_START,  true,  false, false },
		[VMS_ASK_STOP]   = { VM_STOP,   false, true,  true },
		[VMS_ASK_PAUSE]  = { VM_PAUSE,  false, true,  false },
		[VMS_ASK_RESUME] = { VM_RESUME, false, false, true },
		[VMS_ASK_RESET]  = { VM_RESET_NOW, false, true, true },
		/* clang-format on */
	};
	const bool able = vm->state == VM_OFF       ? of[what].off
			  : vm->state == VM_RUNNING ? of[what].running
						    : of[what].paused;

	if (vm->is_remade)
		return STATUS_NOT_FOUND;
	if (what == VMS_ASK_STOP && vm->state == VM_OFF && (vm->request & VM_START)) {
		/* It is to start, and has not had its turn: its thread finds nothing to do then. */
		vm->request = vm_request_after(vm->request, VM_STOP);
		log_info("[%s] stopped by the monitor\n", vm->name);
		return STATUS_OK;
	}
	if (!able)
		return STATUS_NOT_FOUND;
	vm->log.lines = 0; /* what follows is not the guest's doing */
	vm_ask(vm, of[what].request);
	return STATUS_OK;
}

static uint32_t device_errors(const struct vm *vm)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < vm->device_count; i++)
		sum += vm->device[i].guest_errors;
	return sum;
}

/** What its network devices have counted. */
static void count_frames(const struct vm *vm, uint32_t *count)
{
	for (unsigned i = 0; i < vm->device_count; i++) {
		const struct virtio_net_backend *const backend = vm->device[i].backend;
		const struct port_counters *counters;

		if (vm->device[i].ops != &virtio_net_ops || !backend)
			continue;
		counters = &backend->port->counters;
		count[VMS_COUNT_FRAMES_OUT] += counters->in;
		count[VMS_COUNT_FRAMES_COPIES] += counters->copies;
		count[VMS_COUNT_FRAMES_IN] += counters->out;
		for (unsigned why = 0; why < PORT_DROP_COUNT; why++)
			count[VMS_COUNT_FRAMES_DROPPED] += counters->dropped[why];
	}
}

/**
 * The virtual CPSR of any VM. PV_PAGE is that of one of them, and may be closed: the I bit of
 * another one is read where its page is, which no cache has anything of (mmu_load()).
 */
static uint32_t cpsr_of(const struct vm *vm)
{
	const struct vcpu *const vcpu = &vm->vcpu;
	const uint8_t *page;

	if (vm == run_space || !vcpu_pv_open(vcpu))
		return vcpu_cpsr(vcpu);
	page = mmu_guest_window(hpa(vm->mmu.pool.raw + VMM_POOL_PV_PAGE));
	return (vcpu->frame.cpsr & ~(uint32_t)(PSR_MODE_MASK | PSR_I | PSR_F)) | vcpu_mode(vcpu) |
	       (page[PV_CTL] & PSR_I) | (vcpu->ctl & PSR_F);
}

/** What is known of a VM. Its registers are those at its last trap. */
void vms_get_info(const struct vm *vm, struct vms_info *info)
{
	const struct vcpu *const vcpu = &vm->vcpu;
	/* Before its first start it has no mode. */
	const bool has_spsr = vm->starts > 0 && vcpu_has_spsr(vcpu);

	*info = (struct vms_info){
		.memory = vm->config->memory,
		.priority = vm->config->priority,
		.budget_us = vm->config->budget_us,
		.period_us = vm->config->period_us,
		.starts = vm->starts,
		.deaths = vm->deaths,
		.cpu_ticks = run_time(vm),
		.count = { [VMS_COUNT_SWITCHES] = vm->switches,
			   [VMS_COUNT_WAITS] = vm->waits,
			   [VMS_COUNT_SHADOW_FILLS] = vm->shadow.stats.fills,
			   [VMS_COUNT_SHADOW_CONTEXTS] = vm->shadow.stats.contexts_made,
			   [VMS_COUNT_DEVICE_ERRORS] = device_errors(vm),
			   [VMS_COUNT_CONSOLE_LOST] = console_lost(vm),
			   [VMS_COUNT_MEMORY] = vm->own_memory,
			   [VMS_COUNT_SHADOW_MEMORY] = vm->shadow_memory },
		.cpsr = cpsr_of(vm),
		.spsr = has_spsr ? vcpu_spsr(vcpu) : 0,
		.sctlr = vcpu->mmu.sctlr,
		.ttbr = vcpu->mmu.ttbr,
		.dacr = vcpu->mmu.dacr,
		.mode = arm_mode_name(vcpu_mode(vcpu)),
	};
	count_frames(vm, info->count);
	for (unsigned i = 0; i < 15; i++)
		info->r[i] = vcpu->frame.r[i];
	info->r[15] = vcpu->frame.pc;
}

bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count)
{
	const struct mem_region *const region = vm_mem_find(&vm->mem, from);

	if (!region || region->kind != MEM_RAM || count == 0 ||
	    !vm_mem_covers(region, from, count * 4))
		return false;
	for (unsigned i = 0; i < count; i++) {
		const hpa_t at = mem_region_hpa(region, gpa(from.raw + i * 4));
		const uint32_t *const page = mmu_guest_window(hpa(at.raw & ~0xfffu));

		words[i] = page[(at.raw & 0xfffu) / 4];
	}
	return true;
}
