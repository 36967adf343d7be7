/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses to a device's page that has been used before, which the VMM completes on a way of their
 * own: with each register, in each mode, and when the page is not what it was.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define VA   0x40000000u
#define LOAD (VA + TIMER_LOAD)

typedef void known_form(void);

/* In mmio_known_code.S. */
extern volatile uint32_t known_access[4];
#define FORMS(X)   X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define DECLARE(n) extern known_form known_load_##n, known_store_##n;
FORMS(DECLARE)

static known_form *const loads[15] = {
#define FORM(n) [n] = known_load_##n,
	FORMS(FORM)
#undef FORM
};
static known_form *const stores[15] = {
#define FORM(n) [n] = known_store_##n,
	FORMS(FORM)
#undef FORM
};

static void timer_init(void)
{
	irq_init();
	write32(BOARD_TIMER + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
}

/* One page of the timer, for the kernel alone. */
static void map_timer(void)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(BOARD_TIMER_PAGE, AP_PRIV, 0));
	mmu_set(&l1_table[0][VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	write32(GUEST_SCRATCH + TIMER_LOAD, 0x5caff01d);
}

static void each_register(uint32_t psr, uint32_t place)
{
	for (unsigned n = 0; n < 15; n++) {
		const uint32_t value = 0x89abcdef + (n << 8) + psr;

		tap_case("r%u, psr 0x%x", n, psr);
		known_access[0] = place;
		known_access[1] = value;
		run_code(psr, stores[n], 0, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x50000000, known_access[3] & 0xf8000000);
		EXPECT_EQ(value, read32(place));
		known_access[1] = 0;
		run_code(psr, loads[n], 0, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0xa0000000, known_access[3] & 0xf8000000);
		EXPECT_EQ(value, known_access[1]);
	}
}

GUEST_TEST(each_register_in_each_mode)
{
	static const uint8_t modes[] = { PSR_MODE_SVC, PSR_MODE_FIQ, PSR_MODE_IRQ,
					 PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_SYS };

	timer_init();
	for (unsigned i = 0; i < sizeof(modes); i++)
		each_register(modes[i] | PSR_MASKED, BOARD_TIMER + TIMER_LOAD);
	map_timer();
	for (unsigned i = 0; i < sizeof(modes); i++)
		each_register(modes[i] | PSR_MASKED, BOARD_TIMER_PAGE + TIMER_LOAD);
	mmu_off();
	irq_init();
}

GUEST_TEST(a_program_does_not_get_what_the_kernel_knows)
{
	timer_init();
	map_timer();
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t value = 0x1234567 + i;

		write32(LOAD, value);
		EXPECT_EQ(value, probe(KERNEL_LOAD, LOAD).value);
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, LOAD));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, LOAD));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_LDRT, LOAD));
		EXPECT_EQ(value, probe(KERNEL_LOAD, LOAD).value);
	}
	mmu_off();
}

GUEST_TEST(a_page_that_is_another_after_a_tlb_operation)
{
	timer_init();
	map_timer();
	for (unsigned i = 0; i < 3; i++) {
		write32(LOAD, 0x7654321);
		EXPECT_EQ(0x7654321, probe(KERNEL_LOAD, LOAD).value);
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_PRIV, 0));
		CP15_WRITE(c8, c7, 1, VA);
		EXPECT_EQ(0x5caff01d, probe(KERNEL_LOAD, LOAD).value);
		mmu_set(&l2_table[0][0], 0);
		CP15_WRITE(c8, c7, 1, VA);
		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(KERNEL_LOAD, LOAD));
		mmu_set(&l2_table[0][0], desc_small(BOARD_TIMER_PAGE, AP_PRIV, 0));
		CP15_WRITE(c8, c7, 1, VA);
	}
	mmu_off();
}

GUEST_TEST(a_domain_that_is_closed_in_between)
{
	timer_init();
	map_timer();
	mmu_set(&l1_table[0][VA >> 20], desc_coarse(addr(l2_table[0]), 1));
	CP15_WRITE(c8, c7, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		dacr_write(0x55555555);
		write32(LOAD, 0xfedcba9 + i);
		EXPECT_EQ(0xfedcba9 + i, probe(KERNEL_LOAD, LOAD).value);
		dacr_write(0x55555551);
		EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(KERNEL_LOAD, LOAD));
		EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(KERNEL_STORE, LOAD));
	}
	dacr_write(0x55555555);
	mmu_off();
}

GUEST_TEST(an_address_that_is_not_aligned)
{
	timer_init();
	map_timer();
	mmu_off();
	mmu_on(SCTLR_A);
	for (unsigned i = 0; i < 3; i++) {
		write32(LOAD, 0x3456789 + i);
		EXPECT_EQ(FSR_ALIGNMENT, probe_status(KERNEL_LOAD, LOAD + 2) & 0xdu);
		EXPECT_EQ(0x3456789 + i, probe(KERNEL_LOAD, LOAD).value);
	}
	mmu_off();
}
