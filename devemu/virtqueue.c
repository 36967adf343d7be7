// SPDX-License-Identifier: Apache-2.0
#include "devemu/virtqueue.h"

#include "devemu/virtio.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/preempt.h"

/** Pieces of a few bytes that are read between two preempt points: each costs some 150 instructions. */
#define PIECES_AT_ONCE 8u
/** Descriptors of a chain that are read between two preempt points; one in another page counts more. */
#define DESCRIPTORS_AT_ONCE 16u
#define OTHER_PAGE          2u

_Static_assert((VQ_SHORT_MAX + 1) * (1 + OTHER_PAGE) < DESCRIPTORS_AT_ONCE,
	       "vq_pop_short() has no preempt point, though a table of its own follows");

/** A descriptor as it was when it was read, once. */
struct descriptor {
	uint32_t at_low, at_high;
	uint32_t length;
	uint32_t flags_and_next;
};

/** A table of descriptors: that of the queue, or an indirect one. */
struct table {
	gpa_t at;
	uint32_t count;
	bool is_indirect;
	unsigned read;                     /* descriptors since the last preempt point */
	uint32_t mapped_at, mapped_length; /* the bytes of it that are mapped now */
	const uint8_t *mapped;
};

/** The queue is unusable until the driver sets it up again: nothing more is taken from it. */
void vq_break(struct virtqueue *vq)
{
	vq->broken = true;
	vq->ready = false;
}

static gpa_t offset_by(gpa_t at, uint32_t bytes)
{
	return gpa(at.raw + bytes);
}

/*
 * Fields of the rings. Each is aligned to its size, so it lies in one page. They were RAM when the
 * queue was set up; should the VM's memory ever change, the queue breaks.
 */

static bool get16(struct virtqueue *vq, gpa_t at, uint16_t *value)
{
	uint32_t length = sizeof(*value);
	const volatile uint16_t *field = dma_map(vq->dma, at, &length, false, DMA_RING);

	if (!field) {
		vq_break(vq);
		return false;
	}
	*value = *field;
	return true;
}

static void put16(struct virtqueue *vq, gpa_t at, uint16_t value)
{
	uint32_t length = sizeof(value);
	volatile uint16_t *field = dma_map(vq->dma, at, &length, true, DMA_USED);

	if (field)
		*field = value;
	else
		vq_break(vq);
}

/** Writes entries of the ring of used buffers: words, as one is aligned to half its size only. */
static void put_entries(struct virtqueue *vq, gpa_t at, const struct vq_used *used, unsigned count)
{
	const uint32_t *word = (const uint32_t *)(const void *)used;

	for (uint32_t left = count * VIRTQ_USED_ENTRY; left;) {
		uint32_t length = left;
		volatile uint32_t *field = dma_map(vq->dma, at, &length, true, DMA_USED);

		if (!field) {
			vq_break(vq);
			return;
		}
		left -= length;
		at.raw += length;
		for (; length; length -= 4)
			*field++ = *word++;
	}
}

/** Asks to be notified of the next chain. (2.6.7.2 and 2.6.8) */
static void arm_notification(struct virtqueue *vq)
{
	if (vq->event_idx)
		put16(vq, offset_by(vq->at.used, VIRTQ_AVAIL_EVENT(vq->at.size)), vq->next_avail);
	else
		put16(vq, offset_by(vq->at.used, VIRTQ_USED_FLAGS), 0);
}

static bool is_layout_sound(const struct dma *dma, const struct vq_layout *at)
{
	const uint32_t size = at->size;

	if (size == 0 || size > VQ_SIZE_MAX || (size & (size - 1)) != 0)
		return false;
	/* 2.6: alignments of the three parts */
	if (at->descriptors.raw % 16 || at->avail.raw % 2 || at->used.raw % 4)
		return false;
	return dma_covers(dma, at->descriptors, VIRTQ_DESC_SIZE * size, false) &&
	       dma_covers(dma, at->avail, VIRTQ_AVAIL_SIZE(size), false) &&
	       dma_covers(dma, at->used, VIRTQ_USED_SIZE(size), true);
}

