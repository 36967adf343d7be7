/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception entry (ARM ARM, A2.6): mode, masks, lr, SPSR and registers of every exception that code
 * can cause, from every mode and both instruction sets, through the low and the high vectors.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SITE_LABELS(name) extern label name, site_##name;
SITE_LABELS(arm_swi)
SITE_LABELS(arm_undef)
SITE_LABELS(arm_bkpt)
SITE_LABELS(arm_load)
SITE_LABELS(arm_swp)
SITE_LABELS(arm_store_half)
SITE_LABELS(arm_load_multiple)
SITE_LABELS(arm_store_multiple)
SITE_LABELS(arm_load_writeback)
SITE_LABELS(arm_load_post)
SITE_LABELS(thumb_swi)
SITE_LABELS(thumb_undef)
SITE_LABELS(thumb_bkpt)
SITE_LABELS(thumb_load)
SITE_LABELS(thumb_store_half)
SITE_LABELS(thumb_load_multiple)
SITE_LABELS(arm_user_mrc)
SITE_LABELS(arm_user_mcr)
SITE_LABELS(arm_user_mrc_data)
SITE_LABELS(arm_user_mcr_data)
SITE_LABELS(arm_user_cdp_data)
extern label undefined_code, swi_then_add, undefined_then_add;
extern uint32_t undefined_word[1];

struct site {
	const char *text;
	const uint32_t *code;
	const uint32_t *site;
	uint8_t kind;
	uint8_t lr_offset; /* of lr from the instruction (ARM ARM, A2.6) */
	bool thumb;
};

