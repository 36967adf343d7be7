/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoded load or store as assembly text, spelled as capstone does, but with numbers in decimal
 * and without the synonyms push and pop; and a comparison of all its fields.
 */
#ifndef TESTS_HOST_INSN_TEXT_H
#define TESTS_HOST_INSN_TEXT_H

#include "arch/arm/insn.h"

#include <stddef.h>

/** Longest text: FLDMIAS of 32 registers. */
#define INSN_TEXT_MAX 256

void insn_text(const struct mem_insn *insn, char *text, size_t size);

/** NULL if equal, else the name of the first field that differs. */
const char *insn_difference(const struct mem_insn *a, const struct mem_insn *b);

#endif
