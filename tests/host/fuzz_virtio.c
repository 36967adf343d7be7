/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: a hostile driver. Any accesses to the registers of each virtio device, any bytes in its
 * rings and buffers, before, between and while the device uses them, resets at any time. Nothing
 * outside the VM's RAM is touched, each page of which the sanitizer watches, and what the device
 * shows agrees with its state.
 *
 * The input is a program for the driver: see step().
 */
#include "tests/host/fuzz.h"

#include "devemu/backend.h"
#include "devemu/entropy.h"
#include "devemu/mmio.h"
#include "devemu/ram_disk.h"
#include "devemu/virtio.h"
#include "devemu/virtio_blk.h"
#include "devemu/virtio_console.h"
#include "devemu/virtio_rng.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RAM_BASE   0x00200000u
#define RAM_PAGES  8u /* the last one is not for writing */
#define DISK_BYTES 8192u
/* Where the friendly part of the driver puts its queues. */
#define QUEUE_BASE(n) (RAM_BASE + (n)*0x2000u)
#define QUEUE_SIZE    8u

static const uint8_t *input;
static size_t input_left;
static bool meddles; /* RAM changes whenever the device looks at it */
static uint8_t *page[RAM_PAGES];
static uint8_t disk_content[DISK_BYTES];
static struct device dev;
static bool wire;
static uint64_t now, deadline;

void panic(const char *format, ...)
{
	abort();
}

void log_write(int level, const char *format, ...)
{
}

void log_write_own(int level, const char *format, ...)
{
}

bool log_admits(struct log_limit *limit, const char *who)
{
	return true;
}

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	for (; bytes && input_left; bytes--, input_left--)
		value = value << 8 | *input++;
	return value;
}

/* Mostly addresses in RAM, or near it. */
static uint32_t take_address(void)
{
	const uint32_t value = take(3);

	return value & 0x800000 ? value << 9 : RAM_BASE + (value & 0xffff);
}

static void poke(uint32_t address, uint32_t value, unsigned bytes)
{
	for (unsigned n = 0; n < bytes; n++, value >>= 8) {
		const uint32_t offset = address + n - RAM_BASE;

		if (offset < RAM_PAGES * DMA_PAGE)
			page[offset / DMA_PAGE][offset % DMA_PAGE] = (uint8_t)value;
	}
}

static void meddle(void)
{
	const uint32_t what = meddles ? take(1) : 0;

	if (what & 1)
		poke(RAM_BASE + (take(2) & 0x7fff), take(1), 1);
	else if (what & 2)
		poke(QUEUE_BASE(what >> 7) + (what & 0x7c), take(2), 2);
}

static void *map_ram(const struct dma *dma, gpa_t at, uint32_t *length, bool write,
		     enum dma_slot slot)
{
	const uint32_t offset = at.raw - RAM_BASE;

	REQUIRE(*length >= 1 && slot < DMA_SLOTS);
	meddle();
	if (offset >= RAM_PAGES * DMA_PAGE || (write && offset / DMA_PAGE == RAM_PAGES - 1))
		return NULL;
	if (*length > DMA_PAGE - offset % DMA_PAGE)
		*length = DMA_PAGE - offset % DMA_PAGE;
	return page[offset / DMA_PAGE] + offset % DMA_PAGE;
}

static struct dma dma = { .map = map_ram };

static void reset_vm(void)
{
	dma.generation++;
	dev.ops->reset(&dev);
}

/* Another VM's turn: somebody types, and rarely the VM itself is reset. */
void preempt_hook(void)
{
	const uint32_t what = meddles ? take(1) : 0;

	meddle();
	if (what == 1)
		reset_vm();
	else if (dev.ops == &virtio_console_ops && (what & 2))
		virtio_console_receive(&dev, 'm');
}

static void set_wire(void *sink, unsigned number, bool level)
{
	REQUIRE(number == 0);
	wire = level;
}

static uint64_t clock_now(const struct clock *clock)
{
	return now;
}

static void clock_set_deadline(const struct clock *clock, struct device *device, uint64_t when)
{
	deadline = when;
}

static const struct clock test_clock = { clock_now, clock_set_deadline };

