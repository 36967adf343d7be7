/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of the VMM and of a guest in one page (domain/shadow_vectors.c): when that begins and ends,
 * what the guest may do there, and what it executes there.
 */
#include "tests/host/shadow_vectors_fixture.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_internal.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/fault.h"

static struct vcpu *const vcpu = &machine.vcpu;
static struct shadow *const sh = &machine.shadow;

static int start(void **state)
{
	return start_guest(true);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void a_kernel_that_closes_its_programs_shares(void **state)
{
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_true(sh->vectors_high);
	assert_true(machine.hw_vectors_high);
	assert_false(reaches(PROGRAM_VA, false));
	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(reaches(PROGRAM_VA, true));
}

static void others_do_not(void **state)
{
	start_guest(false); /* a guest that does not announce */
	set_dacr(CLOSED);
	assert_false(sh->vectors_high);
	assert_false(reaches(PROGRAM_VA, false));

	start_guest(true); /* one whose vectors are low: there is nothing to share */
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_int_equal(touch(0xffff1000, false), SHADOW_FILLED);
	set_dacr(CLOSED);
	assert_true(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);

	start_guest(true); /* one that closes the kernel's domain, not that of slot 0 */
	set_dacr(OPEN & ~3u);
	assert_false(sh->vectors_high);
}

/* What costs a PAN kernel a trap costs no TLB operation, and nothing is in the way of fast paths. */
static void then_a_change_is_one_register(void **state)
{
	unsigned flushes, page_flushes;
	uint32_t epoch;

	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(shadow_views_alike(sh));
	flushes = machine.tlb_flushes;
	page_flushes = machine.tlb_page_flushes;
	epoch = sh->view_epoch;
	for (unsigned i = 0; i < 4; i++) {
		set_dacr(CLOSED);
		assert_false(reaches(PROGRAM_VA, false));
		assert_true(shadow_views_alike(sh));
		set_dacr(OPEN);
		assert_true(reaches(PROGRAM_VA, true));
	}
	assert_int_equal(machine.tlb_flushes, flushes);
	assert_int_equal(machine.tlb_page_flushes, page_flushes);
	assert_int_equal(sh->view_epoch, epoch);
}

static void the_guests_v_bit_ends_it_and_does_not_rule_it_out(void **state)
{
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	assert_true(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	assert_false(sh->vectors_high);
	assert_int_equal(touch(TLS, true), SHADOW_EMULATE); /* a page like any other */
	set_dacr(OPEN);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
}

static void a_reset_ends_it(void **state)
{
	vcpu_reset(vcpu);
	assert_false(sh->vectors_shared);
	assert_true(sh->vectors_high);
	assert_int_equal(sh->copied, SHADOW_NO_COPY);
	assert_true(shadow_invariants_hold(sh));
}

/* ---- what the guest may do ------------------------------------------------------------------- */

static void the_last_kib_can_be_read_and_no_more(void **state)
{
	for (unsigned mode = 0; mode < 2; mode++) {
		vcpu_set_mode_bits(vcpu, mode ? PSR_MODE_USR : PSR_MODE_SVC);
		for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
			uint32_t at;

			assert_int_equal(reaches(VECTORS_VA + offset, false), offset >= 0xc00);
			assert_false(reaches(VECTORS_VA + offset, true));
			if (machine_access(VECTORS_VA + offset, false, &at) == 0)
				assert_int_equal(at, HPA_SHARED + offset);
		}
	}
	vcpu_set_mode_bits(vcpu, PSR_MODE_SVC);
	for (uint32_t offset = 0; offset < 0xc00; offset += 0x400)
		assert_int_equal(touch(VECTORS_VA + offset, false), SHADOW_VECTOR_PAGE);
	assert_int_equal(touch(TLS, true), SHADOW_VECTOR_PAGE);
}

/** Each of the four permissions, with S and R bits: what programs may not read nobody reads there. */
static void rights_are_those_of_programs(void **state)
{
	for (unsigned i = 0; i < 16; i++) {
		const unsigned ap = i & 3;
		const bool s = i & 4, r = i & 8;
		const bool readable = rights_user(ap, s, r) != RIGHTS_NONE;
		const bool allowed = rights_privileged(ap, s, r) != RIGHTS_NONE;

		start_guest(true);
		/* The other quarters say the opposite. */
		guest_set_word(HIGH + 0xf0 * 4, (VECTOR | (3 - ap) * 0x150u | ap << 10 | 0xe));
		machine_mcr(MCR_SCTLR,
			    SCTLR_M | SCTLR_C | SCTLR_V | (s ? SCTLR_S : 0) | (r ? SCTLR_R : 0));
		touch(PROGRAM_VA, true);
		set_dacr(CLOSED);
		assert_true(sh->vectors_shared);
		if (!allowed)
			continue;
		assert_int_equal(touch(TLS, false), readable ? SHADOW_FILLED : SHADOW_VECTOR_PAGE);
		assert_int_equal(reaches(TLS, false), readable);
		assert_false(reaches(TLS, true));
		assert_false(reaches(VECTORS_VA, false));
	}
}

static void the_guests_dacr_closes_it(void **state)
{
	set_dacr(NOTHING);
	assert_false(reaches(TLS, false));
	assert_false(reaches(VECTORS_VA, false));
	set_dacr(NOTHING | 2u << 4); /* the reserved value */
	assert_false(reaches(TLS, false));
	set_dacr(CLOSED);
	assert_int_equal(touch(TLS, false), SHADOW_PRESENT); /* the TLB has had it closed */
	mmu_tlb_invalidate(TLS);
	assert_int_equal(load(TLS), 0x10000ff0);
	set_dacr(CLOSED | DOMAIN_MANAGER << 4); /* may write: emulated */
	assert_int_equal(load(TLS), 0x10000ff0);
	assert_false(reaches(TLS, true));
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
}

static void any_kind_of_page_can_be_there(void **state)
{
	/* A fine table with pages of a KiB; a large page; a section. */
	for (unsigned i = 0; i < 4; i++)
		guest_set_word(FINE + (0x3c0 + i) * 4,
			       (OTHER + i * 0x400) | AP_USER_RO << 4 | 0xc | L2_TINY);
	set_pmd(DIR + 0xfff * 4, FINE | 2u << 5 | 0x13);
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x20000ff0);
	assert_false(reaches(VECTORS_VA, false));
	assert_false(reaches(VECTORS_VA + 0xbfc, false));

	for (unsigned i = 0; i < 16; i++)
		guest_set_word(HIGH_B + (0xf0 + i) * 4, VECTOR | AP_USER_RO * 0x550u | L2_LARGE);
	set_pmd(DIR + 0xfff * 4, L1(HIGH_B, 2u));
	machine_mcr(MCR_TLB_ALL, 0);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);

	set_pmd(DIR + 0xfff * 4, 0x00100000 | AP_USER_RO << 10 | 2u << 5 | 0x1e);
	machine_mcr(MCR_TLB_ALL, 0);
	guest_set_word(0x001f0ff0, 0x1234);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x1234);
	assert_false(reaches(VECTORS_VA, false));
	assert_true(shadow_invariants_hold(sh));
}

