/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The primary and the secondary interrupt controller of the Integrator/CP, one device each.
 * Inputs 0 to 31. Wire ICP_PIC_WIRE_IRQ goes to the CPU or to a primary controller,
 * ICP_PIC_WIRE_FIQ to the CPU. Back end: struct irq_refresh.
 */
#ifndef DEVEMU_ICP_PIC_H
#define DEVEMU_ICP_PIC_H

#include "devemu/device.h"
#include "devemu/icp_ic.h"

#define ICP_PIC_WIRE_IRQ 0
#define ICP_PIC_WIRE_FIQ 1

struct icp_pic_state {
	struct icp_ic ic;
};

extern const struct device_ops icp_pic_ops;

#endif
