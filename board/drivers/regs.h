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

/* Devices with registers of bytes and halfwords. */

static inline uint8_t reg_read8(volatile const uint32_t *regs, uint32_t offset)
{
	return ((volatile const uint8_t *)regs)[offset];
}

static inline void reg_write8(volatile uint32_t *regs, uint32_t offset, uint8_t value)
{
	((volatile uint8_t *)regs)[offset] = value;
}

static inline uint16_t reg_read16(volatile const uint32_t *regs, uint32_t offset)
{
	return ((volatile const uint16_t *)regs)[offset / 2u];
}

static inline void reg_write16(volatile uint32_t *regs, uint32_t offset, uint16_t value)
{
	((volatile uint16_t *)regs)[offset / 2u] = value;
}

#endif
