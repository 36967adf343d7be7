/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card controller of another board: the driver (board/drivers/pl181.c) on board 0 works with the
 * front end's registers, a model of the chip (pl181_model.h) is on board 1, behind the agent.
 */
#include "tests/host/pl181_model.h"

#include <string.h>

#include "net/remote/pl181_agent.h"
#include "net/remote/pl181_front.h"
#include "tests/host/remote_agent_fixture.h"

#define BOARD_DRIVERS_REGS_H

static struct pl181_front front;
static struct pl181_agent agent;
static uint32_t levels;

/* ---- chip, agent and front end --------------------------------------------------------------- */

static enum remote_result chip_read(uint32_t offset, uint32_t *value)
{
	*value = offset == PL181_RESP_COMMAND ? 0 : mci_read(offset);
	return REMOTE_OK;
}

static enum remote_result chip_write(uint32_t offset, uint32_t value)
{
	mci_write(offset, value);
	return REMOTE_OK;
}

static enum remote_result agent_call(const struct server_window *w, const uint8_t *in,
				     uint32_t in_length, uint8_t *out, uint32_t *length)
{
	return pl181_agent_call(&agent, w, in, in_length, out, length);
}

static bool agent_work(const struct server_window *w, struct peer *peer, uint64_t at)
{
	return pl181_agent_work(&agent, w, peer, at);
}

static void agent_used(const struct server_window *w, bool in_use)
{
	pl181_agent_used(&agent, w, in_use);
}

static void front_changed(void)
{
	pl181_front_changed(&front);
}

static void front_event(const uint8_t *data, uint32_t length)
{
	pl181_front_event(&front, data, length);
}

static const struct agent_device card_device = {
	.name = "card",
	.agent = REMOTE_AGENT_PL181,
	.irq_count = 2,
	.most_accesses = 64,
	.read = chip_read,
	.write = chip_write,
	.call = agent_call,
	.work = agent_work,
	.used = agent_used,
	.changed = front_changed,
	.event = front_event,
};

/** A while: the chip works, and interrupts. */
static void pass(uint64_t ticks)
{
	agent_irq(mci_read(MCI_STATUS) & mci.mask[0]);
	run(ticks);
	pl181_front_run(&front, now);
}

/* ---- the driver, on board 0 ------------------------------------------------------------------ */

static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset)
{
	uint32_t value = 0;

	if (offset < PL181_FRONT_END) {
		value = pl181_front_read(&front, offset);
		pl181_front_run(&front, now);
		if (offset == PL181_STATUS)
			pass(20);
		return value;
	} else {
		struct answer answer;

		answer_begin(&answer);
		/* Jobs may be all that can be under way. */
		for (unsigned n = 0; !link_has_room(&boards[0]); n++) {
			assert_in_range(n, 0, 1000);
			run(1000);
		}
		assert_int_equal(client_read(&agent_client, &answer.op, offset, 4, now), REMOTE_OK);
		assert_int_equal(answer_wait(&answer), REMOTE_OK);
		return answer.op.value;
	}
}

static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value)
{
	pl181_front_write(&front, offset, value);
	pl181_front_run(&front, now);
}

#include "board/drivers/pl181.c"

static void show_lines(struct pl181_front *f, uint32_t to)
{
	levels = to;
}

static volatile uint32_t registers[1];
static struct card_info info;
static uint8_t memory[SECTORS][CARD_SECTOR];
static unsigned memory_at;

static int set_up(void **state)
{
	wire_set_up(state);
	memset(&card, 0, sizeof(card));
	memset(&mci, 0, sizeof(mci));
	mci.may_interrupt = true;
	for (unsigned n = 0; n < SECTORS; n++)
		for (unsigned i = 0; i < CARD_SECTOR; i++)
			card.content[n][i] = (uint8_t)(n * 7 + i / 3);
	card.inserted = true;
	card.starts = 3;
	card_set_csd(83, 80, 10);
	card_set_csd(73, 62, 7);
	card_set_csd(49, 47, 0);
	memset(&move, 0, sizeof(move));
	memset(memory, 0xee, sizeof(memory));
	is_high = false;
	levels = 0;

	memset(&front, 0, sizeof(front));
	memset(&agent, 0, sizeof(agent));
	agent_set_up(&card_device);
	agent.device = &agent_chip;
	front.lines = show_lines;
	front.patience = 10000000;
	pl181_front_init(&front, &agent_client);
	return 0;
}

static void start(void)
{
	agent_connect();
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(card.state, STATE_TRANSFER);
}

