/* SPDX-License-Identifier: Apache-2.0 */
/* Status and system control registers of the Versatile/PB (ARM DUI 0224I, 4.3). */
#ifndef DEVEMU_VPB_SYSREGS_REGS_H
#define DEVEMU_VPB_SYSREGS_REGS_H

#define VPB_SYS_ID         0x000
#define VPB_SYS_SW         0x004
#define VPB_SYS_LED        0x008
#define VPB_SYS_OSC0       0x00c /* to OSC4 */
#define VPB_SYS_OSC4       0x01c
#define VPB_SYS_LOCK       0x020
#define VPB_SYS_100HZ      0x024
#define VPB_SYS_CFGDATA1   0x028
#define VPB_SYS_CFGDATA2   0x02c
#define VPB_SYS_FLAGS      0x030 /* sets bits */
#define VPB_SYS_FLAGSCLR   0x034
#define VPB_SYS_NVFLAGS    0x038 /* sets bits */
#define VPB_SYS_NVFLAGSCLR 0x03c
#define VPB_SYS_RESETCTL   0x040
#define VPB_SYS_PCICTL     0x044
#define VPB_SYS_MCI        0x048
#define VPB_SYS_FLASH      0x04c
#define VPB_SYS_CLCD       0x050
#define VPB_SYS_CLCDSER    0x054
#define VPB_SYS_BOOTCS     0x058
#define VPB_SYS_24MHZ      0x05c
#define VPB_SYS_MISC       0x060
#define VPB_SYS_DMAPSR0    0x064 /* to DMAPSR2 */
#define VPB_SYS_DMAPSR2    0x06c
#define VPB_SYS_PROCID0    0x084
#define VPB_SYS_PROCID1    0x088
#define VPB_SYS_OSCRESET0  0x08c /* to OSCRESET4 */
#define VPB_SYS_OSCRESET4  0x09c
#define VPB_SYS_TEST_OSC0  0x0c0 /* to TEST_OSC4 */
#define VPB_SYS_TEST_OSC4  0x0d0

#define VPB_SYS_LOCK_KEY       0xa05fu
#define VPB_SYS_RESETCTL_RESET 0x100u
#define VPB_SYS_CLCD_MODE      0x03u /* how colours lie: 8:8:8, 5:5:5:1, 5:6:5 */
#define VPB_SYS_CLCD_VGA       0x14u /* buffers, and 3.5 V */

#endif
