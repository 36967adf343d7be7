/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's instruction timing against the ARM9EJ-S TRM (ARM DDI 0222), chapter 8: table 8.2 for
 * single instructions, its sections on interlocks for sequences. Every sequence is a block of its
 * own.
 */
#include "tests/arm926-model/profiles.h"
#include "tests/arm926-model/regions.h"
#include "tests/arm926-model/timing.h"

#include "tests/bench/markers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define STEPS_MAX 16

/* The words are what the assembler makes of the texts. */
struct step {
	uint32_t word;
	const char *text;
	unsigned cycles, taken;
};

static const struct sequence {
	const char *title;
	bool thumb;
	struct step steps[STEPS_MAX];
} sequences[] = {
	{ "data operations",
	  false,
	  {
		  { 0xe0810002, "add r0, r1, r2", 1, 0 },
		  { 0xe2810004, "add r0, r1, #4", 1, 0 },
		  { 0xe0810182, "add r0, r1, r2, lsl #3", 1, 0 },
		  { 0xe0810312, "add r0, r1, r2, lsl r3", 2, 0 },
		  { 0xe1500332, "cmp r0, r2, lsr r3", 2, 0 },
		  { 0xe1a00271, "mov r0, r1, ror r2", 2, 0 },
		  { 0xe1300001, "teq r0, r1", 1, 0 },
	  } },
	{ "data operations with the PC as destination",
	  false,
	  {
		  { 0xe08ff000, "add pc, pc, r0", 1, 2 },
		  { 0xe24ef004, "sub pc, lr, #4", 1, 2 },
		  { 0xe25ef004, "subs pc, lr, #4", 1, 2 },
		  { 0xe1a0f00e, "mov pc, lr", 1, 3 },
		  { 0xe1b0f00e, "movs pc, lr", 1, 3 },
		  { 0xe08ff100, "add pc, pc, r0, lsl #2", 1, 3 },
		  { 0xe181f002, "orr pc, r1, r2", 1, 3 },
		  { 0xe1a0f110, "mov pc, r0, lsl r1", 2, 2 },
	  } },
	{ "conditional flow: one cycle if it fails",
	  false,
	  {
		  { 0x01a0f00e, "moveq pc, lr", 1, 3 },
		  { 0x1afffffe, "bne .", 1, 2 },
		  { 0x1590f000, "ldrne pc, [r0]", 1, 4 },
		  { 0x18bd8030, "ldmneia sp!, {r4, r5, pc}", 1, 6 },
		  { 0x01a0f110, "moveq pc, r0, lsl r1", 1, 3 },
	  } },
	{ "branches",
	  false,
	  {
		  { 0xeafffffe, "b .", 1, 2 },
		  { 0xebfffffe, "bl .", 1, 2 },
		  { 0xe12fff1e, "bx lr", 1, 2 },
		  { 0xe12fff33, "blx r3", 1, 2 },
		  { 0xfa000000, "blx .+8", 1, 2 },
	  } },
	{ "a result of the ALU is there at once",
	  false,
	  {
		  { 0xe0810002, "add r0, r1, r2", 1, 0 },
		  { 0xe0803000, "add r3, r0, r0", 1, 0 },
		  { 0xe5934000, "ldr r4, [r3]", 1, 0 },
	  } },
	{ "load, use in the next instruction",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 2, 0 },
	  } },
	{ "load, use one later",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe0854006, "add r4, r5, r6", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 1, 0 },
	  } },
	{ "load, its base used: no wait",
	  false,
	  {
		  { 0xe4910004, "ldr r0, [r1], #4", 1, 0 },
		  { 0xe0812003, "add r2, r1, r3", 1, 0 },
	  } },
	{ "load as address of the next load",
	  false,
	  {
		  { 0xe5900000, "ldr r0, [r0]", 1, 0 },
		  { 0xe5900000, "ldr r0, [r0]", 2, 0 },
		  { 0xe5900000, "ldr r0, [r0]", 2, 0 },
	  } },
	{ "load as store data",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe5820000, "str r0, [r2]", 2, 0 },
	  } },
	{ "load as accumulator",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe0220493, "mla r2, r3, r4, r0", 3, 0 },
	  } },
	{ "load as shift amount",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe1a02013, "mov r2, r3, lsl r0", 3, 0 },
	  } },
	{ "load of a byte, use in the next",
	  false,
	  {
		  { 0xe5d10001, "ldrb r0, [r1, #1]", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 3, 0 },
		  { 0xe0804005, "add r4, r0, r5", 1, 0 },
	  } },
	{ "load of a byte, use one later",
	  false,
	  {
		  { 0xe5d10001, "ldrb r0, [r1, #1]", 1, 0 },
		  { 0xe1844005, "orr r4, r4, r5", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 2, 0 },
	  } },
	{ "load of a byte, a multi-cycle instruction between",
	  false,
	  {
		  { 0xe5d10000, "ldrb r0, [r1]", 1, 0 },
		  { 0xe0060897, "mul r6, r7, r8", 2, 0 },
		  { 0xe0804005, "add r4, r0, r5", 1, 0 },
	  } },
	{ "load of a halfword and of a signed byte",
	  false,
	  {
		  { 0xe1d100b0, "ldrh r0, [r1]", 1, 0 },
		  { 0xe1d020d0, "ldrsb r2, [r0]", 3, 0 },
		  { 0xe1d230f0, "ldrsh r3, [r2]", 3, 0 },
		  { 0xe2833001, "add r3, r3, #1", 3, 0 },
	  } },
	{ "a waited-for load does not delay what follows",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 2, 0 },
		  { 0xe0804005, "add r4, r0, r5", 1, 0 },
	  } },
	{ "a load overwritten before it is used",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe3a00001, "mov r0, #1", 1, 0 },
		  { 0xe0802003, "add r2, r0, r3", 1, 0 },
	  } },
	{ "scaled offsets",
	  false,
	  {
		  { 0xe7910102, "ldr r0, [r1, r2, lsl #2]", 2, 0 },
		  { 0xe0803000, "add r3, r0, r0", 2, 0 },
		  { 0xe7810102, "str r0, [r1, r2, lsl #2]", 2, 0 },
		  { 0xe7910002, "ldr r0, [r1, r2]", 1, 0 },
		  { 0xe7813002, "str r3, [r1, r2]", 1, 0 },
	  } },
	{ "loads of the PC",
	  false,
	  {
		  { 0xe590f000, "ldr pc, [r0]", 1, 4 },
		  { 0xe790f101, "ldr pc, [r0, r1, lsl #2]", 2, 4 },
		  { 0xe51ff004, "ldr pc, [pc, #-4]", 1, 4 },
	  } },
	{ "doubleword",
	  false,
	  {
		  { 0xe1c020d0, "ldrd r2, r3, [r0]", 2, 0 },
		  { 0xe0824002, "add r4, r2, r2", 1, 0 },
		  { 0xe1c020f0, "strd r2, r3, [r0]", 2, 0 },
	  } },
	{ "doubleword, second register used",
	  false,
	  {
		  { 0xe1c020d0, "ldrd r2, r3, [r0]", 2, 0 },
		  { 0xe0834002, "add r4, r3, r2", 2, 0 },
	  } },
	{ "load multiple",
	  false,
	  {
		  { 0xe8900002, "ldmia r0, {r1}", 2, 0 },
		  { 0xe0811001, "add r1, r1, r1", 1, 0 },
		  { 0xe890001e, "ldmia r0, {r1, r2, r3, r4}", 4, 0 },
		  { 0xe0815003, "add r5, r1, r3", 1, 0 },
		  { 0xe8b001fe, "ldmia r0!, {r1-r8}", 8, 0 },
		  { 0xe0885000, "add r5, r8, r0", 2, 0 },
	  } },
	{ "load multiple with the PC",
	  false,
	  {
		  { 0xe8bd8070, "ldmia sp!, {r4, r5, r6, pc}", 4, 4 },
		  { 0xe8bd8000, "ldmia sp!, {pc}", 1, 4 },
		  { 0xe8ddffff, "ldmia sp, {r0-r15}^", 16, 4 },
	  } },
	{ "store multiple",
	  false,
	  {
		  { 0xe8800002, "stmia r0, {r1}", 2, 0 },
		  { 0xe880000e, "stmia r0, {r1, r2, r3}", 3, 0 },
		  { 0xe92d5fff, "stmdb sp!, {r0-r12, lr}", 14, 0 },
		  { 0xe8c07fff, "stmia r0, {r0-r14}^", 15, 0 },
	  } },
	{ "store multiple, base just loaded",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xe8800006, "stmia r0, {r1, r2}", 3, 0 },
	  } },
	{ "store multiple, first register just loaded",
	  false,
	  {
		  { 0xe5912000, "ldr r2, [r1]", 1, 0 },
		  { 0xe880000c, "stmia r0, {r2, r3}", 3, 0 },
	  } },
	{ "store multiple, second register just loaded",
	  false,
	  {
		  { 0xe5913000, "ldr r3, [r1]", 1, 0 },
		  { 0xe880000c, "stmia r0, {r2, r3}", 2, 0 },
	  } },
	{ "swap",
	  false,
	  {
		  { 0xe1020091, "swp r0, r1, [r2]", 2, 0 },
		  { 0xe0800000, "add r0, r0, r0", 1, 0 },
		  { 0xe1420091, "swpb r0, r1, [r2]", 2, 0 },
		  { 0xe0800000, "add r0, r0, r0", 2, 0 },
	  } },
	{ "multiply, use in the next instruction",
	  false,
	  {
		  { 0xe0000291, "mul r0, r1, r2", 2, 0 },
		  { 0xe0803000, "add r3, r0, r0", 2, 0 },
		  { 0xe0243291, "mla r4, r1, r2, r3", 2, 0 },
		  { 0xe0443000, "sub r3, r4, r0", 2, 0 },
	  } },
	{ "multiply, result stored",
	  false,
	  {
		  { 0xe0203291, "mla r0, r1, r2, r3", 2, 0 },
		  { 0xe5880000, "str r0, [r8]", 2, 0 },
	  } },
	{ "multiply, result accumulated",
	  false,
	  {
		  { 0xe0200291, "mla r0, r1, r2, r0", 2, 0 },
		  { 0xe0200493, "mla r0, r3, r4, r0", 2, 0 },
	  } },
	{ "multiply, result multiplied",
	  false,
	  {
		  { 0xe0000291, "mul r0, r1, r2", 2, 0 },
		  { 0xe0030490, "mul r3, r0, r4", 3, 0 },
	  } },
	{ "multiplies that set flags",
	  false,
	  {
		  { 0xe0100291, "muls r0, r1, r2", 4, 0 },
		  { 0xe0803000, "add r3, r0, r0", 1, 0 },
		  { 0xe0303291, "mlas r0, r1, r2, r3", 4, 0 },
		  { 0xe0954291, "umulls r4, r5, r1, r2", 5, 0 },
		  { 0xe0846005, "add r6, r4, r5", 1, 0 },
	  } },
	{ "long multiplies",
	  false,
	  {
		  { 0xe0810392, "umull r0, r1, r2, r3", 3, 0 },
		  { 0xe0804001, "add r4, r0, r1", 2, 0 },
		  { 0xe0e10392, "smlal r0, r1, r2, r3", 3, 0 },
		  { 0xe0e10392, "smlal r0, r1, r2, r3", 3, 0 },
		  { 0xe0804001, "add r4, r0, r1", 2, 0 },
	  } },
	{ "halfword multiplies",
	  false,
	  {
		  { 0xe1600281, "smulbb r0, r1, r2", 1, 0 },
		  { 0xe0803000, "add r3, r0, r0", 2, 0 },
		  { 0xe10032c1, "smlabt r0, r1, r2, r3", 1, 0 },
		  { 0xe1200281, "smlawb r0, r1, r2, r0", 1, 0 },
		  { 0xe12002e1, "smulwt r0, r1, r2", 1, 0 },
		  { 0xe0800001, "add r0, r0, r1", 2, 0 },
		  { 0xe1454281, "smlalbb r4, r5, r1, r2", 2, 0 },
		  { 0xe0846005, "add r6, r4, r5", 2, 0 },
	  } },
	{ "saturating arithmetic and leading zeros",
	  false,
	  {
		  { 0xe1020051, "qadd r0, r1, r2", 1, 0 },
		  { 0xe0803000, "add r3, r0, r0", 2, 0 },
		  { 0xe1620051, "qdsub r0, r1, r2", 1, 0 },
		  { 0xe1a05006, "mov r5, r6", 1, 0 },
		  { 0xe0803000, "add r3, r0, r0", 1, 0 },
		  { 0xe16f1f12, "clz r1, r2", 1, 0 },
		  { 0xe0813001, "add r3, r1, r1", 1, 0 },
	  } },
	{ "PSR transfers",
	  false,
	  {
		  { 0xe10f0000, "mrs r0, cpsr", 2, 0 },
		  { 0xe3800080, "orr r0, r0, #0x80", 1, 0 },
		  { 0xe121f000, "msr cpsr_c, r0", 3, 0 },
		  { 0xe128f000, "msr cpsr_f, r0", 1, 0 },
		  { 0xe16ff000, "msr spsr_fsxc, r0", 3, 0 },
		  { 0xe321f0d3, "msr cpsr_c, #0xd3", 3, 0 },
		  { 0xe328f20f, "msr cpsr_f, #0xf0000000", 1, 0 },
	  } },
	{ "CP15: one cycle of busy-waiting is assumed",
	  false,
	  {
		  { 0xee070f9a, "mcr p15, 0, r0, c7, c10, 4", 2, 0 },
		  { 0xee110f10, "mrc p15, 0, r0, c1, c0, 0", 2, 0 },
		  { 0xe3800001, "orr r0, r0, #1", 2, 0 },
		  { 0xee17ff7a, "mrc p15, 0, r15, c7, c10, 3", 2, 0 },
	  } },
	{ "exceptions and the rest",
	  false,
	  {
		  { 0xef000000, "swi 0", 1, 2 },
		  { 0xf5d0f000, "pld [r0]", 1, 0 },
		  { 0xe1200070, "bkpt 0", 1, 0 },
	  } },
	{ "preload of a register just loaded",
	  false,
	  {
		  { 0xe5910000, "ldr r0, [r1]", 1, 0 },
		  { 0xf5d0f020, "pld [r0, #32]", 2, 0 },
		  { 0xe5913000, "ldr r3, [r1]", 1, 0 },
		  { 0xf5d0f003, "pld [r0, #3]", 1, 0 },
		  { 0xe5913000, "ldr r3, [r1]", 1, 0 },
		  { 0xf7d0f003, "pld [r0, r3]", 2, 0 },
	  } },
	{ "Thumb: data operations",
	  true,
	  {
		  { 0x00c8, "lsls r0, r1, #3", 1, 0 },
		  { 0x1888, "adds r0, r1, r2", 1, 0 },
		  { 0x1ec8, "subs r0, r1, #3", 1, 0 },
		  { 0x2001, "movs r0, #1", 1, 0 },
		  { 0x4088, "lsls r0, r1", 2, 0 },
		  { 0x4348, "muls r0, r1", 4, 0 },
		  { 0x1802, "adds r2, r0, r0", 1, 0 },
		  { 0x4248, "negs r0, r1", 1, 0 },
		  { 0x4480, "add r8, r0", 1, 0 },
		  { 0x4580, "cmp r8, r0", 1, 0 },
		  { 0xb004, "add sp, #16", 1, 0 },
		  { 0xa801, "add r0, sp, #4", 1, 0 },
	  } },
	{ "Thumb: loads",
	  true,
	  {
		  { 0x6808, "ldr r0, [r1]", 1, 0 },
		  { 0x18c2, "adds r2, r0, r3", 2, 0 },
		  { 0x7848, "ldrb r0, [r1, #1]", 1, 0 },
		  { 0x18c2, "adds r2, r0, r3", 3, 0 },
		  { 0x5a88, "ldrh r0, [r1, r2]", 1, 0 },
		  { 0x18c2, "adds r2, r0, r3", 3, 0 },
		  { 0x4801, "ldr r0, [pc, #4]", 1, 0 },
		  { 0x18c2, "adds r2, r0, r3", 2, 0 },
		  { 0x9801, "ldr r0, [sp, #4]", 1, 0 },
		  { 0x9001, "str r0, [sp, #4]", 2, 0 },
		  { 0x588b, "ldr r3, [r1, r2]", 1, 0 },
		  { 0x2b04, "cmp r3, #4", 2, 0 },
		  { 0x568b, "ldrsb r3, [r1, r2]", 1, 0 },
		  { 0x2b04, "cmp r3, #4", 3, 0 },
	  } },
	{ "Thumb: multiples",
	  true,
	  {
		  { 0xb530, "push {r4, r5, lr}", 3, 0 },
		  { 0xbc30, "pop {r4, r5}", 2, 0 },
		  { 0x1c68, "adds r0, r5, #1", 2, 0 },
		  { 0xc80e, "ldmia r0!, {r1, r2, r3}", 3, 0 },
		  { 0xc006, "stmia r0!, {r1, r2}", 2, 0 },
		  { 0xbd30, "pop {r4, r5, pc}", 3, 4 },
		  { 0xb410, "push {r4}", 2, 0 },
	  } },
	{ "Thumb: flow",
	  true,
	  {
		  { 0xe7fe, "b .", 1, 2 },
		  { 0xd1fe, "bne .", 1, 2 },
		  { 0x4770, "bx lr", 1, 2 },
		  { 0x46f7, "mov pc, lr", 1, 3 },
		  { 0xdf00, "svc 0", 1, 2 },
	  } },
};

