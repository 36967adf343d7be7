/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation table walks over an image of RAM (TRM, 3.2; ARM ARM, B4.7). A walk says what it read
 * and what that means; the caller decides which image - the model's memory is what the hardware
 * walks, QEMU's RAM is what the program wrote - and what to do about a fault. It shares no code
 * with the VMM.
 */
#ifndef TESTS_ARM926_MODEL_WALK_H
#define TESTS_ARM926_MODEL_WALK_H

#include <stdbool.h>
#include <stdint.h>

#define NO_RAM 0xffffffffu /* the offset of what is not RAM */

/**
 * An image of RAM, where its first byte is at physical address 0 and again at `alias`, if not 0.
 */
struct ram_map {
	uint32_t size, alias;
};

static inline uint32_t ram_offset(const struct ram_map *map, uint32_t pa)
{
	if (pa < map->size)
		return pa;
	if (map->alias && pa - map->alias < map->size)
		return pa - map->alias;
	return NO_RAM;
}

/** The descriptor words of one translation, where they are, and their meaning. */
struct walk {
	uint32_t l1_pa, l1_off, l1;
	uint32_t l2_pa, l2_off, l2; /* l2_off is NO_RAM if there was no second level */
	bool fault;                 /* the rest is meaningless */
	uint32_t base, size;        /* modified virtual addresses it is about */
	uint32_t pa;                /* of `base` */
	uint8_t domain;
	uint8_t cb;    /* C and B, as in `enum memory_kind` */
	uint8_t ap[4]; /* of each quarter (TRM, table 3-12) */
};

/** C * 2 + B of a descriptor (TRM, table 4-4). */
enum memory_kind {
	MEMORY_NCNB, /**< not cacheable, not bufferable */
	MEMORY_NCB,  /**< not cacheable, bufferable */
	MEMORY_WT,   /**< write-through */
	MEMORY_WB,   /**< write-back */
};

void walk_tables(struct walk *walk, const uint8_t *ram, const struct ram_map *map, uint32_t ttbr,
		 uint32_t mva);

static inline uint32_t walk_pa(const struct walk *walk, uint32_t mva)
{
	return walk->pa | (mva & (walk->size - 1));
}

static inline unsigned walk_ap(const struct walk *walk, uint32_t mva)
{
	return walk->ap[(mva & (walk->size - 1)) / (walk->size / 4)];
}

#endif
