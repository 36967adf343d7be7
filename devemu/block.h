/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a virtual disk is made of: a back end that moves runs of sectors to and from guest memory.
 * Its model has checked the run against the size and the right to write. A run can be long: a back
 * end has a preempt point at least once a page, maps guest memory anew after each, and gives up
 * when the VM was reset meanwhile (dma->generation).
 */
#ifndef DEVEMU_BLOCK_H
#define DEVEMU_BLOCK_H

#include "devemu/virtqueue.h"

#define BLOCK_SECTOR       512u
#define BLOCK_SECTOR_SHIFT 9u

enum block_result {
	BLOCK_DONE,
	BLOCK_FAILED,     /**< the medium could not do it */
	BLOCK_BAD_MEMORY, /**< what the guest gave is not its RAM, or is too short */
	BLOCK_VOID,       /**< the VM was reset; there is nobody to tell */
	BLOCK_LATER,      /**< call again with the same run, in a while: it goes on from there */
};

/** A run of sectors, and the bytes of the guest on the other side of it. */
struct block_run {
	uint64_t sector;
	uint32_t done;   /* bytes, before those that are left; of back ends with BLOCK_LATER only */
	uint32_t length; /* bytes that are left: whole sectors at first */
	const struct dma *dma;
	struct vq_cursor memory;
};

struct block_backend {
	uint64_t sectors;
	bool read_only;
	const char *id; /* for the guest; up to 20 characters of it */
	/** Moves a run from the disk to the guest. */
	enum block_result (*read)(const struct block_backend *disk, struct block_run *run);
	/** Moves a run from the guest to the disk. NULL on one that is read-only. */
	enum block_result (*write)(const struct block_backend *disk, struct block_run *run);
	/** Is done when what was written is where it stays. NULL: it always is. */
	enum block_result (*flush)(const struct block_backend *disk);
};

#endif