static void costs_are_the_manuals(void **state)
{
	for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
		const struct sequence *sequence = &sequences[i];
		struct timing_block block;

		timing_block_begin(&block);
		for (const struct step *step = sequence->steps; step->text; step++) {
			const struct timing_cost cost =
				timing_insn(&block, step->word, sequence->thumb);

			if (cost.cycles != step->cycles || cost.taken != step->taken)
				fail_msg("%s: %s takes %u cycles and %u if taken, not %u and %u",
					 sequence->title, step->text, cost.cycles, cost.taken,
					 step->cycles, step->taken);
		}
	}
}

/* Whatever is executed, even what is no instruction, costs something and not much. */
static void every_word_has_a_cost(void **state)
{
	struct timing_block block;
	uint32_t word = 1;

	timing_block_begin(&block);
	for (unsigned i = 0; i < 2000000; i++) {
		struct timing_cost cost;

		word = word * 1664525u + 1013904223u;
		if (i % 100 == 0)
			timing_block_begin(&block);
		cost = timing_insn(&block, word, false);
		assert_in_range(cost.cycles, 1, 260);
		assert_in_range(cost.taken, 0, 20);
	}
	for (uint32_t half = 0; half < 0x10000; half++) {
		timing_block_begin(&block);
		assert_in_range(timing_insn(&block, half, true).cycles, 1, 9);
	}
}

