/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARM PrimeCell MCI PL180 and PL181 with an SD card, by PIO.
 *
 * The card has one line of data, at a clock low enough for a FIFO of 64 bytes that a program empties:
 * it lasts for 1.4 ms. Whoever comes later finds an overrun, and is told to try again. That a card
 * or a controller does not answer is found by the controller's own timers; POLLS ends what they do
 * not.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/pl181_regs.h"
#include "board/drivers/regs.h"
#include "vmm/lib/bits.h"

/* Dividers of 24 MHz, by 2 * (n + 1): 188 kHz until the card is known, then 375 kHz. */
#define CLOCK_SLOW (63u | MCI_CLOCK_ENABLE)
#define CLOCK      (31u | MCI_CLOCK_ENABLE)
/** Clocks: half a second. A card must have read its data after 100 ms, and written it after 250. */
#define DATA_TIME 187500u

/** Of the status register, in a row without progress: many times longer than any of the above. */
#define POLLS 4000000u
/** Questions whether the card is ready: each takes 96 clocks or more, half a second in all. */
#define QUESTIONS 4096u
/** The same while it starts, two commands each: a card must be ready after a second. */
#define STARTS 10000u
/** Polls of one step. */
#define STEP_POLLS 4u

#define COMMAND_ENDS (MCI_CMD_CRC_FAIL | MCI_CMD_TIMEOUT | MCI_CMD_RESP_END)
#define DATA_ERRORS                                                                \
	(MCI_DATA_CRC_FAIL | MCI_DATA_TIMEOUT | MCI_TX_UNDERRUN | MCI_RX_OVERRUN | \
	 MCI_START_BIT_ERR)

static volatile uint32_t *regs;
static uint32_t address; /* the card's, in the upper half */
static bool is_high;     /* high capacity: counts sectors instead of bytes */

/* ---- commands --------------------------------------------------------------------------------- */

#define NO_REPLY    0u
#define SHORT_REPLY MCI_COMMAND_REPLY
#define LONG_REPLY  (MCI_COMMAND_REPLY | MCI_COMMAND_LONG)

static void send(uint32_t command, uint32_t argument, uint32_t reply)
{
	reg_write(regs, MCI_CLEAR, MCI_CLEAR_ALL);
	reg_write(regs, MCI_ARGUMENT, argument);
	reg_write(regs, MCI_COMMAND, command | reply | MCI_COMMAND_ENABLE);
}

/** Sends a command and waits for its end. */
static enum card_result execute(uint32_t command, uint32_t argument, uint32_t reply)
{
	const uint32_t ends = reply ? COMMAND_ENDS : MCI_CMD_SENT;
	uint32_t status = 0;

	send(command, argument, reply);
	for (uint32_t n = 0; n < POLLS && !(status & ends); n++)
		status = reg_read(regs, MCI_STATUS);
	if (status & MCI_CMD_TIMEOUT || !(status & ends))
		return CARD_ABSENT;
	return status & MCI_CMD_CRC_FAIL ? CARD_FAILED : CARD_DONE;
}

static uint32_t response(void)
{
	return reg_read(regs, MCI_RESPONSE);
}

/* ---- the start -------------------------------------------------------------------------------- */

/** Asks the card to start, until it has. A reply without CRC is the rule with this one. (4.9.4) */
static enum card_result start_card(uint32_t conditions)
{
	for (unsigned n = 0; n < STARTS; n++) {
		enum card_result result = execute(SD_APP_CMD, 0, SHORT_REPLY);

		if (result != CARD_DONE)
			return result;
		if (execute(SD_APP_SEND_OCR, conditions, SHORT_REPLY) == CARD_ABSENT)
			return CARD_UNKNOWN; /* a MultiMediaCard */
		if (response() & SD_OCR_READY) {
			is_high = (response() & SD_OCR_HIGH) != 0;
			return CARD_DONE;
		}
	}
	return CARD_UNKNOWN;
}

/** A field of the CSD, of less than 32 bits. */
static uint32_t csd_field(const uint32_t csd[4], unsigned high, unsigned low)
{
	const unsigned word = 3u - low / 32u, shift = low % 32u;
	uint64_t both = csd[word];

	if (word > 0)
		both |= (uint64_t)csd[word - 1u] << 32;
	return (uint32_t)(both >> shift) & (BIT(high - low + 1u) - 1u);
}

