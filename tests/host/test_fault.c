/* SPDX-License-Identifier: Apache-2.0 */
/* Aborts, one situation at a time; test_fault_random.c has all kinds of accesses together. */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "vcpu/fault.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DIR     0x00010000u
#define COARSE  0x00040000u
#define CODE    0x00270000u /* in a section that all can read */
#define CODE_VA 0x30070000u

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	guest_set_word(DIR + (CODE_VA >> 20) * 4, (CODE & 0xfff00000) | 15u << 5 | 0xc1e);
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	machine.vcpu.frame.pc = CODE_VA;
	return 0;
}

/* The hardware sees alignment and the bus itself: the guest gets what it saw. */
static void what_the_hardware_reports_is_passed_on(void **state)
{
	static const uint8_t passed[] = { 0x1, 0x4, 0x6, 0x8, 0xa, 0x3 };
	static const uint8_t stops[] = { 0xc, 0xe };

	assert_int_equal(machine_fetch(), TRAP_NEXT);
	for (unsigned i = 0; i < ARRAY_SIZE(passed); i++) {
		machine.dfsr = 0x70u | passed[i]; /* the domain is one of the VMM's */
		machine.far = 0x00001002;
		machine_mcr(MCR_PID, i % 2 ? 0x04000000 : 0);
		assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_INJECT);
		/* Alignment faults have two encodings (TRM, table 3-9). */
		assert_int_equal(machine.vcpu.cp15.dfsr & 0xf, passed[i] == 3 ? 1 : passed[i]);
		assert_int_equal(machine.vcpu.cp15.far, i % 2 ? 0x04001002 : 0x00001002);
	}
	/* The domain of an external abort is the guest's, not the VMM's. */
	machine_mcr(MCR_PID, 0);
	machine.dfsr = 0x70u | 0x8;
	machine.far = CODE_VA;
	assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_INJECT);
	assert_int_equal(machine.vcpu.cp15.dfsr, 15u << 4 | 0x8);
	for (unsigned i = 0; i < ARRAY_SIZE(stops); i++) { /* the shadow tables are the VMM's */
		machine.dfsr = stops[i];
		assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_STOP);
		assert_non_null(machine.vcpu.stop_reason);
	}
}

/* The VMM's access for the guest meets an error of the bus: the guest gets it. */
static void an_error_of_the_bus_in_emulation(void **state)
{
	const uint32_t va = 0x12300010;
	uint32_t at;

	/* The kernel stores to what programs may only read: emulated. */
	guest_set_word(DIR + 0x123 * 4, COARSE | 1u << 5 | 0x11);
	guest_set_word(COARSE, 0x00101000 | 0xaa << 4 | 0xe);
	guest_set_word(CODE, 0xe5812000); /* str r2, [r1] */
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.vcpu.frame.r[1] = va;
	machine.vcpu.frame.r[2] = 0x1234;
	machine.dfsr = machine_access(va, true, &at);
	machine.far = va;
	assert_int_not_equal(machine.dfsr, 0);
	machine.bus_error = true;
	assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_RESUME);
	assert_int_equal(vcpu_mode(&machine.vcpu), PSR_MODE_ABT);
	assert_int_equal(machine.vcpu.cp15.dfsr, 0x1a); /* external abort, page, domain 1 */
	assert_int_equal(machine.vcpu.cp15.far, va);
	assert_int_equal(guest_word(0x00101010), 0);

	machine.bus_error = false;
	vcpu_set_cpsr(&machine.vcpu, 0xd3);
	machine.vcpu.frame.pc = CODE_VA;
	assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_NEXT_POLL);
	assert_int_equal(guest_word(0x00101010), 0x1234);
}

/* Not rewritten, but it aborts: emulation knows whose rights it has. */
static void ldrt_of_a_kernel_page_is_denied(void **state)
{
	const uint32_t va = 0x12300010;

	guest_set_word(DIR + 0x123 * 4, COARSE | 1u << 5 | 0x11);
	guest_set_word(COARSE, 0x10102000 | 0x55 << 4 | 2); /* the device, for the kernel only */
	guest_set_word(CODE, 0xe4b12000);                   /* ldrt r2, [r1] */
	guest_set_word(CODE + 4, 0xe5912000);               /* ldr r2, [r1] */
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.vcpu.frame.r[1] = machine.far = va;
	machine.dfsr = 0x5;
	machine.vcpu.frame.pc = CODE_VA + 4;
	assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_NEXT_POLL);
	assert_int_equal(machine.device_reads, 1);
	machine.vcpu.frame.pc = CODE_VA;
	assert_int_equal(data_abort_trap(&machine.vcpu), TRAP_RESUME);
	assert_int_equal(machine.device_reads, 1);
	assert_int_equal(vcpu_mode(&machine.vcpu), PSR_MODE_ABT);
	assert_int_equal(machine.vcpu.cp15.dfsr, 0x1f);
	assert_int_equal(machine.vcpu.cp15.far, va);
}

