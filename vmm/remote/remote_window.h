/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of VMs behind which is another board's device. A VM's thread puts what its guest does into a
 * queue of that board's, in order, and sleeps until there is an answer; the station's thread takes it
 * out (vmm/remote/peers.c).
 *
 * Interrupts for the VM do not end a wait: the instruction is not complete. Pausing, stopping and
 * resetting it do, and the answer, should it still come, goes nowhere.
 */
#ifndef VMM_REMOTE_REMOTE_WINDOW_H
#define VMM_REMOTE_REMOTE_WINDOW_H

#include "net/remote/client.h"
#include "vmm/config/vm_config.h"

bool remote_windows_wait(unsigned n);
uint64_t remote_windows_run(unsigned peer, uint64_t now);

#endif
