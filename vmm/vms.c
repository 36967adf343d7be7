/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vms.h"

#include "arch/arm/mode_name.h"
#include "vcpu/guest_mem.h"
#include "vmm/console.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

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
	if (vm->state == VM_OFF)
		return vm->is_dead ? VMS_STATE_DEAD : VMS_STATE_STOPPED;
	if (vm->state == VM_PAUSED)
		return VMS_STATE_PAUSED;
	if (vm->waiting)
		return VMS_STATE_WAITING;
	return vm == run_vm ? VMS_STATE_RUNNING : VMS_STATE_READY;
}

/** Asks a VM for something, if that makes sense in the state it is in. */
enum status vms_ask(struct vm *vm, enum vms_request what)
{
	static const struct {
		enum vm_request request;
		bool when_off, when_running, when_paused;
	} requests[] = {
		/* clang-format off */
		[VMS_ASK_START]  = { VM_START,  true,  false, false },
		[VMS_ASK_STOP]   = { VM_STOP,   false, true,  true },
		[VMS_ASK_PAUSE]  = { VM_PAUSE,  false, true,  false },
		[VMS_ASK_RESUME] = { VM_RESUME, false, false, true },
		[VMS_ASK_RESET]  = { VM_RESET,  false, true,  true },
		/* clang-format on */
	};
	const bool may = vm->state == VM_OFF      ? requests[what].when_off
			 : vm->state == VM_PAUSED ? requests[what].when_paused
						  : requests[what].when_running;

	if (!may)
		return STATUS_NOT_FOUND;
	vm_ask(vm, requests[what].request);
	return STATUS_OK;
}

static uint32_t device_errors(const struct vm *vm)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < vm->device_count; i++)
		sum += vm->device[i].guest_errors;
	return sum;
}

/**
 * Of a VM that does not run, and shares a page with the VMM, the I bit in the CPSR is not to be relied
 * on: it is in that page, which is not where its address says.
 */
void vms_get_info(const struct vm *vm, struct vms_info *info)
{
	const struct vcpu *const vcpu = &vm->vcpu;

	*info = (struct vms_info){
		.memory = vm->config->memory,
		.priority = vm->config->priority,
		.budget_us = vm->config->budget_us,
		.period_us = vm->config->period_us,
		.starts = vm->starts,
		.deaths = vm->deaths,
		.cpu_ticks = run_time(vm),
		.count[VMS_COUNT_SHADOW_FILLS] = vm->shadow.stats.fills,
		.count[VMS_COUNT_SHADOW_CONTEXTS] = vm->shadow.stats.contexts_made,
		.count[VMS_COUNT_DEVICE_ERRORS] = device_errors(vm),
		.count[VMS_COUNT_CONSOLE_LOST] = console_lost(vm),
		.cpsr = vcpu_cpsr(vcpu),
		.spsr = vcpu_has_spsr(vcpu) ? vcpu_spsr(vcpu) : 0,
		.sctlr = vcpu->mmu.sctlr,
		.ttbr = vcpu->mmu.ttbr,
		.dacr = vcpu->mmu.dacr,
		.mode = arm_mode_name(vcpu_mode(vcpu)),
	};
	memcpy(info->r, vcpu->frame.r, sizeof(vcpu->frame.r));
	info->r[15] = vcpu->frame.pc;
}

bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const uint32_t at = from.raw + 4 * i;
		const volatile uint32_t *const page =
			guest_ram_page((void *)(uintptr_t)&vm->mem, gpa(at & ~0xfffu));

		if (!page)
			return false;
		words[i] = page[(at & 0xfffu) / 4];
	}
	return true;
}
