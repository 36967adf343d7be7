/* SPDX-License-Identifier: Apache-2.0 */
/* A disk in memory of the board, that the VMM sees through a window. */
#ifndef DEVEMU_RAM_DISK_H
#define DEVEMU_RAM_DISK_H

#include "devemu/block.h"

struct ram_disk {
	struct block_backend block; /* what a virtio_blk gets as its back end */
	/**
	 * The memory at byte @p offset of the disk, which is inside it. *length, at least 1, comes
	 * back cut at the end of what can be mapped at once. Valid until the next call and until a
	 * preempt point. NULL: the memory does not answer.
	 */
	void *(*map)(const struct ram_disk *disk, uint32_t offset, uint32_t *length);
};

void ram_disk_init(struct ram_disk *disk, const char *id, uint32_t bytes,
		   void *(*map)(const struct ram_disk *disk, uint32_t offset, uint32_t *length));

#endif
