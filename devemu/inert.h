/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device of the board that the VM must not operate: a bus master, which would reach memory past
 * the MMU, or a controller of the memory itself. It can be found, and does nothing: reads give its
 * identification, or 0; writes are ignored and counted. Parameters: struct inert_params, or NULL
 * for a device that cannot be found either.
 */
#ifndef DEVEMU_INERT_H
#define DEVEMU_INERT_H

#include "devemu/device.h"

struct inert_params {
	uint8_t id[PRIMECELL_ID_SIZE];
};

extern const struct device_ops inert_ops;

#endif
