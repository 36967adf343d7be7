/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random programs on the ARM926 model.
 *
 * - A program that cleans, invalidates, drains and tells the TLB as it should is silent, whatever
 *   the caches evict.
 * - The same program that leaves out an operation now and then, and one without any discipline: the
 *   model finds exactly what memsys_naive.c, an implementation of the test's own, says is too old.
 */
#include "tests/host/memsys_naive.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 1000000u
#define LINE  32u

#define MAX_PAGES 64u
#define MAX_SLOTS 32u
#define NO_VIEW   0u

/** How one program is driven. */
struct plan {
	unsigned cache_kib;
	unsigned pages, slots;      /* of data; of the coarse table */
	unsigned first_line, lines; /* of each page */
	unsigned skip_one_in;       /* operations; 0: none */
	bool with_naive, settings;  /* settings: lockdown, replacement */
};

static struct plan plan;
static uint64_t rnd_state;
static unsigned step, skipped;
static unsigned long total_found, total_by_kind[FINDING_KINDS];

/* Where a page's newest bytes are used from: the view's address of the page, or NO_VIEW. */
static uint32_t view_of[MAX_PAGES];
static unsigned slot_page[MAX_SLOTS], slot_kind[MAX_SLOTS]; /* kind: 1 is "not mapped" */
/* Lines written since the instruction cache was told. */
static bool unsynced[MAX_PAGES][128];

static uint32_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (uint32_t)(rnd_state >> 16);
}

static unsigned below(unsigned limit)
{
	return rnd() % limit;
}

static void check_step(void)
{
	unsigned expected[FINDING_KINDS] = { 0 };

	if (plan.with_naive)
		memcpy(expected, naive_expected, sizeof(expected));
	if (memcmp(machine.by_kind, expected, sizeof(expected))) {
		print_error("step %u:", step);
		for (unsigned i = 0; i < FINDING_KINDS; i++)
			print_error(" %u/%u", machine.by_kind[i], expected[i]);
		print_error(" (found/expected, by kind); last: %s at 0x%08x\n",
			    machine.last.text ? machine.last.text : "-", machine.last.va);
		fail();
	}
	total_found += machine.found;
	for (unsigned i = 0; i < FINDING_KINDS; i++)
		total_by_kind[i] += machine.by_kind[i];
	memset(machine.by_kind, 0, sizeof(machine.by_kind));
	machine.found = 0;
}

/* ---- what the programs are made of ----------------------------------------------------------- */

static void do_store(uint32_t va, unsigned size, uint64_t value)
{
	store_bytes(va, size, value);
	if (plan.with_naive)
		naive_store(va, size);
	check_step();
}

static void do_load(uint32_t va, unsigned size)
{
	load_bytes(va, size);
	if (plan.with_naive)
		naive_load(va, size);
	check_step();
}

static void do_fetch(uint32_t va, unsigned size)
{
	fetch(va, size);
	if (plan.with_naive)
		naive_fetch(va, size);
	check_step();
}

/** A maintenance operation, unless this is one of those that are left out. */
static void do_mcr(unsigned crn, unsigned crm, unsigned opc2, uint32_t value)
{
	if (plan.skip_one_in && below(plan.skip_one_in) == 0) {
		skipped++;
		return;
	}
	mcr(crn, crm, opc2, value);
	if (plan.with_naive)
		naive_mcr(crn, crm, opc2, value);
	check_step();
}

static void do_test_and_clean(bool invalidate)
{
	test_and_clean(invalidate);
	if (plan.with_naive)
		naive_test_and_clean(invalidate);
	check_step();
}

static unsigned random_size(uint32_t *offset)
{
	static const unsigned sizes[] = { 1, 2, 4, 4, 4, 8 };
	const unsigned size = sizes[below(6)];

	*offset = below(LINE / size) * size;
	return size;
}

static uint32_t random_line(void)
{
	return (plan.first_line + below(plan.lines)) * LINE;
}

static uint32_t slot_va(unsigned slot)
{
	return COARSE + (slot + 1) * 0x1000;
}

static bool is_cached_view(uint32_t view)
{
	if (view >= COARSE && view < FINE)
		return slot_kind[(view - COARSE) / 0x1000 - 1] >= KIND_WT;
	return view >= WT && view < WB_ALIAS;
}

/* ---- with discipline ------------------------------------------------------------------------- */

/** The page's lines leave the data cache. */
static void leave_view(unsigned page)
{
	const uint32_t view = view_of[page];

	if (view != NO_VIEW && is_cached_view(view))
		for (unsigned i = 0; i < plan.lines; i++)
			do_mcr(7, 14, 1, view + (plan.first_line + i) * LINE);
	view_of[page] = NO_VIEW;
}

