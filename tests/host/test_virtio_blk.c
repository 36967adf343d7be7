/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio block device on a RAM disk, and on back ends that fail. */
#include "tests/host/virtio_fixture.h"

#include "devemu/ram_disk.h"
#include "devemu/virtio_blk.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define SECTORS   64u
#define DISK_SIZE (SECTORS * BLOCK_SECTOR)
#define HEADER    BUFFERS
#define STATUS    (BUFFERS + 0x100)
#define DATA      (BUFFERS + 0x1000)

static struct device dev;
static struct driver_queue q;
static struct ram_disk disk;
static uint8_t content[DISK_SIZE];
static uint32_t extent; /* what the VMM can map of the disk at once */

static void *map_disk(const struct ram_disk *ram_disk, uint32_t offset, uint32_t *length)
{
	assert_ptr_equal(ram_disk, &disk);
	assert_true(offset < DISK_SIZE && *length >= 1 && *length <= DISK_SIZE - offset);
	if (*length > extent - offset % extent)
		*length = extent - offset % extent;
	return content + offset;
}

static int setup(void **state)
{
	ram_disk_init(&disk, "scratch", DISK_SIZE + 511, map_disk);
	extent = 3000;
	for (unsigned n = 0; n < DISK_SIZE; n++)
		content[n] = (uint8_t)(n / 7);
	virtio_bench_init(&dev, &virtio_blk_ops, &disk.block, NULL);
	driver_start(&dev, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, 1, 64, &q);
	return 0;
}

static int teardown(void **state)
{
	virtio_bench_fini(&dev);
	return 0;
}

static void put_header(uint32_t type, uint64_t sector)
{
	const uint32_t header[] = { type, 0, (uint32_t)sector, (uint32_t)(sector >> 32) };

	memcpy(guest_ptr(HEADER), header, sizeof(header));
	*(uint8_t *)guest_ptr(STATUS) = 0xee;
}

/** A request with one data buffer, or none; returns the status, and the length if asked for. */
static unsigned request(uint32_t type, uint64_t sector, uint32_t data, uint32_t length, bool write,
			uint32_t *written)
{
	const struct buffer buffers[] = {
		{ HEADER, VIRTIO_BLK_HEADER, false },
		{ length ? data : STATUS, length ? length : 1, write || !length },
		{ STATUS, 1, true },
	};
	uint32_t head, used_length;
	unsigned expected;

	put_header(type, sector);
	expected = driver_add(&q, buffers, length ? 3 : 2);
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &used_length));
	assert_int_equal(head, expected);
	if (written)
		*written = used_length;
	return *(uint8_t *)guest_ptr(STATUS);
}

static void the_disk_says_how_large_it_is(void **state)
{
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_BLOCK);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG + VIRTIO_BLK_CONFIG_CAPACITY), SECTORS);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG + VIRTIO_BLK_CONFIG_CAPACITY + 4), 0);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG + VIRTIO_BLK_CONFIG_SEG_MAX),
			 VQ_CHAIN_MAX - 2);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG + VIRTIO_BLK_CONFIG_BLK_SIZE), 512);
	wr(&dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_DEVICE_FEATURES),
			 (uint32_t)(VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
				    VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
				    VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX));
}

static void sectors_are_read(void **state)
{
	uint32_t written;

	assert_int_equal(request(VIRTIO_BLK_T_IN, 3, DATA + 2, 9 * 512, true, &written), 0);
	assert_int_equal(written, 9 * 512 + 1);
	assert_memory_equal(guest_ptr(DATA + 2), content + 3 * 512, 9 * 512);
	assert_int_equal(*(uint8_t *)guest_ptr(DATA + 1), 0);
	assert_int_equal(*(uint8_t *)guest_ptr(DATA + 2 + 9 * 512), 0);
	assert_true(wire_level[0]);
	/* Pages of the guest and of the disk, unaligned ones in parts. */
	assert_true(preempt_points >= 5);
}

static void sectors_are_written(void **state)
{
	uint32_t written;

	memset(guest_ptr(DATA), 0xa5, 4096);
	assert_int_equal(request(VIRTIO_BLK_T_OUT, 2, DATA, 4096, false, &written), 0);
	assert_int_equal(written, 1);
	assert_memory_equal(content + 2 * 512, guest_ptr(DATA), 4096);
	assert_int_equal(content[2 * 512 - 1], (uint8_t)((2 * 512 - 1) / 7));
	assert_int_equal(content[10 * 512], (uint8_t)(10 * 512 / 7));
}

