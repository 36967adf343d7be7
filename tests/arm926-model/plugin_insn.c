/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/plugin_insn.h"

/** Whether the ARM instruction @p word is an MCR or MRC of coprocessor 15 (ARM ARM, A4.1.32). */
bool p15_decode(uint32_t word, struct p15_insn *insn)
{
	/* Condition 15 is MCR2 and MRC2, which this core's coprocessor 15 does not have. */
	if ((word & 0x0f000f10) != 0x0e000f10 || word >> 28 == 15)
		return false;
	*insn = (struct p15_insn){
		.cond = (uint8_t)(word >> 28),
		.opc1 = word >> 21 & 7,
		.is_read = word >> 20 & 1,
		.crn = word >> 16 & 15,
		.rd = word >> 12 & 15,
		.opc2 = word >> 5 & 7,
		.crm = word & 15,
	};
	return true;
}

/** The MRC that cleans one line and tells by Z whether none is dirty any more (TRM, 2.3.8). */
bool p15_is_test_and_clean(const struct p15_insn *insn, bool *invalidate)
{
	*invalidate = insn->crm == 14;
	return insn->is_read && insn->crn == 7 && insn->opc1 == 0 && insn->opc2 == 3 &&
	       (insn->crm == 10 || insn->crm == 14);
}

/**
 * Whether the ARM instruction @p word is a LDRT, LDRBT, STRT or STRBT, which accesses memory with
 * the rights of User mode: post-indexed with the W bit set (ARM ARM, A5.2.1).
 */
bool insn_is_unprivileged(uint32_t word)
{
	const bool has_media_bit = (word & 0x02000010) == 0x02000010; /* not a load or store */

	return word >> 28 != 15 && (word & 0x0d200000) == 0x04200000 && !has_media_bit;
}
