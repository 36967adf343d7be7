/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way to a device: it does what the general way does, and sees no less than a TLB would
 * of what the guest changes. TRAP_NEXT is the short way, TRAP_NEXT_POLL the general one.
 */
#include "tests/host/core_machine.h"

#include "arch/arm/insn.h"
#include "arch/arm/sctlr.h"
#include "vcpu/device_page.h"
#include "vcpu/fault.h"
#include "vcpu/hypercall.h"
#include "vcpu/pv_abi.h"
#include "vmm/lib/bits.h"

#include <string.h>

#define DIR       0x00010000u
#define DIR_2     0x00014000u
#define COARSE    0x00040000u
#define CODE      0x00270000u /* in a section that all can read */
#define CODE_VA   0x30070000u
#define VA        0x12300010u
#define HIGH_CODE 0x08000100u /* in RAM, where no process ID reaches */
#define L1        (DIR + (VA >> 20) * 4)
#define L2        (COARSE + ((VA >> 12) & 0xffu) * 4)
#define DEVICE    0x10102000u
#define RAM       0x00101000u

#define LINK   (COARSE | 1u << 5 | 0x11) /* domain 1 */
#define KERNEL 0x552u                    /* a small page that programs may not touch */
#define LOAD   0xe5912000u               /* ldr r2, [r1] */
#define STORE  0xe5812000u               /* str r2, [r1] */

static struct vcpu *const vcpu = &machine.vcpu;
static _Alignas(4) uint8_t pv_page[4096];

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	for (uint32_t dir = DIR; dir <= DIR_2; dir += DIR_2 - DIR)
		guest_set_word(dir + (CODE_VA >> 20) * 4, (CODE & 0xfff00000) | 15u << 5 | 0xc1e);
	guest_set_word(L1, LINK);
	guest_set_word(L2, DEVICE | KERNEL);
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	seed(11);
	return 0;
}

/** The instruction at the code's address, with r1 = @p va; TRAP_MOVED if the hardware does it. */
static enum trap_outcome run(uint32_t word, uint32_t va)
{
	const bool on = vcpu->mmu.sctlr & SCTLR_M;
	uint32_t at;

	guest_set_word(CODE, word);
	vcpu->frame.pc = on ? CODE_VA : CODE;
	assert_int_equal(machine_fetch(), TRAP_NEXT);
	vcpu->frame.r[1] = machine.far = va;
	machine.dfsr = machine_access(va, !bit(word, 20), &at);
	return machine.dfsr ? data_abort_trap(vcpu) : TRAP_MOVED;
}

static void expect_device(enum trap_outcome way, uint32_t va)
{
	const unsigned reads = machine.device_reads;

	machine.device_word = rnd();
	assert_int_equal(run(LOAD, va), way);
	assert_int_equal(machine.device_reads, reads + 1);
	assert_int_equal(vcpu->frame.r[2], machine.device_word + (va & 0xfffu));
}

/** The device is reached the general way, and then the short one. */
static void know(uint32_t va)
{
	expect_device(TRAP_NEXT_POLL, va);
	expect_device(TRAP_NEXT, va);
}

/** The guest has RAM there now, and gets it. */
static void expect_ram(void)
{
	const unsigned reads = machine.device_reads;

	assert_int_equal(run(LOAD, VA), TRAP_RESUME);
	assert_int_equal(run(LOAD, VA), TRAP_MOVED);
	assert_int_equal(machine.device_reads, reads);
}

static void expect_abort(uint32_t word, unsigned status)
{
	const unsigned accesses = machine.device_reads + machine.device_writes;
	const uint32_t cpsr = vcpu_cpsr(vcpu);

	assert_int_equal(run(word, VA), TRAP_INJECT);
	assert_int_equal(vcpu->cp15.dfsr, status);
	assert_int_equal(vcpu->cp15.far, VA);
	assert_int_equal(vcpu_cpsr(vcpu), cpsr);
	assert_int_equal(machine.device_reads + machine.device_writes, accesses);
}

static void a_known_page_takes_the_short_way(void **state)
{
	know(VA);
	expect_device(TRAP_NEXT, VA + 0x3e0);
	vcpu->frame.r[2] = 0x1234;
	assert_int_equal(run(STORE, VA), TRAP_NEXT);
	assert_int_equal(machine.device_word, 0x1234 - (VA & 0xfff));
}

