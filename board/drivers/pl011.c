/* SPDX-License-Identifier: Apache-2.0 */
/* PrimeCell PL011 UART (ARM DDI 0183). Keeps no state: a board has several. */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/pl011_regs.h"

/*
 * The boot loader has chosen the line speed, and its input clock is not the same on every board: if
 * a divisor is set, it stays.
 */
#define IBRD_38400_AT_14MHZ 24

static void pl011_init(volatile uint32_t *regs)
{
	reg_write(regs, PL011_IMSC, 0);
	if (reg_read(regs, PL011_IBRD) == 0) {
		reg_write(regs, PL011_IBRD, IBRD_38400_AT_14MHZ);
		reg_write(regs, PL011_FBRD, 0);
	}
	/* Also latches the divisor (DDI 0183, 3.3.7). */
	reg_write(regs, PL011_LCR_H, PL011_LCR_H_8BITS | PL011_LCR_H_FEN);
	reg_write(regs, PL011_CR,
		  PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE | PL011_CR_DTR | PL011_CR_RTS);
	reg_write(regs, PL011_ICR, PL011_INT_ALL);
}

static bool pl011_try_put(volatile uint32_t *regs, uint8_t byte)
{
	if (reg_read(regs, PL011_FR) & PL011_FR_TXFF)
		return false;
	reg_write(regs, PL011_DR, byte);
	return true;
}

static int pl011_get(volatile uint32_t *regs)
{
	if (reg_read(regs, PL011_FR) & PL011_FR_RXFE)
		return -1;
	return (int)(reg_read(regs, PL011_DR) & 0xffu);
}

static void enable(volatile uint32_t *regs, uint32_t interrupts, bool on)
{
	const uint32_t others = reg_read(regs, PL011_IMSC) & ~interrupts;

	reg_write(regs, PL011_IMSC, on ? others | interrupts : others);
}

static void pl011_enable_rx_irq(volatile uint32_t *regs, bool on)
{
	enable(regs, PL011_INT_RX | PL011_INT_RT, on);
}

static void pl011_enable_tx_irq(volatile uint32_t *regs, bool on)
{
	enable(regs, PL011_INT_TX, on);
}

static void pl011_ack(volatile uint32_t *regs)
{
	reg_write(regs, PL011_ICR, PL011_INT_RX | PL011_INT_RT | PL011_INT_TX);
}

const struct uart_driver pl011_driver = {
	.init = pl011_init,
	.try_put = pl011_try_put,
	.get = pl011_get,
	.enable_rx_irq = pl011_enable_rx_irq,
	.enable_tx_irq = pl011_enable_tx_irq,
	.ack = pl011_ack,
};
