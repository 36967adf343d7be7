/* SPDX-License-Identifier: Apache-2.0 */
/* Split virtqueues: chains that a driver may offer, and what a hostile one tries. */
#include "tests/host/virtqueue_fixture.h"

#include "vmm/lib/bits.h"

#include <string.h>

#define NEXT  VIRTQ_DESC_F_NEXT
#define WRITE VIRTQ_DESC_F_WRITE

static void assert_broken(void)
{
	assert_false(vq_pop(&vq, &chain));
	assert_true(vq.broken);
	assert_false(vq_pop(&vq, &chain));
	assert_false(vq_needs_interrupt(&vq));
}

static void a_chain_is_what_its_descriptors_say(void **state)
{
	const struct buffer buffers[] = {
		{ BUFFERS, 16, false },
		{ BUFFERS + 0x1000, 100, false },
		{ BUFFERS + 0x3000, 4096, true },
		{ BUFFERS + 0x8000, 1, true },
	};

	assert_false(vq_pop(&vq, &chain));
	q.next_descriptor = SIZE - 2; /* around the end of the table */
	assert_int_equal(driver_add(&q, buffers, 4), SIZE - 2);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.head, SIZE - 2);
	assert_int_equal(chain.readable_count, 2);
	assert_int_equal(chain.writable_count, 2);
	assert_int_equal(chain.readable_bytes, 116);
	assert_int_equal(chain.writable_bytes, 4097);
	for (unsigned n = 0; n < 4; n++) {
		assert_int_equal(chain.segment[n].at.raw, buffers[n].address);
		assert_int_equal(chain.segment[n].length, buffers[n].length);
	}
	assert_false(vq_pop(&vq, &chain));
	assert_false(vq.broken);
}

/** Writes an indirect table of @p count descriptors of 8 bytes each, the last @p writable ones. */
static void indirect_table(uint32_t at, unsigned count, unsigned writable)
{
	const struct driver_queue table = { .descriptors = at };

	for (unsigned n = 0; n < count; n++)
		driver_descriptor(&table, n, BUFFERS + 0x4000u + 8 * n, 8,
				  (uint16_t)((n + 1 < count ? NEXT : 0u) |
					     (n + writable >= count ? WRITE : 0u)),
				  (uint16_t)(n + 1));
}

static void an_indirect_table_may_lie_anywhere(void **state)
{
	/* The last two are in two pages. */
	static const uint32_t places[] = { BUFFERS, BUFFERS + 0x1010, BUFFERS + 0xff0,
					   BUFFERS + 0xfc0 };

	for (unsigned n = 0; n < ARRAY_SIZE(places); n++) {
		indirect_table(places[n], 5, 2);
		driver_descriptor(&q, 3, places[n], 5 * VIRTQ_DESC_SIZE, INDIR, 0);
		driver_offer(&q, 3);
		assert_true(vq_pop(&vq, &chain));
		assert_int_equal(chain.head, 3);
		assert_int_equal(chain.readable_count, 3);
		assert_int_equal(chain.writable_count, 2);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(chain.segment[i].at.raw, BUFFERS + 0x4000 + 8 * i);
			assert_int_equal(chain.segment[i].length, 8);
		}
	}
}

/* 2.6.5.3.2: the device has to handle descriptors before the one with the indirect table. */
static void an_indirect_table_may_end_a_chain(void **state)
{
	indirect_table(BUFFERS, 2, 1);
	driver_descriptor(&q, 0, BUFFERS + 0x2000, 10, NEXT, 1);
	driver_descriptor(&q, 1, BUFFERS, 2 * VIRTQ_DESC_SIZE, INDIR | WRITE, 0);
	driver_offer(&q, 0);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.readable_bytes, 18);
	assert_int_equal(chain.writable_bytes, 8);
}

static void a_long_table_may_hold_a_short_chain(void **state)
{
	indirect_table(BUFFERS, 2, 1);
	driver_descriptor(&q, 0, BUFFERS, 0x10000, INDIR, 0); /* its end is not RAM */
	driver_offer(&q, 0);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.readable_count + chain.writable_count, 2);
}

