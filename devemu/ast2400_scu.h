/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System control unit of the AST2400: what a VM sets there does nothing. It finds what the board has, keeps what
 * it writes, behind the lock as on the board, and loses that at its reset. No wires. Back end: struct
 * system_backend; without .board all reads as zero at first.
 *
 * Resets, clocks, pins and straps are the board's boot loader's: most of the bits reach the whole chip, and some
 * of them the memory that the VMM is in (remapping, PCI and LPC bridges, SDRAM clocks).
 */
#ifndef DEVEMU_AST2400_SCU_H
#define DEVEMU_AST2400_SCU_H

#include "devemu/ast2400_scu_regs.h"
#include "devemu/device.h"

struct ast2400_scu_state {
	bool is_open;
	uint32_t written[AST2400_SCU_END / 128 +
			 1]; /* a bit for each word that the guest has written */
	uint32_t word[AST2400_SCU_END / 4];
};

extern const struct device_ops ast2400_scu_ops;

#endif
