// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
#include "vmm/slots/boot_slot.h"

/** Nothing is known of any slot: a record that has not been written to yet, or was lost. */
void boot_state_init(struct boot_state *state)
{
	static const struct boot_slot unknown;

	for (uint32_t n = 0; n < BOOT_SLOTS; n++)
		state->slot[n] = unknown;
	state->preferred = 0;
	state->attempts = 0;
	state->marks = 0;
}

bool boot_image_equal(const struct boot_image *a, const struct boot_image *b)
{
	return a->version == b->version && a->digest[0] == b->digest[0] &&
	       a->digest[1] == b->digest[1];
}

static bool is_worn(const struct boot_slot *slot)
{
	return slot->attempts >= BOOT_ATTEMPTS_MAX;
}

/** How much a slot is worth: 0 is nothing. Nobody destroys the better one. */
static uint32_t worth(const struct boot_slot *slot)
{
	switch (slot->state) {
	case BOOT_SLOT_VALID:
		return is_worn(slot) ? 2 : slot->confirmed ? 4 : 3;
	case BOOT_SLOT_GIVEN_UP:
		return 2;
	case BOOT_SLOT_UNKNOWN:
	case BOOT_SLOT_REFUSED:
		return 1;
	default:
		return 0;
	}
}

/** The slot that an image is to be written to: the one that is worth less, or is not booted next. */
uint32_t boot_write_target(const struct boot_state *state)
{
	const uint32_t other = 1u - state->preferred;

	return worth(&state->slot[state->preferred]) < worth(&state->slot[other]) ? state->preferred
										  : other;
}

static const char *begin_writing(struct boot_state *state, uint32_t n,
				 const struct boot_image *image)
{
	struct boot_slot *const slot = &state->slot[n];

	if (worth(slot) > worth(&state->slot[1u - n]))
		return "the other slot is not as good as this one: it stays";
	slot->state = BOOT_SLOT_WRITING;
	slot->attempts = 0;
	slot->confirmed = false;
	slot->image = *image;
	state->preferred = 1u - n;
	return 0;
}

static const char *end_writing(struct boot_state *state, uint32_t n, const struct boot_image *image)
{
	struct boot_slot *const slot = &state->slot[n];

	if (slot->state != BOOT_SLOT_WRITING)
		return "nobody was writing this slot";
	if (!boot_image_equal(&slot->image, image))
		return "another image was being written to this slot";
	slot->state = BOOT_SLOT_VALID;
	state->preferred = n;
	return 0;
}

/** The boot loader has found the slot good: so it is valid, whatever was known of it. */
static const char *attempt(struct boot_state *state, uint32_t n, const struct boot_image *image)
{
	struct boot_slot *const slot = &state->slot[n];

	if (slot->state == BOOT_SLOT_WRITING)
		return "this slot is being written";
	if (slot->state == BOOT_SLOT_UNKNOWN || slot->state == BOOT_SLOT_REFUSED) {
		slot->attempts = 0;
		slot->confirmed = false;
		slot->image = *image;
		slot->state = BOOT_SLOT_VALID;
	}
	if (state->slot[1u - n].state != BOOT_SLOT_VALID)
		state->preferred = n;
	if (slot->attempts < 255)
		slot->attempts++;
	state->attempts++;
	return 0;
}

/** The slot is not to be booted while the other one can be. */
static const char *leave(struct boot_state *state, uint32_t n, enum boot_slot_state what)
{
	struct boot_slot *const slot = &state->slot[n];

	if (slot->state == BOOT_SLOT_WRITING)
		return "this slot is being written";
	slot->state = what;
	if (what == BOOT_SLOT_REFUSED)
		slot->confirmed = false;
	if (worth(&state->slot[1u - n]) > 0)
		state->preferred = 1u - n;
	return 0;
}

/** Back into use; with as many attempts as a new one has. */
static const char *use(struct boot_state *state, uint32_t n)
{
	struct boot_slot *const slot = &state->slot[n];

	if (slot->state != BOOT_SLOT_VALID && slot->state != BOOT_SLOT_GIVEN_UP)
		return "there is no image in this slot that could be booted";
	slot->state = BOOT_SLOT_VALID;
	slot->attempts = 0;
	state->preferred = n;
	return 0;
}

static const char *mark(struct boot_state *state, uint32_t n)
{
	struct boot_slot *const slot = &state->slot[n];

	if (slot->state != BOOT_SLOT_VALID)
		return "this slot is not the one that was booted";
	slot->attempts = 0;
	slot->confirmed = true;
	state->marks++;
	return 0;
}

/**
 * What an event makes of the state. @p image is needed for WRITE, VALID and ATTEMPT. Returns NULL, or why
 * it cannot be: then nothing has changed.
 */
