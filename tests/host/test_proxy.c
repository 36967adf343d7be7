/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensitive instructions: which handler each word gets, and what the handlers do that touch no
 * memory. The sources are included, so that the handlers have names here. Memory instructions are in
 * test_proxy_mem.c.
 */
#include "vcpu/proxy.c"
#include "vcpu/proxy_mem.c"

#include "tests/host/core_machine.h"

/** Words, as GNU as makes them of the text beside them; ".inst" where it refuses to. */
static const struct {
	uint32_t word;
	emulate_fn emulate;
	uint32_t arg;
	const char *text;
} decoded[] = {
	/* clang-format off */
	{ 0xe10f0000, mrs_cpsr, 0, "mrs r0, cpsr" },
	{ 0xe10fe000, mrs_cpsr, 14, "mrs lr, cpsr" },
	{ 0xe14f7000, mrs_spsr, 7, "mrs r7, spsr" },
	{ 0xe10ff000, emulate_undefined, 0xe10ff000, "mrs pc, cpsr" },
	{ 0xe14ff000, emulate_undefined, 0xe14ff000, "mrs pc, spsr" },
	{ 0xe121f000, msr_cpsr_c_register, 0, "msr cpsr_c, r0" },
	{ 0xe121f00e, msr_cpsr_c_register, 14, "msr cpsr_c, lr" },
	{ 0xe121f00f, msr_cpsr, 0xe121f00f, "msr cpsr_c, pc" },
	{ 0xe321f0d3, msr_cpsr_c_immediate, 0xd3, "msr cpsr_c, #0xd3" },
	{ 0xe321fe3f, msr_cpsr_c_immediate, 0x3f0, "msr cpsr_c, #0x3f0" },
	{ 0xe128f001, msr_cpsr, 0xe128f001, "msr cpsr_f, r1" },
	{ 0xe129f001, msr_cpsr, 0xe129f001, "msr cpsr_fc, r1" },
	{ 0xe12ff001, msr_cpsr, 0xe12ff001, "msr cpsr_fsxc, r1" },
	{ 0xe122f001, msr_cpsr, 0xe122f001, "msr cpsr_x, r1" },
	{ 0xe328f20f, msr_cpsr, 0xe328f20f, "msr cpsr_f, #0xf0000000" },
	{ 0xe32ff010, msr_cpsr, 0xe32ff010, "msr cpsr_fsxc, #0x10" },
	{ 0xe120f001, msr_cpsr, 0xe120f001, "msr cpsr_, r1" },
	{ 0xe161f000, msr_spsr, 0xe161f000, "msr spsr_c, r0" },
	{ 0xe16ff00c, msr_spsr, 0xe16ff00c, "msr spsr_fsxc, r12" },
	{ 0xe361f013, msr_spsr, 0xe361f013, "msr spsr_c, #0x13" },
	{ 0xe368f20f, msr_spsr, 0xe368f20f, "msr spsr_f, #0xf0000000" },
	{ 0xe12fff20, bxj, 0, "bxj r0" },
	{ 0xe12fff2e, bxj, 14, "bxj lr" },
	{ 0xe12fff2f, bxj, 15, "bxj pc" },
	{ 0xe12fff1e, emulate_undefined, 0xe12fff1e, "bx lr" },
	{ 0xe12fff33, emulate_undefined, 0xe12fff33, "blx r3" },
	{ 0xe16f0f11, emulate_undefined, 0xe16f0f11, "clz r0, r1" },
	{ 0xe1020051, emulate_undefined, 0xe1020051, "qadd r0, r1, r2" },
	{ 0xe1003281, emulate_undefined, 0xe1003281, "smlabb r0, r1, r2, r3" },
	{ 0xe1200070, emulate_undefined, 0xe1200070, "bkpt #0" },
	{ 0xe1b0f00e, movs_pc_lr, 0, "movs pc, lr" },
	{ 0xe25ef004, subs_pc_lr_immediate, 4, "subs pc, lr, #4" },
	{ 0xe25ef000, subs_pc_lr_immediate, 0, "subs pc, lr, #0" },
	{ 0xe25efeff, subs_pc_lr_immediate, 0xff0, "subs pc, lr, #0xff0" },
	{ 0xe1b0f000, data_processing_pc, 0xe1b0f000, "movs pc, r0" },
	{ 0xe1b0f08e, data_processing_pc, 0xe1b0f08e, "movs pc, lr, lsl #1" },
	{ 0xe3b0f010, data_processing_pc, 0xe3b0f010, "movs pc, #0x10" },
	{ 0xe1f0f001, data_processing_pc, 0xe1f0f001, "mvns pc, r1" },
	{ 0xe011f002, data_processing_pc, 0xe011f002, "ands pc, r1, r2" },
	{ 0xe031f002, data_processing_pc, 0xe031f002, "eors pc, r1, r2" },
	{ 0xe25df004, data_processing_pc, 0xe25df004, "subs pc, r13, #4" },
	{ 0xe271f000, data_processing_pc, 0xe271f000, "rsbs pc, r1, #0" },
	{ 0xe091f372, data_processing_pc, 0xe091f372, "adds pc, r1, r2, ror r3" },
	{ 0xe0b1f062, data_processing_pc, 0xe0b1f062, "adcs pc, r1, r2, rrx" },
	{ 0xe0d1f042, data_processing_pc, 0xe0d1f042, "sbcs pc, r1, r2, asr #32" },
	{ 0xe0f1f022, data_processing_pc, 0xe0f1f022, "rscs pc, r1, r2, lsr #32" },
	{ 0xe39ef001, data_processing_pc, 0xe39ef001, "orrs pc, lr, #1" },
	{ 0xe3def003, data_processing_pc, 0xe3def003, "bics pc, lr, #3" },
	{ 0xe31ef000, data_processing_pc, 0xe31ef000, "tst lr, #0, the 26-bit form" },
	{ 0xe1a0f00e, emulate_undefined, 0xe1a0f00e, "mov pc, lr" },
	{ 0xe24ef004, emulate_undefined, 0xe24ef004, "sub pc, lr, #4" },
	{ 0xe1b0000e, emulate_undefined, 0xe1b0000e, "movs r0, lr" },
	{ 0xe25ee004, emulate_undefined, 0xe25ee004, "subs lr, lr, #4" },
	{ 0xe01f0291, emulate_undefined, 0xe01f0291, "muls pc, r1, r2" },
	{ 0xe0000291, emulate_undefined, 0xe0000291, "mul r0, r1, r2" },
	{ 0xe0910392, emulate_undefined, 0xe0910392, "umulls r0, r1, r2, r3" },
	{ 0xe1020091, emulate_undefined, 0xe1020091, "swp r0, r1, [r2]" },
	{ 0xe1d1f0b0, emulate_undefined, 0xe1d1f0b0, "ldrh pc, [r1]" },
	{ 0xe1d100d0, emulate_undefined, 0xe1d100d0, "ldrsb r0, [r1]" },
	{ 0xe4b10000, ldrt_strt, 0xe4b10000, "ldrt r0, [r1]" },
	{ 0xe4b10004, ldrt_strt, 0xe4b10004, "ldrt r0, [r1], #4" },
	{ 0xe4710001, ldrt_strt, 0xe4710001, "ldrbt r0, [r1], #-1" },
	{ 0xe4a10004, ldrt_strt, 0xe4a10004, "strt r0, [r1], #4" },
	{ 0xe4edefff, ldrt_strt, 0xe4edefff, "strbt lr, [sp], #4095" },
	{ 0xe6b10002, emulate_mem_checked, 0xe6b10002, "ldrt r0, [r1], r2" },
	{ 0xe6610182, emulate_mem_checked, 0xe6610182, "strbt r0, [r1], -r2, lsl #3" },
	{ 0xe4b11004, emulate_mem_checked, 0xe4b11004, "ldrt r1, [r1], #4" },
	{ 0xe4a11004, emulate_mem_checked, 0xe4a11004, "strt r1, [r1], #4" },
	{ 0xe4b1f000, emulate_mem_checked, 0xe4b1f000, "ldrt pc, [r1]" },
	{ 0xe4bf0000, emulate_mem_checked, 0xe4bf0000, "ldrt r0, [pc]" },
	{ 0xe5910000, emulate_undefined, 0xe5910000, "ldr r0, [r1]" },
	{ 0xe4910004, emulate_undefined, 0xe4910004, "ldr r0, [r1], #4" },
	{ 0xe5b10004, emulate_undefined, 0xe5b10004, "ldr r0, [r1, #4]!" },
	{ 0xe7a10002, emulate_undefined, 0xe7a10002, "str r0, [r1, r2]!" },
	{ 0xe8dd7fff, ldm_user_to_lr, 0xe8dd7fff, "ldmia sp, {r0-lr}^" },
	{ 0xe9507ffe, ldm_user_to_lr, 0xe9507ffe, "ldmdb r0, {r1-lr}^" },
	{ 0xe9d07000, ldm_user_to_lr, 0xe9d07000, "ldmib r0, {r12, sp, lr}^" },
	{ 0xe8d06000, emulate_mem_checked, 0xe8d06000, "ldmia r0, {sp, lr}^" },
	{ 0xe8d04000, emulate_mem_checked, 0xe8d04000, "ldmia r0, {lr}^" },
	{ 0xe8d07ffd, emulate_mem_checked, 0xe8d07ffd, "ldmia r0, {r0, r2-lr}^" },
	{ 0xe8d01fff, emulate_mem_checked, 0xe8d01fff, "ldmia r0, {r0-r12}^" },
	{ 0xe8f07fff, emulate_mem_checked, 0xe8f07fff, "ldmia r0!, {r0-lr}^" },
	{ 0xe8df7fff, emulate_mem_checked, 0xe8df7fff, "ldmia pc, {r0-lr}^" },
	{ 0xe8c06000, stm_user_sp_lr, 0xe8c06000, "stmia r0, {sp, lr}^" },
	{ 0xe94d6000, stm_user_sp_lr, 0xe94d6000, "stmdb sp, {sp, lr}^" },
	{ 0xe8c07fff, emulate_mem_checked, 0xe8c07fff, "stmia r0, {r0-lr}^" },
	{ 0xe8c02000, emulate_mem_checked, 0xe8c02000, "stmia r0, {sp}^" },
	{ 0xe8e06000, emulate_mem_checked, 0xe8e06000, "stmia r0!, {sp, lr}^" },
	{ 0xe8cf6000, emulate_mem_checked, 0xe8cf6000, "stmia pc, {sp, lr}^" },
	{ 0xe8ddffff, ldm_exception_return, 0xe8ddffff, "ldmia sp, {r0-pc}^" },
	{ 0xe8d08000, ldm_exception_return, 0xe8d08000, "ldmia r0, {pc}^" },
	{ 0xe9508002, ldm_exception_return, 0xe9508002, "ldmdb r0, {r1, pc}^" },
	{ 0xe8fd8001, emulate_mem_checked, 0xe8fd8001, "ldmia sp!, {r0, pc}^" },
	{ 0xe8df8001, emulate_mem_checked, 0xe8df8001, "ldmia pc, {r0, pc}^" },
	{ 0xe8c08002, emulate_mem_checked, 0xe8c08002, "stmia r0, {r1, pc}^" },
	{ 0xe8d00000, emulate_mem_checked, 0xe8d00000, "ldmia r0, {}^" },
	{ 0xe8908002, emulate_undefined, 0xe8908002, "ldmia r0, {r1, pc}" },
	{ 0xe92d7fff, emulate_undefined, 0xe92d7fff, "stmdb sp!, {r0-lr}" },
	{ 0xeef03e10, cp14_read, 3, "mrc p14, 7, r3, c0, c0, 0" },
	{ 0xeef13e10, cp14_read, 3, "mrc p14, 7, r3, c1, c0, 0" },
	{ 0xeee23e10, cp14_write, 3, "mcr p14, 7, r3, c2, c0, 0" },
	{ 0xeef33e10, emulate_undefined, 0xeef33e10, "mrc p14, 7, r3, c3, c0, 0" },
	{ 0xee103e10, emulate_undefined, 0xee103e10, "mrc p14, 0, r3, c0, c0, 0" },
	{ 0xeef03e11, emulate_undefined, 0xeef03e11, "mrc p14, 7, r3, c0, c1, 0" },
	{ 0xeef03e30, emulate_undefined, 0xeef03e30, "mrc p14, 7, r3, c0, c0, 1" },
	{ 0xeef00a10, vfp_system, 0xeef00a10, "vmrs r0, fpsid" },
	{ 0xeef81a10, vfp_system, 0xeef81a10, "vmrs r1, fpexc" },
	{ 0xeee81a10, vfp_system, 0xeee81a10, "vmsr fpexc, r1" },
	{ 0xeef92a10, vfp_system, 0xeef92a10, "vmrs r2, fpinst" },
	{ 0xeeea2a10, vfp_system, 0xeeea2a10, "vmsr fpinst2, r2" },
	{ 0xeef1fa10, vfp_system, 0xeef1fa10, "vmrs APSR_nzcv, fpscr" },
	{ 0xee100a90, emulate_undefined, 0xee100a90, "vmov r0, s1" },
	{ 0xee001a10, emulate_undefined, 0xee001a10, "vmov s0, r1" },
	{ 0xed900a00, emulate_undefined, 0xed900a00, "vldr s0, [r0]" },
	{ 0xee000f00, emulate_undefined, 0xee000f00, "cdp p15, 0, c0, c0, c0, 0" },
	{ 0xee100d10, emulate_undefined, 0xee100d10, "mrc p13, 0, r0, c0, c0, 0" },
	{ 0xec510f00, emulate_undefined, 0xec510f00, "mrrc p15, 0, r0, r1, c0" },
	{ 0xed900f00, emulate_undefined, 0xed900f00, "ldc p15, c0, [r0]" },
	{ 0xef000000, emulate_undefined, 0xef000000, "swi #0" },
	{ 0xeafffffe, emulate_undefined, 0xeafffffe, "b ." },
	{ 0xfafffffe, emulate_undefined, 0xfafffffe, "blx ." },
	{ 0xe7f000f0, emulate_undefined, 0xe7f000f0, "udf" },
	{ 0xf5d0f000, emulate_undefined, 0xf5d0f000, "pld [r0]" },
	/* clang-format on */
};

