/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoders against capstone: random words of the load and store space in ARM state, and every
 * halfword in Thumb state. Both sides as text, so nothing that the text shows can differ.
 *
 * Capstone disassembles newer architectures too, and some encodings that the ARMv5 manual calls
 * UNPREDICTABLE. Such words have to be named by one of the predicates below; any other difference
 * fails the test.
 */
#include "arch/arm/insn.h"
#include "tests/host/insn_text.h"
#include "tests/xorshift.h"
#include "vmm/lib/bits.h"

#include <capstone/capstone.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ARM_WORDS 2000000

static uint32_t random_state = 0x9e3779b9;

static uint32_t random_word(void)
{
	return xorshift32(&random_state);
}

/** Condition AL, and mostly in the space of loads and stores (ARM ARM, A3.1). */
static uint32_t random_arm_word(void)
{
	const uint32_t any = random_word();
	const uint32_t word = (any & 0x0fffffff) | 0xe0000000;

	switch (random_word() % 16) {
	case 0 ... 4: /* LDR, STR */
		return (word & ~0x0c000000u) | 0x04000000;
	case 5 ... 7: /* LDM, STM */
		return (word & ~0x0e000000u) | 0x08000000;
	case 8 ... 10: /* extra loads and stores, immediate; multiplies and swaps */
		return (word & ~0x0e000000u) | 0x90;
	case 11 ... 12: /* with the bits that should be zero */
		return (word & ~0x0e400f00u) | 0x90;
	case 13 ... 14: /* VFP */
		return (word & ~0x0e000e00u) | 0x0c000a00;
	default:
		return word;
	}
}

