/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrimeCell PL190 vectored interrupt controller. Inputs 0 to 31; wires to the CPU.
 * Back end: struct irq_refresh.
 */
#ifndef DEVEMU_PL190_H
#define DEVEMU_PL190_H

#include "devemu/device.h"
#include "devemu/pl190_regs.h"

#define PL190_WIRE_IRQ 0
#define PL190_WIRE_FIQ 1

/* Levels 0 to 15 are the vectors, 16 is every other interrupt; 17 means none is in service. */
#define PL190_LEVEL_DEFAULT PL190_VECTOR_COUNT
#define PL190_LEVEL_IDLE    (PL190_VECTOR_COUNT + 1)

struct pl190_state {
	uint32_t lines;
	uint32_t soft;
	uint32_t enable;
	uint32_t select;
	uint32_t protection;
	uint32_t itcr;
	uint32_t default_address;
	uint32_t address[PL190_VECTOR_COUNT];
	uint8_t control[PL190_VECTOR_COUNT];
	uint32_t in_service; /* bit n: level n is, and has not been ended */
	uint8_t level;       /* the lowest bit of in_service, or PL190_LEVEL_IDLE */
	/* Inputs that interrupt a CPU which serves level n: those of levels 0 to n - 1. */
	uint32_t above[PL190_LEVEL_IDLE + 1];
};

extern const struct device_ops pl190_ops;

#endif
