/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/slots/boot_mark.h"

#include "board/board.h"
#include "vmm/slots/boot_record.h"
#include "vmm/disk/card_disk.h"
#include "vmm/config/config_window.h"
#include "vmm/disk/flash_disk.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/disk/vm_card.h"
#include "vmm/disk/vm_flash.h"

#define AREA_MAX (1 * MIB)

static struct boot_place place;   /* medium 0: there is no record, or it cannot be used */
static struct boot_record record; /* as it was when the board started */
static uint32_t awaited;          /* bit n: VM n is to start; none: the mark has been made */
static uint32_t mark_words[CARD_SECTOR / 4]; /* a whole sector for a card */
static uint32_t tries;

static bool is_card(void)
{
	return place.medium == BOOT_MEDIUM_CARD;
}

static unsigned row(void)
{
	return is_card() ? config_find_card() : config_find_row("flash");
}

static uint32_t end_of_areas(void)
{
	const uint32_t last = place.area[0] > place.area[1] ? place.area[0] : place.area[1];

	return last + place.area_size;
}

/* ---- whose it is ------------------------------------------------------------------------------- */

/** Whether these bytes of the device are the record's. */
bool boot_mark_meets(enum disk_kind kind, uint64_t start, uint64_t size)
{
	if (!place.medium || kind != (is_card() ? DISK_SDCARD : DISK_FLASH))
		return false;
	for (unsigned n = 0; n < BOOT_AREAS; n++)
		if (start < (uint64_t)place.area[n] + place.area_size &&
		    place.area[n] < start + size)
			return true;
	return false;
}

/** What in a description is against the record's being the VMM's, or NULL. Disks stay as they are. */
const char *boot_mark_conflict(const struct system_config *config)
{
	if (!place.medium)
		return NULL;
	for (unsigned n = 0; n < config->vm_count; n++)
		if (config->vm[n].row[row()] >= ROW_OWNED)
			return "a VM has the device that the boot record is on";
	for (unsigned n = 0; n < config->serve_count; n++)
		if (config->serve[n].row == row())
			return "the device that the boot record is on is served to another board";
	for (unsigned n = 0; n < config->disk_count; n++) {
		const struct disk_config *const disk = &config->disk[n];

		if (!disk->partition && boot_mark_meets(disk->kind, disk->offset, disk->size))
			return "a disk lies on the boot record";
	}
	return NULL;
}

/** What a boot loader says is believed if it makes sense. */
static const char *check_place(const struct boot_place *at)
{
	const uint32_t low = at->area[0] < at->area[1] ? at->area[0] : at->area[1];
	const uint32_t high = at->area[0] < at->area[1] ? at->area[1] : at->area[0];

	if (at->medium != BOOT_MEDIUM_FLASH && at->medium != BOOT_MEDIUM_CARD)
		return "it is on no medium that is known";
	if ((low | high | at->area_size) % CARD_SECTOR || !at->area_size ||
	    at->area_size > AREA_MAX || high > 0x80000000u || high - low < at->area_size)
		return "its areas are not possible";
	return NULL;
}

/**
 * Takes the record's device for the VMM. Without a description, one VM has all of the board's devices: this
 * one is not among them then. Called before there are VMs or disks.
 */
enum status boot_mark_claim(struct system_config *config, const struct boot_info *info,
			    const struct bundle *bundle)
{
	const char *wrong;

	if (!info->record.medium)
		return STATUS_OK;
	wrong = check_place(&info->record);
	if (wrong) {
		log_error("hako: boot record: %s; nothing will be marked\n", wrong);
		return STATUS_OK;
	}
	place = info->record;
	if (row() == CONFIG_NONE || row() >= CONFIG_ROWS_MAX) {
		log_error("hako: boot record: the board has no such device\n");
		place.medium = 0;
		return STATUS_OK;
	}
	if (!bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_CONFIG))
		config->vm[0].row[row()] = ROW_INERT;
	wrong = boot_mark_conflict(config);
	if (wrong) {
		log_error("hako: boot record: %s\n", wrong);
		return STATUS_BAD_CONFIG;
	}
	return STATUS_OK;
}

