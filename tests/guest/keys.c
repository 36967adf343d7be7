/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/keys.h"

#include "tests/guest/cp15.h"
#include "tests/guest/irq.h"

#define UART_DR      0x00
#define UART_FR      0x18
#define UART_FR_RXFE 0x10

#define LOOK_US 10000

char next_key(void)
{
	timer_start(BOARD_TIMER, LOOK_US, TIMER_INTEN | TIMER_PERIODIC);
	irq_enable(BOARD_TIMER_IRQ);
	while (read32(BOARD_UART + UART_FR) & UART_FR_RXFE) {
		wait_for_interrupt(); /* masked: it wakes up */
		write32(BOARD_TIMER + TIMER_INTCLR, 0);
	}
	return (char)read32(BOARD_UART + UART_DR);
}
