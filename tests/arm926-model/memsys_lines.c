/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/memsys_internal.h"

/** Which bytes of two lines differ. */
static uint32_t differences(const uint8_t *a, const uint8_t *b)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < MODEL_LINE; i++)
		mask |= (uint32_t)(a[i] != b[i]) << i;
	return mask;
}

static uint32_t dirty_mask(const struct cache_line *line)
{
	return (line->dirty & 1 ? 0xffffu : 0) | (line->dirty & 2 ? 0xffff0000u : 0);
}

/** What memory will hold of a line when the buffers are empty. */
static void buffered_memory(const struct memsys *ms, uint32_t line, uint8_t *data)
{
	memcpy(data, ms->memory + line, MODEL_LINE);
	write_buffer_overlay(&ms->buffer, line, data);
}

static bool dirty_half_is(const struct cache_line *line, unsigned half, const uint8_t *data)
{
	return !(line->dirty >> half & 1) ||
	       !memcmp(line->data + half * CACHE_HALF, data + half * CACHE_HALF, CACHE_HALF);
}

/** The dirty halves of @p line go to the write-back buffer; the line stays, clean. */
void memsys_clean_line(struct memsys *ms, struct cache_line *line, uint32_t pc)
{
	const uint8_t *const newest = ms->config.ram + line->off;
	unsigned halves;

	if (!line->dirty)
		return;
	if (!dirty_half_is(line, 0, newest) || !dirty_half_is(line, 1, newest)) {
		struct line_note *note = &ms->notes[line->off / MODEL_LINE];
		uint8_t before[MODEL_LINE];
		uint32_t covered;

		buffered_memory(ms, line->off, before);
		covered = differences(line->data, newest) & ~differences(before, newest) &
			  dirty_mask(line);
		if (covered) {
			note->covered |= covered;
			note->covered_pc = pc;
		}
	}
	halves = (line->dirty & 1) + (line->dirty >> 1 & 1);
	write_buffer_write_back(&ms->buffer, line->off, dirty_mask(line), line->data);
	bus_write_back(&ms->bus, halves);
	ms->counts.write_backs += halves;
	line->dirty = 0;
}

/** A line of the data cache goes, and with it what was dirty. */
void memsys_invalidate_line(struct memsys *ms, struct cache_line *line, uint32_t pc)
{
	if (line->dirty) {
		struct line_note *note = &ms->notes[line->off / MODEL_LINE];
		const uint8_t *const newest = ms->config.ram + line->off;
		uint8_t memory[MODEL_LINE];
		uint32_t lost;

		buffered_memory(ms, line->off, memory);
		lost = differences(memory, newest) & ~differences(line->data, newest) &
		       dirty_mask(line);
		if (lost) {
			note->lost |= lost;
			note->lost_pc = pc;
		}
	}
	cache_drop(&ms->dcache, line);
}

void memsys_drain(struct memsys *ms)
{
	write_buffer_drain(&ms->buffer);
	bus_drain(&ms->bus);
}

/**
 * A miss: the line is read from memory, after the one it replaces has gone. NULL if all ways are
 * locked. Only the data side looks at the write buffer: what it reads and the buffers hold is
 * drained first (TRM, 4.2). Instructions have a bus of their own (TRM, 6.1).
 */
struct cache_line *memsys_fill(struct memsys *ms, struct cache *cache, const struct access *access)
{
	const uint32_t off = access->off & ~(MODEL_LINE - 1);
	struct cache_line *line = cache_victim(cache, access->mva);

	if (!line)
		return NULL;
	memsys_clean_line(ms, line, access->pc);
	if (!access->fetch && ms->buffer.count && write_buffer_has(&ms->buffer, off))
		memsys_drain(ms);
	bus_read_line(&ms->bus);
	cache_place(cache, line, access->mva);
	line->off = off;
	line->filled_pc = access->pc;
	memcpy(line->data, ms->memory + off, MODEL_LINE);
	return line;
}

void memsys_write_buffered(struct memsys *ms, uint32_t off, unsigned size, const uint8_t *data)
{
	write_buffer_store(&ms->buffer, off, size, data);
	bus_store(&ms->bus, size > 4 ? 2 : 1);
}

/** The core waits until it is in memory, and all before it. */
void memsys_write_unbuffered(struct memsys *ms, uint32_t off, unsigned size, const uint8_t *data)
{
	write_buffer_drain(&ms->buffer);
	memcpy(ms->memory + off, data, size);
	bus_write_words(&ms->bus, size > 4 ? 2 : 1);
}
