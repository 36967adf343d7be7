/* SPDX-License-Identifier: Apache-2.0 */
/* PrimeCell PL190 vectored interrupt controller (ARM DDI 0181E). Shared by model and driver. */
#ifndef DEVEMU_PL190_REGS_H
#define DEVEMU_PL190_REGS_H

#define PL190_IRQSTATUS    0x000
#define PL190_FIQSTATUS    0x004
#define PL190_RAWINTR      0x008
#define PL190_INTSELECT    0x00c /* 1: FIQ */
#define PL190_INTENABLE    0x010 /* sets bits */
#define PL190_INTENCLEAR   0x014
#define PL190_SOFTINT      0x018 /* sets bits */
#define PL190_SOFTINTCLEAR 0x01c
#define PL190_PROTECTION   0x020
#define PL190_VECTADDR     0x030
#define PL190_DEFVECTADDR  0x034
#define PL190_VECTADDR0    0x100 /* to 0x13c */
#define PL190_VECTCNTL0    0x200 /* to 0x23c */
#define PL190_ITCR         0x300

#define PL190_VECTOR_COUNT    16
#define PL190_VECTCNTL_ENABLE 0x20u
#define PL190_VECTCNTL_SOURCE 0x1fu

#endif
