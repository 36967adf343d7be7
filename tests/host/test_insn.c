/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders against tables of encodings (words from an assembler) and of their neighbours. */
#include "arch/arm/condition.h"
#include "arch/arm/insn.h"
#include "tests/host/insn_text.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct encoding {
	uint32_t word;
	struct mem_insn expected;
};

static const struct encoding arm_encodings[] = {
	/* clang-format off */
	/* ldr r7, [r6], #4 */
	{ 0xe4967004, { .rt = 7, .rn = 6, .size = 4, .is_load = true, .offset = 4,
	  .writeback = true } },
	/* ldr r0, [r1] */
	{ 0xe5910000, { .rt = 0, .rn = 1, .size = 4, .is_load = true, .pre_index = true } },
	/* str r2, [r3, #4095] */
	{ 0xe5832fff, { .rt = 2, .rn = 3, .size = 4, .offset = 4095, .pre_index = true } },
	/* ldr pc, [pc, #-8] */
	{ 0xe51ff008, { .rt = 15, .rn = 15, .size = 4, .is_load = true, .offset = 8,
	  .subtract = true, .pre_index = true } },
	/* strb r4, [r5, #-1]! */
	{ 0xe5654001, { .rt = 4, .rn = 5, .size = 1, .offset = 1, .subtract = true,
	  .pre_index = true, .writeback = true } },
	/* ldrb r12, [sp], #-256 */
	{ 0xe45dc100, { .rt = 12, .rn = 13, .size = 1, .is_load = true, .offset = 256,
	  .subtract = true, .writeback = true } },
	/* ldrt r0, [r1], #4 */
	{ 0xe4b10004, { .rt = 0, .rn = 1, .size = 4, .is_load = true, .offset = 4,
	  .writeback = true, .user_access = true } },
	/* strt r0, [r1], #0 */
	{ 0xe4a10000, { .rt = 0, .rn = 1, .size = 4, .writeback = true, .user_access = true } },
	/* ldrbt r3, [r2], -r5 */
	{ 0xe6723005, { .rt = 3, .rn = 2, .rm = 5, .size = 1, .is_load = true,
	  .register_offset = true, .subtract = true, .writeback = true, .user_access = true } },
	/* strbt r3, [r2], r5, lsl #3 */
	{ 0xe6e23185, { .rt = 3, .rn = 2, .rm = 5, .size = 1, .register_offset = true,
	  .shift_amount = 3, .writeback = true, .user_access = true } },
	/* ldr r0, [r1, r2] */
	{ 0xe7910002, { .rt = 0, .rn = 1, .rm = 2, .size = 4, .is_load = true,
	  .register_offset = true, .pre_index = true } },
	/* str r0, [r1, -r2, lsl #31]! */
	{ 0xe7210f82, { .rt = 0, .rn = 1, .rm = 2, .size = 4, .register_offset = true,
	  .shift_amount = 31, .subtract = true, .pre_index = true, .writeback = true } },
	/* ldr r0, [r1, r2, lsr #32] */
	{ 0xe7910022, { .rt = 0, .rn = 1, .rm = 2, .size = 4, .is_load = true,
	  .register_offset = true, .shift_type = 1, .pre_index = true } },
	/* ldr r0, [r1, r2, asr #7] */
	{ 0xe79103c2, { .rt = 0, .rn = 1, .rm = 2, .size = 4, .is_load = true,
	  .register_offset = true, .shift_type = 2, .shift_amount = 7, .pre_index = true } },
	/* strb r0, [r1], r2, ror #1 */
	{ 0xe6c100e2, { .rt = 0, .rn = 1, .rm = 2, .size = 1, .register_offset = true,
	  .shift_type = 3, .shift_amount = 1, .writeback = true } },
	/* ldrb r0, [r1, r2, rrx] */
	{ 0xe7d10062, { .rt = 0, .rn = 1, .rm = 2, .size = 1, .is_load = true,
	  .register_offset = true, .shift_type = 3, .pre_index = true } },
	/* strh r8, [r9] */
	{ 0xe1c980b0, { .rt = 8, .rn = 9, .size = 2, .pre_index = true } },
	/* ldrh r8, [r9, #-255]! */
	{ 0xe1798fbf, { .rt = 8, .rn = 9, .size = 2, .is_load = true, .offset = 255,
	  .subtract = true, .pre_index = true, .writeback = true } },
	/* ldrsb r1, [r2, #16] */
	{ 0xe1d211d0, { .rt = 1, .rn = 2, .size = 1, .is_load = true, .sign_extend = true,
	  .offset = 16, .pre_index = true } },
	/* ldrsh r1, [r2], -r3 */
	{ 0xe01210f3, { .rt = 1, .rn = 2, .rm = 3, .size = 2, .is_load = true,
	  .sign_extend = true, .register_offset = true, .subtract = true, .writeback = true } },
	/* strh r1, [r2, r3]! */
	{ 0xe1a210b3, { .rt = 1, .rn = 2, .rm = 3, .size = 2, .register_offset = true,
	  .pre_index = true, .writeback = true } },
	/* ldrd r4, [r6, #8] */
	{ 0xe1c640d8, { .shape = MEM_DOUBLE, .rt = 4, .rn = 6, .size = 4, .is_load = true,
	  .offset = 8, .pre_index = true } },
	/* strd r12, [r6], #-8 */
	{ 0xe046c0f8, { .shape = MEM_DOUBLE, .rt = 12, .rn = 6, .size = 4, .offset = 8,
	  .subtract = true, .writeback = true } },
	/* ldrd r0, [r2, -r3]! */
	{ 0xe12200d3, { .shape = MEM_DOUBLE, .rt = 0, .rn = 2, .rm = 3, .size = 4,
	  .is_load = true, .register_offset = true, .subtract = true, .pre_index = true,
	  .writeback = true } },
	/* strd r2, [r4, r5] */
	{ 0xe18420f5, { .shape = MEM_DOUBLE, .rt = 2, .rn = 4, .rm = 5, .size = 4,
	  .register_offset = true, .pre_index = true } },
	/* ldmia r0, {r1, r2} */
	{ 0xe8900006, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .is_load = true, .list = 0x0006
	  } },
	/* ldmib r0!, {r1, pc} */
	{ 0xe9b08002, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .is_load = true,
	  .list = 0x8002, .pre_index = true, .writeback = true } },
	/* ldmda r0, {r0-r15} */
	{ 0xe810ffff, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .is_load = true,
	  .list = 0xffff, .subtract = true } },
	/* ldmdb r11, {r11, sp, pc} */
	{ 0xe91ba800, { .shape = MEM_MULTIPLE, .rn = 11, .size = 4, .is_load = true,
	  .list = 0xa800, .subtract = true, .pre_index = true } },
	/* stmdb sp!, {r4, lr} */
	{ 0xe92d4010, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .list = 0x4010,
	  .subtract = true, .pre_index = true, .writeback = true } },
	/* stmia r0, {r0-r14}^ */
	{ 0xe8c07fff, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .list = 0x7fff,
	  .user_bank = true } },
	/* ldmdb r0, {sp, lr}^ */
	{ 0xe9506000, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .is_load = true,
	  .list = 0x6000, .user_bank = true, .subtract = true, .pre_index = true } },
	/* ldmia sp!, {r0-pc}^ */
	{ 0xe8fdffff, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .is_load = true,
	  .list = 0xffff, .restore_spsr = true, .writeback = true } },
	/* stmib r0, {r1, pc}^ */
	{ 0xe9c08002, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .list = 0x8002,
	  .user_bank = true, .pre_index = true } },
	/* swp r0, r1, [r2] */
	{ 0xe1020091, { .shape = MEM_SWAP, .rt = 0, .rm = 1, .rn = 2, .size = 4,
	  .is_load = true } },
	/* swpb r0, r1, [r2] */
	{ 0xe1420091, { .shape = MEM_SWAP, .rt = 0, .rm = 1, .rn = 2, .size = 1,
	  .is_load = true } },
	/* vldr s5, [r1, #8] */
	{ 0xedd12a02, { .shape = MEM_COPROC, .rt = 5, .rn = 1, .size = 4, .coproc = 10,
	  .words = 1, .offset = 8, .is_load = true, .pre_index = true } },
	/* vstr d3, [r1, #-1020] */
	{ 0xed013bff, { .shape = MEM_COPROC, .rt = 6, .rn = 1, .size = 4, .coproc = 11,
	  .words = 2, .offset = 1020, .subtract = true, .pre_index = true } },
	/* vldmia r2!, {s1-s3} */
	{ 0xecf20a03, { .shape = MEM_COPROC, .rt = 1, .rn = 2, .size = 4, .coproc = 10,
	  .words = 3, .offset = 12, .is_load = true, .writeback = true } },
	/* vldmia r2, {d0-d15} */
	{ 0xec920b20, { .shape = MEM_COPROC, .rt = 0, .rn = 2, .size = 4, .coproc = 11,
	  .words = 32, .offset = 128, .is_load = true } },
	/* vstmdb r2!, {d14-d15} */
	{ 0xed22eb04, { .shape = MEM_COPROC, .rt = 28, .rn = 2, .size = 4, .coproc = 11,
	  .words = 4, .offset = 16, .subtract = true, .pre_index = true, .writeback = true } },
	/* fstmiax r2, {d1} */
	{ 0xec821b03, { .shape = MEM_COPROC, .rt = 2, .rn = 2, .size = 4, .coproc = 11,
	  .words = 2, .offset = 12 } },
	/* clang-format on */
};

