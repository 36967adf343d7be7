/* SPDX-License-Identifier: Apache-2.0 */
/* Split virtqueues: how chains come back to the driver, and when each side tells the other. */
#include "tests/host/virtqueue_fixture.h"

#include "vmm/lib/bits.h"

#include <string.h>

static void queues_go_around_their_ends(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	uint32_t head, length;

	for (unsigned n = 0; n < 66000; n++) {
		const unsigned offered = driver_add(&q, &one, 1);

		assert_true(vq_pop(&vq, &chain));
		assert_int_equal(chain.head, offered);
		vq_push(&vq, &chain, n);
		assert_true(driver_used(&q, &head, &length));
		assert_int_equal(head, offered);
		assert_int_equal(length, n);
	}
	assert_false(driver_used(&q, &head, &length));
}

static void chains_come_back_in_any_order(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	struct vq_chain chains[3];
	uint32_t head, length;

	for (unsigned n = 0; n < 3; n++) {
		driver_add(&q, &one, 1);
		assert_true(vq_pop(&vq, &chains[n]));
	}
	for (unsigned n = 3; n-- > 0;)
		vq_push(&vq, &chains[n], n);
	for (unsigned n = 3; n-- > 0;) {
		assert_true(driver_used(&q, &head, &length));
		assert_int_equal(head, n);
		assert_int_equal(length, n);
	}
}

static void several_appear_at_once_and_behind_the_end_of_the_ring(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	struct vq_used used[3];
	uint32_t head, length;

	for (unsigned round = 0; round < SIZE; round++) {
		for (unsigned n = 0; n < 3; n++) {
			driver_add(&q, &one, 1);
			assert_true(vq_pop(&vq, &chain));
			used[n] = (struct vq_used){ chain.head, 10 * round + n };
			assert_false(driver_used(&q, &head, &length));
			assert_false(vq_needs_interrupt(&vq));
		}
		vq_push_all(&vq, used, 3);
		assert_true(vq_needs_interrupt(&vq));
		for (unsigned n = 0; n < 3; n++) {
			assert_true(driver_used(&q, &head, &length));
			assert_int_equal(head, used[n].head);
			assert_int_equal(length, 10 * round + n);
		}
		vq_push_all(&vq, used, 0);
		assert_false(driver_used(&q, &head, &length));
	}
}

static void chains_that_are_put_back_are_found_again(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };

	for (unsigned n = 0; n < 3; n++)
		driver_add(&q, &one, 1);
	for (unsigned n = 0; n < 3; n++)
		assert_true(vq_pop(&vq, &chain));
	vq_rewind(&vq, 2);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.head, 1);
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.head, 2);
	assert_false(vq_pop(&vq, &chain));
}

static void an_interrupt_can_be_declined_by_flag(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };

	assert_false(vq_needs_interrupt(&vq));
	for (unsigned flag = 0; flag < 4; flag++) {
		*field(q.avail + VIRTQ_AVAIL_FLAGS) = (uint16_t)flag;
		driver_add(&q, &one, 1);
		assert_true(vq_pop(&vq, &chain));
		vq_push(&vq, &chain, 0);
		assert_int_equal(vq_needs_interrupt(&vq), !(flag & 1));
		assert_false(vq_needs_interrupt(&vq));
	}
}

/* 2.6.7.2: told when the entry at used_event has been published, and only then. */
static void an_interrupt_comes_when_its_event_has_passed(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };

	for (unsigned batch = 1; batch <= 3; batch++) {
		for (int ahead = -3; ahead < 6; ahead++) {
			start(SIZE, VIRTIO_F_EVENT_IDX);
			vq.next_used = vq.told_used = 0xfffe; /* indices wrap */
			*field(q.avail + VIRTQ_USED_EVENT(SIZE)) = (uint16_t)(0xfffe + ahead);
			for (unsigned n = 0; n < batch; n++) {
				driver_add(&q, &one, 1);
				assert_true(vq_pop(&vq, &chain));
				vq_push(&vq, &chain, 0);
			}
			assert_int_equal(vq_needs_interrupt(&vq), ahead >= 0 && ahead < (int)batch);
			assert_false(vq_needs_interrupt(&vq));
		}
	}
}

/* It is the guest's wish when it is asked that counts, and asking changes nothing. */
static void what_is_not_told_yet_is_counted(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	uint16_t *const event = field(q.avail + VIRTQ_USED_EVENT(SIZE));

	start(SIZE, VIRTIO_F_EVENT_IDX);
	assert_int_equal(vq_untold(&vq), 0);
	*event = 1;
	for (unsigned n = 0; n < 3; n++) {
		driver_add(&q, &one, 1);
		assert_true(vq_pop(&vq, &chain));
		vq_push(&vq, &chain, 0);
		assert_int_equal(vq_untold(&vq), n < 1 ? 0 : n + 1);
	}
	*event = 3;
	assert_int_equal(vq_untold(&vq), 0);
	*event = 2;
	assert_int_equal(vq_untold(&vq), 3);
	assert_true(vq_needs_interrupt(&vq));
	assert_int_equal(vq_untold(&vq), 0);
}

