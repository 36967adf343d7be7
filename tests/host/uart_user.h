/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who reads and writes the registers of a PL011 model. */
#ifndef TESTS_HOST_UART_USER_H
#define TESTS_HOST_UART_USER_H

struct device;

/** Resets the UART and switches it on, with its FIFOs. */
void uart_user_start(struct device *uart);
/** Writes a text to it, whether it has room or not. */
void uart_user_print(struct device *uart, const char *text);
/** All that it has received, until the next call. */
const char *uart_user_read(struct device *uart);

#endif
