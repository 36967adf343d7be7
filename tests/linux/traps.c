/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that a program may not use: each gives the signal that the real CPU and Linux give.
 * A proxy of the rewriter in a program's hands is an undefined instruction.
 *
 * Not here: bkpt, on which Linux for ARMv5 itself never stops retrying (it takes every prefetch
 * abort for a missing page, arch/arm/mm/pabort-legacy.S); tests/guest has it.
 */
#include "tests/linux/check.h"

#include "vcpu/guest_abi.h"

#include <sys/mman.h>
#include <unistd.h>

/* An instruction, built at run time: `flags` go into CPSR first, r0 comes back. */
static uint32_t *code;

static void write_code(const uint32_t *words, unsigned count)
{
	memcpy(code, words, count * 4);
	__builtin___clear_cache((char *)code, (char *)(code + count));
}

#define MSR_CPSR_F_R1 0xe128f001
#define BX_LR         0xe12fff1e
#define MOV_R0_1      0xe3a00001

static void try_word(const char *name, uint32_t word, int signal, int code_wanted)
{
	const uint32_t words[] = { word, BX_LR };

	write_code(words, 2);
	TRY(((void (*)(void))(uintptr_t)code)());
	result(caught.number == signal && (code_wanted < 0 || caught.code == code_wanted),
	       "%s (%08x): signal %d code %d at %d", name, (unsigned)word, caught.number,
	       caught.code, caught.number ? (int)(caught.address - (uintptr_t)code) : 0);
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
	uint32_t value = 0;

	write_code(words, 4);
	TRY(value = ((uint32_t(*)(uint32_t, uint32_t))(uintptr_t)code)(0, flags));
	return value;
}

static void try_conditions(const char *name, uint32_t word)
{
	for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const uint32_t conditional = (word & 0x0fffffffu) | i << 28;
		uint32_t value = run_with_flags(conditional, conditions[i].holds);

		result(caught.number == SIGILL && caught.address == (uintptr_t)(code + 1),
		       "%s, %s holds: signal %d", name, conditions[i].name, caught.number);
		value = run_with_flags(conditional, conditions[i].fails);
		result(caught.number == 0 && value == 1, "%s, %s fails: signal %d, goes on %d",
		       name, conditions[i].name, caught.number, (int)value);
	}
}

static void try_thumb(const char *name, uint16_t half, int signal)
{
	const uint32_t words[] = { 0x47700000u | half }; /* half; bx lr */

	write_code(words, 1);
	TRY(((void (*)(void))((uintptr_t)code | 1))());
	result(caught.number == signal, "thumb %s (%04x): signal %d code %d at %d", name, half,
	       caught.number, caught.code,
	       caught.number ? (int)(caught.address - (uintptr_t)code) : 0);
}

/* Mode, state and interrupt masks. */
static unsigned cpsr(void)
{
	uint32_t value;

	__asm__ volatile("mrs %0, cpsr" : "=r"(value));
	return value & 0xffu;
}

int main(void)
{
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	catch_signals();

	for (unsigned index = 0; index < PROXY_TABLE_MAX; index += 455) {
		char name[32];

		snprintf(name, sizeof(name), "proxy %u", index);
		try_word(name, 0xe0000000u | PROXY_MATCH | index << PROXY_INDEX_LOW, SIGILL, -1);
		snprintf(name, sizeof(name), "hypercall %u", index);
		try_word(name, 0xe0000000u | HYPERCALL_MATCH | index << PROXY_INDEX_LOW, SIGILL,
			 -1);
	}
	try_conditions("proxy 0", PROXY_MATCH);
	try_conditions("proxy 4095", PROXY_MATCH | 0xfffu << PROXY_INDEX_LOW);
	try_conditions("hypercall 1", HYPERCALL_MATCH | 1u << PROXY_INDEX_LOW);

	try_word("udf", 0xe7f000f0, SIGILL, -1);
	try_word("mrc p15, 0, r0, c0, c0, 0", 0xee100f10, SIGILL, -1);
	try_word("mcr p15, 0, r0, c1, c0, 0", 0xee010f10, SIGILL, -1);
	try_word("mcr p15, 0, r0, c7, c5, 0", 0xee070f15, SIGILL, -1);
	try_word("mcr p15, 0, r0, c8, c7, 0", 0xee080f17, SIGILL, -1);
	try_word("cdp p1", 0xee000100, SIGILL, -1);
	try_word("ldc p2", 0xed900200, SIGILL, -1);
	try_word("fmrx r0, fpexc", 0xeef80a10, SIGILL, -1);
	try_word("swi 0x900000 + 9999", 0xef90270f, SIGILL, -1);
	try_thumb("undefined", 0xde00, SIGILL);
	try_thumb("undefined b8", 0xb800, SIGILL);

	/* A program's view of the PSR, and what it cannot change there. */
	result(cpsr() == 0x10, "cpsr: mode and mask %02x", cpsr());
	try_word("msr cpsr_c, #0xd3", 0xe321f0d3, 0, -1);
	result(cpsr() == 0x10, "after msr cpsr_c: %02x", cpsr());
	return finish("traps");
}
