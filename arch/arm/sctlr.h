/* SPDX-License-Identifier: Apache-2.0 */
/* Control register c1 of the ARM926EJ-S (TRM, 2.3.2). Constants only; C and assembly. */
#ifndef ARCH_ARM_SCTLR_H
#define ARCH_ARM_SCTLR_H

#define SCTLR_M  0x00000001 /* MMU */
#define SCTLR_A  0x00000002 /* alignment faults */
#define SCTLR_C  0x00000004 /* data cache */
#define SCTLR_B  0x00000080 /* big endian */
#define SCTLR_S  0x00000100 /* system protection */
#define SCTLR_R  0x00000200 /* ROM protection */
#define SCTLR_I  0x00001000 /* instruction cache */
#define SCTLR_V  0x00002000 /* high vectors */
#define SCTLR_RR 0x00004000 /* round robin replacement */
#define SCTLR_L4 0x00008000 /* loads to pc do not change to Thumb state */

/* Bits 18, 16 and 6:3 should be one, and are after reset (TRM, table 2-10). */
#define SCTLR_RESET 0x00050078

#endif
