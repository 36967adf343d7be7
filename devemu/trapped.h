/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device of the board that a VM has, but not within reach: each access is carried out for it, and
 * can be written to the log. Back end: struct bus_backend.
 */
#ifndef DEVEMU_TRAPPED_H
#define DEVEMU_TRAPPED_H

#include "devemu/device.h"

/** The parameters of one whose accesses are logged; NULL: they are not. */
struct trapped_params {
	const char *name;
};

extern const struct device_ops trapped_ops;

#endif
