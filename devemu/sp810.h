/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SP810 system controller: mode, clock selection and a software reset, which resets the VM. All
 * else is remembered and has no effect: the VM's timers run at 1 MHz. Back end: struct
 * system_backend.
 */
#ifndef DEVEMU_SP810_H
#define DEVEMU_SP810_H

#include "devemu/device.h"

struct sp810_state {
	uint32_t ctrl, imctrl, imstat, xtalctrl, pllctrl, pllfctrl, perctrl[2], peren;
};

extern const struct device_ops sp810_ops;

#endif