/* arch/arm/fast_mmio.S would call its model in Abort mode, where another abort has no stack. */
static void a_device_that_may_abort_takes_the_general_way(void **state)
{
	struct device_ops ops = *machine.device.ops;

	ops.may_abort = true;
	machine.device.ops = &ops;
	expect_device(TRAP_NEXT_POLL, VA);
	expect_device(TRAP_NEXT_POLL, VA);
	assert_int_not_equal(device_page_at(vcpu, VA)->key, device_page_key(VA));
}

static uint32_t near_read(struct device *dev, uint32_t offset, unsigned size)
{
	return 0;
}

static const struct device_ops near_ops = { .read = near_read };

static const struct device_ops *near(struct device *dev, uint32_t offset)
{
	return offset == 0 ? &near_ops : NULL;
}

static void what_such_a_device_has_near_is_known(void **state)
{
	struct device_ops ops = *machine.device.ops;

	ops.may_abort = true;
	ops.near = near;
	machine.device.ops = &ops;
	know(VA);
	assert_ptr_equal(device_page_at(vcpu, VA)->read, near_read);
	expect_device(TRAP_NEXT_POLL, VA + 0x400);
	expect_device(TRAP_NEXT_POLL, VA + 0x400);
}

/* As a TLB: without an operation on it, the old translation may stay. */
static void a_remapped_page_may_stay_until_the_tlb_operation(void **state)
{
	know(VA);
	guest_set_word(L2, RAM | KERNEL);
	expect_device(TRAP_NEXT, VA);
	machine_mcr(MCR_TLB_PAGE, VA & ~0xfffu);
	expect_ram();
}

static void each_tlb_operation_counts(void **state)
{
	static const struct {
		uint32_t mcr, value;
	} operations[] = {
		{ MCR_TLB_ALL, 0 },
		{ MCR_TLB_PAGE, VA & ~0xfffu },
		{ 0xee080f15u, 0 },            /* c8, c5, 0: instructions */
		{ 0xee080f36u, VA & ~0xfffu }, /* c8, c6, 1: data */
		{ MCR_TTBR, DIR },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		for (unsigned level = 1; level <= 2; level++) {
			start(state);
			know(VA);
			machine_mcr(operations[i].mcr, operations[i].value);
			expect_device(TRAP_NEXT, VA); /* nothing has changed */
			if (level == 1)
				guest_set_word(L1, 0x00100000 | 1u << 5 | 0x412);
			else
				guest_set_word(L2, RAM | KERNEL);
			machine_mcr(operations[i].mcr, operations[i].value);
			expect_ram();
		}
	}
}

static void a_page_that_is_gone_faults(void **state)
{
	know(VA);
	guest_set_word(L2, 0);
	machine_mcr(MCR_TLB_PAGE, VA & ~0xfffu);
	expect_abort(LOAD, 0x17);
	guest_set_word(L2, DEVICE | KERNEL);
	expect_device(TRAP_NEXT, VA); /* as it was */
	guest_set_word(L1, 0x70000011);
	machine_mcr(MCR_TLB_ALL, 0);
	expect_abort(LOAD, 0x0e); /* a table that is nowhere */
}

static void each_address_space_has_its_own(void **state)
{
	know(VA);
	machine_mcr(MCR_TTBR, DIR_2);
	expect_abort(LOAD, 0x05);
	machine_mcr(MCR_TTBR, DIR);
	expect_device(TRAP_NEXT, VA);
	guest_set_word(DIR_2 + (VA >> 20) * 4, LINK); /* the same table: Linux's kernel half */
	machine_mcr(MCR_TTBR, DIR_2);
	expect_device(TRAP_NEXT, VA);
}

static void rights_are_those_of_the_moment(void **state)
{
	know(VA);
	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	expect_abort(LOAD, 0x1f);
	vcpu_set_cpsr(vcpu, PSR_MODE_IRQ | PSR_I);
	expect_device(TRAP_NEXT, VA);
	machine_mcr(MCR_DACR, 0x55555551);
	expect_abort(LOAD, 0x1b);
	expect_abort(STORE, 0x1b);
	machine_mcr(MCR_DACR, 0x55555544); /* other domains are no matter */
	expect_device(TRAP_NEXT, VA);
	machine_mcr(MCR_DACR, 0x5555555d); /* nor is manager */
	expect_device(TRAP_NEXT, VA);
	machine_mcr(MCR_DACR, 0x55555559); /* reserved: no access */
	expect_abort(LOAD, 0x1b);
}

