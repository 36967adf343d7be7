/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aborts from beginning to end. A CPU of the test's own fetches and executes loads and stores
 * through the shadow page tables; each abort goes to vcpu/fault.c, until the instruction is done or
 * the guest has an exception. What must come out is what ref_mmu.h says of the guest's own tables:
 * allowed accesses happen, with the right values in the right place, and denied ones are reported
 * with exactly the fault status and address of the guest's MMU.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "tests/host/fault_guest.h"
#include "tests/host/fault_insn.h"
#include "vcpu/fault.h"

#include <string.h>

static uint32_t run_seed;
static unsigned by_hardware, by_emulation, by_short_way, denied, fetched, fetch_denied, stopped;

#define FAIL(...)                                                                    \
	do {                                                                         \
		print_error("seed %u, mode 0x%x, sctlr %08x, dacr %08x: ", run_seed, \
			    vcpu_mode(&machine.vcpu), machine.vcpu.mmu.sctlr,        \
			    machine.vcpu.mmu.dacr);                                  \
		print_error(__VA_ARGS__);                                            \
		fail();                                                              \
	} while (0)

/* ---- instruction fetches --------------------------------------------------------------------- */

static void random_fetch(void)
{
	const uint32_t pc = fault_guest_va();
	const struct fault_expected e = fault_guest_expect(pc, false, true);
	enum trap_outcome outcome;
	uint32_t at;

	machine.vcpu.frame.pc = pc;
	machine.vcpu.cp15.ifsr = 0xeeee;
	outcome = machine_fetch();
	if (e.status) {
		if (outcome != TRAP_INJECT || machine.vcpu.cp15.ifsr != e.status)
			FAIL("fetch at 0x%08x: outcome %u with 0x%x, expected 0x%x\n", pc, outcome,
			     machine.vcpu.cp15.ifsr, e.status);
		fetch_denied++;
		return;
	}
	assert_int_equal(outcome, fault_in_vmm(pc) ? TRAP_STOP : TRAP_NEXT);
	assert_int_equal(machine.vcpu.cp15.ifsr, 0xeeee);
	if (fault_in_vmm(pc))
		return;
	assert_int_equal(machine_access(pc, false, &at), 0);
	if (machine_host(at) != e.host)
		FAIL("fetch at 0x%08x: from 0x%08x\n", pc, at);
	fetched++;
}

/* ---- loads and stores ------------------------------------------------------------------------ */

/** The first of the guest's own faults, if any. */
static unsigned expected_fault(const struct fault_insn *insn, uint32_t *far)
{
	const struct ref_mmu guest = machine_guest_mmu();

	*far = ref_mva(&guest, insn->va);
	if ((guest.control & SCTLR_A) && insn->va % insn->size)
		return 1;
	for (unsigned n = 0; n < insn->count; n++) {
		/* The MMU has its say on both halves of a SWP before there is any on the bus. */
		const unsigned status =
			fault_guest_expect(fault_insn_va(insn, n), !insn->load || insn->swap, false)
				.status;

		*far = ref_mva(&guest, fault_insn_va(insn, n));
		if (status)
			return status;
	}
	return 0;
}

/** Whether the hardware executes it; else the status and address of its abort are set. */
static bool hardware_executes(const struct fault_insn *insn)
{
	uint32_t at;

	if ((machine.hw_control & SCTLR_A) && insn->va % insn->size) {
		machine.dfsr = 1;
		machine.far = insn->va;
		return false;
	}
	for (unsigned n = 0; n < insn->count; n++) {
		machine.far = fault_insn_va(insn, n);
		machine.dfsr = machine_access(machine.far, !insn->load, &at);
		if (!machine.dfsr && insn->swap)
			machine.dfsr = machine_access(machine.far, true, &at);
		if (machine.dfsr)
			return false;
		if (machine_host(at) !=
		    fault_guest_expect(machine.far, !insn->load || insn->swap, false).host)
			FAIL("0x%08x: leads to 0x%08x\n", machine.far, at);
	}
	return true;
}

/** The word of the emulated device, or of the one whose writes are: two pages behind it. */
static uint32_t device_offset(uint32_t physical)
{
	return (physical - (physical < 0x10103000 ? 0x10102000 : 0x10103000)) & ~3u;
}

