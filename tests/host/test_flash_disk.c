/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the boards' flash, and disks in it, over chips that behave like chips. */
#include "tests/host/virtio_fixture.h"

#include "tests/host/flash_chip.h"

#include "board/drivers/cfi_regs.h"

#include "devemu/virtio_blk.h"
#include "vmm/disk/flash_disk.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DATA   (BUFFERS + 0x1000)
#define BLOCK  CHIP_BLOCK
#define SECTOR BLOCK_SECTOR
/* Ranges of the disks, in blocks. */
#define LOW_AT   2u
#define LOW_SIZE 4u

static const struct chip_kind two_chips = { .chips = 2, .buffer = 5 };

static struct flash_disk low, high, fixed;
static struct flash_info info;
static uint8_t buffer[FLASH_BLOCK_MAX];
static bool is_woken;
static unsigned flash_reads;

static void *map_flash(uint32_t offset, uint32_t *length)
{
	assert_true(offset < CHIP_SIZE && flash_chip_is_readable());
	if (*length > 4096 - offset % 4096)
		*length = 4096 - offset % 4096;
	flash_reads++;
	return (uint8_t *)chip_words + offset;
}

static void *map_buffer(uint32_t offset, uint32_t *length)
{
	assert_true(offset < BLOCK);
	if (*length > 4096 - offset % 4096)
		*length = 4096 - offset % 4096;
	return buffer + offset;
}

static void wake(void)
{
	is_woken = true;
}

static uint64_t now(void)
{
	return chip_now;
}

static const struct flash_memory memory = {
	.flash = map_flash, .buffer = map_buffer, .wake = wake, .now = now
};

static void make(const struct chip_kind *kind)
{
	chip_now = 1000;
	flash_chip_init(kind);
	assert_true(flash_find(&chip_bus, &info));
	flash_disks_start(&memory, &info);
	flash_disk_init(&low, "low", LOW_AT * BLOCK, LOW_SIZE * BLOCK, true);
	flash_disk_init(&high, "high", 8 * BLOCK, 2 * BLOCK, true);
	flash_disk_init(&fixed, "fixed", 12 * BLOCK + SECTOR, 5 * SECTOR, false);
	is_woken = false;
	flash_reads = 0;
}

static struct device dev;

static int setup(void **state)
{
	virtio_bench_init(&dev, &virtio_blk_ops, &low.block, NULL); /* makes the guest's memory */
	make(&two_chips);
	return 0;
}

static int teardown(void **state)
{
	bench_meanwhile = NULL;
	virtio_bench_fini(&dev);
	return 0;
}

/** The thread, for so long; less if it wants to be woken. */
static void work(uint64_t ticks)
{
	const uint64_t end = chip_now + ticks;

	for (;;) {
		const uint64_t until = flash_disk_work();

		assert_true(until > chip_now || until == CLOCK_NEVER);
		if (until > end)
			break;
		chip_now = until;
	}
	chip_now = end;
}

static const struct vq_segment segment = { { DATA }, 0x10000 };

static struct block_run run_of(uint64_t sector, uint32_t sectors)
{
	return (struct block_run){ .sector = sector,
				   .length = sectors * SECTOR,
				   .dma = &bench_dma,
				   .memory = { .segment = &segment, .count = 1 } };
}

/** A request, asked again every ms as virtio_blk does; @p waits says how often. */
static enum block_result carry_out(const struct flash_disk *disk, bool write, uint64_t sector,
				   uint32_t sectors)
{
	struct block_run run = run_of(sector, sectors);
	enum block_result result;
	unsigned waits = 0;

	do {
		result = write ? disk->block.write(&disk->block, &run)
			       : disk->block.read(&disk->block, &run);
		if (result == BLOCK_LATER)
			work(VIRTIO_BLK_RETRY);
	} while (result == BLOCK_LATER && ++waits < 100000);
	assert_true(result != BLOCK_DONE || (run.length == 0 && run.done == sectors * SECTOR));
	return result;
}

static enum block_result flush(const struct flash_disk *disk)
{
	enum block_result result;
	unsigned waits = 0;