/* Rights that a page has only as its domain's manager's end with that. */
static void a_manager_has_more_rights(void **state)
{
	guest_set_word(L2, DEVICE | 2); /* AP = 00 */
	machine_mcr(MCR_DACR, 0x5555555d);
	know(VA);
	assert_int_equal(run(STORE, VA), TRAP_NEXT);
	machine_mcr(MCR_DACR, 0x55555555);
	expect_abort(LOAD, 0x1f);
	expect_abort(STORE, 0x1f);
}

static void a_page_that_is_read_only_is_not_written(void **state)
{
	guest_set_word(L2, DEVICE | 2); /* AP = 00, with R set */
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_R);
	know(VA);
	expect_abort(STORE, 0x1f);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	expect_abort(LOAD, 0x1f);
}

static void a_quarter_of_a_page_is_no_other(void **state)
{
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C); /* S = R = 0: AP = 00 is no access */
	guest_set_word(L2, DEVICE | 0x152);
	know(VA);
	know(VA + 0x400);
	know(VA + 0x800);
	assert_int_equal(run(LOAD, VA + 0xc00), TRAP_INJECT);
	assert_int_equal(vcpu->cp15.dfsr, 0x1f);
}

static void programs_take_the_general_way(void **state)
{
	guest_set_word(L2, DEVICE | 0xff2);
	vcpu_set_cpsr(vcpu, PSR_MODE_USR);
	for (unsigned i = 0; i < 3; i++)
		expect_device(TRAP_NEXT_POLL, VA);
	/* Nor does the kernel where its loads may have the rights of programs (vcpu/pv.c). */
	vcpu_set_cpsr(vcpu, PSR_MODE_SVC);
	vcpu->pv.user_limit = 0xc0000000;
	for (unsigned i = 0; i < 3; i++)
		expect_device(TRAP_NEXT_POLL, VA);
}

static void the_mmu_off_and_on(void **state)
{
	machine_mcr(MCR_SCTLR, 0);
	know(DEVICE + 0x10);
	guest_set_word(DIR + (DEVICE >> 20) * 4, 0x00100000 | 1u << 5 | 0x412);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C);
	assert_int_equal(run(LOAD, DEVICE + 0x10), TRAP_RESUME);
	assert_int_equal(run(LOAD, DEVICE + 0x10), TRAP_MOVED);
	machine_mcr(MCR_SCTLR, 0);
	machine_mcr(MCR_TLB_ALL, 0);
	expect_device(TRAP_NEXT, DEVICE + 0x10);
}

/* The FCSE gives the low addresses to another process. */
static void a_process_id_renames(void **state)
{
	const uint32_t low = VA & 0x01ffffffu;

	guest_set_word(DIR + (low >> 20) * 4, LINK);
	know(low);
	machine_mcr(MCR_PID, 0x04000000);
	assert_int_equal(run(LOAD, low), TRAP_INJECT);
	assert_int_equal(vcpu->cp15.far, low | 0x04000000);
	machine_mcr(MCR_PID, 0);
	expect_device(TRAP_NEXT, low);
}

/* With the MMU off an address is physical, but for the FCSE. */
static void a_process_id_renames_with_the_mmu_off(void **state)
{
	static const struct {
		uint32_t pid;
		enum trap_outcome outcome; /* RAM is filled, a device is used */
	} steps[] = {
		{ DEVICE & 0xfe000000u, TRAP_NEXT_POLL },
		{ 0, TRAP_RESUME },
		{ DEVICE & 0xfe000000u, TRAP_NEXT },
	};

	machine_mcr(MCR_SCTLR, 0);
	guest_set_word(HIGH_CODE, LOAD);
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		machine_mcr(MCR_PID, steps[i].pid);
		vcpu->frame.pc = HIGH_CODE;
		assert_int_equal(machine_fetch(), TRAP_NEXT);
		machine.dfsr = 0x5;
		machine.far = vcpu->frame.r[1] = DEVICE & 0x01ffffffu;
		assert_int_equal(data_abort_trap(vcpu), steps[i].outcome);
	}
}

/* It leaves the MMU off, as it was, but the process ID is 0 again. */
static void a_reset_ends_it(void **state)
{
	machine_mcr(MCR_SCTLR, 0);
	machine_mcr(MCR_PID, DEVICE & 0xfe000000u);
	guest_set_word(HIGH_CODE, LOAD);
	for (unsigned i = 0; i < 2; i++) {
		vcpu->frame.pc = HIGH_CODE;
		assert_int_equal(machine_fetch(), TRAP_NEXT);
		machine.dfsr = 0x5;
		machine.far = vcpu->frame.r[1] = DEVICE & 0x01ffffffu;
		assert_int_equal(data_abort_trap(vcpu), i ? TRAP_RESUME : TRAP_NEXT_POLL);
		vcpu_reset(vcpu);
	}
}

