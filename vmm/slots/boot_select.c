// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
#include "vmm/slots/boot_select.h"

/* Choices at most: two slots are given up, or refused, and one of them is tried again. */
#define CHOICES_MAX 8u

/** Notes an event. A record that cannot be written does not keep a board from starting. */
static bool note(struct boot_record *record, const struct boot_loader *loader, uint32_t event,
		 uint32_t slot, const struct boot_image *image)
{
	const char *const wrong = boot_record_note(record, event, slot, image);

	if (!wrong)
		return true;
	loader->say(loader, slot, wrong);
	/* For the choice that follows. */
	(void)boot_state_apply(&record->state, event, slot, image);
	return false;
}

/**
 * Chooses the slot to start, which has been loaded and checked when this returns, and notes the attempt,
 * with room behind it for the VMM's mark.
 */
struct boot_selection boot_select(struct boot_record *record, const struct boot_loader *loader)
{
	uint32_t refused = 0;

	for (uint32_t n = 0; n < CHOICES_MAX; n++) {
		const struct boot_choice choice = boot_choose(&record->state, refused);
		struct boot_image image = { 0, { 0, 0 } };

		loader->say(loader, choice.slot, choice.why);
		if (choice.slot >= BOOT_SLOTS)
			break;
		if (choice.event) {
			(void)note(record, loader, choice.event, choice.slot, 0);
			continue;
		}
		if (!loader->check(loader, choice.slot, &image)) {
			refused |= 1u << choice.slot;
			if (record->state.slot[choice.slot].state != BOOT_SLOT_REFUSED)
				(void)note(record, loader, BOOT_EVENT_REFUSE, choice.slot, 0);
			continue;
		}
		if (record->is_found && boot_record_room(record) < BOOT_ROOM)
			(void)note(record, loader, BOOT_EVENT_MOVE, choice.slot, 0);
		return (struct boot_selection){
			choice.slot, note(record, loader, BOOT_EVENT_ATTEMPT, choice.slot, &image)
		};
	}
	return (struct boot_selection){ BOOT_NO_SLOT, false };
}