static void *map_disk(const struct ram_disk *disk, uint32_t offset, uint32_t *length)
{
	REQUIRE(offset < DISK_BYTES && *length >= 1 && *length <= DISK_BYTES - offset);
	return disk_content + offset;
}

static unsigned room;

static void line_put(const struct uart_backend *backend, uint8_t byte)
{
	REQUIRE(room > 0);
	room--;
}

static bool line_room(const struct uart_backend *backend)
{
	return room > 0;
}

static void fill(void *source, void *to, uint32_t length)
{
	REQUIRE(length >= 1 && length <= ENTROPY_PIECE);
	memset(to, 0x42, length);
}

static struct ram_disk disk;
static const struct uart_backend line = { .put = line_put, .room = line_room };
static const struct entropy_backend entropy = { .fill = fill };

static const struct {
	const struct device_ops *ops;
	const void *backend;
	unsigned queues;
} models[] = {
	{ &virtio_blk_ops, &disk.block, 1 },
	{ &virtio_console_ops, &line, 2 },
	{ &virtio_rng_ops, &entropy, 1 },
};

static void check(void)
{
	const struct virtio_mmio *s = dev.state;

	REQUIRE(wire == (s->interrupt_status != 0));
	REQUIRE((s->interrupt_status & ~(VIRTIO_INT_USED_BUFFER | VIRTIO_INT_CONFIG)) == 0);
	if (s->status & VIRTIO_STATUS_FEATURES_OK)
		REQUIRE(s->features & VIRTIO_F_VERSION_1);
	if (s->status & VIRTIO_STATUS_DRIVER_OK)
		REQUIRE(s->status & VIRTIO_STATUS_FEATURES_OK);
	for (unsigned n = 0; n < VIRTIO_QUEUES_MAX; n++) {
		const struct virtqueue *vq = &s->queue[n];

		REQUIRE(!(vq->ready && vq->broken));
		REQUIRE(!vq->broken || (s->status & VIRTIO_STATUS_NEEDS_RESET));
		REQUIRE(!vq->ready || (s->status & VIRTIO_STATUS_FEATURES_OK));
	}
}

static void wr(uint32_t offset, uint32_t value)
{
	mmio_write(&dev, offset, value, 4);
}

/* What a driver does before it turns hostile. */
static void start(unsigned queues, uint32_t features)
{
	wr(VIRTIO_MMIO_STATUS, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, 3);
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, features);
	wr(VIRTIO_MMIO_STATUS, 0x0b);
	for (unsigned n = 0; n < queues; n++) {
		wr(VIRTIO_MMIO_QUEUE_SEL, n);
		wr(VIRTIO_MMIO_QUEUE_NUM, QUEUE_SIZE);
		wr(VIRTIO_MMIO_QUEUE_DESC_LOW, QUEUE_BASE(n));
		wr(VIRTIO_MMIO_QUEUE_DRIVER_LOW, QUEUE_BASE(n) + 0x80);
		wr(VIRTIO_MMIO_QUEUE_DEVICE_LOW, QUEUE_BASE(n) + 0x1000);
		wr(VIRTIO_MMIO_QUEUE_READY, 1);
	}
	wr(VIRTIO_MMIO_STATUS, 0x0f);
}

static void put_descriptor(uint32_t at)
{
	const uint32_t flags = take(1);

	poke(at, take_address(), 4);
	poke(at + 4, flags & 0x80 ? take(1) : 0, 4);
	poke(at + 8, flags & 0x40 ? take(4) : take(1) << (flags >> 2 & 0xe), 4);
	poke(at + 12, flags & 7, 2);
	poke(at + 14, take(1) % (QUEUE_SIZE + 1), 2);
}

/* The next chain of a queue, as the device sees it. */
static void offer(unsigned n, uint32_t head)
{
	const struct virtio_mmio *s = dev.state;
	const uint32_t avail = QUEUE_BASE(n) + 0x80;
	const uint16_t index = s->queue[n].next_avail;

	poke(avail + VIRTQ_AVAIL_RING(index % QUEUE_SIZE), head, 2);
	poke(avail + VIRTQ_AVAIL_IDX, index + 1u, 2);
}