/* Thumb: the words are halfwords. */
static const struct encoding thumb_encodings[] = {
	/* clang-format off */
	/* ldr r0, [pc, #4] */
	{ 0x4801, { .rt = 0, .rn = 15, .size = 4, .is_load = true, .offset = 4, .pre_index = true,
	  .pc_relative = true } },
	/* ldr r7, [r6, #124] */
	{ 0x6ff7, { .rt = 7, .rn = 6, .size = 4, .is_load = true, .offset = 124,
	  .pre_index = true } },
	/* str r1, [r2] */
	{ 0x6011, { .rt = 1, .rn = 2, .size = 4, .pre_index = true } },
	/* ldrb r1, [r2, #31] */
	{ 0x7fd1, { .rt = 1, .rn = 2, .size = 1, .is_load = true, .offset = 31,
	  .pre_index = true } },
	/* strb r1, [r2, #1] */
	{ 0x7051, { .rt = 1, .rn = 2, .size = 1, .offset = 1, .pre_index = true } },
	/* ldrh r1, [r2, #62] */
	{ 0x8fd1, { .rt = 1, .rn = 2, .size = 2, .is_load = true, .offset = 62,
	  .pre_index = true } },
	/* strh r1, [r2, #2] */
	{ 0x8051, { .rt = 1, .rn = 2, .size = 2, .offset = 2, .pre_index = true } },
	/* str r0, [r1, r2] */
	{ 0x5088, { .rt = 0, .rn = 1, .rm = 2, .size = 4, .register_offset = true,
	  .pre_index = true } },
	/* strh r0, [r1, r2] */
	{ 0x5288, { .rt = 0, .rn = 1, .rm = 2, .size = 2, .register_offset = true,
	  .pre_index = true } },
	/* strb r0, [r1, r2] */
	{ 0x5488, { .rt = 0, .rn = 1, .rm = 2, .size = 1, .register_offset = true,
	  .pre_index = true } },
	/* ldrsb r0, [r1, r2] */
	{ 0x5688, { .rt = 0, .rn = 1, .rm = 2, .size = 1, .is_load = true, .sign_extend = true,
	  .register_offset = true, .pre_index = true } },
	/* ldr r5, [r6, r7] */
	{ 0x59f5, { .rt = 5, .rn = 6, .rm = 7, .size = 4, .is_load = true,
	  .register_offset = true, .pre_index = true } },
	/* ldrh r0, [r1, r2] */
	{ 0x5a88, { .rt = 0, .rn = 1, .rm = 2, .size = 2, .is_load = true,
	  .register_offset = true, .pre_index = true } },
	/* ldrb r0, [r1, r2] */
	{ 0x5c88, { .rt = 0, .rn = 1, .rm = 2, .size = 1, .is_load = true,
	  .register_offset = true, .pre_index = true } },
	/* ldrsh r0, [r1, r2] */
	{ 0x5e88, { .rt = 0, .rn = 1, .rm = 2, .size = 2, .is_load = true, .sign_extend = true,
	  .register_offset = true, .pre_index = true } },
	/* ldr r3, [sp, #1020] */
	{ 0x9bff, { .rt = 3, .rn = 13, .size = 4, .is_load = true, .offset = 1020,
	  .pre_index = true } },
	/* str r3, [sp] */
	{ 0x9300, { .rt = 3, .rn = 13, .size = 4, .pre_index = true } },
	/* push {r0, r7} */
	{ 0xb481, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .list = 0x0081, .subtract = true,
	  .pre_index = true, .writeback = true } },
	/* push {r4, lr} */
	{ 0xb510, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .list = 0x4010, .subtract = true,
	  .pre_index = true, .writeback = true } },
	/* pop {r4, pc} */
	{ 0xbd10, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .is_load = true, .list = 0x8010,
	  .writeback = true } },
	/* pop {r1} */
	{ 0xbc02, { .shape = MEM_MULTIPLE, .rn = 13, .size = 4, .is_load = true, .list = 0x0002,
	  .writeback = true } },
	/* ldmia r3!, {r0, r7} */
	{ 0xcb81, { .shape = MEM_MULTIPLE, .rn = 3, .size = 4, .is_load = true, .list = 0x0081,
	  .writeback = true } },
	/* ldmia r3, {r1, r3} */
	{ 0xcb0a, { .shape = MEM_MULTIPLE, .rn = 3, .size = 4, .is_load = true, .list = 0x000a }
	  },
	/* stmia r0!, {r0, r1} */
	{ 0xc003, { .shape = MEM_MULTIPLE, .rn = 0, .size = 4, .list = 0x0003,
	  .writeback = true } },
	/* clang-format on */
};

