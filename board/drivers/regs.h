/* SPDX-License-Identifier: Apache-2.0 */
/* Registers by their byte offset, as the <chip>_regs.h files and the manuals give it. */
#ifndef BOARD_DRIVERS_REGS_H
#define BOARD_DRIVERS_REGS_H

#include <stdint.h>

static inline uint32_t reg_read(volatile const uint32_t *regs, uint32_t offset)
{
	return regs[offset / 4u];
}

static inline void reg_write(volatile uint32_t *regs, uint32_t offset, uint32_t value)
{
	regs[offset / 4u] = value;
}

#endif
