/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot record and slots in whole stories - a first image, updates, one that does not start, a
 * roll-back - with the power cut at every single write, torn in several ways.
 */
#include "tests/host/boot_store_sim.h"

#include "vmm/slots/boot_select.h"
#include "vmm/lib/bits.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CHUNKS 3u
#define BAD    3u /* the version that never starts all of its VMs */

/* The board: what its slots hold, and what was promised. */
static struct sim sim;
static uint32_t chunk[BOOT_SLOTS][CHUNKS];
static struct boot_record record;
static bool is_installed; /* somebody was told that there is an image */
static uint32_t sequence, attempts, marks;
static unsigned bad_boots;
static uint32_t booted; /* version */
static unsigned checks;

static struct boot_image image_of(uint32_t version)
{
	return (struct boot_image){ version, { version * 7, ~version } };
}

static bool slot_is_whole(uint32_t slot)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		if (chunk[slot][i] != chunk[slot][0])
			return false;
	return chunk[slot][0] >= 1 && chunk[slot][0] <= 5;
}

static bool check(const struct boot_loader *loader, uint32_t slot, struct boot_image *image)
{
	checks++;
	/* What is being written is never even looked at. */
	assert_int_not_equal(record.state.slot[slot].state, BOOT_SLOT_WRITING);
	if (!slot_is_whole(slot))
		return false;
	*image = image_of(chunk[slot][0]);
	return true;
}

static void say(const struct boot_loader *loader, uint32_t slot, const char *why)
{
	assert_non_null(why);
}

static const struct boot_loader loader = { check, say };

/** What has been noted stays. */
static void remember(void)
{
	sequence = record.sequence;
	attempts = record.state.attempts;
	marks = record.state.marks;
}

static void note(uint32_t event, uint32_t slot, uint32_t version)
{
	const struct boot_image image = image_of(version);

	assert_null(boot_record_note(&record, event, slot, &image));
	remember();
}

static void open_record(void)
{
	boot_record_open(&record, &sim.store);
	assert_true(record.sequence >= sequence);
	assert_true(record.state.attempts >= attempts && record.state.marks >= marks);
	assert_true(record.is_found || sequence == 0);
	/* A good image was given up by nobody. */
	for (uint32_t n = 0; n < BOOT_SLOTS; n++)
		if (record.state.slot[n].state == BOOT_SLOT_GIVEN_UP)
			assert_int_equal(chunk[n][0], BAD);
	remember();
}

/** The VMM's mark: it programs one entry, and erases nothing. */
static void mark(uint32_t attempt)
{
	uint8_t entry[BOOT_ENTRY_SIZE];
	const uint32_t erased = sim.erased[0] + sim.erased[1];

	boot_record_open(&record, &sim.store);
	assert_int_equal(record.sequence, attempt);
	assert_int_equal(record.event, BOOT_EVENT_ATTEMPT);
	assert_true(boot_record_room(&record) >= 1);
	assert_null(boot_record_prepare(&record, BOOT_EVENT_MARK, record.slot, NULL, entry));
	sim.store.program(&sim.store, record.area, boot_record_offset(&record, record.next), entry);
	assert_int_equal(sim.erased[0] + sim.erased[1], erased);
	open_record();
	assert_int_equal(record.sequence, attempt + 1);
}

/** The board is switched on. */
static void boot(uint32_t unused)
{
	struct boot_selection selected;

	open_record();
	selected = boot_select(&record, &loader);
	booted = 0;
	if (selected.slot == BOOT_NO_SLOT) {
		assert_false(is_installed);
		return;
	}
	assert_true(selected.is_noted);
	remember();
	assert_true(slot_is_whole(selected.slot));
	booted = chunk[selected.slot][0];
	if (booted == BAD)
		bad_boots++;
	else
		mark(record.sequence);
}

static void write_chunk(uint32_t slot, unsigned i, uint32_t value)
{
	if (chunk[slot][i] == value)
		return;
	chunk[slot][i] = value;
	if (sim_write_fails(&sim)) {
		chunk[slot][i] = sim_random(&sim) & 1 ? 0 : value;
		sim_power_off(&sim);
	}
}