static int start(void **state)
{
	seed(3);
	machine_init();
	machine_map_usual();
	return 0;
}

static void every_kind_of_word(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(decoded); i++) {
		const struct proxy p = proxy_decode(decoded[i].word);

		if (p.emulate != decoded[i].emulate || p.arg != decoded[i].arg)
			fail_msg("0x%08x %s: another handler, or argument 0x%x", decoded[i].word,
				 decoded[i].text, p.arg);
	}
}

/* cp15_decode() has a test of its own; here only that it is asked, and for nothing else. */
static void cp15_words_go_to_cp15(void **state)
{
	for (unsigned i = 0; i < 20000; i++) {
		const uint32_t word = 0xee000f10u | (rnd() & 0x00fff0efu);
		const struct proxy p = proxy_decode(word), q = cp15_decode(word);

		assert_ptr_equal(p.emulate, q.emulate);
		assert_int_equal(p.arg, q.arg);
	}
}

/** Whether the VMM must see an instruction: field by field, as A3 of the ARM ARM lays them out. */
static bool sensitive(uint32_t word)
{
	const unsigned op = word >> 21 & 15, low = word >> 4 & 15, rd = word >> 12 & 15;
	const bool s = word >> 20 & 1;

	switch (word >> 25 & 7) {
	case 0:
		if ((low & 9) == 9) /* multiplies, swaps, halfwords */
			return false;
		if (op >= 8 && op <= 11 && !s) { /* miscellaneous: A3-4 */
			if (low == 0 && (op == 8 || op == 10))
				return (word & 0xf0fff) == 0xf0000 && rd != 15;
			if (low == 0)
				return (word & 0xff00) == 0xf000;
			return low == 2 && op == 9 && (word & 0xfff00) == 0xfff00;
		}
		return s && rd == 15;
	case 1:
		if (op >= 8 && op <= 11 && !s) /* op 8 and 10 are undefined */
			return (op == 9 || op == 11) && rd == 15;
		return s && rd == 15;
	case 2:
	case 3:
		return !(word >> 24 & 1) && (word >> 21 & 1);
	case 4:
		return word >> 22 & 1;
	default:
		return false; /* coprocessors: tested by themselves */
	}
}