static void a_block_elsewhere_costs_the_branch(void **state)
{
	struct timing_flow flow = { 0 };

	timing_enter(&flow, 0x8000, 0x8010, 2);
	assert_int_equal(timing_enter(&flow, 0x8010, 0x8020, 3), 0);
	assert_int_equal(timing_enter(&flow, 0x9000, 0x9010, 0), 3);
	/* A block that was cut in two is no branch. */
	assert_int_equal(timing_enter(&flow, 0xa000, 0xa010, 2), 0);
	timing_interrupted(&flow);
	assert_int_equal(timing_enter(&flow, 0xa008, 0xa010, 2), 0);
	assert_int_equal(timing_enter(&flow, 0xb000, 0xb010, 2), 2);
}

static void an_exception_costs_its_entry(void **state)
{
	static const struct {
		uint32_t vector;
		unsigned cycles;
	} vectors[] = {
		{ 0x04, 2 }, { 0x08, 2 }, { 0x0c, 3 },       { 0x10, 3 },
		{ 0x18, 3 }, { 0x1c, 3 }, { 0xffff0008, 2 }, { 0xffff0018, 3 },
	};

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct timing_flow flow = { 0 };

		timing_enter(&flow, 0x8000, 0x8010, 4);
		assert_int_equal(timing_enter(&flow, vectors[i].vector, 0, 0), vectors[i].cycles);
	}
}

