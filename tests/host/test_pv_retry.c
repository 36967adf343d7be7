/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of programs in a guest with paravirtual code: how its kernel is given one, and what the return
 * from it makes of the page that the program will access again (vcpu/pv_entry.c). The steps
 * of arch/arm/fastpath.S are done here.
 */
#include "tests/host/pv_fixture.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "vcpu/fault.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DIR_A   0x00010000u
#define DIR_B   0x00014000u
#define COARSE  0x00040000u
#define LINEAR  0xc0000000u
#define CODE_VA 0x30070000u
#define CODE    0x00270000u
#define VA      0x12345000u
#define PTE     (COARSE + 0x45 * 4)
#define PAGE_1  0x00101000u

#define USER_RW(page) ((page) | 0xffeu)
#define USER_RO(page) ((page) | 0xaaeu)
#define KERNEL(page)  ((page) | 0x55eu)

#define CLOSED 0x51u
#define OPEN   0x55u

static const struct pv_info usual = {
	.magic = PV_INFO_MAGIC,
	.version = PV_INFO_VERSION,
	.code_va = 0xc0200000,
	.linear_offset = LINEAR,
	.user_limit = 0xbf000000,
	.swi_entry = 0xc0200100,
	.return_site = 0xc0200240,
	.announces = 1,
	.entry = { 0xc0200400, 0xc0200410, 0xc0200420, 0xc0200430, 0xc0200440, 0xc0200450,
		   0xc0200460, 0xc0200470 },
};

static struct vcpu *const vcpu = &machine.vcpu;

/** A program at CODE_VA, whose next instruction stores or loads at VA, and has registers of its own. */
static void start_guest(const struct pv_info *info, uint32_t dacr)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	pv_fixture_start(info);
	shadow_set_pv(vcpu->shadow, &(struct shadow_pv){ .announces = true,
							 .linear_offset = info->linear_offset,
							 .user_limit = info->user_limit,
							 .ram = machine.mem.region[0] });
	for (unsigned dir = DIR_A; dir <= DIR_B; dir += DIR_B - DIR_A) {
		guest_set_word(dir + (LINEAR >> 20) * 4, 0x41e);
		guest_set_word(dir + (CODE_VA >> 20) * 4, (COARSE + 0x400) | 1u << 5 | 0x11);
		guest_set_word(dir + (VA >> 20) * 4, COARSE | 1u << 5 | 0x11);
	}
	guest_set_word(COARSE + 0x400 + ((CODE_VA >> 12) & 0xffu) * 4, USER_RO(CODE));
	machine_mcr(MCR_DACR, dacr);
	machine_mcr(MCR_TTBR, DIR_A);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, LINEAR, true, false, &t, &fault);
	assert_int_equal(shadow_fill(vcpu_shadow(vcpu), gva(LINEAR), &t, region, RIGHTS_READ),
			 SHADOW_FILLED);
	vcpu_set_cpsr(vcpu, PSR_MODE_USR | PSR_Z);
	vcpu->frame.pc = CODE_VA;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	pv_settle(vcpu);
	for (unsigned i = 0; i < 15; i++)
		vcpu->frame.r[i] = 0x1000 + i;
	vcpu->bank_r13[BANK_SVC] = 0xc0300000;
	vcpu->bank_r14[BANK_SVC] = 0xc0301234;
	assert_int_equal(vcpu->fast.call_from, PSR_MODE_USR);
}

static int start(void **state)
{
	start_guest(&usual, OPEN);
	return 0;
}

/** The program's access that aborts: its kernel is at its entry afterwards. */
static void fault_of_program(bool store)
{
	uint32_t at;

	guest_set_word(CODE, store ? 0xe5810000 : 0xe5910000); /* str, ldr r0, [r1] */
	machine.dfsr = machine_access(VA, store, &at);
	machine.far = VA;
	assert_int_not_equal(machine.dfsr, 0);
	assert_int_equal(data_abort_trap(vcpu), TRAP_MOVED);
	pv_settle(vcpu); /* as the trap core does if anything has changed */
	assert_int_equal(vcpu->frame.pc, usual.entry[PV_ENTRY_DABT_USR]);
	assert_int_equal(vcpu->ctl, PSR_MODE_SVC | PSR_I);
	assert_int_equal(field(PV_DFSR) & PV_DFSR_STORE, store ? PV_DFSR_STORE : 0);
	assert_int_equal(field(PV_FAR), VA);
	assert_int_equal(field(PV_PC), CODE_VA);
	assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN_RETRY]);
}

/** The rest of the return, in virtual User mode. */
static void return_to_program(void)
{
	assert_true(pv_retry(vcpu));
	assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN]);
	vcpu->frame.pc = CODE_VA;
	vcpu->ctl = PSR_MODE_USR;
	mmu_set_dacr(vcpu->fast.dacr_program);
	vcpu_shadow(vcpu);
}

static bool reaches(bool write)
{
	uint32_t at;

	return machine_access(VA, write, &at) == 0 && at == HPA_RAM + PAGE_1;
}