static void the_last_sector_is_on_the_disk(void **state)
{
	assert_int_equal(request(VIRTIO_BLK_T_IN, SECTORS - 1, DATA, 512, true, NULL), 0);
	assert_memory_equal(guest_ptr(DATA), content + DISK_SIZE - 512, 512);
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, DISK_SIZE, true, NULL), 0);
	assert_memory_equal(guest_ptr(DATA), content, DISK_SIZE);
}

static void what_is_not_on_the_disk_is_an_error(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t length;
	} cases[] = {
		{ SECTORS, 512 },
		{ SECTORS - 1, 1024 },
		{ 0, DISK_SIZE + 512 },
		{ 0x100000000ull, 512 },
		{ 0xffffffffffffffffull, 512 },
		{ 1ull << 55, 512 },
		{ 0, 511 },
		{ 0, 513 },
		{ 5, 1 },
	};
	uint32_t written;

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		assert_int_equal(request(VIRTIO_BLK_T_IN, cases[n].sector, DATA, cases[n].length,
					 true, &written),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(written, 0);
		assert_int_equal(request(VIRTIO_BLK_T_OUT, cases[n].sector, DATA, cases[n].length,
					 false, &written),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(*(uint32_t *)guest_ptr(DATA), 0);
	}
	for (unsigned n = 0; n < DISK_SIZE; n++)
		assert_int_equal(content[n], (uint8_t)(n / 7));
}

static void flush_and_identity(void **state)
{
	uint32_t written;

	assert_int_equal(request(VIRTIO_BLK_T_FLUSH, 0, 0, 0, false, NULL), 0);
	memset(guest_ptr(DATA), 0xff, 32);
	assert_int_equal(request(VIRTIO_BLK_T_GET_ID, 0, DATA, 20, true, &written), 0);
	assert_memory_equal(guest_ptr(DATA), "scratch\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", 21);
	assert_int_equal(written, 21);
	assert_int_equal(request(VIRTIO_BLK_T_GET_ID, 0, DATA, 19, true, NULL), VIRTIO_BLK_S_IOERR);
	disk.block.id = "a name of twenty-five chars";
	assert_int_equal(request(VIRTIO_BLK_T_GET_ID, 0, DATA, 20, true, NULL), 0);
	assert_memory_equal(guest_ptr(DATA), "a name of twenty-fiv\xff", 21);
}

static void other_requests_are_not_supported(void **state)
{
	static const uint32_t types[] = { 2, 3, 5, 11, 13, 0x80000000, 0xffffffff };
	uint32_t written;

	for (unsigned n = 0; n < ARRAY_SIZE(types); n++) {
		assert_int_equal(request(types[n], 0, DATA, 512, true, &written),
				 VIRTIO_BLK_S_UNSUPP);
		assert_int_equal(written, 0);
	}
}

/* 5.2.6: "device MUST NOT make assumptions" on framing; here each byte is a descriptor's own. */
static void a_request_may_be_framed_in_any_way(void **state)
{
	struct buffer buffers[60];
	unsigned count = 0;
	uint32_t head, length;

	put_header(VIRTIO_BLK_T_IN, 7);
	for (unsigned n = 0; n < VIRTIO_BLK_HEADER; n++)
		buffers[count++] = (struct buffer){ HEADER + n, 1, false };
	for (unsigned n = 0; n < 30; n++)
		buffers[count++] = (struct buffer){ DATA + n, 1, true };
	buffers[count++] = (struct buffer){ DATA + 30, 512 - 30 + 1, true };
	driver_add(&q, buffers, count);
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &length));
	assert_int_equal(length, 513);
	assert_memory_equal(guest_ptr(DATA), content + 7 * 512, 512);
	assert_int_equal(*(uint8_t *)guest_ptr(DATA + 512), VIRTIO_BLK_S_OK);
}

static void a_write_may_begin_in_the_header_s_descriptor(void **state)
{
	const struct buffer buffers[] = { { HEADER, 16 + 512, false }, { STATUS, 1, true } };
	uint32_t head, length;

	put_header(VIRTIO_BLK_T_OUT, 1);
	memset(guest_ptr(HEADER + 16), 0x77, 512);
	*(uint8_t *)guest_ptr(STATUS) = 0x77;
	driver_add(&q, buffers, 2);
	driver_kick(&dev, 0);
	assert_true(driver_used(&q, &head, &length));
	assert_int_equal(*(uint8_t *)guest_ptr(STATUS), VIRTIO_BLK_S_OK);
	for (unsigned n = 0; n < 512; n++)
		assert_int_equal(content[512 + n], 0x77);
}

