/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watchdogs of the AST2400, with a PCLK of 24 MHz. Their reset is the VM's, whichever kind the guest has asked for;
 * their pins are not there. Wire 0: the interrupt of both. Back end: struct system_backend.
 */
#ifndef DEVEMU_AST2400_WDT_H
#define DEVEMU_AST2400_WDT_H

#include "devemu/ast2400_wdt_regs.h"
#include "devemu/device.h"

struct ast2400_wdt {
	uint64_t from; /* running: guest time at which the counter was @count */
	uint32_t count, reload, control, width;
	bool has_expired;
};

struct ast2400_wdt_state {
	struct ast2400_wdt wdt[AST2400_WDTS];
};

extern const struct device_ops ast2400_wdt_ops;

#endif
