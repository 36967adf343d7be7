/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thumb state in kernel and user mode: the ways between the two instruction sets, exceptions that
 * return to odd halfwords, and compiled Thumb code under SWIs. exceptions.c has every exception
 * from Thumb state, mmio.c its loads and stores, irq_timer.c interrupts.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEST_VA      BOARD_TEST_VA

extern label cross_bx, cross_blx, cross_loads, odd_half_start, high_registers;

static const uint32_t psrs[] = {
	PSR_MODE_USR,
	SVC,
	PSR_MODE_SYS | PSR_MASKED,
	PSR_MODE_IRQ | PSR_MASKED,
	PSR_MODE_UND | PSR_MASKED,
	PSR_MODE_FIQ | PSR_MASKED,
	PSR_MODE_ABT | PSR_MASKED,
};

static uint32_t swi_psr;
static uint32_t swi_number;
static uint32_t swi_return;

/* Notes the state the SWI came from and its number, as a handler finds it, and goes on. */
static bool note_swi(struct exception *e)
{
	const uint32_t number = e->spsr & PSR_T
					? *(const volatile uint16_t *)(uintptr_t)(e->lr - 2) & 0xff
					: read32(e->lr - 4) & 0xffffff;

	if (number == SWI_RETURN)
		return false;
	swi_psr = e->spsr;
	swi_number = number;
	swi_return = e->lr;
	return true;
}

static void check_crossing(const uint32_t *code, uint32_t result, uint32_t number)
{
	static uint32_t words[4];

	for (unsigned i = 0; i < COUNT(psrs); i++) {
		tap_case("psr 0x%x", psrs[i]);
		swi_psr = 0;
		exception_set_hook(KIND_SWI, note_swi);
		run_code4(psrs[i], addr(code), (const uint32_t[4]){ 0x100, 0, addr(words), 0 });
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x100 + result, seen.r[0]);
		if (number) {
			EXPECT_EQ(psrs[i], swi_psr & ~0xf8000000);
			EXPECT_EQ(number, swi_number);
		}
	}
}

GUEST_TEST(bx_changes_the_instruction_set)
{
	check_crossing(cross_bx, 3, 0x21);
}

GUEST_TEST(blx_changes_the_instruction_set_and_links)
{
	check_crossing(cross_blx, 8, 0x22);
}

GUEST_TEST(loads_to_pc_change_the_instruction_set)
{
	check_crossing(cross_loads, 4, 0);
}

GUEST_TEST(an_exception_returns_to_every_halfword)
{
	for (unsigned i = 0; i < COUNT(psrs); i++) {
		tap_case("psr 0x%x", psrs[i]);
		swi_psr = 0;
		exception_set_hook(KIND_SWI, note_swi);
		run_code(psrs[i] | PSR_T, odd_half_start, 0x10, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(2, swi_return & 3);
		EXPECT_EQ(0x19, seen.r[0]);
		EXPECT_EQ(psrs[i] | PSR_T, swi_psr & ~0xf8000000);
		EXPECT_EQ(0x23, swi_number);
	}
}

GUEST_TEST(thumb_code_uses_the_high_registers_across_an_swi)
{
	for (unsigned i = 0; i < COUNT(psrs); i++) {
		tap_case("psr 0x%x", psrs[i]);
		exception_set_hook(KIND_SWI, note_swi);
		run_code4(psrs[i] | PSR_T, addr(high_registers),
			  (const uint32_t[4]){ 1, 20, 300, 4000 });
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(21, seen.r[0]);
		EXPECT_EQ(4300, seen.r[1]);
	}
}

/* A checksum with a multiply and tables on the stack, the same source in both instruction sets. */
static inline __attribute__((always_inline)) uint32_t mix(const uint8_t *bytes, uint32_t size)
{
	uint32_t table[16];
	uint32_t sum = size;

	for (unsigned i = 0; i < 16; i++)
		table[i] = i * 0x9e3779b1u;
	for (uint32_t i = 0; i < size; i++) {
		sum = (sum << 5 | sum >> 27) ^ table[(sum ^ bytes[i]) & 15];
		table[i & 15] += (uint32_t)(int8_t)bytes[i] * sum;
	}
	return sum;
}

static __attribute__((noinline, target("arm"))) uint32_t mix_arm(const uint8_t *bytes,
								 uint32_t size)
{
	return mix(bytes, size);
}

static __attribute__((noinline, target("thumb"))) uint32_t mix_thumb(const uint8_t *bytes,
								     uint32_t size)
{
	return mix(bytes, size);
}

GUEST_TEST(compiled_code_computes_the_same_in_both_sets_and_all_modes)
{
	const uint32_t bytes = GUEST_SCRATCH;
	const uint32_t size = 0x800;
	uint32_t expected;

	for (uint32_t at = 0; at < size; at += 4)
		write32(bytes + at, at * 0x01000193u + 7);
	expected = mix_arm((const uint8_t *)(uintptr_t)bytes, size);
	tap_printf("# sum 0x%x\n", expected);
	for (unsigned i = 0; i < COUNT(psrs); i++) {
		tap_case("psr 0x%x", psrs[i]);
		run_code(psrs[i], mix_arm, bytes, size);
		EXPECT_EQ(expected, seen.r[0]);
		run_code(psrs[i] | PSR_T, addr(mix_thumb) & ~1u, bytes, size);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(expected, seen.r[0]);
	}
}

GUEST_TEST(thumb_code_runs_to_the_last_halfword_of_a_page)
{
	mmu_tables_init();
	for (unsigned i = 0; i < 2; i++)
		write32(GUEST_SCRATCH + 0xff8 + 4 * i, 0x30013001); /* adds r0, #1, four times */
	drain_write_buffer();
	CP15_WRITE(c7, c5, 0, 0);
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l1_table[0][TEST_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code((mode ? PSR_MODE_USR : SVC) | PSR_T, TEST_VA + 0xffa, 0, 0);
		EXPECT_EQ(KIND_PABT, seen.kind);
		EXPECT_EQ(TEST_VA + 0x1004, seen.lr);
		EXPECT_EQ(3, seen.r[0]);
	}
}