/**
 * Begins to use a queue that a driver has set up. @p features are the negotiated ones. Returns
 * false, and the queue stays stopped, when its size or a part's place or alignment is wrong.
 */
bool vq_start(struct virtqueue *vq, const struct dma *dma, const struct vq_layout *at,
	      uint64_t features)
{
	*vq = (struct virtqueue){ .dma = dma, .at = *at, .starts = vq->starts + 1 };
	if (!is_layout_sound(dma, at))
		return false;
	vq->ready = true;
	vq->event_idx = (features & VIRTIO_F_EVENT_IDX) != 0;
	vq->indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0;
	arm_notification(vq);
	return vq->ready;
}

/** The driver withdraws the queue. What was taken from it must not be put any more. */
void vq_stop(struct virtqueue *vq)
{
	*vq = (struct virtqueue){ .dma = vq->dma, .starts = vq->starts + 1 };
}

/**
 * How many chains wait; breaks the queue when there are more than it has entries. The guest's index
 * is looked at again when all that it told of before has been taken.
 */
static uint16_t available(struct virtqueue *vq)
{
	uint16_t count;

	if (!vq->ready)
		return 0;
	if (vq->seen_avail == vq->next_avail &&
	    !get16(vq, offset_by(vq->at.avail, VIRTQ_AVAIL_IDX), &vq->seen_avail))
		return 0;
	count = (uint16_t)(vq->seen_avail - vq->next_avail);
	if (count > vq->at.size) {
		vq_break(vq);
		return 0;
	}
	return count;
}

/**
 * Whether vq_pop() would find something. If not, the guest has been asked to notify when there is;
 * the second look is for what came between the first one and that.
 */
bool vq_has_chain(struct virtqueue *vq)
{
	if (available(vq))
		return true;
	if (!vq->ready)
		return false;
	arm_notification(vq);
	return available(vq) != 0;
}

/** Reads a descriptor. It is aligned to its size, so it lies in one page. */
static bool read_descriptor(const struct virtqueue *vq, struct table *table, unsigned n,
			    struct descriptor *d)
{
	const uint32_t offset = n * VIRTQ_DESC_SIZE;
	const volatile uint32_t *word;

	if (n >= table->count)
		return false;
	table->read++;
	if (offset - table->mapped_at >= table->mapped_length) {
		table->mapped_at = offset;
		table->mapped_length = table->count * VIRTQ_DESC_SIZE - offset;
		table->mapped = dma_map(vq->dma, offset_by(table->at, offset),
					&table->mapped_length, false, DMA_TABLE);
		if (!table->mapped)
			return false;
		table->read += OTHER_PAGE;
	}
	word = (const volatile uint32_t *)(const void *)(table->mapped + offset - table->mapped_at);
	d->at_low = word[0];
	d->at_high = word[1];
	d->length = word[2];
	d->flags_and_next = word[3];
	return true;
}

/** Whether a descriptor's range is not empty, below 4 GiB, and does not wrap. */
static bool is_range(const struct descriptor *d)
{
	return d->length != 0 && d->at_high == 0 && d->at_low + (d->length - 1u) >= d->at_low;
}

/**
 * Steps into an indirect table. There is one level of them, at the end of a chain. (2.6.5.3) One
 * that is not aligned as the queue's own table has to be is refused: reading it would take long.
 */
static bool enter_indirect(const struct virtqueue *vq, struct table *table,
			   const struct descriptor *d)
{
	if (!vq->indirect || table->is_indirect || (d->flags_and_next & VIRTQ_DESC_F_NEXT) ||
	    !is_range(d) || (d->at_low | d->length) % VIRTQ_DESC_SIZE)
		return false;
	*table = (struct table){ .at = gpa(d->at_low),
				 .count = d->length / VIRTQ_DESC_SIZE,
				 .is_indirect = true,
				 .read = table->read };
	return true;
}

