/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_insn.h"

#include "arch/arm/insn.h"
#include "arch/arm/user_access.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"

/* LDM and STM (ARM ARM, A3.12): L, and the registers. */
#define BLOCK_MASK 0x0e000000u
#define BLOCK      0x08000000u
#define BLOCK_LOAD 20u
#define NO_INSN    0xf0000000u /* no condition: other instructions */

/** How many words an LDM or STM of ARM state transfers; 1 if it is something else. */
unsigned remote_insn_words(const struct vcpu *vcpu, bool is_load)
{
	uint32_t word;
	unsigned count = 0;

	if (vcpu_thumb(vcpu))
		return 1;
	word = user_fetch(vcpu->frame.pc);
	if ((word & BLOCK_MASK) != BLOCK || word >= NO_INSN || bit(word, BLOCK_LOAD) != is_load)
		return 1;
	for (uint32_t list = word & 0xffffu; list; list &= list - 1u)
		count++;
	return count ? count : 1;
}

static uint32_t get(const void *vcpu, unsigned reg)
{
	return vcpu_operand(vcpu, reg);
}

/**
 * Where in its word a byte or halfword is that a plain load or store transfers. Proxies stand for
 * LDRBT and STRBT, which kernels use on memory of programs: what they do to a device is at 0.
 */
unsigned remote_insn_lane(const struct vcpu *vcpu, unsigned size)
{
	struct mem_insn insn;
	uint32_t word, base;
	bool is_known;

	if (!user_load32(vcpu->frame.pc & ~3u, &word))
		return 0;
	if (vcpu_thumb(vcpu))
		is_known = thumb_decode_mem(
			(uint16_t)(vcpu->frame.pc & 2u ? word >> 16 : word & 0xffffu), &insn);
	else
		is_known = arm_decode_mem(word, &insn);
	if (!is_known || insn.size != size)
		return 0;
	return mem_insn_address(&insn, get, vcpu, vcpu->frame.cpsr & PSR_C, &base) & (4u - size);
}
