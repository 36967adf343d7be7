/* SPDX-License-Identifier: Apache-2.0 */
/* Entry to exceptions, all of them from everywhere: table A2-4 and A2.6 of the ARM ARM. */
#include "tests/host/core_machine.h"

#include "arch/arm/sctlr.h"
#include "vmm/lib/bits.h"

static const struct {
	enum trap_kind kind;
	unsigned mode;
	uint32_t low, high;        /* vectors */
	uint32_t lr_arm, lr_thumb; /* for an instruction at 0x8000 */
	bool masks_fiq;
} exceptions[] = {
	/* clang-format off */
	{ TRAP_UNDEF, PSR_MODE_UND, 0x04, 0xffff0004, 0x8004, 0x8002, false },
	{ TRAP_SWI,   PSR_MODE_SVC, 0x08, 0xffff0008, 0x8004, 0x8002, false },
	{ TRAP_PABT,  PSR_MODE_ABT, 0x0c, 0xffff000c, 0x8004, 0x8004, false },
	{ TRAP_DABT,  PSR_MODE_ABT, 0x10, 0xffff0010, 0x8008, 0x8008, false },
	{ TRAP_IRQ,   PSR_MODE_IRQ, 0x18, 0xffff0018, 0x8004, 0x8004, false },
	{ TRAP_FIQ,   PSR_MODE_FIQ, 0x1c, 0xffff001c, 0x8004, 0x8004, true },
	/* clang-format on */
};

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	return 0;
}

/** One entry, from a mode with its I, F and T bits. */
static void enter(unsigned i, unsigned from, uint32_t bits, bool high)
{
	const uint32_t flags = 0xa8000000u;
	const uint32_t masks = bits & (PSR_I | PSR_F);
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu_set_cpsr(vcpu, flags | bits | from);
	vcpu->mmu.sctlr = (vcpu->mmu.sctlr & ~(uint32_t)SCTLR_V) | (high ? SCTLR_V : 0);
	vcpu->frame.pc = 0x8000;
	vcpu->frame.r[12] = 0x1212;
	vcpu_inject_trap(vcpu, exceptions[i].kind);

	assert_int_equal(vcpu->frame.pc, high ? exceptions[i].high : exceptions[i].low);
	assert_int_equal(vcpu_vector(vcpu, exceptions[i].kind), vcpu->frame.pc);
	assert_int_equal(vcpu->frame.r[14],
			 bits & PSR_T ? exceptions[i].lr_thumb : exceptions[i].lr_arm);
	assert_int_equal(vcpu_spsr(vcpu), flags | bits | from);
	assert_int_equal(vcpu_cpsr(vcpu), flags | masks | PSR_I |
						  (exceptions[i].masks_fiq ? PSR_F : 0) |
						  exceptions[i].mode);
	assert_int_equal(vcpu->frame.cpsr, flags | PSR_MODE_USR);
	if (exceptions[i].mode != PSR_MODE_FIQ && from != PSR_MODE_FIQ)
		assert_int_equal(vcpu->frame.r[12], 0x1212);
}

static void every_exception_from_everywhere(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(exceptions); i++)
		for (unsigned from = 0; from < MACHINE_MODES; from++)
			for (unsigned bits = 0; bits < 8; bits++)
				for (unsigned high = 0; high < 2; high++)
					enter(i, machine_modes[from], bits << 5, high);
}

/* The way back restores what was interrupted: the offsets of table A2-3. */
static void the_recommended_return_comes_back(void **state)
{
	static const struct {
		enum trap_kind kind;
		uint32_t instruction;
		uint32_t back; /* from 0x8000 in ARM state */
	} rows[] = {
		{ TRAP_UNDEF, 0xe1b0f00e, 0x8004 }, /* movs pc, lr: behind the instruction */
		{ TRAP_SWI, 0xe1b0f00e, 0x8004 },
		{ TRAP_PABT, 0xe25ef004, 0x8000 }, /* subs pc, lr, #4: again */
		{ TRAP_DABT, 0xe25ef008, 0x8000 }, /* subs pc, lr, #8 */
		{ TRAP_IRQ, 0xe25ef004, 0x8000 },
		{ TRAP_FIQ, 0xe25ef004, 0x8000 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned from = 0; from < MACHINE_MODES; from++) {
			uint32_t r[15], cpsr = 0x60000000u | machine_modes[from];

			vcpu_set_cpsr(&machine.vcpu, cpsr);
			machine.vcpu.frame.pc = 0x8000;
			for (unsigned n = 0; n < 15; n++)
				r[n] = machine.vcpu.frame.r[n] = from << 8 | n;
			vcpu_inject_trap(&machine.vcpu, rows[i].kind);
			assert_int_equal(machine_do(rows[i].instruction), TRAP_MOVED);
			assert_int_equal(machine.vcpu.frame.pc, rows[i].back);
			assert_int_equal(vcpu_cpsr(&machine.vcpu), cpsr);
			/* An exception in its own mode loses lr, on the real core as well. */
			for (unsigned n = 0; n < 15; n++)
				if (n != 14 || machine_modes[from] != exceptions[i].mode)
					assert_int_equal(machine.vcpu.frame.r[n], r[n]);
		}
	}
}

