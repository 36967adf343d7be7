/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hako's own power register: the boards have no way to switch themselves off. Writing
 * HAKO_POWER_OFF to offset 0 asks for it; everything reads as 0. A guest finds it in its device
 * tree, as a "syscon-poweroff". Back end: struct system_backend.
 */
#ifndef DEVEMU_HAKO_POWER_H
#define DEVEMU_HAKO_POWER_H

#include "devemu/device.h"

#define HAKO_POWER_OFF 0x504f4646u /* "POFF" */

extern const struct device_ops hako_power_ops;

#endif
