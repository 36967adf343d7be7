/* SPDX-License-Identifier: Apache-2.0 */
/* The end: of a board without VMs, or of a VMM with a bug. */
#ifndef VMM_STOP_H
#define VMM_STOP_H

#include <stdint.h>

void stop_remember_image(void);
void stop_board(int code) __attribute__((noreturn));

void trap_from_vmm(uint32_t where, uint32_t kind, uint32_t psr, uint32_t frame)
	__attribute__((noreturn));

#endif
