/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VFP9-S that QEMU's ARM926EJ-S has: access to it, and that its state is the guest's. Results
 * are those of IEEE 754; what the tests add is that every way in or out of the VMM leaves them
 * alone.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FPEXC_EN 0x40000000u

extern label read_fpsid, read_fpexc, read_fpscr, write_fpexc, write_fpscr, do_fadds, do_faddd,
	do_fmsr, do_flds, do_fstmd, do_fmstat, load_registers, store_registers, arithmetic,
	swi_between;

static uint32_t words[33];

static void vfp_enable(uint32_t fpexc)
{
	run_code(SVC, write_fpexc, fpexc, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
}

GUEST_TEST(fpsid_names_the_vfp_and_needs_no_permission)
{
	vfp_enable(0);
	run_code(SVC, read_fpsid, 0, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0x41011090, seen.r[0] & 0xfffffff0); /* ARM, VFPv2, VFP9-S */
}

GUEST_TEST(the_enable_bit_is_kept)
{
	for (unsigned turn = 0; turn < 4; turn++) {
		const uint32_t wanted = turn % 2 ? 0 : FPEXC_EN;

		vfp_enable(wanted);
		run_code(SVC, read_fpexc, 0, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(wanted, seen.r[0] & FPEXC_EN);
	}
}

GUEST_TEST(a_disabled_vfp_is_undefined_in_both_modes)
{
	static const uint32_t *const codes[] = {
		read_fpscr, write_fpscr, do_fadds, do_faddd, do_fmsr, do_flds, do_fstmd, do_fmstat,
	};

	vfp_enable(0);
	for (unsigned i = 0; i < COUNT(codes); i++)
		for (unsigned mode = 0; mode < 2; mode++) {
			const uint32_t psr = mode ? PSR_MODE_USR : SVC;

			tap_case("code %u, psr 0x%x", i, psr);
			run_code(psr, codes[i], 0, addr(words));
			EXPECT_EQ(KIND_UNDEF, seen.kind);
			EXPECT_EQ(addr(codes[i]) + 4, seen.lr);
			EXPECT_EQ(psr, seen.spsr);
		}
}

GUEST_TEST(programs_may_not_enable_the_vfp)
{
	for (unsigned enabled = 0; enabled < 2; enabled++) {
		vfp_enable(enabled ? FPEXC_EN : 0);
		run_code(PSR_MODE_USR, write_fpexc, FPEXC_EN, 0);
		EXPECT_EQ(KIND_UNDEF, seen.kind);
		run_code(PSR_MODE_USR, read_fpexc, 0, 0);
		EXPECT_EQ(KIND_UNDEF, seen.kind);
	}
	vfp_enable(0);
}

GUEST_TEST(registers_keep_their_values_across_modes_and_being_disabled)
{
	static const uint32_t psrs[] = { SVC, PSR_MODE_USR, PSR_MODE_SYS | PSR_MASKED,
					 PSR_MODE_IRQ | PSR_MASKED };

	for (unsigned from = 0; from < COUNT(psrs); from++)
		for (unsigned to = 0; to < COUNT(psrs); to++) {
			tap_case("loaded in 0x%x, stored in 0x%x", psrs[from], psrs[to]);
			vfp_enable(FPEXC_EN);
			for (unsigned i = 0; i < 32; i++)
				words[i] = (i << 24 | from << 8 | to) + 0x3f000000;
			words[32] = 0xf0c00000; /* N Z C V, round towards zero */
			run_code(psrs[from], load_registers, 0, addr(words));
			EXPECT_EQ(KIND_RETURNED, seen.kind);
			vfp_enable(0);
			run_code(PSR_MODE_USR, do_fadds, 0, 0);
			EXPECT_EQ(KIND_UNDEF, seen.kind);
			for (unsigned i = 0; i < 33; i++)
				words[i] = 0;
			vfp_enable(FPEXC_EN);
			run_code(psrs[to], store_registers, 0, addr(words));
			EXPECT_EQ(KIND_RETURNED, seen.kind);
			for (unsigned i = 0; i < 32; i++)
				EXPECT_EQ((i << 24 | from << 8 | to) + 0x3f000000, words[i]);
			EXPECT_EQ(0xf0c00000, words[32]);
		}
	run_code(SVC, write_fpscr, 0, 0);
	vfp_enable(0);
}

GUEST_TEST(arithmetic_in_both_modes)
{
	static const uint32_t expected[8] = {
		0x41180000,             /* 7.5 + 2 = 9.5 */
		0x41700000,             /* 7.5 * 2 = 15 */
		0x40700000,             /* 7.5 / 2 = 3.75 */
		0x3fb504f3,             /* sqrt 2 */
		0x00000000, 0x40368000, /* 7.5 + 7.5 * 2 = 22.5 */
		3,          0x2,        /* 7.5 > 2: C */
	};

	vfp_enable(FPEXC_EN);
	run_code(SVC, write_fpscr, 0, 0);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code4(mode ? PSR_MODE_USR : SVC, addr(arithmetic),
			  (const uint32_t[4]){ 0x40f00000, 0x40000000, addr(words), 0 });
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		for (unsigned i = 0; i < COUNT(expected); i++) {
			tap_case("result %u, mode %u", i, mode);
			EXPECT_EQ(expected[i], words[i]);
		}
	}
	vfp_enable(0);
}

static bool ordinary_swi(struct exception *e)
{
	return (read32(e->lr - 4) & 0xffffff) == 0x31;
}

GUEST_TEST(values_survive_an_swi)
{
	vfp_enable(FPEXC_EN);
	exception_set_hook(KIND_SWI, ordinary_swi);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code(mode ? PSR_MODE_USR : SVC, swi_between, 0x76543210, 0x41424344);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x76543210, seen.r[0]);
		EXPECT_EQ(0x41424344, seen.r[1]);
		EXPECT_EQ(0x41424344, seen.r[2]);
	}
	vfp_enable(0);
}
