/* SPDX-License-Identifier: Apache-2.0 */
/* Data-processing instructions that write pc and restore SPSR to CPSR (ARM ARM, A4.1). */
#ifndef TESTS_GUEST_RETURNS_H
#define TESTS_GUEST_RETURNS_H

#include "tests/guest/guest.h"

/** One instruction: code in cpu_modes_code.S, its operands, and the flags it begins with. */
struct return_case {
	const char *text;
	const uint32_t *run;
	uint32_t a;
	uint32_t b;
	uint32_t flags;
};

/** Runs each to each privileged mode, with other flags each time; CPSR must be what SPSR was. */
void returns_restore_spsr(const struct return_case *cases, unsigned count);

#endif
