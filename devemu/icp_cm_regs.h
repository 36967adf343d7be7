/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the Integrator core module (ARM DUI 0159B, 3.4) and of the CP (ibid., 3.5). */
#ifndef DEVEMU_ICP_CM_REGS_H
#define DEVEMU_ICP_CM_REGS_H

#define ICP_CM_ID         0x000
#define ICP_CM_PROC       0x004
#define ICP_CM_OSC        0x008
#define ICP_CM_CTRL       0x00c
#define ICP_CM_STAT       0x010
#define ICP_CM_LOCK       0x014
#define ICP_CM_LMBUSCNT   0x018
#define ICP_CM_AUXOSC     0x01c
#define ICP_CM_SDRAM      0x020
#define ICP_CM_INIT       0x024
#define ICP_CM_REFCNT     0x028 /* 24 MHz */
#define ICP_CM_FLAGS      0x030 /* sets bits */
#define ICP_CM_FLAGSCLR   0x034
#define ICP_CM_NVFLAGS    0x038 /* sets bits */
#define ICP_CM_NVFLAGSCLR 0x03c
#define ICP_CM_IC         0x040 /* a block as in icp_pic_regs.h */
#define ICP_CM_VOLTAGE0   0x080 /* to 0x08c */
#define ICP_CM_SPD        0x100 /* to 0x1ff */
#define ICP_CM_SPD_END    0x200

#define ICP_CM_CTRL_LED   0x1u
#define ICP_CM_CTRL_REMAP 0x4u
#define ICP_CM_CTRL_RESET 0x8u
/* What is behind the LCD controller; the third is both outputs on, and no panel. */
#define ICP_CM_CTRL_LCD           0x000fff00u
#define ICP_CM_CTRL_LCDMUX        0x00003800u
#define ICP_CM_CTRL_VGA           0x0003c000u
#define ICP_CM_CTRL_LCDMUX_VGA24  0x00003800u
#define ICP_CM_CTRL_LCDMUX_VGA555 0x00002000u

#define ICP_CM_LOCK_KEY    0xa05fu
#define ICP_CM_LOCK_OPENED 0x10000u

#define ICP_CP_IDFIELD   0x00
#define ICP_CP_FLASHPROG 0x04
#define ICP_CP_INTREG    0x08
#define ICP_CP_DECODE    0x0c

#define ICP_CP_FLASHPROG_WRITABLE 0x3u /* write enable, programming voltage */
#define ICP_CP_INTREG_WPROT       0x1u /* of the SD card */
#define ICP_CP_INTREG_RI          0x6u /* ring indicators: written 1 to clear */
#define ICP_CP_INTREG_CARDIN      0x8u /* a card was inserted: written 1 to clear */

#endif
