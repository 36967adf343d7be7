/* SPDX-License-Identifier: Apache-2.0 */
/* What a test guest uses of the Integrator/CP: addresses and interrupt inputs. C and assembly. */
#ifndef TESTS_GUEST_BOARD_INTEGRATORCP_H
#define TESTS_GUEST_BOARD_INTEGRATORCP_H

#define BOARD_RAM 0 /* RAM and vectors */

#define BOARD_TEST_VA 0x40000000u /* neither RAM nor a device */

#define BOARD_UART        0x16000000
#define BOARD_UART_IRQ    1
#define BOARD_TIMER       0x13000100 /* timer 1, 1 MHz */
#define BOARD_TIMER_IRQ   6
#define BOARD_TIMER_2     0x13000200 /* timer 2, 1 MHz */
#define BOARD_TIMER_2_IRQ 7
#define BOARD_PIC         0x14000000
#define BOARD_SIC         0xca000000

/* Input of the controller that software can raise, and how: one register sets, one clears. */
#define BOARD_SOFT_IRQ       0
#define BOARD_SOFT_SET       0x14000010
#define BOARD_SOFT_SET_VALUE 1
#define BOARD_SOFT_CLR       0x14000014
#define BOARD_SOFT_CLR_VALUE 1

/* The reset button: CM_CTRL, behind its lock. */
#define BOARD_RESET       0x1000000c
#define BOARD_RESET_VALUE 0x8
#define BOARD_RESET_LOCK  0x10000014
#define BOARD_RESET_KEY   0xa05f

/* The 1 MiB sections that hold devices, for the tests' own page tables. */
#define BOARD_DEVICE_SECTIONS                                  \
	{                                                      \
		0x13000000, 0x14000000, 0x16000000, 0xca000000 \
	}

/* All of them, generously: what random accesses keep away from. */
#define BOARD_DEVICE_BASE 0x10000000u
#define BOARD_DEVICE_SIZE 0x0fffffffu

/* A page beside BOARD_TIMER's registers: what comes first in the page that holds the timers. */
#define BOARD_TIMER_PAGE 0x13000000
#define BOARD_ETHERNET   0xc8000000

#endif
