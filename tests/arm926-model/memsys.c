/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/memsys.h"

#include "tests/arm926-model/memsys_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define COPY_UNIT 4096u

static bool is_cache_size(unsigned kib)
{
	return kib >= CACHE_MIN_KIB && kib <= CACHE_MAX_KIB && (kib & (kib - 1)) == 0;
}

static const char *config_complaint(const struct memsys_config *config)
{
	if (!is_cache_size(config->icache_kib) || !is_cache_size(config->dcache_kib))
		return "a cache has 4, 8, 16, 32, 64 or 128 KiB";
	if (!config->ram || !config->ram_size || config->ram_size % COPY_UNIT)
		return "RAM is missing, or its size is not a multiple of 4 KiB";
	if (config->ram_alias && config->ram_alias < config->ram_size)
		return "the second address of RAM is in RAM";
	if (!config->profile || !config->report)
		return "a memory profile and a function for findings are needed";
	return NULL;
}

/** Memory that was never written stays untouched zeroes. */
static void copy_ram(uint8_t *to, const uint8_t *from, uint32_t size)
{
	static const uint8_t zeroes[COPY_UNIT];

	for (uint32_t i = 0; i < size; i += COPY_UNIT)
		if (memcmp(from + i, zeroes, COPY_UNIT))
			memcpy(to + i, from + i, COPY_UNIT);
}

/**
 * A core after reset - MMU and caches off, caches and TLB empty - whose memory is what config->ram
 * holds now. NULL, and a line in @p error, if the configuration is wrong or there is no memory.
 */
struct memsys *memsys_new(const struct memsys_config *config, char *error, unsigned error_size)
{
	const char *complaint = config_complaint(config);
	struct memsys *ms;

	if (complaint) {
		snprintf(error, error_size, "%s", complaint);
		return NULL;
	}
	ms = calloc(1, sizeof(*ms));
	if (ms) {
		ms->memory = calloc(config->ram_size, 1);
		ms->notes = calloc(config->ram_size / MODEL_LINE, sizeof(*ms->notes));
	}
	if (!ms || !ms->memory || !ms->notes || !cache_init(&ms->icache, config->icache_kib) ||
	    !cache_init(&ms->dcache, config->dcache_kib)) {
		snprintf(error, error_size, "no memory for a model with %u MiB of RAM",
			 config->ram_size >> 20);
		memsys_free(ms);
		return NULL;
	}
	ms->config = *config;
	ms->map = (struct ram_map){ config->ram_size, config->ram_alias };
	copy_ram(ms->memory, config->ram, config->ram_size);
	ms->buffer.memory = ms->memory;
	ms->bus.profile = config->profile;
	ms->bus.issued = config->issued ? config->issued : &ms->bus.insns;
	tlb_init(&ms->tlb);
	for (unsigned i = 0; i < FRONT_ENTRIES; i++)
		ms->front[i].page = FRONT_EMPTY;
	memsys_update_rights(ms);
	return ms;
}

void memsys_free(struct memsys *ms)
{
	if (!ms)
		return;
	cache_fini(&ms->icache);
	cache_fini(&ms->dcache);
	free(ms->memory);
	free(ms->notes);
	free(ms);
}

void memsys_set_control(struct memsys *ms, uint32_t sctlr, uint32_t ttbr, uint32_t dacr,
			uint32_t fcse)
{
	ms->ttbr = ttbr;
	ms->dacr = dacr;
	ms->fcse = fcse & FCSE_PID;
	memsys_update_control(ms, sctlr);
	memsys_update_rights(ms);
}

void memsys_counts(const struct memsys *ms, struct memsys_counts *counts)
{
	*counts = ms->counts;
	counts->stall_cycles = ms->bus.stalled;
}

/* Sizes that one comparison instruction can do, then all others. */
static inline bool is_equal(const uint8_t *a, const uint8_t *b, unsigned size)
{
	switch (size) {
	case 4:
		return !memcmp(a, b, 4);
	case 1:
		return *a == *b;
	case 2:
		return !memcmp(a, b, 2);
	case 8:
		return !memcmp(a, b, 8);
	default:
		return !memcmp(a, b, size);
	}
}

static void access_device(struct memsys *ms, bool is_write)
{
	ms->counts.device_accesses++;
	write_buffer_drain(&ms->buffer);
	bus_device(&ms->bus, is_write);
}

