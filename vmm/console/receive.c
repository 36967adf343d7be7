/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/receive.h"

#include <stddef.h>

#define GROUP 4u /* characters that are three bytes */

/** Adds a byte to a CRC-32 that vmm/lib/crc32.h would have, without its table of a KiB. */
uint32_t receive_crc(uint32_t crc, uint8_t byte)
{
	/* Four bits each, by the polynomial 0xedb88320. */
	static const uint32_t of[] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
				       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
				       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
				       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };

	crc = ~crc ^ byte;
	crc = crc >> 4 ^ of[crc & 15u];
	crc = crc >> 4 ^ of[crc & 15u];
	return ~crc;
}

/** For @p size bytes, into memory that has room for them, whose CRC-32 is @p crc. */
void receive_begin(struct receiver *r, uint8_t *bytes, uint32_t size, uint32_t crc)
{
	*r = (struct receiver){ .bytes = bytes, .size = size, .wanted_crc = crc };
}

static void fail(struct receiver *r, const char *why)
{
	if (!r->wrong)
		r->wrong = why;
}

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/** Four characters are there: one byte for each but the padding, and one less. */
static void end_group(struct receiver *r)
{
	const unsigned bytes = GROUP - 1 - r->padding;

	if (r->padding > 0 && r->bits & ((1u << 8 * r->padding) - 1u))
		fail(r, "bits in what is only padding");
	for (unsigned i = 0; i < bytes && !r->wrong; i++) {
		const uint8_t byte = (uint8_t)(r->bits >> (16 - 8 * i));

		if (r->count == r->size) {
			fail(r, "more bytes than announced");
			return;
		}
		r->bytes[r->count++] = byte;
		r->crc = receive_crc(r->crc, byte);
	}
	r->bits = 0;
	r->digits = 0;
}

static void take(struct receiver *r, uint8_t c)
{
	const int value = value_of(c);

	if (r->is_end || r->column >= RECEIVE_LINE_MAX) {
		fail(r,
		     r->is_end ? "something behind the '.'" : "a line of more than 76 characters");
		r->is_end = false;
	} else if (c == '.' && r->column == 0) {
		r->is_end = true;
	} else if (c == '=' && r->digits >= 2) {
		r->bits <<= 6;
		r->padding++;
		r->digits++;
	} else if (value >= 0 && r->padding == 0) {
		r->bits = r->bits << 6 | (uint32_t)value;
		r->digits++;
	} else {
		fail(r, "not base64");
	}
	if (r->digits == GROUP)
		end_group(r);
	if (r->column < RECEIVE_LINE_MAX)
		r->column++;
}

/** The line "." has come: is this all, and as it was sent? */
static void check_whole(struct receiver *r)
{
	if (r->digits > 0)
		fail(r, "the last four characters are not complete");
	if (r->count != r->size)
		fail(r, "fewer bytes than announced");
	if (r->crc != r->wanted_crc)
		fail(r, "the CRC-32 is another; it was damaged on the way");
}

/** Takes one byte; empty lines, and so both kinds of line ends, mean nothing. Not after RECEIVE_END. */
enum receive_result receive_byte(struct receiver *r, uint8_t byte)
{
	const bool is_end = r->is_end, is_empty = r->column == 0;

	if (byte != '\r' && byte != '\n') {
		take(r, byte);
		return RECEIVE_MORE;
	}
	r->column = 0;
	r->is_end = false;
	if (is_end) {
		check_whole(r);
		return RECEIVE_END;
	}
	if (is_empty)
		return RECEIVE_MORE;
	r->line++;
	return RECEIVE_LINE;
}