/* clang-format off */
#define ARM_SITE(name, kind, offset) \
	{ "arm " #name, arm_##name, site_arm_##name, kind, offset, false }
#define THUMB_SITE(name, kind, offset) \
	{ "thumb " #name, thumb_##name, site_thumb_##name, kind, offset, true }
/* clang-format on */

static const struct site sites[] = {
	/* clang-format off */
	ARM_SITE(swi,              KIND_SWI,   4),
	ARM_SITE(undef,            KIND_UNDEF, 4),
	ARM_SITE(bkpt,             KIND_PABT,  4),
	ARM_SITE(load,             KIND_DABT,  8),
	ARM_SITE(swp,              KIND_DABT,  8),
	ARM_SITE(store_half,       KIND_DABT,  8),
	ARM_SITE(load_multiple,    KIND_DABT,  8),
	ARM_SITE(store_multiple,   KIND_DABT,  8),
	ARM_SITE(load_writeback,   KIND_DABT,  8),
	ARM_SITE(load_post,        KIND_DABT,  8),
	THUMB_SITE(swi,            KIND_SWI,   2),
	THUMB_SITE(undef,          KIND_UNDEF, 2),
	THUMB_SITE(bkpt,           KIND_PABT,  4),
	THUMB_SITE(load,           KIND_DABT,  8),
	THUMB_SITE(store_half,     KIND_DABT,  8),
	THUMB_SITE(load_multiple,  KIND_DABT,  8),
	/* clang-format on */
};

static const uint8_t modes[] = {
	PSR_MODE_USR, PSR_MODE_SYS, PSR_MODE_SVC, PSR_MODE_FIQ,
	PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND,
};

/* Mode an exception is taken in, by kind. */
static const uint8_t entry_mode[] = {
	[KIND_UNDEF] = PSR_MODE_UND,
	[KIND_SWI] = PSR_MODE_SVC,
	[KIND_PABT] = PSR_MODE_ABT,
	[KIND_DABT] = PSR_MODE_ABT,
};

static const uint32_t pattern[9] = { 0x44444444, 0x55555555, 0x66666666, 0x77777777, 0x88888888,
				     0x99999999, 0xaaaaaaaa, 0xbbbbbbbb, 0xcccccccc };

/* An address that is not a multiple of 2 faults with the A bit set, MMU on or off. */
static uint32_t bad_address(void)
{
	static uint32_t words[4];

	return addr(words) + 1;
}

static void check_entry(const struct site *site, uint32_t psr)
{
	const bool is_fiq = (psr & PSR_MODE_MASK) == PSR_MODE_FIQ;
	const uint32_t args[4] = { 0x10101010, bad_address(), addr(pattern), 12 };

	run_code4(psr, addr(site->code), args);
	EXPECT_EQ(site->kind, seen.kind);
	EXPECT_EQ(addr(site->site) + site->lr_offset, seen.lr);
	EXPECT_EQ(psr, seen.spsr);
	/* QEMU sets bit 8 on aborts, the A bit of ARMv6; here it is reserved. */
	EXPECT_EQ((psr & 0xf8000000) | entry_mode[site->kind] | PSR_I | (psr & PSR_F),
		  seen.cpsr & 0xf80000ff);
	EXPECT_EQ(args[0], seen.r[0]);
	EXPECT_EQ(args[1], seen.r[1]);
	EXPECT_EQ(args[3], seen.r[3]);
	for (unsigned i = 4; i < (site->thumb ? 8 : 13); i++)
		if (i < 8 || !is_fiq)
			EXPECT_EQ(pattern[i - 4], seen.r[i]);
}

static void check_all_entries(void)
{
	for (unsigned i = 0; i < COUNT(sites); i++)
		for (unsigned m = 0; m < COUNT(modes); m++)
			for (uint32_t mask = 0; mask < 4; mask++) {
				const uint32_t flags = ((i + mask) * 3 + m) % 32;
				const uint32_t psr = modes[m] | mask << 6 | flags << 27 |
						     (sites[i].thumb ? PSR_T : 0);

				tap_case("%s, psr 0x%x", sites[i].text, psr);
				check_entry(&sites[i], psr);
			}
}

GUEST_TEST(exceptions_save_lr_spsr_and_registers_with_the_mmu_off)
{
	sctlr_write(sctlr_read() | SCTLR_A);
	check_all_entries();
	sctlr_write(sctlr_read() & ~(uint32_t)SCTLR_A);
}

GUEST_TEST(exceptions_save_lr_spsr_and_registers_with_the_mmu_on)
{
	mmu_tables_init();
	mmu_on(SCTLR_A);
	check_all_entries();
}

/* The vectors in page 0 lead to a Bail out while the test runs. */
GUEST_TEST(exceptions_use_the_high_vectors_when_v_is_set)
{
	const uint32_t reset = read32(BOARD_RAM + 0x20);
	uint32_t saved[8];

	mmu_tables_init();
	for (uint32_t at = 0; at < 0x40; at += 4)
		write32(GUEST_SCRATCH + at, read32(BOARD_RAM + at));
	mmu_map_high_vectors();
	mmu_set(&l2_table[L2_TABLES - 1][0xf0], desc_small(GUEST_SCRATCH, AP_USER_RO, 0));
	for (unsigned i = 0; i < 8; i++) {
		saved[i] = read32(BOARD_RAM + 0x20 + 4 * i);
		write32(BOARD_RAM + 0x20 + 4 * i, reset);
	}
	mmu_on(SCTLR_A | SCTLR_V);
	check_all_entries();
	mmu_off();
	for (unsigned i = 0; i < 8; i++)
		write32(BOARD_RAM + 0x20 + 4 * i, saved[i]);
}

GUEST_TEST(v_can_be_switched_between_two_exceptions)
{
	mmu_tables_init();
	for (uint32_t at = 0; at < 0x40; at += 4)
		write32(GUEST_SCRATCH + at, read32(BOARD_RAM + at));
	mmu_map_high_vectors();
	for (unsigned turn = 0; turn < 4; turn++) {
		tap_case("turn %u", turn);
		mmu_on(SCTLR_V | SCTLR_A);
		check_entry(&sites[turn], PSR_MODE_USR);
		mmu_on(SCTLR_A);
		check_entry(&sites[turn], PSR_MODE_USR);
	}
}

GUEST_TEST(system_control_coprocessor_is_undefined_in_user_mode)
{
	static const struct site user_sites[] = {
		ARM_SITE(user_mrc, KIND_UNDEF, 4),      ARM_SITE(user_mcr, KIND_UNDEF, 4),
		ARM_SITE(user_mrc_data, KIND_UNDEF, 4), ARM_SITE(user_mcr_data, KIND_UNDEF, 4),
		ARM_SITE(user_cdp_data, KIND_UNDEF, 4),
	};
	const uint32_t dacr = dacr_read();

	for (unsigned i = 0; i < COUNT(user_sites); i++) {
		tap_case("%s", user_sites[i].text);
		check_entry(&user_sites[i], PSR_MODE_USR | PSR_C);
	}
	EXPECT_EQ(dacr, dacr_read());
}

GUEST_TEST(undefined_encodings_are_undefined_in_kernel_and_user_mode)
{
	static const uint32_t words[] = {
		0xe7f000f0, 0xe6000010,
		0xe7ffffff, 0xe6200f10, /* media space of later architectures */
		0xe3000000, 0xe3400001, /* MOVW, MOVT */
		0xe1900f9f, 0xe1820f91, /* LDREX, STREX */
		0xe0400090, 0xe0600190, /* UMAAL, MLS */
		0xf1010000, 0xf1080080, /* SETEND, CPS */
		0xf8b00a00, 0xf84d0500, /* RFE, SRS */
		0xfe000000, 0xfc400000, /* CDP2, MCRR2 of a coprocessor not there */
		0xee000200, 0xee100310,
		0xed900400, 0xec410500, /* CDP, MRC, LDC, MCRR of others not there */
	};
	static const struct site site = { "word", undefined_code, undefined_word, KIND_UNDEF,
					  4,      false };

	for (unsigned i = 0; i < COUNT(words); i++)
		for (unsigned m = 0; m < COUNT(modes); m++) {
			const uint32_t psr = modes[m] | PSR_MASKED;

			tap_case("0x%x, psr 0x%x", words[i], psr);
			*(volatile uint32_t *)undefined_word = words[i];
			drain_write_buffer();
			CP15_WRITE(c7, c5, 0, 0); /* invalidate the instruction cache */
			run_code(psr, undefined_code, 0, 0);
			EXPECT_EQ(KIND_UNDEF, seen.kind);
			EXPECT_EQ(addr(site.site) + 4, seen.lr);
			EXPECT_EQ(psr, seen.spsr);
		}
}

/* Continues behind the instruction: lr is already there for SWI and undefined instructions. */
static bool skip(struct exception *e)
{
	return true;
}

static bool cause_undefined_instruction(struct exception *e)
{
	if (e->lr == 0 || exception_count[KIND_UNDEF] != 0)
		return false;
	__asm__ volatile(".inst 0xe7f000f0" : : : "memory");
	e->r[0] += 0x100;
	return exception_count[KIND_UNDEF] == 1;
}

GUEST_TEST(an_exception_inside_a_handler_returns_to_the_handler)
{
	exception_set_hook(KIND_UNDEF, skip);
	exception_set_hook(KIND_SWI, cause_undefined_instruction);
	run_code(SVC | PSR_V, swi_then_add, 0x1000, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0x1103, seen.r[0]);
	EXPECT_EQ(SVC | PSR_V, seen.spsr);
	EXPECT_EQ(1, exception_count[KIND_UNDEF]);
}

GUEST_TEST(a_handler_returns_to_the_code_it_interrupted)
{
	exception_set_hook(KIND_UNDEF, skip);
	for (unsigned m = 0; m < COUNT(modes); m++) {
		const uint32_t psr = modes[m] | PSR_MASKED | PSR_Q | PSR_N;

		tap_case("psr 0x%x", psr);
		if (modes[m] == PSR_MODE_UND) /* its lr is gone with the exception */
			continue;
		run_code(psr, undefined_then_add, 0x100, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x130, seen.r[0]);
		EXPECT_EQ(psr, seen.spsr);
	}
}

/*
 * A handler that retries: the data abort's lr is 8 behind the instruction, it wants the
 * instruction.
 */
static bool repair_address(struct exception *e)
{
	e->r[1] &= ~3u;
	e->lr -= 8;
	return exception_count[KIND_DABT] == 1;
}

GUEST_TEST(a_repaired_access_is_retried)
{
	sctlr_write(sctlr_read() | SCTLR_A);
	exception_set_hook(KIND_DABT, repair_address);
	write32(bad_address() - 1, 0xfeedface);
	run_code4(PSR_MODE_USR, addr(arm_load),
		  (const uint32_t[4]){ 0, bad_address(), addr(pattern), 0 });
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0xfeedface, seen.r[0]);
	exception_count[KIND_DABT] = 0;
	run_code4(PSR_MODE_SYS | PSR_T, addr(thumb_load),
		  (const uint32_t[4]){ 0, bad_address(), addr(pattern), 0 });
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0xfeedface, seen.r[0]);
	sctlr_write(sctlr_read() & ~(uint32_t)SCTLR_A);
}
