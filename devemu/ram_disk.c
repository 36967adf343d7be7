// SPDX-License-Identifier: Apache-2.0
#include "devemu/ram_disk.h"

#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

static const struct ram_disk *ram_disk_of(const struct block_backend *block)
{
	return (const struct ram_disk *)block; /* its first member */
}

/** Memory that is not aligned alike takes several times as long: less of it at a time. */
static uint32_t limit(const void *a, const void *b, uint32_t piece)
{
	const bool aligned_alike = (((uintptr_t)a ^ (uintptr_t)b) & 3u) == 0;

	return aligned_alike || piece < 1024 ? piece : 1024;
}

/** Moves a run, a page of the guest or of the disk at a time, whichever ends first. */
static enum block_result move(const struct ram_disk *disk, struct block_run *run, bool to_disk)
{
	const uint32_t generation = run->dma->generation;
	uint32_t offset = (uint32_t)(run->sector << BLOCK_SECTOR_SHIFT);

	while (run->length) {
		uint32_t piece = run->length;
		void *stored = disk->map(disk, offset, &piece);
		void *memory = vq_cursor_map(&run->memory, run->dma, &piece, !to_disk,
					     to_disk ? DMA_SOURCE : DMA_TARGET);

		if (!stored)
			return BLOCK_FAILED;
		if (!memory)
			return BLOCK_BAD_MEMORY;
		piece = limit(stored, memory, piece);
		if (to_disk)
			memcpy(stored, memory, piece);
		else
			memcpy(memory, stored, piece);
		vq_cursor_skip(&run->memory, piece);
		offset += piece;
		run->length -= piece;

		preempt_point();
		if (run->dma->generation != generation)
			return BLOCK_VOID;
	}
	return BLOCK_DONE;
}

static enum block_result ram_disk_read(const struct block_backend *block, struct block_run *run)
{
	return move(ram_disk_of(block), run, false);
}

static enum block_result ram_disk_write(const struct block_backend *block, struct block_run *run)
{
	return move(ram_disk_of(block), run, true);
}

/** Describes a disk of @p bytes, of which whole sectors are used. Its content is what is there. */
void ram_disk_init(struct ram_disk *disk, const char *id, uint32_t bytes,
		   void *(*map)(const struct ram_disk *disk, uint32_t offset, uint32_t *length))
{
	*disk = (struct ram_disk){
		.block = { .sectors = bytes >> BLOCK_SECTOR_SHIFT,
			   .id = id,
			   .read = ram_disk_read,
			   .write = ram_disk_write },
		.map = map,
	};
}
