/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the card controller against a model of it (pl181_model.h). */
#include "tests/host/pl181_model.h"

#include <string.h>

/* The driver's accessors are the model's. */
#define BOARD_DRIVERS_REGS_H

static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset)
{
	return mci_read(offset);
}

static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value)
{
	mci_write(offset, value);
}

#include "board/drivers/pl181.c"

#define T(f) cmocka_unit_test_setup(f, setup)

/* ---- the bench -------------------------------------------------------------------------------- */

static struct card_info info;
static volatile uint32_t registers[1];
static uint8_t memory[SECTORS][CARD_SECTOR];
static unsigned memory_at, stop_at;

/** A card of version 1: 32 KiB in blocks of 1 KiB. */
static int setup(void **state)
{
	memset(&card, 0, sizeof(card));
	memset(&mci, 0, sizeof(mci));
	memset(&move, 0, sizeof(move));
	for (unsigned n = 0; n < SECTORS; n++)
		for (unsigned i = 0; i < CARD_SECTOR; i++)
			card.content[n][i] = (uint8_t)(n * 7 + i / 3);
	memset(memory, 0xee, sizeof(memory));
	card.inserted = true;
	card.starts = 3;
	card_set_csd(83, 80, 10);
	card_set_csd(73, 62, 7);
	card_set_csd(49, 47, 0);
	memory_at = 0;
	stop_at = ~0u;
	is_high = false;
	return 0;
}

static void make_high(void)
{
	card.high = true;
	card_set_csd(127, 126, 1);
	card_set_csd(69, 48, 0x1d69);
}

static void start(void)
{
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(card.state, STATE_TRANSFER);
}

static enum card_next next(struct card_transfer *transfer, uint32_t *words)
{
	static unsigned calls;

	if (++calls % 3)
		return CARD_NEXT_MORE;
	if (memory_at == stop_at)
		return CARD_NEXT_STOP;
	if (transfer->to_card)
		memcpy(words, memory[memory_at++], CARD_SECTOR);
	else
		memcpy(memory[memory_at++], words, CARD_SECTOR);
	return CARD_NEXT_DONE;
}

static enum card_result run(uint32_t sector, uint32_t count, bool to_card)
{
	static struct card_transfer transfer;
	enum card_result result;

	transfer = (struct card_transfer){
		.sector = sector, .count = count, .to_card = to_card, .next = next
	};
	memory_at = 0;
	pl181_begin(&transfer);
	do {
		const unsigned before = mci.accesses, sectors = memory_at;

		result = pl181_step();
		/* What a step may take; giving up empties the FIFO. */
		assert_true(mci.accesses - before <= 4 * 17 + 2 * 2 * MCI_FIFO_WORDS);
		assert_true(memory_at - sectors <= 1);
		assert_true(memory_at == sectors || mci.accesses - before <= 4 * 17);
	} while (result == CARD_BUSY);
	return result;
}

static void fill(unsigned seed)
{
	for (unsigned n = 0; n < SECTORS; n++)
		for (unsigned i = 0; i < CARD_SECTOR; i++)
			memory[n][i] = (uint8_t)(seed + n * 11 + i);
}

/* ---- the start -------------------------------------------------------------------------------- */

static void a_card_of_version_1_is_found(void **state)
{
	card.version1 = true;
	start();
	assert_int_equal(info.sectors, 64);
	assert_false(info.read_only);
	assert_int_equal(mci.commands[SD_APP_SEND_OCR], 4);
}

static void a_card_of_version_2_is_found(void **state)
{
	start();
	assert_int_equal(info.sectors, 64);
	assert_false(is_high);
}

static void a_card_of_high_capacity_is_found(void **state)
{
	make_high();
	start();
	assert_int_equal(info.sectors, 0x1d6a * 1024);
	assert_true(is_high);
	assert_int_equal(run(5, 1, false), CARD_DONE);
	assert_memory_equal(memory[0], card.content[5], CARD_SECTOR);
}