static const uint32_t arm_others[] = {
	/* clang-format off */
	0xe0000291, /* mul r0, r1, r2 */
	0xe0203291, /* mla r0, r1, r2, r3 */
	0xe0810392, /* umull r0, r1, r2, r3 */
	0xe0e10392, /* smlal r0, r1, r2, r3 */
	0xe1600281, /* smulbb r0, r1, r2 */
	0xf5d0f004, /* pld [r0, #4] */
	0xf7d0f001, /* pld [r0, r1] */
	0xe0810002, /* add r0, r1, r2 */
	0xe0010182, /* and r0, r1, r2, lsl #3 */
	0xe1a00211, /* mov r0, r1, lsl r2 */
	0xe10f0000, /* mrs r0, cpsr */
	0xe121f000, /* msr cpsr_c, r0 */
	0xe12fff1e, /* bx lr */
	0xe12fff33, /* blx r3 */
	0xe16f0f11, /* clz r0, r1 */
	0xe1020051, /* qadd r0, r1, r2 */
	0xe1200070, /* bkpt #0 */
	0xef000000, /* swi #0 */
	0xeafffffe, /* b . */
	0xfa000000, /* blx .+8 */
	0xee110f10, /* mrc p15, 0, r0, c1, c0, 0 */
	0xee000f00, /* cdp p15, 0, c0, c0, c0, 0 */
	0xee070f9a, /* mcr p15, 0, r0, c7, c10, 4 */
	0xed905f00, /* ldc p15, c5, [r0] */
	0xeca05101, /* stc p1, c5, [r0], #4 */
	0xfd905a00, /* ldc2 p10, c5, [r0] */
	0xec410a01, /* mcrr p10, 0, r0, r1, c1 */
	0xec510b11, /* mrrc p11, 1, r0, r1, c1 */
	0xee000a10, /* vmov s0, r0 */
	0xee300a81, /* vadd.f32 s0, s1, s2 */
	0xe1c210d8, /* ldrd r1, [r2, #8]: odd, undefined */
	0xe1c2e0d8, /* ldrd lr, [r2, #8]: the second would be pc */
	0xe1c2f0f8, /* strd pc, [r2, #8] */
	0xe0f100b4, /* ldrht r0, [r1], #4: ARMv6T2 */
	0xe0e100d4, /* P = 0, W = 1 in the place of ldrd */
	0xe19101b2, /* ldrh r0, [r1, r2] with bit 8, which should be zero */
	0xe1910f9f, /* ldrex r0, [r1]: ARMv6 */
	0xe1010192, /* swp with bit 8, which should be zero */
	0xe1210092, /* swp with bit 21 */
	0xe1110092, /* swp with bit 20 */
	0xe7910012, /* register offset with bit 4: undefined, later the media space */
	0xe6ef0071, /* uxtb r0, r1: ARMv6 */
	0xecc10b04, /* vstmia r1, {d16, d17}: the VFP9-S ends at d15 */
	0xec91fa04, /* vldmia r1, {s30-s33} */
	0xec910a00, /* vldmia of nothing */
	0xec910b01, /* fldmiax of nothing */
	0xedb10a04, /* vldm with P, U and W: undefined */
	0xec110a04, /* vldm with none of them: mrrc */
	0xec310a04, /* vldm with W only: undefined */
	/* The words of good encodings, with condition 0xf. */
	0xf5910000, 0xf1d100b4, 0xf8910003, 0xf1020091, 0xfd910a01,
	/* clang-format on */
};