static void interrupts_that_are_due(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	for (unsigned asserted = 0; asserted < 4; asserted++) {
		for (unsigned masked = 0; masked < 4; masked++) {
			/* Bit 0 of both is FIQ, bit 1 is IRQ. */
			const unsigned due = asserted & ~masked;

			vcpu_set_cpsr(vcpu, masked << 6 | PSR_MODE_SYS);
			vcpu->frame.pc = 0x8000;
			vcpu->interrupt = asserted << 6;
			assert_int_equal(vcpu_interrupt_due(vcpu), due != 0);
			if (!due)
				continue;
			vcpu_inject_interrupt(vcpu);
			assert_int_equal(vcpu_mode(vcpu), due & 1 ? PSR_MODE_FIQ : PSR_MODE_IRQ);
			assert_int_equal(vcpu->frame.pc, due & 1 ? 0x1c : 0x18);
			assert_int_equal(vcpu->frame.r[14], 0x8004);
		}
	}
}

/* FIQ first; IRQ stays due, and comes when the handler has returned. */
static void fast_interrupt_before_interrupt(void **state)
{
	struct vcpu *const vcpu = &machine.vcpu;

	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	vcpu->frame.pc = 0x8000;
	vcpu->interrupt = PSR_I | PSR_F;
	vcpu_inject_interrupt(vcpu);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_FIQ);
	assert_false(vcpu_interrupt_due(vcpu));
	vcpu->interrupt = PSR_I;
	assert_int_equal(machine_do(0xe25ef004), TRAP_RESUME); /* subs pc, lr, #4 */
	vcpu_inject_interrupt(vcpu);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_IRQ);
	assert_int_equal(vcpu->frame.r[14], 0x8004);
	assert_int_equal(vcpu_spsr(vcpu), PSR_MODE_USR);
	/* IRQ mode leaves FIQ open. */
	vcpu->interrupt |= PSR_F;
	assert_true(vcpu_interrupt_due(vcpu));
	vcpu_inject_interrupt(vcpu);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_FIQ);
	assert_int_equal(vcpu_spsr(vcpu), PSR_MODE_IRQ | PSR_I);
}

/* An instruction that opens the mask says whether something is due. */
static void unmasking_polls(void **state)
{
	static const struct {
		uint32_t instruction;
		uint32_t r1;
		bool opens_i, opens_f;
	} rows[] = {
		{ 0xe321f013, 0, true, true },    /* msr cpsr_c, #0x13 */
		{ 0xe321f053, 0, true, false },   /* msr cpsr_c, #0x53 */
		{ 0xe321f093, 0, false, true },   /* msr cpsr_c, #0x93 */
		{ 0xe321f0d3, 0, false, false },  /* msr cpsr_c, #0xd3 */
		{ 0xe321f01f, 0, true, true },    /* msr cpsr_c, #0x1f */
		{ 0xe321f000, 0, true, true },    /* msr cpsr_c, #0: no mode */
		{ 0xe121f001, 0x13, true, true }, /* msr cpsr_c, r1 */
		{ 0xe121f001, 0xd3, false, false },
		{ 0xe12ff001, 0x12, true, true },   /* msr cpsr_cxsf, r1 */
		{ 0xe128f001, 0x13, false, false }, /* msr cpsr_f, r1: not the mask */
		{ 0xe16ff001, 0x13, false, false }, /* msr spsr_cxsf, r1 */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned asserted = 0; asserted < 4; asserted++) {
			const bool due = ((asserted & 1) && rows[i].opens_f) ||
					 ((asserted & 2) && rows[i].opens_i);

			vcpu_set_cpsr(&machine.vcpu, 0xd3);
			machine.vcpu.interrupt = asserted << 6;
			machine.vcpu.frame.r[1] = rows[i].r1;
			assert_int_equal(machine_do(rows[i].instruction),
					 due ? TRAP_NEXT_POLL : TRAP_NEXT);
		}
	}
}

static void a_return_says_whether_an_interrupt_follows(void **state)
{
	static const uint32_t returns[] = { 0xe1b0f00e, 0xe25ef004, 0xe25ff004, 0xe1b0f102 };

	for (unsigned i = 0; i < ARRAY_SIZE(returns); i++) {
		for (unsigned asserted = 0; asserted < 4; asserted++) {
			for (unsigned masked = 0; masked < 4; masked++) {
				vcpu_set_cpsr(&machine.vcpu, 0xd3);
				vcpu_set_spsr(&machine.vcpu, masked << 6 | PSR_MODE_USR, ~0u);
				machine.vcpu.interrupt = asserted << 6;
				assert_int_equal(machine_do(returns[i]),
						 asserted & ~masked ? TRAP_RESUME : TRAP_MOVED);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_exception_from_everywhere, start),
		cmocka_unit_test_setup(the_recommended_return_comes_back, start),
		cmocka_unit_test_setup(interrupts_that_are_due, start),
		cmocka_unit_test_setup(fast_interrupt_before_interrupt, start),
		cmocka_unit_test_setup(unmasking_polls, start),
		cmocka_unit_test_setup(a_return_says_whether_an_interrupt_follows, start),
	};

	return cmocka_run_group_tests_name("exception entry", tests, NULL, NULL);
}
