// SPDX-License-Identifier: Apache-2.0
#include "net/remote/frame.h"

/** What a handshake frame's payload has to be long; the others' only has to fit. */
static bool length_is_right(uint32_t type, uint32_t length)
{
	switch (type) {
	case FRAME_HELLO:
		return length == 16u;
	case FRAME_CHALLENGE:
	case FRAME_PROOF:
		return length == 32u;
	case FRAME_REQUEST:
	case FRAME_REPLY:
		return true;
	default:
		return length == 0;
	}
}

/**
 * Reads the header of what came, @p length bytes. False if it is no frame of this version, or shorter
 * than it says. What follows a frame - padding - is nobody's.
 */
bool frame_parse(const uint8_t *frame, uint32_t length, struct frame_head *head)
{
	uint32_t first, last;

	if (length < FRAME_HEAD + MAC_TAG_BYTES)
		return false;
	first = frame_get(frame);
	last = frame_get(frame + 12);
	head->type = (uint8_t)(first >> 8);
	head->length = (uint16_t)(first >> 16);
	head->session = frame_get(frame + 4);
	head->counter = frame_get(frame + 8);
	head->number = (uint16_t)last;
	return (first & 0xffu) == FRAME_VERSION && head->type >= FRAME_KNOCK &&
	       head->type < FRAME_TYPE_END && head->length % 4u == 0 &&
	       head->length <= FRAME_PAYLOAD_MAX &&
	       head->length + FRAME_HEAD + MAC_TAG_BYTES <= length && last >> 16 == 0 &&
	       length_is_right(head->type, head->length);
}

void frame_put_head(uint8_t *frame, const struct frame_head *head)
{
	frame_put(frame, frame_first_word(FRAME_VERSION, head->type, head->length));
	frame_put(frame + 4, head->session);
	frame_put(frame + 8, head->counter);
	frame_put(frame + 12, head->number);
}

/** Words in front of an operation's data. 0: there is no such operation. */
static uint32_t op_head(uint32_t kind)
{
	switch (kind) {
	case FRAME_READ:
	case FRAME_WRITE:
	case FRAME_CALL:
	case FRAME_LINES:
	case FRAME_EVENT:
		return FRAME_OP_HEAD;
	case FRAME_FLUSH:
	case FRAME_OPEN:
	case FRAME_CLOSE:
	case FRAME_LOOKUP:
	case FRAME_ACKNOWLEDGE:
		return FRAME_OP_WORD;
	default:
		return 0;
	}
}

/** Reads the operation at the beginning of @p length bytes. False if there is none, or it is cut. */
bool frame_op_parse(const uint8_t *payload, uint32_t length, struct frame_op *op)
{
	uint32_t first, head;

	if (length < FRAME_OP_WORD)
		return false;
	first = frame_get(payload);
	op->kind = first & FRAME_KIND;
	op->width = (uint8_t)(1u << (first >> FRAME_WIDTH_SHIFT & 3u));
	op->fixed = first & FRAME_FIXED;
	op->posted = first & FRAME_POSTED;
	op->window = (uint8_t)(first >> 8);
	op->count = (uint16_t)(first >> 16);
	head = op_head(op->kind);
	if (!head || length < head || op->width > 4u)
		return false;

	op->value = head == FRAME_OP_HEAD ? frame_get(payload + 4) : 0;
	op->data = payload + head;
	op->data_length = 0;
	if (op->kind == FRAME_WRITE)
		op->data_length = (uint32_t)op->count * op->width;
	else if (op->kind == FRAME_OPEN || op->kind == FRAME_CALL || op->kind == FRAME_EVENT)
		op->data_length = op->count;
	op->length = head + frame_padded(op->data_length);
	return op->length <= length;
}
