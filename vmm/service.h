/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is no VM's but the VMM's own, in an image with several VMs: disks, switches, and the board's
 * Ethernet. Frames that come from it are sent on their way by a thread that takes its turn among
 * those of the VMs, so that it keeps nobody waiting who comes first. In an image with one VM there is
 * nothing of this (vmm/service_none.c).
 */
#ifndef VMM_SERVICE_H
#define VMM_SERVICE_H

#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/config/vm_config.h"

struct vm;
struct vswitch;

enum status service_make(struct system_config *config, const struct boot_info *info,
			 struct bundle *bundle) MUST_CHECK;
void service_configured(const struct system_config *config);
enum status service_start(void) MUST_CHECK;
struct vswitch *service_network(unsigned n);
bool service_interrupt(unsigned irq);
bool service_settle(struct vm *waits);
bool service_is_awaited(const struct vm *by);

#endif