static void a_breakpoint_is_a_prefetch_abort(void **state)
{
	guest_set_word(CODE, 0xe1212374); /* bkpt 0x1234 */
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	machine.ifsr = 0x2;
	assert_int_equal(prefetch_abort_trap(&machine.vcpu), TRAP_INJECT);
	assert_int_equal(machine.vcpu.cp15.ifsr, 0x2);

	machine.vcpu.frame.cpsr |= PSR_T;
	for (unsigned half = 0; half < 2; half++) {
		guest_set_word(CODE, 0xbe12u << 16 * half);
		machine.vcpu.frame.pc = CODE_VA + 2 * half;
		machine.vcpu.cp15.ifsr = 0;
		assert_int_equal(prefetch_abort_trap(&machine.vcpu), TRAP_INJECT);
		assert_int_equal(machine.vcpu.cp15.ifsr, 0x2);
	}
	/* Anything else was an old entry of the TLB: again, without it. */
	machine.vcpu.frame.pc = CODE_VA;
	machine.ifsr = 0x7;
	machine.tlb_page_flushes = 0;
	assert_int_equal(prefetch_abort_trap(&machine.vcpu), TRAP_RESUME);
	assert_int_equal(machine.tlb_page_flushes, 1);
}

/** Aborts of the vector of prefetch aborts, until the VM stops; how many there were. */
static unsigned aborts_until_stop(uint32_t cpsr)
{
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu_set_cpsr(vcpu, cpsr);
	vcpu->frame.pc = 0x50000000;
	for (unsigned n = 1; n < 5; n++) {
		const enum trap_outcome outcome = machine_fetch();

		if (outcome == TRAP_STOP)
			return n;
		assert_int_equal(outcome, TRAP_INJECT);
		vcpu_inject_trap(vcpu, TRAP_PABT);
	}
	return 0;
}

static void a_vector_that_cannot_be_fetched_stops_the_vm(void **state)
{
	for (unsigned high = 0; high < 2; high++) {
		machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | (high ? SCTLR_V : 0));
		for (unsigned i = 0; i < MACHINE_MODES; i++)
			assert_int_equal(aborts_until_stop(0xc0u | machine_modes[i]), 2);
		assert_non_null(strstr(machine.vcpu.stop_reason, "prefetch abort vector"));
		assert_int_equal(machine.vcpu.stop_value, 0x5);
	}
}

/*
 * Open FIQs are no way out: their vector lies in the same KiB, the smallest page there is, and
 * cannot be fetched either.
 */
static void open_fast_interrupts_do_not_help(void **state)
{
	assert_int_equal(aborts_until_stop(PSR_MODE_SVC), 2);
}

static void a_vector_that_can_be_fetched_goes_on(void **state)
{
	guest_set_word(DIR, 0x00100000 | 0xc1e);
	vcpu_set_cpsr(&machine.vcpu, 0xd3);
	for (unsigned n = 0; n < 5; n++) {
		machine.vcpu.frame.pc = 0x50000000;
		assert_int_equal(machine_fetch(), TRAP_INJECT);
		vcpu_inject_trap(&machine.vcpu, TRAP_PABT);
		assert_int_equal(machine_fetch(), TRAP_NEXT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_the_hardware_reports_is_passed_on, start),
		cmocka_unit_test_setup(an_error_of_the_bus_in_emulation, start),
		cmocka_unit_test_setup(ldrt_of_a_kernel_page_is_denied, start),
		cmocka_unit_test_setup(a_breakpoint_is_a_prefetch_abort, start),
		cmocka_unit_test_setup(a_vector_that_cannot_be_fetched_stops_the_vm, start),
		cmocka_unit_test_setup(open_fast_interrupts_do_not_help, start),
		cmocka_unit_test_setup(a_vector_that_can_be_fetched_goes_on, start),
	};

	return cmocka_run_group_tests_name("aborts", tests, NULL, NULL);
}