	while ((result = disk->block.flush(&disk->block)) == BLOCK_LATER && ++waits < 100000)
		work(VIRTIO_BLK_RETRY);
	return result;
}

static void fill(uint32_t sectors, uint32_t seed)
{
	uint32_t *const words = guest_ptr(DATA);

	for (uint32_t n = 0; n < sectors * SECTOR / 4; n++)
		words[n] = (n + 1) * 2654435761u ^ seed;
}

static const uint8_t *flash_at(uint32_t block, uint32_t sector)
{
	return (const uint8_t *)chip_words + block * BLOCK + sector * SECTOR;
}

/* ---- the driver -------------------------------------------------------------------------------- */

static void the_query_says_what_it_is(void **state)
{
	assert_null(info.wrong);
	assert_int_equal(info.size, CHIP_SIZE);
	assert_int_equal(info.block, CHIP_BLOCK);
	assert_true(flash_chip_is_readable());
	assert_false(chip_enabled);

	make(&(struct chip_kind){ .chips = 1 });
	assert_null(info.wrong);
	assert_int_equal(info.size, CHIP_SIZE);
	assert_int_equal(info.block, CHIP_BLOCK);
}

static void what_it_cannot_be_is_refused(void **state)
{
	chip_query[CFI_COMMAND_SET] = 2; /* AMD's */
	assert_true(flash_find(&chip_bus, &info));
	assert_non_null(strstr(info.wrong, "Intel"));
	flash_chip_init(&two_chips);
	chip_query[CFI_REGIONS] = 2;
	assert_true(flash_find(&chip_bus, &info));
	assert_non_null(strstr(info.wrong, "blocks"));
	flash_chip_init(&two_chips);
	chip_query[CFI_REGION_BLOCKS] = 3;
	assert_true(flash_find(&chip_bus, &info));
	assert_non_null(info.wrong);
	flash_chip_init(&two_chips);
	chip_query[CFI_QRY + 2] = 'X';
	assert_false(flash_find(&chip_bus, &info));
}

static enum flash_result finish(void)
{
	enum flash_result result;
	uint64_t until;
	unsigned steps = 0;

	while ((result = flash_step(&until)) == FLASH_BUSY && ++steps < 100000)
		if (until)
			chip_now = until;
	return result;
}

/* With a buffer and without, of one chip and of two, locked and not. */
static void words_are_programmed_and_blocks_erased(void **state)
{
	static const struct chip_kind kinds[] = {
		{ 2, 5, false }, { 2, 0, false }, { 1, 6, true }, { 1, 0, true }, { 2, 5, true },
	};
	static uint32_t words[FLASH_WORDS_MAX];

	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make(&kinds[k]);
		chip_busy_ticks = 5000;
		for (unsigned n = 0; n < FLASH_WORDS_MAX; n++)
			words[n] = n == 40 ? 0xffffffffu : n * 0x01010101u;
		flash_program(3 * BLOCK + SECTOR, words, FLASH_WORDS_MAX);
		assert_true(chip_enabled);
		assert_int_equal(finish(), FLASH_DONE);
		assert_true(flash_read());
		assert_false(chip_enabled);
		assert_memory_equal(flash_at(3, 1), words, sizeof(words));
		assert_int_equal(chip_words[3 * BLOCK / 4], 0xffffffffu);
		assert_int_equal(chip_words[(3 * BLOCK + 2 * SECTOR) / 4], 0xffffffffu);
		if (kinds[k].buffer)
			assert_int_equal(chip_pieces, 512 / (kinds[k].chips << kinds[k].buffer));
		else
			assert_int_equal(chip_pieces, FLASH_WORDS_MAX - 1);

		flash_erase(3 * BLOCK);
		assert_int_equal(finish(), FLASH_DONE);
		assert_true(flash_read());
		for (unsigned n = 0; n < BLOCK / 4; n++)
			assert_int_equal(chip_words[3 * BLOCK / 4 + n], 0xffffffffu);
		assert_int_equal(chip_erased, 1);
	}
}

