/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of the board's memory card as back ends of virtio block devices. */
#ifndef VMM_DISK_CARD_DISK_H
#define VMM_DISK_CARD_DISK_H

#include "board/card.h"
#include "devemu/block.h"

struct card_disk {
	struct block_backend block; /* what a virtio_blk gets as its back end */
	uint32_t first;             /* sector of the card */
};

enum card_result card_start(const struct card_driver *driver, volatile uint32_t *regs,
			    struct card_info *info);
enum card_result card_read_sector(uint32_t sector, void *to);
enum card_result card_write_sector(uint32_t sector, const void *from, bool others_run);
void card_disk_init(struct card_disk *disk, const char *id, uint32_t first, uint32_t sectors,
		    bool read_only);

#endif