/* What a guest takes back from its index counts no more, if it was not told of yet. */
static void the_index_is_read_once_for_all_that_it_tells_of(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };

	for (unsigned n = 0; n < 3; n++)
		driver_add(&q, &one, 1);
	assert_true(vq_pop(&vq, &chain));
	*field(q.avail + VIRTQ_AVAIL_IDX) = 2;
	assert_true(vq_pop(&vq, &chain));
	assert_true(vq_pop(&vq, &chain));
	assert_int_equal(chain.head, 2);
	assert_false(vq_pop(&vq, &chain)); /* it is one behind us now: not what a ring can have */
	assert_true(vq.broken);
}

static unsigned asked;

static void *ask(const struct dma *dma, gpa_t at, uint32_t *length, bool write, enum dma_slot slot)
{
	asked++;
	return NULL;
}

/* What is barred is the KiB whose copy would not follow: it is not written past map(). */
static void a_mapped_page_is_found_without_asking(void **state)
{
	static uint8_t page[DMA_PAGE];
	uint32_t barred = UINT32_MAX, length = 8;
	struct dma dma = { .map = ask, .barred = &barred };

	dma.mapped[DMA_USED] = (struct dma_mapping){ RAM_BASE + 1, 0x5000, page };
	asked = 0;
	assert_ptr_equal(dma_map(&dma, gpa(RAM_BASE + 0xffc), &length, true, DMA_USED),
			 page + 0xffc);
	assert_int_equal(length, 4);
	assert_int_equal(asked, 0);
	assert_null(dma_map(&dma, gpa(RAM_BASE + 0x1000), &length, true, DMA_USED));
	assert_null(dma_map(&dma, gpa(RAM_BASE - 1), &length, true, DMA_USED));
	assert_null(dma_map(&dma, gpa(RAM_BASE), &length, true, DMA_TARGET));
	assert_null(dma_map(&dma, gpa(0), &length, false, DMA_TARGET));
	assert_int_equal(asked, 4);
	for (barred = 0x5000; barred < 0x6000; barred += 0x400) {
		assert_null(dma_map(&dma, gpa(RAM_BASE), &length, true, DMA_USED));
		assert_non_null(dma_map(&dma, gpa(RAM_BASE), &length, false, DMA_USED));
	}
	assert_int_equal(asked, 8);
	barred = 0x4c00;
	assert_non_null(dma_map(&dma, gpa(RAM_BASE), &length, true, DMA_USED));
}

/* An entry of 8 bytes is aligned to 4, so it may lie in two pages. */
static void entries_of_the_used_ring_cross_pages(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	uint32_t head, length;

	for (uint32_t at = 0; at < 32; at += 4) {
		start(SIZE, 0);
		q.used = BUFFERS + 0x8000 - at;
		memset(guest_ptr(q.used), 0, VIRTQ_USED_SIZE(SIZE));
		vq.at.used = gpa(q.used);
		for (unsigned n = 0; n < 4; n++) {
			driver_add(&q, &one, 1);
			assert_true(vq_pop(&vq, &chain));
			vq_push(&vq, &chain, 7 + n);
			assert_true(driver_used(&q, &head, &length));
			assert_int_equal(head, chain.head);
			assert_int_equal(length, 7 + n);
		}
	}
}

/* 2.6.8: avail_event is where the device stands when it has seen the queue empty. */
static void a_notification_is_asked_for_when_the_queue_is_empty(void **state)
{
	const struct buffer one = { BUFFERS, 16, true };
	const uint16_t *const event = field(q.used + VIRTQ_AVAIL_EVENT(SIZE));

	start(SIZE, VIRTIO_F_EVENT_IDX);
	assert_int_equal(*event, 0);
	for (unsigned n = 0; n < 3; n++)
		driver_add(&q, &one, 1);
	for (unsigned n = 0; n < 3; n++) {
		assert_true(vq_pop(&vq, &chain));
		assert_int_equal(*event, 0);
	}
	assert_false(vq_has_chain(&vq));
	assert_int_equal(*event, 3);
	assert_int_equal(*field(q.used + VIRTQ_USED_FLAGS), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(queues_go_around_their_ends),
		T(chains_come_back_in_any_order),
		T(several_appear_at_once_and_behind_the_end_of_the_ring),
		T(chains_that_are_put_back_are_found_again),
		T(an_interrupt_can_be_declined_by_flag),
		T(an_interrupt_comes_when_its_event_has_passed),
		T(what_is_not_told_yet_is_counted),
		T(the_index_is_read_once_for_all_that_it_tells_of),
		T(entries_of_the_used_ring_cross_pages),
		T(a_mapped_page_is_found_without_asking),
		T(a_notification_is_asked_for_when_the_queue_is_empty),
	};

	return cmocka_run_group_tests_name("virtqueue_used", tests, NULL, NULL);
}