/** What a flasher does, and does again when it was interrupted. */
static void install(uint32_t version)
{
	const struct boot_image image = image_of(version);
	uint32_t slot;

	open_record();
	for (slot = 0; slot < BOOT_SLOTS; slot++) /* it had ended, but nobody heard of it */
		if (record.state.slot[slot].state == BOOT_SLOT_VALID &&
		    boot_image_equal(&record.state.slot[slot].image, &image))
			return;
	slot = boot_write_target(&record.state);
	if (record.state.slot[slot].state != BOOT_SLOT_WRITING ||
	    !boot_image_equal(&record.state.slot[slot].image, &image))
		note(BOOT_EVENT_WRITE, slot, version);
	for (unsigned i = 0; i < CHUNKS; i++)
		write_chunk(slot, i, 0xffffffff);
	for (unsigned i = 0; i < CHUNKS; i++)
		write_chunk(slot, i, version);
	note(BOOT_EVENT_VALID, slot, version);
	is_installed = true;
}

/** A forced roll-back: the other slot. */
static void roll_back(uint32_t version)
{
	uint32_t slot;

	open_record();
	slot = record.state.preferred;
	if (chunk[slot][0] != version)
		slot = 1 - slot;
	assert_int_equal(chunk[slot][0], version);
	note(BOOT_EVENT_USE, slot, version);
}

/* The story: what is done, and which version runs then. */
static const struct {
	void (*act)(uint32_t version);
	uint32_t version;
	uint32_t runs;
} story[] = {
	/* clang-format off */
	{ install, 1, 0 }, { boot, 0, 1 },
	{ install, 2, 0 }, { boot, 0, 2 }, { boot, 0, 2 },
	{ install, BAD, 0 }, { boot, 0, BAD }, { boot, 0, BAD }, { boot, 0, BAD },
	{ boot, 0, 2 },
	{ install, 4, 0 }, { boot, 0, 4 }, { boot, 0, 4 },
	{ roll_back, 2, 0 }, { boot, 0, 2 },
	{ install, 5, 0 }, { boot, 0, 5 }, { boot, 0, 5 },
	/* clang-format on */
};

static void begin(bool is_card, uint32_t variant, uint32_t seed)
{
	sim_init(&sim, is_card, seed);
	sim.variant = variant;
	memset(chunk, 0, sizeof(chunk));
	is_installed = false;
	sequence = attempts = marks = bad_boots = 0;
}

/** Plays the story. After a cut the board is switched on, and what was interrupted is done again. */
static void play(void)
{
	static volatile unsigned step; /* survives the cut */
	static volatile bool was_cut;

	step = 0;
	was_cut = false;
	if (setjmp(sim.off) != 0) {
		/* Where the power fails at this boot, the next one is the same. */
		was_cut = true;
		boot(0);
	}
	for (; step < ARRAY_SIZE(story); step++) {
		story[step].act(story[step].version);
		if (story[step].runs && !was_cut)
			assert_int_equal(booted, story[step].runs);
	}
	assert_true(bad_boots <= BOOT_ATTEMPTS_MAX);
	if (!was_cut)
		assert_int_equal(bad_boots, BOOT_ATTEMPTS_MAX);
	boot(0);
	assert_int_equal(booted, 5);
	for (uint32_t n = 0; n < BOOT_SLOTS; n++)
		if (chunk[n][0] == 5)
			assert_true(record.state.slot[n].confirmed && record.state.preferred == n);
	/* The areas take turns. */
	assert_true(sim.erased[0] >= 2 && sim.erased[1] >= 2);
}

static void a_story_without_a_cut(void **state)
{
	for (unsigned card = 0; card < 2; card++) {
		begin(card, 0, 1);
		play();
	}
}

/** Every write, each variant of its tearing. */
static void cut_everywhere(bool is_card)
{
	uint32_t writes;

	begin(is_card, 0, 1);
	play();
	writes = sim.writes;
	print_message("%u writes\n", writes);
	for (uint32_t cut = 0; cut < writes; cut++)
		for (uint32_t variant = 0; variant < SIM_VARIANTS; variant++) {
			begin(is_card, variant, 1 + cut * SIM_VARIANTS + variant);
			sim.cut[0] = cut;
			play();
		}
}