/** What a load makes of what is on the bus (ARM ARM, A4.1.23 to A4.1.31). */
static uint32_t expected_load(const struct fault_insn *insn, const struct fault_expected *e)
{
	const unsigned lane = e->physical % 4 * 8;
	uint32_t word, value = 0;

	if (e->bus == BUS_DEVICE)
		word = machine.device_word + device_offset(e->physical);
	else
		memcpy(&word, e->host - e->physical % 4, 4);
	if (insn->size == 4)
		return lane ? word >> lane | word << (32 - lane) : word;
	value = word >> lane & (insn->size == 1 ? 0xff : 0xffff);
	if (insn->sign && value >> (insn->size * 8 - 1))
		value |= 0xffffffffu << insn->size * 8;
	return value;
}

static uint32_t stored_part(const struct fault_insn *insn, uint32_t value)
{
	return insn->size == 4 ? value : insn->size == 2 ? value & 0xffff : value & 0xff;
}

/** Compares what has been emulated with what should have been. */
static void check_emulated(const struct fault_insn *insn, const struct vcpu *before,
			   const uint32_t *loaded, uint32_t device_word)
{
	uint32_t r[15];

	memcpy(r, before->frame.r, sizeof(r));
	if (insn->writeback)
		r[insn->base] = insn->base_after;
	for (unsigned n = 0; n < insn->count; n++) {
		const bool stores = !insn->load || insn->swap;
		const struct fault_expected e =
			fault_guest_expect(fault_insn_va(insn, n), stores, false);
		const uint32_t value =
			stored_part(insn, before->frame.r[insn->swap ? 4 : insn->reg[n]]);

		if (insn->load)
			r[insn->reg[n]] = loaded[n];
		if (!stores)
			continue;
		if (e.bus == BUS_DEVICE) {
			device_word = insn->size == 4 ? value : value << e.physical % 4 * 8;
			device_word -= device_offset(e.physical);
		} else if (memcmp(e.host - (insn->size == 4 ? e.physical % 4 : 0), &value,
				  insn->size) != 0) {
			FAIL("%08x at 0x%08x: did not store 0x%08x\n", insn->word, insn->va, value);
		}
	}
	if (memcmp(r, machine.vcpu.frame.r, sizeof(r)) != 0)
		FAIL("%08x at 0x%08x: r2 is 0x%08x, expected 0x%08x; r1 is 0x%08x\n", insn->word,
		     insn->va, machine.vcpu.frame.r[2], r[2], machine.vcpu.frame.r[1]);
	assert_int_equal(machine.device_word, device_word);
	assert_int_equal(machine.vcpu.frame.pc, before->frame.pc);
}

static void check_denied(const struct fault_insn *insn, const struct vcpu *before,
			 enum trap_outcome outcome, unsigned status, uint32_t far)
{
	struct vcpu *const vcpu = &machine.vcpu;

	if (vcpu->cp15.dfsr != status || vcpu->cp15.far != far)
		FAIL("%08x at 0x%08x: status 0x%x at 0x%08x, expected 0x%x at 0x%08x\n", insn->word,
		     insn->va, vcpu->cp15.dfsr, vcpu->cp15.far, status, far);
	if (outcome == TRAP_INJECT) {
		vcpu_inject_trap(vcpu, TRAP_DABT);
	} else {
		assert_int_equal(outcome, TRAP_RESUME);
	}
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_ABT);
	assert_int_equal(vcpu->frame.pc, vcpu_vector(vcpu, TRAP_DABT));
	assert_int_equal(vcpu->frame.r[14], before->frame.pc + 8);
	assert_int_equal(vcpu_spsr(vcpu), vcpu_cpsr(before));
	assert_memory_equal(vcpu->frame.r, before->frame.r, 8 * 4);
	denied++;
}

