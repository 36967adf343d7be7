/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/bundle_maker.h"

#include "vmm/lib/crc32.h"

#include <string.h>

struct row {
	uint32_t kind;
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t gpa;
	uint32_t memory_size;
};

static const struct row rows[PART_COUNT] = {
	/* clang-format off */
	[PART_VMM]     = { 1, "vmm",     0x0000, 0x14000, 0,         0 },
	[PART_KERNEL]  = { 2, "kernel",  0x1000, 0x1800,  0x8000,    0x3000 },
	[PART_INITRD]  = { 4, "initrd",  0x3000, 0x0abc,  0x2000000, 0xabc },
	[PART_DTB]     = { 3, "dtb",     0x4000, 0x0300,  0x2001000, 0x300 },
	[PART_PROXIES] = { 5, "proxies", 0x5000, 0x0040,  0,         0 },
	[PART_INFO]    = { 6, "info",    0x6000, 0x0009,  0,         0 },
	/* clang-format on */
};

void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

uint32_t get_le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/** The row of a part in the table. */
uint8_t *bundle_row(uint8_t *bytes, unsigned part)
{
	return bytes + BUNDLE_HEADER_SIZE + part * BUNDLE_PART_SIZE;
}

/** Makes the checksum of the header right again. */
void bundle_seal(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	uint32_t size = get_le32(bytes + BUNDLE_AT_HEADER_SIZE);

	if (size > BUNDLE_TABLE_MAX)
		size = BUNDLE_TABLE_MAX;
	put_le32(bytes + BUNDLE_AT_CRC, 0);
	put_le32(bytes + BUNDLE_AT_CRC, crc32(0, bytes, size));
}

/**
 * Places the parts one behind the other, as their sizes ask for, and makes the bundle's size, which
 * is returned, and the checksum right again.
 */
uint32_t bundle_lay_out(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	uint32_t end = BUNDLE_ALIGN;

	for (unsigned i = 0; i < get_le32(bytes + BUNDLE_AT_PART_COUNT); i++) {
		uint8_t *const row = bundle_row(bytes, i);
		const uint32_t size = get_le32(row + BUNDLE_PART_AT_SIZE);

		if (get_le32(row + BUNDLE_PART_AT_KIND) == BUNDLE_VMM)
			continue;
		put_le32(row + BUNDLE_PART_AT_OFFSET, end);
		end += (size + BUNDLE_ALIGN - 1) / BUNDLE_ALIGN * BUNDLE_ALIGN;
	}
	put_le32(bytes + BUNDLE_AT_TOTAL_SIZE, end);
	bundle_seal(bytes);
	return end;
}

/** Writes header and part table of a correct bundle of MADE_TOTAL_SIZE bytes. */
void bundle_make(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	memset(bytes, 0, BUNDLE_TABLE_MAX);
	put_le32(bytes + BUNDLE_AT_MAGIC, BUNDLE_MAGIC);
	put_le32(bytes + BUNDLE_AT_VERSION, BUNDLE_VERSION);
	put_le32(bytes + BUNDLE_AT_HEADER_SIZE, BUNDLE_HEADER_SIZE + PART_COUNT * BUNDLE_PART_SIZE);
	put_le32(bytes + BUNDLE_AT_TOTAL_SIZE, MADE_TOTAL_SIZE);
	put_le32(bytes + BUNDLE_AT_PART_COUNT, PART_COUNT);
	put_le32(bytes + BUNDLE_AT_MACHINE_ID, 0x113);
	put_le32(bytes + BUNDLE_AT_GUEST_MEMORY, 0x4000000);
	put_le32(bytes + BUNDLE_AT_ENTRY, 0x8000);
	put_le32(bytes + BUNDLE_AT_DTB, 0x2001000);
	for (unsigned i = 0; i < PART_COUNT; i++) {
		uint8_t *const row = bundle_row(bytes, i);

		put_le32(row + BUNDLE_PART_AT_KIND, rows[i].kind);
		memcpy(row + BUNDLE_PART_AT_NAME, rows[i].name, strlen(rows[i].name));
		put_le32(row + BUNDLE_PART_AT_OFFSET, rows[i].offset);
		put_le32(row + BUNDLE_PART_AT_SIZE, rows[i].size);
		put_le32(row + BUNDLE_PART_AT_GPA, rows[i].gpa);
		put_le32(row + BUNDLE_PART_AT_MEMORY_SIZE, rows[i].memory_size);
		put_le32(row + BUNDLE_PART_AT_CRC, 0x11111111u * (i + 1));
	}
	bundle_seal(bytes);
}
