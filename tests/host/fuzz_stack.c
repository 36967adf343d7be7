/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The station's stack with any frames: each is two bytes of length, a byte that says whether it is
 * from the wire and has our addresses, and the frame. Time passes between them.
 */
#include "tests/host/fuzz.h"
#include "tests/host/stack_fixture.h"

#include <string.h>

#include "devemu/clock.h"
#include "net/frame.h"

#define HEAD 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[STACK_FRAME_MAX];

	stack_fixture_start();
	while (size >= HEAD) {
		uint32_t length = get_be16(data) % (STACK_FRAME_MAX + 1);
		const uint8_t kind = data[2];
		const unsigned before = stack_received_count;

		data += HEAD;
		size -= HEAD;
		if (length > size)
			length = (uint32_t)size;
		memcpy(frame, data, length);
		data += length;
		size -= length;
		if (length < FRAME_HEADER)
			continue; /* the switch takes none of those */
		if (kind & 2)
			memcpy(frame, stack_station_mac, 6);
		/* Headers and sums that are right get further. */
		if (kind & 4 && length >= 34) {
			put_be16(frame + 12, 0x0800);
			frame[14] = 0x45;
			put_be16(frame + 16, length - 14);
			memcpy(frame + 30, stack_station_ip, 4);
			put_be16(frame + 24, 0);
			put_be16(frame + 24, inet_checksum(frame + 14, 20, 0));
		}
		stack_come(frame, length, kind & 1);
		REQUIRE(kind & 1 || stack_received_count == before);
		stack_now += (uint64_t)(kind >> 3) * CLOCK_HZ / 4;
		(void)stack_run(stack_now);
	}
	return 0;
}
