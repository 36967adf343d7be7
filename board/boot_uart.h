/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on a board's first UART before there is a console: polled, position independent, on a board
 * known by its row in boot_boards.c only.
 */
#ifndef BOARD_BOOT_UART_H
#define BOARD_BOOT_UART_H

#include "board/boot_boards.h"

#include <stdarg.h>

void boot_uart_print(const struct boot_board *board, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
