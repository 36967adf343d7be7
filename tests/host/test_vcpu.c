/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual CPU's modes and banks against a register file of the test's own, typed from the ARM
 * ARM (A2.3 to A2.6): one row per mode. A random walk changes registers and modes by every route
 * there is, and compares all of the state after each step.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "vcpu/guest_abi.h"
#include "vmm/lib/bits.h"

#include <string.h>

/* What exception returns and MSR can write: N, Z, C, V, Q; and T, which only a return can. */
#define FLAGS 0xf8000000u
/* What an SPSR keeps: those, J and the control bits. */
#define SPSR_BITS 0xf90000ffu

static struct {
	uint32_t low[8];
	uint32_t high[2][5];                 /* r8 to r12: of FIQ mode, [1], and of all others */
	uint32_t r13[32], r14[32], spsr[32]; /* by mode number; System mode uses User mode's */
	uint32_t pc, cpsr;
} ref;

static unsigned ref_mode(void)
{
	return ref.cpsr & 31u;
}

static unsigned bank(unsigned mode)
{
	return mode == PSR_MODE_SYS ? PSR_MODE_USR : mode;
}

static uint32_t *ref_reg(unsigned mode, unsigned n)
{
	if (n < 8)
		return &ref.low[n];
	if (n < 13)
		return &ref.high[mode == PSR_MODE_FIQ][n - 8];
	return n == 13 ? &ref.r13[bank(mode)] : &ref.r14[bank(mode)];
}

static bool is_mode(unsigned mode)
{
	for (unsigned i = 0; i < MACHINE_MODES; i++)
		if (machine_modes[i] == mode)
			return true;
	return false;
}

/** CPSR control bits, with an illegal mode left out. */
static void ref_set_control(uint32_t value)
{
	const unsigned mode = is_mode(value & 31u) ? value & 31u : ref_mode();

	ref.cpsr = (ref.cpsr & ~0xdfu) | (value & 0xc0u) | mode;
}

static uint32_t ref_spsr(void)
{
	return bank(ref_mode()) == PSR_MODE_USR ? ref.cpsr : ref.spsr[ref_mode()];
}

static void ref_return(uint32_t pc)
{
	const uint32_t spsr = ref_spsr();

	ref.cpsr = (ref.cpsr & 0xdfu) | (spsr & (FLAGS | 0x20u));
	ref_set_control(spsr);
	ref.pc = spsr & 0x20u ? pc / 2 * 2 : pc / 4 * 4;
}

static void ref_exception(unsigned mode, uint32_t vector, uint32_t lr, bool fiq)
{
	const uint32_t cpsr = ref.cpsr;

	ref.cpsr = (cpsr & (FLAGS | 0x40u)) | 0x80u | (fiq ? 0x40u : 0) | mode;
	ref.spsr[mode] = cpsr;
	ref.r14[mode] = lr;
	ref.pc = vector;
}

static void compare(void)
{
	const struct vcpu *const vcpu = &machine.vcpu;
	const bool privileged = ref_mode() != PSR_MODE_USR;

	for (unsigned n = 0; n < 15; n++) {
		assert_int_equal(vcpu->frame.r[n], *ref_reg(ref_mode(), n));
		assert_int_equal(vcpu_user_reg(vcpu, n), *ref_reg(PSR_MODE_USR, n));
	}
	assert_int_equal(vcpu->frame.pc, ref.pc);
	assert_int_equal(vcpu_cpsr(vcpu), ref.cpsr);
	assert_int_equal(vcpu_spsr(vcpu), ref_spsr());
	assert_int_equal(vcpu_has_spsr(vcpu), bank(ref_mode()) != PSR_MODE_USR);
	/* What runs is always User mode, open to both interrupts. */
	assert_int_equal(vcpu->frame.cpsr & 0xdfu, PSR_MODE_USR);
	assert_int_equal(vcpu_privileged(vcpu), privileged);
	assert_int_equal(machine.shadow.privileged, privileged);
	/* What vectors.S looks at before it takes a word for a proxy. */
	assert_int_equal((vcpu->ctl & 0xfu) != 0, privileged);
}

