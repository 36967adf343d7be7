/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sectors have 512 bytes, what flash erases at once up to 256 KiB. So one erase block is in RAM, where
 * it is written, and goes back to the flash when a flush asks for it, when another block is wanted,
 * or when nobody has written for a moment. Should the flash have all the bits that are to be 0 or 1
 * already or as 1, only the sectors that have changed are programmed; otherwise the block is erased,
 * and all of it is programmed. In the end it is compared.
 *
 * That takes seconds, and meanwhile nobody can read the flash. It is the work of a thread, which
 * calls flash_disk_work(); requests that have to wait for it say BLOCK_LATER, and the VM runs on. They
 * do nothing to the flash themselves but read it, when it can be read.
 */
#include "vmm/disk/flash_disk.h"

#include "devemu/clock.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define NO_BLOCK    0xffffffffu
#define SECTORS_MAX (FLASH_BLOCK_MAX / BLOCK_SECTOR)

/** Bytes moved or compared between two preempt points: they may be far away, and uncached. */
#define STEP 256u

/** A block that nobody has written to for so long goes back to the flash. */
#define WRITE_BACK_AFTER (CLOCK_HZ / 2u)
/** A block that was fetched stays for who wanted it, though others want another. */
#define HOLD (CLOCK_HZ / 50u)

enum phase {
	AT_REST,
	FETCHING, /* a block into RAM */
	COMPARING, /* its dirty sectors with the flash: need they be programmed, or the block erased? */
	ERASING,
	PROGRAMMING,
	CHECKING, /* what was programmed */
	NOTING,   /* the words of flash_disk_program() */
};

static const struct flash_memory *memory;
static struct flash_info flash;
static bool is_readable;  /* not in the middle of something: what is there is data */
static unsigned failures; /* so far */

static struct {
	enum phase phase;
	uint32_t block;          /* offset in the flash of what is in RAM, or NO_BLOCK */
	struct flash_disk *disk; /* whose it is: it has been written to */
	uint32_t at;             /* bytes of the block that are done, in this phase */
	bool is_begun;           /* an operation of the flash is under way */
	unsigned tries;

	uint32_t dirty[SECTORS_MAX / 32]; /* sectors that may differ from the flash */
	bool is_dirty;
	bool is_wanted_back; /* a flush waits */
	uint64_t written_at; /* the last time */

	uint32_t wanted; /* block that a request waits for, or NO_BLOCK */
	uint64_t held_till;
} cache;

/** What is programmed where no disk is. */
static struct {
	uint32_t at;
	const uint32_t *words; /* NULL: there is nothing */
	unsigned count;
	void (*done)(bool done);
} note;

static struct flash_disk *flash_disk_of(const struct block_backend *block)
{
	return (struct flash_disk *)(uintptr_t)block; /* its first member */
}

/** Called once, when the flash has been found, before there are VMs. */
void flash_disks_start(const struct flash_memory *where, const struct flash_info *info)
{
	memory = where;
	flash = *info;
	is_readable = true;
	failures = 0;
	memset(&cache, 0, sizeof(cache));
	memset(&note, 0, sizeof(note));
	cache.block = cache.wanted = NO_BLOCK;
}

/* ---- the block in RAM ------------------------------------------------------------------------- */

static void mark(uint32_t at, bool is_dirty)
{
	const uint32_t sector = at >> BLOCK_SECTOR_SHIFT;

	if (is_dirty)
		cache.dirty[sector / 32u] |= BIT(sector % 32u);
	else
		cache.dirty[sector / 32u] &= ~BIT(sector % 32u);
}

static bool is_marked(uint32_t at)
{
	const uint32_t sector = at >> BLOCK_SECTOR_SHIFT;

	return bit(cache.dirty[sector / 32u], sector % 32u);
}

static void mark_all(bool is_dirty)
{
	memset(cache.dirty, is_dirty ? 0xff : 0, sizeof(cache.dirty));
}

static void enter(enum phase phase)
{
	cache.phase = phase;
	cache.at = 0;
	cache.is_begun = false;
}

/** RAM and flash are the same. */
static void rest(void)
{
	cache.is_dirty = false;
	cache.is_wanted_back = false;
	cache.disk = NULL;
	mark_all(false);
	enter(AT_REST);
}

