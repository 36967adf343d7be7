/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums and segmentation in software, against code of this file that does the same the long
 * way: byte by byte, as the RFCs have it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/offload.h"
#include "tests/host/inet_checksum.h"
#include "tests/xorshift.h"

static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
	return xorshift32(&seed) % limit;
}

/* A frame with TCP in it: `bytes` holds it, `head` is a copy of its beginning. */
static uint32_t head_words[(FRAME_HEAD_MAX + 3) / 4];
static uint8_t bytes[FRAME_TSO_MAX];
static uint32_t built_words[FRAME_WIRE_MAX / 4 + 1];
static struct frame frame;
static uint32_t ip, tcp, header, payload;

/* The rest of a frame is guest memory; here it is `bytes`. */
static void *map(const struct dma *dma, gpa_t at, uint32_t *length, bool write, enum dma_slot slot)
{
	const uint32_t left = DMA_PAGE - at.raw % DMA_PAGE;

	assert_true(at.raw < sizeof(bytes));
	if (*length > left)
		*length = left;
	return bytes + at.raw;
}

static const struct dma dma = { .map = map };
static struct vq_segment rest;

static void make(uint32_t vlan, uint32_t ip_options, uint32_t tcp_options, uint32_t length)
{
	ip = FRAME_HEADER + vlan;
	tcp = ip + 20 + ip_options;
	header = tcp + 20 + tcp_options;
	payload = length;

	const uint32_t total = header + payload;

	for (uint32_t n = 0; n < total; n++)
		bytes[n] = (uint8_t)random_below(256);
	if (vlan)
		put_be16(bytes + 12, 0x8100);
	put_be16(bytes + ip - 2, 0x0800);
	bytes[ip] = (uint8_t)(0x45 + ip_options / 4);
	put_be16(bytes + ip + 2, total - ip);
	put_be16(bytes + ip + 6, 0x4000);
	bytes[ip + 9] = 6;
	bytes[tcp + 12] = (uint8_t)((20 + tcp_options) / 4 << 4);
	bytes[tcp + 13] = 0x99; /* CWR, ACK, PSH, FIN */
	put_be16(bytes + tcp + 16, tcp_pseudo_sum(bytes + ip, total - tcp));
	memcpy(head_words, bytes, FRAME_HEAD_MAX);
	frame = (struct frame){
		.length = total,
		.head = (uint8_t *)head_words,
		.head_length = total < FRAME_HEAD_MAX ? total : FRAME_HEAD_MAX,
		.dma = &dma,
		.offload = { .checksum = true,
			     .checksum_start = (uint16_t)tcp,
			     .checksum_at = (uint16_t)(tcp + 16),
			     .segment_size = 1000 },
	};
	rest = (struct vq_segment){ gpa(frame.head_length), total - frame.head_length };
	frame.rest = (struct vq_cursor){ &rest, total > frame.head_length, 0 };
	frame_restart(&frame);
}

static bool check(void)
{
	return offload_check(frame.head, frame.head_length, frame.length, &frame.offload);
}

static void a_sum_is_that_of_the_rfc_at_any_length_and_place(void **state)
{
	uint32_t words[512];
	uint8_t *const area = (uint8_t *)words;

	for (unsigned n = 0; n < sizeof(words); n++)
		area[n] = (uint8_t)(random_below(8) ? 0xff : random_below(256));
	for (unsigned at = 0; at < 8; at += 2)
		for (unsigned length = 0; length < 1600; length++) {
			const uint16_t sum = offload_sum(area + at, length, 0);
			const uint32_t swapped = (uint32_t)(sum >> 8 | (sum & 0xff) << 8);

			assert_int_equal(swapped, inet_checksum(area + at, length, 0));
		}
}

static void a_checksum_is_filled_in(void **state)
{
	for (uint32_t length = 0; length < 300; length++) {
		make(0, 0, 12, length);
		frame.offload.segment_size = 0;
		assert_true(check());

		uint8_t *const built = (uint8_t *)built_words;

		assert_int_equal(offload_next(&frame, built), frame.length);
		assert_true(offload_is_done(&frame));
		assert_int_equal(inet_checksum(built + tcp, frame.length - tcp,
					       tcp_pseudo_sum(built + ip, frame.length - tcp)),
				 0);
		put_be16(built + tcp + 16, get_be16(bytes + tcp + 16));
		assert_memory_equal(built, bytes, frame.length);
	}
}

static void a_checksum_is_never_zero(void **state)
{
	make(0, 0, 0, 2);
	frame.offload.segment_size = 0;
	put_be16(bytes + tcp + 16, 0);
	memset(bytes + tcp + 18, 0, 4);
	memset(bytes + tcp, 0, 16);
	put_be16(bytes + tcp, 0xffff);
	memcpy(head_words, bytes, frame.length);
	assert_true(check());
	offload_next(&frame, (uint8_t *)built_words);
	assert_int_equal(get_be16((uint8_t *)built_words + tcp + 16), 0xffff);
}

