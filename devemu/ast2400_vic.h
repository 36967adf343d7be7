/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt controller of the AST2400. Wires: IRQ and FIQ. Back end: struct irq_refresh. An input that senses
 * an edge latches it until the guest clears it; a source that has only moments to report raises and lowers its
 * wire.
 */
#ifndef DEVEMU_AST2400_VIC_H
#define DEVEMU_AST2400_VIC_H

#include "devemu/ast2400_vic_regs.h"
#include "devemu/device.h"

#define AST2400_VIC_WIRE_IRQ 0
#define AST2400_VIC_WIRE_FIQ 1

struct ast2400_vic_bank {
	uint32_t lines; /* levels of the inputs */
	uint32_t latch; /* edges that have been seen */
	uint32_t soft, select, enable, sense, dual_edge, event;
};

struct ast2400_vic_state {
	struct ast2400_vic_bank bank[AST2400_VIC_BANKS];
};

extern const struct device_ops ast2400_vic_ops;

#endif
