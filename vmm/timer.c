/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/timer.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/console/console.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/run.h"
#include "vmm/vm.h"

#include BOARD_COUNTER_H

/** The counter's 32 bits last 178 s: it is looked at well before they wrap unseen. */
#define LONGEST_SLEEP (60u * CLOCK_HZ)

/* That have been connected; and the threads of the flash and of the station. */
static struct vm *vms[VMS_MAX + 2u];

/* Every switch of VMs, and every interrupt of the timer, needs most of these: they are together. */
static struct {
	/* Host times. */
	uint64_t models_at;   /* the earliest of the VMs' deadlines, which is models_of's */
	uint64_t others_at;   /* that, or console_at */
	uint64_t decision_at; /* when vmm/run.c wants to look again */
	uint64_t console_at;
	uint64_t armed_for; /* what the board's timer is set to; 0: it is not */

	struct vm *models_of;
	const struct vm *meeting; /* the VM in whose model's deadline() we are, or NULL */
	unsigned vm_count;
	bool console_is_next; /* the models have had their turn */

	volatile uint32_t *low; /* the board's counter, */
	uint32_t last_low;      /* ... what was read last, */
	uint32_t high;          /* ... and how often it has wrapped */
} timer;

static inline __attribute__((always_inline)) uint64_t now_inline(void)
{
	const uint32_t low = board_counter(timer.low);

	if (low < timer.last_low)
		timer.high++;
	timer.last_low = low;
	return (uint64_t)timer.high << 32 | low;
}

/** Host time in ticks of CLOCK_HZ. */
uint64_t timer_now(void)
{
	return now_inline();
}

/** Sets the board's timer for the earliest deadline. */
static inline __attribute__((always_inline)) void arm(uint64_t now)
{
	uint64_t next = timer.others_at, wait;
	uint32_t ticks, us;

	if (timer.decision_at < next)
		next = timer.decision_at;
	if (next == timer.armed_for)
		return;
	timer.armed_for = next;
	wait = next - now;
	ticks = (uint32_t)wait;
	if (wait >> 32 || ticks - 1u >= LONGEST_SLEEP)
		ticks = next > now ? LONGEST_SLEEP : 1;
	/* Up to the next microsecond: a deadline noticed early has to be waited for again. */
	us = (uint32_t)(((uint64_t)(ticks + 23) * 0xaaaaaaabu) >> 36); /* / 24, exact for 32 bits */
	board.timer_driver->arm(us);
}

static __attribute__((noinline)) void arm_next(uint64_t now)
{
	arm(now);
}

static inline __attribute__((always_inline)) void find_others(void)
{
	timer.others_at = timer.models_at < timer.console_at ? timer.models_at : timer.console_at;
}

/** @p vm's models have a deadline at @p when, in its own time. */
static inline __attribute__((always_inline)) void set_deadline(struct vm *vm, uint64_t when)
{
	uint64_t first;

	vm->deadline = when == CLOCK_NEVER || vm->stands_still ? CLOCK_NEVER : when + vm->time_base;
	first = vm->deadline;
	for (unsigned i = 0; i < timer.vm_count; i++) {
		if (vms[i]->deadline < first) {
			first = vms[i]->deadline;
			vm = vms[i];
		}
	}
	timer.models_at = first;
	timer.models_of = vm;
	find_others();
}

/** Looks for the model of a VM that has the earliest deadline. */
static __attribute__((noinline)) void find_deadline(struct vm *vm)
{
	uint64_t next = CLOCK_NEVER;

	for (unsigned i = 0; i < vm->timer_count; i++) {
		if (vm->timer[i]->deadline_at < next) {
			next = vm->timer[i]->deadline_at;
			vm->timer_next = (uint8_t)i;
		}
	}
	set_deadline(vm, next);
}

static struct vm *clock_owner(const struct clock *clock)
{
	return (struct vm *)((const char *)clock - offsetof(struct vm, clock));
}

static uint64_t clock_now(const struct clock *clock)
{
	const struct vm *const vm = clock_owner(clock);

	return (vm->stands_still ? vm->stopped_at : now_inline()) - vm->time_base;
}

