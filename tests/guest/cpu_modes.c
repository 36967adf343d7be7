/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes, banked registers and status registers (ARM ARM, A2.2 to A2.5): that each exists once per
 * mode, and that every instruction that reads, writes or changes them does so, and nothing more.
 * Reserved bits of a PSR are never written as one. The instructions are in cpu_modes_code.S.
 */
#include "tests/guest/guest.h"
#include "tests/guest/returns.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define FLAGS        (PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q)
#define BANKS        6
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct bank {
	uint32_t sp;
	uint32_t lr;
	uint32_t spsr; /* 0 for SYS, which has none */
};

typedef uint32_t (*psr_function)(uint32_t old, uint32_t next);
typedef uint32_t (*condition_function)(uint32_t flags);

void banks_write_read(const struct bank in[BANKS], struct bank out[BANKS]);
void fiq_bank(const uint32_t in[10], uint32_t out[30]);
uint32_t mode_change_c(uint32_t psr);
uint32_t mode_change_fc(uint32_t psr);
void psr_immediates(uint32_t out[6]);
void psr_keeps_flags(uint32_t flags, uint32_t out[3]);
uint32_t saturated_flag(void);
void load_return_by_sp(uint32_t spsr, const uint32_t *base);
void user_store_by_sp(uint32_t *base, const uint32_t values[2]);
void set_system_bank(uint32_t sp, uint32_t lr);
extern const psr_function spsr_writes[16];
extern const psr_function cpsr_writes[16];
extern label return_target, load_return_target, user_psr, copy_sp_lr;
extern label return_by_sub, return_by_sub_imm, return_by_mov, return_by_mov_lsr, return_by_mov_asr,
	return_by_mov_ror, return_by_mov_rrx;
extern uint32_t load_return_result[4]; /* base, r3, r4, CPSR */
extern void (*const load_returns[8])(uint32_t spsr, const uint32_t *base);
extern void (*const user_stores[4])(uint32_t psr, uint32_t *buffer, const uint32_t values[12]);
extern void (*const user_loads[4])(uint32_t psr, const uint32_t *buffer, uint32_t out[17]);
extern const uint32_t other_bank[5];

uint32_t conditions_mrs(uint32_t), conditions_msr(uint32_t), conditions_spsr(uint32_t);
uint32_t conditions_mrc(uint32_t), conditions_mcr(uint32_t), conditions_ldrt(uint32_t);
uint32_t conditions_ldm_user(uint32_t), conditions_movs_pc(uint32_t);

static const uint8_t modes[] = {
	PSR_MODE_SVC, PSR_MODE_SYS, PSR_MODE_FIQ, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND,
};

static const uint8_t modes_with_spsr[] = {
	PSR_MODE_SVC, PSR_MODE_FIQ, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND,
};

GUEST_TEST(every_mode_has_its_own_r13_r14_and_spsr)
{
	static const uint32_t spsrs[BANKS] = { 0x800000d0, 0x4000001f, 0x200000b2,
					       0x10000097, 0xf80000d1, 0 };
	struct bank in[BANKS];
	struct bank out[BANKS];

	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < BANKS; i++) {
			in[i].sp = 0x11110000u * (turn + 1) + i;
			in[i].lr = 0x0000beefu ^ (i << (20 + turn));
			in[i].spsr = i + 1 < BANKS ? spsrs[(i + turn) % (BANKS - 1)] : 0;
		}
		banks_write_read(in, out);
		for (unsigned i = 0; i < BANKS; i++) {
			tap_case("bank %u, turn %u", i, turn);
			EXPECT_EQ(in[i].sp, out[i].sp);
			EXPECT_EQ(in[i].lr, out[i].lr);
			EXPECT_EQ(in[i].spsr, out[i].spsr);
		}
	}
}

GUEST_TEST(fiq_mode_has_its_own_r8_to_r12)
{
	uint32_t in[10];
	uint32_t out[30];

	for (unsigned i = 0; i < 10; i++)
		in[i] = 0xa5000000u + (i << 8);
	fiq_bank(in, out);
	for (unsigned i = 0; i < 5; i++) {
		tap_case("r%u", i + 8);
		EXPECT_EQ(in[i], out[i]);
		for (unsigned mode = 1; mode < 6; mode++)
			EXPECT_EQ(in[i + 5], out[i + 5 * mode]);
	}
}