/* ---- reading it -------------------------------------------------------------------------------- */

static bool read_entry(const struct boot_store *store, uint32_t area, uint32_t offset, void *entry)
{
	static uint32_t sector[CARD_SECTOR / 4];
	const uint32_t at = place.area[area] + offset;

	if (!is_card()) {
		vm_flash_copy(at, entry, BOOT_ENTRY_SIZE);
		return true;
	}
	if (card_read_sector(at / CARD_SECTOR, sector) != CARD_DONE)
		return false;
	memcpy(entry, sector, BOOT_ENTRY_SIZE);
	return true;
}

/* The VMM appends one entry, by a way of its own. */
static bool cannot_program(const struct boot_store *store, uint32_t area, uint32_t offset,
			   const void *entry)
{
	return false;
}

static bool cannot_erase(const struct boot_store *store, uint32_t area)
{
	return false;
}

/* ---- the mark ---------------------------------------------------------------------------------- */

static uint32_t mark_at(void)
{
	return place.area[record.area] + boot_record_offset(&record, record.next + tries);
}

static void say_good(void)
{
	log_info("hako: boot record: slot %c is good\n", 'A' + (int)record.slot);
}

static void say_failed(void)
{
	log_error("hako: boot record: the mark cannot be written: slot %c will be given up\n",
		  'A' + (int)record.slot);
}

static void flash_done(bool done)
{
	uint32_t stored[BOOT_ENTRY_SIZE / 4];

	/* What cannot be read would be the chip's status. */
	if (done)
		vm_flash_copy(mark_at(), stored, sizeof(stored));
	if (done && memcmp(stored, mark_words, sizeof(stored)) == 0)
		say_good();
	else if (++tries < boot_record_room(&record))
		flash_disk_program(mark_at(), mark_words, BOOT_ENTRY_SIZE / 4, flash_done);
	else
		say_failed();
}

static void write_mark(bool others_run)
{
	if (!is_card()) {
		flash_disk_program(mark_at(), mark_words, BOOT_ENTRY_SIZE / 4, flash_done);
		return;
	}
	for (; tries < boot_record_room(&record); tries++) {
		if (card_write_sector(mark_at() / CARD_SECTOR, mark_words, others_run) != CARD_DONE)
			continue;
		say_good();
		return;
	}
	say_failed();
}

/** Finds the record, when the disks have been made; says what is wrong with it. No VM runs yet. */
void boot_mark_find(const struct system_config *config)
{
	static struct boot_store store = { .read = read_entry,
					   .program = cannot_program,
					   .erase = cannot_erase };
	const char *wrong;

	if (!place.medium)
		return;
	store.area_size = place.area_size;
	store.stride = is_card() ? CARD_SECTOR : BOOT_ENTRY_SIZE;
	wrong = is_card() ? vm_card_wrong(end_of_areas()) : vm_flash_wrong(end_of_areas());
	if (!wrong) {
		boot_record_open(&record, &store);
		if (!record.is_found || record.event != BOOT_EVENT_ATTEMPT ||
		    record.sequence != place.attempt)
			wrong = "its last entry is not this start";
		else if (boot_record_room(&record) == 0)
			wrong = "it is full";
		else
			wrong = boot_record_prepare(&record, BOOT_EVENT_MARK, record.slot, NULL,
						    (uint8_t *)mark_words);
	}
	if (wrong) {
		log_error("hako: boot record: %s; nothing will be marked\n", wrong);
		return;
	}
	log_info("hako: boot record: slot %c, attempt %u, version 0x%x\n", 'A' + (int)record.slot,
		 (unsigned)record.state.slot[record.slot].attempts,
		 (unsigned)record.state.slot[record.slot].image.version);
	for (unsigned n = 0; n < config->vm_count; n++)
		if (config->vm[n].autostart)
			awaited |= BIT(n);
	if (!awaited)
		write_mark(false);
}

/** A VM is about to start, on its own thread. Of those that start with the board, the last one counts. */
void boot_mark_vm_started(unsigned number)
{
	if (!bit(awaited, number))
		return;
	awaited &= ~BIT(number);
	if (!awaited)
		write_mark(true);
}