static void random_words(void **state)
{
	unsigned found = 0;

	for (unsigned i = 0; i < 3000000; i++) {
		uint32_t word = rnd();

		/* More of the crowded corners. */
		if (i % 4 == 1)
			word = (word & 0x016fffff) | 0xe1000000;
		if (i % 4 == 2)
			word |= 0x0000f000;
		if (i % 8 == 3)
			word = (word & 0xfff00ff0) | 0xff000;
		if ((word >> 25 & 7) > 4)
			continue;
		if ((proxy_decode(word).emulate != emulate_undefined) != sensitive(word))
			fail_msg("0x%08x is%s sensitive", word, sensitive(word) ? "" : " not");
		found += sensitive(word);
	}
	assert_true(found > 100000);
}

static void a_table_is_filled_up(void **state)
{
	static struct proxy table[PROXY_TABLE_MAX];
	static const uint32_t words[] = { 0xe10f0000, 0, 0xe1b0f00e };

	proxy_table_make(table, PROXY_TABLE_MAX, words, 3);
	assert_ptr_equal(table[0].emulate, mrs_cpsr);
	assert_ptr_equal(table[1].emulate, emulate_undefined);
	assert_ptr_equal(table[2].emulate, movs_pc_lr);
	for (unsigned i = 3; i < PROXY_TABLE_MAX; i++)
		assert_ptr_equal(table[i].emulate, emulate_undefined);
}

