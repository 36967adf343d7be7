/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt controllers of the Integrator/CP: primary, secondary and core module all have this
 * block of registers (ARM DUI 0159B, 3.6). Shared by the models and the driver.
 */
#ifndef DEVEMU_ICP_PIC_REGS_H
#define DEVEMU_ICP_PIC_REGS_H

#define ICP_PIC_IRQ_STATUS    0x00
#define ICP_PIC_IRQ_RAWSTAT   0x04
#define ICP_PIC_IRQ_ENABLESET 0x08 /* reads as the enabled interrupts */
#define ICP_PIC_IRQ_ENABLECLR 0x0c
#define ICP_PIC_INT_SOFTSET   0x10 /* bit 0 only; reads as its state */
#define ICP_PIC_INT_SOFTCLR   0x14
#define ICP_PIC_FIQ_STATUS    0x20
#define ICP_PIC_FIQ_RAWSTAT   0x24
#define ICP_PIC_FIQ_ENABLESET 0x28
#define ICP_PIC_FIQ_ENABLECLR 0x2c
#define ICP_PIC_SIZE          0x30

#endif
