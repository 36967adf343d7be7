/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of the Integrator core module, with its interrupt controller and the contents of the
 * memory's identification EEPROM. A reset resets the VM. Wires: IRQ and FIQ of the interrupt
 * controller. Back end: struct system_backend. Needs a clock.
 */
#ifndef DEVEMU_ICP_CM_H
#define DEVEMU_ICP_CM_H

#include "devemu/device.h"
#include "devemu/icp_ic.h"

#define ICP_CM_WIRE_IRQ 0
#define ICP_CM_WIRE_FIQ 1

struct icp_cm_state {
	struct icp_ic ic;
	uint32_t osc, ctrl, lock, auxosc, sdram, init, flags;
	uint32_t nvflags; /* survives a reset */
};

extern const struct device_ops icp_cm_ops;

#endif
