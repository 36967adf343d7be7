/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restart leaves nothing of the VFP's state behind: the second run finds it as after power-on.
 */
#include "tests/guest/restart.h"

#define MARK 0x56465052u

#define FPEXC_EN    0x40000000u
#define FPSCR_STATE 0xf3c0009fu /* flags, flush to zero, rounding, exceptions seen */

#define VFP(text) ".fpu vfpv2\n\t" text

static uint32_t fpexc(void)
{
	uint32_t value;

	__asm__ volatile(VFP("vmrs %0, fpexc") : "=r"(value));
	return value;
}

static void set_fpexc(uint32_t value)
{
	__asm__ volatile(VFP("vmsr fpexc, %0") : : "r"(value));
}

static uint32_t fpscr(void)
{
	uint32_t value;

	__asm__ volatile(VFP("vmrs %0, fpscr") : "=r"(value));
	return value;
}

static uint32_t first_register(void)
{
	uint32_t value;

	__asm__ volatile(VFP("vmov %0, s0") : "=r"(value));
	return value;
}

static uint32_t last_register(void)
{
	uint32_t value;

	__asm__ volatile(VFP("vmov %0, s31") : "=r"(value));
	return value;
}

static void leave_state_behind(void)
{
	set_fpexc(FPEXC_EN);
	__asm__ volatile(VFP("vmsr fpscr, %0\n\tvmov s0, %0\n\tvmov s31, %0") : : "r"(FPSCR_STATE));
	if (fpscr() != FPSCR_STATE)
		tap_bail_out("fpscr is 0x%x", fpscr());
}

GUEST_TEST(the_vfp_is_as_after_power_on)
{
	if (read32(RESTART_STATE) != MARK) {
		write32(RESTART_STATE, MARK);
		leave_state_behind();
		press_reset();
	}
	EXPECT_EQ(0, fpexc() & FPEXC_EN);
	set_fpexc(FPEXC_EN);
	EXPECT_EQ(0, fpscr());
	EXPECT_EQ(0, first_register());
	EXPECT_EQ(0, last_register());
}
