/* SPDX-License-Identifier: Apache-2.0 */
/* What a test guest uses of palmetto (AST2400): addresses and interrupt inputs. C and assembly. */
#ifndef TESTS_GUEST_BOARD_PALMETTO_H
#define TESTS_GUEST_BOARD_PALMETTO_H

/* At address 0 is flash: its vectors lead to those at the start of RAM (vectors_in_flash.S). */
#define BOARD_RAM 0x40000000

#define BOARD_TEST_VA 0x60000000u

#define BOARD_UART      0x1e784000
#define BOARD_TIMER     0x1e782020 /* the third counter */
#define BOARD_TIMER_IRQ 18
#define BOARD_PIC       0x1e6c0000

/* Registers of the controller: irq_vic.c. */
#define VIC_IRQ_STATUS 0x80
#define VIC_FIQ_STATUS 0x88
#define VIC_RAW_STATUS 0x90
#define VIC_SELECT     0x98
#define VIC_ENABLE     0xa0
#define VIC_ENABLE_CLR 0xa8

/* Software raises no input in QEMU: an empty transmitter does, as long as its interrupt is enabled. */
#define BOARD_SOFT_IRQ       10
#define BOARD_SOFT_SET       0x1e784004
#define BOARD_SOFT_SET_VALUE 2
#define BOARD_SOFT_CLR       0x1e784004
#define BOARD_SOFT_CLR_VALUE 0

/* The 1 MiB sections that hold devices, for the tests' own page tables, and the flash. */
#define BOARD_DEVICE_SECTIONS                                  \
	{                                                      \
		0x00000000, 0x1e600000, 0x1e700000, 0x1e700000 \
	}

#endif
