/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a run: REPORT.txt for people, written as findings come, and REPORT.json at the end.
 * The first hundred findings are there in full, then what counts them by kind and place.
 */
#ifndef TESTS_ARM926_MODEL_FINDINGS_H
#define TESTS_ARM926_MODEL_FINDINGS_H

#include "tests/arm926-model/memsys.h"
#include "tests/arm926-model/symbols.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct findings;

struct findings *findings_new(const char *report, const struct symbols *symbols, char *error,
			      size_t error_size);
void findings_add(struct findings *findings, const struct finding *finding, const char *mode);
bool findings_finish(struct findings *findings, const char *settings,
		     const struct memsys_counts *counts);

#endif