static enum card_result read_csd(struct card_info *info)
{
	const enum card_result result = execute(SD_SEND_CSD, address, LONG_REPLY);
	uint32_t csd[4];

	if (result != CARD_DONE)
		return result;
	for (unsigned n = 0; n < 4; n++)
		csd[n] = reg_read(regs, MCI_RESPONSE + 4 * n);
	info->read_only = csd_field(csd, SD_CSD_PROTECTED) != 0;
	if (csd_field(csd, SD_CSD_STRUCTURE) == 0) {
		const uint32_t length = csd_field(csd, SD_CSD_BLOCK_LEN);

		if (is_high || length < 9 || length > 11)
			return CARD_UNKNOWN;
		info->sectors = (uint64_t)(csd_field(csd, SD_CSD_SIZE) + 1u)
				<< (csd_field(csd, SD_CSD_MULTIPLIER) + 2u + length - 9u);
		return CARD_DONE;
	}
	if (csd_field(csd, SD_CSD_STRUCTURE) != 1 || !is_high)
		return CARD_UNKNOWN;
	info->sectors = (uint64_t)(csd_field(csd, SD_CSD_SIZE_V2) + 1u) << 10;
	return CARD_DONE;
}

/** The card identification of the specification, 4.2, up to the transfer state. */
static enum card_result identify(struct card_info *info)
{
	uint32_t conditions = SD_OCR_3V3;
	enum card_result result;

	(void)execute(SD_GO_IDLE, 0, NO_REPLY);
	/* Cards of version 1 do not know this command. */
	result = execute(SD_SEND_IF_COND, SD_IF_COND, SHORT_REPLY);
	if (result == CARD_DONE && (response() & 0xfffu) != SD_IF_COND)
		return CARD_UNKNOWN;
	if (result == CARD_DONE)
		conditions |= SD_OCR_HIGH;
	else if (result != CARD_ABSENT)
		return result;
	result = start_card(conditions);
	if (result == CARD_DONE)
		result = execute(SD_ALL_SEND_CID, 0, LONG_REPLY);
	if (result == CARD_DONE)
		result = execute(SD_SEND_ADDRESS, 0, SHORT_REPLY);
	if (result != CARD_DONE)
		return result;
	address = response() & 0xffff0000u;
	result = read_csd(info);
	if (result == CARD_DONE)
		result = execute(SD_SELECT, address, SHORT_REPLY);
	if (result == CARD_DONE)
		result = execute(SD_SET_BLOCKLEN, CARD_SECTOR, SHORT_REPLY);
	return result;
}

static enum card_result pl181_init(volatile uint32_t *base, struct card_info *info)
{
	const enum card_result none = CARD_ABSENT;
	enum card_result result;
	uint32_t id;

	regs = base;
	id = reg_read(regs, MCI_PERIPH_ID0) & 0xffu;
	if ((id != 0x80 && id != 0x81) || (reg_read(regs, MCI_PERIPH_ID1) & 0xffu) != 0x11)
		return none;
	reg_write(regs, MCI_MASK0, 0);
	reg_write(regs, MCI_MASK1, 0);
	reg_write(regs, MCI_DATA_CTRL, 0);
	reg_write(regs, MCI_COMMAND, 0);
	reg_write(regs, MCI_POWER, MCI_POWER_UP);
	reg_write(regs, MCI_CLOCK, CLOCK_SLOW);
	reg_write(regs, MCI_POWER, MCI_POWER_ON);
	/* The supply needs up to a millisecond, and the card 74 clocks before its first command. */
	for (unsigned n = 0; n < 20000; n++)
		(void)reg_read(regs, MCI_STATUS);
	result = identify(info);
	if (result == CARD_DONE)
		reg_write(regs, MCI_CLOCK, CLOCK);
	else
		reg_write(regs, MCI_POWER, 0);
	return result;
}

/* ---- moving sectors --------------------------------------------------------------------------- */

static struct {
	enum {
		MOVE_NOTHING,
		MOVE_FIRST,   /* the caller fills the buffer for the first time */
		MOVE_COMMAND, /* the command has been sent */
		MOVE_DATA,
		MOVE_SECTOR, /* the caller empties the buffer, or fills it again */
		MOVE_END,  /* all words have been moved: the controller has to see the end of it */
		MOVE_STOP, /* CMD12 has been sent */
		MOVE_ASK,  /* CMD13 has been sent */
	} phase;
	struct card_transfer *transfer;
	enum card_result result; /* what is known of it: the first thing that went wrong */
	uint32_t left;           /* sectors, with the one that is in the buffer */
	uint32_t word;           /* of the buffer, that is moved next */
	uint32_t polls;          /* since the last progress */
	uint32_t questions;
	uint32_t buffer[CARD_SECTOR / 4u];
} move;