static const uint16_t thumb_others[] = {
	/* clang-format off */
	0x00c8, /* lsl r0, r1, #3 */
	0x1888, /* add r0, r1, r2 */
	0x2001, /* mov r0, #1 */
	0x4008, /* and r0, r1 */
	0x4770, /* bx lr */
	0x4680, /* mov r8, r0 */
	0xa001, /* add r0, pc, #4 */
	0xb002, /* add sp, #8 */
	0xb082, /* sub sp, #8 */
	0xbe00, /* bkpt #0 */
	0xd0fe, /* beq . */
	0xdf00, /* swi #0 */
	0xe7fe, /* b . */
	0xb6ff, 0xbe00, 0xb000, 0xbf00, /* around push and pop */
	0x4000, 0x4700, 0x4780,         /* around ldr literal: alu, bx, blx */
	0xa000, 0xa800, 0xd000, 0xe800, /* around ldr sp and ldmia */
	/* clang-format on */
};

static bool decode_thumb(uint32_t word, struct mem_insn *insn)
{
	return thumb_decode_mem((uint16_t)word, insn);
}

static void check_table(const struct encoding *table, size_t count,
			bool (*decode)(uint32_t word, struct mem_insn *insn))
{
	for (size_t i = 0; i < count; i++) {
		struct mem_insn insn;
		const char *difference;

		if (!decode(table[i].word, &insn))
			fail_msg("%08x: refused", table[i].word);
		difference = insn_difference(&insn, &table[i].expected);
		if (difference)
			fail_msg("%08x: %s differs", table[i].word, difference);
	}
}

