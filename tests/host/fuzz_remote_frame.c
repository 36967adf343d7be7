/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: the parsers of remote-device frames. What they say is in a frame has to be in it, and a
 * header that was read is the one that is written.
 */
#include "net/remote/frame.h"
#include "tests/host/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as long as it is, and aligned as a frame is. */
	uint8_t *frame = malloc(size + !size);
	const uint32_t length = (uint32_t)size;
	struct frame_head head;

	memcpy(frame, data, size);
	if (frame_parse(frame, length, &head)) {
		uint8_t again[FRAME_HEAD] __attribute__((aligned(4)));
		uint32_t at = 0;
		struct frame_op op;

		REQUIRE(FRAME_HEAD + head.length + MAC_TAG_BYTES <= length);
		REQUIRE(head.length <= FRAME_PAYLOAD_MAX && head.length % 4 == 0);
		frame_put_head(again, &head);
		REQUIRE(memcmp(again, frame, sizeof(again)) == 0);
		while (frame_op_parse(frame + FRAME_HEAD + at, head.length - at, &op)) {
			const uint8_t *end = frame + FRAME_HEAD + head.length;

			REQUIRE(op.length >= FRAME_OP_WORD && op.length % 4 == 0);
			REQUIRE(op.width == 1 || op.width == 2 || op.width == 4);
			REQUIRE(!op.data_length || op.data + op.data_length <= end);
			at += op.length;
			REQUIRE(at <= head.length);
		}
	}
	free(frame);
	return 0;
}
