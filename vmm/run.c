/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/run.h"

#include "arch/arm/cache.h"
#include "arch/arm/user_access.h"
#include "board/board.h"
#include "vmm/console/events.h"
#include "vmm/idle.h"
#include "vmm/irq.h"
#include "vmm/lib/check.h"
#include "vmm/lib/preempt.h"
#include "vmm/sched.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/* The lowest word of a stack: if it has changed, the stack was too small. */
#define STACK_END 0x48414b4fu

struct vm *run_vm;
const struct vm *run_space;
bool run_due;

static struct sched sched;

void run_init(void)
{
	sched_init(&sched, timer_now());
}

/**
 * Gives @p vm a thread, which begins with @p entry, in the present address space; it becomes ready by
 * run_set_ready().
 */
void run_add(struct vm *vm, void (*entry)(void))
{
	mmu_save(&vm->mmu);
	thread_init(&vm->thread, &vm->vcpu.frame, entry);
	vm_room(vm)->stack[0] = STACK_END;
	vm->sched.owner = vm;
	sched_add(&sched, &vm->sched, timer_now());
	run_vm = vm; /* any one: so that there always is one */
}

/** To be called when the priority of a thread has changed. */
void run_order(void)
{
	sched_order(&sched);
}

/** CPU time of a VM, up to now, in ticks of CLOCK_HZ. */
uint64_t run_time(const struct vm *vm)
{
	sched_account(&sched, timer_now());
	return vm->sched.used;
}

/** Whether some VM is not off, or is to start and has not had its turn yet. */
bool vms_any_on(void)
{
	for (unsigned i = 0; i < sched.count; i++) {
		const struct vm *const vm = sched.entity[i]->owner;

		if (vm->state != VM_OFF || (vm->request & VM_START))
			return true;
	}
	return false;
}

/** A decision is needed: the trap of the VM that runs ends in the trap core. */
void run_look(void)
{
	run_due = true;
	run_vm->vcpu.attention = 1;
}

/** @p vm can use the CPU, or waits for something. If it is the one that runs, call run_others(). */
void run_set_ready(struct vm *vm, bool ready)
{
	if (vm->sched.ready == ready)
		return;
	vm->sched.ready = ready;
	if (ready)
		run_look();
}

/** The VM that comes first; sleeps while nobody can run. */
static inline __attribute__((always_inline)) struct vm *choose(void)
{
	for (;;) {
		const uint64_t now = timer_now();
		struct vm *const next = sched_choose(&sched, now)->owner;

		run_due = false;
		timer_set_decision(sched_deadline(&sched), now);
		if (next)
			return next;
		do
			idle_look();
		while (!run_due);
	}
}

/** What is behind the addresses is @p vm's, if it minds, and what is in the VFP. */
static void load(const struct vm *vm)
{
	if (!vm->needs_no_space && run_space != vm) {
		mmu_load(&vm->mmu);
		run_space = vm;
	}
	if (vm->vcpu.has_vfp)
		vfp_load(&vm->vfp);
}

static void save(struct vm *vm)
{
	if (!vm->needs_no_space)
		mmu_save(&vm->mmu);
	if (vm->vcpu.has_vfp)
		vfp_save(&vm->vfp);
}

/**
 * Lets others run, if one of them comes first, until the present VM is chosen again; sleeps while
 * nobody can run. Everything that belongs to others may have changed on return.
 */
void run_others(void)
{
	struct vm *const from = run_vm, *const to = choose();

	if (to == from)
		return;
	CHECK(vm_room(from)->stack[0] == STACK_END);
	save(from);
	load(to);
	run_vm = to;
	to->switches++;
	event(EVENT_SWITCH, to->number, to->vcpu.frame.pc, 0);
	to->vcpu.attention = 1; /* whatever has happened to it meanwhile */
	thread_switch(&from->thread, &to->thread);
}

/** The end of the start-up: its stack is left for good, for that of the first VM. */
void run_begin(void)
{
	struct thread start_up;

	run_vm = choose();
	load(run_vm);
	thread_switch(&start_up, &run_vm->thread);
	__builtin_unreachable();
}

/** Returns whether there was an interrupt. scripts/longest knows it by its name. */
static __attribute__((noinline)) bool preempt_look(void)
{
	const bool handled = irq_dispatch();

	if (run_due)
		run_others();
	return handled;
}

/**
 * A place in a long piece of work of a VM's thread where it can be left: interrupts of the board are
 * handled, and others run if they come first. What was asserted while that was done does not wait for
 * the next such place as well.
 */
void preempt_hook(void)
{
	while (preempt_look())
		;
}
