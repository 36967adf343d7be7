/* SPDX-License-Identifier: Apache-2.0 */
/* PrimeCell PL011 UART (ARM DDI 0183). Shared by the model, the driver, and what is known of one on another board. */
#ifndef DEVEMU_PL011_REGS_H
#define DEVEMU_PL011_REGS_H

#include <stdint.h>

#define PL011_DR    0x000
#define PL011_RSR   0x004 /* a write clears the errors */
#define PL011_FR    0x018
#define PL011_ILPR  0x020
#define PL011_IBRD  0x024
#define PL011_FBRD  0x028
#define PL011_LCR_H 0x02c
#define PL011_CR    0x030
#define PL011_IFLS  0x034
#define PL011_IMSC  0x038
#define PL011_RIS   0x03c
#define PL011_MIS   0x040
#define PL011_ICR   0x044
#define PL011_DMACR 0x048

#define PL011_FIFO_DEPTH 16

#define PL011_FR_CTS   0x001u
#define PL011_FR_DSR   0x002u
#define PL011_FR_DCD   0x004u
#define PL011_FR_BUSY  0x008u
#define PL011_FR_RXFE  0x010u
#define PL011_FR_TXFF  0x020u
#define PL011_FR_RXFF  0x040u
#define PL011_FR_TXFE  0x080u
#define PL011_FR_RI    0x100u
#define PL011_FR_MODEM (PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD | PL011_FR_RI)

#define PL011_LCR_H_FEN   0x10u
#define PL011_LCR_H_8BITS 0x60u

#define PL011_CR_UARTEN 0x0001u
#define PL011_CR_LBE    0x0080u
#define PL011_CR_TXE    0x0100u
#define PL011_CR_RXE    0x0200u
#define PL011_CR_DTR    0x0400u
#define PL011_CR_RTS    0x0800u
#define PL011_CR_OUT1   0x1000u
#define PL011_CR_OUT2   0x2000u

#define PL011_INT_MODEM 0x00fu
#define PL011_INT_RX    0x010u
#define PL011_INT_TX    0x020u
#define PL011_INT_RT    0x040u
#define PL011_INT_OE    0x400u
#define PL011_INT_ALL   0x7ffu

#define PL011_DR_ERRORS 0xf00u
#define PL011_DR_OE     0x800u

/** Modem lines in the order of FR, to interrupts in the order of RIS. */
static inline uint32_t pl011_modem_interrupts(uint32_t changed)
{
	return (changed & PL011_FR_RI ? 0x1u : 0u) | (changed & PL011_FR_CTS ? 0x2u : 0u) |
	       (changed & PL011_FR_DCD ? 0x4u : 0u) | (changed & PL011_FR_DSR ? 0x8u : 0u);
}

#endif