/** Returns false if the queue is not what it was: another VM may have run, the one that it is of. */
static bool let_others_in(const struct virtqueue *vq, struct table *table)
{
	const uint32_t starts = vq->starts;

	table->read = 0;
	table->mapped_length = 0;
	preempt_point();
	return vq->starts == starts;
}

/**
 * Follows the chain from its head. Its length is bounded by @p max, which is also how a loop ends.
 * What the device reads must come first. (2.6.4.2) Returns false if it is a bad one, or if the queue
 * was stopped meanwhile.
 */
static bool read_chain(const struct virtqueue *vq, struct vq_chain *chain, unsigned max)
{
	struct table table = { .at = vq->at.descriptors, .count = vq->at.size };
	unsigned n = chain->head;
	unsigned count = 0, readable_count = 0;
	uint32_t bytes = 0, readable_bytes = 0;
	struct descriptor d;

	do {
		if (table.read >= DESCRIPTORS_AT_ONCE && !let_others_in(vq, &table))
			return false;
		if (!read_descriptor(vq, &table, n, &d))
			return false;
		n = d.flags_and_next >> 16;
		if (d.flags_and_next & VIRTQ_DESC_F_INDIRECT) {
			if (!enter_indirect(vq, &table, &d))
				return false;
			n = 0;
			continue;
		}
		if (count == max || !is_range(&d) || bytes + d.length < bytes)
			return false;
		bytes += d.length;
		chain->segment[count++] = (struct vq_segment){ gpa(d.at_low), d.length };
		if (!(d.flags_and_next & VIRTQ_DESC_F_WRITE)) {
			if (++readable_count != count)
				return false;
			readable_bytes = bytes;
		}
	} while (d.flags_and_next & (VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_INDIRECT));

	chain->readable_count = (uint16_t)readable_count;
	chain->writable_count = (uint16_t)(count - readable_count);
	chain->readable_bytes = readable_bytes;
	chain->writable_bytes = bytes - readable_bytes;
	return true;
}

static bool pop(struct virtqueue *vq, struct vq_chain *chain, unsigned max)
{
	const uint32_t entry = vq->next_avail & (vq->at.size - 1u);
	const uint32_t starts = vq->starts;

	if (!vq_has_chain(vq))
		return false;
	if (!get16(vq, offset_by(vq->at.avail, VIRTQ_AVAIL_RING(entry)), &chain->head))
		return false;
	vq->next_avail++; /* who takes one while this is read gets the next */
	if (!read_chain(vq, chain, max)) {
		if (vq->starts == starts)
			vq_break(vq);
		return false;
	}
	return true;
}

/**
 * Takes the next chain. Returns false when there is none, or when the guest broke the rules: the
 * queue is `broken` then, and @p chain says nothing. Nor is there any if the queue was stopped at a
 * preempt point, which a long chain has; whether it was behind that, only the caller can know.
 */
bool vq_pop(struct virtqueue *vq, struct vq_chain *chain)
{
	return pop(vq, chain, VQ_CHAIN_MAX);
}

/** The same without a preempt point: a chain of more than VQ_SHORT_MAX is against the rules. */
bool vq_pop_short(struct virtqueue *vq, struct vq_chain *chain)
{
	return pop(vq, chain, VQ_SHORT_MAX);
}

/** Puts back the last @p count chains that were taken; they will be found again. */
void vq_rewind(struct virtqueue *vq, unsigned count)
{
	vq->next_avail = (uint16_t)(vq->next_avail - count);
}

/**
 * Gives chains back, and shows them all at once: their bytes were written before, and the guest sees
 * it all in order.
 */
