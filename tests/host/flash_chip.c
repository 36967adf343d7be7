/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/device_fixture.h"

#include "tests/host/flash_chip.h"

#include "board/drivers/cfi_regs.h"

#include <string.h>

uint32_t chip_words[CHIP_SIZE / 4];
uint8_t chip_query[0x50];
uint64_t chip_now;
uint32_t chip_busy_ticks;
unsigned chip_erased, chip_programmed, chip_pieces;
bool chip_enabled;
unsigned chip_bad_block, chip_bad_word;
uint32_t chip_program_error;

static struct chip_kind kind;
static uint32_t lanes;
static bool is_locked[CHIP_BLOCKS];

static struct {
	enum { ARRAY, STATUS, QUERY } shows;
	uint32_t command; /* the first half of one of two, or 0 */
	uint64_t busy_till;
	uint32_t status; /* errors */
	/* of the buffer */
	uint32_t at, count, got;
	uint32_t words[64], addresses[64];
} chip;

void flash_chip_init(const struct chip_kind *of)
{
	kind = *of;
	lanes = kind.chips == 2 ? 0x00010001u : 1u;
	memset(&chip, 0, sizeof(chip));
	memset(chip_words, 0xff, sizeof(chip_words));
	memset(chip_query, 0, sizeof(chip_query));
	memcpy(&chip_query[CFI_QRY], "QRY", 3);
	chip_query[CFI_COMMAND_SET] = CFI_SET_INTEL;
	chip_query[CFI_EXTENDED_AT] = 0x31;
	memcpy(&chip_query[0x31], "PRI", 3);
	chip_query[0x31 + CFI_EXT_FEATURES] = kind.locks ? CFI_EXT_INSTANT_LOCK : 0;
	chip_query[CFI_WORD_TIME] = chip_query[CFI_BUFFER_TIME] = 7;
	chip_query[CFI_ERASE_TIME] = 10;
	chip_query[CFI_WORD_TIMES] = chip_query[CFI_BUFFER_TIMES] = chip_query[CFI_ERASE_TIMES] = 2;
	chip_query[CFI_SIZE] = (uint8_t)(18 - (kind.chips == 2));
	chip_query[CFI_BUFFER_SIZE] = (uint8_t)kind.buffer;
	chip_query[CFI_REGIONS] = 1;
	chip_query[CFI_REGION_BLOCKS] = CHIP_BLOCKS - 1;
	chip_query[CFI_REGION_SIZE] = (uint8_t)(CHIP_BLOCK / kind.chips / 256);
	for (unsigned n = 0; n < CHIP_BLOCKS; n++)
		is_locked[n] = kind.locks;
	chip_busy_ticks = 0;
	chip_erased = chip_programmed = chip_pieces = 0;
	chip_enabled = false;
	chip_bad_block = CHIP_BLOCKS;
	chip_bad_word = ~0u;
	chip_program_error = 0;
}

bool flash_chip_is_readable(void)
{
	return chip.shows == ARRAY && !chip.command && chip_now >= chip.busy_till;
}

static uint32_t chip_read(uint32_t offset)
{
	assert_true(offset % 4 == 0 && offset < CHIP_SIZE);
	if (chip.shows == QUERY)
		return offset / 4 < sizeof(chip_query) ? chip_query[offset / 4] * lanes : 0;
	if (chip.shows == ARRAY)
		return chip_words[offset / 4];
	/* The second chip is ready a little later than the first. */
	if (chip_now < chip.busy_till)
		return chip_now + 1 < chip.busy_till ? 0 : 0x80u;
	return (chip.status | CFI_READY) * lanes;
}

static void begin(uint32_t ticks)
{
	chip.command = 0;
	chip.shows = STATUS;
	chip.busy_till = chip_now + ticks;
}

static void program(uint32_t offset, uint32_t value)
{
	chip_programmed++;
	if (is_locked[offset / CHIP_BLOCK])
		chip.status |= CFI_LOCKED | CFI_PROGRAM_ERROR;
	else if (chip_program_error)
		chip.status |= chip_program_error;
	else if (offset / 4 != chip_bad_word)
		chip_words[offset / 4] &= value;
	chip_program_error = 0;
}