static int start(void **state)
{
	seed(1);
	machine_init();
	machine_map_usual();
	memset(&ref, 0, sizeof(ref));
	ref.cpsr = 0xd3;
	compare();
	return 0;
}

/* ---- every bank ------------------------------------------------------------------------------ */

static void each_mode_has_its_own_registers(void **state)
{
	for (unsigned pass = 0; pass < 3; pass++) {
		for (unsigned i = 0; i < MACHINE_MODES; i++) {
			const unsigned mode = machine_modes[pass == 1 ? MACHINE_MODES - 1 - i : i];

			vcpu_set_mode_bits(&machine.vcpu, mode);
			ref_set_control(mode);
			compare();
			for (unsigned n = 0; n < 15; n++)
				machine.vcpu.frame.r[n] = *ref_reg(mode, n) =
					pass << 16 | mode << 8 | n;
			vcpu_set_spsr(&machine.vcpu, pass << 28 | mode, ~0u);
			ref.spsr[mode] = pass << 28 | mode;
			compare();
		}
	}
}

static void every_pair_of_modes(void **state)
{
	for (unsigned n = 0; n < 15; n++)
		*ref_reg(PSR_MODE_SVC, n) = machine.vcpu.frame.r[n] = rnd();
	for (unsigned from = 0; from < MACHINE_MODES; from++) {
		for (unsigned to = 0; to < MACHINE_MODES; to++) {
			vcpu_set_mode_bits(&machine.vcpu, machine_modes[from]);
			ref_set_control(machine_modes[from]);
			for (unsigned n = 0; n < 15; n++)
				*ref_reg(machine_modes[from], n) = machine.vcpu.frame.r[n] = rnd();
			vcpu_set_mode_bits(&machine.vcpu, machine_modes[to]);
			ref_set_control(machine_modes[to]);
			compare();
		}
	}
}

static void the_user_bank_from_every_mode(void **state)
{
	for (unsigned i = 0; i < MACHINE_MODES; i++) {
		vcpu_set_mode_bits(&machine.vcpu, machine_modes[i]);
		ref_set_control(machine_modes[i]);
		for (unsigned n = 0; n < 15; n++) {
			const uint32_t value = rnd();

			vcpu_set_user_reg(&machine.vcpu, n, value);
			*ref_reg(PSR_MODE_USR, n) = value;
			compare();
		}
	}
}

static void user_and_system_mode_have_no_spsr(void **state)
{
	static const uint8_t modes[] = { PSR_MODE_USR, PSR_MODE_SYS };

	for (unsigned i = 0; i < 2; i++) {
		const struct vcpu before = machine.vcpu;

		vcpu_set_cpsr(&machine.vcpu, 0xa80000c0u | modes[i]);
		assert_false(vcpu_has_spsr(&machine.vcpu));
		vcpu_set_spsr(&machine.vcpu, 0x12345678, ~0u);
		assert_int_equal(vcpu_spsr(&machine.vcpu), 0xa80000c0u | modes[i]);
		assert_memory_equal(machine.vcpu.spsr, before.spsr, sizeof(before.spsr));
	}
}

/* ---- modes that are none --------------------------------------------------------------------- */

static void an_illegal_mode_changes_no_mode(void **state)
{
	for (unsigned i = 0; i < MACHINE_MODES; i++) {
		for (unsigned mode = 0; mode < 32; mode++) {
			for (unsigned ctl = 0; ctl < 0x100; ctl += 0x40) {
				vcpu_set_mode_bits(&machine.vcpu, machine_modes[i]);
				ref_set_control(machine_modes[i]);
				vcpu_set_mode_bits(&machine.vcpu, ctl | mode);
				ref_set_control(ctl | mode);
				compare();
				vcpu_set_cpsr(&machine.vcpu, 0x50000000u | ctl | mode);
				ref_set_control(ctl | mode);
				ref.cpsr = (ref.cpsr & 0xdfu) | 0x50000000u;
				compare();
			}
		}
	}
}

