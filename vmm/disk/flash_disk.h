/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of the board's flash as back ends of virtio block devices. */
#ifndef VMM_DISK_FLASH_DISK_H
#define VMM_DISK_FLASH_DISK_H

#include "board/flash.h"
#include "devemu/block.h"

/** The largest erase block, and what disks that are written are aligned to. */
#define FLASH_BLOCK_MAX 0x40000u

struct flash_disk {
	struct block_backend block; /* what a virtio_blk gets as its back end */
	uint32_t start;             /* byte of the flash; of whole erase blocks if it is written */
	bool has_failed;            /* something that was written is lost: a flush tells */
};

/** Where flash and RAM are. */
struct flash_memory {
	/**
	 * The bytes at an offset of the flash, or of the RAM for an erase block. *length, at least 1,
	 * comes back cut at the end of the page. Valid until the next call of the same function, and
	 * until a preempt point.
	 */
	void *(*flash)(uint32_t offset, uint32_t *length);
	void *(*buffer)(uint32_t offset, uint32_t *length);
	/** There is work: flash_disk_work() is to be called soon. */
	void (*wake)(void);
	uint64_t (*now)(void); /* ticks of CLOCK_HZ */
};

void flash_disks_start(const struct flash_memory *memory, const struct flash_info *info);
void flash_disk_init(struct flash_disk *disk, const char *id, uint32_t start, uint32_t bytes,
		     bool writable);
uint64_t flash_disk_work(void);
void flash_disk_program(uint32_t offset, const uint32_t *words, unsigned count,
			void (*done)(bool done));
bool flash_disk_is_clean(void);
bool flash_disk_settle(void);

#endif
