/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/disk/partition.h"

#include "vmm/lib/bits.h"

#include <stddef.h>

#define AT_ENTRIES   446u
#define ENTRY_SIZE   16u
#define AT_TYPE      4u
#define AT_FIRST     8u
#define AT_COUNT     12u
#define AT_SIGNATURE 510u

/* Types that are no partitions: empty, tables of further ones, and the guard of a GPT. */
#define TYPE_NONE 0x00u
#define TYPE_GPT  0xeeu

static const uint8_t extended[] = { 0x05, 0x0f, 0x85 };

struct entry {
	uint8_t type;
	struct partition range;
};

static uint32_t get_le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static struct entry get_entry(const uint8_t *table, unsigned n)
{
	const uint8_t *const at = table + AT_ENTRIES + n * ENTRY_SIZE;

	return (struct entry){ .type = at[AT_TYPE],
			       .range = { get_le32(at + AT_FIRST), get_le32(at + AT_COUNT) } };
}

static bool is_extended(const struct entry *entry)
{
	for (unsigned n = 0; n < ARRAY_SIZE(extended); n++)
		if (entry->type == extended[n])
			return true;
	return false;
}

static bool is_on_disk(const struct partition *range, uint64_t sectors)
{
	return range->first >= 1 && range->count >= 1 &&
	       (uint64_t)range->first + range->count <= sectors;
}

static bool meets(const struct partition *a, const struct partition *b)
{
	return a->first < (uint64_t)b->first + b->count && b->first < (uint64_t)a->first + a->count;
}

/**
 * Finds partition @p number in a table of a disk of @p sectors. Anybody may have written it, so all
 * of it has to be right. Returns what is wrong, or NULL.
 */
const char *partition_find(const uint8_t table[512], unsigned number, uint64_t sectors,
			   struct partition *partition)
{
	struct entry entry[PARTITIONS];

	if (table[AT_SIGNATURE] != 0x55 || table[AT_SIGNATURE + 1] != 0xaa)
		return "there is no partition table";
	for (unsigned n = 0; n < PARTITIONS; n++) {
		entry[n] = get_entry(table, n);
		if (entry[n].type == TYPE_GPT)
			return "a GUID partition table, which this VMM does not read";
		if (entry[n].type == TYPE_NONE)
			continue;
		if (!is_on_disk(&entry[n].range, sectors))
			return "the table has a partition that is not on the disk";
		for (unsigned i = 0; i < n; i++)
			if (entry[i].type != TYPE_NONE && meets(&entry[i].range, &entry[n].range))
				return "the table has partitions that overlap";
	}
	if (number < 1 || number > PARTITIONS || entry[number - 1].type == TYPE_NONE)
		return "there is no partition of this number";
	if (is_extended(&entry[number - 1]))
		return "an extended partition, which this VMM does not read";
	*partition = entry[number - 1].range;
	return NULL;
}