/** Whether capstone's text is a load or a store. */
static bool is_transfer(const char *text)
{
	static const char *const names[] = { "ldr",  "str",  "ldm",  "stm",  "swp",  "push",
					     "pop",  "vldr", "vstr", "vldm", "vstm", "vpush",
					     "vpop", "fldm", "fstm", "ldc",  "stc" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/** Capstone shows a load or store that ARMv5TEJ does not have, or that it leaves UNPREDICTABLE. */
static bool refused_on_purpose(uint32_t word, const char *text)
{
	static const char *const newer[] = {
		"ldrht", "strht", "ldrsbt", "ldrsht", "ldrex", "strex"
	};

	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if (strncmp(text, newer[i], strlen(newer[i])) == 0)
			return true;
	/* LDC and STC of other coprocessors than the VFP. */
	if (strncmp(text, "ldc", 3) == 0 || strncmp(text, "stc", 3) == 0)
		return true;
	/* Register offsets of the extra loads and stores: bits 11 to 8 should be zero. */
	if (bits(word, 27, 25) == 0 && !bit(word, 22) && bits(word, 6, 5) != 0 &&
	    bits(word, 11, 8) != 0)
		return true;
	if (strncmp(text, "swp", 3) == 0)
		return bits(word, 11, 8) != 0;
	/* LDRD and STRD of an odd register or of r14. */
	if (strncmp(text, "ldrd", 4) == 0 || strncmp(text, "strd", 4) == 0)
		return bit(word, 12) || bits(word, 15, 12) == 14 ||
		       (!bit(word, 24) && bit(word, 21));
	/* Half precision, which came with ARMv8: coprocessor 9. */
	if (bits(word, 27, 25) == 6 && bits(word, 11, 8) == 9)
		return true;
	/* VFP registers that the VFP9-S does not have, and lists past the end or empty. */
	if (bits(word, 27, 25) == 6 && bits(word, 11, 9) == 5) {
		const bool is_double = bit(word, 8);
		const bool one = bit(word, 24) && !bit(word, 21);
		const uint32_t count = is_double ? bits(word, 7, 1) : bits(word, 7, 0);
		const uint32_t first =
			is_double ? bits(word, 15, 12) : bits(word, 15, 12) * 2 + bit(word, 22);

		if (is_double && bit(word, 22))
			return true;
		return !one && (count == 0 || first + count > (is_double ? 16 : 32));
	}
	return false;
}

/** We decode what capstone refuses: UNPREDICTABLE, and decoded to something harmless. */
static bool decoded_on_purpose(uint32_t word, const struct mem_insn *insn)
{
	switch (insn->shape) {
	case MEM_MULTIPLE:
		return insn->list == 0;
	default:
		return false;
	}
}

/**
 * To the spelling of insn_text(): numbers in decimal, no offset "#0", no push and pop. Capstone's
 * versions differ in the first, its modes in the others.
 */
static void normalise(uint32_t word, const char *from, char *to, size_t size)
{
	static const struct {
		const char *synonym;
		const char *name;
	} synonyms[] = {
		{ "push {", "stmdb sp!, {" },
		{ "pop {", "ldm sp!, {" },
		{ "vpush {", "vstmdb sp!, {" },
		{ "vpop {", "vldmia sp!, {" },
	};
	char *const end = to + size - 12;

	/* pop {r1} for ldr r1, [sp], #4 */
	if (strncmp(from, "pop", 3) == 0 && (word & 0x0fff0fff) == 0x049d0004) {
		const char *const name = strchr(from, '{') + 1;

		snprintf(to, size, "ldr %.*s, [sp], #4", (int)strcspn(name, "}"), name);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++) {
		if (strncmp(from, synonyms[i].synonym, strlen(synonyms[i].synonym)) == 0) {
			from += strlen(synonyms[i].synonym);
			to += sprintf(to, "%s", synonyms[i].name);
		}
	}
	while (*from && to < end) {
		char *rest;

		if (strncmp(from, ", #0]", 5) == 0 && from[5] != '!') {
			from += 4;
		} else if (strncmp(from, "0x", 2) == 0) {
			to += sprintf(to, "%lu", strtoul(from, &rest, 16));
			from = rest;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
}

static void disassemble(csh handle, uint32_t word, size_t size, char *text, size_t text_size)
{
	char raw[INSN_TEXT_MAX];
	cs_insn *insn;

	text[0] = 0;
	if (cs_disasm(handle, (const uint8_t *)&word, size, 0, 1, &insn) == 1) {
		snprintf(raw, sizeof(raw), "%s %s", insn->mnemonic, insn->op_str);
		normalise(word, raw, text, text_size);
		cs_free(insn, 1);
	}
}

/** Returns whether both agree that this is a load or store, and on which. */
static bool compare(csh handle, uint32_t word, size_t size, bool decoded,
		    const struct mem_insn *insn)
{
	char theirs[INSN_TEXT_MAX], ours[INSN_TEXT_MAX];

	disassemble(handle, word, size, theirs, sizeof(theirs));
	if (!decoded) {
		if (is_transfer(theirs) && !refused_on_purpose(word, theirs))
			fail_msg("%08x: refused, capstone: %s", word, theirs);
		return false;
	}
	insn_text(insn, ours, sizeof(ours));
	if (strcmp(ours, theirs) == 0)
		return true;
	if (!decoded_on_purpose(word, insn))
		fail_msg("%08x: decoded as '%s', capstone: '%s'", word, ours, theirs);
	return false;
}

static void arm_decoder_agrees_with_capstone(void **state)
{
	unsigned agreed[MEM_COPROC + 1] = { 0 };
	csh handle;

	assert_int_equal(CS_ERR_OK, cs_open(CS_ARCH_ARM, CS_MODE_ARM, &handle));
	for (unsigned i = 0; i < ARM_WORDS; i++) {
		const uint32_t word = random_arm_word();
		struct mem_insn insn;
		const bool decoded = arm_decode_mem(word, &insn);

		if (compare(handle, word, 4, decoded, &insn))
			agreed[insn.shape]++;
	}
	cs_close(&handle);

	/* The sample reached every shape. */
	print_message("agreed: %u single, %u double, %u multiple, %u swap, %u VFP\n",
		      agreed[MEM_SINGLE], agreed[MEM_DOUBLE], agreed[MEM_MULTIPLE],
		      agreed[MEM_SWAP], agreed[MEM_COPROC]);
	assert_true(agreed[MEM_SINGLE] > 400000);
	assert_true(agreed[MEM_DOUBLE] > 10000);
	assert_true(agreed[MEM_MULTIPLE] > 200000);
	assert_true(agreed[MEM_SWAP] > 500);
	assert_true(agreed[MEM_COPROC] > 20000);
}

static void thumb_decoder_agrees_with_capstone(void **state)
{
	unsigned agreed = 0;
	csh handle;

	assert_int_equal(CS_ERR_OK, cs_open(CS_ARCH_ARM, CS_MODE_THUMB, &handle));
	for (uint32_t half = 0; half <= 0xffff; half++) {
		struct mem_insn insn;
		const bool decoded = thumb_decode_mem((uint16_t)half, &insn);

		if (compare(handle, half, 2, decoded, &insn))
			agreed++;
	}
	cs_close(&handle);

	/* 0x5000-0xa000 and the multiples, less the empty lists. */
	print_message("agreed: %u Thumb halfwords\n", agreed);
	assert_true(agreed > 25000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm_decoder_agrees_with_capstone),
		cmocka_unit_test(thumb_decoder_agrees_with_capstone),
	};

	return cmocka_run_group_tests_name("insn_capstone", tests, NULL, NULL);
}