/* ---- status registers ------------------------------------------------------------------------ */

static void mrs_shows_the_virtual_registers(void **state)
{
	for (unsigned i = 0; i < MACHINE_MODES; i++) {
		const uint32_t cpsr = 0x980000c0u | machine_modes[i];
		const bool own =
			machine_modes[i] != PSR_MODE_USR && machine_modes[i] != PSR_MODE_SYS;

		vcpu_set_cpsr(&machine.vcpu, cpsr);
		vcpu_set_spsr(&machine.vcpu, 0x710000a0u + i, ~0u);
		assert_int_equal(machine_do(0xe10f3000), TRAP_NEXT); /* mrs r3, cpsr */
		assert_int_equal(machine.vcpu.frame.r[3], cpsr);
		assert_int_equal(machine_do(0xe14f4000), TRAP_NEXT); /* mrs r4, spsr */
		assert_int_equal(machine.vcpu.frame.r[4], own ? 0x710000a0u + i : cpsr);
	}
}

/* All 16 field masks, both registers, register and immediate. */
static void msr_masks(void **state)
{
	static const uint32_t field[] = { 0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000 };

	for (unsigned i = 0; i < 4000; i++) {
		const unsigned fields = rnd_below(16);
		const bool to_spsr = rnd_below(2), is_immediate = rnd_below(2);
		const unsigned rotate = rnd_below(16), byte = rnd() & 0xff;
		const uint32_t cpsr = (rnd() & 0xf80000c0u) | machine_modes[1 + rnd_below(6)];
		const uint32_t spsr = rnd() & 0xf90000ffu;
		uint32_t value = rnd(), mask = 0, word, expected;

		vcpu_set_cpsr(&machine.vcpu, cpsr);
		vcpu_set_spsr(&machine.vcpu, spsr, ~0u);
		machine.vcpu.frame.r[5] = value;
		word = 0xe120f000u | fields << 16 | (uint32_t)to_spsr << 22 | 5;
		if (is_immediate) {
			word = (word & ~0xfffu) | 1u << 25 | rotate << 8 | byte;
			value = byte;
			for (unsigned n = 0; n < 2 * rotate; n++)
				value = value >> 1 | value << 31;
		}
		for (unsigned n = 0; n < 4; n++)
			if (fields >> n & 1)
				mask |= field[n];
		assert_int_equal(machine_do(word), TRAP_NEXT);

		if (to_spsr) {
			mask &= 0xf90000ffu; /* an ARMv5TEJ has no others */
			assert_int_equal(vcpu_cpsr(&machine.vcpu), cpsr);
			if (vcpu_has_spsr(&machine.vcpu))
				assert_int_equal(vcpu_spsr(&machine.vcpu),
						 (spsr & ~mask) | (value & mask));
			continue;
		}
		/* What a CPU of ARMv5 has, without T: and a mode that is one. */
		mask &= 0xf80000dfu;
		expected = (cpsr & ~mask) | (value & mask);
		for (unsigned n = 0; n <= MACHINE_MODES; n++) {
			if (n == MACHINE_MODES)
				expected = (expected & ~31u) | (cpsr & 31u);
			else if (machine_modes[n] == (expected & 31u))
				break;
		}
		assert_int_equal(vcpu_cpsr(&machine.vcpu), expected);
	}
}