/** The flash can be read, if it is not stuck. */
static void make_readable(void)
{
	if (!is_readable)
		is_readable = flash_read();
}

/* ---- the work --------------------------------------------------------------------------------- */

/** What was to be written is lost, and perhaps the rest of its block. A flush tells the VM. */
static void fail(const char *what)
{
	failures++;
	if ((failures & (failures - 1u)) == 0)
		log_error(
			"hako: disk '%s': flash block 0x%08x: %s, status 0x%08x; failures so far: "
			"%u\n",
			cache.disk->block.id, (unsigned)cache.block, what, (unsigned)flash_status(),
			failures);
	cache.disk->has_failed = true;
	cache.block = NO_BLOCK;
	make_readable();
	rest();
}

/** Once again from the start, or never. */
static void try_again(const char *what)
{
	if (++cache.tries > 1) {
		fail(what);
		return;
	}
	mark_all(true);
	enter(ERASING);
}

static void fetch_step(void)
{
	uint32_t length = STEP;
	const void *const from = memory->flash(cache.block + cache.at, &length);
	void *const to = memory->buffer(cache.at, &length);

	memcpy(to, from, length);
	cache.at += length;
	if (cache.at < flash.block)
		return;
	cache.held_till = memory->now() + HOLD;
	enter(AT_REST);
}

/** The words there are the same, could be by clearing bits, or neither. */
enum difference { SAME, BITS_TO_CLEAR, BITS_TO_SET };

static enum difference compare(uint32_t at, uint32_t bytes)
{
	uint32_t length = bytes;
	const uint32_t *const old = memory->flash(cache.block + at, &length);
	const uint32_t *const new = memory->buffer(at, &length);
	uint32_t differs = 0, sets = 0;

	CHECK(length == bytes);
	for (uint32_t n = 0; n < bytes / 4u; n++) {
		differs |= old[n] ^ new[n];
		sets |= new[n] & ~old[n];
	}
	return sets ? BITS_TO_SET : differs ? BITS_TO_CLEAR : SAME;
}

/** Goes to the next sector of those marked; false at the end. */
static bool find_marked(void)
{
	while (cache.at < flash.block && !is_marked(cache.at))
		cache.at = align_down(cache.at, BLOCK_SECTOR) + BLOCK_SECTOR;
	return cache.at < flash.block;
}

static bool any_marked(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(cache.dirty); n++)
		if (cache.dirty[n])
			return true;
	return false;
}

static void compare_step(void)
{
	static bool differs; /* this sector, so far */

	if (!find_marked()) {
		if (any_marked())
			enter(PROGRAMMING);
		else
			rest();
		return;
	}
	if (cache.at % BLOCK_SECTOR == 0)
		differs = false;
	switch (compare(cache.at, STEP)) {
	case BITS_TO_SET:
		mark_all(true);
		enter(ERASING);
		return;
	case BITS_TO_CLEAR:
		differs = true;
		break;
	case SAME:
		break;
	}
	if ((cache.at + STEP) % BLOCK_SECTOR == 0 && !differs)
		mark(cache.at, false);
	cache.at += STEP;
}

static void check_step(void)
{
	if (!find_marked()) {
		rest();
		return;
	}
	if (compare(cache.at, STEP) != SAME)
		try_again("it does not hold what was programmed");
	else
		cache.at += STEP;
}

/** The flash goes on with what it was told. FLASH_DONE: and has ended it well. */
static enum flash_result drive(uint64_t *until)
{
	const enum flash_result result = flash_step(until);

	if (result == FLASH_BUSY || result == FLASH_DONE)
		return result;
	if (result == FLASH_LATE)
		fail("it does not become ready");
	else
		try_again(cache.phase == ERASING ? "it cannot be erased"
						 : "it cannot be programmed");
	return result;
}

static void erase_step(uint64_t *until)
{
	if (!cache.is_begun) {
		is_readable = false;
		cache.is_begun = true;
		flash_erase(cache.block);
	}
	if (drive(until) == FLASH_DONE)
		enter(PROGRAMMING);
}

