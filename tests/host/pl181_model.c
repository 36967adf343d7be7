/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/pl181_model.h"

#include <string.h>

#include "vmm/lib/bits.h"

/* ---- the card --------------------------------------------------------------------------------- */

/* What comes back for a command. */
enum { REPLY_NONE, REPLY_OK, REPLY_BAD_CRC };

#define RCA 0x12340000u

struct sd_card card;

/** Bits of the CSD, as the specification numbers them. */
void card_set_csd(unsigned high, unsigned low, uint32_t value)
{
	for (unsigned n = low; n <= high; n++) {
		card.csd[3 - n / 32] &= ~BIT(n % 32);
		if (bit(value, n - low))
			card.csd[3 - n / 32] |= BIT(n % 32);
	}
}

static uint32_t card_status(void)
{
	const uint32_t state = card.programming ? STATE_PROGRAMMING : card.state;
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

static int data_command(uint32_t argument, bool several, enum sd_state state)
{
	assert_int_equal(card.state, STATE_TRANSFER);
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
		card.state = STATE_IDLE;
		card.programming = 0;
		return REPLY_NONE;
	case SD_SEND_IF_COND:
		if (card.version1 || card.mmc)
			return REPLY_NONE;
		card.reply[0] = argument & 0xfff;
		return REPLY_OK;
	case SD_APP_CMD:
		assert_int_equal(card.state, STATE_IDLE);
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
		card.state = STATE_READY;
		return REPLY_BAD_CRC;
	case SD_ALL_SEND_CID:
		assert_int_equal(card.state, STATE_READY);
		card.state = STATE_IDENT;
		return REPLY_OK;
	case SD_SEND_ADDRESS:
		assert_int_equal(card.state, STATE_IDENT);
		card.state = STATE_STANDBY;
		card.reply[0] = RCA | 0x500;
		return REPLY_OK;
	case SD_SEND_CSD:
		assert_int_equal(card.state, STATE_STANDBY);
		assert_int_equal(argument, RCA);
		memcpy(card.reply, card.csd, sizeof(card.reply));
		return REPLY_OK;
	case SD_SELECT:
		assert_int_equal(argument, RCA);
		card.reply[0] = card_status();
		card.state = STATE_TRANSFER;
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
		return data_command(argument, command == SD_READ_SEVERAL, STATE_SENDING);
	case SD_WRITE:
	case SD_WRITE_SEVERAL:
		return data_command(argument, command == SD_WRITE_SEVERAL, STATE_RECEIVING);
	case SD_STOP:
		if (card.state != STATE_SENDING && card.state != STATE_RECEIVING)
			return REPLY_NONE;
		if (card.state == STATE_RECEIVING)
			card.programming = 3;
		card.state = STATE_TRANSFER;
		card.reply[0] = card_status();
		return REPLY_OK;
	default:
		fail_msg("command %u", (unsigned)command);
		return REPLY_NONE;
	}
}

/* ---- the controller --------------------------------------------------------------------------- */

struct mci mci;

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
			if (card.state == STATE_RECEIVING)
				card.programming = 3;
			card.state = STATE_TRANSFER;
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
	if (mci.slowness && mci.ends)
		return;
	if (!card.inserted) {
		end_data(MCI_DATA_TIMEOUT);
		return;
	}
	if (card.state != (from_card ? STATE_SENDING : STATE_RECEIVING))
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

	if (mci.data_ctrl & MCI_DATA_FROM_CARD ||
	    (mci.keeps_words && !(mci.data_ctrl & MCI_DATA_ENABLE))) {
		status |= mci.fifo_count ? MCI_RX_AVAILABLE : 0;
		status |= mci.fifo_count >= 8 ? MCI_RX_HALF_FULL : 0;
		status |= mci.fifo_count == MCI_FIFO_WORDS ? MCI_RX_FULL : 0;
	} else if (mci.data_ctrl & MCI_DATA_ENABLE) {
		status |= mci.fifo_count <= 8 ? MCI_TX_HALF_EMPTY : 0;
		status |= mci.fifo_count == 0 ? MCI_TX_EMPTY : 0;
	}
	return status;
}

uint32_t mci_read(uint32_t offset)
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
	assert_true(command == SD_STOP || command == SD_GO_IDLE || !card.inserted ||
		    card.state != STATE_SENDING);
	mci.commands[command]++;
	reply = card_command(command, mci.argument);
	mci.delay = 2 + mci.slowness;
	if (!(value & MCI_COMMAND_REPLY))
		mci.ends = MCI_CMD_SENT;
	else if (reply == REPLY_NONE)
		mci.ends = MCI_CMD_TIMEOUT;
	else
		mci.ends = reply == REPLY_OK ? MCI_CMD_RESP_END : MCI_CMD_CRC_FAIL;
}

void mci_write(uint32_t offset, uint32_t value)
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
		else
			mci.ends = 0;
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
		} else if (!mci.keeps_words) {
			mci.fifo_count = 0;
		}
		break;
	case MCI_CLEAR:
		mci.status &= ~value;
		break;
	case MCI_MASK0:
	case MCI_MASK1:
		assert_true(mci.may_interrupt || value == 0);
		mci.mask[offset == MCI_MASK1] = value;
		break;
	case MCI_FIFO:
		assert_true(mci.fifo_count < MCI_FIFO_WORDS);
		mci.fifo[mci.fifo_count++] = value;
		break;
	default:
		fail_msg("write of 0x%x", (unsigned)offset);
	}
}
