/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of a card as disks: a driver that takes many steps for a command, and VMs that come in
 * between, as a preempt point lets them.
 */
#include "tests/host/virtio_fixture.h"

#include "devemu/virtio_blk.h"
#include "vmm/disk/card_disk.h"

#include <string.h>

#define SECTORS 256u
#define DATA    (BUFFERS + 0x1000)

/* ---- a card ----------------------------------------------------------------------------------- */

static uint8_t content[SECTORS][CARD_SECTOR];
static struct card_transfer *transfer;
static uint32_t done, steps;
static unsigned commands, longest;
static enum card_result wrong; /* how the next commands end, and how many of them */
static unsigned wrong_count;

static enum card_result fake_init(volatile uint32_t *regs, struct card_info *info)
{
	*info = (struct card_info){ .sectors = SECTORS };
	return wrong_count ? wrong : CARD_DONE;
}

static void fake_begin(struct card_transfer *t)
{
	assert_null(transfer); /* one command at a time */
	assert_true(t->count >= 1 && t->sector + t->count <= SECTORS);
	transfer = t;
	done = steps = 0;
	commands++;
	if (t->count > longest)
		longest = t->count;
}

static enum card_result end(enum card_result result)
{
	transfer = NULL;
	return result;
}

static enum card_result fake_step(void)
{
	uint32_t words[CARD_SECTOR / 4];
	enum card_next next;
	uint8_t *const sector = content[transfer->sector + done];

	if (++steps % 3)
		return CARD_BUSY;
	if (wrong_count && done == transfer->count / 2) {
		wrong_count--;
		return end(wrong);
	}
	if (done == transfer->count)
		return end(CARD_DONE);
	memcpy(words, sector, CARD_SECTOR);
	next = transfer->next(transfer, words);
	if (next == CARD_NEXT_STOP)
		return end(CARD_STOPPED);
	if (transfer->to_card || next == CARD_NEXT_MORE)
		memcpy(sector, words, CARD_SECTOR);
	if (next == CARD_NEXT_MORE) /* the sector stays as it is so far */
		return CARD_BUSY;
	done++;
	return CARD_BUSY;
}

static const struct card_driver fake = { .init = fake_init,
					 .begin = fake_begin,
					 .step = fake_step };

/* ---- the bench -------------------------------------------------------------------------------- */

static struct device dev;
static struct card_disk low, high;
static struct card_info info;

static int setup(void **state)
{
	for (unsigned n = 0; n < SECTORS; n++)
		memset(content[n], (int)n, CARD_SECTOR);
	transfer = NULL;
	commands = longest = wrong_count = 0;
	assert_int_equal(card_start(&fake, NULL, &info), CARD_DONE);
	card_disk_init(&low, "low", 10, 100, false);
	card_disk_init(&high, "high", 150, 100, false);
	virtio_bench_init(&dev, &virtio_blk_ops, &low.block, NULL);
	return 0;
}

static int teardown(void **state)
{
	bench_meanwhile = NULL;
	virtio_bench_fini(&dev);
	return 0;
}

static enum block_result move_run(const struct card_disk *disk, bool write, uint64_t sector,
				  uint32_t at, uint32_t count)
{
	const struct vq_segment segments[] = { { gpa(at), 100 },
					       { gpa(at + 100), count * CARD_SECTOR - 100 } };
	struct block_run run = { .sector = sector,
				 .length = count * CARD_SECTOR,
				 .dma = &bench_dma,
				 .memory = { .segment = segments, .count = 2 } };
	const enum block_result result = write ? disk->block.write(&disk->block, &run)
					       : disk->block.read(&disk->block, &run);

	assert_true(result != BLOCK_DONE || run.length == 0);
	return result;
}

/** @p count sectors of memory at @p at are those of the card at @p sector. */
static void expect_equal(uint32_t at, uint32_t sector, uint32_t count)
{
	assert_memory_equal(guest_ptr(at), content[sector], count * CARD_SECTOR);
}

