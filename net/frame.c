// SPDX-License-Identifier: Apache-2.0
#include "net/frame.h"

#include "vmm/lib/copy.h"
#include "vmm/lib/preempt.h"

/** Pieces of a frame that are copied between two preempt points, of at most 1518 bytes in all. */
#define PIECES_AT_ONCE 8u

/** From its first byte again, for another port. */
void frame_restart(struct frame *frame)
{
	frame->taken = 0;
	frame->at = frame->rest;
	frame->cut = 0;
	frame->built = 0;
}

/**
 * How much faster than usual the next bytes are copied to @p to, as a shift: words need not be put
 * together from two where both are at the same offset in one.
 */
unsigned frame_copy_ease(const struct frame *frame, const void *to)
{
	uint32_t from = (uint32_t)(uintptr_t)frame->head + frame->taken;

	if (frame->taken >= frame->head_length && frame->at.count)
		from = frame->at.segment->at.raw + frame->at.offset;
	return ((from ^ (uint32_t)(uintptr_t)to) & 3u) == 0 ? 2 : 0;
}

/**
 * Copies the next bytes of a frame: as many as are in one piece, at most @p length. Returns how
 * many. They must be there: taken + length <= frame->length.
 *
 * There is no preempt point in it, so @p to may be in a window, and @p length is to be no more than
 * FRAME_COPY_QUANTUM << frame_copy_ease().
 */
uint32_t frame_take(struct frame *frame, void *to, uint32_t length)
{
	if (frame->taken < frame->head_length) {
		if (length > frame->head_length - frame->taken)
			length = frame->head_length - frame->taken;
		copy_bytes(to, frame->head + frame->taken, length);
	} else {
		const void *from =
			vq_cursor_map(&frame->at, frame->dma, &length, false, DMA_SOURCE);

		if (from) {
			copy_bytes(to, from, length);
		} else {
			frame->unreadable = true;
			memset(to, 0, length);
		}
		vq_cursor_skip(&frame->at, length);
	}
	frame->taken += length;
	return length;
}

/**
 * Copies the next @p length bytes, into memory of the VMM: no more than a frame on a wire has. There
 * is a preempt point if its sender has made very many pieces of them.
 */
void frame_take_all(struct frame *frame, void *to, uint32_t length)
{
	unsigned pieces = 0;

	for (uint8_t *byte = to; length;) {
		const uint32_t piece = frame_take(frame, byte, length);

		byte += piece;
		length -= piece;
		if (++pieces % PIECES_AT_ONCE == 0)
			preempt_point();
	}
}
