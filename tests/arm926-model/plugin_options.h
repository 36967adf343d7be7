/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's arguments: the list is in plugin_options.c. */
#ifndef TESTS_ARM926_MODEL_PLUGIN_OPTIONS_H
#define TESTS_ARM926_MODEL_PLUGIN_OPTIONS_H

#include "tests/arm926-model/memsys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_SYMBOLS_MAX 16

struct plugin_options {
	const char *ram;    /* the file that is QEMU's RAM */
	const char *report; /* path of the report, without its ending */
	const char *counts; /* file for cycles between markers, or NULL */
	const char *symbols[OPTION_SYMBOLS_MAX];
	unsigned symbol_files;
	uint32_t alias;
	uint32_t icache_kib, dcache_kib;
	const struct memory_profile *memory;
	enum tlb_rules rules;
	bool has_entry, has_word, has_begin, has_end;
	uint32_t entry, word; /* the kernel's first instruction */
	uint32_t begin, end;  /* instructions that stand for markers */

	/* Where a VMM keeps the virtual mode: the word at RAM[*pointer - delta + offset]. */
	bool has_mode;
	uint32_t mode_pointer, mode_delta, mode_offset;
};

bool plugin_options_parse(struct plugin_options *options, int argc, char **argv, char *error,
			  size_t error_size);

#endif
