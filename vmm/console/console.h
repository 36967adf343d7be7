/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's UART 0, shared by the VMM's log and the consoles of VMs: vmm/console/console_one.c in an image
 * with one VM, vmm/console/console.c in one with several and a monitor.
 */
#ifndef VMM_CONSOLE_CONSOLE_H
#define VMM_CONSOLE_CONSOLE_H

#include "devemu/backend.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;
struct vm;

void console_init(void);
const struct uart_backend *console_backend(const struct vm *vm);
void console_connect(struct vm *vm);
uint32_t console_room_size(void);
void console_disconnect(const struct vm *vm);
void console_reset(const struct vm *vm);
void console_write(const char *text, size_t length);
void console_interrupt(void);
bool console_own_interrupt(unsigned irq);
void console_poll(void);
void console_last_words(void);

/* Of an image with several VMs. */
void console_make_rooms(unsigned count);
void console_start(void);
void console_set_options(uint8_t escape, bool has_prefix);
uint32_t console_lost(const struct vm *vm);
const struct uart_backend *console_backend_virtio(const struct vm *vm, struct device *dev,
						  unsigned n);

#endif