static enum card_next next(struct card_transfer *transfer, uint32_t *words)
{
	if (transfer->to_card)
		memcpy(words, memory[memory_at++], CARD_SECTOR);
	else
		memcpy(memory[memory_at++], words, CARD_SECTOR);
	return CARD_NEXT_DONE;
}

static enum card_result transfer_sectors(uint32_t sector, uint32_t count, bool to_card)
{
	static struct card_transfer transfer;
	enum card_result result = CARD_BUSY;

	transfer = (struct card_transfer){
		.sector = sector, .count = count, .to_card = to_card, .next = next
	};
	memory_at = 0;
	pl181_begin(&transfer);
	for (unsigned n = 0; n < 2000000 && result == CARD_BUSY; n++)
		result = pl181_step();
	return result;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_card_starts(void **state)
{
	start();
	assert_int_equal(info.sectors, 64);
}

static void sectors_are_read(void **state)
{
	start();
	assert_int_equal(transfer_sectors(3, 1, false), CARD_DONE);
	assert_memory_equal(memory, card.content[3], CARD_SECTOR);
	assert_int_equal(transfer_sectors(5, 20, false), CARD_DONE);
	assert_memory_equal(memory, card.content[5], 20 * CARD_SECTOR);
}

static void sectors_are_written(void **state)
{
	start();
	for (unsigned n = 0; n < 20; n++)
		memset(memory[n], (int)(n + 1), CARD_SECTOR);
	assert_int_equal(transfer_sectors(9, 1, true), CARD_DONE);
	assert_memory_equal(memory, card.content[9], CARD_SECTOR);
	assert_int_equal(transfer_sectors(20, 20, true), CARD_DONE);
	assert_memory_equal(memory, card.content[20], 20 * CARD_SECTOR);
}

static void all_goes_well_on_a_bad_wire(void **state)
{
	start();
	wire_faults = (struct wire_faults){ 15, 15, 15, 15 };
	for (unsigned n = 0; n < 10; n++) {
		assert_int_equal(transfer_sectors(n, 8, false), CARD_DONE);
		assert_memory_equal(memory, card.content[n], 8 * CARD_SECTOR);
		memset(memory, (int)(n + 1), 5 * CARD_SECTOR);
		assert_int_equal(transfer_sectors(40 + n, 5, true), CARD_DONE);
		assert_memory_equal(memory, card.content[40 + n], 5 * CARD_SECTOR);
	}
}

/** As Linux does it: the data path first, then the command, then only what interrupts say. */
static unsigned read_like_linux(uint32_t sector, uint32_t blocks, uint32_t *words)
{
	uint32_t left = blocks * CARD_SECTOR;
	unsigned rounds = 0, frames;

	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	pass(1000); /* what is left of what was before */
	frames = wire_frames;
	reg_write(NULL, PL181_DATA_TIMER, 100000);
	reg_write(NULL, PL181_DATA_LENGTH, left);
	reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 3);
	reg_write(NULL, PL181_MASK1, PL181_RX_HALF_FULL);
	reg_write(NULL, PL181_MASK0,
		  PL181_CMD_RESP_END | PL181_CMD_TIMEOUT | PL181_CMD_CRC_FAIL | PL181_DATA_ERRORS);
	reg_write(NULL, PL181_ARGUMENT, sector * CARD_SECTOR);
	reg_write(NULL, PL181_COMMAND,
		  (blocks > 1 ? SD_READ_SEVERAL : SD_READ) | PL181_COMMAND_REPLY |
			  PL181_COMMAND_ENABLE);
	while (left) {
		assert_in_range(++rounds, 1, 100000);
		while (!levels)
			pass(100);
		if (levels & 1) {
			const uint32_t status = reg_read(NULL, PL181_STATUS);

			assert_int_equal(status & (PL181_CMD_TIMEOUT | PL181_DATA_ERRORS), 0);
			reg_write(NULL, PL181_CLEAR, status & PL181_LATCHED & ~PL181_DATA_END);
			assert_int_equal(reg_read(NULL, PL181_RESPONSE) & SD_STATUS_ERRORS, 0);
		}
		while (left && reg_read(NULL, PL181_STATUS) & PL181_RX_AVAILABLE) {
			uint32_t count = left - 4 * reg_read(NULL, PL181_FIFO_COUNT);

			/* Without that bit it would read nothing, and be interrupted for ever. */
			assert_true(reg_read(NULL, PL181_STATUS) & PL181_RX_ACTIVE);
			left -= count;
			for (; count; count -= 4)
				*words++ = reg_read(NULL, PL181_FIFO);
		}
	}
	reg_write(NULL, PL181_MASK1, 0);
	reg_write(NULL, PL181_MASK0, PL181_DATA_END | PL181_DATA_ERRORS);
	while (!levels)
		pass(100);
	assert_true(reg_read(NULL, PL181_STATUS) & PL181_DATA_END);
	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	reg_write(NULL, PL181_DATA_CTRL, 0);
	frames = wire_frames - frames;
	if (blocks > 1)
		(void)execute(SD_STOP, 0, SHORT_REPLY);
	return frames;
}

