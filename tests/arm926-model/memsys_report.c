/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/memsys_internal.h"

/** Where the newest value of bytes that were read is, if not where they were read. */
enum place { PLACE_NOWHERE, PLACE_MEMORY, PLACE_BUFFER, PLACE_LINE };

/** How the bytes were read. */
enum source { SOURCE_LINE, SOURCE_MEMORY, SOURCES };

/* clang-format off */
static const char *const stale_load[SOURCES][PLACE_LINE + 1] = {
	[SOURCE_LINE] = {
		[PLACE_NOWHERE] = "the line in the data cache is older than the newest value",
		[PLACE_MEMORY] = "the line in the data cache is older than memory: not invalidated",
		[PLACE_BUFFER] = "the line in the data cache is older than memory: not invalidated",
		[PLACE_LINE] = "another line of the data cache holds the newest value: an alias",
	},
	[SOURCE_MEMORY] = {
		[PLACE_NOWHERE] = "memory is older than the newest value, which is in no cache",
		[PLACE_MEMORY] = "memory is older than the newest value",
		[PLACE_BUFFER] = "memory is older than the write buffer",
		[PLACE_LINE] = "a dirty line of the data cache holds the newest value: not cleaned",
	},
};
static const char *const stale_fetch[SOURCES][PLACE_LINE + 1] = {
	[SOURCE_LINE] = {
		[PLACE_NOWHERE] = "the instruction line is older: not invalidated",
		[PLACE_MEMORY] = "the instruction line is older than memory: not invalidated",
		[PLACE_BUFFER] = "the instruction line is older: not invalidated, nothing drained",
		[PLACE_LINE] = "the instruction line is older: not invalidated, data not cleaned",
	},
	[SOURCE_MEMORY] = {
		[PLACE_NOWHERE] = "memory is older than the newest value, which is in no cache",
		[PLACE_MEMORY] = "memory is older than the newest instruction",
		[PLACE_BUFFER] = "the newest instruction is in the write buffer: not drained",
		[PLACE_LINE] = "the newest instruction is in a dirty data line: not cleaned",
	},
};
/* clang-format on */

static bool is_newest(const struct memsys *ms, const uint8_t *line, uint32_t off, unsigned size)
{
	return !memcmp(line + off % MODEL_LINE, ms->config.ram + off, size);
}

/** Where the newest value of @p size bytes at @p off is; @p mva becomes that of the line, or 0. */
static enum place find_newest(const struct memsys *ms, uint32_t off, unsigned size, uint32_t *mva)
{
	const uint32_t first = off & ~(MODEL_LINE - 1);
	uint8_t data[MODEL_LINE];

	*mva = 0;
	for (unsigned i = 0; i < cache_line_count(&ms->dcache); i++) {
		const struct cache_line *line = &ms->dcache.lines[i];

		if (line->dirty && line->off == first && is_newest(ms, line->data, off, size)) {
			*mva = cache_line_mva(&ms->dcache, line);
			return PLACE_LINE;
		}
	}
	if (!memcmp(ms->memory + off, ms->config.ram + off, size))
		return PLACE_MEMORY;
	memcpy(data, ms->memory + first, MODEL_LINE);
	write_buffer_overlay(&ms->buffer, first, data);
	return is_newest(ms, data, off, size) ? PLACE_BUFFER : PLACE_NOWHERE;
}

/** One fault is one report: what the line's memory should hold, it holds from here on. */
static void heal_memory(struct memsys *ms, uint32_t first)
{
	struct line_note *note = &ms->notes[first / MODEL_LINE];

	memcpy(ms->memory + first, ms->config.ram + first, MODEL_LINE);
	write_buffer_set(&ms->buffer, first, ms->config.ram + first);
	note->lost = note->covered = 0;
}

static void heal_line(struct memsys *ms, struct cache_line *line, uint32_t first, uint32_t pc)
{
	if (line->off != first)
		memsys_clean_line(ms, line, pc);
	line->off = first;
	line->dirty = 0;
	memcpy(line->data, ms->config.ram + first, MODEL_LINE);
}

static uint32_t word_of(const uint8_t *bytes, unsigned size)
{
	uint32_t word = 0;

	memcpy(&word, bytes, size < 4 ? size : 4);
	return word;
}

/**
 * A load or fetch got @p seen from @p line - found there if @p was_hit, just filled otherwise - or,
 * without a line, from memory; its newest value is another. The report is about the first unit that
 * differs: a word, or what was read if that is less.
 */
