/* SPDX-License-Identifier: Apache-2.0 */
/* UART 16550 (National Semiconductor PC16550D), a register in each word. Keeps no state: a board has several. */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "devemu/ns16550_regs.h"

/* The boot loader has chosen the line speed: if a divisor is set, it stays. */
#define DIVISOR_115200_AT_24MHZ 13

static uint32_t divisor(volatile uint32_t *regs)
{
	return (reg_read(regs, NS16550_IER) & 0xffu) << 8 | (reg_read(regs, NS16550_DATA) & 0xffu);
}

static void ns16550_init(volatile uint32_t *regs)
{
	reg_write(regs, NS16550_LCR, NS16550_LCR_8BITS | NS16550_LCR_DLAB);
	if (divisor(regs) == 0) {
		reg_write(regs, NS16550_DATA, DIVISOR_115200_AT_24MHZ);
		reg_write(regs, NS16550_IER, 0);
	}
	reg_write(regs, NS16550_LCR, NS16550_LCR_8BITS);
	reg_write(regs, NS16550_IER, 0);
	reg_write(regs, NS16550_FCR, NS16550_FCR_ENABLE);
	reg_write(regs, NS16550_MCR, NS16550_MCR_DTR | NS16550_MCR_RTS | NS16550_MCR_OUT2);
}

/** What can be seen of the FIFO is whether it is empty: it is used one byte at a time. (8.4) */
static bool ns16550_try_put(volatile uint32_t *regs, uint8_t byte)
{
	if (!(reg_read(regs, NS16550_LSR) & NS16550_LSR_THRE))
		return false;
	reg_write(regs, NS16550_DATA, byte);
	return true;
}

static int ns16550_get(volatile uint32_t *regs)
{
	if (!(reg_read(regs, NS16550_LSR) & NS16550_LSR_DR))
		return -1;
	return (int)(reg_read(regs, NS16550_DATA) & 0xffu);
}

static void enable(volatile uint32_t *regs, uint32_t interrupt, bool on)
{
	const uint32_t others = reg_read(regs, NS16550_IER) & NS16550_IER_BITS & ~interrupt;

	reg_write(regs, NS16550_IER, on ? others | interrupt : others);
}

static void ns16550_enable_rx_irq(volatile uint32_t *regs, bool on)
{
	enable(regs, NS16550_IER_RX, on);
}

static void ns16550_enable_tx_irq(volatile uint32_t *regs, bool on)
{
	enable(regs, NS16550_IER_TX, on);
}

/** That of the receiver ends when all has been read. (8.5, table V) */
static void ns16550_ack(volatile uint32_t *regs)
{
	(void)reg_read(regs, NS16550_IIR);
}

const struct uart_driver ns16550_driver = {
	.init = ns16550_init,
	.try_put = ns16550_try_put,
	.get = ns16550_get,
	.enable_rx_irq = ns16550_enable_rx_irq,
	.enable_tx_irq = ns16550_enable_tx_irq,
	.ack = ns16550_ack,
};