static void execute(const struct fault_insn *insn, uint32_t pc)
{
	struct vcpu *const vcpu = &machine.vcpu;
	const uint32_t device_word = machine.device_word;
	uint32_t loaded[16], far;
	const unsigned status = expected_fault(insn, &far);
	struct vcpu before;

	vcpu->frame.pc = pc;
	vcpu->cp15.dfsr = vcpu->cp15.far = 0xeeeeeeee;
	before = *vcpu;
	for (unsigned n = 0; n < insn->count && !status && insn->load; n++) {
		const struct fault_expected e =
			fault_guest_expect(fault_insn_va(insn, n), false, false);

		loaded[n] = expected_load(insn, &e);
	}
	for (unsigned tries = 0; tries < 8; tries++) {
		enum trap_outcome outcome;

		assert_int_equal(machine_fetch(), TRAP_NEXT);
		if (hardware_executes(insn)) {
			if (status)
				FAIL("%08x at 0x%08x: executed, expected status 0x%x\n", insn->word,
				     insn->va, status);
			by_hardware++;
			return;
		}
		outcome = data_abort_trap(vcpu);
		by_short_way += outcome == TRAP_MOVED;
		if ((outcome == TRAP_RESUME || outcome == TRAP_MOVED) &&
		    vcpu->cp15.dfsr == 0xeeeeeeee) {
			assert_memory_equal(&vcpu->frame, &before.frame, sizeof(before.frame));
			continue;
		}
		if (outcome == TRAP_STOP && fault_in_vmm(insn->va)) {
			stopped++;
			return;
		}
		if (status) {
			check_denied(insn, &before, outcome, status, far);
			return;
		}
		/* TRAP_NEXT: the short way to a device (vcpu/device_page.c). */
		if (outcome != TRAP_NEXT_POLL && outcome != TRAP_NEXT)
			FAIL("%08x at 0x%08x: outcome %u, status 0x%x at 0x%08x\n", insn->word,
			     insn->va, outcome, vcpu->cp15.dfsr, vcpu->cp15.far);
		check_emulated(insn, &before, loaded, device_word);
		by_emulation++;
		return;
	}
	FAIL("%08x at 0x%08x: no end\n", insn->word, insn->va);
}

static void random_access(void)
{
	const bool on = machine.vcpu.mmu.sctlr & SCTLR_M;
	uint32_t pc = on ? FAULT_CODE_VA : FAULT_CODE;
	struct fault_insn insn;

	if (!on && machine.vcpu.mmu.pid) /* the code is not there */
		return;
	for (unsigned n = 0; n < 15; n++)
		machine.vcpu.frame.r[n] = rnd();
	switch (rnd_below(4)) {
	case 0:
		fault_insn_multiple(&insn);
		break;
	case 1:
		fault_insn_thumb(&insn);
		break;
	default:
		fault_insn_single(&insn);
		break;
	}
	machine.vcpu.frame.r[insn.base] = insn.base_before;
	machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
	if (insn.thumb) {
		machine.vcpu.frame.cpsr |= PSR_T;
		pc += rnd_below(2) * 2;
		insn.word <<= pc % 4 * 8;
	}
	guest_set_word(FAULT_CODE, insn.word);
	execute(&insn, pc);
}

static void random_guest(bool announces)
{
	by_hardware = by_emulation = by_short_way = denied = fetched = fetch_denied = stopped = 0;
	for (run_seed = 1; run_seed <= 12; run_seed++) {
		seed(run_seed);
		fault_guest_make(announces);
		for (unsigned step = 0; step < 12000; step++) {
			switch (rnd_below(8)) {
			case 0:
				fault_guest_change();
				break;
			case 1:
			case 2:
				machine.vcpu.frame.cpsr &= ~(uint32_t)PSR_T;
				random_fetch();
				break;
			default:
				random_access();
				break;
			}
		}
	}
	assert_true(by_hardware > 10000);
	assert_true(by_emulation > 5000);
	assert_true(denied > 10000);
	assert_true(fetched > 3000);
	assert_true(fetch_denied > 3000);
	assert_true(stopped > 10);
}

static void random_accesses(void **state)
{
	random_guest(false);
	assert_int_equal(by_short_way, 0);
}

static void random_accesses_of_a_guest_that_announces(void **state)
{
	random_guest(true);
	assert_true(by_short_way > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_accesses),
		cmocka_unit_test(random_accesses_of_a_guest_that_announces),
	};

	return cmocka_run_group_tests_name("aborts, random", tests, NULL, NULL);
}
