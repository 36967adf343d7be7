/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores in ARM state. Sections are those of the ARM ARM (DDI 0100E). */
#include "arch/arm/insn.h"

#include "vmm/lib/bits.h"

#define INSN_P 24u
#define INSN_U 23u
#define INSN_W 21u
#define INSN_L 20u

static bool decode_word_or_byte(uint32_t word, struct mem_insn *insn)
{
	insn->rt = bits(word, 15, 12);
	insn->size = bit(word, 22) ? 1 : 4;
	if (bit(word, 25)) {
		insn->register_offset = true;
		insn->rm = bits(word, 3, 0);
		insn->shift_type = (uint8_t)bits(word, 6, 5);
		insn->shift_amount = (uint8_t)bits(word, 11, 7);
	} else {
		insn->offset = (uint16_t)bits(word, 11, 0);
	}
	/* W without P does not mean writeback, but the T form (A5.2). */
	insn->user_access = !insn->pre_index && insn->writeback;
	insn->writeback = !insn->pre_index || insn->writeback;
	return true;
}

static bool decode_half_signed_double(uint32_t word, struct mem_insn *insn)
{
	const bool is_half = bit(word, 5);
	const bool is_signed_or_double = bit(word, 6);

	/* P = 0, W = 1 is UNPREDICTABLE (A5.3): ARMv5 has no T forms here. */
	if (!insn->pre_index && insn->writeback)
		return false;

	insn->rt = bits(word, 15, 12);
	if (bit(word, 22)) {
		insn->offset = (uint16_t)(bits(word, 11, 8) << 4 | bits(word, 3, 0));
	} else {
		insn->register_offset = true;
		insn->rm = bits(word, 3, 0);
	}
	insn->writeback = !insn->pre_index || insn->writeback;

	if (is_signed_or_double && !insn->is_load) {
		/* LDRD and STRD sit where signed stores would be. */
		if (bit(insn->rt, 0) || insn->rt == 14)
			return false;
		insn->shape = MEM_DOUBLE;
		insn->size = 4;
		insn->is_load = !is_half;
		return true;
	}
	insn->size = is_half ? 2 : 1;
	insn->sign_extend = is_signed_or_double;
	return true;
}

static bool decode_multiple(uint32_t word, struct mem_insn *insn)
{
	insn->shape = MEM_MULTIPLE;
	insn->size = 4;
	insn->list = (uint16_t)bits(word, 15, 0);
	insn->restore_spsr = bit(word, 22) && insn->is_load && bit(word, 15);
	insn->user_bank = bit(word, 22) && !insn->restore_spsr;
	return true;
}

static bool decode_swap(uint32_t word, struct mem_insn *insn)
{
	insn->shape = MEM_SWAP;
	insn->rt = bits(word, 15, 12);
	insn->rm = bits(word, 3, 0);
	insn->size = bit(word, 22) ? 1 : 4;
	insn->is_load = true;
	insn->subtract = false; /* the bits of U, P and W are part of the opcode */
	insn->pre_index = false;
	insn->writeback = false;
	return true;
}

/*
 * C5: P and W select between one register (P = 1, W = 0) and a list whose length in words
 * is the offset field. P = 0, U = 0, W = 0 is MRRC or MCRR; the other two encodings are undefined.
 */
static bool decode_vfp(uint32_t word, struct mem_insn *insn)
{
	const bool is_double = bit(word, 8);
	const bool one_register = insn->pre_index && !insn->writeback;
	const uint32_t low_bit = bit(word, 22);
	uint32_t first = bits(word, 15, 12);
	uint32_t words = bits(word, 7, 0);

	if (!one_register && insn->pre_index != insn->subtract)
		return false;

	insn->shape = MEM_COPROC;
	insn->size = 4;
	insn->coproc = (uint8_t)bits(word, 11, 8);
	insn->offset = (uint16_t)(words * 4);

	if (is_double) {
		/* The VFP9-S has d0 to d15. An odd length is FLDMX or FSTMX, which adds no register. */
		if (low_bit)
			return false;
		first *= 2;
		words &= ~1u;
	} else {
		first = first * 2 + low_bit;
	}
	if (one_register)
		words = is_double ? 2 : 1;
	if (words == 0 || first + words > 32)
		return false;

	insn->rt = first & 0xff;
	insn->words = (uint8_t)words;
	return true;
}

static const struct {
	uint32_t mask;
	uint32_t value;
	bool (*decode)(uint32_t word, struct mem_insn *insn);
} forms[] = {
	/* clang-format off */
	{ 0x0e000000, 0x04000000, decode_word_or_byte },       /* A5.2 LDR STR, immediate */
	{ 0x0e000010, 0x06000000, decode_word_or_byte },       /* A5.2 LDR STR, register */
	{ 0x0e000000, 0x08000000, decode_multiple },           /* A5.4 LDM STM */
	{ 0x0e4000f0, 0x004000b0, decode_half_signed_double }, /* A5.3 LDRH STRH, immediate */
	{ 0x0e400ff0, 0x000000b0, decode_half_signed_double }, /* A5.3 LDRH STRH, register */
	{ 0x0e4000d0, 0x004000d0, decode_half_signed_double }, /* A5.3 LDRSB/SH LDRD STRD, immediate */
	{ 0x0e400fd0, 0x000000d0, decode_half_signed_double }, /* A5.3 LDRSB/SH LDRD STRD, register */
	{ 0x0fb00ff0, 0x01000090, decode_swap },               /* A3.13 SWP SWPB */
	{ 0x0e000e00, 0x0c000a00, decode_vfp },                /* A5.5 LDC STC, coprocessor 10, 11 */
	/* clang-format on */
};

bool arm_decode_mem(uint32_t word, struct mem_insn *insn)
{
	if (word >> 28 == 0xf)
		return false;

	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		if ((word & forms[i].mask) != forms[i].value)
			continue;
		/* What nearly all forms have in common; the others correct it. */
		*insn = (struct mem_insn){
			.shape = MEM_SINGLE,
			.rn = bits(word, 19, 16),
			.is_load = bit(word, INSN_L),
			.subtract = !bit(word, INSN_U),
			.pre_index = bit(word, INSN_P),
			.writeback = bit(word, INSN_W),
		};
		return forms[i].decode(word, insn);
	}
	return false;
}