static void program_step(uint64_t *until)
{
	static uint32_t words[BLOCK_SECTOR / 4u]; /* the RAM's windows do not last as long */
	uint32_t length = BLOCK_SECTOR;

	if (!cache.is_begun) {
		if (!find_marked()) {
			make_readable();
			if (is_readable)
				enter(CHECKING);
			else
				fail("it cannot be read");
			return;
		}
		is_readable = false;
		cache.is_begun = true;
		memcpy(words, memory->buffer(cache.at, &length), BLOCK_SECTOR);
		flash_program(cache.block + cache.at, words, BLOCK_SECTOR / 4u);
	}
	if (drive(until) == FLASH_DONE) {
		cache.is_begun = false;
		cache.at += BLOCK_SECTOR;
	}
}

/** The end of it; the flash can be read again, or never. */
static void end_note(bool good)
{
	note.words = NULL;
	enter(AT_REST);
	note.done(good && is_readable);
}

static void note_step(uint64_t *until)
{
	enum flash_result result;

	if (!cache.is_begun) {
		is_readable = false;
		cache.is_begun = true;
		flash_program(note.at, note.words, note.count);
	}
	result = flash_step(until);
	if (result == FLASH_BUSY)
		return;
	make_readable();
	end_note(result == FLASH_DONE);
}

/** At rest: the next thing to do. Returns false, and when there is one, if there is none now. */
static bool choose(uint64_t *until)
{
	const uint64_t now = memory->now();
	const bool other = cache.wanted != NO_BLOCK && cache.wanted != cache.block;

	if (!other || !is_readable)
		cache.wanted = NO_BLOCK;
	if (note.words) {
		make_readable();
		if (is_readable)
			enter(NOTING);
		else
			end_note(false);
		return true;
	}
	if (cache.is_dirty) {
		if (cache.is_wanted_back || now - cache.written_at >= WRITE_BACK_AFTER ||
		    (other && now >= cache.held_till)) {
			cache.tries = 0;
			enter(COMPARING);
			return true;
		}
		*until = cache.written_at + WRITE_BACK_AFTER;
	} else {
		make_readable();
		if (other && now >= cache.held_till && is_readable) {
			cache.block = cache.wanted;
			cache.wanted = NO_BLOCK;
			enter(FETCHING);
			return true;
		}
		*until = CLOCK_NEVER;
	}
	if (other && is_readable && cache.held_till < *until)
		*until = cache.held_till;
	return false;
}

/**
 * What there is to do, with preempt points, until something has to be waited for. Returns when it is to
 * be called again, if not before; CLOCK_NEVER: when it is woken.
 */
uint64_t flash_disk_work(void)
{
	uint64_t until = 0;

	do {
		until = 0;
		switch (cache.phase) {
		case AT_REST:
			if (!choose(&until))
				return until;
			break;
		case FETCHING:
			fetch_step();
			break;
		case COMPARING:
			compare_step();
			break;
		case ERASING:
			erase_step(&until);
			break;
		case PROGRAMMING:
			program_step(&until);
			break;
		case CHECKING:
			check_step();
			break;
		case NOTING:
			note_step(&until);
			break;
		}
		preempt_point();
	} while (until == 0);
	return until;
}

/** Whether all that was written is in the flash, or has failed. */
bool flash_disk_is_clean(void)
{
	return !cache.is_dirty && !note.words;
}

/** The same; if not, it goes there now. */
bool flash_disk_settle(void)
{
	if (flash_disk_is_clean())
		return true;
	cache.is_wanted_back = cache.is_dirty;
	memory->wake();
	return false;
}

/**
 * Clears bits where no disk is, for the VMM itself, when the flash has nothing else to do; one at a time.
 * @p words stay in place until @p done is called, by flash_disk_work().
 */
void flash_disk_program(uint32_t offset, const uint32_t *words, unsigned count,
			void (*done)(bool done))
{
	CHECK(!note.words);
	note.at = offset;
	note.words = words;
	note.count = count;
	note.done = done;
	memory->wake();
}

/* ---- requests --------------------------------------------------------------------------------- */

