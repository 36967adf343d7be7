/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create() */
#include "tests/host/virtio_fixture.h"

#include "vmm/lib/preempt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STATUS_UP_TO_FEATURES (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER)

unsigned preempt_points;
void (*bench_meanwhile)(void);
uint8_t *const ram = (uint8_t *)0x200000000000;

/* One page each, with nothing behind it. What no slot shows cannot be accessed. */
static uint8_t *const windows = (uint8_t *)0x210000000000;
static int ram_file = -1;

static void *window(enum dma_slot slot)
{
	return windows + slot * 2 * DMA_PAGE;
}

static void close_windows(void)
{
	for (unsigned slot = 0; slot < DMA_SLOTS; slot++)
		assert_ptr_equal(mmap(window(slot), DMA_PAGE, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				 window(slot));
}

static void *map_ram(const struct dma *dma, gpa_t where, uint32_t *length, bool write,
		     enum dma_slot slot)
{
	const uint32_t offset = where.raw - RAM_BASE;
	const uint32_t in_page = offset % DMA_PAGE;

	assert_true(*length >= 1);
	assert_true(slot < DMA_SLOTS);
	if (offset >= RAM_SIZE || (write && where.raw >= ROM_BASE))
		return NULL;
	if (*length > DMA_PAGE - in_page)
		*length = DMA_PAGE - in_page;
	assert_ptr_equal(mmap(window(slot), DMA_PAGE, write ? PROT_READ | PROT_WRITE : PROT_READ,
			      MAP_SHARED | MAP_FIXED, ram_file, offset - in_page),
			 window(slot));
	return (uint8_t *)window(slot) + in_page;
}

struct dma bench_dma = { .map = map_ram };

/* Pointers into windows are void from here on. */
void preempt_hook(void)
{
	preempt_points++;
	close_windows();
	if (bench_meanwhile)
		bench_meanwhile();
}

static void make_ram(void)
{
	if (ram_file >= 0)
		return;
	ram_file = memfd_create("ram", 0);
	assert_true(ram_file >= 0);
	assert_int_equal(ftruncate(ram_file, RAM_SIZE), 0);
	assert_ptr_equal(mmap(ram, RAM_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED_NOREPLACE, ram_file, 0),
			 ram);
}

void *guest_ptr(uint32_t address)
{
	assert_true(address - RAM_BASE < RAM_SIZE);
	return ram + (address - RAM_BASE);
}

static void put_le(uint32_t address, uint64_t value, unsigned size)
{
	memcpy(guest_ptr(address), &value, size);
}

static uint32_t get_le(uint32_t address, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, guest_ptr(address), size);
	return value;
}

void virtio_bench_init(struct device *dev, const struct device_ops *ops, const void *backend,
		       const void *params)
{
	make_ram();
	memset(ram, 0, RAM_SIZE);
	close_windows();
	preempt_points = 0;
	bench_meanwhile = NULL;
	bench_dma.generation = 0;
	bench_init(dev, ops, backend);
	dev->dma = &bench_dma;
	dev->params = params;
}

void virtio_bench_fini(struct device *dev)
{
	bench_fini(dev);
}

bool driver_negotiate(struct device *dev, uint64_t features)
{
	wr(dev, VIRTIO_MMIO_STATUS, 0);
	wr(dev, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	wr(dev, VIRTIO_MMIO_STATUS, STATUS_UP_TO_FEATURES);
	for (unsigned half = 0; half < 2; half++) {
		wr(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		wr(dev, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32 * half));
	}
	wr(dev, VIRTIO_MMIO_STATUS, STATUS_UP_TO_FEATURES | VIRTIO_STATUS_FEATURES_OK);
	return rd(dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}

struct vq_layout driver_layout(unsigned n, unsigned size, struct driver_queue *q)
{
	const uint32_t base = RAM_BASE + n * 0x6000u;

	*q = (struct driver_queue){
		.descriptors = base + 0x0ff0,
		.avail = base + 0x2ffa,
		.used = base + 0x4ff4,
		.size = size,
	};
	memset(guest_ptr(base), 0, 0x6000);
	return (struct vq_layout){ .size = (uint16_t)size,
				   .descriptors = gpa(q->descriptors),
				   .avail = gpa(q->avail),
				   .used = gpa(q->used) };
}

bool driver_queue(struct device *dev, unsigned n, unsigned size, struct driver_queue *q)
{
	driver_layout(n, size, q);
	wr(dev, VIRTIO_MMIO_QUEUE_SEL, n);
	wr(dev, VIRTIO_MMIO_QUEUE_NUM, size);
	wr(dev, VIRTIO_MMIO_QUEUE_DESC_LOW, q->descriptors);
	wr(dev, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	wr(dev, VIRTIO_MMIO_QUEUE_DRIVER_LOW, q->avail);
	wr(dev, VIRTIO_MMIO_QUEUE_DRIVER_HIGH, 0);
	wr(dev, VIRTIO_MMIO_QUEUE_DEVICE_LOW, q->used);
	wr(dev, VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 0);
	wr(dev, VIRTIO_MMIO_QUEUE_READY, 1);
	return rd(dev, VIRTIO_MMIO_QUEUE_READY) == 1;
}

void driver_start(struct device *dev, uint64_t features, unsigned queues, unsigned size,
		  struct driver_queue *q)
{
	assert_true(
		driver_negotiate(dev, features | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM));
	for (unsigned n = 0; n < queues; n++)
		assert_true(driver_queue(dev, n, size, &q[n]));
	wr(dev, VIRTIO_MMIO_STATUS,
	   STATUS_UP_TO_FEATURES | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

void driver_descriptor(const struct driver_queue *q, unsigned n, uint64_t address, uint32_t length,
		       uint16_t flags, uint16_t next)
{
	const uint32_t where = q->descriptors + n * VIRTQ_DESC_SIZE;

	put_le(where, address, 8);
	put_le(where + 8, length, 4);
	put_le(where + 12, flags, 2);
	put_le(where + 14, next, 2);
}

void driver_offer(struct driver_queue *q, unsigned head)
{
	put_le(q->avail + VIRTQ_AVAIL_RING(q->avail_index % q->size), head, 2);
	q->avail_index++;
	put_le(q->avail + VIRTQ_AVAIL_IDX, q->avail_index, 2);
}

unsigned driver_add(struct driver_queue *q, const struct buffer *buffers, unsigned count)
{
	const unsigned head = q->next_descriptor % q->size;

	for (unsigned n = 0; n < count; n++) {
		const unsigned next = (head + n + 1) % q->size;

		driver_descriptor(q, (head + n) % q->size, buffers[n].address, buffers[n].length,
				  (uint16_t)((buffers[n].write ? VIRTQ_DESC_F_WRITE : 0u) |
					     (n + 1 < count ? VIRTQ_DESC_F_NEXT : 0u)),
				  (uint16_t)next);
	}
	q->next_descriptor = head + count;
	driver_offer(q, head);
	return head;
}

void driver_kick(struct device *dev, unsigned queue)
{
	wr(dev, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

bool driver_used(struct driver_queue *q, uint32_t *head, uint32_t *length)
{
	const uint32_t element = q->used + VIRTQ_USED_RING(q->used_index % q->size);

	if ((uint16_t)get_le(q->used + VIRTQ_USED_IDX, 2) == q->used_index)
		return false;
	*head = get_le(element, 4);
	*length = get_le(element + 4, 4);
	q->used_index++;
	return true;
}
