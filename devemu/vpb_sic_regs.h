/* SPDX-License-Identifier: Apache-2.0 */
/* Secondary interrupt controller of the Versatile/PB (ARM DUI 0224I, 4.10). Model and driver. */
#ifndef DEVEMU_VPB_SIC_REGS_H
#define DEVEMU_VPB_SIC_REGS_H

#define VPB_SIC_STATUS     0x00
#define VPB_SIC_RAWSTAT    0x04
#define VPB_SIC_ENABLESET  0x08 /* reads as the enabled interrupts */
#define VPB_SIC_ENABLECLR  0x0c
#define VPB_SIC_SOFTINTSET 0x10 /* bit 0 only */
#define VPB_SIC_SOFTINTCLR 0x14
#define VPB_SIC_PICENSET   0x20 /* interrupts 21 to 30 straight to the primary controller */
#define VPB_SIC_PICENCLR   0x24

#define VPB_SIC_PASS_FIRST 21
#define VPB_SIC_PASS_LAST  30
#define VPB_SIC_PASS_MASK  0x7fe00000u

#endif