/* ---- data processing with S to pc ------------------------------------------------------------ */

/** A5.1, bit by bit. */
static uint32_t ref_shift(unsigned type, uint32_t value, unsigned amount)
{
	for (unsigned n = 0; n < amount; n++) {
		switch (type) {
		case 0:
			value = value * 2;
			break;
		case 1:
			value = value / 2;
			break;
		case 2:
			value = value / 2 + (value >= 0x80000000u ? 0x80000000u : 0);
			break;
		default:
			value = value / 2 + (value % 2 ? 0x80000000u : 0);
			break;
		}
	}
	return value;
}

/** The 64-bit sums of A4.1, where borrow is the complement of carry. */
static uint32_t ref_data(unsigned op, uint32_t a, uint32_t b, unsigned carry)
{
	const uint64_t sums[] = {
		[2] = (uint64_t)a + (uint32_t)~b + 1,
		[3] = (uint64_t)b + (uint32_t)~a + 1,
		[4] = (uint64_t)a + b,
		[5] = (uint64_t)a + b + carry,
		[6] = (uint64_t)a + (uint32_t)~b + carry,
		[7] = (uint64_t)b + (uint32_t)~a + carry,
	};
	uint32_t result = 0;

	if (op >= 2 && op <= 7)
		return (uint32_t)sums[op];
	for (unsigned n = 0; n < 32; n++) {
		const unsigned x = a >> n & 1, y = b >> n & 1;
		unsigned z;

		switch (op) {
		case 0:
			z = x && y;
			break;
		case 1:
			z = x != y;
			break;
		case 12:
			z = x || y;
			break;
		case 13:
			z = y;
			break;
		case 14:
			z = x && !y;
			break;
		default:
			z = !y;
			break;
		}
		result |= z << n;
	}
	return result;
}

