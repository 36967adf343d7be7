/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two chips of 16 bits, as both boards have them (Versatile/PB and Integrator/CP user guides, "Flash
 * memory"), get each command in both halves of a word, and answer in both. What answers in the lower
 * half only is one chip, and is told so; QEMU's flash of the Versatile is like that.
 */
#include "board/flash.h"

#include "board/drivers/cfi_regs.h"
#include "devemu/clock.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"

#include <stddef.h>

#define TICKS_PER_US (CLOCK_HZ / 1000000u)

/** Words put into the chip's buffer by one step. */
#define FILL_WORDS 32u

/* A chip's word on times is believed within limits. */
#define TIME_MAX  (8u * CLOCK_HZ)
#define LIMIT_MIN (CLOCK_HZ / 100u)
#define LIMIT_MAX (64ull * CLOCK_HZ)
#define PAUSE_MIN (50u * TICKS_PER_US)
#define PAUSE_MAX (CLOCK_HZ / 50u)

struct duration {
	uint32_t pause; /* between two looks at it */
	uint64_t limit;
};

enum state {
	NOTHING,
	STUCK, /* waits for the end of what was given up */
	BEGIN,
	ERASING,
	ASKING,      /* for the buffer */
	FILLING,     /* the buffer */
	PROGRAMMING, /* what is in it */
	WORD,        /* being programmed */
};

static const struct flash_bus *bus;
static uint32_t lanes;       /* a 1 at the place of each chip's answers */
static uint32_t buffer_size; /* bytes, of all chips; 0: there is none */
static bool unlocks;
static struct duration word_time, buffer_time, erase_time;

static struct {
	enum state state;
	bool is_stuck; /* it was given up before it was ready */
	uint32_t at;
	const uint32_t *words; /* NULL: to erase */
	unsigned count;
	unsigned done;  /* words that the chip has been given */
	unsigned first; /* of those that it is given, or programs, at a time */
	uint64_t since;
	uint32_t status; /* when it failed */
} op;

static void command_at(uint32_t at, uint32_t value)
{
	bus->write(at, value * lanes);
}

/** Where the chips are at work: the block, or the first of the words. */
static uint32_t here(void)
{
	return op.at + op.first * 4u;
}

static void command(uint32_t value)
{
	command_at(here(), value);
}

/* ---- what it is ------------------------------------------------------------------------------- */

static uint32_t query(uint32_t n)
{
	return bus->read(n * 4u) & 0xffu;
}

static uint32_t query16(uint32_t n)
{
	return query(n) | query(n + 1) << 8;
}

/** @p n and @p times are exponents that the chip gives; 0: it does not say. */
static struct duration duration(uint32_t n, uint32_t times, uint32_t unit)
{
	const uint32_t typical = n > 0 && n < 16 ? (1u << n) * unit : LIMIT_MIN;
	const uint32_t expected = typical < TIME_MAX ? typical : TIME_MAX;
	uint64_t limit = (uint64_t)expected << (times > 0 && times < 8 ? times : 7);
	uint32_t pause = expected / 8u;

	pause = pause < PAUSE_MIN ? PAUSE_MIN : pause;
	limit = limit < LIMIT_MIN ? LIMIT_MIN : limit;
	return (struct duration){ .pause = pause < PAUSE_MAX ? pause : PAUSE_MAX,
				  .limit = limit < LIMIT_MAX ? limit : LIMIT_MAX };
}

static bool is_block_size(uint32_t size)
{
	return size >= 4096u && (size & (size - 1u)) == 0;
}

/** Why it cannot be written, or NULL. */
static const char *read_query(struct flash_info *info)
{
	const uint32_t chips = lanes == 1u ? 1u : 2u;
	const uint32_t set = query16(CFI_COMMAND_SET), size = query(CFI_SIZE);
	const uint32_t block = query16(CFI_REGION_SIZE) * 256u;
	const uint32_t blocks = query16(CFI_REGION_BLOCKS) + 1u;
	const uint32_t buffer = query16(CFI_BUFFER_SIZE), extended = query16(CFI_EXTENDED_AT);

	if (set != CFI_SET_INTEL && set != CFI_SET_INTEL_ONLY)
		return "it does not know Intel's commands";
	if (size < 16 || size > 30 || !is_block_size(block) || query(CFI_REGIONS) != 1 ||
	    (uint64_t)block * blocks != 1ull << size)
		return "its blocks are not of one size";
	info->size = chips << size;
	info->block = chips * block;
	buffer_size = buffer >= 4 && buffer < 16 ? chips << buffer : 0;
	unlocks = extended && query(extended + CFI_EXT_FEATURES) & CFI_EXT_INSTANT_LOCK;
	word_time = duration(query(CFI_WORD_TIME), query(CFI_WORD_TIMES), TICKS_PER_US);
	buffer_time = duration(query(CFI_BUFFER_TIME), query(CFI_BUFFER_TIMES), TICKS_PER_US);
	erase_time = duration(query(CFI_ERASE_TIME), query(CFI_ERASE_TIMES), 1000u * TICKS_PER_US);
	return NULL;
}

bool flash_find(const struct flash_bus *flash, struct flash_info *info)
{
	uint32_t answer[3];

	bus = flash;
	op.state = NOTHING;
	op.is_stuck = false;
	lanes = 0x00010001u;
	bus->enable(true);
	command_at(CFI_QUERY_AT * 4u, CFI_QUERY);
	for (uint32_t n = 0; n < 3; n++)
		answer[n] = bus->read((CFI_QRY + n) * 4u);
	for (uint32_t n = 0; n < 3; n++)
		if ((answer[n] & 0xffu) != (uint8_t) "QRY"[n])
			lanes = 0;
	if (lanes && answer[0] >> 16 != (answer[0] & 0xffffu))
		lanes = 1u;
	*info = (struct flash_info){ .wrong = "nothing answers" };
	if (lanes)
		info->wrong = read_query(info);
	bus->write(0, CFI_READ_ARRAY * 0x00010001u);
	bus->enable(false);
	return lanes != 0;
}

/* ---- what it does ----------------------------------------------------------------------------- */

static void begin(uint32_t at, const uint32_t *words, unsigned count)
{
	CHECK(op.state == NOTHING);
	bus->enable(true);
	op.at = at;
	op.words = words;
	op.count = count;
	op.done = op.first = 0;
	op.since = bus->now();
	op.state = op.is_stuck ? STUCK : BEGIN;
}

void flash_erase(uint32_t block)
{
	begin(block, NULL, 0);
}

void flash_program(uint32_t offset, const uint32_t *words, unsigned count)
{
	CHECK(count > 0 && count <= FLASH_WORDS_MAX);
	begin(offset, words, count);
}

uint32_t flash_status(void)
{
	return op.status;
}

bool flash_read(void)
{
	if (op.is_stuck) {
		command(CFI_READ_STATUS);
		if ((bus->read(here()) & CFI_READY * lanes) != CFI_READY * lanes)
			return false;
		op.is_stuck = false;
		command(CFI_CLEAR_STATUS);
	}
	command(CFI_READ_ARRAY);
	bus->enable(false);
	return true;
}

/**
 * Looks whether the chips are ready, which is FLASH_DONE. The time is read before: who was kept from
 * looking for long finds a chip that is ready so.
 */
static enum flash_result look(const struct duration *time, uint64_t *until)
{
	const uint64_t now = bus->now();

	op.status = bus->read(here());
	if ((op.status & CFI_READY * lanes) == CFI_READY * lanes) {
		*until = 0;
		return FLASH_DONE;
	}
	if (now - op.since > time->limit)
		return FLASH_LATE;
	*until = now + time->pause;
	return FLASH_BUSY;
}

/** What was begun is over, this way. */
static enum flash_result end(enum flash_result result)
{
	op.state = NOTHING;
	op.is_stuck = result == FLASH_LATE;
	return result;
}

/** The same as look(), for what can fail. */
static enum flash_result look_at_end(const struct duration *time, uint64_t *until)
{
	const enum flash_result result = look(time, until);

	if (result != FLASH_DONE || !(op.status & CFI_ERRORS * lanes))
		return result;
	command(CFI_CLEAR_STATUS);
	return FLASH_FAILED;
}

/** Begins with the next words that have bits to clear: as many as the buffer has room for, or one. */
static enum flash_result next_words(void)
{
	while (op.done < op.count && op.words[op.done] == 0xffffffffu)
		op.done++;
	if (op.done == op.count)
		return end(FLASH_DONE);
	op.since = bus->now();
	if (buffer_size > 0) {
		op.done = align_down(op.done * 4u, buffer_size) / 4u;
		op.first = op.done;
		command(CFI_BUFFER_PROGRAM);
		op.state = ASKING;
	} else {
		op.first = op.done++;
		command(CFI_WORD_PROGRAM);
		bus->write(here(), op.words[op.first]);
		op.state = WORD;
	}
	return FLASH_BUSY;
}

/** Words from the first one on that go into the buffer: it begins at a multiple of its size. */
static unsigned in_buffer(void)
{
	const unsigned left = op.count - op.first, room = buffer_size / 4u;

	return left < room ? left : room;
}

/**
 * The first commands. Blocks of chips with the instant lock are locked after each reset; the bits of
 * others are the board's owner's, for good, and cost all of the chip's an erasure: they stay.
 */
static enum flash_result start(void)
{
	if (unlocks) {
		command(CFI_LOCK_SETUP);
		command(CFI_CONFIRM);
		command(CFI_READ_STATUS);
	}
	op.since = bus->now();
	if (!op.words) {
		command(CFI_BLOCK_ERASE);
		command(CFI_CONFIRM);
		op.state = ERASING;
		return FLASH_BUSY;
	}
	return next_words();
}

/** The words, and then the command to program them. */
static void fill(void)
{
	const unsigned last = op.first + in_buffer();
	const unsigned stop = op.done + FILL_WORDS < last ? op.done + FILL_WORDS : last;

	for (; op.done < stop; op.done++)
		bus->write(op.at + op.done * 4u, op.words[op.done]);
	if (op.done < last)
		return;
	command(CFI_CONFIRM);
	op.since = bus->now();
	op.state = PROGRAMMING;
}

enum flash_result flash_step(uint64_t *until)
{
	enum flash_result result = FLASH_BUSY;

	*until = 0;
	switch (op.state) {
	case NOTHING:
		return FLASH_DONE;
	case STUCK:
		command(CFI_READ_STATUS);
		result = look(&erase_time, until);
		if (result == FLASH_DONE) {
			op.is_stuck = false;
			command(CFI_CLEAR_STATUS);
			op.state = BEGIN;
			return FLASH_BUSY;
		}
		break;
	case BEGIN:
		return start();
	case ASKING:
		result = look(&buffer_time, until);
		if (result == FLASH_DONE) {
			command(in_buffer() - 1u);
			op.state = FILLING;
			return FLASH_BUSY;
		}
		command(CFI_BUFFER_PROGRAM);
		break;
	case FILLING:
		fill();
		return FLASH_BUSY;
	case ERASING:
		result = look_at_end(&erase_time, until);
		break;
	case PROGRAMMING:
	case WORD:
		result = look_at_end(op.state == WORD ? &word_time : &buffer_time, until);
		if (result == FLASH_DONE)
			return next_words();
		break;
	}
	return result == FLASH_BUSY ? result : end(result);
}