static void arm_encodings_are_decoded(void **state)
{
	check_table(arm_encodings, ARRAY_SIZE(arm_encodings), arm_decode_mem);
}

static void thumb_encodings_are_decoded(void **state)
{
	check_table(thumb_encodings, ARRAY_SIZE(thumb_encodings), decode_thumb);
}

static void near_misses_are_refused(void **state)
{
	struct mem_insn insn;

	for (size_t i = 0; i < ARRAY_SIZE(arm_others); i++)
		if (arm_decode_mem(arm_others[i], &insn))
			fail_msg("%08x: not a load or store, but was decoded", arm_others[i]);
	for (size_t i = 0; i < ARRAY_SIZE(thumb_others); i++)
		if (thumb_decode_mem(thumb_others[i], &insn))
			fail_msg("%04x: not a load or store, but was decoded", thumb_others[i]);
}

static void decoding_does_not_depend_on_the_condition(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(arm_encodings); i++) {
		for (uint32_t cond = 0; cond < 15; cond++) {
			const uint32_t word = (arm_encodings[i].word & 0x0fffffff) | cond << 28;
			struct mem_insn insn;

			assert_true(arm_decode_mem(word, &insn));
			assert_null(insn_difference(&insn, &arm_encodings[i].expected));
		}
		{
			struct mem_insn insn;

			assert_false(arm_decode_mem(arm_encodings[i].word | 0xf0000000, &insn));
		}
	}
}

static uint32_t read_array(const void *regs, unsigned n)
{
	return ((const uint32_t *)regs)[n];
}