static void the_power_may_fail_at_any_write_to_flash(void **state)
{
	cut_everywhere(false);
}

static void the_power_may_fail_at_any_write_to_a_card(void **state)
{
	cut_everywhere(true);
}

/** And twice: the second time soon after the first, or anywhere. */
static void the_power_may_fail_twice(void **state)
{
	uint32_t writes, seed = 1;

	for (unsigned card = 0; card < 2; card++) {
		begin(card, 0, 1);
		play();
		writes = sim.writes;
		for (unsigned round = 0; round < 1500; round++) {
			begin(card, round % SIM_VARIANTS, 1 + round);
			seed = seed * 1103515245u + 12345u;
			sim.cut[0] = (seed >> 8) % writes;
			sim.cut[1] = sim.cut[0] + 1 + (seed >> 20) % (round % 2 ? 20 : writes);
			play();
		}
	}
}

/* ---- single rules ------------------------------------------------------------------------------- */

static int setup(void **state)
{
	begin(false, 0, 1);
	boot_record_open(&record, &sim.store);
	return 0;
}

static void nothing_is_known_without_a_record(void **state)
{
	assert_false(record.is_found);
	assert_int_equal(boot_choose(&record.state, 0).slot, 0);
	assert_int_equal(boot_choose(&record.state, 1).slot, 1);
	assert_int_equal(boot_choose(&record.state, 3).slot, BOOT_NO_SLOT);
	checks = 0;
	boot(0);
	assert_int_equal(checks, BOOT_SLOTS); /* each once */
	chunk[1][0] = chunk[1][1] = chunk[1][2] = 1;
	boot(0);
	assert_int_equal(booted, 1);
	assert_int_equal(record.state.slot[0].state, BOOT_SLOT_REFUSED);
	assert_true(record.state.slot[1].confirmed && record.state.preferred == 1);
}

static void the_better_slot_is_not_overwritten(void **state)
{
	const struct boot_image image = image_of(2);

	install(1);
	boot(0);
	const uint32_t good = record.state.preferred;

	assert_int_equal(boot_write_target(&record.state), 1 - good);
	assert_non_null(boot_record_note(&record, BOOT_EVENT_WRITE, good, &image));
	note(BOOT_EVENT_WRITE, 1 - good, 2);
	assert_non_null(boot_record_note(&record, BOOT_EVENT_WRITE, good, &image));
	/* Nor is one valid whose image is another, or that nobody has written. */
	const struct boot_image other = image_of(4);

	assert_non_null(boot_record_note(&record, BOOT_EVENT_VALID, 1 - good, &other));
	assert_non_null(boot_record_note(&record, BOOT_EVENT_VALID, good, &image));
	assert_non_null(boot_record_note(&record, BOOT_EVENT_USE, 1 - good, NULL));
	assert_non_null(boot_record_note(&record, BOOT_EVENT_ATTEMPT, 1 - good, &image));
	note(BOOT_EVENT_VALID, 1 - good, 2);
	assert_int_equal(record.state.preferred, 1 - good);
	/* The new one has not shown yet that it starts: it is still the one to be written. */
	assert_int_equal(boot_write_target(&record.state), 1 - good);
}

static void the_only_image_is_not_given_up(void **state)
{
	install(BAD);
	for (unsigned n = 0; n < 20; n++) {
		boot(0);
		assert_int_equal(booted, BAD);
	}
	assert_int_equal(record.state.slot[record.state.preferred].attempts, 20);
}

/** Two that do not start take turns: one of them may start one day. */
static void two_bad_images_take_turns(void **state)
{
	unsigned boots[BOOT_SLOTS] = { 0 };

	install(1);
	boot(0);
	install(2);
	boot(0);
	for (uint32_t n = 0; n < BOOT_SLOTS; n++)
		for (unsigned i = 0; i < CHUNKS; i++)
			chunk[n][i] = BAD;
	for (unsigned n = 0; n < 24; n++) {
		boot(0);
		boots[record.slot]++;
		assert_int_equal(record.event, BOOT_EVENT_ATTEMPT);
	}
	assert_int_equal(boots[0], 12);
	assert_int_equal(boots[1], 12);
}

