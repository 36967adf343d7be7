/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device model is connected to outside its VM. Each is a table of functions that the VM
 * gives in dev->backend; a model's header names the one it takes. Models accept NULL: nothing is
 * connected then.
 */
#ifndef DEVEMU_BACKEND_H
#define DEVEMU_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

/**
 * The far end of a serial line. The other direction is pl011_receive().
 *
 * What put() gets when there is no room is lost, as on a board. After room() was false, and is true
 * again, pl011_transmit_again() tells the guest.
 */
struct uart_backend {
	void (*put)(const struct uart_backend *backend, uint8_t byte);
	bool (*room)(const struct uart_backend *backend); /* for one byte; NULL: always */
};

/** The time of day of a real-time clock: the VM sets it when guest time starts at 0. */
struct rtc_backend {
	uint32_t seconds_at_start; /* since 1970 */
};

/**
 * Brings the inputs of an interrupt controller that follow physical lines up to date, with
 * ops->set_input(). Called before the guest reads what an input shows, and when it writes something
 * that ends or unmasks an interrupt.
 */
struct irq_refresh {
	void (*refresh)(const struct irq_refresh *backend);
	uint32_t shown; /* inputs that are high because of a line; 0: there is nothing to do */
};

/** Whether a model has to call refresh(). */
static inline bool irq_refresh_due(const struct irq_refresh *lines)
{
	return lines && lines->shown;
}

static inline void irq_refresh_inputs(const struct irq_refresh *lines)
{
	if (irq_refresh_due(lines))
		lines->refresh(lines);
}

/** The VM's own reset button and power switch. The request is noted and acted on after the trap. */
struct power_backend {
	void (*reset)(const struct power_backend *backend);
	void (*off)(const struct power_backend *backend);
};

/**
 * The board's registers behind an emulated window, for the few bits that must show the real board.
 * The model decides which offsets are read and written; a guest's offset never gets here unchecked.
 */
struct reg_passthrough {
	uint32_t (*read)(const struct reg_passthrough *backend, uint32_t offset);
	void (*write)(const struct reg_passthrough *backend, uint32_t offset, uint32_t value);
};

/**
 * A device of the board behind an emulated window. @p offset is aligned to @p size and inside the
 * window. False: the bus has answered with an error.
 */
struct bus_backend {
	bool (*read)(const struct bus_backend *backend, uint32_t offset, unsigned size,
		     uint32_t *value);
	bool (*write)(const struct bus_backend *backend, uint32_t offset, unsigned size,
		      uint32_t value);
};

/**
 * What is behind the VM's LCD controller. The guest has said how the colours of a pixel lie on its
 * outputs: enum board_colours. May be NULL: nobody shows it.
 */
struct screen_backend {
	void (*colours)(const struct screen_backend *backend, unsigned order);
	void *owner;
};

/** The back end of all models of system registers. Any part may be NULL. */
struct system_backend {
	const struct power_backend *power;
	const struct reg_passthrough *board;
	uint32_t ram_size; /* bytes of RAM in the VM */
	const struct screen_backend *screen;
};

/** Tells whoever shows it how colours lie. */
static inline void system_show_colours(const struct system_backend *system, unsigned order)
{
	if (system && system->screen && system->screen->colours)
		system->screen->colours(system->screen, order);
}

#endif