/** A guest with paravirtual code, which has logged nothing, knows VA. */
static void know_paravirtual(void)
{
	vcpu->pv.user_limit = 0x10000000;
	*(uint32_t *)(pv_page + PV_LOG_END) = PV_PAGE + PV_LOG;
	pv_page[PV_CTL] = PSR_MODE_SVC | PSR_I;
	vcpu_set_cpsr(vcpu, PSR_MODE_SVC | PSR_I);
	know(VA);
	vcpu->pv_page = pv_page;
}

static void call_vmm(uint32_t number, uint32_t r0, uint32_t r1)
{
	const struct proxy call = hypercall_decode(PV_HYPERCALL_WORD | number);

	vcpu->frame.r[0] = r0;
	vcpu->frame.r[1] = r1;
	assert_int_equal(call.emulate(vcpu, call.arg), TRAP_NEXT);
}

/* A guest with paravirtual code tells of its kernel's addresses by hypercall, and of no others. */
static void the_hypercall_counts_for_kernel_addresses(void **state)
{
	know_paravirtual();
	guest_set_word(L2, RAM | KERNEL);
	call_vmm(PV_HC_FLUSH_RANGE, 0, 0x10000000);
	expect_device(TRAP_NEXT, VA);
	call_vmm(PV_HC_FLUSH_RANGE, VA & ~0xfffu, (VA & ~0xfffu) + 0x1000);
	expect_ram();
}

/* The last address may be the end of a range. */
static void the_hypercall_counts_up_to_the_last_address(void **state)
{
	know_paravirtual();
	guest_set_word(L2, RAM | KERNEL);
	call_vmm(PV_HC_FLUSH_RANGE, VA & ~0xfffu, 0);
	expect_ram();
}

/* Only those that announce promise that all of their address spaces agree about the kernel. */
static void the_hypercall_for_another_address_space(void **state)
{
	know_paravirtual();
	call_vmm(PV_HC_SWITCH_MM, DIR_2, 0);
	assert_int_equal(run(LOAD, VA), TRAP_INJECT);
	assert_int_equal(vcpu->cp15.dfsr, 0x05);
}

/* External aborts and the like are none of its business. */
static void other_aborts_are_left_alone(void **state)
{
	know(VA);
	machine.dfsr = 0x8;
	machine.device_reads = 0;
	vcpu->frame.pc = CODE_VA;
	assert_int_equal(data_abort_trap(vcpu), TRAP_INJECT);
	assert_int_equal(machine.device_reads, 0);
}

/* What the general way finds undefined; the word need not be the one that was executed. */
static void what_is_no_plain_load_is_left_alone(void **state)
{
	static const struct {
		uint32_t word, cpsr;
	} tries[] = {
		{ LOAD | 0xf0000000u, 0 },
		{ LOAD, PSR_T },
		{ 0xe19121b0u, 0 }, /* ldrh r2, [r1, r0] with a bit that should be zero */
		{ 0xe7912010u, 0 }, /* ldr r2, [r1, r0] with bit 4 */
	};

	know(VA);
	for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
		vcpu_set_cpsr(vcpu, PSR_MODE_SVC | PSR_I | tries[i].cpsr);
		machine.device_reads = 0;
		assert_int_equal(run(tries[i].word, VA), TRAP_RESUME);
		assert_int_equal(vcpu_mode(vcpu), PSR_MODE_UND);
		assert_int_equal(machine.device_reads, 0);
	}
}

static uint32_t reg_of(const void *v, unsigned reg)
{
	return vcpu_operand(v, reg);
}

/** Random loads and stores, of one register and others, with address @p va where that can be. */
static uint32_t random_insn(uint32_t va)
{
	for (;;) {
		uint32_t word = 0xe0000000u | (rnd() & 0x0fffffffu), base, address;
		struct mem_insn insn;

		if (rnd_below(2))
			word = (word & 0xf0ffffffu) | (rnd_below(4) ? 0x05000000u : 0x07000000u);
		if (!arm_decode_mem(word, &insn) || insn.shape == MEM_COPROC || insn.rn == 15 ||
		    insn.restore_spsr || insn.user_bank)
			continue;
		if (insn.register_offset && insn.rm == insn.rn)
			continue;
		vcpu->frame.pc = CODE_VA;
		address = mem_insn_address(&insn, reg_of, vcpu, vcpu->frame.cpsr & PSR_C, &base);
		vcpu->frame.r[insn.rn] += va - address;
		return word;
	}
}

