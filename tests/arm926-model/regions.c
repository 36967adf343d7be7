/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/regions.h"

#include "tests/bench/markers.h"

#include <inttypes.h>

void regions_begin(struct regions *regions, FILE *out, const char *profile)
{
	regions->out = out;
	fprintf(out, "memory profile=%s\n", profile);
	fflush(out);
}

static bool is_entry(const struct regions *regions, uint32_t pc, uint32_t word)
{
	return regions->has_entry && pc == regions->entry &&
	       (!regions->has_word || word == regions->word);
}

static bool is_marker(uint32_t word)
{
	return word == MARK_BEGIN || word == MARK_END || word == MARK_INIT || word == MARK_DONE;
}

/**
 * When translating: what to call the next with when this ARM instruction is executed; 0: nothing, it
 * is no marker, does not stand for one, and is not the kernel's entry.
 */
uint32_t regions_find_mark(const struct regions *regions, uint32_t pc, uint32_t word)
{
	if (regions->has_begin && pc == regions->begin_pc)
		return MARK_BEGIN;
	if (regions->has_end && pc == regions->end_pc)
		return MARK_END;
	return is_marker(word) || is_entry(regions, pc, word) ? word : 0;
}

/*
 * @p own is the marker that began the stretch, which does not belong to it: one instruction of one
 * cycle.
 */
static void print_cost(FILE *out, const char *name, const struct regions_sample *from,
		       const struct regions_sample *to, unsigned own)
{
	const struct memsys_counts *before = &from->memory, *after = &to->memory;
	const uint64_t stall = after->stall_cycles - before->stall_cycles;

	fprintf(out, "%s insns=%" PRIu64 " cycles=%" PRIu64 " stall=%" PRIu64, name,
		to->insns - from->insns - own, to->issue_cycles - from->issue_cycles + stall - own,
		stall);
	fprintf(out,
		" i_misses=%" PRIu64 " d_misses=%" PRIu64 " tlb_misses=%" PRIu64
		" write_backs=%" PRIu64 " uncached=%" PRIu64 " whole=%" PRIu64 "\n",
		after->i_misses - before->i_misses, after->d_misses - before->d_misses,
		after->tlb_misses - before->tlb_misses, after->write_backs - before->write_backs,
		after->uncached_reads + after->uncached_writes + after->device_accesses -
			before->uncached_reads - before->uncached_writes - before->device_accesses,
		after->whole_cache_operations - before->whole_cache_operations);
}

static void region_begin(struct regions *regions, const struct regions_sample *now)
{
	if (regions->in_region)
		fprintf(regions->out, "error begin-in-region\n");
	regions->in_region = true;
	regions->begin = *now;
}

static void region_end(struct regions *regions, const struct regions_sample *now)
{
	if (!regions->in_region)
		fprintf(regions->out, "error end-without-begin\n");
	regions->in_region = false;
	print_cost(regions->out, "region", &regions->begin, now, 1);
}

/** When that instruction is executed. */
void regions_mark(struct regions *regions, uint32_t word, const struct regions_sample *now)
{
	switch (word) {
	case MARK_INIT:
		print_cost(regions->out, "init", &regions->boot, now, 0);
		break;
	case MARK_BEGIN:
		region_begin(regions, now);
		break;
	case MARK_END:
		region_end(regions, now);
		break;
	case MARK_DONE:
		fprintf(regions->out, "done insns=%" PRIu64 "\n", now->insns);
		break;
	default: /* the kernel's first instruction; a warm start of it is not another boot */
		if (!regions->entered) {
			regions->entered = true;
			regions->boot = *now;
			fprintf(regions->out, "entry insns=%" PRIu64 "\n", now->insns);
		}
	}
	fflush(regions->out);
}
