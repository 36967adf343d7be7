/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to VMs last, for the monitor's `trace`: a small ring, the oldest is overwritten. A
 * call of event() is a load and a branch while it is off. An image with one VM has no ring
 * (vmm/console/events_none.c).
 */
#ifndef VMM_CONSOLE_EVENTS_H
#define VMM_CONSOLE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#define EVENTS_MAX 128u /* a power of two */

/* With what the two numbers are; "": none. */
#define EVENTS(X)                                        \
	X(EVENT_START, "start", "start", "")             \
	X(EVENT_STOP, "stop", "", "")                    \
	X(EVENT_DEATH, "death", "pc", "value")           \
	X(EVENT_PAUSE, "pause", "", "")                  \
	X(EVENT_RESUME, "resume", "", "")                \
	X(EVENT_RESET, "reset", "", "")                  \
	X(EVENT_SWITCH, "runs", "pc", "")                \
	X(EVENT_WAIT, "waits", "pc", "")                 \
	X(EVENT_INTERRUPT, "interrupt", "line", "level") \
	X(EVENT_INJECT, "injected", "pc", "")

#define EVENT_ENUM(kind, name, a, b) kind,
enum event_kind { EVENTS(EVENT_ENUM) EVENT_KINDS };

struct event {
	uint64_t time; /* of the clock that events_init() was given */
	uint8_t kind;  /* enum event_kind */
	uint8_t vm;    /* its number, as vms_get() has it */
	uint32_t a, b;
};

/** What an event is called, and its numbers. */
struct event_text {
	const char *name, *a, *b;
};

extern bool events_on;

void events_init(uint64_t (*now)(void));
void events_record(enum event_kind kind, unsigned vm, uint32_t a, uint32_t b);
bool events_read(uint32_t *position, struct event *event);
const struct event_text *event_text(enum event_kind kind);

static inline void event(enum event_kind kind, unsigned vm, uint32_t a, uint32_t b)
{
	if (events_on)
		events_record(kind, vm, a, b);
}

#endif