static void the_largest_sizes_do_not_overflow(void **state)
{
	card_set_csd(83, 80, 11);
	card_set_csd(73, 62, 0xfff);
	card_set_csd(49, 47, 7);
	start();
	assert_int_equal(info.sectors, 4096 * 512 * 4);
	setup(state);
	make_high();
	card_set_csd(69, 48, 0x3fffff);
	start();
	assert_int_equal(info.sectors, 1ull << 32);
}

static void protected_cards_are_read_only(void **state)
{
	for (unsigned n = 12; n <= 13; n++) {
		setup(state);
		card_set_csd(n, n, 1);
		start();
		assert_true(info.read_only);
	}
}

static void what_is_no_sd_card_is_refused(void **state)
{
	card.inserted = false;
	assert_int_equal(pl181_init(registers, &info), CARD_ABSENT);
	assert_int_equal(mci.power, 0);

	setup(state);
	card.mmc = true;
	assert_int_equal(pl181_init(registers, &info), CARD_ABSENT);

	setup(state);
	card.starts = STARTS + 1; /* it never gets ready */
	assert_int_equal(pl181_init(registers, &info), CARD_UNKNOWN);

	setup(state);
	card_set_csd(127, 126, 2);
	assert_int_equal(pl181_init(registers, &info), CARD_UNKNOWN);

	setup(state);
	card_set_csd(83, 80, 8);
	assert_int_equal(pl181_init(registers, &info), CARD_UNKNOWN);

	setup(state);
	mci.absent = true;
	assert_int_equal(pl181_init(registers, &info), CARD_ABSENT);

	setup(state);
	mci.dead = true;
	assert_int_equal(pl181_init(registers, &info), CARD_ABSENT);
}

/** Pulled out in the middle of the start, at each of its commands. */
static void a_card_may_go_while_it_starts(void **state)
{
	for (unsigned n = 1; n < 15; n++) {
		setup(state);
		card.gone_after = n;
		assert_int_not_equal(pl181_init(registers, &info), CARD_DONE);
	}
}

/* ---- moving ----------------------------------------------------------------------------------- */

static void sectors_are_read(void **state)
{
	start();
	for (unsigned count = 1; count <= 8; count++) {
		assert_int_equal(run(3 * count, count, false), CARD_DONE);
		assert_int_equal(memory_at, count);
		assert_memory_equal(memory, card.content[3 * count], count * CARD_SECTOR);
		assert_int_equal(mci.commands[SD_STOP], count - 1);
		assert_int_equal(card.state, STATE_TRANSFER);
	}
	assert_int_equal(mci.commands[SD_READ], 1);
}

static void sectors_are_written(void **state)
{
	uint8_t expected[SECTORS][CARD_SECTOR];

	start();
	memcpy(expected, card.content, sizeof(expected));
	for (unsigned count = 1; count <= 8; count++) {
		fill(count);
		memcpy(expected[4 * count], memory, count * CARD_SECTOR);
		assert_int_equal(run(4 * count, count, true), CARD_DONE);
		assert_int_equal(memory_at, count);
		assert_int_equal(card.programming, 0); /* it has been waited for */
		assert_memory_equal(expected, card.content, sizeof(expected));
	}
	assert_int_equal(mci.commands[SD_WRITE], 1);
}

static void the_last_sector_can_be_moved_and_none_behind_it(void **state)
{
	start();
	assert_int_equal(run(SECTORS - 1, 1, false), CARD_DONE);
	fill(9);
	assert_int_equal(run(SECTORS - 2, 2, true), CARD_DONE);
	assert_memory_equal(card.content[SECTORS - 2], memory, 2 * CARD_SECTOR);
	assert_int_equal(run(SECTORS, 1, false), CARD_FAILED);
	assert_int_equal(run(SECTORS, 2, true), CARD_FAILED);
	assert_int_equal(run(0, 1, false), CARD_DONE); /* it goes on */
}