static void what_is_no_ram_is_not_copied(void **state)
{
	static const uint32_t pages[] = { 0x10000000, 0x10102000, 0x10103000 };

	for (unsigned i = 0; i < 3; i++) {
		set_pte(HIGH + 0xf0 * 4, PAGE(pages[i], AP_USER_RO));
		machine_mcr(MCR_TLB_ALL, 0);
		assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
		assert_false(reaches(TLS, false));
	}
	machine_map(VECTORS_VA, 0x1000, MEM_RAM, HPA_RAM + 0x5f0000);
	machine_mcr(MCR_SCTLR, SCTLR_C | SCTLR_V); /* nor what is there without an MMU */
	assert_int_equal(touch(TLS, false), SHADOW_VECTOR_PAGE);
	assert_int_equal(touch(0xfffff000, false), SHADOW_FILLED);
	assert_false(reaches(TLS, false));
}

/* ---- what is executed ------------------------------------------------------------------------ */

static enum trap_outcome execute(uint32_t pc, uint32_t cpsr)
{
	vcpu_set_cpsr(vcpu, cpsr);
	vcpu->frame.pc = pc;
	machine.ifsr = 0xd;
	return prefetch_abort_trap(vcpu);
}

static void code_in_the_last_kib_is_executed(void **state)
{
	machine_mcr(MCR_TLB_ALL, 0);
	shadow_flush_all(sh);
	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	vcpu->frame.pc = KUSER;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	assert_int_equal(load(KUSER), 0x10000fc0);
	assert_true(sh->vectors_shared);
}

