// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
#include "vmm/slots/boot_command.h"

static bool is_word(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool read_slot(const char *text, uint32_t *slot)
{
	if ((text[0] != 'a' && text[0] != 'b') || text[1])
		return false;
	*slot = text[0] == 'b';
	return true;
}

/** Hexadecimal digits, @p digits of them or, if 0, any number from 1 to 8. */
static bool read_hex(const char **text, uint32_t digits, uint32_t *value)
{
	uint32_t count = 0;

	for (*value = 0; count < (digits ? digits : 8u); count++) {
		const char c = **text;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint32_t)(c - 'a' + 10);
		else
			break;
		(*text)++;
	}
	return digits ? count == digits : count > 0;
}

static uint32_t swapped(uint32_t value)
{
	return value >> 24 | (value >> 8 & 0xff00u) | (value << 8 & 0xff0000u) | value << 24;
}

/** A version, and the first 8 bytes of the SHA-256 as they are written. */
static bool read_image(const char *version, const char *digest, struct boot_image *image)
{
	for (uint32_t i = 0; i < 2; i++) {
		if (!read_hex(&digest, 8, &image->digest[i]))
			return false;
		image->digest[i] = swapped(image->digest[i]);
	}
	return *digest == 0 && read_hex(&version, 0, &image->version) && *version == 0;
}

/** A line of words with values, for each slot and for the record; scripts/flash reads them. */
static void print_info(const struct boot_record *record, boot_print print)
{
	const struct boot_state *const state = &record->state;
	const struct boot_choice choice = boot_choose(state, 0);

	if (!record->is_found)
		print("slot: no record%s\n",
		      record->is_unreadable ? ", as it cannot be read" : " yet");
	for (uint32_t n = 0; n < BOOT_SLOTS; n++) {
		const struct boot_slot *const slot = &state->slot[n];

		print("slot %c: %s confirmed %u attempts %u version %x digest %08x%08x\n",
		      (int)('a' + n), boot_slot_state_name(slot->state), slot->confirmed,
		      (unsigned)slot->attempts, (unsigned)slot->image.version,
		      (unsigned)swapped(slot->image.digest[0]),
		      (unsigned)swapped(slot->image.digest[1]));
	}
	print("slot record: sequence %u event %s %c next %c target %c attempts %u marks %u area %u "
	      "room %u\n",
	      (unsigned)record->sequence, boot_event_name(record->event), (int)('a' + record->slot),
	      choice.slot < BOOT_SLOTS ? (int)('a' + choice.slot) : '-',
	      (int)('a' + boot_write_target(state)), (unsigned)state->attempts,
	      (unsigned)state->marks, (unsigned)record->area, (unsigned)boot_record_room(record));
}

static bool note(struct boot_record *record, uint32_t event, uint32_t slot,
		 const struct boot_image *image, boot_print print)
{
	const char *const wrong = boot_record_note(record, event, slot, image);

	if (wrong)
		print("slot %c: refused: %s\n", (int)('a' + slot), wrong);
	else
		print("slot %c: noted: %s\n", (int)('a' + slot), boot_event_name(event));
	return !wrong;
}

/** By this scripts/flash knows a boot loader of another board, or of another build. */
static void print_layout(const struct boot_layout *layout, boot_print print)
{
	print("slot layout: board %s medium %s record %x %x %x slot %x %x %x\n", layout->board,
	      layout->medium, (unsigned)layout->record[0], (unsigned)layout->record[1],
	      (unsigned)layout->record_size, (unsigned)layout->slot[0], (unsigned)layout->slot[1],
	      (unsigned)layout->slot_size);
}

bool boot_command(const struct boot_store *store, const struct boot_layout *layout, int count,
		  const char *const argument[], boot_print print)
{
	struct boot_record record;
	struct boot_image image;
	uint32_t slot;

	if (count == 2 && is_word(argument[1], "layout")) {
		print_layout(layout, print);
		return true;
	}
	boot_record_open(&record, store);
	if (count == 2 && is_word(argument[1], "info")) {
		print_info(&record, print);
		return true;
	}
	if (count == 3 && is_word(argument[1], "use") && read_slot(argument[2], &slot))
		return note(&record, BOOT_EVENT_USE, slot, 0, print);
	if (count == 5 && read_slot(argument[2], &slot) &&
	    read_image(argument[3], argument[4], &image)) {
		if (is_word(argument[1], "write"))
			return note(&record, BOOT_EVENT_WRITE, slot, &image, print);
		if (is_word(argument[1], "valid"))
			return note(&record, BOOT_EVENT_VALID, slot, &image, print);
	}
	print("slot info | slot layout | slot write SLOT VERSION DIGEST | slot valid SLOT VERSION DIGEST | "
	      "slot use SLOT\n"
	      "SLOT: a or b; VERSION: hexadecimal; DIGEST: the first 16 digits of the image's "
	      "SHA-256\n");
	return false;
}