static void data_processing_returns(void **state)
{
	static const uint8_t ops[] = { 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15 };
	struct vcpu *const vcpu = &machine.vcpu;

	for (unsigned i = 0; i < 200000; i++) {
		const unsigned op = i % 3 ? ops[rnd_below(12)] : rnd_below(2) ? 13 : 2;
		const unsigned form = rnd_below(3), type = rnd_below(4);
		unsigned rn = rnd_below(16), rm = rnd_below(16), rs = rnd_below(15);
		const uint32_t spsr = (rnd() & 0xf80000e0u) | machine_modes[rnd_below(7)];
		const bool c = rnd_below(2);
		unsigned amount = rnd_below(32);
		uint32_t word = 0xe010f000u | op << 21, b, pc;
		uint32_t r[16];

		if (i % 5 == 0) /* the common ones: lr */
			rn = rm = 14;
		vcpu_set_cpsr(vcpu, (c ? PSR_C : 0) | 0xd3);
		vcpu_set_spsr(vcpu, spsr, ~0u);
		vcpu->frame.pc = rnd() & ~3u;
		for (unsigned n = 0; n < 15; n++)
			r[n] = vcpu->frame.r[n] = rnd_below(4) ? rnd() : rnd_below(40);
		r[15] = vcpu->frame.pc + 8;

		switch (form) {
		case 0: /* immediate */
			b = rnd() & 0xff;
			word |= 1u << 25 | b | (amount / 2) << 8;
			b = ref_shift(3, b, amount / 2 * 2);
			break;
		case 1: /* shifted by an immediate */
			word |= rm | type << 5 | amount << 7;
			if (amount == 0 && type == 3)
				b = r[rm] / 2 + (c ? 0x80000000u : 0);
			else
				b = ref_shift(type, r[rm], amount == 0 && type ? 32 : amount);
			break;
		default: /* by a register; r15 is UNPREDICTABLE */
			rn %= 15;
			rm %= 15;
			word |= rm | type << 5 | rs << 8 | 0x10;
			amount = r[rs] & 0xff;
			b = ref_shift(type, r[rm], amount);
			break;
		}
		word |= rn << 16;
		pc = ref_data(op, r[rn], b, c);
		pc = spsr & PSR_T ? pc / 2 * 2 : pc / 4 * 4;
		vcpu->interrupt = rnd() & (PSR_I | PSR_F);
		if (machine_do(word) !=
			    (vcpu->interrupt & ~spsr & 0xc0 ? TRAP_RESUME : TRAP_MOVED) ||
		    vcpu->frame.pc != pc || vcpu_cpsr(vcpu) != spsr)
			fail_msg("0x%08x: pc 0x%08x, expected 0x%08x", word, vcpu->frame.pc, pc);
	}
}