static void errors_are_told_and_cleared(void **state)
{
	static uint32_t words[16] = { 1, 2, 3 };

	chip_program_error = CFI_VOLTAGE_ERROR | CFI_PROGRAM_ERROR;
	flash_program(0, words, 16);
	assert_int_equal(finish(), FLASH_FAILED);
	assert_int_equal(flash_status(), 0x00980098u);
	flash_program(0, words, 16);
	assert_int_equal(finish(), FLASH_DONE);
	chip_bad_block = 4;
	flash_erase(4 * BLOCK);
	assert_int_equal(finish(), FLASH_FAILED);
	assert_int_equal(flash_status(), 0x00a000a0u);
	assert_true(flash_read());
	assert_true(flash_chip_is_readable());
}

/* Who comes back late finds a chip that is ready, and no error. */
static void a_chip_that_never_ends_is_given_up(void **state)
{
	uint64_t until;

	chip_busy_ticks = 200 * CLOCK_HZ;
	flash_erase(0);
	assert_int_equal(finish(), FLASH_LATE);
	assert_true(chip_now < 6 * (uint64_t)CLOCK_HZ); /* it says: 4.1 s */
	assert_false(flash_read());
	flash_erase(BLOCK);
	assert_int_equal(finish(), FLASH_LATE);
	chip_now += chip_busy_ticks;
	chip_busy_ticks = 1000;
	assert_true(flash_read());
	flash_erase(BLOCK);
	while (flash_step(&until) == FLASH_BUSY && until == 0)
		;
	chip_now += 100 * CLOCK_HZ;
	assert_int_equal(finish(), FLASH_DONE);
}

/* ---- disks ------------------------------------------------------------------------------------- */

static void what_is_flushed_is_in_the_flash(void **state)
{
	memset(chip_words, 0x5a, sizeof(chip_words));
	fill(3, 1);
	assert_int_equal(carry_out(&low, true, BLOCK / SECTOR + 4, 3), BLOCK_DONE);
	assert_true(is_woken);
	assert_int_equal(chip_erased, 0);
	assert_int_equal(*flash_at(3, 4), 0x5a);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_erased, 1);
	assert_memory_equal(flash_at(3, 4), guest_ptr(DATA), 3 * SECTOR);
	for (unsigned n = 0; n < CHIP_SIZE; n++)
		if (n < 3 * BLOCK + 4 * SECTOR || n >= 3 * BLOCK + 7 * SECTOR)
			assert_int_equal(((uint8_t *)chip_words)[n], 0x5a);
	assert_true(flash_chip_is_readable());
	assert_false(chip_enabled);
	/* There is nothing more to do. */
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_true(flash_disk_work() == CLOCK_NEVER);
	assert_int_equal(chip_erased, 1);
}

