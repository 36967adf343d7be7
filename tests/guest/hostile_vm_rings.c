/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that breaks every rule of virtio (OASIS virtio 1.1): queues where no memory is, where they
 * end behind it, over each other; chains that loop, run away, overlap the rings that they are in;
 * resets in the middle. Every other round it is a sound driver with a few words changed, so that what
 * it says is looked at in depth.
 */
#include "tests/guest/hostile_vm.h"

#include "tests/guest/cp15.h"
#include "tests/guest/tap.h"

#include "devemu/virtio_blk.h"

#define REQUIRED (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)
#define SOUND    (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER)
#define QUEUES   2u
#define AREAS    3u
#define CHAINS   8u

/* Of each queue: its three areas, a page apart so that those of 256 entries fit. */
#define RINGS      GUEST_SCRATCH
#define RING_STEP  0x4000u
#define AREA_STEP  0x1000u
#define RINGS_SIZE (QUEUES * RING_STEP)
#define BUFFERS    (RINGS + 0x10000u)
#define HEADERS    (RINGS + 0xc000u)

extern label hostile_load;

static const uint32_t area_registers[AREAS] = { VIRTIO_MMIO_QUEUE_DESC_LOW,
						VIRTIO_MMIO_QUEUE_DRIVER_LOW,
						VIRTIO_MMIO_QUEUE_DEVICE_LOW };

uint32_t virtio_read(unsigned device, uint32_t offset)
{
	return read32(VIRTIO_BASE + device * VIRTIO_STEP + offset);
}

void virtio_write(unsigned device, uint32_t offset, uint32_t value)
{
	write32(VIRTIO_BASE + device * VIRTIO_STEP + offset, value);
}

static void write16(uint32_t at, uint32_t value)
{
	*(volatile uint16_t *)(uintptr_t)at = (uint16_t)value;
}

static uint32_t read16(uint32_t at)
{
	return *(const volatile uint16_t *)(uintptr_t)at;
}

/** Whether the VM has so many devices: behind the last one, accesses abort. */
bool virtio_is_there(unsigned device)
{
	run_code(PSR_MODE_SVC | PSR_MASKED, hostile_load, 0, VIRTIO_BASE + device * VIRTIO_STEP);
	return seen.kind == KIND_RETURNED && seen.r[0] == VIRTIO_MMIO_MAGIC_VALUE;
}

/** Resets the device and negotiates. @p sound: all features that are offered; else any. */
void virtio_begin(unsigned device, bool sound)
{
	virtio_write(device, VIRTIO_MMIO_STATUS, 0);
	virtio_write(device, VIRTIO_MMIO_STATUS, SOUND);
	for (unsigned half = 0; half < 2; half++) {
		uint32_t features;

		virtio_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, half);
		features = virtio_read(device, VIRTIO_MMIO_DEVICE_FEATURES);
		if (half == 0 && !sound)
			features &= one_in(4) ? any() | any() : any();
		virtio_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		virtio_write(device, VIRTIO_MMIO_DRIVER_FEATURES, features);
	}
	virtio_write(device, VIRTIO_MMIO_STATUS, SOUND | VIRTIO_STATUS_FEATURES_OK);
}

void virtio_place_queue(unsigned device, unsigned queue, uint32_t size, const uint32_t at[AREAS])
{
	virtio_write(device, VIRTIO_MMIO_QUEUE_SEL, queue);
	virtio_write(device, VIRTIO_MMIO_QUEUE_NUM, size);
	for (unsigned area = 0; area < AREAS; area++) {
		virtio_write(device, area_registers[area], at[area]);
		virtio_write(device, area_registers[area] + 4, 0);
	}
	virtio_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
}

void virtio_all_off(void)
{
	for (unsigned device = 0; device < VIRTIO_DEVICES && virtio_is_there(device); device++)
		virtio_write(device, VIRTIO_MMIO_STATUS, 0);
}

/** @p words: address, length, flags, next. */
void descriptor_put(uint32_t table, unsigned n, const uint32_t words[4])
{
	const uint32_t at = table + n * VIRTQ_DESC_SIZE;

	write32(at, words[0]);
	write32(at + 4, 0);
	write32(at + 8, words[1]);
	write32(at + 12, (words[2] & 0xffff) | words[3] << 16);
}

static uint32_t ring_at(unsigned queue, unsigned area)
{
	return RINGS + queue * RING_STEP + area * AREA_STEP;
}

/* ---- places ------------------------------------------------------------------------------------ */

/** Where an area of @p bytes is put. The device writes to the last one, so never to the program. */
static uint32_t any_place(uint32_t bytes, unsigned queue, unsigned area)
{
	switch (below(8)) {
	case 0:
		return RAM_END - bytes; /* to the last byte */
	case 1:
		return RAM_END - bytes + (one_in(2) ? 1 : 16);
	case 2:
		return any_target();
	case 3:
		return any_target() & ~0xfu;
	case 4: /* all of them in one */
		return ring_at(queue, 0);
	case 5:
		return ring_at(queue, area) + below(16);
	case 6: /* across a page */
		return ring_at(queue, area) + 0x1000 - 16;
	default:
		return ring_at(below(QUEUES), area);
	}
}

