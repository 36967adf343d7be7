/* SPDX-License-Identifier: Apache-2.0 */
/* The board's UART, shared by the VMM's log and the VM's console. */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include "devemu/backend.h"

#include <stddef.h>

struct vm;

void console_init(void);
void console_connect(struct vm *vm);
void console_write(const char *text, size_t length);
const struct uart_backend *console_backend(const struct vm *vm);
void console_interrupt(void);
void console_poll(void);
void console_last_words(void);

#endif