static void enter_view(unsigned page, uint32_t view)
{
	if (view_of[page] == view)
		return;
	leave_view(page);
	view_of[page] = view;
}

/** A view of the page by one of the sections, or by a slot that maps it. */
static uint32_t some_view(unsigned page)
{
	static const uint32_t sections[] = { NCNB, NCB, WT, WB, WB2 };
	const unsigned slot = below(plan.slots);

	if (below(2) && slot_kind[slot] != 1 && slot_page[slot] == page)
		return slot_va(slot);
	return sections[below(5)] + page * 0x1000;
}

/** Most accesses stay where the page is used. */
static uint32_t usual_view(unsigned page)
{
	if (view_of[page] == NO_VIEW || below(20) == 0)
		enter_view(page, some_view(page));
	return view_of[page];
}

static void execute(unsigned page)
{
	/* Instructions are always fetched by this view. */
	const uint32_t line = random_line(), va = WB + page * 0x1000 + line;
	const unsigned first = below(8);
	bool *const is_unsynced = &unsynced[page][line / LINE];

	if (*is_unsynced) {
		if (view_of[page] != NO_VIEW && is_cached_view(view_of[page]))
			do_mcr(7, 10, 1, view_of[page] + line);
		do_mcr(7, 10, 4, 0);
		do_mcr(7, 5, 1, va);
		*is_unsynced = false;
	}
	do_fetch(va + first * 4, (1 + below(8 - first)) * 4);
}

static void change_mapping(unsigned slot)
{
	static const uint32_t tables[] = { T_NCNB, T_NCB, T_WT, T_WB };
	static const unsigned kinds[] = { KIND_NCNB, KIND_NCB, KIND_WT, KIND_WB };
	const uint32_t va = slot_va(slot), entry = tables[below(4)] + COARSE_ENTRY(va);

	if (slot_kind[slot] != 1 && view_of[slot_page[slot]] == va)
		leave_view(slot_page[slot]);
	slot_page[slot] = below(plan.pages);
	slot_kind[slot] = kinds[below(4)];
	if (below(2))
		do_load(entry, 4);
	do_store(entry, 4, SMALL(DATA_PA + slot_page[slot] * 0x1000, AP_PRIV, slot_kind[slot]));
	if (entry >= T_WT) {
		/* Nothing of the table stays in the cache: the next change may use another view. */
		do_mcr(7, 14, 1, entry);
	}
	do_mcr(7, 10, 4, 0);
	do_mcr(8, 7, 1, va);
}

static void change_settings(void)
{
	switch (below(3)) {
	case 0:
		set_control(below(2) ? SCTLR_ROUND_ROBIN : 0, SCTLR_ROUND_ROBIN);
		break;
	case 1:
		mcr(9, 0, below(2), 0xfff0 | below(16));
		break;
	case 2:
		mcr(10, 0, 0, below(8) << 26 | (below(4) == 0));
		break;
	}
}

static void disciplined_step(void)
{
	const unsigned page = below(plan.pages), what = below(1000);
	uint32_t offset, line = random_line();
	const unsigned size = random_size(&offset);

	if (what < 450) {
		do_load(usual_view(page) + line + offset, size);
	} else if (what < 800) {
		do_store(usual_view(page) + line + offset, size, (uint64_t)rnd() << 32 | rnd());
		unsynced[page][line / LINE] = true;
	} else if (what < 950) {
		execute(page);
	} else if (what < 990) {
		change_mapping(below(plan.slots));
	} else if (what < 994) {
		do_test_and_clean(below(2));
	} else if (what < 996) {
		do_mcr(7, 5, 0, 0);
	} else if (what < 998) {
		do_mcr(8, 7, 0, 0);
	} else if (plan.settings) {
		change_settings();
	}
}

/* ---- without --------------------------------------------------------------------------------- */

