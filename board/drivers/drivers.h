/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers that a board's description can name. */
#ifndef BOARD_DRIVERS_DRIVERS_H
#define BOARD_DRIVERS_DRIVERS_H

#include "board/board.h"
#include "board/card.h"
#include "board/nic.h"

extern const struct uart_driver pl011_driver;
extern const struct uart_driver ns16550_driver;
extern const struct irqchip_driver icp_pic_driver;
extern const struct irqchip_driver pl190_driver;
extern const struct irqchip_driver ast2400_vic_driver;
extern const struct timer_driver arm_timer_driver;
extern const struct timer_driver ast2400_timer_driver;
extern const struct nic_driver smc91c111_driver;
extern const struct card_driver pl181_driver;

#endif
