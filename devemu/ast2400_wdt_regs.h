/* SPDX-License-Identifier: Apache-2.0 */
/* Watchdogs of the AST2400 (ASPEED AST2400/AST1250 A1 datasheet, chapter "Watchdog Timer"): two of a kind. */
#ifndef DEVEMU_AST2400_WDT_REGS_H
#define DEVEMU_AST2400_WDT_REGS_H

#define AST2400_WDTS       2
#define AST2400_WDT_STRIDE 0x20

#define AST2400_WDT_STATUS  0x00
#define AST2400_WDT_RELOAD  0x04
#define AST2400_WDT_RESTART 0x08
#define AST2400_WDT_CONTROL 0x0c
#define AST2400_WDT_TIMEOUT 0x10
#define AST2400_WDT_CLEAR   0x14
#define AST2400_WDT_WIDTH   0x18 /* of the pulse at a pin */

#define AST2400_WDT_RESTART_KEY    0x4755u
#define AST2400_WDT_RELOAD_DEFAULT 0x03ef1480u

#define AST2400_WDT_ENABLE    0x01u
#define AST2400_WDT_SYSTEM    0x02u /* resets the system */
#define AST2400_WDT_INTERRUPT 0x04u
#define AST2400_WDT_1MHZ      0x10u /* or else PCLK */
#define AST2400_WDT_BITS      0xffu

#endif