static void place_queue(unsigned device, unsigned queue, bool sound, uint32_t *size,
			uint32_t at[AREAS])
{
	uint32_t bytes[AREAS];

	virtio_write(device, VIRTIO_MMIO_QUEUE_SEL, queue);
	*size = 1u << below(9);
	if (*size > virtio_read(device, VIRTIO_MMIO_QUEUE_NUM_MAX))
		*size = virtio_read(device, VIRTIO_MMIO_QUEUE_NUM_MAX);
	bytes[0] = *size * VIRTQ_DESC_SIZE;
	bytes[1] = VIRTQ_AVAIL_SIZE(*size);
	bytes[2] = VIRTQ_USED_SIZE(*size);
	for (unsigned area = 0; area < AREAS; area++)
		at[area] = sound ? ring_at(queue, area) : any_place(bytes[area], queue, area);
	virtio_place_queue(device, queue, sound || !one_in(8) ? *size : any_value(), at);
	if (sound)
		return;
	if (one_in(8))
		virtio_write(device, area_registers[below(AREAS)] + 4, any_value());
	if (one_in(8))
		virtio_write(device, VIRTIO_MMIO_QUEUE_READY, below(3));
}

/* ---- chains ------------------------------------------------------------------------------------ */

static uint32_t any_length(void)
{
	static const uint32_t lengths[] = { 0,          1,          12,        16,       511,
					    512,        513,        1514,      4095,     4096,
					    0x8000,     0x10000,    0x100000,  0x200000, RAM_END,
					    0x7fffffff, 0x80000000, 0xffffffff };

	return one_in(8) ? any() >> below(32) : lengths[below(COUNT(lengths))];
}

/** Of a buffer: mostly its own, often the rings, or where memory ends. Never below the scratch RAM. */
static uint32_t any_buffer(void)
{
	switch (below(8)) {
	case 0:
		return RINGS + below(RINGS_SIZE);
	case 1:
		return RINGS + (below(RINGS_SIZE) & ~0xfffu);
	case 2:
		return RAM_END - (one_in(2) ? 512 : below(0x1000));
	case 3:
		return one_in(4) ? any_target() : HEADERS + below(0x1000);
	default:
		return BUFFERS + (below(0x100000) & (one_in(4) ? ~0u : ~0x1ffu));
	}
}

static void any_descriptor(uint32_t table, unsigned n, uint32_t size)
{
	const uint32_t words[4] = { any_buffer(), any_length(), one_in(16) ? any() : below(8),
				    one_in(16) ? any() : below(size) };

	descriptor_put(table, n, words);
	if (one_in(32))
		write32(table + n * VIRTQ_DESC_SIZE + 4, any_value()); /* beyond 4 GiB */
}

/** What a block device is asked: a header, in memory of its own. Other devices see noise in it. */
static uint32_t any_request(void)
{
	static const uint32_t types[] = { VIRTIO_BLK_T_IN,    VIRTIO_BLK_T_OUT,    VIRTIO_BLK_T_IN,
					  VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID, 2,
					  0xffffffff };
	const uint32_t at = HEADERS + below(64) * VIRTIO_BLK_HEADER;

	write32(at, types[below(COUNT(types))]);
	write32(at + 4, any());
	write32(at + 8, one_in(4) ? any_value() : below(2048));
	write32(at + 12, one_in(16) ? any_value() : 0);
	return at;
}

/** A chain as it should be, from descriptor @p n on: readable ones, then writable ones. */
static unsigned sound_chain(uint32_t table, unsigned n, uint32_t size, bool only_writable)
{
	const unsigned readable = only_writable ? 0 : 1 + below(3), writable = 1 + below(3);
	const unsigned last = readable + writable - 1;

	for (unsigned i = 0; i <= last; i++) {
		uint32_t words[4] = { any_buffer(), 512u << below(8), 0, (n + i + 1) % size };

		if (i == 0 && readable) {
			words[0] = any_request();
			words[1] = VIRTIO_BLK_HEADER;
		} else if (i == last) {
			words[1] = only_writable ? 2048 : 1;
		}
		words[2] = (i >= readable ? VIRTQ_DESC_F_WRITE : 0) |
			   (i < last ? VIRTQ_DESC_F_NEXT : 0);
		descriptor_put(table, (n + i) % size, words);
	}
	return (n + last + 1) % size;
}