static void reserved_bits_never_reach_the_hardware(void **state)
{
	vcpu_set_cpsr(&machine.vcpu, 0xffffffffu);
	assert_int_equal(machine.vcpu.frame.cpsr, 0xf8000030u); /* not J, not GE, not E, not A */
	assert_int_equal(vcpu_mode(&machine.vcpu), PSR_MODE_SYS);
	vcpu_set_cpsr(&machine.vcpu, 0);
	assert_int_equal(machine.vcpu.frame.cpsr, PSR_MODE_USR);
	assert_int_equal(vcpu_mode(&machine.vcpu), PSR_MODE_SYS);
}

/* ---- operands and branches ------------------------------------------------------------------- */

static void pc_as_an_operand(void **state)
{
	machine.vcpu.frame.pc = 0xfffffff8;
	assert_int_equal(vcpu_operand(&machine.vcpu, 15), 0);
	machine.vcpu.frame.cpsr |= PSR_T;
	assert_int_equal(vcpu_operand(&machine.vcpu, 15), 0xfffffffc);
	machine.vcpu.frame.r[14] = 0x1234;
	assert_int_equal(vcpu_operand(&machine.vcpu, 14), 0x1234);
}

static void a_branch_selects_the_state(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu_branch(vcpu, 0x1003);
	assert_int_equal(vcpu->frame.pc, 0x1002);
	assert_true(vcpu_thumb(vcpu));
	vcpu_branch(vcpu, 0x2002);
	assert_int_equal(vcpu->frame.pc, 0x2000);
	assert_false(vcpu_thumb(vcpu));

	vcpu->mmu.sctlr |= SCTLR_L4; /* the state stays as it is */
	vcpu_branch(vcpu, 0x1003);
	assert_int_equal(vcpu->frame.pc, 0x1000);
	assert_false(vcpu_thumb(vcpu));
	vcpu->frame.cpsr |= PSR_T;
	vcpu_branch(vcpu, 0x1002);
	assert_int_equal(vcpu->frame.pc, 0x1002);
	assert_true(vcpu_thumb(vcpu));
}

static void reset_is_supervisor_mode(void **state)
{
	memset(machine.vcpu.bank_r13, 0x55, sizeof(machine.vcpu.bank_r13));
	memset(machine.vcpu.spsr, 0x55, sizeof(machine.vcpu.spsr));
	vcpu_set_cpsr(&machine.vcpu, 0xf0000030);
	vcpu_reset(&machine.vcpu);
	memset(&ref, 0, sizeof(ref));
	ref.cpsr = 0xd3;
	compare();
	assert_int_equal(machine.vcpu.mmu.sctlr, SCTLR_RESET);
}

/* ---- all routes ------------------------------------------------------------------------------ */

static void exception(void)
{
	static const struct {
		enum trap_kind kind;
		uint8_t mode, vector, arm, thumb;
	} rows[] = {
		{ TRAP_UNDEF, PSR_MODE_UND, 0x04, 4, 2 }, { TRAP_SWI, PSR_MODE_SVC, 0x08, 4, 2 },
		{ TRAP_PABT, PSR_MODE_ABT, 0x0c, 4, 4 },  { TRAP_DABT, PSR_MODE_ABT, 0x10, 8, 8 },
		{ TRAP_IRQ, PSR_MODE_IRQ, 0x18, 4, 4 },   { TRAP_FIQ, PSR_MODE_FIQ, 0x1c, 4, 4 },
	};
	const unsigned i = rnd_below(ARRAY_SIZE(rows));

	vcpu_inject_trap(&machine.vcpu, rows[i].kind);
	ref_exception(rows[i].mode, rows[i].vector,
		      ref.pc + (ref.cpsr & 0x20u ? rows[i].thumb : rows[i].arm),
		      rows[i].kind == TRAP_FIQ);
}

/** Bits that are often a mode, sometimes anything. */
static uint32_t random_psr(void)
{
	const uint32_t value = rnd();

	return rnd_below(5) ? (value & ~31u) | machine_modes[rnd_below(MACHINE_MODES)] : value;
}

static void step(enum trap_outcome outcome)
{
	assert_int_equal(outcome, TRAP_NEXT);
	machine.vcpu.frame.pc += 4;
	ref.pc += 4;
}

