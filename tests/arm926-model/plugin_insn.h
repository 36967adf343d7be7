/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin has to know about an instruction before it runs. Pure functions. */
#ifndef TESTS_ARM926_MODEL_PLUGIN_INSN_H
#define TESTS_ARM926_MODEL_PLUGIN_INSN_H

#include <stdbool.h>
#include <stdint.h>

/** MCR or MRC of coprocessor 15. */
struct p15_insn {
	uint8_t cond, crn, opc1, crm, opc2;
	uint8_t rd;
	bool is_read; /* MRC */
};

bool p15_decode(uint32_t word, struct p15_insn *insn);
bool p15_is_test_and_clean(const struct p15_insn *insn, bool *invalidate);
bool insn_is_unprivileged(uint32_t word);

#endif
