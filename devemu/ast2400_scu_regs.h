/* SPDX-License-Identifier: Apache-2.0 */
/* System control unit of the AST2400 (ASPEED AST2400/AST1250 A1 datasheet, chapter "System Control Unit"). */
#ifndef DEVEMU_AST2400_SCU_REGS_H
#define DEVEMU_AST2400_SCU_REGS_H

#define AST2400_SCU_KEY        0x000 /* reads as 1 while the others can be written */
#define AST2400_SCU_RESET      0x004
#define AST2400_SCU_CLOCK      0x008
#define AST2400_SCU_CLOCK_STOP 0x00c
#define AST2400_SCU_RANDOM     0x078
#define AST2400_SCU_END        0x1a8

#define AST2400_SCU_UNLOCK 0x1688a8a8u

/* PCLK is H-PLL / 16, as after a reset: 24 MHz. */
#define AST2400_SCU_CLOCK_RESET 0xf3f40000u

#endif
