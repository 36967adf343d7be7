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
	uint32_t vm;
};

static const struct bundle_vm vms[2] = {
	{ .memory = 0x4000000, .entry = { 0x8000 }, .dtb = { 0x2001000 } },
	{ .memory = 0x0100000, .entry = { 0x8010 } },
};

#define NONE BUNDLE_NO_VM

static const struct row rows[PART_COUNT] = {
	/* clang-format off */
	[PART_VMM]     = { 1, "vmm",     0x0000, 0x14000, 0,         0,      NONE },
	[PART_KERNEL]  = { 2, "kernel",  0x1000, 0x1800,  0x8000,    0x3000, 0 },
	[PART_INITRD]  = { 4, "initrd",  0x3000, 0x0abc,  0x2000000, 0xabc,  0 },
	[PART_DTB]     = { 3, "dtb",     0x4000, 0x0300,  0x2001000, 0x300,  0 },
	[PART_PROXIES] = { 5, "proxies", 0x5000, 0x0040,  0,         0,      0 },
	[PART_INFO]    = { 6, "info",    0x6000, 0x0009,  0,         0,      0 },
	/* clang-format on */
};

static const struct row rows_of_two[TWO_COUNT] = {
	/* clang-format off */
	[TWO_VMM]       = { 1, "vmm",     0x0000, 0x14000, 0,         0,      NONE },
	[TWO_KERNEL]    = { 2, "kernel",  0x1000, 0x1800,  0x8000,    0x3000, 0 },
	[TWO_DTB]       = { 3, "dtb",     0x3000, 0x0300,  0x2001000, 0x300,  0 },
	[TWO_PROXIES]   = { 5, "proxies", 0x4000, 0x0040,  0,         0,      0 },
	[TWO_INFO]      = { 6, "info",    0x5000, 0x0009,  0,         0,      0 },
	[TWO_GUEST_1]   = { 2, "kernel",  0x6000, 0x0100,  0x8000,    0x4000, 1 },
	[TWO_PROXIES_1] = { 5, "proxies", 0x7000, 0x0008,  0,         0,      1 },
	[TWO_INFO_1]    = { 6, "info",    0x8000, 0x0009,  0,         0,      1 },
	[TWO_CONFIG]    = { 8, "config",  0x9000, 0x0800,  0,         0,      NONE },
	[TWO_DISK]      = { 9, "scratch", 0xa000, 0x0200,  0,         0x3000, NONE },
	/* clang-format on */
};

static const struct row rows_of_none[NONE_COUNT] = {
	/* clang-format off */
	[NONE_VMM]    = { 1,  "vmm",    0x0000, 0x14000, 0, 0, NONE },
	[NONE_CONFIG] = { 8,  "config", 0x1000, 0x0400,  0, 0, NONE },
	[NONE_KEY]    = { 10, "pair",   0x2000, 0x0020,  0, 0, NONE },
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

/** The row of a VM in the table. */
uint8_t *bundle_vm_row(uint8_t *bytes, unsigned vm)
{
	return bytes + BUNDLE_HEADER_SIZE + vm * BUNDLE_VM_SIZE;
}

/** The row of a part in the table. */
uint8_t *bundle_row(uint8_t *bytes, unsigned part)
{
	return bundle_vm_row(bytes, get_le32(bytes + BUNDLE_AT_VM_COUNT)) + part * BUNDLE_PART_SIZE;
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

static void make(uint8_t *bytes, unsigned vm_count, const struct row *part, unsigned part_count,
		 uint32_t total_size)
{
	memset(bytes, 0, BUNDLE_TABLE_MAX);
	put_le32(bytes + BUNDLE_AT_MAGIC, BUNDLE_MAGIC);
	put_le32(bytes + BUNDLE_AT_VERSION, BUNDLE_VERSION);
	put_le32(bytes + BUNDLE_AT_HEADER_SIZE,
		 BUNDLE_HEADER_SIZE + vm_count * BUNDLE_VM_SIZE + part_count * BUNDLE_PART_SIZE);
	put_le32(bytes + BUNDLE_AT_TOTAL_SIZE, total_size);
	put_le32(bytes + BUNDLE_AT_PART_COUNT, part_count);
	put_le32(bytes + BUNDLE_AT_MACHINE_ID, 0x113);
	put_le32(bytes + BUNDLE_AT_VM_COUNT, vm_count);
	for (unsigned i = 0; i < vm_count; i++) {
		uint8_t *const row = bundle_vm_row(bytes, i);

		put_le32(row + BUNDLE_VM_AT_MEMORY, vms[i].memory);
		put_le32(row + BUNDLE_VM_AT_ENTRY, vms[i].entry.raw);
		put_le32(row + BUNDLE_VM_AT_DTB, vms[i].dtb.raw);
	}
	for (unsigned i = 0; i < part_count; i++) {
		uint8_t *const row = bundle_row(bytes, i);

		put_le32(row + BUNDLE_PART_AT_KIND, part[i].kind);
		memcpy(row + BUNDLE_PART_AT_NAME, part[i].name, strlen(part[i].name));
		put_le32(row + BUNDLE_PART_AT_OFFSET, part[i].offset);
		put_le32(row + BUNDLE_PART_AT_SIZE, part[i].size);
		put_le32(row + BUNDLE_PART_AT_GPA, part[i].gpa);
		put_le32(row + BUNDLE_PART_AT_MEMORY_SIZE, part[i].memory_size);
		put_le32(row + BUNDLE_PART_AT_CRC, 0x11111111u * (i + 1));
		put_le32(row + BUNDLE_PART_AT_VM, part[i].vm);
	}
	bundle_seal(bytes);
}

/** Writes header and tables of a correct bundle of MADE_TOTAL_SIZE bytes: one VM. */
void bundle_make(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	make(bytes, 1, rows, PART_COUNT, MADE_TOTAL_SIZE);
}

/** The same of TWO_TOTAL_SIZE bytes: two VMs. */
void bundle_make_two(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	make(bytes, 2, rows_of_two, TWO_COUNT, TWO_TOTAL_SIZE);
}

/** The same of NONE_TOTAL_SIZE bytes: no VM. */
void bundle_make_none(uint8_t bytes[BUNDLE_TABLE_MAX])
{
	make(bytes, 0, rows_of_none, NONE_COUNT, NONE_TOTAL_SIZE);
}