static void a_branch_of_the_vectors_is_carried_out(void **state)
{
	guest_set_word(VECTOR + 4, 0xea000400);    /* b 0xffff100c */
	guest_set_word(VECTOR + 8, 0xe59ffff0);    /* ldr pc, 0xffff1000 */
	guest_set_word(VECTOR + 0xc, 0xe51ff008);  /* ldr pc, 0xffff000c */
	guest_set_word(VECTOR + 0x10, 0xe59fffff); /* ldr pc, 0xffff1017: not aligned */
	guest_set_word(VECTOR + 0x14, 0xea800000); /* b 0xfdff001c */
	guest_set_word(VECTOR + 0xff8, 0xeafffc00);
	guest_set_word(STUBS, 0xc0001234);
	assert_int_equal(execute(VECTORS_VA + 4, 0xdb), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xffff100c);
	assert_int_equal(execute(VECTORS_VA + 8, 0xd3), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xc0001234);
	assert_int_equal(execute(VECTORS_VA + 0xc, 0xd7), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xe51ff008);
	assert_int_equal(execute(VECTORS_VA + 0x14, 0xd7), TRAP_RESUME);
	assert_int_equal(vcpu->frame.pc, 0xfdff001c);
	assert_true(sh->vectors_shared);
	/* The word it loads is not there: a data abort at the vector. */
	set_pte(HIGH + 0xf1 * 4, 0);
	assert_int_equal(execute(VECTORS_VA + 8, 0xd3), TRAP_RESUME);
	assert_int_equal(vcpu->cp15.dfsr, 0x27);
	assert_int_equal(vcpu->cp15.far, 0xffff1000);
	assert_int_equal(vcpu->frame.r[14], VECTORS_VA + 8 + 8);
	assert_int_equal(vcpu->frame.pc, VECTORS_VA + 0x10);
	assert_true(sh->vectors_shared);
	/* A program gets no farther than it would: the page is its kernel's. */
	set_pte(HIGH + 0xf1 * 4, PAGE(STUBS, AP_PRIV));
	assert_int_equal(execute(VECTORS_VA + 8, PSR_MODE_USR), TRAP_RESUME);
	assert_int_equal(vcpu_mode(vcpu), PSR_MODE_ABT);
	assert_int_equal(vcpu->cp15.dfsr, 0x2f);
}

static void other_code_there_gives_up(void **state)
{
	static const uint32_t words[] = { 0xe1a00000, 0x0a000000, 0xeb000000,
					  0xe59ef000, 0xe5bff000, 0xfa000000 };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		start_shared(state);
		guest_set_word(VECTOR + 0x40, words[i]);
		assert_int_equal(execute(VECTORS_VA + 0x40, 0xd3), TRAP_RESUME);
		assert_int_equal(vcpu->frame.pc, VECTORS_VA + 0x40);
		assert_given_up();
		vcpu_set_cpsr(vcpu, 0xd3);
		vcpu->frame.pc = VECTORS_VA + 0x40;
		assert_int_equal(machine_fetch(), TRAP_NEXT);
	}
	start_shared(state); /* Thumb code, whatever it is */
	guest_set_word(VECTOR + 0x40, 0xea000000);
	assert_int_equal(execute(VECTORS_VA + 0x40, 0xd3 | PSR_T), TRAP_RESUME);
	assert_given_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_kernel_that_closes_its_programs_shares, start),
		cmocka_unit_test(others_do_not),
		cmocka_unit_test_setup(then_a_change_is_one_register, start_shared),
		cmocka_unit_test_setup(the_guests_v_bit_ends_it_and_does_not_rule_it_out,
				       start_shared),
		cmocka_unit_test_setup(a_reset_ends_it, start_shared),
		cmocka_unit_test_setup(the_last_kib_can_be_read_and_no_more, start_shared),
		cmocka_unit_test(rights_are_those_of_programs),
		cmocka_unit_test_setup(the_guests_dacr_closes_it, start_shared),
		cmocka_unit_test_setup(any_kind_of_page_can_be_there, start_shared),
		cmocka_unit_test_setup(what_is_no_ram_is_not_copied, start_shared),
		cmocka_unit_test_setup(code_in_the_last_kib_is_executed, start_shared),
		cmocka_unit_test_setup(a_branch_of_the_vectors_is_carried_out, start_shared),
		cmocka_unit_test(other_code_there_gives_up),
	};

	return cmocka_run_group_tests_name("shared vectors", tests, NULL, NULL);
}
