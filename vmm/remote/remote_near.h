/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way to a card controller of another board: its front end (vmm/remote/remote_card.h) answers at once,
 * so that arch/arm/fast_mmio.S may call it. A kernel copies to and from the FIFO with several loads or
 * stores in a row, in a loop: 16 of them are one trap here, with what of the loop is between them.
 */
#ifndef VMM_REMOTE_REMOTE_NEAR_H
#define VMM_REMOTE_REMOTE_NEAR_H

#include "devemu/device.h"
#include "devemu/remote.h"

const struct device_ops *remote_near(const struct remote_backend *backend, uint32_t offset);

#endif