static void errors_of_data_are_reported_and_the_next_one_works(void **state)
{
	static const struct {
		uint32_t status;
		enum card_result result;
	} errors[] = {
		{ MCI_DATA_CRC_FAIL, CARD_FAILED }, { MCI_DATA_TIMEOUT, CARD_FAILED },
		{ MCI_START_BIT_ERR, CARD_FAILED }, { MCI_RX_OVERRUN, CARD_LATE },
		{ MCI_TX_UNDERRUN, CARD_LATE },
	};

	start();
	for (unsigned n = 0; n < ARRAY_SIZE(errors); n++)
		for (unsigned at = 0; at < 4; at++)
			for (unsigned to_card = 0; to_card < 2; to_card++) {
				mci.fail = errors[n].status;
				mci.fail_at = at;
				assert_int_equal(run(8, 4, to_card), errors[n].result);
				assert_int_equal(card.state, STATE_TRANSFER);
				assert_int_equal(run(8, 4, to_card), CARD_DONE);
			}
}

static void errors_of_the_card_are_reported(void **state)
{
	start();
	fill(1);
	card.errors = 0x04000000; /* write protection violated */
	assert_int_equal(run(8, 1, true), CARD_FAILED);
	assert_int_equal(run(8, 1, true), CARD_DONE);
	card.programming = 0;
	assert_int_equal(run(8, 2, false), CARD_DONE);
}

static void a_card_that_never_gets_ready_fails(void **state)
{
	static struct card_transfer transfer = { .count = 1, .to_card = true, .next = next };
	enum card_result result;

	start();
	pl181_begin(&transfer);
	while ((result = pl181_step()) == CARD_BUSY)
		if (card.programming)
			card.programming = 3;
	assert_int_equal(result, CARD_FAILED);
}

/** At each of the commands, with data under way or not. */
static void a_card_may_go_at_any_time(void **state)
{
	for (unsigned to_card = 0; to_card < 2; to_card++)
		for (unsigned n = 1; n <= 3; n++) {
			setup(state);
			start();
			card.gone_after = n;
			assert_int_not_equal(run(8, 4, to_card), CARD_DONE);
			assert_int_equal(run(8, 4, to_card), CARD_ABSENT);
		}
	/* And while data moves. */
	setup(state);
	start();
	{
		static struct card_transfer transfer = { .count = 4, .next = next };
		enum card_result result = CARD_BUSY;

		pl181_begin(&transfer);
		for (unsigned n = 0; n < 10; n++)
			assert_int_equal(pl181_step(), CARD_BUSY);
		card.inserted = false;
		while (result == CARD_BUSY)
			result = pl181_step();
		assert_int_equal(result, CARD_ABSENT);
	}
}

static void a_dead_controller_is_given_up(void **state)
{
	start();
	mci.dead = true;
	assert_int_equal(run(8, 1, false), CARD_ABSENT);
	assert_true(mci.accesses >= POLLS);
}

static void the_caller_can_stop_a_transfer(void **state)
{
	uint8_t before[SECTORS][CARD_SECTOR];

	start();
	memcpy(before, card.content, sizeof(before));
	for (unsigned to_card = 0; to_card < 2; to_card++)
		for (stop_at = 0; stop_at < 4; stop_at++) {
			fill(3);
			assert_int_equal(run(8, 4, to_card), CARD_STOPPED);
			assert_int_equal(card.state, STATE_TRANSFER);
		}
	/* No sector was written that was not given. The one before may be on its way. */
	assert_memory_equal(card.content[8], memory, 2 * CARD_SECTOR);
	assert_memory_equal(card.content[11], before[11], (SECTORS - 11) * CARD_SECTOR);
	stop_at = ~0u;
	assert_int_equal(run(8, 4, false), CARD_DONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_card_of_version_1_is_found),
		T(a_card_of_version_2_is_found),
		T(a_card_of_high_capacity_is_found),
		T(the_largest_sizes_do_not_overflow),
		T(protected_cards_are_read_only),
		T(what_is_no_sd_card_is_refused),
		T(a_card_may_go_while_it_starts),
		T(sectors_are_read),
		T(sectors_are_written),
		T(the_last_sector_can_be_moved_and_none_behind_it),
		T(errors_of_data_are_reported_and_the_next_one_works),
		T(errors_of_the_card_are_reported),
		T(a_card_that_never_gets_ready_fails),
		T(a_card_may_go_at_any_time),
		T(a_dead_controller_is_given_up),
		T(the_caller_can_stop_a_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
