/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/memsys_naive.h"

#include <stdlib.h>
#include <string.h>

#define SETS      1024u /* of 128 KiB */
#define WAYS      4u
#define LINE      32u
#define WRITES    64u
#define TLB_SLOTS 64u
#define LOST      1u
#define COVERED   2u

unsigned naive_expected[FINDING_KINDS];

struct line {
	bool valid;
	uint32_t va, pa;
	bool dirty[2];
	uint8_t data[LINE];
};

/* A write that is under way to memory; those with one number share an address of the buffer. */
struct write {
	unsigned number;
	bool is_line;
	uint32_t pa;
	unsigned size, words;
	uint8_t data[LINE];
};

static struct {
	uint8_t *memory;
	uint8_t *flags; /* per byte: LOST, COVERED */
	struct line d[SETS][WAYS], i[SETS][WAYS];
	struct write writes[WRITES];
	unsigned write_count, number;
	struct {
		bool valid;
		struct ref_entry entry;
	} tlb[TLB_SLOTS];
} naive;

void naive_start(void)
{
	memset(&naive, 0, sizeof(naive));
	naive.memory = malloc(RAM_SIZE);
	naive.flags = calloc(RAM_SIZE, 1);
	memcpy(naive.memory, machine.ram, RAM_SIZE);
}

void naive_stop(void)
{
	free(naive.memory);
	free(naive.flags);
}

/* ---- writes under way ------------------------------------------------------------------------ */

static void first_leaves(void)
{
	const unsigned number = naive.writes[0].number;

	while (naive.write_count && naive.writes[0].number == number) {
		const struct write *w = &naive.writes[0];

		memcpy(naive.memory + w->pa, w->data, w->size);
		naive.write_count--;
		memmove(naive.writes, naive.writes + 1, naive.write_count * sizeof(*w));
	}
}

static void all_leave(void)
{
	while (naive.write_count)
		first_leaves();
}

static unsigned count_addresses(bool of_lines)
{
	unsigned count = 0, last = 0;

	for (unsigned i = 0; i < naive.write_count; i++) {
		if (naive.writes[i].is_line == of_lines && naive.writes[i].number != last)
			count++;
		last = naive.writes[i].number;
	}
	return count;
}

static unsigned count_words(void)
{
	unsigned words = 0;

	for (unsigned i = 0; i < naive.write_count; i++)
		if (!naive.writes[i].is_line)
			words += naive.writes[i].words;
	return words;
}

static void add_write(bool is_line, uint32_t pa, unsigned size, const uint8_t *data)
{
	struct write *w = &naive.writes[naive.write_count++];

	assert_true(naive.write_count <= WRITES);
	*w = (struct write){ .number = naive.number,
			     .is_line = is_line,
			     .pa = pa,
			     .size = size,
			     .words = (size + 3) / 4 };
	memcpy(w->data, data, size);
}

static void buffer_store(uint32_t pa, unsigned size)
{
	const struct write *last;

	while (count_words() + (size + 3) / 4 > 16)
		first_leaves();
	last = naive.write_count ? &naive.writes[naive.write_count - 1] : NULL;
	if (!last || last->is_line || last->pa + last->size != pa || last->pa / LINE != pa / LINE) {
		while (count_addresses(false) >= 4)
			first_leaves();
		naive.number++;
	}
	add_write(false, pa, size, machine.ram + pa);
}

static bool is_under_way(uint32_t line_pa)
{
	for (unsigned i = 0; i < naive.write_count; i++)
		if (naive.writes[i].pa / LINE == line_pa / LINE)
			return true;
	return false;
}

