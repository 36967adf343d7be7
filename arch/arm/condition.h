/* SPDX-License-Identifier: Apache-2.0 */
/* Condition codes (ARM ARM, A3.2). */
#ifndef ARCH_ARM_CONDITION_H
#define ARCH_ARM_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Whether an instruction with condition field @p cond (0 to 15) executes. Condition 15 is not a
 * condition but a space of unconditional instructions: always true.
 */
static inline bool arm_condition_holds(uint32_t cpsr, unsigned cond)
{
	/* Bit n of a row: does the condition hold when the flags N, Z, C, V are the bits of n? */
	static const uint16_t holds[16] = {
		/* clang-format off */
		0xf0f0, 0x0f0f, /* EQ: Z        NE */
		0xcccc, 0x3333, /* CS: C        CC */
		0xff00, 0x00ff, /* MI: N        PL */
		0xaaaa, 0x5555, /* VS: V        VC */
		0x0c0c, 0xf3f3, /* HI: C and !Z LS */
		0xaa55, 0x55aa, /* GE: N == V   LT */
		0x0a05, 0xf5fa, /* GT: GE, !Z   LE */
		0xffff, 0xffff, /* AL, unconditional */
		/* clang-format on */
	};

	return (holds[cond & 15u] >> (cpsr >> 28)) & 1u;
}

#endif