static void assert_needs_reset(void)
{
	assert_true(rd(&dev, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	driver_start(&dev, 0, 1, 64, &q);
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, 512, true, NULL), 0);
}

static void requests_without_answer_need_a_reset(void **state)
{
	static const struct buffer cases[][3] = {
		{ { HEADER, 16, false } },                        /* no status */
		{ { HEADER, 15, false }, { STATUS, 1, true } },   /* short header */
		{ { STATUS, 1, true } },                          /* no header */
		{ { 0x10, 16, false }, { STATUS, 1, true } },     /* not RAM */
		{ { HEADER, 16, false }, { ROM_BASE, 1, true } }, /* status: no RAM */
		{ { HEADER, 16, false }, { 0x10, 512, true }, { STATUS, 1, true } },
		{ { HEADER, 16, false }, { ROM_BASE - 511, 512, true }, { STATUS, 1, true } },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		unsigned count = 0;
		uint32_t head, length;

		while (count < 3 && cases[n][count].length)
			count++;
		put_header(VIRTIO_BLK_T_IN, 0);
		driver_add(&q, cases[n], count);
		driver_kick(&dev, 0);
		assert_false(driver_used(&q, &head, &length));
		assert_needs_reset();
	}
}

static void a_disk_can_be_read_only(void **state)
{
	static const struct virtio_blk_params read_only = { .read_only = true };

	for (unsigned how = 0; how < 3; how++) {
		dev.params = how == 0 ? &read_only : NULL;
		disk.block.read_only = how == 1;
		if (how == 2)
			disk.block.write = NULL;
		wr(&dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
		assert_true(rd(&dev, VIRTIO_MMIO_DEVICE_FEATURES) & VIRTIO_BLK_F_RO);
		/* A driver that does not look gets errors. */
		assert_int_equal(request(VIRTIO_BLK_T_OUT, 0, DATA, 512, false, NULL),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, 512, true, NULL), 0);
		assert_memory_equal(guest_ptr(DATA), content, 512);
		memset(guest_ptr(DATA), 0, 512);
	}
}

static void without_a_back_end_there_are_no_sectors(void **state)
{
	dev.backend = NULL;
	assert_int_equal(rd(&dev, VIRTIO_MMIO_CONFIG), 0);
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, 512, true, NULL), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_OUT, 0, DATA, 512, false, NULL), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_FLUSH, 0, 0, 0, false, NULL), 0);
	assert_int_equal(request(VIRTIO_BLK_T_GET_ID, 0, DATA, 20, true, NULL), 0);
}

static enum block_result fail_half_way(const struct block_backend *backend, struct block_run *run)
{
	assert_true(vq_cursor_write(&run->memory, run->dma, "half", 4));
	run->length -= 4;
	return BLOCK_FAILED;
}

static enum block_result fail_to_flush(const struct block_backend *backend)
{
	return BLOCK_FAILED;
}

static void a_medium_that_fails_is_an_error(void **state)
{
	uint32_t written;

	disk.block.read = fail_half_way;
	disk.block.flush = fail_to_flush;
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, 512, true, &written),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(written, 4);
	assert_int_equal(request(VIRTIO_BLK_T_FLUSH, 0, 0, 0, false, NULL), VIRTIO_BLK_S_IOERR);
}

/* The sectors lie over the queue: descriptors, rings and header change under the request. */
static void a_request_may_overwrite_its_own_queue(void **state)
{
	for (uint32_t where = RAM_BASE; where < RAM_BASE + 0x6000; where += 0x800) {
		const struct buffer buffers[] = {
			{ HEADER, VIRTIO_BLK_HEADER, false },
			{ where, 0x2000, true },
			{ HEADER, 512, true },
			{ STATUS, 1, true },
		};

		driver_start(&dev, 0, 1, 64, &q);
		put_header(VIRTIO_BLK_T_IN, 1);
		driver_add(&q, buffers, 4);
		driver_kick(&dev, 0);
		/* It was served as it was when it was taken. */
		assert_int_equal(*(uint8_t *)guest_ptr(STATUS), VIRTIO_BLK_S_OK);
		assert_memory_equal(guest_ptr(HEADER), content + 17 * 512, 512);
	}
}