/** The next bytes of a run: where they are in the flash, and how many at most at once. */
static uint32_t place(const struct flash_disk *disk, const struct block_run *run, uint32_t *length)
{
	const uint32_t at = disk->start + ((uint32_t)run->sector << BLOCK_SECTOR_SHIFT) + run->done;
	const uint32_t in_block = at & (flash.block - 1u);

	*length = run->length < STEP ? run->length : STEP;
	if (*length > flash.block - in_block)
		*length = flash.block - in_block;
	return at;
}

static void skip(struct block_run *run, uint32_t length)
{
	vq_cursor_skip(&run->memory, length);
	run->done += length;
	run->length -= length;
}

static enum block_result flash_disk_read(const struct block_backend *block, struct block_run *run)
{
	const struct flash_disk *const disk = flash_disk_of(block);
	const uint32_t generation = run->dma->generation;

	while (run->length) {
		uint32_t length;
		const uint32_t at = place(disk, run, &length);
		const bool in_ram = cache.phase != FETCHING && cache.block != NO_BLOCK &&
				    cache.block == align_down(at, flash.block);
		const void *stored;
		void *to;

		if (!in_ram && cache.phase == AT_REST)
			make_readable();
		if (!in_ram && !is_readable)
			return cache.phase == AT_REST ? BLOCK_FAILED : BLOCK_LATER;
		stored = in_ram ? memory->buffer(at & (flash.block - 1u), &length)
				: memory->flash(at, &length);
		to = vq_cursor_map(&run->memory, run->dma, &length, true, DMA_TARGET);
		if (!to)
			return BLOCK_BAD_MEMORY;
		memcpy(to, stored, length);
		skip(run, length);
		preempt_point();
		if (run->dma->generation != generation)
			return BLOCK_VOID;
	}
	return BLOCK_DONE;
}

static enum block_result flash_disk_write(const struct block_backend *block, struct block_run *run)
{
	struct flash_disk *const disk = flash_disk_of(block);
	const uint32_t generation = run->dma->generation;

	while (run->length) {
		uint32_t length;
		const uint32_t at = place(disk, run, &length);
		const uint32_t in_block = at & (flash.block - 1u);
		const void *from;
		void *to;

		if (disk->has_failed)
			return BLOCK_FAILED;
		if (cache.phase != AT_REST || cache.block != at - in_block) {
			if (cache.phase == AT_REST)
				make_readable();
			if (cache.phase == AT_REST && !is_readable)
				return BLOCK_FAILED;
			if (cache.wanted == NO_BLOCK)
				cache.wanted = at - in_block;
			memory->wake();
			return BLOCK_LATER;
		}
		to = memory->buffer(in_block, &length);
		from = vq_cursor_map(&run->memory, run->dma, &length, false, DMA_SOURCE);
		if (!from)
			return BLOCK_BAD_MEMORY;
		memcpy(to, from, length);
		mark(in_block, true);
		if (!cache.is_dirty)
			memory->wake(); /* it is to be written back one day */
		cache.is_dirty = true;
		cache.disk = disk;
		cache.written_at = memory->now();
		skip(run, length);
		if (run->length == 0)
			cache.held_till =
				0; /* behind the preempt point it may be another block's */
		preempt_point();
		if (run->dma->generation != generation)
			return BLOCK_VOID;
	}
	return BLOCK_DONE;
}

/** What failed since the last flush is told now, and forgotten: what follows may work again. */
static enum block_result flash_disk_flush(const struct block_backend *block)
{
	struct flash_disk *const disk = flash_disk_of(block);

	if (disk->has_failed) {
		disk->has_failed = false;
		return BLOCK_FAILED;
	}
	if (cache.disk != disk || flash_disk_settle())
		return BLOCK_DONE;
	return BLOCK_LATER;
}

/** Describes a range of the flash, which the caller has found to be on it. */
void flash_disk_init(struct flash_disk *disk, const char *id, uint32_t start, uint32_t bytes,
		     bool writable)
{
	*disk = (struct flash_disk){
		.block = { .sectors = bytes >> BLOCK_SECTOR_SHIFT,
			   .read_only = !writable,
			   .id = id,
			   .read = flash_disk_read,
			   .write = writable ? flash_disk_write : NULL,
			   .flush = writable ? flash_disk_flush : NULL },
		.start = start,
	};
}