static void wild_step(void)
{
	static const uint32_t sections[] = { NCNB, NCB, WT, WB, WB2 };
	static const uint32_t tables[] = { T_NCNB, T_NCB, T_WT, T_WB };
	static const unsigned kinds[] = { KIND_NCNB, KIND_NCB, KIND_WT, KIND_WB };
	static const struct {
		unsigned crn, crm, opc2;
	} operations[] = {
		{ 7, 10, 1 }, { 7, 14, 1 }, { 7, 6, 1 }, { 7, 5, 1 }, { 7, 10, 4 },
		{ 8, 7, 1 },  { 8, 7, 0 },  { 7, 5, 0 }, { 7, 6, 0 },
	};
	const unsigned what = below(1000), slot = below(plan.slots);
	uint32_t offset, va = sections[below(5)] + below(plan.pages) * 0x1000 + random_line();
	const unsigned size = random_size(&offset);

	if (below(3) == 0)
		va = slot_va(slot) + random_line();
	if (what < 350) {
		do_load(va + offset, size);
	} else if (what < 650) {
		do_store(va + offset, size, below(4) ? rnd() : 0);
	} else if (what < 750) {
		do_fetch(va + (offset & ~3u), 4);
	} else if (what < 800) {
		do_store(tables[below(4)] + COARSE_ENTRY(slot_va(slot)), 4,
			 SMALL(DATA_PA + below(plan.pages) * 0x1000, AP_PRIV, kinds[below(4)]));
	} else if (what < 850) {
		do_load(tables[below(4)] + COARSE_ENTRY(slot_va(slot)), 4);
	} else if (what < 995) {
		const unsigned i = below(100) < 97 ? below(6) : 6 + below(3);

		do_mcr(operations[i].crn, operations[i].crm, operations[i].opc2, va);
	} else {
		do_test_and_clean(below(2));
	}
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void run(const struct plan *with, uint64_t seed, unsigned steps, void (*one_step)(void))
{
	plan = *with;
	rnd_state = seed * 0x9e3779b97f4a7c15u;
	skipped = 0;
	total_found = 0;
	memset(total_by_kind, 0, sizeof(total_by_kind));
	memset(view_of, 0, sizeof(view_of));
	memset(unsynced, 0, sizeof(unsynced));
	machine_start(plan.cache_kib, TLB_RULES_STRICT);
	for (unsigned i = 0; i < plan.slots; i++) {
		slot_page[i] = i % plan.pages;
		slot_kind[i] = KIND_WB;
		map_properly(COARSE_ENTRY(slot_va(i)),
			     SMALL(DATA_PA + slot_page[i] * 0x1000, AP_PRIV, KIND_WB));
	}
	machine_restart();
	if (plan.with_naive)
		naive_start();
	for (step = 0; step < steps; step++)
		one_step();
	assert_int_equal(machine_counts().disagreements, 0);
	if (plan.with_naive)
		naive_stop();
	machine_stop();
}

static void a_proper_program_is_silent(void **state)
{
	static const struct plan plans[] = {
		{ .cache_kib = 4, .pages = 64, .slots = 32, .lines = 128, .settings = true },
		{ .cache_kib = 4, .pages = 3, .slots = 3, .lines = 16, .settings = true },
		{ .cache_kib = 16, .pages = 16, .slots = 31, .first_line = 100, .lines = 28 },
	};

	for (unsigned i = 0; i < 3; i++) {
		run(&plans[i], i + 1, STEPS, disciplined_step);
		assert_int_equal(total_found, 0);
	}
}

/* Sets of at most four lines, so that nothing is evicted: memsys_naive.c cannot. */
static const struct plan without_evictions = {
	.cache_kib = 128, .pages = 2, .slots = 2, .first_line = 32, .lines = 8, .with_naive = true
};

static void a_proper_program_is_silent_in_both_models(void **state)
{
	run(&without_evictions, 7, STEPS / 4, disciplined_step);
	assert_int_equal(total_found, 0);
}

static void what_is_left_out_is_found_or_harmless(void **state)
{
	struct plan careless = without_evictions;
	unsigned all_skipped = 0;
	unsigned long all_found = 0;

	careless.skip_one_in = 100;
	for (unsigned seed = 1; seed <= 10; seed++) {
		run(&careless, seed, STEPS / 40, disciplined_step);
		all_skipped += skipped;
		all_found += total_found;
	}
	print_message("left out: %u operations, found: %lu\n", all_skipped, all_found);
	assert_true(all_skipped > 1000);
	assert_true(all_found > 100);
}

static void without_discipline_the_models_agree(void **state)
{
	for (unsigned seed = 1; seed <= 10; seed++) {
		run(&without_evictions, seed, STEPS / 10, wild_step);
		for (unsigned i = 0; i < FINDING_KINDS; i++)
			assert_true(total_by_kind[i] > 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proper_program_is_silent),
		cmocka_unit_test(a_proper_program_is_silent_in_both_models),
		cmocka_unit_test(what_is_left_out_is_found_or_harmless),
		cmocka_unit_test(without_discipline_the_models_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