/** The longest chain, of buffers of 4 bytes; each of its descriptors is in another page than the last. */
static void offer_long_chain(unsigned head)
{
	const unsigned in_page = DMA_PAGE / VIRTQ_DESC_SIZE;
	const struct driver_queue table = { .descriptors = BUFFERS };

	for (unsigned n = 0; n < VQ_CHAIN_MAX; n++) {
		const uint32_t at = n % 2 * in_page + n / 2,
			       next = (n + 1) % 2 * in_page + (n + 1) / 2;
		const bool last = n == VQ_CHAIN_MAX - 1;

		driver_descriptor(&table, at, BUFFERS + 0x4000 + 4 * n, 4,
				  (uint16_t)(last ? 0 : NEXT), (uint16_t)next);
	}
	driver_descriptor(&q, head, BUFFERS, 2 * DMA_PAGE, INDIR, 0);
	driver_offer(&q, head);
}

/* Some 90 instructions for each descriptor: at most about ten between two preempt points. */
static void a_long_chain_has_preempt_points(void **state)
{
	offer_long_chain(3);
	assert_true(vq_pop(&vq, &chain));
	assert_in_range(preempt_points, VQ_CHAIN_MAX / 10, VQ_CHAIN_MAX / 4);
	assert_int_equal(chain.head, 3);
	assert_int_equal(chain.readable_count, VQ_CHAIN_MAX);
	for (unsigned n = 0; n < VQ_CHAIN_MAX; n++)
		assert_int_equal(chain.segment[n].at.raw, BUFFERS + 0x4000 + 4 * n);
}

static struct vq_chain of_another;

static void another_takes_one(void)
{
	bench_meanwhile = NULL;
	assert_true(vq_pop(&vq, &of_another));
}

static void who_takes_a_chain_while_one_is_read_gets_the_next(void **state)
{
	offer_long_chain(3);
	offer_long_chain(4);
	bench_meanwhile = another_takes_one;
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.head, 3);
	assert_int_equal(of_another.head, 4);
	assert_memory_equal(chain.segment, of_another.segment, sizeof(chain.segment));
	assert_false(vq_pop(&vq, &chain));
}

static void stop_the_queue(void)
{
	vq_stop(&vq);
}

static void restart_the_queue(void)
{
	bench_meanwhile = NULL;
	vq_stop(&vq);
	start(SIZE, VIRTIO_F_INDIRECT_DESC);
}

/* Even if what follows of it is a bad one: the new queue has nothing to do with that. */
static void a_queue_that_is_stopped_while_a_chain_is_read_has_none(void **state)
{
	static void (*const meanwhile[])(void) = { stop_the_queue, restart_the_queue };
	const struct driver_queue table = { .descriptors = BUFFERS };

	for (unsigned n = 0; n < ARRAY_SIZE(meanwhile); n++) {
		start(SIZE, VIRTIO_F_INDIRECT_DESC);
		offer_long_chain(3);
		driver_descriptor(&table, 20, 0, 0, NEXT, 0);
		bench_meanwhile = meanwhile[n];
		assert_false(vq_pop(&vq, &chain));
		bench_meanwhile = NULL;
		assert_false(vq.broken);
		assert_int_equal(vq.next_avail, 0);
	}
}

static void a_short_chain_has_no_preempt_point_and_no_more_descriptors(void **state)
{
	struct buffer buffers[VQ_SHORT_MAX + 1];

	for (unsigned n = 0; n < ARRAY_SIZE(buffers); n++)
		buffers[n] = (struct buffer){ BUFFERS + 0x1000 * n, 8, true };
	driver_add(&q, buffers, VQ_SHORT_MAX);
	assert_true(vq_pop_short(&vq, &chain));
	assert_int_equal(chain.writable_count, VQ_SHORT_MAX);
	driver_add(&q, buffers, VQ_SHORT_MAX + 1);
	assert_false(vq_pop_short(&vq, &chain));
	assert_true(vq.broken);
	start(SIZE, VIRTIO_F_INDIRECT_DESC);
	offer_long_chain(3);
	assert_false(vq_pop_short(&vq, &chain));
	assert_true(vq.broken);
	assert_int_equal(preempt_points, 0);
}

struct raw_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

