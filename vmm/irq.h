/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of the board: the VMM's own go to their handlers, the others are shown to the VM
 * through its virtual controllers. A line that is shown stays masked on the board until it is seen
 * low again, so the virtual level follows the physical one at each look.
 */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

#include "devemu/backend.h"

struct vm;

void irq_init(void);
void irq_connect(struct vm *vm);
void irq_reset(void);
void irq_dispatch(void);

/** .shown, bit n: line board.irqs[n] is shown to the VM and masked on the board. */
extern struct irq_refresh irq_lines;

static inline void irq_refresh_shown(void)
{
	irq_refresh_inputs(&irq_lines);
}

#endif