/** An instruction that changes the mode; only privileged code in ARM state has proxies. */
static void instruction(void)
{
	const uint32_t value = random_psr();
	const unsigned rn = 1 + rnd_below(14);

	switch (rnd_below(7)) {
	case 0: /* msr cpsr_c, rn */
		machine.vcpu.frame.r[rn] = *ref_reg(ref_mode(), rn) = value;
		ref_set_control(value);
		step(machine_do(0xe121f000 | rn));
		break;
	case 1: /* msr cpsr_c, #value */
		ref_set_control(value & 0xffu);
		step(machine_do(0xe321f000 | (value & 0xffu)));
		break;
	case 2: /* msr cpsr_cxsf, rn */
		machine.vcpu.frame.r[rn] = *ref_reg(ref_mode(), rn) = value;
		ref.cpsr = (ref.cpsr & ~FLAGS) | (value & FLAGS);
		ref_set_control(value);
		step(machine_do(0xe12ff000 | rn));
		break;
	case 3: /* msr spsr_cxsf, rn */
		machine.vcpu.frame.r[rn] = *ref_reg(ref_mode(), rn) = value;
		if (bank(ref_mode()) != PSR_MODE_USR)
			ref.spsr[ref_mode()] = value & SPSR_BITS;
		step(machine_do(0xe16ff000 | rn));
		break;
	case 4: /* movs pc, lr */
		ref_return(*ref_reg(ref_mode(), 14));
		assert_int_equal(machine_do(0xe1b0f00e), TRAP_MOVED);
		break;
	case 5: /* subs pc, lr, #4 */
		ref_return(*ref_reg(ref_mode(), 14) - 4);
		assert_int_equal(machine_do(0xe25ef004), TRAP_MOVED);
		break;
	default: /* ldmia r0, {rn, pc}^ */
		machine.vcpu.frame.r[0] = *ref_reg(ref_mode(), 0) = 0x1000;
		guest_set_word(0x1000, value);
		guest_set_word(0x1004, rnd());
		*ref_reg(ref_mode(), rn) = value;
		ref_return(guest_word(0x1004));
		assert_int_equal(machine_do(0xe8d08000 | 1u << rn), TRAP_RESUME);
		break;
	}
}

static void all_routes(void **state)
{
	unsigned visits[32] = { 0 };

	for (unsigned i = 0; i < 100000; i++) {
		const unsigned n = rnd_below(15);
		uint32_t value;

		switch (rnd_below(6)) {
		case 0:
			machine.vcpu.frame.r[n] = *ref_reg(ref_mode(), n) = rnd();
			break;
		case 1:
			value = rnd();
			vcpu_set_user_reg(&machine.vcpu, n, value);
			*ref_reg(PSR_MODE_USR, n) = value;
			break;
		case 2:
			exception();
			break;
		case 3: /* as the VMM may, from any mode */
			value = random_psr();
			vcpu_set_cpsr(&machine.vcpu, value);
			ref.cpsr = (ref.cpsr & 0xdfu) | (value & (FLAGS | 0x20u));
			ref_set_control(value);
			break;
		default:
			if (ref_mode() != PSR_MODE_USR && !(ref.cpsr & 0x20u))
				instruction();
			break;
		}
		compare();
		visits[ref_mode()]++;
	}
	for (unsigned i = 0; i < MACHINE_MODES; i++)
		assert_true(visits[machine_modes[i]] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_mode_has_its_own_registers, start),
		cmocka_unit_test_setup(every_pair_of_modes, start),
		cmocka_unit_test_setup(the_user_bank_from_every_mode, start),
		cmocka_unit_test_setup(user_and_system_mode_have_no_spsr, start),
		cmocka_unit_test_setup(an_illegal_mode_changes_no_mode, start),
		cmocka_unit_test_setup(reserved_bits_never_reach_the_hardware, start),
		cmocka_unit_test_setup(pc_as_an_operand, start),
		cmocka_unit_test_setup(a_branch_selects_the_state, start),
		cmocka_unit_test_setup(reset_is_supervisor_mode, start),
		cmocka_unit_test_setup(all_routes, start),
	};

	return cmocka_run_group_tests_name("virtual CPU: modes and banks", tests, NULL, NULL);
}