static void a_sector_is_four_frames_at_most(void **state)
{
	static uint32_t words[16 * CARD_SECTOR / 4];

	start();
	assert_in_range(read_like_linux(7, 1, words), 2, 2);
	assert_memory_equal(words, card.content[7], CARD_SECTOR);
	/* Of several, much less for each. */
	assert_in_range(read_like_linux(11, 16, words), 2, 16);
	assert_memory_equal(words, card.content[11], 16 * CARD_SECTOR);
	memset(memory[0], 0x5a, CARD_SECTOR);
	wire_frames = 0;
	move.questions = 0;
	reg_write(NULL, PL181_DATA_TIMER, 100000);
	reg_write(NULL, PL181_DATA_LENGTH, CARD_SECTOR);
	assert_int_equal(execute(SD_WRITE, 9 * CARD_SECTOR, SHORT_REPLY), CARD_DONE);
	reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 1);
	for (unsigned n = 0; n < CARD_SECTOR / 4; n++) {
		assert_true(reg_read(NULL, PL181_STATUS) & PL181_TX_HALF_EMPTY);
		reg_write(NULL, PL181_FIFO, 0x5a5a5a5a);
	}
	while (!(reg_read(NULL, PL181_STATUS) & PL181_DATA_END))
		;
	assert_memory_equal(memory[0], card.content[9], CARD_SECTOR);
	assert_in_range(wire_frames, 4, 4);
}

/** As Linux does it: as many words as the status says there is room for, without another look. */
static unsigned write_like_linux(uint32_t sector, uint32_t blocks, uint32_t word)
{
	uint32_t left = blocks * CARD_SECTOR;
	unsigned frames;

	assert_int_equal(execute(SD_WRITE_SEVERAL, sector * CARD_SECTOR, SHORT_REPLY), CARD_DONE);
	reg_write(NULL, PL181_DATA_TIMER, 100000);
	reg_write(NULL, PL181_DATA_LENGTH, left);
	frames = wire_frames;
	reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 1);
	while (left) {
		const uint32_t status = reg_read(NULL, PL181_STATUS);
		uint32_t words = status & PL181_TX_EMPTY        ? 16
				 : status & PL181_TX_HALF_EMPTY ? 8
								: 0;

		assert_int_equal(status & PL181_DATA_ERRORS, 0);
		/* All together, as from a run of stores: nothing is sent in between. */
		for (words = words < left / 4 ? words : left / 4; words; words--, left -= 4)
			pl181_front_write(&front, PL181_FIFO, word++);
		pl181_front_run(&front, now);
	}
	while (!(reg_read(NULL, PL181_STATUS) & PL181_DATA_END))
		;
	frames = wire_frames - frames;
	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	reg_write(NULL, PL181_DATA_CTRL, 0);
	assert_int_equal(execute(SD_STOP, 0, SHORT_REPLY), CARD_DONE);
	return frames;
}

static void a_guest_writes_what_it_is_told_there_is_room_for(void **state)
{
	uint32_t words[16 * CARD_SECTOR / 4];

	start();
	for (unsigned slowness = 0; slowness <= 400; slowness += 200) {
		mci.slowness = slowness;
		assert_in_range(write_like_linux(20, 16, 1000 * slowness), 2,
				slowness ? 100 : 2 * 16);
		for (unsigned n = 0; n < sizeof(words) / 4; n++)
			words[n] = 1000 * slowness + n;
		assert_memory_equal(card.content[20], words, sizeof(words));
		while (card.programming)
			assert_int_equal(execute(SD_SEND_STATUS, 0x12340000, SHORT_REPLY),
					 CARD_DONE);
	}
}

