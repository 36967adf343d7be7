/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of the card controller against a model of the controller, with a card behind it: what
 * DDI 0172 and the SD specification say about registers, replies, states, FIFO and data. The model
 * refuses what they leave undefined: a FIFO read while empty or written while full, a command while
 * one is under way, data in a state that has none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

/* The driver's accessors are the model's. */
#define BOARD_DRIVERS_REGS_H
static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset);
static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value);

#include "board/drivers/pl181.c"

#define T(f)    cmocka_unit_test_setup(f, setup)
#define SECTORS 64u

/* ---- the card --------------------------------------------------------------------------------- */

enum card_state { IDLE, READY, IDENT, STANDBY, TRANSFER, SENDING, RECEIVING, PROGRAMMING };
enum { REPLY_NONE, REPLY_OK, REPLY_BAD_CRC };

#define RCA 0x12340000u

static struct card {
	bool inserted, version1, high, mmc, app;
	enum card_state state;
	unsigned starts;      /* ACMD41s until it is ready */
	unsigned programming; /* CMD13s until it has written */
	uint32_t errors;      /* of the status, until they are told */
	uint32_t csd[4], reply[4];
	bool several;
	uint32_t at; /* sector */
	uint8_t content[SECTORS][CARD_SECTOR];
	unsigned gone_after; /* commands until somebody pulls it out; 0: never */
} card;

/* ---- the controller --------------------------------------------------------------------------- */

static struct mci {
	uint32_t power, clock, argument, status, data_length, data_ctrl, data_timer;
	uint32_t fifo[MCI_FIFO_WORDS];
	unsigned fifo_count;
	uint32_t count;       /* words that are still to be moved to or from the card */
	uint32_t sector_word; /* of the sector at card.at */
	unsigned delay;       /* reads of status until a command ends */
	uint32_t ends;        /* status then */
	bool dead;            /* nothing ever happens */
	bool absent;          /* there is no such device */
	/* what goes wrong, once, in sector @ref fail_at of a transfer */
	uint32_t fail;
	uint32_t fail_at;
	unsigned commands[64];
	unsigned accesses;
} mci;

static uint32_t card_status(void)
{
	const uint32_t state = card.programming ? PROGRAMMING : card.state;
	const uint32_t status = state << 9 | (card.programming ? 0 : SD_STATUS_READY) | card.errors;

	card.errors = 0;
	return status;
}

/** Where the argument of a read or write leads, if that is on the card. */
static bool seek(uint32_t argument)
{
	if (!card.high && argument % CARD_SECTOR)
		return false;
	card.at = card.high ? argument : argument / CARD_SECTOR;
	if (card.at < SECTORS)
		return true;
	card.errors |= SD_STATUS_RANGE;
	return false;
}

static int data_command(uint32_t argument, bool several, enum card_state state)
{
	assert_int_equal(card.state, TRANSFER);
	assert_false(card.programming);
	card.several = several;
	if (seek(argument))
		card.state = state;
	card.reply[0] = card_status();
	return REPLY_OK;
}

/** What the card makes of a command. */
static int card_command(uint32_t command, uint32_t argument)
{
	const bool app = card.app;

	card.app = false;
	if (card.gone_after && --card.gone_after == 0)
		card.inserted = false;
	if (!card.inserted)
		return REPLY_NONE;
	switch (command) {
	case SD_GO_IDLE:
		card.state = IDLE;
		return REPLY_NONE;
	case SD_SEND_IF_COND:
		if (card.version1 || card.mmc)
			return REPLY_NONE;
		card.reply[0] = argument & 0xfff;
		return REPLY_OK;
	case SD_APP_CMD:
		assert_int_equal(card.state, IDLE);
		card.app = true;
		card.reply[0] = 0x120;
		return card.mmc ? REPLY_NONE : REPLY_OK;
	case SD_APP_SEND_OCR:
		if (!app)
			return REPLY_NONE;
		assert_true(argument & SD_OCR_3V3);
		card.reply[0] = 0x00ff8000;
		/* One of high capacity never starts for a host that does not know of it. */
		if (card.high && !(argument & SD_OCR_HIGH))
			return REPLY_BAD_CRC;
		if (card.starts) {
			card.starts--;
			return REPLY_BAD_CRC; /* R3 has no CRC */
		}
		card.reply[0] |= SD_OCR_READY | (card.high ? SD_OCR_HIGH : 0);
		card.state = READY;
		return REPLY_BAD_CRC;
	case SD_ALL_SEND_CID:
		assert_int_equal(card.state, READY);
		card.state = IDENT;
		return REPLY_OK;
	case SD_SEND_ADDRESS:
		assert_int_equal(card.state, IDENT);
		card.state = STANDBY;
		card.reply[0] = RCA | 0x500;
		return REPLY_OK;
	case SD_SEND_CSD:
		assert_int_equal(card.state, STANDBY);
		assert_int_equal(argument, RCA);
		memcpy(card.reply, card.csd, sizeof(card.reply));
		return REPLY_OK;
	case SD_SELECT:
		assert_int_equal(argument, RCA);
		card.reply[0] = card_status();
		card.state = TRANSFER;
		return REPLY_OK;
	case SD_SET_BLOCKLEN:
		assert_int_equal(argument, CARD_SECTOR);
		card.reply[0] = card_status();
		return REPLY_OK;
	case SD_SEND_STATUS:
		assert_int_equal(argument, RCA);
		card.reply[0] = card_status();
		if (card.programming)
			card.programming--;
		return REPLY_OK;
	case SD_READ:
	case SD_READ_SEVERAL:
		return data_command(argument, command == SD_READ_SEVERAL, SENDING);
	case SD_WRITE:
	case SD_WRITE_SEVERAL:
		return data_command(argument, command == SD_WRITE_SEVERAL, RECEIVING);
	case SD_STOP:
		if (card.state != SENDING && card.state != RECEIVING)
			return REPLY_NONE;
		if (card.state == RECEIVING)
			card.programming = 3;
		card.state = TRANSFER;
		card.reply[0] = card_status();
		return REPLY_OK;
	default:
		fail_msg("command %u", (unsigned)command);
		return REPLY_NONE;
	}
}

