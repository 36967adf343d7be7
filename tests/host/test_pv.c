/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page that VMM and guest kernel share, entries and returns of guests with paravirtual code: the
 * functions of vcpu/pv.c, pv_page.c and pv_entry.c against what vcpu/pv_abi.h says. What runs the fast
 * paths is tests/guest/pv_calls.c; here is when they may be taken.
 */
#include "tests/host/pv_fixture.h"

#include "domain/shadow_announce.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#include <stdlib.h>
#include <string.h>

static const struct pv_info usual = {
	.magic = PV_INFO_MAGIC,
	.version = PV_INFO_VERSION,
	.code_va = 0xc0200000,
	.code_gpa = 0x00200000,
	.code_size = 0x2000,
	.linear_offset = 0xc0000000,
	.user_limit = 0xbf000000,
	.swi_entry = 0xc0200100,
	.return_site = 0xc0200240,
	.restart_from = 0xc0200220,
	.entry = { 0xc0200400, 0xc0200410, 0xc0200420, 0xc0200430, 0xc0200440, 0xc0200450,
		   0xc0200460, 0xc0200470 },
};

static struct vcpu *const vcpu = &machine.vcpu;
static unsigned preempt_points;

void preempt_hook(void)
{
	preempt_points++;
}

static int start(void **state)
{
	pv_fixture_start(&usual);
	pv_settle(vcpu);
	return 0;
}

/* A guest can reset itself in a loop. */
static void the_page_is_cleared_by_and_by(void **state)
{
	preempt_points = 0;
	pv_page_reset(vcpu);
	assert_true(preempt_points >= 16);
}

static void a_description_is_used_only_if_it_can_be(void **state)
{
	const uint32_t memory = 0x00400000;
	struct pv_info info = usual;

	assert_true(pv_info_ok(&info, memory));
	info.magic++;
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.version++;
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.range_count = PV_RANGES_MAX;
	assert_true(pv_info_ok(&info, memory));
	info.range_count++;
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.code_size = memory - info.code_gpa;
	assert_true(pv_info_ok(&info, memory));
	info.code_size++;
	assert_false(pv_info_ok(&info, memory));
	info.code_size = 0xffffffff;
	assert_false(pv_info_ok(&info, memory));
	info.code_gpa = 0xffffffff;
	info.code_size = 2; /* a sum that wraps */
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.user_limit = info.code_va;
	assert_true(pv_info_ok(&info, memory));
	info.user_limit++;
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.dacr_at = PV_DACR_AT_RETURN; /* to which value? */
	assert_false(pv_info_ok(&info, memory));
	info.return_dacr = 1;
	assert_true(pv_info_ok(&info, memory));
	/* What a SWI or another exception leads to is ARM code. */
	info.swi_entry |= 2;
	assert_false(pv_info_ok(&info, memory));
	info = usual;
	info.restart_from |= 1;
	assert_false(pv_info_ok(&info, memory));
	for (unsigned i = 0; i < PV_ENTRY_COUNT; i++) {
		info = usual;
		info.entry[i] |= 1;
		assert_false(pv_info_ok(&info, memory));
	}
}

static void the_page_after_reset(void **state)
{
	for (unsigned at = 0; at < PAGE_SIZE; at += 4) {
		switch (at) {
		case PV_CTL:
			assert_int_equal(field(at), PSR_MODE_SVC | PSR_I);
			break;
		case PV_SCTLR:
			assert_int_equal(field(at), vcpu->mmu.sctlr);
			break;
		case PV_LOG_END:
			assert_int_equal(field(at), PV_PAGE + PV_LOG);
			break;
		case PV_FPEXC:
			break;
		default:
			assert_int_equal(field(at), 0);
		}
	}
}

/** What must hold between any two instructions of the guest; @p shut: an FIQ has been there. */
static void check_state(bool shut)
{
	const bool svc = vcpu_mode(vcpu) == PSR_MODE_SVC, open = svc && !shut;
	const bool quick = !vcpu->interrupt && !shut;

	assert_int_equal(vcpu_pv_open(vcpu), open);
	assert_int_equal(!!(machine.hw.dacr & MMU_DACR_PV), open);
	assert_int_equal(machine.pv_writable, !(open && vcpu->interrupt));
	assert_int_equal(vcpu->fast.call_from == PSR_MODE_USR, quick);
	if (!quick)
		assert_true(vcpu->fast.call_from != vcpu->ctl);
	assert_int_equal(vcpu->fast.call_entry, usual.swi_entry);
	assert_true(vcpu->fast.dacr_kernel & MMU_DACR_PV);
	assert_false(vcpu->fast.dacr_program & MMU_DACR_PV);
	/* A SWI at the return site that the assembly would take for a return is one. */
	if (vcpu->ctl != vcpu->fast.call_from)
		assert_int_equal(vcpu->fast.return_lr == usual.return_site + 4, quick && open);
	assert_true(vcpu->fast.return_lr == usual.return_site + 4 || vcpu->fast.return_lr % 4);
}

