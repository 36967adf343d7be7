/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other boards that the description names: what they are sent and what comes from them, on the
 * thread of the VMM's station. The protocol is in net/remote; what VMs have of other boards is in
 * vmm/remote/remote_window.c, and what those have of this one in vmm/remote/remote_serve.c. An image that knows of
 * no other boards has none of it (vmm/remote/peers_none.c).
 */
#ifndef VMM_REMOTE_PEERS_H
#define VMM_REMOTE_PEERS_H

#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/status.h"
#include "vmm/config/vm_config.h"

struct device;
struct monitor;
struct peer;
struct vm;

enum status peers_make(const struct system_config *config, const struct boot_info *info,
		       const struct bundle *bundle) MUST_CHECK;
void peers_start(void);
bool peers_interrupt(unsigned irq);

/* For the two that use them, in an image that has them. */
unsigned peers_count(void);
struct peer *peers_get(unsigned n);

/* Windows of VMs: vmm/remote/remote_window.c. */
uint32_t remote_window_heap_size(const struct window_config *place,
				 const struct remote_window_config *config);
bool remote_memory_make(struct vm *vm, const struct window_config *place,
			const struct remote_window_config *config);
void remote_window_make(struct vm *vm, struct device *dev, const struct window_config *place,
			const struct remote_window_config *config);
bool remote_windows_busy(const struct vm *vm);
void remote_windows_detach(const struct vm *vm);

#endif