static void a_slow_card_is_waited_for_by_its_interrupt(void **state)
{
	static uint32_t words[CARD_SECTOR / 4];

	start();
	mci.slowness = 300;
	agent_interrupts = 0;
	assert_in_range(read_like_linux(7, 1, words), 4, 4);
	assert_memory_equal(words, card.content[7], CARD_SECTOR);
	assert_true(agent_interrupts > 0);
}

static void errors_of_the_card_come_through(void **state)
{
	start();
	mci.fail = MCI_DATA_CRC_FAIL;
	mci.fail_at = 2;
	assert_int_equal(transfer_sectors(5, 6, false), CARD_FAILED);
	assert_int_equal(transfer_sectors(5, 6, false), CARD_DONE);
	card.inserted = false;
	assert_int_equal(transfer_sectors(5, 6, false), CARD_ABSENT);
}

static void a_board_that_goes_away_is_a_card_that_does(void **state)
{
	start();
	wire_cut = true;
	assert_int_equal(transfer_sectors(5, 6, false), CARD_ABSENT);
	wire_cut = false;
	card.inserted = true;
	agent_wait_open();
	pl181_front_reset(&front);
	card.starts = 1;
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(transfer_sectors(5, 6, false), CARD_DONE);
	assert_memory_equal(memory, card.content[5], 6 * CARD_SECTOR);
}

static void an_impatient_guest_has_its_answer_in_time(void **state)
{
	uint64_t began;

	start();
	front.patience = 20000;
	wire_cut = true;
	for (unsigned tries = 0; tries < 6; tries++) {
		reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
		began = now;
		reg_write(NULL, PL181_ARGUMENT, 0x12340000);
		reg_write(NULL, PL181_COMMAND,
			  SD_SEND_STATUS | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
		while (!(reg_read(NULL, PL181_STATUS) & PL181_CMD_ENDS))
			assert_in_range(now - began, 0, 21000);
		assert_int_equal(reg_read(NULL, PL181_STATUS) & PL181_CMD_ENDS, PL181_CMD_TIMEOUT);
		assert_true(agent_client.is_open);
	}
	/* The session has not even noticed. */
	wire_cut = false;
	run(1000000);
	pl181_front_run(&front, now);
	front.patience = 10000000;
	card.starts = 1;
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(transfer_sectors(5, 6, false), CARD_DONE);
	assert_memory_equal(memory, card.content[5], 6 * CARD_SECTOR);
}

/** Drivers take for good what the data counter says has been moved. */
static void what_nobody_has_confirmed_does_not_count(void **state)
{
	start();
	for (unsigned to_card = 0; to_card <= 1; to_card++) {
		assert_int_equal(execute(to_card ? SD_WRITE_SEVERAL : SD_READ_SEVERAL,
					 8 * CARD_SECTOR, SHORT_REPLY),
				 CARD_DONE);
		reg_write(NULL, PL181_DATA_TIMER, 100000);
		reg_write(NULL, PL181_DATA_LENGTH, 16 * CARD_SECTOR);
		reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 1 | (to_card ? 0 : 2));
		for (unsigned n = 0; n < 100; n++)
			if (to_card)
				reg_write(NULL, PL181_FIFO, n);
			else if (reg_read(NULL, PL181_STATUS) & PL181_RX_AVAILABLE)
				(void)reg_read(NULL, PL181_FIFO);
		front.patience = 1000;
		wire_cut = true;
		if (!to_card)
			assert_in_range(reg_read(NULL, PL181_DATA_COUNT), 15 * CARD_SECTOR,
					16 * CARD_SECTOR - 4);
		for (unsigned n = to_card ? 100 : 2000;
		     !(reg_read(NULL, PL181_STATUS) & PL181_DATA_TIMEOUT); n++) {
			assert_in_range(n, 0, 100000);
			if (to_card)
				reg_write(NULL, PL181_FIFO, n);
			else
				(void)reg_read(NULL, PL181_FIFO);
		}
		assert_int_equal(reg_read(NULL, PL181_DATA_COUNT), 16 * CARD_SECTOR);
		wire_cut = false;
		front.patience = 10000000;
		reg_write(NULL, PL181_DATA_CTRL, 0);
		assert_int_equal(reg_read(NULL, PL181_DATA_COUNT), 0);
		reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
		run(1000000);
		pl181_front_run(&front, now);
		run(1000000);
		assert_int_equal(execute(SD_STOP, 0, SHORT_REPLY), CARD_DONE);
	}
}

