/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of this board that other boards use: the description's /serve. */
#ifndef VMM_REMOTE_REMOTE_SERVE_H
#define VMM_REMOTE_REMOTE_SERVE_H

#include "net/remote/server.h"
#include "vmm/config/vm_config.h"

void remote_serve_make(const struct system_config *config);
unsigned remote_serve_windows(const struct system_config *config, unsigned peer,
			      const struct server_window *windows[REMOTE_WINDOWS]);
bool remote_serve_interrupt(unsigned irq);
void remote_serve_run(uint64_t now);

#endif