static void erase(uint32_t offset)
{
	const unsigned block = offset / CHIP_BLOCK;

	chip_erased++;
	if (is_locked[block])
		chip.status |= CFI_LOCKED | CFI_ERASE_ERROR;
	else if (block == chip_bad_block)
		chip.status |= CFI_ERASE_ERROR;
	else
		memset(&chip_words[block * CHIP_BLOCK / 4], 0xff, CHIP_BLOCK);
}

/** The words behind BUFFER_PROGRAM and their number, and the confirmation. */
static void buffer_write(uint32_t offset, uint32_t value)
{
	const uint32_t size = kind.chips << kind.buffer;

	if (chip.count == 0) {
		chip.count = (value & 0xffu) + 1u;
		assert_int_equal(value, (chip.count - 1u) * lanes);
		assert_true(chip.count * 4 <= size);
		chip.got = 0;
		return;
	}
	if (chip.got < chip.count) {
		/* All in one range of the buffer's size. */
		assert_int_equal(offset / size, chip.at / size);
		chip.addresses[chip.got] = offset;
		chip.words[chip.got++] = value;
		return;
	}
	assert_int_equal(value, CFI_CONFIRM * lanes);
	for (unsigned n = 0; n < chip.count; n++)
		program(chip.addresses[n], chip.words[n]);
	begin(chip_busy_ticks);
}

static void chip_write(uint32_t offset, uint32_t value)
{
	const uint32_t first = chip.command;

	assert_true(offset % 4 == 0 && offset < CHIP_SIZE);
	if (!chip_enabled)
		return;
	if (chip_now < chip.busy_till) { /* deaf, but for the status */
		assert_true(value == CFI_READ_STATUS * lanes ||
			    value == CFI_BUFFER_PROGRAM * lanes);
		return;
	}
	switch (first) {
	case CFI_BUFFER_PROGRAM:
		buffer_write(offset, value);
		return;
	case CFI_WORD_PROGRAM:
		chip_pieces++;
		program(offset, value);
		begin(chip_busy_ticks);
		return;
	case CFI_BLOCK_ERASE:
		assert_int_equal(value, CFI_CONFIRM * lanes);
		erase(offset);
		begin(chip_busy_ticks);
		return;
	case CFI_LOCK_SETUP:
		assert_int_equal(value, CFI_CONFIRM * lanes);
		assert_true(kind.locks); /* otherwise it would be for good, and of all blocks */
		is_locked[offset / CHIP_BLOCK] = false;
		begin(0);
		return;
	default:
		break;
	}
	if (value == CFI_READ_ARRAY * 0x00010001u)
		value = CFI_READ_ARRAY * lanes;
	if (value == CFI_QUERY * 0x00010001u)
		value = CFI_QUERY * lanes;
	assert_int_equal(value, (value & 0xffu) * lanes);
	switch (value & 0xffu) {
	case CFI_READ_ARRAY:
		chip.shows = ARRAY;
		break;
	case CFI_READ_STATUS:
		chip.shows = STATUS;
		break;
	case CFI_CLEAR_STATUS:
		chip.status = 0;
		break;
	case CFI_QUERY:
		assert_int_equal(offset, CFI_QUERY_AT * 4);
		chip.shows = QUERY;
		break;
	case CFI_BUFFER_PROGRAM:
		assert_true(kind.buffer > 0);
		chip_pieces++;
		chip.count = 0;
		chip.at = offset;
		chip.command = CFI_BUFFER_PROGRAM;
		chip.shows = STATUS;
		break;
	case CFI_WORD_PROGRAM:
	case CFI_BLOCK_ERASE:
	case CFI_LOCK_SETUP:
		assert_int_equal(chip.status, 0); /* errors of before have been cleared */
		chip.command = value & 0xffu;
		chip.shows = STATUS;
		break;
	default:
		fail_msg("command 0x%08x", (unsigned)value);
	}
}

static void chip_enable(bool on)
{
	chip_enabled = on;
}

static uint64_t now(void)
{
	return chip_now;
}

const struct flash_bus chip_bus = {
	.read = chip_read,
	.write = chip_write,
	.enable = chip_enable,
	.now = now,
};
