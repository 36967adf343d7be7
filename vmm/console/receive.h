/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that come over a terminal, as lines of base64 (RFC 4648) that a line "." ends: how many
 * there will be, and their CRC-32, is known before. Takes what is typed byte by byte. Pure.
 */
#ifndef VMM_CONSOLE_RECEIVE_H
#define VMM_CONSOLE_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#define RECEIVE_LINE_MAX 76u /* characters, as in MIME */

enum receive_result {
	RECEIVE_MORE, /**< in the middle of a line */
	RECEIVE_LINE, /**< the end of a line */
	RECEIVE_END,  /**< the line "." */
};

struct receiver {
	uint8_t *bytes;
	uint32_t size; /* as announced */
	uint32_t wanted_crc;

	uint32_t count; /* bytes that are there */
	uint32_t crc;   /* of them */
	const char *
		wrong; /* the first mistake, or NULL; at the end, all that can be wrong was looked at */

	unsigned line, column; /* lines that are complete; characters of the present one */
	bool is_end;           /* it is "." so far */
	uint32_t bits;         /* of the present four characters */
	unsigned digits, padding;
};

void receive_begin(struct receiver *r, uint8_t *bytes, uint32_t size, uint32_t crc);
enum receive_result receive_byte(struct receiver *r, uint8_t byte);
uint32_t receive_crc(uint32_t crc, uint8_t byte);

#endif
