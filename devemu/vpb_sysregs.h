/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers of the Versatile/PB. A reset resets the VM. Switches and SD card detection are
 * the board's. Back end: struct system_backend. Needs a clock.
 *
 * The model is complete; but a VM may read the board's registers directly, for the 24 MHz counter
 * among them. So what a guest may change on the board - LEDs, lock, flags - is written through, and
 * reads show the same either way.
 */
#ifndef DEVEMU_VPB_SYSREGS_H
#define DEVEMU_VPB_SYSREGS_H

#include "devemu/device.h"

#define VPB_SYS_OSC_COUNT 5

struct vpb_sysregs_state {
	uint32_t led, lock, cfgdata[2], flags, resetctl, flash, clcd;
	uint32_t osc[VPB_SYS_OSC_COUNT];
	uint32_t nvflags; /* survives a reset */
};

extern const struct device_ops vpb_sysregs_ops;

#endif
