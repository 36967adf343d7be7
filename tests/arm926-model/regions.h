/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run cost between the markers in its programs (tests/bench/markers.h), as lines of the form
 * that tests/bench/plugin/count.c writes, with cycles; scripts/hako_bench reads both.
 */
#ifndef TESTS_ARM926_MODEL_REGIONS_H
#define TESTS_ARM926_MODEL_REGIONS_H

#include "tests/arm926-model/memsys.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** The counters at one moment, all of them since the run began. */
struct regions_sample {
	uint64_t insns;
	uint64_t issue_cycles; /* of timing.h: instructions, interlocks and taken branches */
	struct memsys_counts memory;
};

struct regions {
	FILE *out;
	bool has_entry, has_word, has_begin, has_end, entered, in_region;
	uint32_t entry, word; /* the kernel's first instruction, which starts the boot's count */
	uint32_t begin_pc, end_pc;
	struct regions_sample boot, begin;
};

void regions_begin(struct regions *regions, FILE *out, const char *profile);
uint32_t regions_find_mark(const struct regions *regions, uint32_t pc, uint32_t word);
void regions_mark(struct regions *regions, uint32_t word, const struct regions_sample *now);

#endif
