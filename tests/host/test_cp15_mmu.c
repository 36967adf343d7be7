/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual CP15's registers and operations of the MMU, by what they do to the guest's addresses:
 * domains, translation tables, process id, TLB.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "vcpu/guest_abi.h"
#include "vmm/lib/bits.h"

#define MCR_TLB(crm, opc2) (0xee080f10u | (crm) | (opc2) << 5)

/* The guest's two tables, of sections: one for the code, one at 0x50000000, which differs. */
#define DIR_A         0x00010000u
#define DIR_B         0x00014000u
#define CODE          0x00200000u
#define SECTION(base) ((base) | 0xc1eu) /* AP 3, domain 0, cached */

static int start(void **state)
{
	static const uint32_t words[] = { MCR_TTBR,
					  MCR_TLB_ALL,
					  MCR_TLB_PAGE,
					  MCR_TLB(6, 0),
					  MCR_TLB(6, 1),
					  MCR_TLB(5, 1),
					  MCR_TLB(5, 1) | 1u << 12 };
	static struct proxy proxies[PROXY_TABLE_MAX];

	machine_init();
	machine_map_usual();
	proxy_table_make(proxies, PROXY_TABLE_MAX, words, ARRAY_SIZE(words));
	machine.vcpu.proxies = proxies;
	for (unsigned dir = DIR_A; dir <= DIR_B; dir += DIR_B - DIR_A)
		guest_set_word(dir + (CODE >> 20) * 4, SECTION(CODE));
	guest_set_word(DIR_A + 0x500 * 4, SECTION(0x08000000));
	guest_set_word(DIR_B + 0x500 * 4, SECTION(0x08100000));
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR_A);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	machine.vcpu.frame.pc = CODE;
	return 0;
}

/** Where the guest's address leads to, by way of a prefetch abort if need be; 0 if nowhere. */
static uint32_t leads_to(uint32_t va)
{
	const uint32_t pc = machine.vcpu.frame.pc;
	enum trap_outcome outcome;
	uint32_t at;

	machine.vcpu.frame.pc = va;
	outcome = machine_fetch();
	machine.vcpu.frame.pc = pc;
	return outcome == TRAP_NEXT && machine_access(va, false, &at) == 0 ? at : 0;
}

static void domains_close_and_open(void **state)
{
	uint32_t at;

	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
	machine_mcr(MCR_DACR, 0x55555554);
	assert_int_not_equal(machine_access(0x50000000, false, &at), 0);
	assert_int_equal(leads_to(0x50000000), 0);
	assert_int_equal(machine.vcpu.cp15.ifsr, 0x9); /* domain fault, section */
	machine_mcr(MCR_DACR, 0x55555555);
	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
}

static void another_table_base(void **state)
{
	assert_int_equal(leads_to(0x50000010), HPA_RAM + 0x303010);
	machine_mcr(MCR_TTBR, DIR_B);
	assert_int_equal(leads_to(0x50000010), HPA_RAM + 0x403010);
	machine_mcr(MCR_TTBR, DIR_A);
	assert_int_equal(leads_to(0x50000010), HPA_RAM + 0x303010);
}

static void the_process_id_renames_low_addresses(void **state)
{
	/* Its code is what the table has at 0x04000000 plus the address. */
	guest_set_word(DIR_A + (0x04000000u + CODE) / 0x100000 * 4, SECTION(CODE));
	guest_set_word(DIR_A + 0x041 * 4, SECTION(0x08000000));
	machine_mcr(MCR_PID, 0x04000000);
	assert_int_equal(leads_to(0x00100000), HPA_RAM + 0x303000);
	assert_int_equal(leads_to(0x04100000), HPA_RAM + 0x303000);
	machine_mcr(MCR_PID, 0x05ffffff); /* the same process */
	assert_int_equal(leads_to(0x00100000), HPA_RAM + 0x303000);
	machine_mcr(MCR_PID, 0);
	assert_int_equal(leads_to(0x00100000), 0);
}

/**
 * Proxies for words 0 and the given one: a write of TTBR followed by another instruction. Returns
 * how far the write moved pc itself.
 */
static uint32_t table_base_then(uint32_t next)
{
	guest_set_word(CODE, PROXY_MATCH | 0xe0000000u);
	guest_set_word(CODE + 4, next);
	machine.vcpu.frame.pc = CODE;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	assert_int_equal(machine_mcr(MCR_TTBR, machine.vcpu.mmu.ttbr), TRAP_NEXT);
	return machine.vcpu.frame.pc - CODE;
}

/** The same of an operation on one entry, with the proxy of its D TLB. */
static uint32_t tlb_page_then(uint32_t next, bool thumb)
{
	enum trap_outcome outcome;

	guest_set_word(CODE + 4, next);
	machine.vcpu.frame.pc = CODE;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.vcpu.frame.cpsr |= thumb ? PSR_T : 0;
	outcome = machine_mcr(MCR_TLB(6, 1), 0x50000000);
	machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
	assert_int_equal(outcome, TRAP_NEXT);
	return machine.vcpu.frame.pc - CODE;
}

