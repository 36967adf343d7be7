/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/*
 * The boot record: what is known of the slots (vmm/slots/boot_slot.h), in flash or on a card, written by boot
 * loader, VMM and whoever flashes the board. The format is in docs/boot-record.md.
 *
 * Entries are appended, each with all of the state after an event, a number and a checksum: the last
 * good one counts, and what a power cut leaves is none. There are two areas. When one is full, the
 * other is erased and goes on with the next entry; until that is complete, the full one counts.
 *
 * Built into the VMM, into U-Boot and on the host: only the headers of the compiler are included.
 */
#ifndef VMM_SLOTS_BOOT_RECORD_H
#define VMM_SLOTS_BOOT_RECORD_H

#include "vmm/slots/boot_slot.h"

#include <stdbool.h>
#include <stdint.h>

#define BOOT_ENTRY_SIZE 64u
#define BOOT_AREAS      2u
#define BOOT_PLACES_MAX 512u /* of an area: what is behind them is not used */

/* Room that the boot loader leaves behind an attempt: for the VMM's mark, which erases nothing. */
#define BOOT_ROOM 4u

/** Where the record is. All of them return false when the storage says that it failed. */
struct boot_store {
	uint32_t area_size; /* bytes of each area */
	uint32_t stride;    /* from one entry to the next: BOOT_ENTRY_SIZE, or a card's sector */
	bool (*read)(const struct boot_store *store, uint32_t area, uint32_t offset, void *entry);
	/** The place is erased, or holds what is left of an entry that was not completed. */
	bool (*program)(const struct boot_store *store, uint32_t area, uint32_t offset,
			const void *entry);
	/** To ones. */
	bool (*erase)(const struct boot_store *store, uint32_t area);
};

struct boot_record {
	const struct boot_store *store;
	uint32_t places;    /* of an area */
	bool is_found;      /* there is an entry that counts; the rest is from it */
	bool is_unreadable; /* some of it: then nothing is erased if none was found */
	uint32_t area;      /* where it is */
	uint32_t next;      /* the place of the next one, or places: the area is full */
	uint32_t sequence;
	uint32_t event, slot; /* the last event */
	struct boot_state state;
};

void boot_record_open(struct boot_record *record, const struct boot_store *store);
uint32_t boot_record_room(const struct boot_record *record);
const char *boot_record_note(struct boot_record *record, uint32_t event, uint32_t slot,
			     const struct boot_image *image);
const char *boot_record_prepare(const struct boot_record *record, uint32_t event, uint32_t slot,
				const struct boot_image *image, uint8_t entry[BOOT_ENTRY_SIZE]);
uint32_t boot_record_offset(const struct boot_record *record, uint32_t place);

#endif
