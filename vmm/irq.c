/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/irq.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/console.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

static struct vm *owner;
#define NO_LINE 0xffu
static uint8_t line_of[32 * IRQCHIP_LEVELS]; /* by number of the interrupt: n, or NO_LINE */

/**
 * Maps and silences the board's interrupt controllers, then lets the VMM's own lines through. What
 * a boot loader left enabled elsewhere would interrupt for ever: nobody here could take it back.
 */
void irq_init(void)
{
	volatile uint32_t *regs[IRQCHIP_LEVELS];

	for (unsigned i = 0; i < BOARD_SILENCE_MAX && board.silence[i].value; i++)
		*mmu_device_window(board.silence[i].address, 4) = board.silence[i].value;
	for (unsigned i = 0; i < IRQCHIP_LEVELS; i++)
		regs[i] = mmu_device_window(board.irqchip[i], 4096);
	board.irqchip_driver->init(regs);
	board.irqchip_driver->unmask(board.timer.irq);
	board.irqchip_driver->unmask(board.console.irq);
	memset(line_of, NO_LINE, sizeof(line_of));
	for (unsigned n = 0; n < board.irq_count; n++)
		line_of[board.irqs[n].irq] = (uint8_t)n;
}

void irq_connect(struct vm *vm)
{
	owner = vm;
}

/** For a (re)start of the VM: its lines are low and wait for the board's. */
void irq_reset(void)
{
	irq_lines.shown = 0;
	for (unsigned i = 0; i < board.irq_count; i++)
		board.irqchip_driver->unmask(board.irqs[i].irq);
}

static void set_virtual_input(const struct board_irq *line, bool level)
{
	device_input(owner->sink[line->sink], line->input, level);
}

static __attribute__((noinline)) void take_back(unsigned n)
{
	irq_lines.shown &= ~BIT(n);
	set_virtual_input(&board.irqs[n], false);
	board.irqchip_driver->unmask(board.irqs[n].irq);
}

/** Takes back what is shown but no longer asserted on the board. Mostly that is one line. */
static void refresh(const struct irq_refresh *backend)
{
	for (uint32_t left = backend->shown; left != 0; left &= left - 1u) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		if (!board.irqchip_driver->is_asserted(board.irqs[n].irq))
			take_back(n);
	}
}

struct irq_refresh irq_lines = { .refresh = refresh };

static void show(unsigned irq)
{
	const unsigned n = line_of[irq];

	board.irqchip_driver->mask(irq);
	if (n == NO_LINE) {
		log_warn("hako: interrupt %u of the board has no handler; it stays masked\n", irq);
		return;
	}
	irq_lines.shown |= BIT(n);
	set_virtual_input(&board.irqs[n], true);
}

/**
 * Handles an interrupt that is asserted, if there is one; the CPU's interrupts are masked. Others
 * that are asserted interrupt the guest at once: that is rare, and dearer than looking each time.
 */
void irq_dispatch(void)
{
	const int irq = board.irqchip_driver->pending();

	if (irq < 0)
		return;
	if ((unsigned)irq == board.timer.irq)
		timer_interrupt();
	else if ((unsigned)irq == board.console.irq)
		console_interrupt();
	else
		show((unsigned)irq);
}