/** An indirect table, sound or not, and the descriptor of it. */
static void indirect_chain(uint32_t table, unsigned n)
{
	const uint32_t at = one_in(4) ? any_buffer() : BUFFERS + (below(0x1000) & ~0xfu);
	const uint32_t entries = 1 + below(64);
	const uint32_t words[4] = { at, one_in(8) ? any_length() : entries * VIRTQ_DESC_SIZE,
				    VIRTQ_DESC_F_INDIRECT | (one_in(8) ? VIRTQ_DESC_F_NEXT : 0),
				    n };

	if (at >= BUFFERS && at < RAM_END - 64 * VIRTQ_DESC_SIZE && at % 16 == 0) {
		sound_chain(at, 0, entries < 8 ? 8 : entries, one_in(2));
		if (one_in(4)) /* a table in a table */
			descriptor_put(at, below(4), words);
	}
	descriptor_put(table, n, words);
}

static void fill_queue(uint32_t size, const uint32_t at[AREAS], bool sound)
{
	const uint32_t index = read16(at[1] + VIRTQ_AVAIL_IDX), count = 1 + below(CHAINS);
	unsigned n = below(size);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t head = n;

		if (one_in(4)) {
			indirect_chain(at[0], n);
			n = (n + 1) % size;
		} else if (sound || one_in(2)) {
			n = sound_chain(at[0], n, size, one_in(3));
		} else {
			any_descriptor(at[0], n, size);
			n = (n + 1) % size;
		}
		if (!sound && one_in(16))
			head = any();
		write16(at[1] + VIRTQ_AVAIL_RING((index + i) % size), head);
	}
	if (!sound)
		for (unsigned changes = below(4); changes > 0; changes--) /* length, flags, next */
			write16(at[0] + below(size) * VIRTQ_DESC_SIZE + 8 + 2 * below(4),
				one_in(2) ? any() : below(size));
	write16(at[1] + VIRTQ_AVAIL_FLAGS, one_in(4) ? any() : 0);
	write16(at[1] + VIRTQ_USED_EVENT(size), one_in(2) ? any() : index);
	drain_write_buffer();
	write16(at[1] + VIRTQ_AVAIL_IDX, index + (!sound && one_in(16) ? any() : count));
	drain_write_buffer();
}

static bool is_ram(const uint32_t at[AREAS])
{
	for (unsigned area = 0; area < AREAS; area++)
		if (at[area] < GUEST_SCRATCH || at[area] > RAM_END - 0x2000 || at[area] % 2)
			return false;
	return true;
}

static void interrupt_it(unsigned device, unsigned queue)
{
	switch (below(16)) {
	case 0:
		virtio_write(device, VIRTIO_MMIO_STATUS, 0);
		break;
	case 1:
		virtio_write(device, VIRTIO_MMIO_STATUS, any());
		break;
	case 2:
		virtio_write(device, VIRTIO_MMIO_QUEUE_SEL, queue);
		virtio_write(device, VIRTIO_MMIO_QUEUE_READY, 0);
		break;
	case 3:
		virtio_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, any_value());
		break;
	case 4:
		virtio_write(device, VIRTIO_MMIO_INTERRUPT_ACK, any());
		break;
	default:
		break;
	}
}

static uint32_t served, refused, not_ready;

static void ring_round(void)
{
	const unsigned device = below(VIRTIO_DEVICES);
	const bool sound = one_in(2);
	uint32_t at[QUEUES][AREAS], size[QUEUES];

	if (!virtio_is_there(device))
		return;
	virtio_begin(device, sound);
	for (unsigned queue = 0; queue < QUEUES; queue++) {
		for (uint32_t word = 0; word < 3 * AREA_STEP; word += 4)
			write32(ring_at(queue, 0) + word, 0);
		place_queue(device, queue, sound, &size[queue], at[queue]);
		if (!virtio_read(device, VIRTIO_MMIO_QUEUE_READY)) {
			not_ready++;
			size[queue] = 0;
		}
	}
	virtio_write(device, VIRTIO_MMIO_STATUS,
		     SOUND | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
	for (unsigned i = below(4) + 1; i > 0; i--) {
		const unsigned queue = below(QUEUES);

		if (size[queue] && is_ram(at[queue]))
			fill_queue(size[queue], at[queue], sound && !one_in(4));
		virtio_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
		if (size[queue] && is_ram(at[queue]))
			served += read16(at[queue][2] + VIRTQ_USED_IDX) != 0;
		interrupt_it(device, queue);
	}
	refused += (virtio_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

/** The attack: some of it is served, some refused, or it was not in depth. */
void rings(uint32_t rounds)
{
	served = refused = not_ready = 0;
	for (uint32_t i = 0; i < rounds; i++)
		ring_round();
	EXPECT_TRUE(rounds < 500 ||
		    (served > rounds / 20 && refused > rounds / 50 && not_ready > rounds / 50));
	tap_printf("# %u rounds: %u served, %u need a reset, %u queues not ready\n", rounds, served,
		   refused, not_ready);
}