static void sectors_are_those_of_the_range(void **state)
{
	assert_int_equal(move_run(&low, false, 0, DATA, 1), BLOCK_DONE);
	expect_equal(DATA, 10, 1);
	assert_int_equal(move_run(&high, false, 99, DATA + 6, 1), BLOCK_DONE);
	expect_equal(DATA + 6, 249, 1);
	assert_int_equal(move_run(&low, false, 3, DATA, 50), BLOCK_DONE);
	expect_equal(DATA, 13, 50);
	assert_int_equal(longest, 8);
	memset(guest_ptr(DATA), 0xa5, 20 * CARD_SECTOR);
	assert_int_equal(move_run(&high, true, 7, DATA, 20), BLOCK_DONE);
	expect_equal(DATA, 157, 20);
	assert_int_equal(content[156][511], 156);
	assert_int_equal(content[177][0], 177);
}

/** The VMM's own, before there are VMs and while they run. */
static void a_sector_of_the_vmm_is_written(void **state)
{
	uint32_t words[CARD_SECTOR / 4];

	for (unsigned others_run = 0; others_run < 2; others_run++) {
		memset(words, 0x31 + (int)others_run, sizeof(words));
		preempt_points = 0;
		assert_int_equal(card_write_sector(77, words, others_run), CARD_DONE);
		assert_int_equal(preempt_points > 0, others_run);
		assert_memory_equal(content[77], words, CARD_SECTOR);
		assert_int_equal(content[76][0], 76);
		assert_int_equal(content[78][0], 78);
	}
}

/** However a guest divides its memory: one piece at a time is moved, and then others may come. */
static void a_sector_may_be_of_many_pieces(void **state)
{
	struct vq_segment segments[64];

	for (uint32_t n = 0; n < 64; n++)
		segments[n] = (struct vq_segment){ gpa(DATA + 33 * n), n == 63 ? 520 : 8 };
	for (unsigned write = 0; write < 2; write++) {
		struct block_run run = { .sector = 5,
					 .length = 2 * CARD_SECTOR,
					 .dma = &bench_dma,
					 .memory = { .segment = segments, .count = 64 } };

		preempt_points = 0;
		assert_int_equal(write ? low.block.write(&low.block, &run)
				       : low.block.read(&low.block, &run),
				 BLOCK_DONE);
		assert_true(preempt_points >= 64);
		for (uint32_t n = 0; n < 63; n++)
			assert_memory_equal(guest_ptr(DATA + 33 * n), content[15] + 8 * n, 8);
		assert_memory_equal(guest_ptr(DATA + 33 * 63), content[15] + 504, 520);
		assert_int_equal(content[17][0], 17);
		for (uint32_t n = 0; n < 64 * 33; n++)
			*(uint8_t *)guest_ptr(DATA + n) = (uint8_t)(n * 5);
	}
}

/* Others that run at the preempt points of one that is at it, and are at it themselves. */

static unsigned depth, others, first_done;

static void others_come(void)
{
	const unsigned me = depth;

	if (depth == 3 || ++others % 5)
		return;
	depth++;
	/* Each has memory and sectors of its own; nobody comes back before it is through. */
	assert_int_equal(move_run(&high, me & 1, 20 * me, DATA + 0x4000 * (me + 1), 12),
			 BLOCK_DONE);
	expect_equal(DATA + 0x4000 * (me + 1), 150 + 20 * me, 12);
	first_done++;
	depth--;
}

static void who_finds_the_card_busy_carries_on_the_command_of_the_other(void **state)
{
	depth = others = first_done = 0;
	bench_meanwhile = others_come;
	assert_int_equal(move_run(&low, false, 0, DATA, 24), BLOCK_DONE);
	expect_equal(DATA, 10, 24);
	assert_true(first_done > 3);
	memset(guest_ptr(DATA), 0x5a, 24 * CARD_SECTOR);
	assert_int_equal(move_run(&low, true, 0, DATA, 24), BLOCK_DONE);
	expect_equal(DATA, 10, 24);
	assert_int_equal(content[9][0], 9);
	assert_int_equal(content[34][0], 34);
}

