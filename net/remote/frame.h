/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of the remote-device protocol: header, payload, tag (docs/remote-protocol.md). Numbers
 * are little-endian, and everything of four bytes is aligned to four in a frame that is.
 *
 *	 0  version, type, length of the payload (2)
 *	 4  session
 *	 8  counter
 *	12  sequence number of the request or reply (2), zero (2)
 *	16  payload, a multiple of 4
 *	    tag (8)
 *
 * Lengths are checked in frame_parse() and frame_op_parse(), and nowhere else.
 */
#ifndef NET_REMOTE_FRAME_H
#define NET_REMOTE_FRAME_H

#include "net/remote/mac.h"
#include "net/remote/remote.h"

#define FRAME_VERSION     1u
#define FRAME_HEAD        16u
#define FRAME_PAYLOAD_MAX (REMOTE_FRAME_MAX - FRAME_HEAD - MAC_TAG_BYTES)
/** Of a reply's payload: there is always room for the levels of all windows' lines. */
#define FRAME_RESULTS_MAX (FRAME_PAYLOAD_MAX - REMOTE_WINDOWS * FRAME_LINES_BYTES)

enum frame_type {
	FRAME_KNOCK = 1,
	FRAME_HELLO = 2,
	FRAME_CHALLENGE = 3,
	FRAME_PROOF = 4,
	FRAME_WELCOME = 5, /* the first one under a session's key */
	FRAME_REQUEST = 6,
	FRAME_REPLY = 7,
	FRAME_PING = 8,
	FRAME_PONG = 9,
	FRAME_GOODBYE = 10,
	FRAME_TYPE_END,
};

struct frame_head {
	uint8_t type;
	uint16_t length; /* of the payload */
	uint16_t number; /* of a request or a reply */
	uint32_t session, counter;
};

_Static_assert(REMOTE_DATA_MAX + 8u <= FRAME_PAYLOAD_MAX - REMOTE_WINDOWS * 8u, "a result fits");

/** Operations of a request; FRAME_LINES also in a reply, where FRAME_RESULT is all else. */
enum frame_op_kind {
	FRAME_RESULT = 0,
	FRAME_READ = 1,
	FRAME_WRITE = 2,
	FRAME_FLUSH = 3,
	FRAME_OPEN = 4,
	FRAME_CLOSE = 5,
	FRAME_LOOKUP = 6,
	FRAME_CALL = 7,
	FRAME_ACKNOWLEDGE = 8,
	FRAME_LINES = 9,
	FRAME_EVENT = 10,
};

/* With the kind, in the first byte of an operation. */
#define FRAME_KIND        0x0fu
#define FRAME_WIDTH_SHIFT 4u /* 0, 1, 2: 1, 2, 4 bytes */
#define FRAME_FIXED       0x40u
#define FRAME_POSTED      0x80u

/*
 * A result's word: kind, status, whether it is that of a posted operation (which has one only if it
 * failed, and then its window as data), the operation's index, words of data that follow.
 */
#define FRAME_STATUS_SHIFT 4u
#define FRAME_STATUS       0x7u
#define FRAME_INDEX_SHIFT  8u
#define FRAME_INDEX        0xfffu
#define FRAME_WORDS_SHIFT  20u

/** An operation, as it is in a request. */
struct frame_op {
	uint8_t kind, width;
	bool fixed, posted;
	uint8_t window;
	uint16_t count; /* accesses, bytes, lines or an index */
	uint32_t value; /* an offset, room for a reply, levels, or a turn */
	const uint8_t *data;
	uint32_t data_length; /* without padding */
	uint32_t length;      /* of all of it, with padding */
};

/* An operation's first word, and those of results and line states. */
#define FRAME_OP_WORD      4u
#define FRAME_OP_HEAD      8u /* with a second word */
#define FRAME_LINES_BYTES  8u
#define FRAME_WINDOW_BYTES 16u /* what OPEN and LOOKUP answer about a window */

bool frame_parse(const uint8_t *frame, uint32_t length, struct frame_head *head);
void frame_put_head(uint8_t *frame, const struct frame_head *head);
bool frame_op_parse(const uint8_t *payload, uint32_t length, struct frame_op *op);

/** A word that is aligned to 4. */
static inline uint32_t frame_get(const uint8_t *at)
{
	const uint8_t *word = __builtin_assume_aligned(at, 4);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint32_t value;

	__builtin_memcpy(&value, word, sizeof(value));
	return value;
#else
	return word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 | (uint32_t)word[3] << 24;
#endif
}

static inline void frame_put(uint8_t *at, uint32_t value)
{
	uint8_t *word = __builtin_assume_aligned(at, 4);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__builtin_memcpy(word, &value, sizeof(value));
#else
	word[0] = (uint8_t)value;
	word[1] = (uint8_t)(value >> 8);
	word[2] = (uint8_t)(value >> 16);
	word[3] = (uint8_t)(value >> 24);
#endif
}

/** A value of 1, 2 or 4 bytes, aligned to them. */
static inline uint32_t frame_get_value(const uint8_t *at, unsigned width)
{
	if (width == 4)
		return frame_get(at);
	return width == 2 ? at[0] | (uint32_t)at[1] << 8 : at[0];
}

static inline void frame_put_value(uint8_t *at, unsigned width, uint32_t value)
{
	if (width == 4) {
		frame_put(at, value);
		return;
	}
	at[0] = (uint8_t)value;
	if (width == 2)
		at[1] = (uint8_t)(value >> 8);
}

static inline uint32_t frame_padded(uint32_t length)
{
	return (length + 3u) & ~3u;
}

static inline uint32_t frame_result_word(uint32_t status, uint32_t index, uint32_t words)
{
	return FRAME_RESULT | status << FRAME_STATUS_SHIFT | index << FRAME_INDEX_SHIFT |
	       words << FRAME_WORDS_SHIFT;
}

static inline uint32_t frame_first_word(uint32_t first, uint32_t second, uint32_t half)
{
	return first | second << 8 | half << 16;
}

#endif
