/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: what is typed for `reload`, from its first byte on, into a buffer of exactly the size that
 * was announced. The input begins with that size and the checksum.
 */
#include "tests/host/fuzz.h"
#include "vmm/console/receive.h"

#include <string.h>

struct head {
	uint8_t size;
	uint32_t crc;
} __attribute__((packed));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receiver r;
	struct head head;
	uint8_t *bytes;
	uint32_t crc = 0;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	bytes = malloc(head.size);
	receive_begin(&r, bytes, head.size, head.crc);
	for (size_t i = sizeof(head); i < size; i++) {
		const enum receive_result result = receive_byte(&r, data[i]);

		REQUIRE(r.count <= head.size && r.column <= RECEIVE_LINE_MAX);
		if (result == RECEIVE_END) {
			for (uint32_t n = 0; n < r.count; n++)
				crc = receive_crc(crc, bytes[n]);
			REQUIRE(r.wrong || (r.count == head.size && crc == head.crc));
			break;
		}
	}
	free(bytes);
	return 0;
}
