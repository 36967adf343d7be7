/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control registers of the Integrator/CP baseboard. Flash stays write-protected on the board
 * whatever the guest writes. Back end: struct system_backend. Needs a clock.
 *
 * The SD card is the board's. Input 0 is the board's latched "card inserted" interrupt; wire 0 is
 * the VM's. They are not the same line: after a reset of the board, it reports the card in the slot
 * once more; after a reset of the VM, the model has to.
 */
#ifndef DEVEMU_ICP_CPREGS_H
#define DEVEMU_ICP_CPREGS_H

#include "devemu/device.h"

struct icp_cpregs_state {
	uint32_t flashprog;
	bool card_latch; /* CARDIN of the VM */
	bool card_seen;  /* the board has reported one; survives a reset */
};

extern const struct device_ops icp_cpregs_ops;

#endif