static void what_went_wrong_is_tried_again(void **state)
{
	wrong = CARD_FAILED;
	wrong_count = 2;
	assert_int_equal(move_run(&low, false, 0, DATA, 24), BLOCK_DONE);
	expect_equal(DATA, 10, 24);
	assert_int_equal(commands, 3 + 2);
	wrong = CARD_LATE;
	wrong_count = 15;
	memset(guest_ptr(DATA), 0x77, 24 * CARD_SECTOR);
	assert_int_equal(move_run(&low, true, 0, DATA, 24), BLOCK_DONE);
	expect_equal(DATA, 10, 24);
}

static void what_goes_wrong_again_and_again_is_an_error(void **state)
{
	wrong = CARD_FAILED;
	wrong_count = 3;
	assert_int_equal(move_run(&low, false, 0, DATA, 1), BLOCK_FAILED);
	assert_int_equal(commands, 3);
	wrong = CARD_LATE;
	wrong_count = 16;
	assert_int_equal(move_run(&low, false, 0, DATA, 1), BLOCK_FAILED);
	assert_int_equal(move_run(&low, false, 0, DATA, 1), BLOCK_DONE);
}

static void without_a_card_nothing_is_asked_of_it(void **state)
{
	wrong = CARD_ABSENT;
	wrong_count = 1;
	assert_int_equal(move_run(&low, false, 0, DATA, 9), BLOCK_FAILED);
	assert_int_equal(commands, 1);
	assert_int_equal(move_run(&high, true, 0, DATA, 1), BLOCK_FAILED);
	assert_int_equal(commands, 1);
	wrong_count = 1;
	assert_int_equal(card_start(&fake, NULL, &info), CARD_ABSENT);
	assert_int_equal(move_run(&low, false, 0, DATA, 1), BLOCK_FAILED);
	assert_int_equal(commands, 1);
}

static void memory_that_is_none_is_the_guests_mistake(void **state)
{
	assert_int_equal(move_run(&low, false, 0, RAM_BASE + RAM_SIZE - 512, 4), BLOCK_BAD_MEMORY);
	assert_int_equal(move_run(&low, false, 0, ROM_BASE, 2), BLOCK_BAD_MEMORY);
	assert_int_equal(move_run(&low, true, 0, RAM_BASE + RAM_SIZE, 1), BLOCK_BAD_MEMORY);
	assert_null(transfer);
	assert_int_equal(move_run(&low, true, 0, DATA, 1), BLOCK_DONE);
}

static void reset_vm(void)
{
	bench_dma.generation++;
	bench_meanwhile = NULL;
}

static void nothing_more_is_moved_for_a_vm_that_was_reset(void **state)
{
	for (unsigned write = 0; write < 2; write++) {
		bench_meanwhile = reset_vm;
		memset(guest_ptr(DATA), 0x11, 8 * CARD_SECTOR);
		assert_int_equal(move_run(&low, write, 0, DATA, 8), BLOCK_VOID);
		assert_int_equal(*(uint8_t *)guest_ptr(DATA), 0x11);
		assert_int_equal(content[10][0], 10);
		assert_null(transfer);
	}
}

static void a_protected_card_cannot_be_written(void **state)
{
	card_disk_init(&low, "low", 10, 100, true);
	assert_true(low.block.read_only);
	assert_null(low.block.write);
}

static void the_vmm_reads_a_sector_before_there_are_vms(void **state)
{
	uint8_t sector[CARD_SECTOR];

	preempt_points = 0;
	assert_int_equal(card_read_sector(77, sector), CARD_DONE);
	assert_memory_equal(sector, content[77], CARD_SECTOR);
	assert_int_equal(preempt_points, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(sectors_are_those_of_the_range),
		T(a_sector_of_the_vmm_is_written),
		T(a_sector_may_be_of_many_pieces),
		T(who_finds_the_card_busy_carries_on_the_command_of_the_other),
		T(what_went_wrong_is_tried_again),
		T(what_goes_wrong_again_and_again_is_an_error),
		T(without_a_card_nothing_is_asked_of_it),
		T(memory_that_is_none_is_the_guests_mistake),
		T(nothing_more_is_moved_for_a_vm_that_was_reset),
		T(a_protected_card_cannot_be_written),
		T(the_vmm_reads_a_sector_before_there_are_vms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