static void the_return_makes_the_entry(void **state)
{
	uint32_t fills;

	fault_of_program(true);
	guest_set_word(PTE, USER_RW(PAGE_1));
	fills = vcpu->shadow->stats.fills;
	return_to_program();
	assert_int_equal(vcpu->shadow->stats.fills, fills + 1);
	assert_true(reaches(true));
}

static void the_entry_is_the_descriptors(void **state)
{
	fault_of_program(false);
	guest_set_word(PTE, USER_RO(PAGE_1));
	return_to_program();
	assert_true(reaches(false));
	assert_false(reaches(true));
	/* A store there is the guest's fault, and copied on write. */
	fault_of_program(true);
	assert_int_equal(field(PV_DFSR) & 0xff, 0x1f); /* permission, page, domain 1 */
	guest_set_word(PTE, USER_RW(PAGE_1 + 0x1000));
	shadow_ptes_changed(vcpu_shadow(vcpu), &(uint32_t){ PTE + LINEAR }, 1);
	shadow_flush_range(vcpu_shadow(vcpu), VA, VA + 1);
	return_to_program();
	assert_true(machine_walk(VA, true, &(uint32_t){ 0 }) == 0);
}

/* What was not announced is not looked at: the entry there is stays. */
static void a_known_entry_is_left_alone(void **state)
{
	fault_of_program(false);
	guest_set_word(PTE, USER_RO(PAGE_1));
	return_to_program();
	fault_of_program(true);
	guest_set_word(PTE, USER_RW(PAGE_1 + 0x1000));
	return_to_program();
	assert_true(reaches(false));
	assert_false(reaches(true));
}

/* Whatever the kernel has there instead, nothing is made of it, and the program aborts again. */
static void what_the_guest_does_not_allow_is_not_made(void **state)
{
	static const uint32_t ptes[] = { 0,
					 KERNEL(PAGE_1),
					 PAGE_1 | 0xe,        /* AP 0: nobody's */
					 USER_RO(PAGE_1),     /* for a store */
					 USER_RW(0xfff00000), /* no memory of the VM */
					 USER_RW(HPA_POOL),
					 PAGE_1 | 0xffd, /* large */
					 PAGE_1 | 0xfff };
	uint32_t fills, at;

	for (unsigned i = 0; i < ARRAY_SIZE(ptes); i++) {
		start_guest(&usual, OPEN);
		fault_of_program(true);
		guest_set_word(PTE, ptes[i]);
		fills = vcpu->shadow->stats.fills;
		return_to_program();
		assert_int_equal(vcpu->shadow->stats.fills, fills);
		assert_int_not_equal(machine_access(VA, false, &at), 0);
	}
}

static void another_return_makes_nothing(void **state)
{
	uint32_t at;

	for (unsigned i = 0; i < 3; i++) {
		start_guest(&usual, OPEN);
		fault_of_program(true);
		guest_set_word(PTE, USER_RW(PAGE_1));
		if (i == 0)
			set_field(PV_PC, CODE_VA + 4); /* the handler of a signal */
		else
			machine_mcr(MCR_TTBR, DIR_B); /* another process, at the same address */
		if (i == 2) {
			pv_settle(vcpu);
			assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN_RETRY]);
		}
		return_to_program();
		assert_int_not_equal(machine_access(VA, true, &at), 0);
	}
}

/* The way back is as after a general trap where something else has changed. */
static void the_fast_way_is_left_where_it_is_wrong(void **state)
{
	fault_of_program(true);
	guest_set_word(PTE, USER_RW(PAGE_1));
	vcpu->attention = 1;
	assert_false(pv_retry(vcpu));
	vcpu->attention = 0;
	assert_true(pv_retry(vcpu));
	vcpu->shadow->view_epoch++;
	assert_false(pv_retry(vcpu));
}

static void a_fetch_is_tried_again_too(void **state)
{
	vcpu->frame.pc = VA + 8;
	machine.ifsr = 7;
	assert_int_equal(prefetch_abort_trap(vcpu), TRAP_MOVED);
	pv_settle(vcpu);
	assert_int_equal(vcpu->frame.pc, usual.entry[PV_ENTRY_PABT_USR]);
	assert_int_equal(field(PV_IFSR), 0x17);
	guest_set_word(PTE, USER_RO(PAGE_1));
	return_to_program();
	assert_true(reaches(false));
}

/* With software PAN, kernel code has the domain closed while the entry is made. */
static void the_kernels_dacr_does_not_matter(void **state)
{
	struct pv_info info = usual;

	info.call_dacr = CLOSED;
	info.return_dacr = OPEN;
	info.dacr_at = PV_DACR_AT_SWI | PV_DACR_AT_RETURN | BIT(PV_ENTRY_DABT_USR);
	start_guest(&info, OPEN);
	fault_of_program(true);
	assert_int_equal(vcpu->mmu.dacr, CLOSED);
	assert_int_equal(field(PV_DACR), CLOSED);
	guest_set_word(PTE, USER_RW(PAGE_1));
	assert_true(pv_retry(vcpu));
	assert_int_equal(vcpu->fast.return_path, trap_swi_paths[FAST_RETURN_DACR]);
	assert_int_equal(machine.hw.dacr, vcpu->fast.dacr_kernel);
	assert_false(reaches(true)); /* the kernel may not */
	vcpu->mmu.dacr = OPEN;
	vcpu->ctl = PSR_MODE_USR;
	mmu_set_dacr(vcpu->fast.dacr_program);
	assert_true(reaches(true));
}

