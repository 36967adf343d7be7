/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/irq.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/console/console.h"
#include "vmm/console/events.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"
#include "vmm/service.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#define NO_LINE   0xffu
#define LINES_MAX 32u /* bits of irq_refresh.shown */

static struct vm *owner[LINES_MAX];          /* of board.irqs[n]; NULL: of no VM */
static uint8_t line_of[32 * IRQCHIP_LEVELS]; /* by number of the interrupt: n, or NO_LINE */

/**
 * Maps and silences the board's interrupt controllers. What a boot loader left enabled elsewhere would
 * interrupt for ever: nobody here could take it back.
 */
__attribute__((cold)) void irq_init(void)
{
	volatile uint32_t *regs[IRQCHIP_LEVELS];

	for (unsigned i = 0; i < BOARD_SILENCE_MAX && board.silence[i].value; i++)
		*mmu_device_window(board.silence[i].address, 4) = board.silence[i].value;
	for (unsigned i = 0; i < IRQCHIP_LEVELS; i++)
		regs[i] = mmu_device_window(board.irqchip[i], 4096);
	board.irqchip_driver->init(regs);
	memset(line_of, NO_LINE, sizeof(line_of));
	for (unsigned n = 0; n < board.irq_count; n++)
		line_of[board.irqs[n].irq] = (uint8_t)n;
}

/**
 * The end of the start-up: the VMM's own lines are let through. Not before, as there are preempt points in
 * the start-up: what was typed would find VMs that are not there yet.
 */
void irq_begin(void)
{
	board.irqchip_driver->unmask(board.timer.irq);
	board.irqchip_driver->unmask(board.console.irq);
	/* What was typed before the UART was ours waits in it, and interrupts nobody. */
	timer_poll_console(CONSOLE_POLL);
}

/** The line board.irqs[@p line] is @p vm's, which has no window of another VM's. */
void irq_give(struct vm *vm, unsigned line)
{
	CHECK(line < LINES_MAX && line < board.irq_count);
	owner[line] = vm;
}

/** The VM, which is off, is taken apart: it has no line any more. */
void irq_take(const struct vm *vm)
{
	for (unsigned n = 0; n < board.irq_count; n++)
		if (owner[n] == vm)
			owner[n] = 0;
}

/** For a (re)start of the VM: its lines are low and wait for the board's. */
void irq_open(struct vm *vm)
{
	vm->lines.shown = 0;
	for (unsigned n = 0; n < board.irq_count; n++)
		if (owner[n] == vm)
			board.irqchip_driver->unmask(board.irqs[n].irq);
}

/** The VM has stopped, or is being reset: nobody is there to quieten its devices. */
void irq_close(struct vm *vm)
{
	for (unsigned n = 0; n < board.irq_count; n++)
		if (owner[n] == vm)
			board.irqchip_driver->mask(board.irqs[n].irq);
	vm->lines.shown = 0;
}

static void set_virtual_input(unsigned n, bool level)
{
	const struct board_irq *const line = &board.irqs[n];

	device_input(owner[n]->sink[line->sink], line->input, level);
}

static __attribute__((noinline)) void take_back(unsigned n)
{
	owner[n]->lines.shown &= ~BIT(n);
	set_virtual_input(n, false);
	board.irqchip_driver->unmask(board.irqs[n].irq);
}

/**
 * Takes back what is shown but no longer asserted on the board: bit n of @p backend, which is a VM's
 * .lines, is line board.irqs[n], shown to the VM and masked on the board. Mostly that is one line.
 */
void irq_refresh(const struct irq_refresh *backend)
{
	for (uint32_t left = backend->shown; left != 0; left &= left - 1u) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		if (!board.irqchip_driver->is_asserted(board.irqs[n].irq))
			take_back(n);
	}
}

/** The virtual CPU's inputs: even numbers are IRQ, odd ones FIQ, each the OR of its sources. */
void irq_cpu_input(void *sink, unsigned input, bool level)
{
	struct vm *const vm = sink;
	uint32_t inputs = vm->cpu_inputs & ~BIT(input), interrupt = 0;

	_Static_assert(VM_CPU_SOURCES == 2, "both are looked at");
	if (level)
		inputs |= BIT(input);
	if (inputs & (BIT(0) | BIT(2)))
		interrupt = PSR_I;
	if (inputs & (BIT(1) | BIT(3)))
		interrupt |= PSR_F;
	vm->cpu_inputs = inputs;
	vm->vcpu.interrupt = interrupt;
	vm->vcpu.attention = 1;
	if (vm->waiting && interrupt)
		run_set_ready(vm, true);
}

static void show(unsigned irq)
{
	const unsigned n = line_of[irq];

	board.irqchip_driver->mask(irq);
	if (n == NO_LINE || !owner[n]) {
		log_warn("hako: interrupt %u of the board has no handler; it stays masked\n", irq);
		return;
	}
	owner[n]->lines.shown |= BIT(n);
	event(EVENT_INTERRUPT, owner[n]->number, irq, 1);
	set_virtual_input(n, true);
}

/**
 * Handles an interrupt that is asserted, if there is one; the CPU's interrupts are masked. Others
 * that are asserted interrupt the guest at once: that is rare, and dearer than looking each time.
 * Returns whether there was one.
 */
bool irq_dispatch(void)
{
	const int irq = board.irqchip_driver->pending();

	if (irq < 0)
		return false;
	if ((unsigned)irq == board.timer.irq)
		timer_interrupt();
	else if (service_interrupt((unsigned)irq))
		;
	else if ((unsigned)irq == board.console.irq)
		console_interrupt();
	else if (!console_own_interrupt((unsigned)irq))
		show((unsigned)irq);
	return true;
}