static void what_is_against_the_rules_breaks_the_queue(void **state)
{
	static const struct {
		const char *what;
		unsigned head;
		struct raw_descriptor table[3];
	} cases[] = {
		{ "head behind the table", SIZE, { { BUFFERS, 8, 0, 0 } } },
		{ "head far behind", 0xffff, { { BUFFERS, 8, 0, 0 } } },
		{ "next behind the table", 0, { { BUFFERS, 8, NEXT, SIZE } } },
		{ "loop of one", 0, { { BUFFERS, 8, NEXT, 0 } } },
		{ "loop of two", 0, { { BUFFERS, 8, NEXT, 1 }, { BUFFERS, 8, NEXT, 0 } } },
		{ "empty buffer", 0, { { BUFFERS, 0, 0, 0 } } },
		{ "above 4 GiB", 0, { { 0x100000000ull + BUFFERS, 8, 0, 0 } } },
		{ "wraps", 0, { { 0xfffffffcu, 5, 0, 0 } } },
		{ "readable after writable",
		  0,
		  { { BUFFERS, 8, NEXT | WRITE, 1 }, { BUFFERS, 8, 0, 0 } } },
		{ "sum wraps",
		  0,
		  { { 0x1000, 0xf0000000u, NEXT, 1 }, { BUFFERS, 0x10000000u, WRITE, 0 } } },
		{ "indirect with next",
		  0,
		  { { BUFFERS, 16, INDIR | NEXT, 1 }, { BUFFERS, 8, 0, 0 } } },
		{ "indirect: empty table", 0, { { BUFFERS, 0, INDIR, 0 } } },
		{ "indirect: part of a descriptor", 0, { { BUFFERS, 24, INDIR, 0 } } },
		{ "indirect: not aligned", 0, { { BUFFERS + 8, 16, INDIR, 0 } } },
		{ "indirect: above 4 GiB", 0, { { 0x100000000ull + BUFFERS, 16, INDIR, 0 } } },
		{ "indirect: wraps", 0, { { 0xfffffff8u, 16, INDIR, 0 } } },
		{ "indirect: not RAM", 0, { { 0x10, 16, INDIR, 0 } } },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		start(SIZE, VIRTIO_F_INDIRECT_DESC);
		for (unsigned i = 0; i < 3; i++)
			driver_descriptor(&q, i, cases[n].table[i].address,
					  cases[n].table[i].length, cases[n].table[i].flags,
					  cases[n].table[i].next);
		driver_offer(&q, cases[n].head);
		if (vq_pop(&vq, &chain) || !vq.broken)
			fail_msg("%s: was taken", cases[n].what);
		assert_broken();
	}
}

static void indirect_tables_do_not_nest(void **state)
{
	const struct driver_queue table = { .descriptors = BUFFERS };

	indirect_table(BUFFERS + 0x100, 1, 1);
	driver_descriptor(&table, 0, BUFFERS + 0x100, 16, INDIR, 0);
	driver_descriptor(&q, 0, BUFFERS, 16, INDIR, 0);
	driver_offer(&q, 0);
	assert_broken();
}

static void an_indirect_table_has_an_end(void **state)
{
	indirect_table(BUFFERS, 3, 1);
	driver_descriptor(&q, 0, BUFFERS, 2 * VIRTQ_DESC_SIZE, INDIR, 0);
	driver_offer(&q, 0);
	assert_broken();
}

static void an_indirect_table_must_not_leave_ram(void **state)
{
	const struct driver_queue table = { .descriptors = RAM_BASE + RAM_SIZE - 16 };

	driver_descriptor(&table, 0, BUFFERS, 8, NEXT, 1);
	driver_descriptor(&q, 0, table.descriptors, 2 * VIRTQ_DESC_SIZE, INDIR, 0);
	driver_offer(&q, 0);
	assert_broken();
}

static void an_indirect_table_must_have_been_negotiated(void **state)
{
	start(SIZE, 0);
	indirect_table(BUFFERS, 2, 1);
	driver_descriptor(&q, 0, BUFFERS, 2 * VIRTQ_DESC_SIZE, INDIR, 0);
	driver_offer(&q, 0);
	assert_broken();
}

static void a_chain_has_at_most_so_many_segments(void **state)
{
	indirect_table(BUFFERS, VQ_CHAIN_MAX, 3);
	driver_descriptor(&q, 0, BUFFERS, VQ_CHAIN_MAX * VIRTQ_DESC_SIZE, INDIR, 0);
	driver_offer(&q, 0);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.readable_count, VQ_CHAIN_MAX - 3);
	assert_int_equal(chain.writable_count, 3);

	indirect_table(BUFFERS, VQ_CHAIN_MAX + 1, 3);
	driver_descriptor(&q, 0, BUFFERS, (VQ_CHAIN_MAX + 1) * VIRTQ_DESC_SIZE, INDIR, 0);
	driver_offer(&q, 0);
	assert_broken();
}

