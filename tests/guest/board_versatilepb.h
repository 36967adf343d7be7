/* SPDX-License-Identifier: Apache-2.0 */
/* What a test guest uses of the Versatile/PB: addresses and interrupt inputs. C and assembly. */
#ifndef TESTS_GUEST_BOARD_VERSATILEPB_H
#define TESTS_GUEST_BOARD_VERSATILEPB_H

#define BOARD_RAM 0 /* RAM and vectors */

#define BOARD_TEST_VA 0x40000000u /* neither RAM nor a device */

#define BOARD_UART        0x101f1000
#define BOARD_UART_IRQ    12
#define BOARD_TIMER       0x101e2000 /* SP804 0, first timer, 1 MHz */
#define BOARD_TIMER_IRQ   4
#define BOARD_TIMER_2     0x101e3000 /* SP804 1, first timer, 1 MHz */
#define BOARD_TIMER_2_IRQ 5
#define BOARD_PIC         0x10140000
#define BOARD_SIC         0x10003000

/* Registers of the controller: irq_vic.c. */
#define VIC_IRQ_STATUS 0x00
#define VIC_FIQ_STATUS 0x04
#define VIC_RAW_STATUS 0x08
#define VIC_SELECT     0x0c
#define VIC_ENABLE     0x10
#define VIC_ENABLE_CLR 0x14

/* Input of the controller that software can raise, and how: one register sets, one clears. */
#define BOARD_SOFT_IRQ       0
#define BOARD_SOFT_SET       0x10140018
#define BOARD_SOFT_SET_VALUE 1
#define BOARD_SOFT_CLR       0x1014001c
#define BOARD_SOFT_CLR_VALUE 1

/* The reset button: SYS_RESETCTL, behind its lock. */
#define BOARD_RESET       0x10000040
#define BOARD_RESET_VALUE 0x100
#define BOARD_RESET_LOCK  0x10000020
#define BOARD_RESET_KEY   0xa05f

/* The 1 MiB sections that hold devices, for the tests' own page tables. */
#define BOARD_DEVICE_SECTIONS          \
	{                              \
		0x10000000, 0x10100000 \
	}

/* All of them, generously: what random accesses keep away from. */
#define BOARD_DEVICE_BASE 0x10000000u
#define BOARD_DEVICE_SIZE 0x0fffffffu

#define BOARD_TIMER_PAGE 0x101e2000
#define BOARD_ETHERNET   0x10010000

#endif
