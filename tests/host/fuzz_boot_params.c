/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: whatever a boot loader's r2 may point to. The first byte selects a header in front of the
 * input, so that the walkers behind it are reached.
 */
#include "tests/host/fuzz.h"

#include "vmm/start/boot_params.h"

#include <stdlib.h>
#include <string.h>

#define FDT_HEADER_SIZE 40

static void put_be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;

	const uint8_t choice = data[0];
	const uint32_t strings = data[1];
	const size_t header = choice & 1 ? FDT_HEADER_SIZE : choice & 2 ? 8 : 0;
	const size_t length = header + size - 2;
	uint8_t *const bytes = malloc(length + 1);
	uint32_t ram;

	memset(bytes, 0, header);
	memcpy(bytes + header, data + 2, size - 2);
	if (choice & 1) {
		const uint32_t total = (uint32_t)length;
		const uint32_t body = total - FDT_HEADER_SIZE;
		const uint32_t strings_size = strings < body ? strings : body;
		const uint32_t words[10] = { 0xd00dfeed,
					     total,
					     FDT_HEADER_SIZE,
					     total - strings_size,
					     FDT_HEADER_SIZE,
					     17,
					     16,
					     0,
					     strings_size,
					     body };

		for (int i = 0; i < 10; i++)
			put_be32(bytes + 4 * i, words[i]);
	} else if (choice & 2) {
		memcpy(bytes, "\x02\0\0\0\x01\0\x41\x54", 8); /* ATAG_CORE */
	}
	boot_params_memory(bytes, length, 0, &ram);
	boot_params_memory(bytes, length, 0x80000000, &ram);
	boot_params_compatible(bytes, length, "arm,versatile-pb");
	boot_params_record(bytes, length, (uint32_t[BOOT_PARAMS_RECORD_WORDS]){ 0 });
	free(bytes);
	return 0;
}