static void profiles_make_sense(void **state)
{
	static const char *const names[] = { "sdram-100", "sram" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct memory_profile *profile = profile_find(names[i]);

		assert_non_null(profile);
		assert_string_equal(profile->name, names[i]);
		assert_non_null(strstr(profile_names(), names[i]));
		/* The first word, then the seven others, a bus cycle of two each. */
		assert_int_equal(profile->line_fill, profile->critical_word + 7 * 2);
		assert_true(profile->write_back < profile->line_fill);
		assert_true(profile->write_word && profile->device_read && profile->device_write);
	}
	assert_null(profile_find("sdram"));
	assert_ptr_equal(profile_default(), profile_find("sdram-100"));
	assert_true(profile_find("sram")->line_fill < profile_default()->line_fill);
}

static struct regions_sample sample(uint64_t insns, uint64_t issue, uint64_t stall, uint64_t misses)
{
	return (struct regions_sample){
		.insns = insns,
		.issue_cycles = issue,
		.memory = { .stall_cycles = stall, .d_misses = misses },
	};
}

/* As the plugin calls it for a boot and a region; the samples are taken at the markers. */
static void regions_are_written_as_lines(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct regions regions = { .has_entry = true,
				   .entry = 0x8000,
				   .has_begin = true,
				   .begin_pc = 0x9000,
				   .has_end = true,
				   .end_pc = 0xa000 };
	const struct regions_sample at[] = { sample(100, 120, 50, 1), sample(500, 700, 90, 3),
					     sample(1000, 1300, 100, 4), sample(1011, 1321, 130, 6),
					     sample(2000, 3000, 130, 6) };

	regions_begin(&regions, out, "sram");
	assert_int_equal(0xe1a00000, regions_find_mark(&regions, 0x8000, 0xe1a00000));
	assert_int_equal(0, regions_find_mark(&regions, 0x8004, 0xe1a00000));
	assert_int_equal(MARK_END, regions_find_mark(&regions, 0x8004, MARK_END));
	assert_int_equal(MARK_BEGIN, regions_find_mark(&regions, 0x9000, 0xe1a00000));
	assert_int_equal(MARK_END, regions_find_mark(&regions, 0xa000, 0xe1a00000));
	regions_mark(&regions, 0xe1a00000, &at[0]);
	regions_mark(&regions, MARK_INIT, &at[1]);
	regions_mark(&regions, MARK_BEGIN, &at[2]);
	regions_mark(&regions, MARK_END, &at[3]);
	regions_mark(&regions, MARK_DONE, &at[4]);
	fclose(out);
	assert_string_equal(text, "memory profile=sram\n"
				  "entry insns=100\n"
				  "init insns=400 cycles=620 stall=40 i_misses=0 d_misses=2 "
				  "tlb_misses=0 write_backs=0 uncached=0 whole=0\n"
				  "region insns=10 cycles=50 stall=30 i_misses=0 d_misses=2 "
				  "tlb_misses=0 write_backs=0 uncached=0 whole=0\n"
				  "done insns=2000\n");
	free(text);
}

static void markers_that_do_not_pair_are_an_error(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct regions regions = { 0 };
	const struct regions_sample now = sample(10, 10, 0, 0);

	regions_begin(&regions, out, "sram");
	regions_mark(&regions, MARK_BEGIN, &now);
	regions_mark(&regions, MARK_BEGIN, &now);
	fclose(out);
	assert_non_null(strstr(text, "error begin-in-region\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_are_the_manuals),
		cmocka_unit_test(every_word_has_a_cost),
		cmocka_unit_test(a_block_elsewhere_costs_the_branch),
		cmocka_unit_test(an_exception_costs_its_entry),
		cmocka_unit_test(profiles_make_sense),
		cmocka_unit_test(regions_are_written_as_lines),
		cmocka_unit_test(markers_that_do_not_pair_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
