// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
#include "vmm/slots/boot_record.h"

#define MAGIC        0x31524248u /* "HBR1" */
#define SEQUENCE_MAX 0xfffffff0u

/* Words of an entry, little-endian. */
#define AT_MAGIC    0u
#define AT_SEQUENCE 1u
#define AT_EVENT    2u /* event, its slot, the preferred slot */
#define AT_ATTEMPTS 3u
#define AT_MARKS    4u
#define AT_SLOT \
	5u /* of each slot 4: state, confirmed and attempts; the image's version and digest */
#define SLOT_WORDS 4u
#define AT_ZERO    13u
#define AT_CRC     15u /* of all bytes before it */
#define WORDS      16u

_Static_assert(BOOT_ENTRY_SIZE == 4 * WORDS, "an entry has 16 words");
_Static_assert(AT_SLOT + BOOT_SLOTS * SLOT_WORDS == AT_ZERO, "all slots have their words");

/* Places that are tried for an entry: one that does not hold what was programmed is passed over. */
#define TRIES 4u

static uint32_t get(const uint8_t *entry, uint32_t word)
{
	const uint8_t *const at = entry + 4 * word;

	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put(uint8_t *entry, uint32_t word, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++)
		entry[4 * word + i] = (uint8_t)(value >> (8 * i));
}

/** CRC-32 as in Ethernet and zlib, of what is before the checksum. U-Boot's may be another one. */
static uint32_t checksum(const uint8_t *entry)
{
	static const uint32_t of_nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;

	for (uint32_t i = 0; i < 4 * AT_CRC; i++) {
		crc ^= entry[i];
		crc = crc >> 4 ^ of_nibble[crc & 15u];
		crc = crc >> 4 ^ of_nibble[crc & 15u];
	}
	return ~crc;
}

static bool is_blank(const uint8_t *entry)
{
	for (uint32_t i = 0; i < BOOT_ENTRY_SIZE; i++)
		if (entry[i] != 0xff)
			return false;
	return true;
}

static void encode(const struct boot_record *record, uint8_t *entry)
{
	const struct boot_state *const state = &record->state;

	put(entry, AT_MAGIC, MAGIC);
	put(entry, AT_SEQUENCE, record->sequence);
	put(entry, AT_EVENT, record->event | record->slot << 8 | state->preferred << 16);
	put(entry, AT_ATTEMPTS, state->attempts);
	put(entry, AT_MARKS, state->marks);
	for (uint32_t n = 0; n < BOOT_SLOTS; n++) {
		const struct boot_slot *const slot = &state->slot[n];
		const uint32_t at = AT_SLOT + n * SLOT_WORDS;

		put(entry, at,
		    (uint32_t)slot->state | (uint32_t)slot->confirmed << 8 | slot->attempts << 16);
		put(entry, at + 1, slot->image.version);
		put(entry, at + 2, slot->image.digest[0]);
		put(entry, at + 3, slot->image.digest[1]);
	}
	put(entry, AT_ZERO, 0);
	put(entry, AT_ZERO + 1, 0);
	put(entry, AT_CRC, checksum(entry));
}

static bool decode_slot(const uint8_t *entry, uint32_t at, struct boot_slot *slot)
{
	const uint32_t word = get(entry, at);

	if ((word & 0xffu) >= BOOT_SLOT_STATES || (word >> 8 & 0xffu) > 1 || word >> 24)
		return false;
	slot->state = (enum boot_slot_state)(word & 0xffu);
	slot->confirmed = word >> 8 & 1u;
	slot->attempts = word >> 16;
	slot->image.version = get(entry, at + 1);
	slot->image.digest[0] = get(entry, at + 2);
	slot->image.digest[1] = get(entry, at + 3);
	return true;
}

/** Whether it is an entry that somebody completed; what it says goes to *record. */
static bool decode(const uint8_t *entry, struct boot_record *record)
{
	const uint32_t event = get(entry, AT_EVENT);

	if (get(entry, AT_MAGIC) != MAGIC || get(entry, AT_CRC) != checksum(entry))
		return false;
	record->sequence = get(entry, AT_SEQUENCE);
	record->event = event & 0xffu;
	record->slot = event >> 8 & 0xffu;
	record->state.preferred = event >> 16;
	record->state.attempts = get(entry, AT_ATTEMPTS);
	record->state.marks = get(entry, AT_MARKS);
	if (record->sequence == 0 || record->sequence > SEQUENCE_MAX || record->event == 0 ||
	    record->event >= BOOT_EVENTS || record->slot >= BOOT_SLOTS ||
	    record->state.preferred >= BOOT_SLOTS || get(entry, AT_ZERO) || get(entry, AT_ZERO + 1))
		return false;
	for (uint32_t n = 0; n < BOOT_SLOTS; n++)
		if (!decode_slot(entry, AT_SLOT + n * SLOT_WORDS, &record->state.slot[n]))
			return false;
	return true;
}