static void bits_are_cleared_without_erasing(void **state)
{
	fill(2, 7);
	assert_int_equal(carry_out(&low, true, 0, 2), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_erased, 0);
	assert_int_equal(chip_programmed, 2 * SECTOR / 4);
	assert_memory_equal(flash_at(LOW_AT, 0), guest_ptr(DATA), 2 * SECTOR);
	memset(guest_ptr(DATA), 0, SECTOR);
	assert_int_equal(carry_out(&low, true, 1, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_erased, 0);
	assert_int_equal(chip_programmed, 3 * SECTOR / 4);
	/* The same again is not written at all. */
	assert_int_equal(carry_out(&low, true, 1, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_programmed, 3 * SECTOR / 4);
	fill(1, 3);
	assert_int_equal(carry_out(&low, true, 1, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_erased, 1);
	assert_memory_equal(flash_at(LOW_AT, 1), guest_ptr(DATA), SECTOR);
}

static int notes_good, notes_bad;

static void note_done(bool done)
{
	notes_good += done;
	notes_bad += !done;
}

/** The VMM's own words: while they are programmed disks wait, and the board's end waits for them. */
static void words_of_the_vmm_take_their_turn(void **state)
{
	static uint32_t words[16] = { 1, 2, 3 };
	struct block_run run = run_of(0, 1);

	notes_good = notes_bad = 0;
	chip_busy_ticks = 5000;
	fill(1, 1);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	is_woken = false;
	flash_disk_program(15 * BLOCK + 64, words, 16, note_done);
	assert_true(is_woken);
	assert_false(flash_disk_settle());
	assert_true(flash_disk_work() != CLOCK_NEVER);
	assert_int_equal(fixed.block.read(&fixed.block, &run), BLOCK_LATER);
	work(1000000);
	assert_int_equal(notes_good, 1);
	assert_memory_equal((uint8_t *)chip_words + 15 * BLOCK + 64, words, sizeof(words));
	assert_int_equal(chip_words[15 * BLOCK / 4 + 15], 0xffffffffu);
	assert_true(flash_chip_is_readable() && flash_disk_is_clean());
	/* What was written to the disk meanwhile goes there, too. */
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_memory_equal(flash_at(LOW_AT, 0), guest_ptr(DATA), SECTOR);
	assert_int_equal(carry_out(&fixed, false, 0, 1), BLOCK_DONE);

	chip_program_error = CFI_PROGRAM_ERROR;
	flash_disk_program(15 * BLOCK + 128, words, 16, note_done);
	work(1000000);
	assert_int_equal(notes_good, 1);
	assert_int_equal(notes_bad, 1);
	assert_true(flash_chip_is_readable() && flash_disk_settle());
}

static void what_nobody_flushes_goes_there_after_a_moment(void **state)
{
	uint64_t until;

	fill(1, 1);
	assert_int_equal(carry_out(&low, true, 5, 1), BLOCK_DONE);
	until = flash_disk_work();
	assert_true(until > chip_now && until <= chip_now + CLOCK_HZ / 2);
	assert_int_equal(chip_programmed, 0);
	work(CLOCK_HZ);
	assert_memory_equal(flash_at(LOW_AT, 5), guest_ptr(DATA), SECTOR);
	assert_true(flash_disk_is_clean());
}

static void a_run_may_be_of_several_blocks(void **state)
{
	memset(chip_words, 0, sizeof(chip_words));
	fill(2 * BLOCK / SECTOR, 9);
	assert_int_equal(carry_out(&low, true, 10, 2 * BLOCK / SECTOR), BLOCK_DONE);
	memset(guest_ptr(DATA), 0, 2 * BLOCK);
	/* Read before it is flushed: from the flash, and from RAM. */
	assert_int_equal(carry_out(&low, false, 10, 2 * BLOCK / SECTOR), BLOCK_DONE);
	assert_int_equal(*(uint32_t *)guest_ptr(DATA), 2654435761u ^ 9);
	assert_int_equal(*(uint32_t *)guest_ptr(DATA + 2 * BLOCK - 4),
			 (2 * BLOCK / 4) * 2654435761u ^ 9);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(chip_erased, 3);
	fill(2 * BLOCK / SECTOR, 9);
	assert_memory_equal(flash_at(LOW_AT, 10), guest_ptr(DATA), 2 * BLOCK);
}

/* While it is erased and programmed, whoever wants to read or write waits, but for what is in RAM. */
static void the_others_wait_meanwhile(void **state)
{
	struct block_run run = run_of(0, 1);
	unsigned waits = 0;

	memset(chip_words, 0, sizeof(chip_words));
	fill(1, 1);
	chip_busy_ticks = CLOCK_HZ;
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(low.block.flush(&low.block), BLOCK_LATER);
	work(CLOCK_HZ / 100);
	assert_false(flash_chip_is_readable());
	assert_int_equal(fixed.block.read(&fixed.block, &run), BLOCK_LATER);
	assert_int_equal(run.done, 0);
	assert_int_equal(low.block.read(&low.block, &run), BLOCK_DONE);
	run = run_of(1, 1);
	assert_int_equal(low.block.write(&low.block, &run), BLOCK_LATER);
	run = run_of(1, 1);
	assert_int_equal(high.block.write(&high.block, &run), BLOCK_LATER);
	run = run_of(0, 1);
	chip_busy_ticks = 1000;
	while (fixed.block.read(&fixed.block, &run) == BLOCK_LATER && ++waits < 100000)
		work(VIRTIO_BLK_RETRY);
	assert_int_equal(run.length, 0);
	assert_true(waits > 900);
	assert_int_equal(*(uint32_t *)guest_ptr(DATA), 0);
}

/* Each gets its turn, though they want different blocks all the time. */
static void two_writers_take_turns(void **state)
{
	struct block_run runs[2];
	unsigned done[2] = { 0, 0 };

	memset(chip_words, 0, sizeof(chip_words));
	fill(1, 1);
	runs[0] = run_of(0, 1);
	runs[1] = run_of(0, 1);
	for (unsigned n = 0; n < 4000; n++) {
		const unsigned i = n % 2;
		const struct flash_disk *const disk = i ? &high : &low;

		if (disk->block.write(&disk->block, &runs[i]) == BLOCK_DONE) {
			done[i]++;
			runs[i] = run_of(done[i] % 8, 1);
		}
		work(VIRTIO_BLK_RETRY / 2);
	}
	assert_true(done[0] > 20 && done[1] > 20);
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(flush(&high), BLOCK_DONE);
	for (unsigned n = 0; n < 8; n++) {
		assert_memory_equal(flash_at(LOW_AT, n), guest_ptr(DATA), SECTOR);
		assert_memory_equal(flash_at(8, n), guest_ptr(DATA), SECTOR);
	}
}

static unsigned points_before; /* preempt points before that at which the thread runs */

static void thread_runs(void)
{
	if (points_before-- > 0)
		return;
	bench_meanwhile = NULL;
	while (buffer[BLOCK - 1u] != 0x88)
		work(CLOCK_HZ / 1000u);
}

/* The next one's block is there before the last one's request has returned. */
static void who_ends_gives_up_no_block_but_its_own(void **state)
{
	struct block_run of_high = run_of(0, 1), of_low = run_of(1, 1);

	memset(chip_words, 0, sizeof(chip_words));
	memset(chip_words + 8 * BLOCK / 4, 0x88, BLOCK);
	fill(1, 1);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(high.block.write(&high.block, &of_high), BLOCK_LATER);
	points_before = 1; /* behind the last bytes of the sector */
	bench_meanwhile = thread_runs;
	assert_int_equal(low.block.write(&low.block, &of_low), BLOCK_DONE);
	assert_null(bench_meanwhile);
	of_low = run_of(BLOCK / SECTOR, 1);
	assert_int_equal(low.block.write(&low.block, &of_low), BLOCK_LATER);
	work(1);
	assert_int_equal(high.block.write(&high.block, &of_high), BLOCK_DONE);
	work(VIRTIO_BLK_RETRY);
}

static void a_block_that_cannot_be_erased_is_an_error(void **state)
{
	memset(chip_words, 0, sizeof(chip_words));
	chip_bad_block = LOW_AT;
	fill(1, 1);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_FAILED);
	assert_int_equal(chip_erased, 2); /* it was tried again */
	assert_true(flash_chip_is_readable());
	/* It was told; another block works, and so does another disk. */
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_int_equal(carry_out(&low, true, BLOCK / SECTOR, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
	/* Not told yet: writes fail, of this disk. */
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	work(CLOCK_HZ);
	assert_int_equal(carry_out(&low, true, 3, 1), BLOCK_FAILED);
	assert_int_equal(carry_out(&high, true, 3, 1), BLOCK_DONE);
	assert_int_equal(flush(&high), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_FAILED);
	assert_int_equal(carry_out(&low, false, 0, 1), BLOCK_DONE);
}

static void a_word_that_is_worn_out_is_noticed(void **state)
{
	fill(1, 1);
	chip_bad_word = LOW_AT * BLOCK / 4 + 100;
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_FAILED);
	assert_int_equal(chip_erased, 1); /* the second try begins with that */
	chip_program_error = CFI_PROGRAM_ERROR;
	fill(1, 2);
	assert_int_equal(carry_out(&high, true, 0, 1), BLOCK_DONE);
	assert_int_equal(flush(&high), BLOCK_DONE);
	assert_int_equal(chip_erased, 2); /* the same helped */
	assert_memory_equal(flash_at(8, 0), guest_ptr(DATA), SECTOR);
}

static void a_chip_that_hangs_is_an_error_till_it_is_back(void **state)
{
	memset(chip_words, 0, sizeof(chip_words));
	fill(1, 1);
	chip_busy_ticks = 30 * CLOCK_HZ;
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_FAILED);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_FAILED);
	assert_int_equal(carry_out(&fixed, false, 0, 1), BLOCK_FAILED);
	assert_true(flash_disk_work() == CLOCK_NEVER);
	chip_now += chip_busy_ticks;
	chip_busy_ticks = 0;
	assert_int_equal(carry_out(&fixed, false, 0, 1), BLOCK_DONE);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	assert_int_equal(flush(&low), BLOCK_DONE);
}

/* Memory that is none, and a VM that is reset. */
static void reset_the_vm(void)
{
	bench_dma.generation++;
}

static void a_guest_that_goes_astray_is_noticed(void **state)
{
	static const struct vq_segment nowhere = { { 0x10 }, SECTOR };
	struct block_run run = run_of(0, 1);

	run.memory.segment = &nowhere;
	assert_int_equal(fixed.block.read(&fixed.block, &run), BLOCK_BAD_MEMORY);
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	run = run_of(0, 1);
	run.memory.segment = &nowhere;
	assert_int_equal(low.block.write(&low.block, &run), BLOCK_BAD_MEMORY);
	bench_meanwhile = reset_the_vm;
	run = run_of(0, 4);
	assert_int_equal(low.block.read(&low.block, &run), BLOCK_VOID);
	run = run_of(0, 4);
	assert_int_equal(low.block.write(&low.block, &run), BLOCK_VOID);
}

/* Disks of other VMs come at all preempt points of the thread's work. */
static unsigned seen;

static void others_read(void)
{
	struct block_run run = run_of(0, 1);
	enum block_result result;

	bench_meanwhile = NULL;
	result = fixed.block.read(&fixed.block, &run);
	assert_true(result == BLOCK_DONE || result == BLOCK_LATER);
	if (result == BLOCK_DONE) {
		assert_memory_equal(guest_ptr(DATA), flash_at(12, 1), SECTOR);
		seen++;
	}
	bench_meanwhile = others_read;
}

static void others_may_read_at_each_preempt_point(void **state)
{
	memset(chip_words, 0x11, sizeof(chip_words));
	memset(chip_words + (12 * BLOCK + SECTOR) / 4, 0x77, SECTOR);
	fill(1, 1);
	seen = 0;
	chip_busy_ticks = 2400;
	assert_int_equal(carry_out(&low, true, 0, 1), BLOCK_DONE);
	bench_meanwhile = others_read;
	assert_int_equal(flush(&low), BLOCK_DONE);
	assert_true(seen > 10);
	preempt_points = 0;
	bench_meanwhile = NULL;
	fill(1, 1);
	assert_memory_equal(flash_at(LOW_AT, 0), guest_ptr(DATA), SECTOR);
}

/* ---- through virtio ---------------------------------------------------------------------------- */

static struct driver_queue q;

static unsigned add(uint32_t type, uint32_t sector)
{
	const uint32_t header[] = { type, 0, sector, 0 };
	const struct buffer buffers[] = { { BUFFERS, 16, false },
					  { DATA, SECTOR, type == VIRTIO_BLK_T_IN },
					  { BUFFERS + 0x100, 1, true } };

	memcpy(guest_ptr(BUFFERS), header, sizeof(header));
	*(uint8_t *)guest_ptr(BUFFERS + 0x100) = 0xee;
	return driver_add(&q, buffers, 3);
}

/** The VM runs on meanwhile. Returns the status of the request. */
static unsigned wait_for_answer(void)
{
	uint32_t head, length;

	for (unsigned n = 0; n < 10000; n++) {
		if (driver_used(&q, &head, &length))
			return *(uint8_t *)guest_ptr(BUFFERS + 0x100);
		work(VIRTIO_BLK_RETRY);
		bench_run(&dev, VIRTIO_BLK_RETRY);
	}
	return 0xff;
}

static void the_guest_runs_on_while_it_waits(void **state)
{
	uint32_t head, length;

	memset(chip_words, 0, sizeof(chip_words));
	chip_busy_ticks = CLOCK_HZ / 1000;
	driver_start(&dev, VIRTIO_BLK_F_FLUSH, 1, 64, &q);
	fill(1, 5);
	add(VIRTIO_BLK_T_OUT, 3);
	driver_kick(&dev, 0);
	assert_false(driver_used(&q, &head, &length));
	assert_int_equal(wait_for_answer(), VIRTIO_BLK_S_OK);
	assert_int_equal(chip_erased, 0);
	add(VIRTIO_BLK_T_FLUSH, 0);
	driver_kick(&dev, 0);
	driver_kick(&dev, 0);
	assert_int_equal(wait_for_answer(), VIRTIO_BLK_S_OK);
	assert_int_equal(chip_erased, 1);
	assert_memory_equal(flash_at(LOW_AT, 3), guest_ptr(DATA), SECTOR);
}

/* A driver without flushes takes what it has written for safe. */
static void without_flushes_each_write_is_one(void **state)
{
	memset(chip_words, 0, sizeof(chip_words));
	driver_start(&dev, 0, 1, 64, &q);
	fill(1, 5);
	add(VIRTIO_BLK_T_OUT, 3);
	driver_kick(&dev, 0);
	assert_int_equal(wait_for_answer(), VIRTIO_BLK_S_OK);
	assert_int_equal(chip_erased, 1);
	assert_memory_equal(flash_at(LOW_AT, 3), guest_ptr(DATA), SECTOR);
	chip_bad_block = LOW_AT + 1;
	add(VIRTIO_BLK_T_OUT, BLOCK / SECTOR);
	driver_kick(&dev, 0);
	assert_int_equal(wait_for_answer(), VIRTIO_BLK_S_IOERR);
}

static void a_driver_may_take_back_what_waits(void **state)
{
	uint32_t head, length;

	memset(chip_words, 0, sizeof(chip_words));
	driver_start(&dev, VIRTIO_BLK_F_FLUSH, 1, 64, &q);
	add(VIRTIO_BLK_T_OUT, 3);
	driver_kick(&dev, 0);
	wr(&dev, VIRTIO_MMIO_QUEUE_READY, 0);
	work(CLOCK_HZ);
	bench_run(&dev, CLOCK_HZ);
	assert_false(driver_used(&q, &head, &length));
	assert_int_equal(*(uint8_t *)guest_ptr(BUFFERS + 0x100), 0xee);
	wr(&dev, VIRTIO_MMIO_STATUS, 0);
	driver_start(&dev, VIRTIO_BLK_F_FLUSH, 1, 64, &q);
	add(VIRTIO_BLK_T_OUT, 3);
	driver_kick(&dev, 0);
	assert_int_equal(wait_for_answer(), VIRTIO_BLK_S_OK);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(the_query_says_what_it_is),
		T(what_it_cannot_be_is_refused),
		T(words_are_programmed_and_blocks_erased),
		T(errors_are_told_and_cleared),
		T(a_chip_that_never_ends_is_given_up),
		T(what_is_flushed_is_in_the_flash),
		T(bits_are_cleared_without_erasing),
		T(words_of_the_vmm_take_their_turn),
		T(what_nobody_flushes_goes_there_after_a_moment),
		T(a_run_may_be_of_several_blocks),
		T(the_others_wait_meanwhile),
		T(two_writers_take_turns),
		T(who_ends_gives_up_no_block_but_its_own),
		T(a_block_that_cannot_be_erased_is_an_error),
		T(a_word_that_is_worn_out_is_noticed),
		T(a_chip_that_hangs_is_an_error_till_it_is_back),
		T(a_guest_that_goes_astray_is_noticed),
		T(others_may_read_at_each_preempt_point),
		T(the_guest_runs_on_while_it_waits),
		T(without_flushes_each_write_is_one),
		T(a_driver_may_take_back_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
