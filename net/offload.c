// SPDX-License-Identifier: Apache-2.0
#include "net/offload.h"

#include "vmm/lib/string.h"

#define TYPE_AT   12u
#define TYPE_IPV4 0x0800u
#define TYPE_VLAN 0x8100u

/* IPv4 (RFC 791), from its header on */
#define IP_LENGTH_AT     2u
#define IP_ID_AT         4u
#define IP_FRAGMENT_AT   6u
#define IP_PROTOCOL_AT   9u
#define IP_SUM_AT        10u
#define IP_SOURCE_AT     12u /* and the destination behind it */
#define IP_HEADER_MIN    20u
#define IP_DONT_FRAGMENT 0x4000u

/* TCP (RFC 9293) */
#define PROTOCOL_TCP    6u
#define TCP_SEQUENCE_AT 4u
#define TCP_OFFSET_AT   12u
#define TCP_FLAGS_AT    13u
#define TCP_SUM_AT      16u
#define TCP_HEADER_MIN  20u
#define TCP_FIN         0x01u
#define TCP_PSH         0x08u
#define TCP_CWR         0x80u

/** Less is of no use to anyone: it would make thousands of frames of one. (Linux: TCP_MIN_MSS) */
#define SEGMENT_MIN 88u

static uint32_t ip_at(const uint8_t *head)
{
	return get_be16(head + TYPE_AT) == TYPE_VLAN ? FRAME_HEADER + FRAME_VLAN : FRAME_HEADER;
}

/** TCP in IPv4, not a fragment, with headers that are whole: sets where its payload begins. */
static bool check_tcp(const uint8_t *head, uint32_t head_length, uint32_t length,
		      struct frame_offload *offload)
{
	const uint32_t ip = ip_at(head);

	if (head_length < ip + IP_HEADER_MIN + TCP_HEADER_MIN ||
	    get_be16(head + ip - 2) != TYPE_IPV4 || head[ip] >> 4 != 4 ||
	    head[ip + IP_PROTOCOL_AT] != PROTOCOL_TCP ||
	    (get_be16(head + ip + IP_FRAGMENT_AT) & ~IP_DONT_FRAGMENT))
		return false;

	const uint32_t ip_header = (head[ip] & 15u) * 4u;
	const uint32_t tcp = ip + ip_header;

	if (ip_header < IP_HEADER_MIN || tcp + TCP_HEADER_MIN > head_length)
		return false;

	const uint32_t tcp_header = (head[tcp + TCP_OFFSET_AT] >> 4) * 4u;

	if (tcp_header < TCP_HEADER_MIN || tcp + tcp_header >= length ||
	    length - ip > FRAME_TSO_MAX - FRAME_HEADER - FRAME_VLAN)
		return false;
	offload->header_length = (uint16_t)(tcp + tcp_header);
	return offload->checksum && offload->checksum_start == tcp &&
	       offload->checksum_at == tcp + TCP_SUM_AT &&
	       offload->header_length + offload->segment_size <= FRAME_WIRE_MAX;
}

/**
 * Whether a frame of @p length bytes may ask for this: the checksum lies in it and begins at an even
 * byte, as every protocol's does, and a frame that is to be cut is what it says. @p head are its first bytes, FRAME_HEAD_MAX or all. Fills in
 * header_length.
 */
bool offload_check(const uint8_t *head, uint32_t head_length, uint32_t length,
		   struct frame_offload *offload)
{
	offload->header_length = 0;
	if (offload->checksum &&
	    (offload->checksum_start < FRAME_HEADER || offload->checksum_start % 2 ||
	     offload->checksum_at < offload->checksum_start || offload->checksum_at + 2u > length))
		return false;
	if (offload->segment_size == 0)
		return length <= FRAME_WIRE_MAX;
	return offload->segment_size >= SEGMENT_MIN &&
	       check_tcp(head, head_length, length, offload);
}

/**
 * The Internet checksum (RFC 1071) of @p bytes, which are at an even address, and of what @p sum
 * holds already: the one's complement of the sum, as it is stored in memory on this machine.
 */
uint16_t offload_sum(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	typedef uint16_t __attribute__((may_alias)) half_t;
	typedef uint32_t __attribute__((may_alias)) word_t;
	uint64_t total = sum;

	if (((uintptr_t)bytes & 2u) && length >= 2) {
		total += *(const half_t *)(const void *)bytes;
		bytes += 2;
		length -= 2;
	}

	const word_t *word = (const word_t *)(const void *)bytes;

	for (; length >= 16; length -= 16, word += 4)
		total += (uint64_t)word[0] + word[1] + word[2] + word[3];
	for (; length >= 4; length -= 4)
		total += *word++;
	bytes = (const uint8_t *)word;
	if (length >= 2) {
		total += *(const half_t *)(const void *)bytes;
		bytes += 2;
	}
	if (length & 1u)
		total += *bytes; /* the low half of a little-endian halfword: padded with zero */
	while (total >> 16)
		total = (total & 0xffffu) + (total >> 16);
	return (uint16_t)~total;
}