static void end_data(uint32_t why)
{
	mci.status |= why;
	mci.data_ctrl &= ~MCI_DATA_ENABLE;
}

/** A sector has passed: it may have gone wrong, and a card of one sector is through with it. */
static void sector_passed(void)
{
	mci.sector_word = 0;
	card.at++;
	if (mci.fail && mci.fail_at-- == 0) {
		end_data(mci.fail);
		mci.fail = 0;
		return;
	}
	if (!mci.count) {
		end_data(MCI_DATA_END);
		if (!card.several) {
			if (card.state == RECEIVING)
				card.programming = 3;
			card.state = TRANSFER;
		}
	}
}

/** Data moves, up to a word at a time, between card and FIFO. */
static void pump(void)
{
	const bool from_card = mci.data_ctrl & MCI_DATA_FROM_CARD;
	uint8_t *const content = &card.content[card.at % SECTORS][4 * mci.sector_word];

	if (!(mci.data_ctrl & MCI_DATA_ENABLE) || !mci.count || mci.dead)
		return;
	if (!card.inserted) {
		end_data(MCI_DATA_TIMEOUT);
		return;
	}
	if (card.state != (from_card ? SENDING : RECEIVING))
		return;
	assert_true(card.at < SECTORS);
	if (from_card && mci.fifo_count < MCI_FIFO_WORDS) {
		memcpy(&mci.fifo[mci.fifo_count++], content, 4);
	} else if (!from_card && mci.fifo_count) {
		memcpy(content, mci.fifo, 4);
		memmove(mci.fifo, mci.fifo + 1, --mci.fifo_count * sizeof(mci.fifo[0]));
	} else {
		return;
	}
	mci.count--;
	if (++mci.sector_word == CARD_SECTOR / 4)
		sector_passed();
}

static uint32_t fifo_status(void)
{
	uint32_t status = 0;

	if (mci.data_ctrl & MCI_DATA_FROM_CARD) {
		status |= mci.fifo_count ? MCI_RX_AVAILABLE : 0;
		status |= mci.fifo_count >= 8 ? MCI_RX_HALF_FULL : 0;
		status |= mci.fifo_count == MCI_FIFO_WORDS ? MCI_RX_FULL : 0;
	} else if (mci.data_ctrl & MCI_DATA_ENABLE) {
		status |= mci.fifo_count <= 8 ? MCI_TX_HALF_EMPTY : 0;
		status |= mci.fifo_count == 0 ? MCI_TX_EMPTY : 0;
	}
	return status;
}

static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset)
{
	uint32_t value;

	mci.accesses++;
	if (mci.absent)
		return 0;
	switch (offset) {
	case MCI_PERIPH_ID0:
		return 0x81;
	case MCI_PERIPH_ID1:
		return 0x11;
	case MCI_RESPONSE:
	case MCI_RESPONSE + 4:
	case MCI_RESPONSE + 8:
	case MCI_RESPONSE + 12:
		return card.reply[(offset - MCI_RESPONSE) / 4];
	case MCI_STATUS:
		for (unsigned n = 0; n < 5; n++)
			pump();
		if (mci.ends && !mci.dead && mci.delay-- == 0) {
			mci.status |= mci.ends;
			mci.ends = 0;
		}
		return mci.status | fifo_status();
	case MCI_FIFO:
		assert_true(mci.fifo_count > 0);
		value = mci.fifo[0];
		memmove(mci.fifo, mci.fifo + 1, --mci.fifo_count * sizeof(mci.fifo[0]));
		return value;
	default:
		fail_msg("read of 0x%x", (unsigned)offset);
		return 0;
	}
}

