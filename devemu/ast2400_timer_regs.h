/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of the AST2400 (ASPEED AST2400/AST1250 A1 datasheet, chapter "Timer Controller"), eight counters like
 * those of Faraday's FTTMR010, but with four bits of control each and no status: an interrupt is a moment, which
 * the interrupt controller latches. They count down.
 */
#ifndef DEVEMU_AST2400_TIMER_REGS_H
#define DEVEMU_AST2400_TIMER_REGS_H

#define AST2400_TIMERS 8

/* Where the registers of counter n are, counted from 0: the control register is between 2 and 3. */
#define AST2400_TIMER_BASE(n) (0x10u * ((n) < 3u ? (n) : (n) + 1u))

#define AST2400_TIMER_COUNT  0x0
#define AST2400_TIMER_RELOAD 0x4
#define AST2400_TIMER_MATCH1 0x8
#define AST2400_TIMER_MATCH2 0xc

#define AST2400_TIMER_CONTROL  0x30
#define AST2400_TIMER_CONTROL2 0x34

/* Bits of counter n in the control register, from bit 4 * n on. */
#define AST2400_TIMER_ENABLE   0x1u
#define AST2400_TIMER_1MHZ     0x2u /* or else PCLK */
#define AST2400_TIMER_OVERFLOW 0x4u /* interrupts at zero, too */

#endif
