/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_insn.h"

#include "arch/arm/user_access.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"

/* LDM and STM (ARM ARM, A3.12, A5.4): P, U and L, the base, and the registers. */
#define BLOCK_MASK 0x0e000000u
#define BLOCK      0x08000000u
#define BLOCK_LOAD 20u
#define BLOCK_UP   23u
#define BLOCK_PRE  24u
#define NO_INSN    0xf0000000u /* no condition: other instructions */

/**
 * How many words an LDM or STM of ARM state transfers from @p va on, where one of them is; 1 if the
 * instruction is something else.
 */
unsigned remote_insn_words(const struct vcpu *vcpu, bool is_load, uint32_t va)
{
	uint32_t word, first, count = 0;

	if (vcpu_thumb(vcpu))
		return 1;
	word = user_fetch(vcpu->frame.pc);
	if ((word & BLOCK_MASK) != BLOCK || word >= NO_INSN || bit(word, BLOCK_LOAD) != is_load)
		return 1;
	for (uint32_t list = word & 0xffffu; list; list &= list - 1u)
		count++;
	first = vcpu_operand(vcpu, bits(word, 19, 16));
	if (!bit(word, BLOCK_UP))
		first -= 4u * count;
	if (bit(word, BLOCK_PRE) == bit(word, BLOCK_UP))
		first += 4;
	first = (va - first + 3u) / 4u; /* words before; base addresses need not be aligned */
	return first < count ? count - first : 1;
}
