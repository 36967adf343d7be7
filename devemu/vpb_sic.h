/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secondary interrupt controller of the Versatile/PB. Inputs 0 to 31. Wire VPB_SIC_WIRE_IRQ
 * cascades to an input of the primary controller; VPB_SIC_WIRE_PASS is the first of 32 neighbouring
 * inputs of it, of which 21 to 30 can be driven directly. Back end: struct irq_refresh.
 */
#ifndef DEVEMU_VPB_SIC_H
#define DEVEMU_VPB_SIC_H

#include "devemu/device.h"

#define VPB_SIC_WIRE_IRQ  0
#define VPB_SIC_WIRE_PASS 1

struct vpb_sic_state {
	uint32_t lines;
	uint32_t soft;
	uint32_t enable;
	uint32_t pass;   /* PICENABLE */
	uint32_t passed; /* levels the direct outputs have */
};

extern const struct device_ops vpb_sic_ops;

#endif