static void enter(unsigned phase)
{
	move.phase = phase;
	move.polls = 0;
}

static void ask(void)
{
	send(SD_SEND_STATUS, address, SHORT_REPLY);
	enter(MOVE_ASK);
}

static void stop(void)
{
	send(SD_STOP, 0, SHORT_REPLY);
	enter(MOVE_STOP);
}

/** What has gone wrong is noted; the card is brought back to where it takes commands. */
static void give_up(enum card_result why)
{
	if (move.result == CARD_DONE)
		move.result = why;
	reg_write(regs, MCI_DATA_CTRL, 0);
	for (unsigned n = 0; n < 2 * MCI_FIFO_WORDS; n++)
		if (reg_read(regs, MCI_STATUS) & MCI_RX_AVAILABLE)
			(void)reg_read(regs, MCI_FIFO);
	stop();
}

static uint32_t data_control(void)
{
	return MCI_DATA_ENABLE | MCI_DATA_BLOCK_512 |
	       (move.transfer->to_card ? 0u : MCI_DATA_FROM_CARD);
}

static void send_transfer(void)
{
	const struct card_transfer *const transfer = move.transfer;
	const bool several = transfer->count > 1;
	uint32_t command = transfer->to_card ? SD_WRITE : SD_READ;

	if (several)
		command = transfer->to_card ? SD_WRITE_SEVERAL : SD_READ_SEVERAL;
	reg_write(regs, MCI_DATA_TIMER, DATA_TIME);
	reg_write(regs, MCI_DATA_LENGTH, transfer->count * CARD_SECTOR);
	send(command, is_high ? transfer->sector : transfer->sector * CARD_SECTOR, SHORT_REPLY);
	/* What a card sends may begin before the reply to the command has ended. (DDI 0172, 2.2.4) */
	if (!transfer->to_card)
		reg_write(regs, MCI_DATA_CTRL, data_control());
	enter(MOVE_COMMAND);
}

static void pl181_begin(struct card_transfer *transfer)
{
	move.transfer = transfer;
	move.result = CARD_DONE;
	move.left = transfer->count;
	move.word = 0;
	move.questions = 0;
	if (transfer->to_card)
		enter(MOVE_FIRST);
	else
		send_transfer();
}

/** The caller does a part of what it has to with the buffer. */
static void call(void)
{
	const enum card_next next = move.transfer->next(move.transfer, move.buffer);

	if (next == CARD_NEXT_MORE)
		return;
	if (move.phase == MOVE_FIRST && next == CARD_NEXT_STOP) {
		move.result = CARD_STOPPED;
		ask();
	} else if (move.phase == MOVE_FIRST) {
		send_transfer();
	} else if (next == CARD_NEXT_STOP) {
		give_up(CARD_STOPPED);
	} else {
		enter(move.left ? MOVE_DATA : MOVE_END);
	}
}

/** Words that the FIFO has for us, or room for. */
static uint32_t fifo_words(uint32_t status)
{
	if (move.transfer->to_card)
		return status & MCI_TX_EMPTY        ? MCI_FIFO_WORDS
		       : status & MCI_TX_HALF_EMPTY ? MCI_FIFO_WORDS / 2u
						    : 0u;
	return status & MCI_RX_FULL        ? MCI_FIFO_WORDS
	       : status & MCI_RX_HALF_FULL ? MCI_FIFO_WORDS / 2u
	       : status & MCI_RX_AVAILABLE ? 1u
					   : 0u;
}

/** A whole sector is through the buffer: the caller takes it, or has another one. */
static void end_sector(void)
{
	move.word = 0;
	move.left--;
	enter(move.transfer->to_card && !move.left ? MOVE_END : MOVE_SECTOR);
}

static bool has_data_error(uint32_t status)
{
	if (!(status & DATA_ERRORS))
		return false;
	give_up(status & (MCI_TX_UNDERRUN | MCI_RX_OVERRUN) ? CARD_LATE : CARD_FAILED);
	return true;
}

