/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: two areas with anything in them, then events in any order. An entry whose second byte says so
 * gets a checksum that is right, or hardly any input would be believed.
 */
#include "tests/host/fuzz.h"

#include "vmm/slots/boot_select.h"
#include "vmm/lib/crc32.h"

#include <string.h>

#define PLACES 6u
#define AREA   (PLACES * BOOT_ENTRY_SIZE)

static uint8_t area[BOOT_AREAS][AREA];
static unsigned checks; /* what the boot loader's check says, bit by bit */

static bool read_entry(const struct boot_store *store, uint32_t n, uint32_t offset, void *entry)
{
	REQUIRE(n < BOOT_AREAS && offset <= AREA - BOOT_ENTRY_SIZE);
	memcpy(entry, area[n] + offset, BOOT_ENTRY_SIZE);
	return true;
}

static bool program(const struct boot_store *store, uint32_t n, uint32_t offset, const void *entry)
{
	const uint8_t *const from = entry;

	REQUIRE(n < BOOT_AREAS && offset <= AREA - BOOT_ENTRY_SIZE);
	for (unsigned i = 0; i < BOOT_ENTRY_SIZE; i++)
		area[n][offset + i] &= from[i];
	return true;
}

static bool erase(const struct boot_store *store, uint32_t n)
{
	REQUIRE(n < BOOT_AREAS);
	memset(area[n], 0xff, AREA);
	return true;
}

static const struct boot_store store = { AREA, BOOT_ENTRY_SIZE, read_entry, program, erase };

static bool check(const struct boot_loader *loader, uint32_t slot, struct boot_image *image)
{
	const bool good = checks & 1u;

	REQUIRE(slot < BOOT_SLOTS);
	checks >>= 1;
	return good;
}

static void say(const struct boot_loader *loader, uint32_t slot, const char *why)
{
	REQUIRE(why && (slot < BOOT_SLOTS || slot == BOOT_NO_SLOT));
}

static void expect_sane(const struct boot_record *record)
{
	REQUIRE(record->area < BOOT_AREAS && record->next <= record->places);
	REQUIRE(record->state.preferred < BOOT_SLOTS && record->slot < BOOT_SLOTS);
	REQUIRE(boot_write_target(&record->state) < BOOT_SLOTS);
	for (unsigned n = 0; n < BOOT_SLOTS; n++) {
		REQUIRE(record->state.slot[n].state < BOOT_SLOT_STATES);
		REQUIRE(record->state.slot[n].attempts <= 255);
	}
}

/** What was noted is what is read. */
static void expect_stored(const struct boot_record *record)
{
	struct boot_record again;

	boot_record_open(&again, &store);
	REQUIRE(again.is_found && again.sequence == record->sequence);
	REQUIRE(again.area == record->area && again.next == record->next);
	REQUIRE(memcmp(&again.state, &record->state, sizeof(again.state)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct boot_loader loader = { check, say };
	struct boot_record record;
	const size_t stored = size < sizeof(area) ? size : sizeof(area);

	memset(area, 0xff, sizeof(area));
	memcpy(area, data, stored);
	for (unsigned n = 0; n < BOOT_AREAS * PLACES; n++) {
		uint8_t *const entry = (uint8_t *)area + n * BOOT_ENTRY_SIZE;
		uint32_t crc;

		if (entry[1] != 0x24)
			continue;
		memcpy(entry, "HBR1", 4);
		memset(entry + 52, 0, 8);
		entry[1] = 'B';
		crc = crc32(0, entry, BOOT_ENTRY_SIZE - 4);
		memcpy(entry + BOOT_ENTRY_SIZE - 4, &crc, sizeof(crc));
	}
	boot_record_open(&record, &store);
	expect_sane(&record);
	for (size_t at = stored; at + 1 < size; at += 2) {
		const struct boot_image image = { data[at + 1] >> 6, { 1, 2 } };
		const uint32_t last = record.sequence;

		if (data[at] & 0x80u) {
			checks = data[at + 1];
			REQUIRE(boot_select(&record, &loader).slot <= BOOT_NO_SLOT);
		} else if (!boot_record_note(&record, data[at] & 15u, data[at + 1] & 3u, &image)) {
			REQUIRE(record.sequence == last + 1);
			expect_stored(&record);
		} else {
			REQUIRE(record.sequence == last);
		}
		expect_sane(&record);
	}
	return 0;
}
