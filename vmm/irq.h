/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of the board: the VMM's own go to their handlers, the others are shown to the VM that
 * owns them, through its virtual controllers. A line that is shown stays masked on the board until it is seen
 * low again, so the virtual level follows the physical one at each look.
 */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

#include "devemu/backend.h"

struct vm;

void irq_init(void);
void irq_begin(void);
void irq_give(struct vm *vm, unsigned line);
void irq_take(const struct vm *vm);
void irq_open(struct vm *vm);
void irq_close(struct vm *vm);
void irq_cpu_input(void *sink, unsigned input, bool level);
bool irq_dispatch(void);
void irq_refresh(const struct irq_refresh *backend);

#endif