static void comparisons_return_nowhere(void **state)
{
	for (unsigned op = 8; op < 12; op++)
		assert_int_equal(machine_do(0xe010f001u | op << 21), TRAP_INJECT);
}

/* ---- BXJ, CP14, VFP -------------------------------------------------------------------------- */

static void bxj_is_bx(void **state)
{
	machine.vcpu.frame.r[2] = 0x1003;
	assert_int_equal(machine_do(0xe12fff22), TRAP_RESUME);
	assert_int_equal(machine.vcpu.frame.pc, 0x1002);
	assert_true(vcpu_thumb(&machine.vcpu));
	machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
	machine.vcpu.frame.r[2] = 0x2000;
	assert_int_equal(machine_do(0xe12fff22), TRAP_RESUME);
	assert_int_equal(machine.vcpu.frame.pc, 0x2000);
	assert_false(vcpu_thumb(&machine.vcpu));
}

static void there_is_no_jazelle(void **state)
{
	machine.vcpu.frame.r[3] = 7;
	assert_int_equal(machine_do(0xeee23e10), TRAP_NEXT); /* mcr p14, 7, r3, c2, c0, 0 */
	assert_int_equal(machine_do(0xeef03e10), TRAP_NEXT); /* mrc p14, 7, r3, c0, c0, 0 */
	assert_int_equal(machine.vcpu.frame.r[3], 0);
}

static void vfp_registers(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	assert_int_equal(machine_do(0xeef04a10), TRAP_NEXT); /* vmrs r4, fpsid */
	assert_int_equal(vcpu->frame.r[4], vfp_read_fpsid());
	assert_int_equal(machine_do(0xeef94a10), TRAP_INJECT); /* vmrs r4, fpinst: VFP is off */
	vcpu->frame.r[4] = VFP_FPEXC_EN;
	assert_int_equal(machine_do(0xeee84a10), TRAP_NEXT); /* vmsr fpexc, r4 */
	assert_int_equal(machine.fpexc, VFP_FPEXC_EN);
	assert_int_equal(machine_do(0xeef85a10), TRAP_NEXT); /* vmrs r5, fpexc */
	assert_int_equal(vcpu->frame.r[5], VFP_FPEXC_EN);
	vcpu->frame.r[4] = 0x1234;
	assert_int_equal(machine_do(0xeeea4a10), TRAP_NEXT); /* vmsr fpinst2, r4 */
	assert_int_equal(machine_do(0xeefa5a10), TRAP_NEXT); /* vmrs r5, fpinst2 */
	assert_int_equal(vcpu->frame.r[5], 0x1234);
	assert_int_equal(machine_do(0xeef1fa10), TRAP_INJECT); /* vmrs APSR_nzcv, fpscr */
	vcpu->has_vfp = false;
	assert_int_equal(machine_do(0xeef04a10), TRAP_INJECT);
}