static void clock_set_deadline(const struct clock *clock, struct device *dev, uint64_t when)
{
	struct vm *const vm = clock_owner(clock);

	dev->deadline_at = when;
	if (vm == timer.meeting)
		return; /* meet_deadline() looks when the model is through */
	find_deadline(vm);
	arm_next(timer_now());
}

void timer_clock_init(struct clock *clock)
{
	clock->now = clock_now;
	clock->set_deadline = clock_set_deadline;
}

/** Forgets the deadlines of a VM that begins anew, or ends. */
void timer_cancel_all(struct vm *vm)
{
	for (unsigned i = 0; i < vm->timer_count; i++)
		vm->timer[i]->deadline_at = CLOCK_NEVER;
	find_deadline(vm);
}

/** Stops a VM's time, or lets it go on from where it stood. */
void timer_stand_still(struct vm *vm, bool still)
{
	const uint64_t now = timer_now();

	if (still == vm->stands_still)
		return;
	vm->stands_still = still;
	if (still)
		vm->stopped_at = now;
	else
		vm->time_base += now - vm->stopped_at;
	find_deadline(vm);
	arm_next(now);
}

/** Serves a deadline that vm_leave_work() was told of, on the VM's own thread. */
void timer_serve(struct vm *vm, unsigned n)
{
	vm->timer[n]->ops->deadline(vm->timer[n]);
}

/**
 * When vmm/run.c wants to look again, host time; replaces what it said before. It is called after each
 * timer_interrupt() that leads to a decision, and arms the board's timer then.
 */
void timer_set_decision(uint64_t when, uint64_t now)
{
	timer.decision_at = when;
	arm(now);
}

/** Asks for console_poll() to be called after so long: a UART is full, or has received more. */
void timer_poll_console(uint32_t ticks)
{
	const uint64_t now = timer_now();

	if (timer.console_at <= now + ticks)
		return; /* who asks often does not put it off */
	timer.console_at = now + ticks;
	find_others();
	arm_next(now);
}

/**
 * Calls the model of a VM whose deadline has passed. Should there be another one, the board's timer
 * fires once more for it.
 */
static __attribute__((noinline)) void meet_deadline(struct vm *vm)
{
	struct device *const dev = vm->timer[vm->timer_next];

	dev->deadline_at = CLOCK_NEVER;
	/* What a bus master does takes long, and is its VM's own time. */
	if (dev->dma) {
		vm_leave_work(vm, vm->timer_next);
	} else {
		timer.meeting = vm;
		dev->ops->deadline(dev);
		timer.meeting = 0;
	}
	find_deadline(vm);
}

/**
 * The board's timer has fired: calls everybody whose time has come. Its interrupt is acknowledged where
 * it is set again: at the end, or by timer_set_decision().
 */
void timer_interrupt(void)
{
	const uint64_t now = now_inline();

	timer.armed_for = 0;
	/*
	 * What is left, the next interrupt brings at once: others wait for the end of this one. Models and
	 * the console by turns: some model may always be due.
	 */
	if (timer.console_at <= now && (timer.models_at > now || timer.console_is_next)) {
		timer.console_is_next = false;
		timer.console_at = CLOCK_NEVER;
		find_others();
		console_poll();
	} else if (timer.models_at <= now) {
		meet_deadline(timer.models_of);
		timer.console_is_next = true;
		if (timer.models_at <= now)
			meet_deadline(timer.models_of);
	}
	if (timer.decision_at <= now)
		run_look();
	if (!run_due)
		arm_next(now_inline());
}

void timer_init(void)
{
	timer.models_at = timer.others_at = CLOCK_NEVER;
	timer.decision_at = timer.console_at = CLOCK_NEVER;
	timer.low = mmu_device_window(board.counter, 4);
	board.timer_driver->init(mmu_device_window(board.timer.base, 0x40));
	timer.last_low = board_counter(timer.low);
}

/** The deadlines of @p vm's timer models are found. */
void timer_connect(struct vm *vm)
{
	for (unsigned i = 0; i < vm->device_count; i++) {
		if (!vm->device[i].ops->deadline)
			continue;
		vm->timer[vm->timer_count++] = &vm->device[i];
	}
	timer_cancel_all(vm);
}

/** From now on @p vm has a time, and its timer models are heard. */
void timer_add(struct vm *vm)
{
	CHECK(timer.vm_count < ARRAY_SIZE(vms));
	vms[timer.vm_count++] = vm;
}
