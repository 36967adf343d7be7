/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a VM that is another board's window (docs/remote-protocol.md, "Memory"). It is RAM here, which
 * the guest uses as such; what it writes is found by pages (domain/shadow_track.h), collected on the
 * VM's thread at most 25 times a second, and sent on the station's. Nothing is read back: the window is
 * the VM's alone.
 *
 * What the guest has written before it writes a register of the same board is there before that: the
 * register waits in remote_memory_flush().
 */
#ifndef VMM_REMOTE_REMOTE_MEMORY_H
#define VMM_REMOTE_REMOTE_MEMORY_H

#include "vmm/config/vm_config.h"

struct vm;

void remote_memory_run(unsigned peer, uint64_t now);
bool remote_memory_waits(const struct vm *vm, unsigned peer);
void remote_memory_flush(struct vm *vm, unsigned peer);
void remote_memory_detach(const struct vm *vm);
uint32_t remote_memory_heap_size(const struct window_config *place);

#endif
