/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt controller of the AST2400 (ASPEED AST2400/AST1250 A1 datasheet, chapter "Vectored Interrupt
 * Controller"): 51 inputs, in the layout that has two words of each register beside each other. The other one
 * of the same registers, from offset 0 on, reaches the first 32 inputs only, and nobody uses it.
 */
#ifndef DEVEMU_AST2400_VIC_REGS_H
#define DEVEMU_AST2400_VIC_REGS_H

#define AST2400_VIC_BANKS 2 /* of 32 inputs: a register and the word behind it */

#define AST2400_VIC_IRQ_STATUS  0x80
#define AST2400_VIC_FIQ_STATUS  0x88
#define AST2400_VIC_RAW_STATUS  0x90
#define AST2400_VIC_SELECT      0x98 /* 1: FIQ */
#define AST2400_VIC_ENABLE      0xa0 /* sets */
#define AST2400_VIC_ENABLE_CLR  0xa8
#define AST2400_VIC_TRIGGER     0xb0 /* by software; sets */
#define AST2400_VIC_TRIGGER_CLR 0xb8
#define AST2400_VIC_SENSE       0xc0 /* 1: level; 0: edge */
#define AST2400_VIC_DUAL_EDGE   0xc8 /* 1: both edges */
#define AST2400_VIC_EVENT       0xd0 /* 1: high, or rising */
#define AST2400_VIC_EDGE_CLR    0xd8
#define AST2400_VIC_EDGE_STATUS 0xe0
#define AST2400_VIC_END         0xe8

/* How the inputs are after a reset: the timers' (16 to 18, 35 to 39) are edges, both of them. */
#define AST2400_VIC_RESET_SENSE         \
	{                               \
		0xfff8ffffu, 0x0001f07u \
	}
#define AST2400_VIC_RESET_DUAL_EDGE     \
	{                               \
		0x00070000u, 0x00000f8u \
	}
#define AST2400_VIC_RESET_EVENT         \
	{                               \
		0xfff8ffffu, 0x0005f07u \
	}

#endif