/* ---- undefined instructions, and who may use proxies ----------------------------------------- */

#define CODE 0x00102000u

/** The trap that @p word leads to, at the guest's pc; with the table empty that is undef_trap(). */
static enum trap_outcome undefined(uint32_t word)
{
	guest_set_word(CODE, word);
	machine.vcpu.frame.pc = CODE;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	return undef_trap(&machine.vcpu);
}

static void an_instruction_the_rewriter_has_not_seen(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	assert_int_equal(undefined(0xee101f10), TRAP_NEXT); /* mrc p15, 0, r1, c0, c0, 0 */
	assert_int_equal(vcpu->frame.r[1], 0x41069265);
	vcpu->frame.r[1] = 1;
	assert_int_equal(undefined(0x0e101f10), TRAP_NEXT); /* mrceq: does not hold */
	assert_int_equal(vcpu->frame.r[1], 1);
	vcpu->frame.cpsr |= PSR_Z;
	assert_int_equal(undefined(0x0e101f10), TRAP_NEXT);
	assert_int_equal(vcpu->frame.r[1], 0x41069265);
	assert_int_equal(undefined(0xfe101f10), TRAP_INJECT); /* mrc2 */
	assert_int_equal(undefined(0xe7f000f0), TRAP_INJECT);
	assert_int_equal(undefined(0x17f000f0), TRAP_NEXT);   /* its condition does not hold */
	assert_int_equal(undefined(0xee140f10), TRAP_INJECT); /* c4 */
	vcpu->frame.cpsr |= PSR_T;
	assert_int_equal(undefined(0xee101f10), TRAP_INJECT);
}

static void a_program_gets_an_undefined_instruction(void **state)
{
	static struct proxy table[PROXY_TABLE_MAX];
	static const uint32_t words[] = { 0xe321f0d3 }; /* msr cpsr_c, #0xd3 */
	const uint32_t proxy = 0xe0000000u | PROXY_MATCH;
	struct vcpu *const vcpu = &machine.vcpu;

	proxy_table_make(table, PROXY_TABLE_MAX, words, 1);
	vcpu->proxies = table;
	assert_ptr_equal(emulate_lookup(vcpu, proxy).emulate, msr_cpsr_c_immediate);
	for (unsigned i = 0; i < MACHINE_MODES; i++) {
		vcpu_set_mode_bits(vcpu, machine_modes[i]);
		/* The comparison of vectors.S, for all conditions. */
		for (uint32_t cond = 0; cond < 15; cond++)
			assert_int_equal(((cond << 28 | PROXY_MATCH) & vcpu->proxy_mask) ==
							 vcpu->proxy_match &&
						 (vcpu->ctl & 0xfu) != 0,
					 machine_modes[i] != PSR_MODE_USR);
	}
	vcpu_set_mode_bits(vcpu, PSR_MODE_USR);
	assert_int_equal(undefined(proxy), TRAP_INJECT);
	assert_int_equal(undefined(0xee101f10), TRAP_INJECT); /* mrc p15 */
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_USR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_kind_of_word, start),
		cmocka_unit_test_setup(cp15_words_go_to_cp15, start),
		cmocka_unit_test_setup(random_words, start),
		cmocka_unit_test_setup(a_table_is_filled_up, start),
		cmocka_unit_test_setup(mrs_shows_the_virtual_registers, start),
		cmocka_unit_test_setup(msr_masks, start),
		cmocka_unit_test_setup(data_processing_returns, start),
		cmocka_unit_test_setup(comparisons_return_nowhere, start),
		cmocka_unit_test_setup(bxj_is_bx, start),
		cmocka_unit_test_setup(there_is_no_jazelle, start),
		cmocka_unit_test_setup(vfp_registers, start),
		cmocka_unit_test_setup(an_instruction_the_rewriter_has_not_seen, start),
		cmocka_unit_test_setup(a_program_gets_an_undefined_instruction, start),
	};

	return cmocka_run_group_tests_name("proxies", tests, NULL, NULL);
}
