/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control registers of the Integrator/CP baseboard. Write protection and presence of the SD card
 * are those of the board. Flash stays write-protected on the board whatever the guest writes.
 * Back end: struct system_backend.
 */
#ifndef DEVEMU_ICP_CPREGS_H
#define DEVEMU_ICP_CPREGS_H

#include "devemu/device.h"

struct icp_cpregs_state {
	uint32_t flashprog;
};

extern const struct device_ops icp_cpregs_ops;

#endif
