/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that a program may not use: each gives the signal that the real CPU and Linux give.
 * A proxy of the rewriter in a program's hands is an undefined instruction.
 */
#include "tests/linux/checks/checks.h"

#include "vcpu/guest_abi.h"

#include <stdio.h>
#include <string.h>

#define MSR_CPSR_F_R1 0xe128f001
#define MOV_R0_1      0xe3a00001

static uint32_t *code;

static void write_code(const uint32_t *words, unsigned count)
{
	memcpy(code, words, count * 4);
	__builtin___clear_cache((char *)code, (char *)(code + count));
}

static void try_word(const char *name, uint32_t word, int signal)
{
	const uint32_t words[] = { word, BX_LR };

	write_code(words, 2);
	TRY(((void (*)(void))(uintptr_t)code)());
	check(caught.number == signal, "%s (%08x): signal %s code %d at %d", name, (unsigned)word,
	      signal_name(caught.number), caught.code,
	      caught.number ? (int)(caught.address - (uintptr_t)code) : 0);
}

/* The flags with which a condition holds, and with which it does not. */
static const struct {
	const char *name;
	uint32_t holds, fails;
} conditions[] = {
	{ "eq", 0x40000000, 0 },          { "ne", 0, 0x40000000 },
	{ "cs", 0x20000000, 0 },          { "cc", 0, 0x20000000 },
	{ "mi", 0x80000000, 0 },          { "pl", 0, 0x80000000 },
	{ "vs", 0x10000000, 0 },          { "vc", 0, 0x10000000 },
	{ "hi", 0x20000000, 0x60000000 }, { "ls", 0x40000000, 0x20000000 },
	{ "ge", 0x90000000, 0x80000000 }, { "lt", 0x80000000, 0x90000000 },
	{ "gt", 0, 0x40000000 },          { "le", 0x40000000, 0 },
};

static uint32_t run_with_flags(uint32_t word, uint32_t flags)
{
	const uint32_t words[] = { MSR_CPSR_F_R1, word, MOV_R0_1, BX_LR };
	volatile uint32_t value = 0;

	write_code(words, 4);
	TRY(value = ((uint32_t(*)(uint32_t, uint32_t))(uintptr_t)code)(0, flags));
	return value;
}

static void try_conditions(const char *name, uint32_t word)
{
	for (unsigned i = 0; i < COUNT(conditions); i++) {
		const uint32_t conditional = (word & 0x0fffffffu) | i << 28;
		uint32_t value = run_with_flags(conditional, conditions[i].holds);

		check(caught.number == SIGILL && caught.address == (uintptr_t)(code + 1),
		      "%s, %s holds: signal %s", name, conditions[i].name,
		      signal_name(caught.number));
		value = run_with_flags(conditional, conditions[i].fails);
		check(caught.number == 0 && value == 1, "%s, %s fails: signal %s, goes on %d", name,
		      conditions[i].name, signal_name(caught.number), (int)value);
	}
}

/* Mode, state and interrupt masks. */
static unsigned cpsr(void)
{
	uint32_t value;

	__asm__ volatile("mrs %0, cpsr" : "=r"(value));
	return value & 0xffu;
}

void check_undefined(void)
{
	static const struct {
		const char *name;
		uint32_t word;
	} words[] = {
		{ "udf", 0xe7f000f0 },
		{ "mrc p15, 0, r0, c0, c0, 0", 0xee100f10 },
		{ "mcr p15, 0, r0, c1, c0, 0", 0xee010f10 },
		{ "mcr p15, 0, r0, c7, c5, 0", 0xee070f15 },
		{ "mcr p15, 0, r0, c8, c7, 0", 0xee080f17 },
		{ "cdp p1", 0xee000100 },
		{ "ldc p2", 0xed900200 },
		{ "fmrx r0, fpexc", 0xeef80a10 },
		{ "swi 0x900000 + 9999", 0xef90270f },
	};

	code = code_page(words, 4);
	for (unsigned index = 0; index < PROXY_TABLE_MAX; index += 455) {
		char name[32];

		snprintf(name, sizeof(name), "proxy %u", index);
		try_word(name, 0xe0000000u | PROXY_MATCH | index << PROXY_INDEX_LOW, SIGILL);
		snprintf(name, sizeof(name), "hypercall %u", index);
		try_word(name, 0xe0000000u | HYPERCALL_MATCH | index << PROXY_INDEX_LOW, SIGILL);
	}
	try_conditions("proxy 0", PROXY_MATCH);
	try_conditions("proxy 4095", PROXY_MATCH | 0xfffu << PROXY_INDEX_LOW);
	try_conditions("hypercall 1", HYPERCALL_MATCH | 1u << PROXY_INDEX_LOW);
	for (unsigned i = 0; i < COUNT(words); i++)
		try_word(words[i].name, words[i].word, SIGILL);

	/* A program's view of the PSR, and what it cannot change there. */
	check(cpsr() == 0x10, "cpsr: mode and mask %02x", cpsr());
	try_word("msr cpsr_c, #0xd3", 0xe321f0d3, 0);
	check(cpsr() == 0x10, "after msr cpsr_c: %02x", cpsr());
}