static void the_short_way_does_what_the_general_way_does(void **state)
{
	unsigned short_ways = 0;

	know(VA);
	for (unsigned i = 0; i < 60000; i++) {
		const uint32_t va = (VA & ~0x3ffu) + rnd_below(0x3c0) / (rnd_below(3) ? 4 : 1);
		struct trap_frame frame, general;
		struct device_page pages[DEVICE_PAGES];
		enum trap_outcome outcome[2];
		uint32_t word, device_word, general_word;
		unsigned accesses;

		for (unsigned n = 0; n < 15; n++)
			vcpu->frame.r[n] = rnd();
		vcpu_set_cpsr(vcpu, (rnd() & 0xf0000000u) | PSR_MODE_SVC | PSR_I);
		word = random_insn(va);
		guest_set_word(CODE, word);
		vcpu->frame.pc = CODE_VA;
		assert_int_equal(machine_fetch(), TRAP_NEXT);
		machine.dfsr = 0x7;
		machine.far = va;
		device_word = machine.device_word;
		frame = vcpu->frame;
		memcpy(pages, vcpu->device_pages, sizeof(pages));
		memset(vcpu->device_pages, 0xff, sizeof(pages));
		accesses = machine.device_reads + machine.device_writes;
		outcome[0] = data_abort_trap(vcpu);
		general = vcpu->frame;
		general_word = machine.device_word;
		accesses = machine.device_reads + machine.device_writes - accesses;

		memcpy(vcpu->device_pages, pages, sizeof(pages));
		vcpu_set_cpsr(vcpu, (frame.cpsr & 0xf0000000u) | PSR_MODE_SVC | PSR_I);
		vcpu->frame = frame;
		machine.device_word = device_word;
		accesses += machine.device_reads + machine.device_writes;
		outcome[1] = data_abort_trap(vcpu);
		assert_int_equal(machine.device_reads + machine.device_writes, accesses);
		if (outcome[1] == TRAP_NEXT) {
			outcome[1] = TRAP_NEXT_POLL;
			short_ways++;
		}
		assert_int_equal(outcome[0], outcome[1]);
		assert_memory_equal(&vcpu->frame, &general, sizeof(general));
		assert_int_equal(machine.device_word, general_word);
	}
	assert_in_range(short_ways, 10000, 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_known_page_takes_the_short_way, start),
		cmocka_unit_test_setup(a_remapped_page_may_stay_until_the_tlb_operation, start),
		cmocka_unit_test_setup(each_tlb_operation_counts, start),
		cmocka_unit_test_setup(a_page_that_is_gone_faults, start),
		cmocka_unit_test_setup(each_address_space_has_its_own, start),
		cmocka_unit_test_setup(rights_are_those_of_the_moment, start),
		cmocka_unit_test_setup(a_manager_has_more_rights, start),
		cmocka_unit_test_setup(a_page_that_is_read_only_is_not_written, start),
		cmocka_unit_test_setup(a_quarter_of_a_page_is_no_other, start),
		cmocka_unit_test_setup(programs_take_the_general_way, start),
		cmocka_unit_test_setup(the_mmu_off_and_on, start),
		cmocka_unit_test_setup(a_process_id_renames, start),
		cmocka_unit_test_setup(a_process_id_renames_with_the_mmu_off, start),
		cmocka_unit_test_setup(a_reset_ends_it, start),
		cmocka_unit_test_setup(the_hypercall_counts_for_kernel_addresses, start),
		cmocka_unit_test_setup(the_hypercall_counts_up_to_the_last_address, start),
		cmocka_unit_test_setup(the_hypercall_for_another_address_space, start),
		cmocka_unit_test_setup(a_device_that_may_abort_takes_the_general_way, start),
		cmocka_unit_test_setup(what_such_a_device_has_near_is_known, start),
		cmocka_unit_test_setup(other_aborts_are_left_alone, start),
		cmocka_unit_test_setup(what_is_no_plain_load_is_left_alone, start),
		cmocka_unit_test_setup(the_short_way_does_what_the_general_way_does, start),
	};

	return cmocka_run_group_tests_name("pages of devices", tests, NULL, NULL);
}