void vq_push_all(struct virtqueue *vq, const struct vq_used *used, unsigned count)
{
	const uint32_t entry = vq->next_used & (vq->at.size - 1u);
	const unsigned to_end = vq->at.size - entry;
	const unsigned first = count < to_end ? count : to_end;

	if (!vq->ready || count == 0)
		return;
	put_entries(vq, offset_by(vq->at.used, VIRTQ_USED_RING(entry)), used, first);
	if (count > first && vq->ready)
		put_entries(vq, offset_by(vq->at.used, VIRTQ_USED_RING(0)), used + first,
			    count - first);
	if (!vq->ready)
		return;
	vq->next_used = (uint16_t)(vq->next_used + count);
	put16(vq, offset_by(vq->at.used, VIRTQ_USED_IDX), vq->next_used);
}

/** Gives one chain back, @p written bytes of it from the first writable one on being new. */
void vq_push(struct virtqueue *vq, const struct vq_chain *chain, uint32_t written)
{
	const struct vq_used used = { chain->head, written };

	vq_push_all(vq, &used, 1);
}

/**
 * How many chains were published since the last vq_needs_interrupt(); 0 if the guest does not want to
 * be interrupted for them. (2.6.7.2: used_event is the index of the entry whose publication is to be
 * told)
 */
unsigned vq_untold(struct virtqueue *vq)
{
	const uint16_t count = (uint16_t)(vq->next_used - vq->told_used);
	uint16_t wish;

	if (!vq->ready || count == 0)
		return 0;
	if (!vq->event_idx)
		return get16(vq, offset_by(vq->at.avail, VIRTQ_AVAIL_FLAGS), &wish) &&
				       !(wish & VIRTQ_AVAIL_F_NO_INTERRUPT)
			       ? count
			       : 0;
	return get16(vq, offset_by(vq->at.avail, VIRTQ_USED_EVENT(vq->at.size)), &wish) &&
			       (uint16_t)(vq->next_used - wish - 1u) < count
		       ? count
		       : 0;
}

/** Whether the guest wants to be interrupted for what was published since the last call. */
bool vq_needs_interrupt(struct virtqueue *vq)
{
	const bool needs = vq_untold(vq) != 0;

	vq->told_used = vq->next_used;
	return needs;
}

/** The first byte that the device reads. */
struct vq_cursor vq_readable(const struct vq_chain *chain)
{
	return (struct vq_cursor){ chain->segment, chain->readable_count, 0 };
}

/** The first byte that the device writes. */
struct vq_cursor vq_writable(const struct vq_chain *chain)
{
	return (struct vq_cursor){ chain->segment + chain->readable_count, chain->writable_count,
				   0 };
}

/**
 * Reads the next @p length bytes, for headers and the like. Returns false when there are fewer, or
 * when they are not RAM. There is a preempt point if a guest has made very many pieces of them.
 */
bool vq_cursor_read(struct vq_cursor *cursor, const struct dma *dma, void *to, uint32_t length)
{
	unsigned pieces = 0;

	for (uint8_t *byte = to; length;) {
		uint32_t piece = length;
		const void *from = vq_cursor_map(cursor, dma, &piece, false, DMA_SOURCE);

		if (!from)
			return false;
		copy_bytes(byte, from, piece);
		vq_cursor_skip(cursor, piece);
		byte += piece;
		length -= piece;
		if (++pieces % PIECES_AT_ONCE == 0)
			preempt_point();
	}
	return true;
}

/** Writes the next @p length bytes: a few, as there is no preempt point. As vq_cursor_read(). */
bool vq_cursor_write(struct vq_cursor *cursor, const struct dma *dma, const void *from,
		     uint32_t length)
{
	for (const uint8_t *byte = from; length;) {
		uint32_t piece = length;
		void *to = vq_cursor_map(cursor, dma, &piece, true, DMA_TARGET);

		if (!to)
			return false;
		copy_bytes(to, byte, piece);
		vq_cursor_skip(cursor, piece);
		byte += piece;
		length -= piece;
	}
	return true;
}