/* pv_inject_program_abort() where it may be taken, and vcpu_inject_trap(), from the same state. */
static void the_short_way_in_does_what_the_long_one_does(void **state)
{
	static uint8_t page_before[PAGE_SIZE], page_after[PAGE_SIZE];
	static struct vcpu before, after;
	struct pv_info info = usual;
	uint32_t dacr, real;

	seed(1);
	for (unsigned i = 0; i < 400; i++) {
		const enum trap_kind kind = rnd_below(2) ? TRAP_DABT : TRAP_PABT;
		const bool store = kind == TRAP_DABT && rnd_below(2);

		info.call_dacr = i % 4 < 2 ? CLOSED : OPEN;
		info.return_dacr = OPEN;
		info.dacr_at = i % 4 == 0 ? 0x3ffu : PV_DACR_AT_SWI | PV_DACR_AT_RETURN;
		start_guest(&info, OPEN);
		guest_set_word(CODE, store ? 0xe5810000 : 0xe5910000);
		for (unsigned r = 0; r < 15; r++)
			vcpu->frame.r[r] = rnd();
		vcpu->frame.cpsr = PSR_MODE_USR | (rnd() & FLAGS);
		vcpu->bank_r13[BANK_SVC] = rnd();
		vcpu->bank_r14[BANK_SVC] = rnd();
		vcpu->cp15.dfsr = vcpu->cp15.ifsr = 0x17;
		vcpu->cp15.far = rnd();
		before = *vcpu;
		memcpy(page_before, page, PAGE_SIZE);
		dacr = machine.hw.dacr;

		/* Not every guest has DACR changed at this entry. */
		assert_int_equal(pv_inject_program_abort(vcpu, kind, store), i % 4 != 1);
		if (i % 4 == 1) {
			assert_memory_equal(vcpu, &before, sizeof(before));
			assert_memory_equal(page, page_before, PAGE_SIZE);
			continue;
		}
		vcpu_shadow(vcpu);
		after = *vcpu;
		memcpy(page_after, page, PAGE_SIZE);
		*vcpu = before;
		memcpy(page, page_before, PAGE_SIZE);
		vcpu_shadow(vcpu);
		real = machine.hw.dacr;
		machine.hw.dacr = dacr;
		vcpu_inject_trap(vcpu, kind);
		vcpu_shadow(vcpu);
		assert_int_equal(machine.hw.dacr, real);
		assert_memory_equal(page, page_after, PAGE_SIZE);
		assert_memory_equal(&vcpu->frame, &after.frame, sizeof(after.frame));
		assert_memory_equal(vcpu->bank_r13, after.bank_r13, sizeof(after.bank_r13));
		assert_memory_equal(vcpu->bank_r14, after.bank_r14, sizeof(after.bank_r14));
		assert_memory_equal(&vcpu->mmu, &after.mmu, sizeof(after.mmu));
		assert_memory_equal(&vcpu->cp15, &after.cp15, sizeof(after.cp15));
		assert_memory_equal(&vcpu->retry, &after.retry, sizeof(after.retry));
		assert_int_equal(vcpu->ctl, after.ctl);
	}
}

static void the_short_way_in_is_for_where_a_call_has_one(void **state)
{
	vcpu->interrupt = PSR_I;
	pv_settle(vcpu);
	assert_false(pv_inject_program_abort(vcpu, TRAP_DABT, false));
	vcpu->interrupt = 0;
	pv_settle(vcpu);
	vcpu->pv.entry[PV_ENTRY_DABT_USR] = 0;
	assert_false(pv_inject_program_abort(vcpu, TRAP_DABT, false));
	vcpu->pv.entry[PV_ENTRY_DABT_USR] = usual.entry[PV_ENTRY_DABT_USR];
	vcpu_set_cpsr(vcpu, PSR_MODE_SVC);
	assert_false(pv_inject_program_abort(vcpu, TRAP_DABT, false));
	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	assert_true(pv_inject_program_abort(vcpu, TRAP_DABT, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_return_makes_the_entry, start),
		cmocka_unit_test_setup(the_entry_is_the_descriptors, start),
		cmocka_unit_test_setup(a_known_entry_is_left_alone, start),
		cmocka_unit_test(what_the_guest_does_not_allow_is_not_made),
		cmocka_unit_test(another_return_makes_nothing),
		cmocka_unit_test_setup(the_fast_way_is_left_where_it_is_wrong, start),
		cmocka_unit_test_setup(a_fetch_is_tried_again_too, start),
		cmocka_unit_test(the_kernels_dacr_does_not_matter),
		cmocka_unit_test(the_short_way_in_does_what_the_long_one_does),
		cmocka_unit_test_setup(the_short_way_in_is_for_where_a_call_has_one, start),
	};

	return cmocka_run_group_tests_name("faults of programs", tests, NULL, NULL);
}