static void move_data(uint32_t status)
{
	uint32_t count, room;

	if (has_data_error(status))
		return;
	count = fifo_words(status);
	room = CARD_SECTOR / 4u - move.word;
	if (!count)
		return;
	move.polls = 0;
	if (count > room)
		count = room;
	for (; count; count--, move.word++)
		if (move.transfer->to_card)
			reg_write(regs, MCI_FIFO, move.buffer[move.word]);
		else
			move.buffer[move.word] = reg_read(regs, MCI_FIFO);
	if (move.word == CARD_SECTOR / 4u)
		end_sector();
}

static void move_end(uint32_t status)
{
	if (has_data_error(status) || !(status & MCI_DATA_END))
		return;
	reg_write(regs, MCI_DATA_CTRL, 0);
	if (move.transfer->count > 1)
		stop();
	else
		ask();
}

/** The reply to the command that began it all. */
static void move_command(uint32_t status)
{
	if (!(status & COMMAND_ENDS))
		return;
	if (status & MCI_CMD_TIMEOUT) {
		give_up(CARD_ABSENT);
	} else if (status & MCI_CMD_CRC_FAIL || response() & SD_STATUS_ERRORS) {
		give_up(CARD_FAILED);
	} else {
		if (move.transfer->to_card)
			reg_write(regs, MCI_DATA_CTRL, data_control());
		enter(MOVE_DATA);
	}
}

static void note_errors(uint32_t status, uint32_t errors)
{
	if (move.result == CARD_DONE && (status & MCI_CMD_CRC_FAIL || response() & errors))
		move.result = CARD_FAILED;
}

/** After an error the card need not answer this: it may have stopped by itself. */
static void move_stop(uint32_t status)
{
	if (!(status & COMMAND_ENDS))
		return;
	if (status & MCI_CMD_TIMEOUT) {
		if (move.result == CARD_DONE)
			move.result = CARD_FAILED;
	} else {
		/* A card that reads ahead may have come to its end. (4.3.3) */
		note_errors(status, move.transfer->to_card ? SD_STATUS_ERRORS
							   : SD_STATUS_ERRORS & ~SD_STATUS_RANGE);
	}
	ask();
}

/** Whether the card has written it all, and is ready for the next command. */
static enum card_result move_ask(uint32_t status)
{
	if (!(status & COMMAND_ENDS))
		return CARD_BUSY;
	if (status & MCI_CMD_TIMEOUT)
		return CARD_ABSENT;
	note_errors(status, move.transfer->to_card ? SD_STATUS_ERRORS
						   : SD_STATUS_ERRORS & ~SD_STATUS_RANGE);
	if (!(status & MCI_CMD_CRC_FAIL) && response() & SD_STATUS_READY &&
	    bits(response(), SD_STATUS_STATE) == SD_STATE_TRANSFER)
		return move.result;
	if (++move.questions == QUESTIONS)
		return CARD_FAILED;
	ask();
	return CARD_BUSY;
}

static enum card_result poll(void)
{
	const uint32_t status = reg_read(regs, MCI_STATUS);

	if (++move.polls == POLLS) { /* a controller that does not even notice that time passes */
		reg_write(regs, MCI_DATA_CTRL, 0);
		reg_write(regs, MCI_COMMAND, 0);
		return CARD_ABSENT;
	}
	switch (move.phase) {
	case MOVE_COMMAND:
		move_command(status);
		break;
	case MOVE_DATA:
		move_data(status);
		break;
	case MOVE_END:
		move_end(status);
		break;
	case MOVE_STOP:
		move_stop(status);
		break;
	case MOVE_ASK:
		return move_ask(status);
	case MOVE_NOTHING:
	case MOVE_FIRST:
	case MOVE_SECTOR:
		return CARD_FAILED;
	}
	return CARD_BUSY;
}

static bool is_callers_turn(void)
{
	return move.phase == MOVE_FIRST || move.phase == MOVE_SECTOR;
}

static enum card_result pl181_step(void)
{
	enum card_result result = CARD_BUSY;

	if (is_callers_turn()) {
		call();
		return CARD_BUSY;
	}
	for (unsigned n = 0; n < STEP_POLLS && result == CARD_BUSY && !is_callers_turn(); n++)
		result = poll();
	if (result != CARD_BUSY)
		move.phase = MOVE_NOTHING;
	return result;
}

const struct card_driver pl181_driver = {
	.init = pl181_init,
	.begin = pl181_begin,
	.step = pl181_step,
};
