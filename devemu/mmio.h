/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an access of the guest to a device model. The rules of the bus - alignment and width - are
 * settled here, once, so that a model sees whole registers only.
 */
#ifndef DEVEMU_MMIO_H
#define DEVEMU_MMIO_H

#include "devemu/device.h"

#include <stdint.h>

uint32_t mmio_read(struct device *dev, uint32_t offset, unsigned size);
void mmio_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size);

#endif
