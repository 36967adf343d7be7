/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the architecture and the ARM926EJ-S manual say and QEMU 7.2 does otherwise. These tests run
 * under the VMM only: on bare QEMU they fail, and there is nothing to compare with.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/returns.h"
#include "tests/guest/tap.h"

#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In cpu_modes_code.S */
extern label return_target, return_add_pc_base;
extern label return_by_and, return_by_eor, return_by_rsb, return_by_add, return_by_adc,
	return_by_sbc, return_by_rsc, return_by_orr, return_by_bic, return_by_mvn,
	return_by_rsb_imm, return_by_add_lsl, return_by_eor_lsr32, return_by_add_pc;

/* ARM ARM, A4.1: every data-processing instruction with S and pc copies SPSR to CPSR. */
GUEST_TEST(all_data_processing_with_pc_and_s_restores_the_spsr)
{
	const uint32_t t = addr(return_target);
	const uint32_t k = 0x13572468;
	const struct return_case cases[] = {
		/* clang-format off */
		{ "and",               return_by_and, t | 0xaa000000, t | 0x55000000, 0 },
		{ "eor",               return_by_eor, t ^ k, k, 0 },
		{ "rsb",               return_by_rsb, k, t + k, 0 },
		{ "add",               return_by_add, t - k, k, PSR_C },
		{ "adc without carry", return_by_adc, t - k, k, PSR_N },
		{ "adc with carry",    return_by_adc, t - k - 1, k, PSR_C },
		{ "sbc without carry", return_by_sbc, t + k + 1, k, 0 },
		{ "sbc with carry",    return_by_sbc, t + k, k, PSR_C | PSR_Z },
		{ "rsc without carry", return_by_rsc, k, t + k + 1, 0 },
		{ "rsc with carry",    return_by_rsc, k, t + k, PSR_C },
		{ "orr",               return_by_orr, t & 0x0f0f0f0f, t & 0xf0f0f0f0, 0 },
		{ "bic",               return_by_bic, t | 0xff000000, 0xff000000, 0 },
		{ "mvn",               return_by_mvn, 0, ~t, 0 },
		{ "rsb imm",           return_by_rsb_imm, 0u - t, 0, 0 },
		{ "add lsl",           return_by_add_lsl, t - (k << 3), k, 0 },
		{ "eor lsr 32",        return_by_eor_lsr32, t, 0xffffffff, 0 },
		{ "add to pc",         return_by_add_pc, 0, t - addr(return_add_pc_base), 0 },
		/* clang-format on */
	};

	returns_restore_spsr(cases, COUNT(cases));
}

/* TRM, 2.3.1: opcode_2 values without a register of their own read the ID register. */
GUEST_TEST(unused_opcodes_of_c0_read_the_id_register)
{
	const uint32_t id = CP15_READ(c0, c0, 0);

	EXPECT_EQ(id, CP15_READ(c0, c0, 3));
	EXPECT_EQ(id, CP15_READ(c0, c0, 4));
	EXPECT_EQ(id, CP15_READ(c0, c0, 7));
}

/* TRM, table 2-10: bits 18, 16 and 6:3 are one after reset; nothing here has written them. */
GUEST_TEST(the_control_register_begins_with_its_reset_value)
{
	EXPECT_EQ(SCTLR_RESET, sctlr_read());
}

/* TRM, 2.3.8: the victim and P bits of the TLB lockdown register hold what is written. */
GUEST_TEST(the_tlb_lockdown_register_holds_what_is_written)
{
	CP15_WRITE(c10, c0, 0, 0x14000001);
	EXPECT_EQ(0x14000001, CP15_READ(c10, c0, 0) & 0x1c000001);
	CP15_WRITE(c10, c0, 0, 0);
	EXPECT_EQ(0, CP15_READ(c10, c0, 0) & 0x1c000001);
}

/* ARM ARM, B3.6.3: the second level descriptor is read before the domain is checked. */
GUEST_TEST(a_missing_page_is_reported_before_its_closed_domain)
{
	mmu_tables_init();
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 7));
	mmu_on(0);
	EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(KERNEL_LOAD, TEST_VA));
	EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(USER_EXEC, TEST_VA));
}

/* ARM ARM, B8.3 and B3.6: the fault address register holds the modified virtual address. */
GUEST_TEST(the_fault_address_is_the_modified_virtual_address)
{
	mmu_tables_init();
	for (uint32_t at = 0; at < GUEST_SCRATCH; at += 0x00100000)
		mmu_set(&l1_table[0][(0x04000000 + at) >> 20], desc_section(at, AP_USER_RW, 0, 0));
	mmu_on(0);
	fcse_pid_write(0x04000000);
	run_code(PSR_MODE_SVC | PSR_MASKED, probe_load, 0, 0x01000000);
	fcse_pid_write(0);
	EXPECT_EQ(KIND_DABT, seen.kind);
	EXPECT_EQ(0x05000000, far_read());
}
