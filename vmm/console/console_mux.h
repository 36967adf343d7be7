/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One terminal for several VMs, the monitor and the VMM's log. One VM, or the monitor, has the focus:
 * what it prints is shown, and it gets what is typed. What the other VMs print is kept in a ring of
 * theirs and shown when they get the focus; when a ring is full its oldest bytes are lost, and counted.
 * The VM with the focus waits instead: its UART is full. Lines of the log are always shown.
 *
 * Nothing here waits, or prints more than a burst: what is left comes with the next console_mux_pump().
 * Pure: the terminal is a table of functions, a VM's end a UART model.
 */
#ifndef VMM_CONSOLE_CONSOLE_MUX_H
#define VMM_CONSOLE_CONSOLE_MUX_H

#include "devemu/backend.h"
#include "devemu/device.h"
#include "vmm/console/console_key.h"
#include "vmm/lib/ring.h"
#include "vmm/console/monitor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_MUX_MAX   8u
#define CONSOLE_TYPED_MAX 64u /* a power of two: what is kept for a VM that takes nothing */

/** The terminal. */
struct console_out {
	uint32_t (*room)(const struct console_out *out); /* for so many bytes put() does not wait */
	void (*put)(const struct console_out *out, uint8_t byte);
	/* As many of them as there is room for, at least, all at once. */
	void (*write)(const struct console_out *out, const char *text, size_t length);
	void (*again)(const struct console_out *out); /* console_mux_pump(), please: soon */
};

/** A VM's end. How its output leaves is the back end: by a multiplexer, or a UART of its own. */
struct vm_console {
	struct uart_backend backend; /* first: the two are one pointer */
	struct console_mux *mux;     /* NULL: a UART of its own */
	const char *name;
	struct device *uart;   /* the model; NULL before it is there */
	struct device *virtio; /* the virtio console that printed last; NULL if none ever did */
	bool is_by_virtio;     /* the last byte came from it, not from the UART */
	struct ring output;    /* printed, and not yet shown */
	uint32_t lost;         /* of its output, since the start */
	uint32_t lost_told;    /* of them, those that the terminal has been told of */
	struct ring typed;
	uint8_t typed_bytes[CONSOLE_TYPED_MAX];
};

/** A virtio console of a VM: another way to the same end. */
struct console_door {
	struct uart_backend backend; /* first: the two are one pointer */
	struct vm_console *console;
	struct device *dev;
};

struct console_mux {
	const struct console_out *out;
	uint32_t log_reserve; /* room that only the log may use */
	bool has_prefix;      /* "[name] " before each line that a VM prints */
	bool may_wait;        /* start and end of the board: nothing of the log is left out */
	struct vm_console *vm[CONSOLE_MUX_MAX];
	struct vm_console *focus; /* NULL: the monitor, or nobody yet */
	bool in_monitor;
	bool is_new; /* the terminal has not been told yet who has the focus */
	struct console_keys keys;
	struct monitor monitor;
	struct ring monitor_typed;
	uint8_t monitor_typed_bytes[CONSOLE_TYPED_MAX];
	struct ring log;       /* the last lines */
	unsigned log_left_out; /* lines that are in the ring, and were not shown */
	unsigned stuck;        /* ticks since the VM with the focus took something, if it should */
	bool at_line_start;
};

void console_mux_init(struct console_mux *mux, const struct console_out *out, uint8_t *log,
		      uint32_t log_size);
void console_mux_add(struct console_mux *mux, unsigned n, struct vm_console *vm, const char *name,
		     uint8_t *output, uint32_t output_size);
void console_mux_log(struct console_mux *mux, const char *text, size_t length);
void console_mux_focus(struct console_mux *mux, struct vm_console *vm);
void console_mux_pump(struct console_mux *mux);
void console_mux_flush(struct console_mux *mux);
bool console_mux_takes(const struct console_mux *mux);
void console_mux_type(struct console_mux *mux, uint8_t byte);
bool console_mux_waits(const struct console_mux *mux);
void console_mux_tick(struct console_mux *mux);

void vm_console_init(struct vm_console *vm, const char *name);
void vm_console_add(struct vm_console *vm, struct console_door *door, struct device *dev);
bool vm_console_give(struct vm_console *vm);
void vm_console_reset(struct vm_console *vm);

#endif