#define PROXY(index) (0xe0000000u | PROXY_MATCH | (index) << PROXY_INDEX_LOW)

static void the_tlb_flush_behind_a_new_table_base_is_skipped(void **state)
{
	assert_int_equal(table_base_then(PROXY(1)), 4);   /* invalidate TLB */
	assert_int_equal(table_base_then(PROXY(3)), 4);   /* invalidate D TLB: all as well here */
	assert_int_equal(table_base_then(PROXY(2)), 0);   /* one entry */
	assert_int_equal(table_base_then(PROXY(0)), 0);   /* TTBR */
	assert_int_equal(table_base_then(PROXY(7)), 0);   /* nothing there */
	assert_int_equal(table_base_then(0xe1a00000), 0); /* nop */
	assert_int_equal(table_base_then(PROXY(1) ^ (PROXY_MATCH ^ HYPERCALL_MATCH)), 0);
}

/* Both TLBs are one here: two operations on the same entry are one trap. */
static void the_second_tlb_operation_on_an_entry_is_skipped(void **state)
{
	assert_int_equal(tlb_page_then(PROXY(5), false), 4); /* I TLB, of the same register */
	assert_int_equal(tlb_page_then(PROXY(2), false), 4); /* both TLBs */
	assert_int_equal(tlb_page_then(PROXY(6), false), 0); /* another register */
	assert_int_equal(tlb_page_then(PROXY(1), false), 0); /* more than one entry */
	assert_int_equal(tlb_page_then(PROXY(0), false), 0);
	assert_int_equal(tlb_page_then(PROXY(7), false), 0);
	assert_int_equal(tlb_page_then(PROXY(5) & 0x0fffffffu, false), 0); /* with a condition */
	assert_int_equal(tlb_page_then(0xe1a00000, false), 0);
	assert_int_equal(tlb_page_then(PROXY(5), true), 0);

	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
	guest_set_word(DIR_A + 0x500 * 4, SECTION(0x08100000));
	assert_int_equal(tlb_page_then(PROXY(5), false), 4);
	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x403000);
}

/* Skipped because it has been done: what the guest changed before both is gone afterwards. */
static void the_skipped_flush_has_been_done(void **state)
{
	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
	guest_set_word(DIR_A + 0x500 * 4, SECTION(0x08100000));
	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000); /* as any TLB may */
	assert_int_equal(table_base_then(PROXY(1)), 4);
	assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x403000);
	guest_set_word(DIR_A + 0x500 * 4, 0);
	assert_int_equal(table_base_then(PROXY(1)), 4);
	assert_int_equal(leads_to(0x50000000), 0);
}

/* Nothing is fetched where nothing can be, and Thumb code has no proxies. */
static void the_instruction_behind_a_new_table_base_may_be_missing(void **state)
{
	machine.vcpu.frame.pc = 0x50000000u - 4; /* the last of a MiB, nothing before or behind */
	guest_set_word(DIR_A + 0x500 * 4, 0);
	assert_int_equal(machine_mcr(MCR_TTBR, DIR_A), TRAP_NEXT);
	assert_int_equal(machine.vcpu.frame.pc, 0x50000000u - 4);

	guest_set_word(CODE + 4, PROXY(1));
	machine.vcpu.frame.pc = CODE;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.vcpu.frame.cpsr |= PSR_T;
	assert_int_equal(machine_mcr(MCR_TTBR, DIR_A), TRAP_NEXT);
	assert_int_equal(machine.vcpu.frame.pc, CODE);
}

static void tlb_operations(void **state)
{
	static const uint32_t whole[] = { MCR_TLB(5, 0), MCR_TLB(6, 0), MCR_TLB(7, 0) };
	static const uint32_t single[] = { MCR_TLB(5, 1), MCR_TLB(6, 1), MCR_TLB(7, 1) };

	for (unsigned i = 0; i < 6; i++) {
		start(NULL);
		assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
		guest_set_word(DIR_A + 0x500 * 4, SECTION(0x08100000));
		if (i < 3) {
			machine_mcr(whole[i], 0);
		} else {
			machine_mcr(single[i - 3], 0x60000000); /* another one */
			assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x303000);
			machine_mcr(single[i - 3], 0x50000000);
		}
		assert_int_equal(leads_to(0x50000000), HPA_RAM + 0x403000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(domains_close_and_open, start),
		cmocka_unit_test_setup(another_table_base, start),
		cmocka_unit_test_setup(the_process_id_renames_low_addresses, start),
		cmocka_unit_test_setup(the_tlb_flush_behind_a_new_table_base_is_skipped, start),
		cmocka_unit_test_setup(the_skipped_flush_has_been_done, start),
		cmocka_unit_test_setup(the_second_tlb_operation_on_an_entry_is_skipped, start),
		cmocka_unit_test_setup(the_instruction_behind_a_new_table_base_may_be_missing,
				       start),
		cmocka_unit_test_setup(tlb_operations, start),
	};

	return cmocka_run_group_tests_name("virtual CP15, translation", tests, NULL, NULL);
}
