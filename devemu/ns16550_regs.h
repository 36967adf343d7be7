/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UART 16550, as National Semiconductor's data sheet PC16550D has it (section 8), one register in each word.
 * Shared by the model and the driver. With LCR_DLAB the first two are the divisor.
 */
#ifndef DEVEMU_NS16550_REGS_H
#define DEVEMU_NS16550_REGS_H

#define NS16550_DATA 0x00 /* RBR, THR; DLL */
#define NS16550_IER  0x04 /* DLM */
#define NS16550_IIR  0x08 /* read */
#define NS16550_FCR  0x08 /* write */
#define NS16550_LCR  0x0c
#define NS16550_MCR  0x10
#define NS16550_LSR  0x14
#define NS16550_MSR  0x18
#define NS16550_SCR  0x1c

#define NS16550_IER_RX   0x01u
#define NS16550_IER_TX   0x02u
#define NS16550_IER_BITS 0x0fu

#define NS16550_IIR_NONE 0x01u
#define NS16550_IIR_TX   0x02u
#define NS16550_IIR_RX   0x04u
#define NS16550_IIR_FIFO 0xc0u

#define NS16550_FCR_ENABLE   0x01u
#define NS16550_FCR_CLEAR_RX 0x02u
#define NS16550_FCR_CLEAR_TX 0x04u

#define NS16550_LCR_8BITS 0x03u
#define NS16550_LCR_DLAB  0x80u

#define NS16550_MCR_DTR  0x01u
#define NS16550_MCR_RTS  0x02u
#define NS16550_MCR_OUT1 0x04u
#define NS16550_MCR_OUT2 0x08u
#define NS16550_MCR_LOOP 0x10u
#define NS16550_MCR_BITS 0x1fu

#define NS16550_LSR_DR   0x01u
#define NS16550_LSR_OE   0x02u
#define NS16550_LSR_THRE 0x20u
#define NS16550_LSR_TEMT 0x40u

#define NS16550_MSR_CTS 0x10u
#define NS16550_MSR_DSR 0x20u
#define NS16550_MSR_RI  0x40u
#define NS16550_MSR_DCD 0x80u

#define NS16550_FIFO_DEPTH 16

#endif