static void randomize_registers(void)
{
	for (unsigned i = 0; i < 15; i++)
		vcpu->frame.r[i] = rnd();
	vcpu->frame.pc = rnd() & ~3u;
}

static const struct {
	enum trap_kind kind;
	unsigned usr, svc; /* of the entries */
	uint32_t arm, thumb;
} kinds[] = {
	{ TRAP_UNDEF, 0, 4, 4, 2 },
	{ TRAP_PABT, 1, 5, 0, 0 },
	{ TRAP_DABT, 2, 6, 0, 0 },
	{ TRAP_IRQ, 3, 7, 0, 0 },
};

/** One exception by its entry, from User mode or from Supervisor mode; the model is this function. */
static void check_entry(unsigned k, bool shut)
{
	const bool usr = vcpu_mode(vcpu) == PSR_MODE_USR, open = vcpu_pv_open(vcpu);
	const struct trap_frame before = vcpu->frame;
	const uint32_t cpsr = vcpu_cpsr(vcpu);
	const uint32_t svc_sp = open ? before.r[13] : vcpu->bank_r13[BANK_SVC];
	const uint32_t thumb = vcpu_thumb(vcpu);
	uint32_t from = before.pc;

	vcpu->cp15.dfsr = rnd() & 0xff;
	vcpu->cp15.ifsr = rnd() & 0xff;
	vcpu->cp15.far = rnd();
	if (!usr && !open) {
		assert_false(pv_inject(vcpu, kinds[k].kind));
		return;
	}
	if (usr && shut) {
		assert_false(pv_inject(vcpu, kinds[k].kind));
		assert_memory_equal(&vcpu->frame, &before, sizeof(before));
		assert_int_equal(vcpu_cpsr(vcpu), cpsr);
		return;
	}
	assert_true(pv_inject(vcpu, kinds[k].kind));
	if (open && kinds[k].kind == TRAP_IRQ && from > usual.restart_from &&
	    from < usual.return_site)
		from = usual.restart_from;
	assert_int_equal(vcpu->frame.pc, usual.entry[usr ? kinds[k].usr : kinds[k].svc]);
	assert_int_equal(vcpu_cpsr(vcpu), (cpsr & (FLAGS | PSR_F)) | PSR_I | PSR_MODE_SVC);
	assert_memory_equal(vcpu->frame.r, before.r, 13 * 4);
	assert_int_equal(vcpu->frame.r[13], svc_sp);
	assert_int_equal(field(PV_PSR), cpsr);
	assert_int_equal(field(PV_PC), from + (thumb ? kinds[k].thumb : kinds[k].arm));
	assert_int_equal(page[PV_CTL], PSR_I | PSR_MODE_SVC);
	if (usr) {
		assert_int_equal(field(PV_USR_SP), before.r[13]);
		assert_int_equal(field(PV_USR_LR), before.r[14]);
		assert_int_equal(vcpu_user_reg(vcpu, 13), before.r[13]);
		assert_int_equal(vcpu_user_reg(vcpu, 14), before.r[14]);
	}
	if (kinds[k].kind == TRAP_DABT) {
		assert_int_equal(field(PV_DFSR) & 0xff, vcpu->cp15.dfsr);
		assert_int_equal(field(PV_FAR), vcpu->cp15.far);
	}
	if (kinds[k].kind == TRAP_PABT)
		assert_int_equal(field(PV_IFSR), vcpu->cp15.ifsr);
}

/** The SWI of the return: one where there is an open page, and no other. */
static void check_return(void)
{
	static const unsigned fields[] = { PV_USR_SP, PV_USR_LR, PV_PSR, PV_PC, PV_SVC_SP };
	const bool open = vcpu_pv_open(vcpu), thumb = vcpu_thumb(vcpu);
	const struct trap_frame before = vcpu->frame;
	uint32_t value[ARRAY_SIZE(fields)];

	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
		value[i] = rnd();
		set_field(fields[i], value[i]);
	}
	vcpu->frame.pc = usual.return_site + 4;
	assert_false(pv_return(vcpu));
	vcpu->frame.pc = usual.return_site;
	assert_int_equal(pv_return(vcpu), open && !thumb);
	if (!open || thumb) {
		assert_memory_equal(vcpu->frame.r, before.r, sizeof(before.r));
		return;
	}
	assert_int_equal(vcpu_cpsr(vcpu), (value[2] & FLAGS) | PSR_MODE_USR);
	assert_memory_equal(vcpu->frame.r, before.r, 13 * 4);
	assert_int_equal(vcpu->frame.r[13], value[0]);
	assert_int_equal(vcpu->frame.r[14], value[1]);
	assert_int_equal(vcpu->frame.pc, value[3] & ~3u);
	assert_int_equal(vcpu->bank_r13[BANK_SVC], value[4]);
}