/** A checksum that is zero is written as all ones: zero means "none" in UDP. (RFC 768) */
static void put_sum(uint8_t *at, uint16_t sum)
{
	if (sum == 0)
		sum = 0xffff;
	at[0] = (uint8_t)sum;
	at[1] = (uint8_t)(sum >> 8);
}

/** The frame as it is, with its checksum. */
static uint32_t build_whole(struct frame *frame, uint8_t *to)
{
	const struct frame_offload *const o = &frame->offload;

	frame_take_all(frame, to, frame->length);
	if (o->checksum)
		put_sum(to + o->checksum_at,
			offload_sum(to + o->checksum_start, frame->length - o->checksum_start, 0));
	return frame->length;
}

/**
 * Headers of the piece of a large frame that has @p length bytes of its payload, from byte @p cut on,
 * as segment @p number: all but TCP's sum. Returns the sum of the pseudo header.
 */
static uint32_t put_headers(const struct frame *frame, uint8_t *to, uint32_t cut, uint32_t length,
			    uint32_t number)
{
	const uint32_t ip = ip_at(frame->head), tcp = frame->offload.checksum_start;
	const uint32_t ip_length = frame->offload.header_length - ip + length;
	const bool last = frame->offload.header_length + cut + length == frame->length;
	uint32_t flags = frame->head[tcp + TCP_FLAGS_AT];
	uint8_t pseudo[4];

	put_be16(to + ip + IP_LENGTH_AT, ip_length);
	put_be16(to + ip + IP_ID_AT, get_be16(frame->head + ip + IP_ID_AT) + number);
	put_be16(to + ip + IP_SUM_AT, 0);
	put_sum(to + ip + IP_SUM_AT, offload_sum(to + ip, tcp - ip, 0));

	put_be32(to + tcp + TCP_SEQUENCE_AT, get_be32(frame->head + tcp + TCP_SEQUENCE_AT) + cut);
	if (cut)
		flags &= ~TCP_CWR;
	if (!last)
		flags &= ~(TCP_FIN | TCP_PSH);
	to[tcp + TCP_FLAGS_AT] = (uint8_t)flags;

	/* RFC 9293, 3.1: addresses, protocol and length are part of the sum. */
	put_be16(pseudo, PROTOCOL_TCP);
	put_be16(pseudo + 2, ip_length - (tcp - ip));
	return (uint16_t)~offload_sum(to + ip + IP_SOURCE_AT, 8, 0) +
	       ((uint32_t)pseudo[0] | (uint32_t)pseudo[1] << 8) +
	       ((uint32_t)pseudo[2] | (uint32_t)pseudo[3] << 8);
}

/**
 * Divides a frame that is to be cut in two, for a receiver that takes such: the headers of the piece
 * from byte @p cut of the payload on, with @p length bytes of it, at @p to (aligned to 2). As in the
 * frame itself, the sum that is there is that of the pseudo header.
 */
void offload_divide(const struct frame *frame, uint8_t *to, uint32_t cut, uint32_t length)
{
	uint32_t sum;

	memcpy(to, frame->head, frame->offload.header_length);
	sum = put_headers(frame, to, cut, length, cut ? 1 : 0);
	put_sum(to + frame->offload.checksum_at, (uint16_t)~offload_sum(to, 0, sum));
}

/** Headers of the frame with @p length bytes of payload, from byte frame->cut on. */
static void edit_headers(const struct frame *frame, uint8_t *to, uint32_t length)
{
	const uint32_t tcp = frame->offload.checksum_start;
	const uint32_t sum = put_headers(frame, to, frame->cut, length,
					 frame->cut / frame->offload.segment_size);

	put_be16(to + tcp + TCP_SUM_AT, 0);
	put_sum(to + tcp + TCP_SUM_AT,
		offload_sum(to + tcp, frame->offload.header_length - tcp + length, sum));
}

static uint32_t build_segment(struct frame *frame, uint8_t *to)
{
	const uint32_t header = frame->offload.header_length;
	uint32_t length = frame->length - header - frame->cut;

	if (length > frame->offload.segment_size)
		length = frame->offload.segment_size;
	if (frame->cut == 0)
		frame_take_all(frame, to, header);
	frame_take_all(frame, to + header, length);
	edit_headers(frame, to, length);
	frame->cut += length;
	return header + length;
}

/**
 * Builds the next frame for a wire at @p to, which has FRAME_WIRE_MAX bytes at an even address and
 * is the same for all frames of one: the headers stay there. Returns its length.
 */
uint32_t offload_next(struct frame *frame, uint8_t *to)
{
	return frame->offload.segment_size ? build_segment(frame, to) : build_whole(frame, to);
}

/** Whether all of @p frame has been built. */
bool offload_is_done(const struct frame *frame)
{
	return frame->taken == frame->length;
}