GUEST_TEST(user_and_system_mode_share_r13_and_r14)
{
	set_system_bank(0x00345678, 0x9abcdef0);
	run_code(PSR_MODE_SYS | PSR_MASKED, copy_sp_lr, 0, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(seen.r[0], seen.usr_sp);
	EXPECT_EQ(seen.r[1], seen.usr_lr);
	run_code(PSR_MODE_USR, copy_sp_lr, 0, 0);
	EXPECT_EQ(seen.r[0], seen.usr_sp);
	EXPECT_EQ(seen.r[1], seen.usr_lr);
}

GUEST_TEST(a_mode_written_by_msr_is_read_by_mrs)
{
	for (unsigned i = 0; i < COUNT(modes); i++)
		for (unsigned mask = 0; mask < 4; mask++) {
			const uint32_t psr = modes[i] | mask << 6;

			tap_case("psr 0x%x", psr);
			EXPECT_EQ(psr, mode_change_c(psr) & ~FLAGS);
			for (uint32_t flags = 0; flags < 32; flags++)
				EXPECT_EQ(psr | flags << 27, mode_change_fc(psr | flags << 27));
		}
}

/* Bits that a field mask lets through; the x and s fields hold nothing on this core. */
static uint32_t field_bits(unsigned mask)
{
	return (mask & 8 ? 0xff000000u : 0) | (mask & 1 ? 0xffu : 0);
}

GUEST_TEST(msr_writes_the_named_fields_only)
{
	static const uint32_t values[][2] = {
		{ 0x000000d3, 0xf80000df },
		{ 0xf80000d3, 0x000000d1 },
		{ 0x500000d3, 0xa80000d7 },
		{ 0x280000d3, 0x500000db },
	};

	for (unsigned mask = 1; mask < 16; mask++)
		for (unsigned i = 0; i < COUNT(values); i++) {
			const uint32_t old = values[i][0];
			const uint32_t next = values[i][1];
			const uint32_t bits = field_bits(mask);

			tap_case("mask %u, value %u", mask, i);
			EXPECT_EQ((old & ~bits) | (next & bits), spsr_writes[mask](old, next));
			EXPECT_EQ((old & ~bits) | (next & bits), cpsr_writes[mask](old, next));
		}
}

GUEST_TEST(msr_takes_immediate_operands)
{
	uint32_t out[6];

	psr_immediates(out);
	EXPECT_EQ(0xa0000000u | SVC, out[0]);
	EXPECT_EQ(0x58000000u | SVC, out[1]);
	EXPECT_EQ(0x58000000u | PSR_MODE_UND | PSR_MASKED, out[2]);
	EXPECT_EQ(0xf8000000u | PSR_MODE_USR, out[3]);
	EXPECT_EQ(0xf8000000u | PSR_MODE_ABT | PSR_I, out[4]);
	EXPECT_EQ(PSR_MODE_ABT | PSR_I, out[5]);
}

GUEST_TEST(a_mode_change_keeps_the_flags)
{
	for (uint32_t i = 0; i < 32; i++) {
		const uint32_t flags = i << 27;
		uint32_t out[3];

		psr_keeps_flags(flags, out);
		EXPECT_EQ(flags | PSR_MODE_IRQ | PSR_MASKED, out[0]);
		EXPECT_EQ(flags | PSR_MODE_SYS | PSR_MASKED, out[1]);
		EXPECT_EQ(flags | SVC, out[2]);
	}
}

GUEST_TEST(mrs_shows_the_saturation_flag)
{
	EXPECT_EQ(PSR_Q | SVC, saturated_flag());
}

/*
 * I and F are left out: in User mode they are not the program's business, and what the physical
 * core has there is the VMM's.
 */
GUEST_TEST(msr_in_user_mode_writes_flags_and_nothing_else)
{
	run_code(PSR_MODE_USR, user_psr, SVC, 0xf8000000u | PSR_MODE_SYS);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(PSR_MODE_USR, seen.r[0] & ~PSR_MASKED);
	EXPECT_EQ(0xf8000000u | PSR_MODE_USR, seen.r[1] & ~PSR_MASKED);
	EXPECT_EQ(0xf8000000u | PSR_MODE_USR, seen.r[2] & ~PSR_MASKED);
	EXPECT_EQ(0xf8000000u | PSR_MODE_USR, seen.spsr);
}

/* QEMU 7.2 restores CPSR for these two operations only; the others are in not_in_qemu.c. */
GUEST_TEST(subs_pc_and_movs_pc_restore_the_spsr)
{
	const uint32_t t = addr(return_target);
	const uint32_t k = 0x13572468;
	const struct return_case cases[] = {
		/* clang-format off */
		{ "sub",     return_by_sub,     t + k, k, PSR_C },
		{ "sub imm", return_by_sub_imm, t + 0xff0, 0, 0 },
		{ "mov",     return_by_mov,     0, t, PSR_V },
		{ "mov lsr", return_by_mov_lsr, 0, t << 4 | 0xf, 0 },
		{ "mov asr", return_by_mov_asr, 0, t << 8 | 0x7f, 0 },
		{ "mov ror", return_by_mov_ror, 0, t << 12 | t >> 20, 0 },
		{ "mov rrx", return_by_mov_rrx, 0, t << 1, 0 },
		/* clang-format on */
	};

	returns_restore_spsr(cases, COUNT(cases));
}

GUEST_TEST(load_multiple_with_pc_restores_the_spsr)
{
	static const struct {
		const char *text;
		int first;     /* index of r3, relative to the base */
		int writeback; /* words the base moves by */
	} cases[] = {
		{ "ia", 0, 0 },  { "ia!", 0, 3 },   { "ib", 1, 0 },  { "ib!", 1, 3 },
		{ "da", -2, 0 }, { "da!", -2, -3 }, { "db", -3, 0 }, { "db!", -3, -3 },
	};
	uint32_t words[8];

	for (unsigned i = 0; i < COUNT(cases); i++)
		for (unsigned m = 0; m < COUNT(modes); m++) {
			const uint32_t spsr = modes[m] | PSR_MASKED | (i + m) << 28;
			uint32_t *const base = &words[3];
			uint32_t *const list = base + cases[i].first;

			tap_case("ldm%s, spsr 0x%x", cases[i].text, spsr);
			list[0] = 0x33333333;
			list[1] = 0x44444444;
			list[2] = addr(load_return_target);
			load_returns[i](spsr, base);
			EXPECT_EQ(addr(base + cases[i].writeback), load_return_result[0]);
			EXPECT_EQ(0x33333333, load_return_result[1]);
			EXPECT_EQ(0x44444444, load_return_result[2]);
			EXPECT_EQ(spsr, load_return_result[3]);
		}
}

GUEST_TEST(load_multiple_of_pc_and_lr_loads_lr_of_the_mode_it_leaves)
{
	uint32_t words[5] = { 0x11111111, 0x33333333, 0x44444444, 0xeeeeeeee,
			      addr(load_return_target) };

	set_system_bank(0x00300000, 0x12345678);
	load_return_by_sp(PSR_MODE_SYS | PSR_MASKED | PSR_Z, words);
	EXPECT_EQ(0x11111111, load_return_result[0]);
	EXPECT_EQ(0x33333333, load_return_result[1]);
	EXPECT_EQ(0x44444444, load_return_result[2]);
	EXPECT_EQ(PSR_MODE_SYS | PSR_MASKED | PSR_Z, load_return_result[3]);
	run_code(PSR_MODE_SYS | PSR_MASKED, copy_sp_lr, 0, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
}

/* First word of a transfer of 12 registers, relative to the base, for IA, IB, DA, DB. */
static const int list_start[4] = { 0, 1, -11, -12 };

GUEST_TEST(store_multiple_of_the_user_bank_stores_it_from_every_mode)
{
	uint32_t values[12];
	uint32_t buffer[40];

	for (unsigned i = 0; i < 12; i++)
		values[i] = 0xcafe0000u + i * 0x11;
	for (unsigned form = 0; form < 4; form++)
		for (unsigned m = 0; m < COUNT(modes_with_spsr); m++) {
			uint32_t *const base = &buffer[20];

			tap_case("form %u, mode 0x%x", form, modes_with_spsr[m]);
			for (unsigned i = 0; i < COUNT(buffer); i++)
				buffer[i] = 0x55555555;
			user_stores[form](modes_with_spsr[m] | PSR_MASKED, base, values);
			for (int i = 0; i < (int)COUNT(buffer); i++) {
				const int at = i - 20 - list_start[form];

				EXPECT_EQ(at >= 0 && at < 12 ? values[at] : 0x55555555, buffer[i]);
			}
		}
	exception_reset();
}

GUEST_TEST(load_multiple_of_the_user_bank_loads_it_from_every_mode)
{
	uint32_t buffer[40];
	uint32_t out[17];

	for (unsigned form = 0; form < 4; form++)
		for (unsigned m = 0; m < COUNT(modes_with_spsr); m++) {
			const bool is_fiq = modes_with_spsr[m] == PSR_MODE_FIQ;

			tap_case("form %u, mode 0x%x", form, modes_with_spsr[m]);
			for (unsigned i = 0; i < COUNT(buffer); i++)
				buffer[i] = 0x0badc000u + i;
			user_loads[form](modes_with_spsr[m] | PSR_MASKED, &buffer[20], out);
			for (unsigned i = 0; i < 5; i++) /* r8-r12 of the mode itself */
				EXPECT_EQ(is_fiq ? other_bank[i]
						 : buffer[20 + list_start[form] + 5 + (int)i],
					  out[i]);
			for (unsigned i = 0; i < 12; i++)
				EXPECT_EQ(buffer[20 + list_start[form] + (int)i], out[5 + i]);
		}
	exception_reset();
}

GUEST_TEST(store_multiple_of_the_user_bank_takes_its_base_from_the_current_mode)
{
	const uint32_t values[2] = { 0x00abcdec, 0x76543210 };
	uint32_t words[3] = { 0, 0, 0x5a5a5a5a };

	user_store_by_sp(words, values);
	EXPECT_EQ(values[0], words[0]);
	EXPECT_EQ(values[1], words[1]);
	EXPECT_EQ(0x5a5a5a5a, words[2]);
	exception_reset();
}

/* Conditions EQ to AL as bits 0 to 14, from the flags (ARM ARM, A3.2). */
static uint32_t conditions_held(uint32_t flags)
{
	const bool n = flags & PSR_N;
	const bool z = flags & PSR_Z;
	const bool c = flags & PSR_C;
	const bool v = flags & PSR_V;
	const bool held[15] = {
		z,       !z,     c,      !c,           n,           !n,   v, !v, c && !z,
		!c || z, n == v, n != v, !z && n == v, z || n != v, true,
	};
	uint32_t bits = 0;

	for (unsigned i = 0; i < 15; i++)
		bits |= (uint32_t)held[i] << i;
	return bits;
}

GUEST_TEST(sensitive_instructions_obey_all_fifteen_conditions)
{
	static const struct {
		const char *text;
		condition_function run;
	} cases[] = {
		{ "mrs cpsr", conditions_mrs },   { "msr cpsr", conditions_msr },
		{ "msr spsr", conditions_spsr },  { "mrc", conditions_mrc },
		{ "mcr", conditions_mcr },        { "ldrt", conditions_ldrt },
		{ "ldm ^", conditions_ldm_user }, { "movs pc", conditions_movs_pc },
	};

	for (unsigned i = 0; i < COUNT(cases); i++)
		for (uint32_t flags = 0; flags < 16; flags++) {
			tap_case("%s, flags 0x%x", cases[i].text, flags);
			EXPECT_EQ(conditions_held(flags << 28), cases[i].run(flags << 28));
		}
	exception_reset();
}