/* Addresses worked out by hand from the addressing modes' pseudo code. */
static void addresses_and_new_bases(void **state)
{
	static const struct {
		uint32_t word;
		bool carry;
		uint32_t address;
		uint32_t base;
		unsigned length;
	} cases[] = {
		/* clang-format off */
		{ 0xe5910000, false, 0x1000,     0x1000,     4 },  /* ldr r0, [r1] */
		{ 0xe5310ffc, false, 0x0004,     0x0004,     4 },  /* ldr r0, [r1, #-0xffc]! */
		{ 0xe4910ffc, false, 0x1000,     0x1ffc,     4 },  /* ldr r0, [r1], #0xffc */
		{ 0xe4110004, false, 0x1000,     0x0ffc,     4 },  /* ldr r0, [r1], #-4 */
		{ 0xe7d10002, false, 0x80001010, 0x80001010, 1 },  /* ldrb r0, [r1, r2] */
		{ 0xe7910102, false, 0x00001040, 0x00001040, 4 },  /* ldr r0, [r1, r2, lsl #2] */
		{ 0xe7910022, false, 0x1000,     0x1000,     4 },  /* ldr r0, [r1, r2, lsr #32] */
		{ 0xe7910fa2, false, 0x1001,     0x1001,     4 },  /* ldr r0, [r1, r2, lsr #31] */
		{ 0xe7910042, false, 0x0fff,     0x0fff,     4 },  /* ldr r0, [r1, r2, asr #32] */
		{ 0xe7910242, false, 0xf8001001, 0xf8001001, 4 },  /* ldr r0, [r1, r2, asr #4] */
		{ 0xe7910262, false, 0x08001001, 0x08001001, 4 },  /* ldr r0, [r1, r2, ror #4] */
		{ 0xe7910062, false, 0x40001008, 0x40001008, 4 },  /* ldr r0, [r1, r2, rrx] */
		{ 0xe7910062, true,  0xc0001008, 0xc0001008, 4 },  /* the same with C set */
		{ 0xe7110062, true,  0x40000ff8, 0x40000ff8, 4 },  /* ldr r0, [r1, -r2, rrx] */
		{ 0xe59f0008, false, 0x8010,     0x8010,     4 },  /* ldr r0, [pc, #8] */
		{ 0xe0d140b2, false, 0x1000,     0x1002,     2 },  /* ldrh r4, [r1], #2 */
		{ 0xe10140d2, false, 0x80000ff0, 0x80000ff0, 8 },  /* ldrd r4, [r1, -r2] */
		{ 0xe8b1003c, false, 0x1000,     0x1010,     16 }, /* ldmia r1!, {r2-r5} */
		{ 0xe9b1003c, false, 0x1004,     0x1010,     16 }, /* ldmib r1!, {r2-r5} */
		{ 0xe831003c, false, 0x0ff4,     0x0ff0,     16 }, /* ldmda r1!, {r2-r5} */
		{ 0xe931003c, false, 0x0ff0,     0x0ff0,     16 }, /* ldmdb r1!, {r2-r5} */
		{ 0xe8a10000, false, 0x1000,     0x1000,     0 },  /* stmia r1!, {} */
		{ 0xe1010092, false, 0x1000,     0x1000,     4 },  /* swp r0, r2, [r1] */
		{ 0xecb10b05, false, 0x1000,     0x1014,     16 }, /* fldmiax r1!, {d0, d1} */
		{ 0xed210a03, false, 0x0ff4,     0x0ff4,     12 }, /* vstmdb r1!, {s0-s2} */
		{ 0xed110b02, false, 0x0ff8,     0x0ff8,     8 },  /* vldr d0, [r1, #-8] */
		/* clang-format on */
	};
	static const uint32_t regs[16] = { [1] = 0x1000, [2] = 0x80000010, [15] = 0x8008 };
	struct mem_insn insn;
	uint32_t base;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t address;

		assert_true(arm_decode_mem(cases[i].word, &insn));
		address = mem_insn_address(&insn, read_array, regs, cases[i].carry, &base);
		if (address != cases[i].address || base != cases[i].base ||
		    mem_insn_length(&insn) != cases[i].length)
			fail_msg("%08x: address %08x, base %08x, length %u", cases[i].word, address,
				 base, mem_insn_length(&insn));
	}

	/* Thumb ldr r0, [pc, #4] at 0x8002: the base is 0x8006 with bit 1 cleared. */
	assert_true(thumb_decode_mem(0x4801, &insn));
	assert_int_equal(0x8008,
			 mem_insn_address(&insn, read_array, (const uint32_t[16]){ [15] = 0x8006 },
					  false, &base));
}

/* Each condition as the manual's table words it (ARM ARM, A3.2.1). */
static void conditions_follow_the_flags(void **state)
{
	for (uint32_t flags = 0; flags < 16; flags++) {
		const uint32_t cpsr = flags << 28 | 0x10;
		const bool n = flags & 8, z = flags & 4, c = flags & 2, v = flags & 1;
		/* clang-format off */
		const bool expected[16] = {
			z,       !z,      c,            !c,
			n,       !n,      v,            !v,
			c && !z, !c || z, n == v,       n != v,
			!z && n == v,     z || n != v,  true, true,
		};
		/* clang-format on */

		for (unsigned cond = 0; cond < 16; cond++)
			assert_int_equal(expected[cond], arm_condition_holds(cpsr, cond));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm_encodings_are_decoded),
		cmocka_unit_test(thumb_encodings_are_decoded),
		cmocka_unit_test(near_misses_are_refused),
		cmocka_unit_test(decoding_does_not_depend_on_the_condition),
		cmocka_unit_test(addresses_and_new_bases),
		cmocka_unit_test(conditions_follow_the_flags),
	};

	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