/** Reads a few words of a long transfer, and leaves it there. */
static void stop_early(uint32_t sector)
{
	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	reg_write(NULL, PL181_DATA_TIMER, 100000);
	reg_write(NULL, PL181_DATA_LENGTH, 40 * CARD_SECTOR);
	reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 3);
	assert_int_equal(execute(SD_READ_SEVERAL, sector * CARD_SECTOR, SHORT_REPLY), CARD_DONE);
	for (unsigned n = 0; n < 100; n++)
		if (reg_read(NULL, PL181_STATUS) & PL181_RX_AVAILABLE)
			(void)reg_read(NULL, PL181_FIFO);
	pass(10000); /* all that the front end has room for is here; the FIFO is full */
	assert_int_equal(mci.fifo_count, MCI_FIFO_WORDS);
	reg_write(NULL, PL181_DATA_CTRL, 0);
}

static void words_that_stay_in_the_fifo_are_nobodys_data(void **state)
{
	start();
	mci.keeps_words = true;
	stop_early(8);
	assert_int_equal(execute(SD_STOP, 0, SHORT_REPLY), CARD_DONE);
	assert_int_equal(transfer_sectors(5, 6, false), CARD_DONE);
	assert_memory_equal(memory, card.content[5], 6 * CARD_SECTOR);
	/* Nor those of the guest before. */
	stop_early(8);
	pl181_front_reset(&front);
	pl181_front_run(&front, now);
	card.starts = 1;
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
	assert_int_equal(transfer_sectors(30, 6, false), CARD_DONE);
	assert_memory_equal(memory, card.content[30], 6 * CARD_SECTOR);
}

static void words_that_stay_behind_an_error_are_nobodys_data(void **state)
{
	start();
	mci.keeps_words = true;
	for (unsigned at = 0; at < 6; at++) {
		mci.fail = MCI_DATA_CRC_FAIL;
		mci.fail_at = at;
		assert_int_equal(transfer_sectors(5, 8, false), CARD_FAILED);
		assert_int_equal(transfer_sectors(20, 8, false), CARD_DONE);
		assert_memory_equal(memory, card.content[20], 8 * CARD_SECTOR);
	}
}

/** Linux would take the answer for that of the command that it sends when the data has ended. */
static void a_command_has_ended_before_there_is_data(void **state)
{
	const uint32_t data = PL181_RX_AVAILABLE | PL181_RX_HALF_FULL | PL181_RX_FULL |
			      PL181_DATA_END | PL181_BLOCK_END;

	start();
	for (unsigned asks = 0; asks <= 1; asks++) {
		reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
		reg_write(NULL, PL181_DATA_TIMER, 100000);
		reg_write(NULL, PL181_DATA_LENGTH, CARD_SECTOR);
		reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 3);
		reg_write(NULL, PL181_MASK0, asks ? PL181_CMD_RESP_END | PL181_DATA_END : 0);
		reg_write(NULL, PL181_MASK1, PL181_RX_HALF_FULL);
		reg_write(NULL, PL181_ARGUMENT, 7 * CARD_SECTOR);
		reg_write(NULL, PL181_COMMAND,
			  SD_READ | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
		while (!levels)
			pass(100);
		pass(10000);
		if (asks) {
			assert_int_equal(levels, 1);
			/* What it has not seen, it cannot clear. */
			reg_write(NULL, PL181_CLEAR, PL181_LATCHED & ~PL181_CMD_RESP_END);
			assert_int_equal(reg_read(NULL, PL181_STATUS) &
						 (data | PL181_CMD_RESP_END | PL181_RX_EMPTY),
					 PL181_CMD_RESP_END | PL181_RX_EMPTY);
			assert_int_equal(levels, 3);
			reg_write(NULL, PL181_CLEAR, PL181_CMD_RESP_END);
		}
		assert_int_equal(levels, 2);
		assert_true(reg_read(NULL, PL181_STATUS) & PL181_RX_FULL);
		for (unsigned n = 0; n < CARD_SECTOR / 4; n++)
			assert_int_equal(reg_read(NULL, PL181_FIFO),
					 ((const uint32_t *)card.content[7])[n]);
		assert_true(reg_read(NULL, PL181_STATUS) & PL181_DATA_END);
		reg_write(NULL, PL181_DATA_CTRL, 0);
		reg_write(NULL, PL181_MASK1, 0);
	}
}

