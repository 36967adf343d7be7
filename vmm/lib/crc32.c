// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/crc32.h"

#define POLYNOMIAL 0xedb88320u

static void make_table(uint32_t table[256])
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[byte] = crc;
	}
}

static uint32_t step(const uint32_t table[256], uint32_t crc)
{
	return crc >> 8 ^ table[crc & 0xff];
}

/**
 * Continues @p crc (0 to begin with) over @p length bytes.
 *
 * The table is made on the stack at each call: some 7,000 instructions, against 1 KiB of the image.
 * Aligned data is taken a word at a time: 6 instructions per byte on the ARM926.
 */
uint32_t crc32(uint32_t crc, const void *data, size_t length)
{
	const uint8_t *byte = data;
	uint32_t table[256];

	make_table(table);
	crc = ~crc;
	for (; length && ((uintptr_t)byte & 3); length--)
		crc = step(table, crc ^ *byte++);
	for (; length >= 4; length -= 4, byte += 4) {
		/* Little-endian; compiles to one load, since the pointer is known to be aligned. */
		const uint8_t *const word = __builtin_assume_aligned(byte, 4);

		crc ^= (uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 |
		       (uint32_t)word[3] << 24;
		crc = step(table, crc);
		crc = step(table, crc);
		crc = step(table, crc);
		crc = step(table, crc);
	}
	for (; length; length--)
		crc = step(table, crc ^ *byte++);
	return ~crc;
}