const char *boot_state_apply(struct boot_state *state, uint32_t event, uint32_t slot,
			     const struct boot_image *image)
{
	static const struct boot_image none;

	if (slot >= BOOT_SLOTS)
		return "there is no such slot";
	if (!image)
		image = &none;
	switch (event) {
	case BOOT_EVENT_BEGIN:
		boot_state_init(state);
		return 0;
	case BOOT_EVENT_WRITE:
		return begin_writing(state, slot, image);
	case BOOT_EVENT_VALID:
		return end_writing(state, slot, image);
	case BOOT_EVENT_ATTEMPT:
		return attempt(state, slot, image);
	case BOOT_EVENT_MARK:
		return mark(state, slot);
	case BOOT_EVENT_GIVE_UP:
		return leave(state, slot, BOOT_SLOT_GIVEN_UP);
	case BOOT_EVENT_REFUSE:
		return leave(state, slot, BOOT_SLOT_REFUSED);
	case BOOT_EVENT_USE:
	case BOOT_EVENT_RETRY:
		return use(state, slot);
	case BOOT_EVENT_MOVE:
		return 0;
	default:
		return "there is no such event";
	}
}

static bool is_out(uint32_t refused, uint32_t n)
{
	return refused >> n & 1u;
}

/**
 * Which slot to boot, and why. @p refused has a bit for each slot that the boot loader's check has
 * refused since it started. The caller notes the event of the choice, if there is one, and asks again:
 * at most twice.
 */
struct boot_choice boot_choose(const struct boot_state *state, uint32_t refused)
{
	const uint32_t first = state->preferred, second = 1u - first;
	const struct boot_slot *const one = &state->slot[first], *const two = &state->slot[second];
	const bool two_is_good =
		!is_out(refused, second) && two->state == BOOT_SLOT_VALID && !is_worn(two);

	if (!is_out(refused, first) && one->state == BOOT_SLOT_VALID) {
		if (!is_worn(one))
			return (struct boot_choice){ first, 0,
						     one->confirmed ? "it has started before"
								    : "it is new" };
		/* Worn: given up, if there is something else to boot. */
		if (two_is_good || (!is_out(refused, second) && two->state == BOOT_SLOT_GIVEN_UP) ||
		    (!is_out(refused, second) && two->state == BOOT_SLOT_VALID))
			return (struct boot_choice){
				first, BOOT_EVENT_GIVE_UP,
				"it did not start all VMs in so many attempts"
			};
		return (struct boot_choice){ first, 0,
					     "it has not started yet, but is all there is" };
	}
	if (two_is_good)
		return (struct boot_choice){ second, 0, "the other one cannot be booted" };
	/* What was given up gets another chance when there is nothing better. */
	for (uint32_t i = 0; i < BOOT_SLOTS; i++) {
		const uint32_t n = i == 0 ? first : second;

		if (!is_out(refused, n) && (state->slot[n].state == BOOT_SLOT_GIVEN_UP ||
					    state->slot[n].state == BOOT_SLOT_VALID))
			return (struct boot_choice){ n, BOOT_EVENT_RETRY,
						     "the other one is no better" };
	}
	for (uint32_t i = 0; i < BOOT_SLOTS; i++) {
		const uint32_t n = i == 0 ? first : second;

		if (!is_out(refused, n) && (state->slot[n].state == BOOT_SLOT_UNKNOWN ||
					    state->slot[n].state == BOOT_SLOT_REFUSED))
			return (struct boot_choice){ n, 0, "nothing better is known" };
	}
	return (struct boot_choice){ BOOT_NO_SLOT, 0, "no slot has an image that can be booted" };
}

const char *boot_slot_state_name(uint32_t state)
{
	static const char *const names[BOOT_SLOT_STATES] = {
		[BOOT_SLOT_UNKNOWN] = "unknown", [BOOT_SLOT_WRITING] = "writing",
		[BOOT_SLOT_VALID] = "valid",     [BOOT_SLOT_GIVEN_UP] = "given-up",
		[BOOT_SLOT_REFUSED] = "refused",
	};

	return state < BOOT_SLOT_STATES ? names[state] : "?";
}

const char *boot_event_name(uint32_t event)
{
	static const char *const names[BOOT_EVENTS] = {
		[0] = "?",
		[BOOT_EVENT_BEGIN] = "begin",
		[BOOT_EVENT_WRITE] = "write",
		[BOOT_EVENT_VALID] = "valid",
		[BOOT_EVENT_ATTEMPT] = "attempt",
		[BOOT_EVENT_MARK] = "mark",
		[BOOT_EVENT_GIVE_UP] = "give-up",
		[BOOT_EVENT_REFUSE] = "refuse",
		[BOOT_EVENT_USE] = "use",
		[BOOT_EVENT_RETRY] = "retry",
		[BOOT_EVENT_MOVE] = "move",
	};

	return event < BOOT_EVENTS ? names[event] : "?";
}