static void a_patient_guest_waits_for_the_board(void **state)
{
	start();
	front.is_patient = true;
	wire_cut = true;
	agent_wait_gone();
	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	reg_write(NULL, PL181_ARGUMENT, 0x12340000);
	reg_write(NULL, PL181_COMMAND, SD_SEND_STATUS | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
	for (unsigned n = 0; n < 1000; n++)
		assert_int_equal(reg_read(NULL, PL181_STATUS) & PL181_CMD_ENDS, 0);
	wire_cut = false;
	agent_wait_open();
	for (unsigned n = 0; !(reg_read(NULL, PL181_STATUS) & PL181_CMD_ENDS); n++)
		assert_in_range(n, 0, 100000);
	assert_int_equal(reg_read(NULL, PL181_STATUS) & PL181_CMD_ENDS, PL181_CMD_RESP_END);
}

/** How many jobs are under way; or have their answer here, before its turn. */
static unsigned jobs(bool answered)
{
	unsigned count = 0;

	for (unsigned n = 0; n < PL181_JOBS; n++)
		count += front.call[n].is_used && (!answered || front.call[n].is_answered);
	return count;
}

/** The answer to a job is here before the event that the agent had to say first; then the board is gone. */
static void an_answer_out_of_turn_goes_with_its_session(void **state)
{
	const unsigned words = CARD_SECTOR / 4;

	start();
	reg_write(NULL, PL181_CLEAR, PL181_LATCHED);
	pass(1000);
	mci.slowness = 300;
	reg_write(NULL, PL181_DATA_TIMER, 100000);
	reg_write(NULL, PL181_DATA_LENGTH, CARD_SECTOR);
	reg_write(NULL, PL181_DATA_CTRL, MCI_DATA_BLOCK_512 | 3);
	reg_write(NULL, PL181_ARGUMENT, 7 * CARD_SECTOR);
	reg_write(NULL, PL181_COMMAND, SD_READ | PL181_COMMAND_REPLY | PL181_COMMAND_ENABLE);
	run(1000);
	for (unsigned n = 0; !(mci_read(MCI_STATUS) & mci.mask[0]); n++)
		assert_in_range(n, 0, 100 * words);
	wire_cut = true;
	while (agent.is_armed)
		pass(10); /* the event is lost, and not sent again yet */
	wire_cut = false;
	reg_write(NULL, PL181_CLOCK, 0x100);
	run(300);
	assert_in_range(jobs(true), 1, PL181_JOBS);
	wire_cut = true;
	agent_wait_gone();
	assert_int_equal(jobs(false), 0); /* it would for ever */
	wire_cut = false;
	agent_wait_open();
	mci.slowness = 0;
	pl181_front_reset(&front);
	card.starts = 1;
	assert_int_equal(pl181_init(registers, &info), CARD_DONE);
}

static void a_reset_at_any_moment_leaves_it_usable(void **state)
{
	static struct card_transfer transfer = { .sector = 4, .count = 9, .next = next };

	start();
	for (unsigned n = 0; n < 60; n++) {
		memory_at = 0;
		transfer.to_card = n & 1;
		pl181_begin(&transfer);
		for (unsigned steps = 0; steps < n * 2; steps++)
			if (pl181_step() != CARD_BUSY)
				break;
		pl181_front_reset(&front);
		pl181_front_run(&front, now);
		card.starts = 1;
		assert_int_equal(pl181_init(registers, &info), CARD_DONE);
		memory_at = 0;
		assert_int_equal(transfer_sectors(20, 3, false), CARD_DONE);
		assert_memory_equal(memory, card.content[20], 3 * CARD_SECTOR);
	}
}

#define CARD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(a_card_starts),
		CARD_TEST(sectors_are_read),
		CARD_TEST(sectors_are_written),
		CARD_TEST(all_goes_well_on_a_bad_wire),
		CARD_TEST(a_sector_is_four_frames_at_most),
		CARD_TEST(a_guest_writes_what_it_is_told_there_is_room_for),
		CARD_TEST(a_slow_card_is_waited_for_by_its_interrupt),
		CARD_TEST(errors_of_the_card_come_through),
		CARD_TEST(a_board_that_goes_away_is_a_card_that_does),
		CARD_TEST(an_impatient_guest_has_its_answer_in_time),
		CARD_TEST(what_nobody_has_confirmed_does_not_count),
		CARD_TEST(words_that_stay_in_the_fifo_are_nobodys_data),
		CARD_TEST(words_that_stay_behind_an_error_are_nobodys_data),
		CARD_TEST(a_command_has_ended_before_there_is_data),
		CARD_TEST(a_patient_guest_waits_for_the_board),
		CARD_TEST(an_answer_out_of_turn_goes_with_its_session),
		CARD_TEST(a_reset_at_any_moment_leaves_it_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