static void more_chains_than_entries_break_the_queue(void **state)
{
	/* One more, and one less than the index was: with good descriptors both. */
	static const uint16_t indices[] = { SIZE + 1, 0xffff };

	for (unsigned n = 0; n < ARRAY_SIZE(indices); n++) {
		start(SIZE, 0);
		driver_descriptor(&q, 0, BUFFERS, 8, 0, 0);
		*field(q.avail + VIRTQ_AVAIL_IDX) = indices[n];
		assert_broken();
	}
	start(SIZE, 0);
	driver_descriptor(&q, 0, BUFFERS, 8, 0, 0);
	*field(q.avail + VIRTQ_AVAIL_IDX) = SIZE;
	assert_true(vq_pop(&vq, &chain));
}

static void a_chain_is_a_copy(void **state)
{
	const struct buffer buffers[] = { { BUFFERS, 16, false }, { BUFFERS + 64, 8, true } };
	struct vq_chain before;

	driver_add(&q, buffers, 2);
	assert_true(vq_pop(&vq, &chain));
	before = chain;
	memset(guest_ptr(q.descriptors), 0xff, SIZE * VIRTQ_DESC_SIZE);
	memset(guest_ptr(q.avail), 0xff, VIRTQ_AVAIL_SIZE(SIZE));
	assert_memory_equal(&chain, &before, sizeof(chain));
	vq_push(&vq, &chain, 8); /* only where the queue is */
	assert_false(vq.broken);
	assert_broken();
}

static void cursors_cross_segments_and_pages(void **state)
{
	const struct buffer buffers[] = {
		{ BUFFERS + 0xffe, 4, false },
		{ BUFFERS + 0x3000, 3, false },
		{ BUFFERS + 0x4fff, 2, true },
		{ BUFFERS + 0x6000, 5000, true },
	};
	struct vq_cursor in, out;
	uint8_t bytes[8];
	uint32_t length;

	memcpy(guest_ptr(BUFFERS + 0xffe), "abcd", 4);
	memcpy(guest_ptr(BUFFERS + 0x3000), "efg", 3);
	driver_add(&q, buffers, 4);
	assert_true(vq_pop(&vq, &chain));

	in = vq_readable(&chain);
	assert_true(vq_cursor_read(&in, &bench_dma, bytes, 3));
	assert_memory_equal(bytes, "abc", 3);
	assert_true(vq_cursor_read(&in, &bench_dma, bytes, 4));
	assert_memory_equal(bytes, "defg", 4);
	length = 1;
	assert_null(vq_cursor_map(&in, &bench_dma, &length, false, DMA_SOURCE));
	in = vq_readable(&chain);
	assert_false(vq_cursor_read(&in, &bench_dma, bytes, 8));

	out = vq_writable(&chain);
	assert_true(vq_cursor_write(&out, &bench_dma, "ABC", 3));
	assert_memory_equal(guest_ptr(BUFFERS + 0x4fff), "AB", 3); /* and a zero */
	assert_memory_equal(guest_ptr(BUFFERS + 0x6000), "C", 2);
	length = 10000;
	assert_non_null(vq_cursor_map(&out, &bench_dma, &length, true, DMA_TARGET));
	assert_int_equal(length, 4095);
	vq_cursor_skip(&out, 4095);
	length = 10000;
	assert_non_null(vq_cursor_map(&out, &bench_dma, &length, true, DMA_TARGET));
	assert_int_equal(length, 904);
	vq_cursor_skip(&out, 904);
	assert_int_equal(out.count, 0);
	vq_cursor_skip(&out, 1);
	assert_int_equal(out.count, 0);
}

/* A guest can make a header of one byte each, in pages that take turns. */
static void a_header_of_many_pieces_has_preempt_points(void **state)
{
	struct buffer buffers[16];
	struct vq_cursor in;
	uint8_t bytes[16];

	for (unsigned n = 0; n < 16; n++) {
		buffers[n] = (struct buffer){ BUFFERS + 0x1000 * (n % 2) + n, 1, false };
		*(uint8_t *)guest_ptr(buffers[n].address) = (uint8_t)(n + 1);
	}
	driver_add(&q, buffers, 16);
	assert_true(vq_pop(&vq, &chain));
	in = vq_readable(&chain);
	preempt_points = 0;
	assert_true(vq_cursor_read(&in, &bench_dma, bytes, 16));
	assert_int_equal(preempt_points, 2);
	for (unsigned n = 0; n < 16; n++)
		assert_int_equal(bytes[n], n + 1);
}