static void start_command(uint32_t value)
{
	const uint32_t command = value & 0x3f;
	int reply;

	assert_true(value & MCI_COMMAND_ENABLE);
	assert_false(mci.ends && !mci.dead);
	assert_int_equal(mci.power, MCI_POWER_ON);
	assert_true(mci.clock & MCI_CLOCK_ENABLE);
	assert_true(command == SD_STOP || !card.inserted || card.state != SENDING);
	mci.commands[command]++;
	reply = card_command(command, mci.argument);
	mci.delay = 2;
	if (!(value & MCI_COMMAND_REPLY))
		mci.ends = MCI_CMD_SENT;
	else if (reply == REPLY_NONE)
		mci.ends = MCI_CMD_TIMEOUT;
	else
		mci.ends = reply == REPLY_OK ? MCI_CMD_RESP_END : MCI_CMD_CRC_FAIL;
}

static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value)
{
	mci.accesses++;
	switch (offset) {
	case MCI_POWER:
		mci.power = value;
		break;
	case MCI_CLOCK:
		mci.clock = value;
		break;
	case MCI_ARGUMENT:
		mci.argument = value;
		break;
	case MCI_COMMAND:
		if (value)
			start_command(value);
		break;
	case MCI_DATA_TIMER:
		mci.data_timer = value;
		break;
	case MCI_DATA_LENGTH:
		mci.data_length = value;
		break;
	case MCI_DATA_CTRL:
		mci.data_ctrl = value;
		if (value & MCI_DATA_ENABLE) {
			assert_int_equal(mci.data_length % CARD_SECTOR, 0);
			assert_true(mci.data_timer > 0);
			assert_true(value & MCI_DATA_BLOCK_512);
			mci.count = mci.data_length / 4;
			mci.sector_word = 0;
		} else {
			mci.fifo_count = 0;
		}
		break;
	case MCI_CLEAR:
		mci.status &= ~value;
		break;
	case MCI_MASK0:
	case MCI_MASK1:
		assert_int_equal(value, 0);
		break;
	case MCI_FIFO:
		assert_true(mci.fifo_count < MCI_FIFO_WORDS);
		mci.fifo[mci.fifo_count++] = value;
		break;
	default:
		fail_msg("write of 0x%x", (unsigned)offset);
	}
}

/* ---- the bench -------------------------------------------------------------------------------- */

static struct card_info info;
static volatile uint32_t registers[1];
static uint8_t memory[SECTORS][CARD_SECTOR];
static unsigned memory_at, stop_at;

static void set_csd(unsigned high, unsigned low, uint32_t value)
{
	for (unsigned n = low; n <= high; n++) {
		card.csd[3 - n / 32] &= ~BIT(n % 32);
		if (bit(value, n - low))
			card.csd[3 - n / 32] |= BIT(n % 32);
	}
}

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
	set_csd(83, 80, 10);
	set_csd(73, 62, 7);
	set_csd(49, 47, 0);
	memory_at = 0;
	stop_at = ~0u;
	is_high = false;
	return 0;
}

static void make_high(void)
{
	card.high = true;
	set_csd(127, 126, 1);
	set_csd(69, 48, 0x1d69);
}

static void start(void)
{
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(card.state, TRANSFER);
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
	set_csd(83, 80, 11);
	set_csd(73, 62, 0xfff);
	set_csd(49, 47, 7);
	start();
	assert_int_equal(info.sectors, 4096 * 512 * 4);
	setup(state);
	make_high();
	set_csd(69, 48, 0x3fffff);
	start();
	assert_int_equal(info.sectors, 1ull << 32);
}

static void protected_cards_are_read_only(void **state)
{
	for (unsigned n = 12; n <= 13; n++) {
		setup(state);
		set_csd(n, n, 1);
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
	set_csd(127, 126, 2);
	assert_int_equal(pl181_init(registers, &info), CARD_UNKNOWN);

	setup(state);
	set_csd(83, 80, 8);
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
		assert_int_equal(card.state, TRANSFER);
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
				assert_int_equal(card.state, TRANSFER);
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
			assert_int_equal(card.state, TRANSFER);
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
