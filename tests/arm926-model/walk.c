/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/walk.h"

#include <string.h>

#define TTBR_BASE 0xffffc000u /* 16 KiB (TRM, 3.2.1) */

enum l1_type { L1_FAULT, L1_COARSE, L1_SECTION, L1_FINE }; /* TRM, 3.2.2 */
enum l2_type { L2_FAULT, L2_LARGE, L2_SMALL, L2_TINY };    /* TRM, 3.2.4 */

/* By the type of the descriptor that ends the walk (TRM, 3.1: mapping sizes). */
static const uint32_t page_size[] = {
	[L2_LARGE] = 0x10000, [L2_SMALL] = 0x1000, [L2_TINY] = 0x400
};

static uint32_t read_word(const uint8_t *ram, uint32_t off)
{
	uint32_t word;

	memcpy(&word, ram + off, sizeof(word));
	return word;
}

/*
 * The access permission of quarter n is at bit ap_low + n * ap_step; a step of 0: one for all of
 * them.
 */
static void set_meaning(struct walk *walk, uint32_t descriptor, uint32_t mva, uint32_t page,
			unsigned ap_low, unsigned ap_step)
{
	uint32_t size = page;
	const unsigned quarter = (mva & (page - 1)) / (page / 4);
	const uint32_t base = descriptor & ~(page - 1);

	for (unsigned i = 0; i < 4; i++)
		walk->ap[i] = descriptor >> (ap_low + ap_step * i) & 3;
	if (memcmp(walk->ap, walk->ap + 1, 3)) {
		/* "Only the subpage being accessed is written into the TLB" (TRM, 3.2.12). */
		memset(walk->ap, walk->ap[quarter], sizeof(walk->ap));
		size /= 4;
	}
	walk->size = size;
	walk->base = mva & ~(size - 1);
	walk->pa = base | (mva & (page - 1) & ~(size - 1));
	walk->cb = descriptor >> 2 & 3;
	walk->fault = false;
}

/**
 * Translate @p mva with the tables at @p ttbr as they are in the image @p ram. Tables that are not
 * in RAM are a fault: nothing here knows what is in them.
 */
void walk_tables(struct walk *walk, const uint8_t *ram, const struct ram_map *map, uint32_t ttbr,
		 uint32_t mva)
{
	enum l2_type type;

	*walk = (struct walk){ .fault = true, .l1_off = NO_RAM, .l2_off = NO_RAM };
	walk->l1_pa = (ttbr & TTBR_BASE) | mva >> 20 << 2; /* TRM, 3.2.1 */
	walk->l1_off = ram_offset(map, walk->l1_pa);
	if (walk->l1_off == NO_RAM)
		return;
	walk->l1 = read_word(ram, walk->l1_off);
	walk->domain = walk->l1 >> 5 & 0xf;
	switch ((enum l1_type)(walk->l1 & 3)) {
	case L1_FAULT:
		return;
	case L1_SECTION: /* its permission is in bits 11:10 (TRM, 3.2.3) */
		set_meaning(walk, walk->l1, mva, 0x100000, 10, 0);
		return;
	case L1_COARSE: /* 256 words (TRM, 3.2.2) */
		walk->l2_pa = (walk->l1 & 0xfffffc00u) | (mva >> 12 & 0xff) << 2;
		break;
	case L1_FINE: /* 1024 words (TRM, 3.2.2) */
		walk->l2_pa = (walk->l1 & 0xfffff000u) | (mva >> 10 & 0x3ff) << 2;
		break;
	}
	walk->l2_off = ram_offset(map, walk->l2_pa);
	if (walk->l2_off == NO_RAM)
		return;
	walk->l2 = read_word(ram, walk->l2_off);
	type = walk->l2 & 3;
	/* Tiny pages exist in fine tables only (TRM, 3.2.4). */
	if (type == L2_FAULT || (type == L2_TINY && (walk->l1 & 3) == L1_COARSE))
		return;
	set_meaning(walk, walk->l2, mva, page_size[type], 4, type == L2_TINY ? 0 : 2);
}