/** What will be in memory: one byte. */
static uint8_t future_byte(uint32_t pa)
{
	uint8_t byte = naive.memory[pa];

	for (unsigned i = 0; i < naive.write_count; i++)
		if (pa - naive.writes[i].pa < naive.writes[i].size)
			byte = naive.writes[i].data[pa - naive.writes[i].pa];
	return byte;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static struct line *find_line(struct line sets[SETS][WAYS], uint32_t va)
{
	for (unsigned way = 0; way < WAYS; way++) {
		struct line *line = &sets[va / LINE % SETS][way];

		if (line->valid && line->va == va / LINE * LINE)
			return line;
	}
	return NULL;
}

static void clean(struct line *line)
{
	if (!line->dirty[0] && !line->dirty[1])
		return;
	for (unsigned i = 0; i < LINE; i++) {
		const uint32_t pa = line->pa + i;

		if (line->dirty[i / 16] && line->data[i] != machine.ram[pa] &&
		    future_byte(pa) == machine.ram[pa])
			naive.flags[pa] |= COVERED;
	}
	while (count_addresses(true))
		first_leaves();
	naive.number++;
	for (unsigned half = 0; half < 2; half++)
		if (line->dirty[half])
			add_write(true, line->pa + half * 16, 16, line->data + half * 16);
	line->dirty[0] = line->dirty[1] = false;
}

static void invalidate(struct line *line)
{
	for (unsigned i = 0; i < LINE; i++) {
		const uint32_t pa = line->pa + i;

		if (line->dirty[i / 16] && line->data[i] == machine.ram[pa] &&
		    future_byte(pa) != machine.ram[pa])
			naive.flags[pa] |= LOST;
	}
	line->valid = line->dirty[0] = line->dirty[1] = false;
}

static struct line *fill(struct line sets[SETS][WAYS], uint32_t va, uint32_t pa, bool is_data)
{
	struct line *line = NULL;

	for (unsigned way = 0; way < WAYS && !line; way++)
		if (!sets[va / LINE % SETS][way].valid)
			line = &sets[va / LINE % SETS][way];
	if (!line)
		fail_msg("the naive model never evicts");
	if (is_data && is_under_way(pa))
		all_leave();
	*line = (struct line){ .valid = true, .va = va / LINE * LINE, .pa = pa / LINE * LINE };
	memcpy(line->data, naive.memory + line->pa, LINE);
	return line;
}

static void heal(uint32_t pa)
{
	const uint32_t first = pa / LINE * LINE;

	memcpy(naive.memory + first, machine.ram + first, LINE);
	for (unsigned i = 0; i < naive.write_count; i++)
		if (naive.writes[i].pa / LINE == pa / LINE)
			memcpy(naive.writes[i].data, machine.ram + naive.writes[i].pa,
			       naive.writes[i].size);
	memset(naive.flags + first, 0, LINE);
}

/* ---- accesses -------------------------------------------------------------------------------- */

static bool read_memory(void *ctx, uint32_t pa, uint32_t *word)
{
	memcpy(word, naive.memory + pa, 4);
	return true;
}

static struct ref_meaning translate(uint32_t va)
{
	struct ref_mmu hardware = machine.mmu;
	struct ref_entry newest, seen;
	unsigned slot = 0;

	assert_int_equal(ref_walk(&machine.mmu, va, &newest), 0);
	for (; slot < TLB_SLOTS; slot++) {
		const struct ref_entry *entry = &naive.tlb[slot].entry;
		struct ref_meaning old, new;

		if (!naive.tlb[slot].valid || va / entry->size * entry->size != entry->mva)
			continue;
		old = ref_meaning(entry, va);
		new = ref_meaning(&newest, va);
		if (old.physical == new.physical && old.cb == new.cb)
			return old;
		naive_expected[FINDING_STALE_TLB]++;
		naive.tlb[slot].valid = false;
	}
	hardware.read = read_memory;
	ref_walk(&hardware, va, &seen);
	if (seen.l1 != newest.l1)
		fail_msg("the random programs leave the first level alone");
	if (seen.l2 != newest.l2) {
		naive_expected[FINDING_STALE_WALK]++;
		heal((newest.l1 & 0xfffffc00) + (va >> 12 & 0xff) * 4);
	}
	for (slot = 0; naive.tlb[slot].valid; slot++)
		assert_true(slot + 1 < TLB_SLOTS);
	naive.tlb[slot].valid = true;
	naive.tlb[slot].entry = newest;
	return ref_meaning(&newest, va);
}

/** Compare what is read from @p line or, without one, from memory. */
static void compare(struct line *line, uint32_t pa, unsigned size, enum finding_kind kind)
{
	for (unsigned i = 0; i < size; i++) {
		const uint8_t seen = line ? line->data[pa % LINE + i] : naive.memory[pa + i];
		unsigned flags = 0;

		if (seen == machine.ram[pa + i])
			continue;
		/* The report is about the word. */
		for (unsigned j = i / 4 * 4; j < i / 4 * 4 + 4 && j < size; j++)
			if ((line ? line->data[pa % LINE + j] : naive.memory[pa + j]) !=
			    machine.ram[pa + j])
				flags |= naive.flags[pa + j];
		if (flags & LOST)
			kind = FINDING_LOST_BYTES;
		else if (flags & COVERED)
			kind = FINDING_OVERWRITTEN;
		naive_expected[kind]++;
		heal(pa);
		if (line) {
			if (line->pa != pa / LINE * LINE)
				clean(line);
			line->pa = pa / LINE * LINE;
			line->dirty[0] = line->dirty[1] = false;
			memcpy(line->data, machine.ram + line->pa, LINE);
		}
		return;
	}
}

static void expect_nothing(void)
{
	memset(naive_expected, 0, sizeof(naive_expected));
}

/** A load or a fetch, by the kind of what is too old of it; only loads wait for the writes. */
static void read_and_compare(uint32_t va, unsigned size, struct line cache[SETS][WAYS],
			     enum finding_kind kind)
{
	const bool is_data = kind == FINDING_STALE_LOAD;
	struct ref_meaning m;
	struct line *line = NULL;

	expect_nothing();
	m = translate(va);
	if (m.cb & 8) {
		line = find_line(cache, va);
		if (!line)
			line = fill(cache, va, m.physical, is_data);
	} else if (is_data && (m.cb == 0 || is_under_way(m.physical))) {
		all_leave();
	}
	compare(line, m.physical, size, kind);
}

void naive_load(uint32_t va, unsigned size)
{
	read_and_compare(va, size, naive.d, FINDING_STALE_LOAD);
}

void naive_fetch(uint32_t va, unsigned size)
{
	read_and_compare(va, size, naive.i, FINDING_STALE_FETCH);
}

void naive_store(uint32_t va, unsigned size)
{
	struct ref_meaning m;
	struct line *line;

	expect_nothing();
	m = translate(va);
	memset(naive.flags + m.physical, 0, size);
	line = m.cb & 8 ? find_line(naive.d, va) : NULL;
	if (line) {
		memcpy(line->data + va % LINE, machine.ram + m.physical, size);
		if (m.cb == KIND_WB) {
			line->dirty[va % LINE / 16] = true;
			line->dirty[(va + size - 1) % LINE / 16] = true;
			return;
		}
	}
	if (m.cb == KIND_NCNB) {
		all_leave();
		memcpy(naive.memory + m.physical, machine.ram + m.physical, size);
	} else {
		buffer_store(m.physical, size);
	}
}

/* ---- operations ------------------------------------------------------------------------------ */

static void drop_all(struct line sets[SETS][WAYS])
{
	for (unsigned i = 0; i < SETS * WAYS; i++)
		if (sets[i / WAYS][i % WAYS].valid)
			invalidate(&sets[i / WAYS][i % WAYS]);
}

static void tlb_drop(bool all, uint32_t va)
{
	for (unsigned i = 0; i < TLB_SLOTS; i++)
		if (all ||
		    (naive.tlb[i].valid && va - naive.tlb[i].entry.mva < naive.tlb[i].entry.size))
			naive.tlb[i].valid = false;
}

void naive_mcr(unsigned crn, unsigned crm, unsigned opc2, uint32_t value)
{
	struct line *d = find_line(naive.d, value), *i = find_line(naive.i, value);

	expect_nothing();
	switch (crn << 8 | crm << 4 | opc2) {
	case 0x7a1:
	case 0x7e1:
		if (d)
			clean(d);
		if (d && crm == 14)
			invalidate(d);
		break;
	case 0x761:
		if (d)
			invalidate(d);
		break;
	case 0x760:
		drop_all(naive.d);
		break;
	case 0x750:
		drop_all(naive.i);
		break;
	case 0x751:
		if (i)
			i->valid = false;
		break;
	case 0x7a4:
		all_leave();
		break;
	case 0x870:
		tlb_drop(true, 0);
		break;
	case 0x871:
		tlb_drop(false, value);
		break;
	default:
		fail_msg("the naive model does not know c%u, c%u, %u", crn, crm, opc2);
	}
}

void naive_test_and_clean(bool also_invalidate)
{
	expect_nothing();
	for (unsigned i = 0; i < SETS * WAYS; i++)
		if (naive.d[i / WAYS][i % WAYS].valid)
			clean(&naive.d[i / WAYS][i % WAYS]);
	if (also_invalidate)
		drop_all(naive.d);
}
