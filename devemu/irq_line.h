/* SPDX-License-Identifier: Apache-2.0 */
/* One wire from a device model to one input of an interrupt controller model or of the vCPU. */
#ifndef DEVEMU_IRQ_LINE_H
#define DEVEMU_IRQ_LINE_H

#include <stdbool.h>

struct irq_line {
	void (*set)(void *sink, unsigned input, bool level);
	void *sink;
	unsigned input;
};

/** Drives the wire. A wire that is not connected goes nowhere. */
static inline void irq_line_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->sink, line->input, level);
}

#endif