/* A request that could be true, with what is in the input for its type, sector and length. */
static void put_request(void)
{
	const uint32_t header = RAM_BASE + 0x4800;
	const uint32_t what = take(1);

	poke(header, what & 0x0f, 4);
	poke(header + 8, what >> 4, 4);
	poke(header + 12, 0, 4);
	for (unsigned n = 0; n < 3; n++) {
		const uint32_t at = QUEUE_BASE(0) + n * VIRTQ_DESC_SIZE;
		const bool is_write = n == 2 || (n == 1 && (what & 1) == 0);

		poke(at, n == 1 ? take_address() : header + 0x10 * n, 4);
		poke(at + 4, 0, 4);
		poke(at + 8, n == 0 ? 16 : n == 1 ? (take(1) & 0x1f) * 512 : 1, 4);
		poke(at + 12, (n < 2 ? VIRTQ_DESC_F_NEXT : 0) | (is_write ? VIRTQ_DESC_F_WRITE : 0),
		     2);
		poke(at + 14, n + 1, 2);
	}
	offer(0, 0);
}

static void step(unsigned queues)
{
	const uint32_t what = take(1);
	const unsigned n = what >> 7 & (queues - 1);

	switch (what % 16) {
	case 0:
	case 1:
		start(queues, what & 0x10 ? take(4)
					  : (uint32_t)VIRTIO_F_INDIRECT_DESC | (what & 0x20) << 24);
		break;
	case 2:
		mmio_write(&dev, take(1) * 4 + (what >> 4 & 3), take(4), 1u << (what >> 6) % 3);
		break;
	case 3:
		mmio_read(&dev, take(2) % 0x1000, 1u << (what >> 4) % 3);
		break;
	case 4:
		poke(take_address(), take(4), 4);
		break;
	case 5:
	case 6:
		put_descriptor(QUEUE_BASE(n) + (what >> 4 & 7) * VIRTQ_DESC_SIZE);
		break;
	case 7:
		put_descriptor(take_address());
		break;
	case 8:
	case 9:
		offer(n, what >> 4 & 7);
		wr(VIRTIO_MMIO_QUEUE_NOTIFY, n);
		break;
	case 10:
		put_request();
		wr(VIRTIO_MMIO_QUEUE_NOTIFY, n);
		break;
	case 11:
		room = take(1);
		now += VIRTIO_CONSOLE_PAUSE;
		if (deadline <= now) {
			deadline = CLOCK_NEVER;
			dev.ops->deadline(&dev);
		}
		break;
	case 12:
		if (dev.ops == &virtio_console_ops &&
		    virtio_console_can_receive(&dev) != virtio_console_receive(&dev, 'x'))
			/* Only a bad buffer makes the difference. */
			REQUIRE(meddles || !virtio_is_live(&dev));
		break;
	case 13:
		wr(VIRTIO_MMIO_INTERRUPT_ACK, what >> 4);
		break;
	case 14:
		meddles = what & 0x10;
		break;
	default:
		if (what == 0xff)
			reset_vm();
		else
			wr(VIRTIO_MMIO_QUEUE_NOTIFY, n);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned model;

	input = data;
	input_left = size;
	model = take(1) % ARRAY_SIZE(models);
	ram_disk_init(&disk, "fuzz", DISK_BYTES, map_disk);
	for (unsigned n = 0; n < RAM_PAGES; n++) {
		if (!page[n])
			page[n] = malloc(DMA_PAGE);
		memset(page[n], 0, DMA_PAGE);
	}
	meddles = false;
	wire = false;
	room = 100;
	now = 0;
	deadline = CLOCK_NEVER;
	dev = (struct device){ .ops = models[model].ops,
			       .state = calloc(1, models[model].ops->state_size),
			       .irq = { { .set = set_wire } },
			       .clock = &test_clock,
			       .dma = &dma,
			       .backend = models[model].backend };
	reset_vm();
	start(models[model].queues, (uint32_t)VIRTIO_F_INDIRECT_DESC);
	while (input_left) {
		step(models[model].queues);
		check();
	}
	free(dev.state);
	return 0;
}