static void check_segment(uint32_t number, uint32_t at, uint32_t length, bool is_last)
{
	uint8_t *const built = (uint8_t *)built_words;
	uint32_t flags = 0x10;

	if (at == 0)
		flags |= 0x80;
	if (is_last)
		flags |= 0x09;
	assert_int_equal(inet_checksum(built + ip, tcp - ip, 0), 0);
	assert_int_equal(get_be16(built + ip + 2), header - ip + length);
	assert_int_equal(get_be16(built + ip + 4), (get_be16(bytes + ip + 4) + number) & 0xffffu);
	assert_int_equal(get_be32(built + tcp + 4), (uint32_t)(get_be32(bytes + tcp + 4) + at));
	assert_int_equal(built[tcp + 13], flags);
	assert_int_equal(inet_checksum(built + tcp, header - tcp + length,
				       tcp_pseudo_sum(built + ip, header - tcp + length)),
			 0);
	assert_memory_equal(built + header, bytes + header + at, length);

	/* All else is as it was. */
	memcpy(built + ip + 2, bytes + ip + 2, 4);
	memcpy(built + ip + 10, bytes + ip + 10, 2);
	memcpy(built + tcp + 4, bytes + tcp + 4, 4);
	built[tcp + 13] = bytes[tcp + 13];
	memcpy(built + tcp + 16, bytes + tcp + 16, 2);
	assert_memory_equal(built, bytes, header);
}

static void a_large_frame_becomes_those_that_a_wire_carries(void **state)
{
	for (unsigned run = 0; run < 300; run++) {
		const uint32_t options = 4 * random_below(11);
		uint32_t at = 0, number = 0;

		make(4 * random_below(2), 4 * random_below(11), options,
		     1 + random_below(65535 - 120));
		frame.offload.segment_size = (uint16_t)(88 + random_below(1372 - 88));
		assert_true(check());
		assert_int_equal(frame.offload.header_length, header);
		while (!offload_is_done(&frame)) {
			const uint32_t built = offload_next(&frame, (uint8_t *)built_words);
			const uint32_t length = built - header;
			const bool is_last = at + length == payload;

			assert_true(built <= FRAME_WIRE_MAX);
			assert_int_equal(length,
					 is_last ? payload - at : frame.offload.segment_size);
			check_segment(number++, at, length, is_last);
			/* check_segment() has put the headers back: fields are made anew each time. */
			at += length;
		}
		assert_int_equal(at, payload);
	}
}

static void what_is_not_true_of_a_frame_is_refused(void **state)
{
	static const struct {
		int at; /* from IP's header on, in the frame; -1: TCP's */
		uint32_t offset;
		uint8_t value;
	} bad[] = {
		{ 0, 0, 0x65 }, { 0, 0, 0x44 }, { 0, 0, 0x4f },   { 0, 9, 17 },
		{ 0, 6, 0x20 }, { 0, 7, 0x01 }, { -1, 12, 0x40 },
	};

	make(0, 0, 0, 3000);
	assert_true(check());
	for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		make(0, 0, 0, 3000);
		((uint8_t *)head_words)[(bad[n].at ? tcp : ip) + bad[n].offset] = bad[n].value;
		assert_false(check());
	}
	make(0, 0, 0, 3000);
	put_be16((uint8_t *)head_words + 12, 0x86dd);
	assert_false(check());

	const struct frame_offload good = { true, (uint16_t)tcp, (uint16_t)(tcp + 16), 1000, 0 };
	struct frame_offload o[] = { good, good, good, good, good, good };

	o[0].checksum = false;
	o[1].checksum_start += 2;
	o[2].checksum_at += 2;
	o[3].segment_size = 87;
	o[4].segment_size = FRAME_WIRE_MAX;
	o[5].segment_size = 0; /* too long for a wire then */
	for (unsigned n = 0; n < 6; n++) {
		make(0, 0, 0, 3000);
		frame.offload = o[n];
		assert_false(check());
	}
	make(0, 0, 0, 0); /* nothing to cut */
	assert_false(check());
}

static void a_checksum_lies_in_its_frame(void **state)
{
	static const struct {
		uint16_t start, at;
		bool is_good;
	} places[] = {
		{ 14, 14, true },  { 14, 98, true },    { 14, 99, false },
		{ 98, 98, true },  { 12, 98, false },   { 15, 15, false },
		{ 50, 49, false }, { 100, 100, false }, { 14, 65535, false },
	};

	for (unsigned n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
		struct frame_offload o = { true, places[n].start, places[n].at, 0, 0 };

		assert_int_equal(offload_check((uint8_t *)head_words, 96, 100, &o),
				 places[n].is_good);
	}
}

/** Whatever is accepted can be built, in whatever bytes: the sanitizers look on. */
static void random_headers_are_refused_or_can_be_cut(void **state)
{
	unsigned accepted = 0;

	for (unsigned run = 0; run < 30000; run++) {
		make(4 * random_below(2), 4 * random_below(11), 4 * random_below(11),
		     random_below(4000));
		for (unsigned change = random_below(4); change; change--)
			((uint8_t *)head_words)[12 + random_below(FRAME_HEAD_MAX - 12)] =
				(uint8_t)random_below(256);
		frame.offload.segment_size = (uint16_t)random_below(1700);
		if (random_below(4) == 0)
			frame.offload.checksum_start = (uint16_t)random_below(120);
		if (random_below(4) == 0)
			frame.offload.checksum_at = (uint16_t)random_below(120);
		if (!check())
			continue;
		accepted++;
		while (!offload_is_done(&frame))
			assert_true(offload_next(&frame, (uint8_t *)built_words) <= FRAME_WIRE_MAX);
	}
	assert_true(accepted > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sum_is_that_of_the_rfc_at_any_length_and_place),
		cmocka_unit_test(a_checksum_is_filled_in),
		cmocka_unit_test(a_checksum_is_never_zero),
		cmocka_unit_test(a_large_frame_becomes_those_that_a_wire_carries),
		cmocka_unit_test(what_is_not_true_of_a_frame_is_refused),
		cmocka_unit_test(a_checksum_lies_in_its_frame),
		cmocka_unit_test(random_headers_are_refused_or_can_be_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
