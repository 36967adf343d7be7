/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our plugins share: instructions executed, for each interface of QEMU, an instruction's word,
 * and arguments. To be included once, by the plugin's source.
 */
#ifndef TESTS_BENCH_PLUGIN_INSNS_H
#define TESTS_BENCH_PLUGIN_INSNS_H

#include "tests/bench/plugin/qemu_api.h"
#include "tests/parse_number.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_COUNT 8
#define VECTORS_HIGH 0xffff0000u

#if QEMU_PLUGIN_ABI < 3
static uint64_t insn_counter;

static inline void insns_init(void)
{
}

static inline uint64_t insns_executed(void)
{
	return insn_counter;
}

static inline void count_insn(struct qemu_plugin_insn *insn)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64, &insn_counter, 1);
}

static inline uint32_t insn_word(const struct qemu_plugin_insn *insn)
{
	uint32_t word;

	memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
	return word;
}
#else
static struct plugin_u64 insn_counter;

static inline void insns_init(void)
{
	insn_counter.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
}

static inline uint64_t insns_executed(void)
{
	return qemu_plugin_u64_get(insn_counter, 0);
}

static inline void count_insn(struct qemu_plugin_insn *insn)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD_U64,
							    insn_counter, 1);
}

static inline uint32_t insn_word(const struct qemu_plugin_insn *insn)
{
	uint32_t word = 0;

	qemu_plugin_insn_data(insn, &word, sizeof word);
	return word;
}
#endif

/** An address at which the CPU enters an exception; a guest's own vectors have the same ones. */
static inline bool is_vector(uint32_t pc)
{
	return (pc < 4 * VECTOR_COUNT || pc - VECTORS_HIGH < 4 * VECTOR_COUNT) && pc % 4 == 0;
}

/* The VMM's addresses, by its MMU, and where its image is with the MMU on and off. */
static struct {
	bool is_known, has_image;
	uint32_t first, end;
	uint32_t image_virtual, image_physical;
	bool ran; /* with its MMU on; then */
	bool guest_ran;
} vmm;

/**
 * Whether a block is the VMM's, with @p pc made its address with the MMU on. QEMU translates code
 * once, wherever it is mapped: what the VMM executed before it turned the MMU on has the physical
 * address for ever, and no guest was there at that time.
 */
static inline bool is_vmm(uint32_t *pc)
{
	if (*pc >= vmm.first && *pc < vmm.end) {
		vmm.ran = true;
		return true;
	}
	if (vmm.has_image && !vmm.guest_ran &&
	    *pc - vmm.image_physical < vmm.end - vmm.image_virtual) {
		*pc += vmm.image_virtual - vmm.image_physical;
		return true;
	}
	vmm.guest_ran = vmm.ran;
	return false;
}

/** vmm=FIRST-END and image=VIRTUAL-PHYSICAL; *@p known says whether it was one of them. */
static inline bool parse_vmm(const char *text, bool *known)
{
	const char *rest;

	*known = true;
	if (!strncmp(text, "vmm=", 4))
		return vmm.is_known = parse_number(text + 4, '-', &vmm.first, &rest) &&
				      parse_number(rest, 0, &vmm.end, NULL);
	if (!strncmp(text, "image=", 6))
		return vmm.has_image = parse_number(text + 6, '-', &vmm.image_virtual, &rest) &&
				       parse_number(rest, 0, &vmm.image_physical, NULL);
	return *known = false;
}

/** Opens a file that an argument names; says what is wrong with it. */
static inline bool open_file(const char *path, const char *mode, FILE **file)
{
	*file = fopen(path, mode);
	if (!*file)
		perror(path);
	return *file;
}

/** Gives all arguments to @p parse, up to one that it does not take. */
static inline bool parse_arguments(const char *plugin, int argc, char **argv,
				   bool (*parse)(const char *text))
{
	for (int i = 0; i < argc; i++) {
		if (!parse(argv[i])) {
			fprintf(stderr, "%s plugin: bad argument \"%s\"\n", plugin, argv[i]);
			return false;
		}
	}
	return true;
}

#endif