void memsys_report_data(struct memsys *ms, const struct access *access, struct cache_line *line,
			bool was_hit, const uint8_t *seen)
{
	const struct cache *const cache = access->fetch ? &ms->icache : &ms->dcache;
	const uint32_t first = access->off & ~(MODEL_LINE - 1);
	const struct line_note *const note = &ms->notes[first / MODEL_LINE];
	enum source source = SOURCE_MEMORY;
	enum place place;
	unsigned unit = 0, size;
	uint32_t differing = 0, newest_mva;
	struct finding finding;

	while (!memcmp(seen + unit, access->newest + unit,
		       access->size - unit < 4 ? access->size - unit : 4))
		unit += 4;
	size = access->size - unit < 4 ? access->size - unit : 4;
	for (unsigned i = 0; i < size; i++)
		if (seen[unit + i] != access->newest[unit + i])
			differing |= 1u << ((access->off + unit + i) % MODEL_LINE);
	place = find_newest(ms, access->off + unit, size, &newest_mva);
	if (line && was_hit)
		source = SOURCE_LINE;
	finding = (struct finding){
		.kind = access->fetch ? FINDING_STALE_FETCH : FINDING_STALE_LOAD,
		.pc = access->fetch ? access->va + unit : access->pc,
		.va = access->va + unit,
		.pa = access->pa + unit,
		.size = size,
		.seen = word_of(seen + unit, size),
		.newest = word_of(access->newest + unit, size),
		.line_va = source == SOURCE_MEMORY ? newest_mva : cache_line_mva(cache, line),
		.written_pc = note->store_pc,
		.written_va = note->store_va,
		.culprit_pc = source == SOURCE_MEMORY ? 0 : line->filled_pc,
		.text = (access->fetch ? stale_fetch : stale_load)[source][place],
	};
	if (note->lost & differing) {
		finding.kind = FINDING_LOST_BYTES;
		finding.culprit_pc = note->lost_pc;
		finding.text = "the newest value was in a dirty line that was invalidated";
	} else if (note->covered & differing) {
		finding.kind = FINDING_OVERWRITTEN;
		finding.culprit_pc = note->covered_pc;
		finding.text = "a line with older values was written back over the newest one";
	} else if (source == SOURCE_LINE && line->off != first) {
		finding.text = "the line is of other memory: left from another mapping";
	}
	ms->config.report(ms->config.ctx, &finding);
	heal_memory(ms, first);
	if (line)
		heal_line(ms, line, first, access->pc);
}

static const char *walk_text(enum place place)
{
	switch (place) {
	case PLACE_LINE:
		return "the newest descriptor is in a dirty line of the data cache: not cleaned";
	case PLACE_BUFFER:
		return "the newest descriptor is in the write buffer: not drained";
	default:
		return "the descriptor in memory is older than the newest value";
	}
}

/**
 * A walk for @p access read the descriptor at @p pa, @p off in RAM; its newest value is another.
 */
void memsys_report_walk(struct memsys *ms, const struct access *access, uint32_t pa, uint32_t off)
{
	const uint32_t first = off & ~(MODEL_LINE - 1), mask = line_mask(off, 4);
	const struct line_note *const note = &ms->notes[first / MODEL_LINE];
	uint32_t newest_mva;
	const enum place place = find_newest(ms, off, 4, &newest_mva);
	struct finding finding = {
		.kind = FINDING_STALE_WALK,
		.pc = access->pc,
		.va = access->va,
		.pa = pa,
		.size = 4,
		.seen = word_of(ms->memory + off, 4),
		.newest = word_of(ms->config.ram + off, 4),
		.line_va = newest_mva,
		.written_pc = note->store_pc,
		.written_va = note->store_va,
		.text = walk_text(place),
	};

	if (note->lost & mask) {
		finding.culprit_pc = note->lost_pc;
		finding.text = "the newest descriptor was in a dirty line that was invalidated";
	} else if (note->covered & mask) {
		finding.culprit_pc = note->covered_pc;
		finding.text =
			"a line with older values was written back over the newest descriptor";
	}
	ms->config.report(ms->config.ctx, &finding);
	heal_memory(ms, first);
}

/** @p access uses @p entry, whose `now` is what the tables say. */
void memsys_report_tlb(struct memsys *ms, const struct access *access,
		       const struct tlb_entry *entry, const char *text)
{
	const struct walk *const made = &entry->made, *const now = &entry->now;
	/* The level that made the difference. */
	const bool second = made->l1 == now->l1 && now->l2_off != NO_RAM;
	const uint32_t off = second ? now->l2_off : now->l1_off;
	struct finding finding = {
		.kind = FINDING_STALE_TLB,
		.pc = access->pc,
		.va = access->va,
		.pa = walk_pa(made, access->mva),
		.size = access->size,
		.seen = second ? made->l2 : made->l1,
		.newest = second ? now->l2 : now->l1,
		.line_va = made->base,
		.text = text,
	};

	if (made->l1_off != now->l1_off)
		finding.culprit_pc = ms->ttbr_pc;
	if (off != NO_RAM) {
		finding.written_pc = ms->notes[off / MODEL_LINE].store_pc;
		finding.written_va = ms->notes[off / MODEL_LINE].store_va;
	}
	ms->config.report(ms->config.ctx, &finding);
}