static void a_damaged_slot_gives_way_and_comes_back(void **state)
{
	install(1);
	boot(0);
	install(2);
	boot(0);
	const uint32_t slot = record.state.preferred;

	chunk[slot][1] ^= 1;
	boot(0);
	assert_int_equal(booted, 1);
	assert_int_equal(record.state.slot[slot].state, BOOT_SLOT_REFUSED);
	assert_non_null(boot_record_note(&record, BOOT_EVENT_USE, slot, NULL));
	/* Then the other one is, too; and in the end the first was not so bad. */
	chunk[1 - slot][0] ^= 8;
	is_installed = false;
	boot(0);
	assert_int_equal(booted, 0);
	chunk[slot][1] ^= 1;
	boot(0);
	assert_int_equal(booted, 2);
}

static bool program_fails;
static bool (*real_program)(const struct boot_store *, uint32_t, uint32_t, const void *);
static unsigned bad_places;

static bool flaky_program(const struct boot_store *store, uint32_t area, uint32_t offset,
			  const void *entry)
{
	if (program_fails)
		return false;
	if (bad_places) {
		bad_places--;
		memset(sim.area[area] + offset, 0, 2);
	}
	return real_program(store, area, offset, entry);
}

static void a_place_that_does_not_take_an_entry_is_passed_over(void **state)
{
	real_program = sim.store.program;
	sim.store.program = flaky_program;
	install(1);
	bad_places = 2;
	boot(0);
	assert_int_equal(booted, 1);
	assert_int_equal(record.next, 6); /* 2 to install, 2 bad, attempt, mark */
}

/** A flash that cannot be written any more: the board starts, and nothing is lost. */
static void a_record_that_cannot_be_written_keeps_no_board_from_starting(void **state)
{
	struct boot_selection selected;

	install(1);
	boot(0);
	const uint32_t last = record.sequence;

	real_program = sim.store.program;
	sim.store.program = flaky_program;
	program_fails = true;
	for (unsigned n = 0; n < 5; n++) {
		boot_record_open(&record, &sim.store);
		selected = boot_select(&record, &loader);
		assert_int_equal(chunk[selected.slot][0], 1);
		assert_false(selected.is_noted);
	}
	program_fails = false;
	open_record();
	assert_int_equal(record.sequence, last);
}

static bool no_read(const struct boot_store *store, uint32_t area, uint32_t offset, void *entry)
{
	return false;
}

static void what_cannot_be_read_is_not_erased(void **state)
{
	bool (*const read)(const struct boot_store *, uint32_t, uint32_t, void *) = sim.store.read;
	const uint32_t erased = sim.erased[0] + sim.erased[1];

	install(1);
	const uint32_t writes = sim.writes;

	sim.store.read = no_read;
	boot_record_open(&record, &sim.store);
	assert_true(record.is_unreadable && !record.is_found);
	assert_int_equal(boot_select(&record, &loader).slot, 1);
	assert_int_equal(sim.writes, writes);
	assert_int_equal(sim.erased[0] + sim.erased[1], erased + 1);
	sim.store.read = read;
	boot(0);
	assert_int_equal(booted, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_story_without_a_cut),
		cmocka_unit_test(the_power_may_fail_at_any_write_to_flash),
		cmocka_unit_test(the_power_may_fail_at_any_write_to_a_card),
		cmocka_unit_test(the_power_may_fail_twice),
		cmocka_unit_test_setup(nothing_is_known_without_a_record, setup),
		cmocka_unit_test_setup(the_better_slot_is_not_overwritten, setup),
		cmocka_unit_test_setup(the_only_image_is_not_given_up, setup),
		cmocka_unit_test_setup(two_bad_images_take_turns, setup),
		cmocka_unit_test_setup(a_damaged_slot_gives_way_and_comes_back, setup),
		cmocka_unit_test_setup(a_place_that_does_not_take_an_entry_is_passed_over, setup),
		cmocka_unit_test_setup(a_record_that_cannot_be_written_keeps_no_board_from_starting,
				       setup),
		cmocka_unit_test_setup(what_cannot_be_read_is_not_erased, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
