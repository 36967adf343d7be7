/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the PL031 (ARM DDI 0224B, table 3-1). */
#ifndef DEVEMU_PL031_REGS_H
#define DEVEMU_PL031_REGS_H

#define PL031_DR   0x000 /* seconds; read-only */
#define PL031_MR   0x004
#define PL031_LR   0x008
#define PL031_CR   0x00c
#define PL031_IMSC 0x010
#define PL031_RIS  0x014
#define PL031_MIS  0x018
#define PL031_ICR  0x01c /* write-only */

#define PL031_CR_START 0x1u
#define PL031_INT      0x1u

#endif