/** What a load or fetch gets from a cache or, if the memory is not cacheable, from memory. */
static inline void read_and_compare(struct memsys *ms, struct cache *cache,
				    const struct access *access, bool cacheable, uint64_t *misses)
{
	struct cache_line *line = NULL;
	const uint8_t *seen;
	bool was_hit = false;

	if (cacheable) {
		line = cache_find(cache, access->mva);
		was_hit = line != NULL;
		if (!line) {
			++*misses;
			line = memsys_fill(ms, cache, access);
		}
	}
	if (line) {
		seen = line->data + access->mva % MODEL_LINE;
	} else {
		ms->counts.uncached_reads++;
		/* What is read must have left the buffer first (TRM, 4.2); strict order if NCNB. */
		if (!access->fetch && ms->buffer.count &&
		    (access->cb == MEMORY_NCNB ||
		     write_buffer_has(&ms->buffer, access->off & ~(MODEL_LINE - 1))))
			memsys_drain(ms);
		bus_read_words(&ms->bus, (access->size + 3) / 4);
		seen = ms->memory + access->off;
	}
	if (__builtin_expect(!is_equal(seen, access->newest, access->size), 0))
		memsys_report_data(ms, access, line, was_hit, seen);
}

/** An instruction fetch. Without the MMU all instructions are cacheable (TRM, table 4-1). */
void memsys_fetch(struct memsys *ms, uint32_t pc, bool user, const void *newest, unsigned size)
{
	struct access access = {
		.pc = pc, .va = pc, .size = size, .user = user, .fetch = true, .newest = newest
	};

	if (user != ms->user) {
		ms->user = user;
		if (user && ms->tlb.doubt && ms->mmu_on && ms->config.rules == TLB_RULES_STRICT)
			memsys_check_left(ms, pc);
	}
	ms->counts.fetches++;
	ms->bus.insns += size / 4;
	if (!memsys_translate(ms, &access))
		return;
	if (access.off == NO_RAM) {
		access_device(ms, false);
		return;
	}
	read_and_compare(ms, &ms->icache, &access,
			 ms->icache_on && (!ms->mmu_on || access.cb >= MEMORY_WT),
			 &ms->counts.i_misses);
}

void memsys_load(struct memsys *ms, uint32_t pc, bool user, uint32_t va, unsigned size,
		 const void *newest)
{
	struct access access = { .pc = pc, .va = va, .size = size, .user = user, .newest = newest };

	ms->counts.loads++;
	ms->load_pc = pc;
	ms->load_va = va;
	if (!memsys_translate(ms, &access))
		return;
	if (access.off == NO_RAM) {
		access_device(ms, false);
		return;
	}
	read_and_compare(ms, &ms->dcache, &access, ms->dcache_on && access.cb >= MEMORY_WT,
			 &ms->counts.d_misses);
}

/** The bytes have a new value: what was known of the old one is history. */
static inline void note_store(struct memsys *ms, const struct access *access)
{
	struct line_note *note = &ms->notes[access->off / MODEL_LINE];

	note->store_pc = access->pc;
	note->store_va = access->va;
	if (note->lost | note->covered) {
		const uint32_t mask = line_mask(access->off, access->size);

		note->lost &= ~mask;
		note->covered &= ~mask;
	}
	if (tlb_may_watch(&ms->tlb, access->off))
		tlb_note_store(&ms->tlb, access->off, access->size);
}

static void mark_dirty(struct cache_line *line, uint32_t mva, unsigned size)
{
	line->dirty |= (uint8_t)(1u << (mva % MODEL_LINE / CACHE_HALF));
	line->dirty |= (uint8_t)(1u << ((mva + size - 1) % MODEL_LINE / CACHE_HALF));
}

/** A store, by C and B of its page (TRM, table 4-4): a miss does not allocate (TRM, 4.1). */
void memsys_store(struct memsys *ms, uint32_t pc, bool user, uint32_t va, unsigned size,
		  const void *newest)
{
	struct access access = {
		.pc = pc, .va = va, .size = size, .user = user, .write = true, .newest = newest
	};
	/* No other instruction loads and stores at one address. */
	const bool is_swap = pc == ms->load_pc && va == ms->load_va;

	ms->counts.stores++;
	if (!memsys_translate(ms, &access))
		return;
	if (access.off == NO_RAM) {
		access_device(ms, true);
		return;
	}
	note_store(ms, &access);
	bus_request(&ms->bus, pc, va, size);
	if (ms->dcache_on && access.cb >= MEMORY_WT) {
		struct cache_line *line = cache_find(&ms->dcache, access.mva);

		if (line) {
			memcpy(line->data + access.mva % MODEL_LINE, newest, size);
			if (access.cb == MEMORY_WB)
				mark_dirty(line, access.mva, size);
		}
		if (!line || access.cb == MEMORY_WT)
			memsys_write_buffered(ms, access.off, size, newest);
	} else {
		ms->counts.uncached_writes++;
		if (access.cb == MEMORY_NCNB)
			memsys_write_unbuffered(ms, access.off, size, newest);
		else
			memsys_write_buffered(ms, access.off, size, newest);
	}
	if (is_swap)
		memsys_drain(ms);
}
