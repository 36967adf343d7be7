/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/trap.h"

#include "vcpu/emulate.h"
#include "vcpu/fault.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/console/events.h"
#include "vmm/irq.h"
#include "vmm/run.h"
#include "vmm/vm.h"

/** Every SWI, from any virtual mode, belongs to the guest. */
static enum trap_outcome swi_trap(struct vcpu *vcpu)
{
	return pv_return(vcpu) ? TRAP_RESUME : TRAP_INJECT;
}

static const struct {
	const char *name;
	uint8_t lr_offset[2]; /* banked lr minus pc, in ARM and in Thumb state (ARM ARM, A2.6) */
	enum trap_outcome (*handle)(struct vcpu *vcpu); /* NULL: board_interrupt() */
} traps[TRAP_KIND_COUNT] = {
	/* clang-format off */
	[TRAP_UNDEF] = { "undefined instruction", { 4, 2 }, undef_trap },
	[TRAP_SWI]   = { "software interrupt",    { 4, 2 }, swi_trap },
	[TRAP_PABT]  = { "prefetch abort",        { 4, 4 }, prefetch_abort_trap },
	[TRAP_DABT]  = { "data abort",            { 8, 8 }, data_abort_trap },
	[TRAP_IRQ]   = { "interrupt",             { 4, 4 }, NULL },
	[TRAP_FIQ]   = { "fast interrupt",        { 4, 4 }, NULL },
	/* clang-format on */
};

static void step(struct vcpu *vcpu)
{
	vcpu->frame.pc += vcpu_thumb(vcpu) ? 2 : 4;
}

/** Sleeps until an interrupt is asserted to the virtual CPU, masked or not. */
static void wait_for_interrupt(struct vcpu *vcpu)
{
	struct vm *const vm = vcpu->vm;

	vm->waiting = true;
	while (!vcpu->interrupt && vm->request == VM_NOTHING) {
		if (vm->work != 0) {
			vm_do_work(vm);
			continue;
		}
		vm->waits++;
		event(EVENT_WAIT, vm->number, vcpu->frame.pc, 0);
		run_set_ready(vm, false);
		run_others();
	}
	vm->waiting = false;
}

/** Something that others, its devices or its requests want of this VM first. False: nothing. */
static bool serve(struct vm *vm)
{
	if (run_due)
		run_others();
	else if ((vm->work | vm->request) == 0)
		return false;
	else if (vm->work != 0)
		vm_do_work(vm);
	else
		vm_act_on_request(vm);
	return true;
}

/**
 * The end of a trap: delivers an interrupt that is due. If the lines that are shown to the VM have
 * just been looked at, that is known.
 */
static struct trap_frame *deliver(struct vcpu *vcpu, bool known)
{
	struct vm *const vm = vcpu->vm;
	bool due;

	while (serve(vm))
		known = false;
	due = vcpu_interrupt_due(vcpu);
	if (due && !known) {
		irq_refresh_inputs(&vm->lines); /* the cause may be gone */
		due = vcpu_interrupt_due(vcpu);
	}
	vcpu->attention = 0;
	if (due) {
		event(EVENT_INJECT, vm->number, vcpu->frame.pc, 0);
		if (fast_interrupt(vcpu))
			return &vcpu->frame;
		vcpu_inject_interrupt(vcpu);
		if (vcpu->attention) /* there may have been a preempt point */
			return deliver(vcpu, false);
	}
	if (vcpu->pv_page)
		pv_settle(vcpu);
	return &vcpu->frame;
}

/** The frame of a VM that has just started: nothing was trapped. */
struct trap_frame *trap_resume(struct vcpu *vcpu)
{
	return deliver(vcpu, false);
}

/** Carries out what a handler asked for, and delivers an interrupt that is due. */
struct trap_frame *trap_finish(struct vcpu *vcpu, enum trap_outcome outcome, enum trap_kind kind)
{
	struct vm *const vm = vcpu->vm;

	/* A guest that took a stub for what it is not is found here, at its next exception. */
	if (outcome == TRAP_INJECT && vcpu->pv_page && pv_ctl_broken(vcpu))
		outcome = vcpu_stop(vcpu, "a mode that no stub may set is in PV_CTL",
				    vcpu->pv_page[PV_CTL]);
	switch (outcome) {
	case TRAP_NEXT:
	case TRAP_NEXT_POLL:
		step(vcpu);
		break;
	case TRAP_MOVED:
	case TRAP_RESUME:
		break;
	case TRAP_INJECT:
		vcpu_inject_trap(vcpu, kind);
		break;
	case TRAP_WAIT:
		step(vcpu);
		wait_for_interrupt(vcpu);
		break;
	case TRAP_STOP:
		vm_stop_with_report(vm, traps[kind].name);
		break;
	}
	return deliver(vcpu, false);
}

/** An interrupt of the board, which may be one that is shown to the VM from now on. */
static struct trap_frame *board_interrupt(struct vcpu *vcpu)
{
	vcpu->frame.pc = vcpu->frame.exc_lr - 4; /* in both states */
	irq_refresh_inputs(&vcpu->vm->lines);
	irq_dispatch();
	return deliver(vcpu, true);
}

/** Whether a handler has done all there was to do: pc is right, and no fast path has changed. */
static bool nothing_left(const struct vcpu *vcpu, enum trap_outcome outcome)
{
	return outcome == TRAP_MOVED && !vcpu->attention && (!vcpu->pv_page || pv_is_settled(vcpu));
}

/** The general path from the vectors: returns the frame to continue with. */
struct trap_frame *trap_from_guest(struct trap_frame *frame, enum trap_kind kind)
{
	struct vcpu *const vcpu = (struct vcpu *)frame;
	enum trap_outcome outcome;

	if (kind >= TRAP_IRQ)
		return board_interrupt(vcpu);
	frame->pc = frame->exc_lr - traps[kind].lr_offset[vcpu_thumb(vcpu)];
	outcome = traps[kind].handle(vcpu);
	return nothing_left(vcpu, outcome) ? frame : trap_finish(vcpu, outcome, kind);
}

/**
 * A SWI, from arch/arm/vectors.S. Where no page is shared, entering the guest's vector is all there is
 * to it: no interrupt becomes due, and nobody has asked for anything.
 */
struct trap_frame *trap_software_interrupt(struct trap_frame *frame)
{
	struct vcpu *const vcpu = (struct vcpu *)frame;

	if (vcpu->pv_page)
		return trap_from_guest(frame, TRAP_SWI);
	frame->pc = frame->exc_lr - traps[TRAP_SWI].lr_offset[vcpu_thumb(vcpu)];
	vcpu_inject_trap(vcpu, TRAP_SWI);
	return frame;
}

/**
 * A data abort that arch/arm/fast_mmio.S has not completed. Most of these change nothing that the
 * trap core would have to look at.
 */
struct trap_frame *trap_data_abort(struct trap_frame *frame)
{
	struct vcpu *const vcpu = (struct vcpu *)frame;
	enum trap_outcome outcome;

	frame->pc = frame->exc_lr - 8;
	outcome = data_abort_trap(vcpu);
	if (nothing_left(vcpu, outcome))
		return frame;
	if (outcome != TRAP_NEXT || vcpu->attention)
		return trap_finish(vcpu, outcome, TRAP_DABT);
	frame->pc += 4; /* ARM state */
	return frame;
}