/** Bytes from the start of an area to a place. */
uint32_t boot_record_offset(const struct boot_record *record, uint32_t place)
{
	return place * record->store->stride;
}

/** Finds what an area holds; *best becomes its newest entry, if that is newer. */
static void read_area(struct boot_record *record, uint32_t area, struct boot_record *best)
{
	const struct boot_store *const store = record->store;
	uint32_t used = 0;
	bool has_best = false;

	for (uint32_t place = 0; place < record->places; place++) {
		struct boot_record found = *record;
		uint8_t entry[BOOT_ENTRY_SIZE];

		if (!store->read(store, area, boot_record_offset(record, place), entry)) {
			record->is_unreadable = true;
			used = place + 1;
			continue;
		}
		if (is_blank(entry))
			continue;
		used = place + 1;
		if (!decode(entry, &found) || (best->is_found && found.sequence <= best->sequence))
			continue;
		*best = found;
		best->is_found = true;
		has_best = true;
	}
	if (has_best) {
		best->area = area;
		best->next = used;
	}
}

/** Reads the record. If there is none, nothing is known of any slot, and the first note begins one. */
void boot_record_open(struct boot_record *record, const struct boot_store *store)
{
	struct boot_record best;
	uint32_t places = store->area_size / store->stride;

	if (places > BOOT_PLACES_MAX)
		places = BOOT_PLACES_MAX;
	record->store = store;
	record->places = places;
	record->is_found = false;
	record->is_unreadable = false;
	record->area = 1;
	record->next = places;
	record->sequence = 0;
	record->event = 0;
	record->slot = 0;
	boot_state_init(&record->state);
	best = *record;
	for (uint32_t area = 0; area < BOOT_AREAS; area++)
		read_area(record, area, &best);
	best.is_unreadable = record->is_unreadable;
	*record = best;
}

/** How many entries the present area has room for. */
uint32_t boot_record_room(const struct boot_record *record)
{
	return record->places - record->next;
}

/** What follows an event, as it is to be stored. */
static const char *advance(struct boot_record *after, uint32_t event, uint32_t slot,
			   const struct boot_image *image, uint8_t *entry)
{
	const char *const wrong = boot_state_apply(&after->state, event, slot, image);

	if (wrong)
		return wrong;
	if (after->sequence >= SEQUENCE_MAX)
		return "the record has come to its end; erase it";
	after->sequence++;
	after->event = event;
	after->slot = slot;
	encode(after, entry);
	return 0;
}

/**
 * The entry that boot_record_note() would store, for who stores it himself: at place record->next of
 * record->area, if there is room. Returns NULL, or why the event cannot be.
 */
const char *boot_record_prepare(const struct boot_record *record, uint32_t event, uint32_t slot,
				const struct boot_image *image, uint8_t entry[BOOT_ENTRY_SIZE])
{
	struct boot_record after = *record;

	return advance(&after, event, slot, image, entry);
}

/** Whether the place holds the entry now. A storage that says it failed is not asked what it holds. */
static bool store_entry(const struct boot_record *record, uint32_t area, uint32_t place,
			const uint8_t *entry)
{
	const struct boot_store *const store = record->store;
	const uint32_t offset = boot_record_offset(record, place);
	uint8_t stored[BOOT_ENTRY_SIZE];

	if (!store->program(store, area, offset, entry) ||
	    !store->read(store, area, offset, stored))
		return false;
	for (uint32_t i = 0; i < BOOT_ENTRY_SIZE; i++)
		if (stored[i] != entry[i])
			return false;
	return true;
}

/**
 * Notes an event, for good when it returns NULL. Otherwise it returns why it could not be noted: what was
 * known before is still there. @p image is needed for WRITE, VALID and ATTEMPT.
 */
const char *boot_record_note(struct boot_record *record, uint32_t event, uint32_t slot,
			     const struct boot_image *image)
{
	struct boot_record after = *record;
	uint8_t entry[BOOT_ENTRY_SIZE];
	const char *const wrong = advance(&after, event, slot, image, entry);

	if (wrong)
		return wrong;
	if (!record->is_found && record->is_unreadable)
		return "the record cannot be read: it stays as it is";
	if (event == BOOT_EVENT_MOVE)
		after.next = record->places;
	for (uint32_t try = 0; try < TRIES; try++) {
		if (after.next >= record->places) {
			/* Never the one that counts: after.area is not that only once it was erased. */
			if (after.area != record->area)
				return "the record cannot be written";
			after.area = 1u - record->area;
			after.next = 0;
			if (!record->store->erase(record->store, after.area))
				return "the record cannot be erased";
		}
		if (store_entry(record, after.area, after.next++, entry)) {
			after.is_found = true;
			*record = after;
			return 0;
		}
	}
	return "the record cannot be written";
}