static void segments_that_are_not_ram_cannot_be_used(void **state)
{
	const struct buffer buffers[] = {
		{ RAM_BASE + RAM_SIZE - 2, 4, false },
		{ ROM_BASE - 2, 4, true },
		{ 0xffffffff, 1, true },
	};
	struct vq_cursor in, out;
	uint8_t bytes[4];

	driver_add(&q, buffers, 3);
	assert_true(vq_pop(&vq, &chain));
	in = vq_readable(&chain);
	assert_true(vq_cursor_read(&in, &bench_dma, bytes, 2));
	assert_false(vq_cursor_read(&in, &bench_dma, bytes, 1));
	out = vq_writable(&chain);
	assert_true(vq_cursor_write(&out, &bench_dma, "ab", 2));
	assert_false(vq_cursor_write(&out, &bench_dma, "ab", 1));
	vq_cursor_skip(&out, 2);
	assert_int_equal(out.count, 1);
	assert_false(vq_cursor_write(&out, &bench_dma, "ab", 1));
}

static void a_queue_must_be_aligned_and_in_ram(void **state)
{
	const struct vq_layout good = driver_layout(0, SIZE, &q);
	struct vq_layout bad;

	assert_true(vq_start(&vq, &bench_dma, &good, 0));
#define REFUSED(change)                                           \
	do {                                                      \
		bad = good;                                       \
		bad.change;                                       \
		assert_false(vq_start(&vq, &bench_dma, &bad, 0)); \
		assert_false(vq.ready);                           \
		assert_false(vq_has_chain(&vq));                  \
		assert_false(vq_pop(&vq, &chain));                \
		vq_push_all(&vq, &(struct vq_used){ 0, 0 }, 1);   \
	} while (0)
	REFUSED(size = 0);
	REFUSED(size = 3);
	REFUSED(size = 2 * VQ_SIZE_MAX);
	REFUSED(descriptors.raw += 8);
	REFUSED(avail.raw += 1);
	REFUSED(used.raw += 2);
	REFUSED(descriptors.raw = RAM_BASE - 16);
	REFUSED(descriptors.raw = RAM_BASE + RAM_SIZE - 16 * (SIZE - 1));
	REFUSED(descriptors.raw = 0xfffffff0);
	REFUSED(avail.raw = RAM_BASE + RAM_SIZE - 2);
	REFUSED(avail.raw = 0xfffffffe);
	REFUSED(used.raw = ROM_BASE);
	REFUSED(used.raw = ROM_BASE - 4);
#undef REFUSED
	bad = good;
	bad.descriptors.raw = ROM_BASE; /* the device does not write there */
	assert_true(vq_start(&vq, &bench_dma, &bad, 0));
}

static void a_queue_whose_memory_goes_away_breaks(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };

	driver_add(&q, &one, 1);
	assert_true(vq_pop(&vq, &chain));
	vq.at.used = gpa(ROM_BASE);
	vq_push(&vq, &chain, 0);
	assert_true(vq.broken);
	start(SIZE, 0);
	vq.at.avail = gpa(0);
	assert_broken();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_chain_is_what_its_descriptors_say),
		T(an_indirect_table_may_lie_anywhere),
		T(an_indirect_table_may_end_a_chain),
		T(a_long_table_may_hold_a_short_chain),
		T(what_is_against_the_rules_breaks_the_queue),
		T(indirect_tables_do_not_nest),
		T(an_indirect_table_has_an_end),
		T(an_indirect_table_must_not_leave_ram),
		T(an_indirect_table_must_have_been_negotiated),
		T(a_chain_has_at_most_so_many_segments),
		T(more_chains_than_entries_break_the_queue),
		T(a_chain_is_a_copy),
		T(cursors_cross_segments_and_pages),
		T(a_header_of_many_pieces_has_preempt_points),
		T(a_long_chain_has_preempt_points),
		T(who_takes_a_chain_while_one_is_read_gets_the_next),
		T(a_queue_that_is_stopped_while_a_chain_is_read_has_none),
		T(a_short_chain_has_no_preempt_point_and_no_more_descriptors),
		T(segments_that_are_not_ram_cannot_be_used),
		T(a_queue_must_be_aligned_and_in_ram),
		T(a_queue_whose_memory_goes_away_breaks),
	};

	return cmocka_run_group_tests_name("virtqueue", tests, NULL, NULL);
}
