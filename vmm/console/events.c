/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/events.h"

bool events_on;

static uint64_t (*clock_now)(void);
static struct event events[EVENTS_MAX];
static uint32_t count; /* ever: the last EVENTS_MAX are there */

/** Says what the time of an event is; before, events are not recorded. */
void events_init(uint64_t (*now)(void))
{
	clock_now = now;
}

/** Callers use event(). */
void events_record(enum event_kind kind, unsigned vm, uint32_t a, uint32_t b)
{
	if (!clock_now)
		return;
	events[count++ % EVENTS_MAX] = (struct event){
		.time = clock_now(), .kind = (uint8_t)kind, .vm = (uint8_t)vm, .a = a, .b = b
	};
}

/**
 * Reads the event at @p position, or the oldest if that is gone, and moves the position on; it starts
 * at 0. Returns false when there is none yet.
 */
bool events_read(uint32_t *position, struct event *event)
{
	const uint32_t oldest = count > EVENTS_MAX ? count - EVENTS_MAX : 0;

	if (*position < oldest)
		*position = oldest;
	if (*position >= count)
		return false;
	*event = events[(*position)++ % EVENTS_MAX];
	return true;
}

/** What a kind of event and its two values are called. */
const struct event_text *event_text(enum event_kind kind)
{
#define EVENT_TEXT(kind, name, a, b) [kind] = { name, a, b },
	static const struct event_text texts[EVENT_KINDS] = { EVENTS(EVENT_TEXT) };

	return &texts[kind];
}