static unsigned points_seen;

static void reset_the_vm(void)
{
	if (++points_seen == 2) {
		bench_dma.generation++;
		dev.ops->reset(&dev);
	}
}

static void a_reset_ends_a_transfer(void **state)
{
	const struct buffer buffers[] = { { HEADER, 16, false },
					  { DATA, 16 * 512, true },
					  { STATUS, 1, true } };
	uint32_t head, length;

	points_seen = 0;
	extent = 512;
	bench_meanwhile = reset_the_vm;
	put_header(VIRTIO_BLK_T_IN, 0);
	driver_add(&q, buffers, 3);
	driver_kick(&dev, 0);
	assert_int_equal(points_seen, 2);
	assert_false(driver_used(&q, &head, &length));
	assert_int_equal(*(uint8_t *)guest_ptr(STATUS), 0xee);
	assert_int_equal(*(uint8_t *)guest_ptr(DATA + 2 * 512), 0);
	assert_int_equal(rd(&dev, VIRTIO_MMIO_STATUS), 0);
	assert_false(wire_level[0]);
}

/* The guest gets its turn after so many bytes, and the rest is served without another kick. */
static void a_full_queue_is_served_in_bursts(void **state)
{
	const unsigned each = 4096 + 16 + DISK_SIZE + 1;
	const struct buffer buffers[] = { { HEADER, 16, false },
					  { DATA, DISK_SIZE, true },
					  { STATUS, 1, true } };
	unsigned served = 0, rounds = 0;
	uint32_t head, length;

	driver_start(&dev, 0, 1, 64, &q);
	put_header(VIRTIO_BLK_T_IN, 0);
	for (unsigned n = 0; n < 60; n++) {
		q.next_descriptor = 0; /* the same chain, again and again */
		driver_add(&q, buffers, 3);
	}
	driver_kick(&dev, 0);
	driver_kick(&dev, 0); /* changes nothing while the device pauses */
	while (served < 60) {
		unsigned now = 0;

		while (driver_used(&q, &head, &length))
			now++;
		assert_true(now >= 1 && (now - 1) * each < VIRTIO_BLK_BURST);
		served += now;
		rounds++;
		assert_true(wire_level[0]);
		wr(&dev, VIRTIO_MMIO_INTERRUPT_ACK, 3);
		bench_run(&dev, VIRTIO_BLK_PAUSE - 1);
		assert_false(wire_level[0]);
		bench_run(&dev, 1);
	}
	assert_int_equal(served, 60);
	assert_int_equal(rounds, deadline_calls + 1);
	assert_true(bench_deadline == CLOCK_NEVER);
}

static void a_reset_ends_a_pause(void **state)
{
	const struct buffer buffers[] = { { HEADER, 16, false },
					  { DATA, DISK_SIZE, true },
					  { STATUS, 1, true } };

	put_header(VIRTIO_BLK_T_IN, 0);
	for (unsigned n = 0; n < 60; n++) {
		q.next_descriptor = 0;
		driver_add(&q, buffers, 3);
	}
	driver_kick(&dev, 0);
	assert_true(bench_deadline != CLOCK_NEVER);
	wr(&dev, VIRTIO_MMIO_STATUS, 0);
	assert_true(bench_deadline == CLOCK_NEVER);
	driver_start(&dev, 0, 1, 64, &q);
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, DATA, 512, true, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_disk_says_how_large_it_is),
		T(sectors_are_read),
		T(sectors_are_written),
		T(the_last_sector_is_on_the_disk),
		T(what_is_not_on_the_disk_is_an_error),
		T(flush_and_identity),
		T(other_requests_are_not_supported),
		T(a_request_may_be_framed_in_any_way),
		T(a_write_may_begin_in_the_header_s_descriptor),
		T(requests_without_answer_need_a_reset),
		T(a_disk_can_be_read_only),
		T(without_a_back_end_there_are_no_sectors),
		T(a_medium_that_fails_is_an_error),
		T(a_request_may_overwrite_its_own_queue),
		T(a_reset_ends_a_transfer),
		T(a_full_queue_is_served_in_bursts),
		T(a_reset_ends_a_pause),
	};

	return cmocka_run_group_tests_name("virtio_blk", tests, NULL, NULL);
}
