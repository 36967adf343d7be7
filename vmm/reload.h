/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new description of the VMs, without a restart of the board: it is received by the monitor
 * (vmm/console/monitor_reload.c), checked and carried out by a thread of the VMM's own, which says in the log
 * how that went. VMs that the new description leaves as they are go on meanwhile. docs/vm-config.md
 * says what may change.
 */
#ifndef VMM_RELOAD_H
#define VMM_RELOAD_H

#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/config/vm_config.h"

#include <stdint.h>

void reload_init(struct system_config *config, const struct boot_info *info, struct bundle *bundle);
void reload_vms_made(void);

/* For the monitor: interrupts may call these. */
const char *reload_begin(uint32_t size, uint8_t **bytes);
void reload_abandon(void);
void reload_carry_out(void);

#endif
