/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/disk/vm_card.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/slots/boot_mark.h"
#include "vmm/disk/card_disk.h"
#include "vmm/config/config_window.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/disk/partition.h"

static struct card_info card_info;
static enum card_result card_state = CARD_BUSY; /* not looked for yet */
static const struct card_disk *disks[CONFIG_DISKS_MAX];
static unsigned disk_count;

static void find_card(void)
{
	static const char *const wrong[] = { [CARD_ABSENT] = "no card answers",
					     [CARD_UNKNOWN] = "not an SD or SDHC card",
					     [CARD_FAILED] = "the card has errors" };
	const uint32_t base = board.windows[config_find_card()].base;

	card_state = card_start(board_card, mmu_device_window(hpa(base), 4096), &card_info);
	if (card_state == CARD_DONE)
		log_info("hako: SD card of %u MiB%s\n", (unsigned)(card_info.sectors >> 11),
			 card_info.read_only ? ", write-protected" : "");
	else
		log_error("hako: SD card: %s; its disks fail until the board restarts\n",
			  wrong[card_state]);
}

/** Why the VMM cannot write to the card itself, up to byte @p end; or NULL. Looks for it. */
const char *vm_card_wrong(uint32_t end)
{
	if (card_state == CARD_BUSY)
		find_card();
	if (card_state != CARD_DONE)
		return "no card that can be used";
	if (card_info.read_only)
		return "the card is write-protected";
	return end / CARD_SECTOR > card_info.sectors ? "the card ends before it" : NULL;
}

/** Where a disk is on the card; says so if it is not. */
static bool find_range(const struct disk_config *config, struct partition *range)
{
	static uint8_t table[CARD_SECTOR];
	const uint64_t first = config->offset / BLOCK_SECTOR, count = config->size / BLOCK_SECTOR;
	const char *wrong = NULL;

	if (config->partition && card_read_sector(0, table) != CARD_DONE)
		wrong = "the partition table cannot be read";
	else if (config->partition)
		wrong = partition_find(table, config->partition, card_info.sectors, range);
	else if (first >= card_info.sectors || count > card_info.sectors - first)
		wrong = "ends beyond the end of the card";
	else
		*range = (struct partition){ (uint32_t)first, (uint32_t)count };
	if (wrong)
		log_error("hako: disk '%s': %s\n", config->name, wrong);
	return !wrong;
}

/** Whether no disk is on these sectors yet: the reader of the description cannot know. */
static bool is_free(const struct disk_config *config, const struct partition *range)
{
	if (boot_mark_meets(DISK_SDCARD, (uint64_t)range->first * CARD_SECTOR,
			    (uint64_t)range->count * CARD_SECTOR)) {
		log_error("hako: disk '%s': the boot record is there\n", config->name);
		return false;
	}
	for (unsigned n = 0; n < disk_count; n++) {
		const struct card_disk *const other = disks[n];

		if (other->first >= (uint64_t)range->first + range->count ||
		    range->first >= other->first + other->block.sectors)
			continue;
		log_error("hako: disk '%s': disk '%s' is on the same sectors of the card\n",
			  config->name, other->block.id);
		return false;
	}
	return true;
}

/**
 * Makes a disk that is a range of the card, which the first one looks for. NULL, and a message, if
 * the range is not there or not free. Without a card it is as long as it should be, if that is
 * known, and nothing can be read.
 */
const struct block_backend *vm_card_disk_make(const struct disk_config *config)
{
	struct partition range = { 0, (uint32_t)(config->size / BLOCK_SECTOR) };
	struct card_disk *const disk = heap_alloc(sizeof(*disk));

	CHECK(disk_count < CONFIG_DISKS_MAX);
	if (card_state == CARD_BUSY)
		find_card();
	if (card_state == CARD_DONE && (!find_range(config, &range) || !is_free(config, &range)))
		return NULL;
	card_disk_init(disk, config->name, range.first, range.count, card_info.read_only);
	disks[disk_count++] = disk;
	return &disk->block;
}