/** Exceptions, returns, changes of mode and of interrupts in any order. */
static void random_sequences(unsigned number, bool with_fiq)
{
	bool shut = false;

	seed(number);
	for (unsigned step = 0; step < 4000; step++) {
		randomize_registers();
		switch (rnd_below(5)) {
		case 0:
			vcpu_set_cpsr(vcpu, (rnd() & (FLAGS | PSR_I | PSR_F | PSR_T)) |
						    machine_modes[rnd_below(MACHINE_MODES)]);
			break;
		case 1:
			vcpu->interrupt = rnd() & (with_fiq ? PSR_I | PSR_F : PSR_I);
			pv_settle(vcpu);
			shut |= vcpu->interrupt & PSR_F;
			break;
		case 2:
			if (rnd() & 1)
				vcpu->frame.pc = usual.restart_from + rnd_below(8) * 4;
			check_entry(rnd_below(ARRAY_SIZE(kinds)), shut);
			break;
		case 3:
			check_return();
			break;
		default:
			if (vcpu_pv_open(vcpu)) /* as a stub does */
				page[PV_CTL] = PSR_MODE_SVC | (rnd() & PSR_I);
			break;
		}
		pv_settle(vcpu);
		check_state(shut);
	}
}

static void the_state_follows_any_sequence(void **state)
{
	for (unsigned number = 1; number <= 20; number++) {
		vcpu->interrupt = 0;
		vcpu_reset(vcpu);
		pv_settle(vcpu);
		random_sequences(number, number % 4 == 0);
	}
}

static void an_interrupt_at_the_site_comes_after_the_return(void **state)
{
	vcpu_set_cpsr(vcpu, PSR_MODE_SVC);
	vcpu->frame.pc = usual.return_site;
	set_field(PV_PC, 0x8000);
	set_field(PV_PSR, PSR_Z | 0xff);
	set_field(PV_USR_SP, 0x1111);
	set_field(PV_SVC_SP, 0x2222);
	vcpu->interrupt = PSR_I;
	assert_true(pv_inject(vcpu, TRAP_IRQ));
	assert_int_equal(vcpu->frame.pc, usual.entry[PV_ENTRY_IRQ_USR]);
	assert_int_equal(vcpu->frame.r[13], 0x2222);
	assert_int_equal(field(PV_PC), 0x8000);
	assert_int_equal(field(PV_PSR), PSR_Z | PSR_MODE_USR);
	assert_int_equal(field(PV_USR_SP), 0x1111);
}

static void other_modes_in_ctl_are_found(void **state)
{
	for (unsigned mode = 0; mode < MACHINE_MODES; mode++) {
		vcpu_set_cpsr(vcpu, machine_modes[mode] | PSR_I);
		for (unsigned value = 0; value < 256; value++) {
			page[PV_CTL] = (uint8_t)value;
			assert_int_equal(pv_ctl_broken(vcpu),
					 machine_modes[mode] == PSR_MODE_SVC &&
						 (value & 0x1f) != PSR_MODE_SVC);
		}
		page[PV_CTL] = PSR_MODE_SVC;
	}
}

/** Whatever the guest has written over the log and its end, nothing outside of the page is read. */
static void any_log_is_taken(void **state)
{
	static const uint32_t ends[] = { 0,
					 0xffffffff,
					 PV_PAGE,
					 PV_PAGE + PV_LOG - 4,
					 PV_PAGE + PV_LOG + 1,
					 PV_PAGE + PAGE_SIZE,
					 PV_PAGE + PAGE_SIZE + 4,
					 PV_PAGE + PV_LOG - 1 };
	const struct shadow_pv pv = { .announces = true,
				      .linear_offset = usual.linear_offset,
				      .user_limit = usual.user_limit,
				      .ram = machine.mem.region[0] };

	shadow_set_pv(vcpu->shadow, &pv);
	seed(7);
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned at = PV_LOG; at < PAGE_SIZE; at += 4)
			set_field(at, rnd());
		set_field(PV_LOG_END, i < ARRAY_SIZE(ends) ? ends[i] : rnd());
		pv_take_log(vcpu);
		if (i >= ARRAY_SIZE(ends) || ends[i] - (PV_PAGE + PV_LOG) >= 4)
			assert_int_equal(field(PV_LOG_END), PV_PAGE + PV_LOG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_description_is_used_only_if_it_can_be),
		cmocka_unit_test_setup(the_page_after_reset, start),
		cmocka_unit_test_setup(the_page_is_cleared_by_and_by, start),
		cmocka_unit_test_setup(the_state_follows_any_sequence, start),
		cmocka_unit_test_setup(an_interrupt_at_the_site_comes_after_the_return, start),
		cmocka_unit_test_setup(other_modes_in_ctl_are_found, start),
		cmocka_unit_test_setup(any_log_is_taken, start),
	};

	return cmocka_run_group_tests_name("paravirtual interface", tests, NULL, NULL);
}
