/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Abuse of the paravirtual interface (vcpu/pv_abi.h), one kind per program: hostile_pv_N is this with
 * attack N. Afterwards the guest can still do what guests do - a system call, a page that is mapped
 * and unmapped, an interrupt - or its VM has been stopped with a report; and the VMM says that it is
 * whole (tests/guest/run.py).
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/hostile.h"
#include "tests/guest/hostile_pv_vectors.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/tap.h"

#include "arch/arm/layout.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEST_VA      BOARD_TEST_VA

/* As the VMM takes it: a linear mapping consists of sections. */
#define LINEAR_OFFSET (hako_pv_info[5] & 0xfff00000u)

extern label hostile_load, hostile_store, hostile_load_byte, hostile_store_byte,
	hostile_load_double, hostile_store_double, hostile_load_many, hostile_store_many,
	hostile_swap, hostile_load_user, hostile_store_user, hostile_branch, hostile_calls,
	pv_return_site, hostile_behind_site, hostile_switch_and_return, run_return;
extern const uint32_t hako_pv_info[];

static const uint8_t privileged_modes[] = { PSR_MODE_SVC, PSR_MODE_SYS, PSR_MODE_IRQ,
					    PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_FIQ };

/* Addresses that matter and numbers that do not. */
static uint32_t next_value(void)
{
	static const uint32_t edges[] = {
		0,           1,          3,        0x7fffffff,       0x80000000,
		0xfffff000,  0xffffffff, VMM_BASE, VMM_POOL,         VMM_IMAGE,
		VMM_WINDOWS, VMM_END,    PV_PAGE,  PV_PAGE + PV_LOG, 0xffff0ff0,
		0x06000000,  0x07f00000, TEST_VA,
	};
	const uint32_t value = next_random();

	switch (next_random() >> 30) {
	case 0:
		return value;
	case 1:
		return edges[value % COUNT(edges)];
	case 2:
		return edges[value % COUNT(edges)] + (value >> 20) - 0x800;
	default:
		return addr(l2_table[0]) + (value & 0x3fff);
	}
}

static void call(unsigned mode, unsigned number, uint32_t r0, uint32_t r1, uint32_t r2)
{
	const uint32_t args[4] = { r0, r1, r2, 0 };
	const uint32_t psr = mode == PSR_MODE_USR ? mode : mode | PSR_MASKED;

	run_code4(psr, addr(hostile_calls) + 8 * number, args);
}

static void flat_map_on(void)
{
	if (mmu_is_on())
		mmu_off();
	mmu_tables_init();
	mmu_set(&l1_table[0][TEST_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
}

static void map_test_page(uint32_t page)
{
	mmu_set(&l2_table[0][0], desc_small(page, AP_USER_RW, 0));
	mmu_set(&l1_table[0][TEST_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	/* As a guest that announces, and as one that does not. */
	call(PSR_MODE_SVC, PV_HC_TABLE_CLEAN, LINEAR_OFFSET + addr(l1_table[0]), 0x4000, 0);
	call(PSR_MODE_SVC, PV_HC_TABLE_CLEAN, LINEAR_OFFSET + addr(l2_table[0]), 0x400, 0);
	tlb_flush_all();
}

/* Whatever was done to the page is undone: all that can be written is the guest's to write. */
static void page_as_new(void)
{
	pv_write(PV_LOG_END, PV_PAGE + PV_LOG);
}

static bool note_interrupt(struct exception *e)
{
	irq_soft_clear();
	e->lr -= 4;
	return true;
}

/** That the virtual CPU still is one. */
static void sanity(void)
{
	exception_reset();
	page_as_new();
	flat_map_on();
	for (uint32_t page = GUEST_SCRATCH; page < GUEST_SCRATCH + 0x4000; page += 0x1000) {
		write32(page, page ^ 0x5a5a5a5a);
		map_test_page(page);
		EXPECT_EQ(page ^ 0x5a5a5a5a, read32(TEST_VA));
		run_code(PSR_MODE_USR, hostile_store, page, TEST_VA + 4);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(page, read32(page + 4));
	}
	mmu_set(&l2_table[0][0], 0);
	call(PSR_MODE_SVC, PV_HC_TABLE_CLEAN, LINEAR_OFFSET + addr(l2_table[0]), 0x400, 0);
	tlb_flush_all();
	run_code(PSR_MODE_USR, hostile_load, 0, TEST_VA);
	EXPECT_EQ(KIND_DABT, seen.kind);
	mmu_off();

	irq_init();
	exception_set_hook(KIND_IRQ, note_interrupt);
	irq_enable(BOARD_SOFT_IRQ);
	irq_soft_raise();
	interrupts_unmask(PSR_I);
	interrupts_mask();
	EXPECT_EQ(1, exception_count[KIND_IRQ]);
	irq_init();
	exception_reset();
}

/* The SWI of the return, from where there is nothing to return from. */
static void return_site_from_programs(void)
{
	static const uint8_t masks[] = { 0, PSR_F, PSR_I, PSR_I | PSR_F };

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT(masks); i++) {
			run_code(PSR_MODE_USR | masks[i], pv_return_site, 0, 0);
			EXPECT_EQ(masks[i] ? KIND_SWI : KIND_RETURNED, seen.kind);
			if (masks[i])
				EXPECT_EQ(addr(hostile_behind_site), seen.lr);
			else
				EXPECT_EQ(0xfa57, seen.r[0]);
		}
		flat_map_on();
	}
	mmu_off();
}

static void return_site_from_other_modes(void)
{
	for (unsigned i = 1; i < COUNT(privileged_modes); i++) {
		run_code(privileged_modes[i] | PSR_MASKED, pv_return_site, 0, 0);
		EXPECT_EQ(KIND_SWI, seen.kind);
		EXPECT_EQ(privileged_modes[i] | PSR_MASKED, seen.spsr & 0xff);
	}
}

static bool note_fiq(struct exception *e)
{
	irq_soft_clear();
	e->lr -= 4;
	return true;
}

/* From the first FIQ on the page is closed, and system calls come by the vector. */
static void calls_after_an_fiq(void)
{
	irq_init();
	run_code(PSR_MODE_USR, pv_return_site, 0, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0xfa57, seen.r[0]);
	exception_set_hook(KIND_FIQ, note_fiq);
	irq_enable_as_fiq(BOARD_SOFT_IRQ);
	irq_soft_raise();
	interrupts_unmask(PSR_F);
	interrupts_mask();
	EXPECT_EQ(1, exception_count[KIND_FIQ]);
	irq_disable(BOARD_SOFT_IRQ);
	for (unsigned i = 0; i < 3; i++) {
		run_code(PSR_MODE_USR, pv_return_site, 0, 0);
		EXPECT_EQ(KIND_SWI, seen.kind);
		EXPECT_EQ(addr(hostile_behind_site), seen.lr);
		EXPECT_EQ(PSR_MODE_SVC | PSR_I, seen.cpsr & 0xff);
		run_code(SVC, pv_return_site, 0, 0);
		EXPECT_EQ(KIND_SWI, seen.kind);
	}
}

static void the_page_from_user_mode(void)
{
	static const uint32_t *const steps[] = { hostile_load,        hostile_store,
						 hostile_load_byte,   hostile_store_byte,
						 hostile_load_double, hostile_store_double,
						 hostile_load_many,   hostile_store_many,
						 hostile_swap };

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT(steps); i++)
			for (uint32_t at = PV_PAGE; at < PV_PAGE + 0x1000; at += 0x7f8) {
				run_code(PSR_MODE_USR, steps[i], 0x93, at + 32);
				if (!round)
					continue;
				tap_case("step %u at 0x%x", i, (unsigned)at);
				EXPECT_EQ(KIND_DABT, seen.kind);
				EXPECT_EQ(FSR_TRANSLATION_SECTION, dfsr_read() & 0xf);
			}
		run_code(PSR_MODE_USR, hostile_branch, PV_PAGE + 0x100, 0);
		EXPECT_EQ(KIND_PABT, seen.kind);
		run_code(SVC, hostile_load_user, 0, PV_PAGE + 0x100);
		run_code(SVC, hostile_store_user, 0, PV_PAGE + 0x100);
		if (round)
			EXPECT_EQ(KIND_DABT, seen.kind);
		flat_map_on();
	}
	mmu_off();
}

/* Where it is closed each access is emulated; the memory is the same. */
static void the_page_from_other_modes(void)
{
	for (unsigned i = 0; i < COUNT(privileged_modes); i++) {
		const uint32_t psr = privileged_modes[i] | PSR_MASKED;

		tap_case("psr 0x%x", (unsigned)psr);
		for (uint32_t at = 0x100; at < 0x1000; at += 0x2fc) {
			run_code(psr, hostile_store, ~at, PV_PAGE + at);
			EXPECT_EQ(KIND_RETURNED, seen.kind);
			run_code(psr, hostile_load, 0, PV_PAGE + at);
			EXPECT_EQ(~at, seen.r[0]);
			EXPECT_EQ(~at, pv_read(at));
			run_code(psr, hostile_swap, at, PV_PAGE + at);
			EXPECT_EQ(~at, seen.r[0]);
			run_code(psr, hostile_load_byte, 0, PV_PAGE + at);
			EXPECT_EQ(at & 0xff, seen.r[0]);
			run_code(psr, hostile_store_many, 0, PV_PAGE + at);
			run_code(psr, hostile_load_many, 0, PV_PAGE + at - 0x20);
			EXPECT_EQ(KIND_RETURNED, seen.kind);
		}
		/* Over its ends. */
		run_code(psr, hostile_load_many, 0, PV_PAGE + 0xff0);
		EXPECT_EQ(KIND_DABT, seen.kind);
		run_code(psr, hostile_store_many, 0, PV_PAGE + 0x10);
		EXPECT_EQ(KIND_DABT, seen.kind);
		EXPECT_EQ(PSR_MODE_SVC | PSR_I, pv_read(PV_CTL) & 0xff);
	}
}

/* Code in the page, from every mode: only Supervisor mode has anything there. */
static void code_in_the_page(void)
{
	pv_write(0x100, 0xe12fff1e); /* bx lr */
	for (unsigned i = 0; i < COUNT(privileged_modes); i++)
		run_code(privileged_modes[i] | PSR_MASKED, hostile_branch, PV_PAGE + 0x100, 0);
	run_code(PSR_MODE_USR, hostile_branch, PV_PAGE + 0x100, 0);
	EXPECT_EQ(KIND_PABT, seen.kind);
}

static void other_modes_in_ctl(void)
{
	tap_printf("# the VM is stopped with a report\n");
	run_code(SVC, hostile_store_byte, PSR_MODE_USR, PV_PAGE + PV_CTL);
	tap_bail_out("mode 0x%x in PV_CTL, and nobody noticed", PSR_MODE_USR);
}

static void random_words_in_ctl(void)
{
	tap_printf("# the VM is stopped with a report\n");
	for (unsigned i = 0; i < 1000; i++)
		run_code(SVC, hostile_store, next_random(), PV_PAGE + PV_CTL);
	tap_bail_out("random words in PV_CTL, and nobody noticed");
}

static void random_page(void)
{
	for (uint32_t at = 4; at < PV_PAGE_SIZE; at += 4)
		pv_write(at, next_value());
}

static void a_page_of_random_words(void)
{
	static const uint8_t ends[] = { PV_HC_LOG_FULL, PV_HC_SWITCH_MM, PV_HC_FLUSH_RANGE };

	flat_map_on();
	for (unsigned i = 0; i < 3000; i++) {
		random_page();
		switch (i % 5) {
		case 3:
			tlb_flush_all();
			break;
		case 4:
			tlb_flush_mva(next_value());
			break;
		default:
			call(PSR_MODE_SVC, ends[i % 5], addr(l1_table[0]), next_value(), 0);
			break;
		}
	}
	mmu_off();
}

/* A return to User mode with a page of random words: anything but User mode is impossible. */
static void random_returns(void)
{
	flat_map_on();
	for (unsigned i = 0; i < 4000; i++) {
		const uint32_t pc = next_value(), lr = next_value();

		random_page();
		page_as_new();
		/* Not into this program: who knows what it would do. */
		pv_write(PV_PC, pc < GUEST_SCRATCH ? addr(hostile_load) : pc);
		pv_write(PV_USR_LR, lr < GUEST_SCRATCH ? GUEST_SCRATCH : lr);
		run_code(SVC, pv_return_site, 0, next_value());
		EXPECT_EQ(PSR_MODE_USR,
			  seen.kind == KIND_RETURNED ? PSR_MODE_USR : seen.spsr & 0x1f);
	}
	mmu_off();
}

static void hypercalls(unsigned mode, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const unsigned number = next_random() % PV_HC_COUNT;
		uint32_t r0 = next_value();

		/* It must have its program there when it goes on. */
		if (number == PV_HC_SWITCH_MM)
			r0 = addr(l1_table[next_random() & 1]) | (next_random() & 0x3fff);
		call(mode, number, r0, next_value(), next_value());
		if (mode == PSR_MODE_USR)
			EXPECT_EQ(KIND_UNDEF, seen.kind);
	}
}

static void hypercalls_with_wrong_arguments(void)
{
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT(privileged_modes); i++)
			hypercalls(privileged_modes[i], 1500);
		hypercalls(PSR_MODE_USR, 100);
		flat_map_on();
	}
	mmu_off();
}

/* No table is where these registers lead: the vectors are gone with it. */
static void switch_to_anywhere(void)
{
	flat_map_on();
	for (unsigned i = 0; i < 100; i++)
		call(PSR_MODE_SVC, PV_HC_SWITCH_MM, next_value(), 0, 0);
	tap_printf("# back\n");
}

/* Of any kind and to anywhere, but not to this program: stores go there. */
static uint32_t random_descriptor(void)
{
	const uint32_t value = next_value();

	if (next_random() & 1)
		return desc_small(GUEST_SCRATCH + (next_random() & 0x1ff000), next_random() & 3, 0);
	return value < GUEST_SCRATCH ? value | GUEST_SCRATCH : value;
}

/* Descriptors change and the announcement says something else, or comes twice, or for others. */
static void lies_about_tables(void)
{
	mmu_tables_init();
	for (uint32_t i = 8; i < 64; i++)
		mmu_set(&l1_table[0][0x400 + i], desc_coarse(addr(l2_table[i % 4]), 0));
	mmu_on(0);
	for (unsigned i = 0; i < 6000; i++) {
		uint32_t *const entry = &l2_table[next_random() % 4][next_random() % 256];
		const uint32_t va =
			TEST_VA + (next_random() % 64 << 20) + (next_random() % 256 << 12);

		*entry = random_descriptor();
		drain_write_buffer();
		run_code(next_random() & 1 ? PSR_MODE_USR : SVC,
			 next_random() & 1 ? hostile_load : hostile_store, va, va);
		switch (next_random() % 4) {
		case 0:
			call(PSR_MODE_SVC, PV_HC_TABLE_CLEAN, LINEAR_OFFSET + addr(entry),
			     next_value(), 0);
			break;
		case 1:
			call(PSR_MODE_SVC, PV_HC_FLUSH_RANGE, next_value(), next_value(), 0);
			break;
		case 2:
			pv_write(PV_LOG, LINEAR_OFFSET + addr(entry) + (next_random() & 0xc));
			pv_write(PV_LOG_END, PV_PAGE + PV_LOG + 4);
			break;
		default:
			call(PSR_MODE_SVC, PV_HC_SWITCH_MM, addr(l1_table[next_random() & 1]), 0,
			     0);
			break;
		}
	}
	mmu_off();
}

/* A guest that has promised to announce, with numbers that are wrong (tests/guest/guest.mk). */
static void promises_that_are_lies(void)
{
	tap_printf("# linear offset 0x%x, user limit 0x%x\n", (unsigned)hako_pv_info[5],
		   (unsigned)hako_pv_info[6]);
	lies_about_tables();
	a_page_of_random_words();
	hypercalls_with_wrong_arguments();
}

/* Any value at each entry and return, and of its own (tests/guest/guest.mk). */
static void a_dacr_that_comes_and_goes(void)
{
	tap_printf("# call 0x%x, return 0x%x\n", (unsigned)hako_pv_info[11],
		   (unsigned)hako_pv_info[12]);
	random_returns();
	flat_map_on();
	for (unsigned i = 0; i < 2000; i++) {
		const unsigned mode = privileged_modes[next_random() % COUNT(privileged_modes)];

		/* Domain 0 is where it runs. */
		dacr_write((next_random() & 1 ? hako_pv_info[11 + (i & 1)] : next_random()) | 1);
		hypercalls(i % 16 == 0 ? PSR_MODE_USR : mode, 1);
	}
	mmu_off();
}

/* The next return is to @p code, which comes back as that of run_code(). */
static void return_to(const uint32_t *code)
{
	pv_write(PV_PC, addr(code));
	pv_write(PV_USR_LR, addr(run_return));
	pv_write(PV_SVC_SP, GUEST_SCRATCH + 0x1000);
}

/* Without the fast path of calls there is none of returns: a program could take it. */
static void return_site_without_calls(void)
{
	for (unsigned i = 0; i < 3; i++) {
		return_to(hostile_load);
		run_code(SVC, pv_return_site, 0, GUEST_SCRATCH);
		EXPECT_EQ(PSR_MODE_USR, seen.spsr & 0x1f);
		run_code(PSR_MODE_USR, pv_return_site, 0, 0);
		EXPECT_EQ(KIND_SWI, seen.kind);
		EXPECT_EQ(addr(hostile_behind_site), seen.lr);
	}
}

/*
 * A page of the kernel beside the VMM's vectors, in one of two address spaces: the return to a program
 * comes right behind the switch to it, by an MCR.
 */
static void switch_and_return(void)
{
	const uint32_t va = 0xfff01000u;

	mmu_tables_init();
	mmu_flat_map(l1_table[1]);
	mmu_set(&l2_table[0][1], desc_small(GUEST_SCRATCH, AP_PRIV, 0));
	mmu_set(&l1_table[1][0xfff], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
	for (unsigned i = 0; i < 4; i++) {
		ttbr_write(addr(l1_table[1]));
		tlb_flush_all();
		run_code(SVC, hostile_load, 0, va);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		ttbr_write(addr(l1_table[0]));
		tlb_flush_all();
		run_code(PSR_MODE_USR, hostile_load, 0, GUEST_SCRATCH);
		return_to(hostile_load);
		run_code(SVC, hostile_switch_and_return, addr(l1_table[1]), va);
		EXPECT_EQ(KIND_DABT, seen.kind);
		EXPECT_EQ(FSR_PERMISSION_PAGE, dfsr_read() & 0xf);
	}
	mmu_off();
}

static const struct attack attacks[] = {
	ATTACK(return_site_from_programs),
	ATTACK(return_site_from_other_modes),
	ATTACK(calls_after_an_fiq),
	ATTACK(the_page_from_user_mode),
	ATTACK(the_page_from_other_modes),
	ATTACK(code_in_the_page),
	ATTACK(other_modes_in_ctl),
	ATTACK(random_words_in_ctl),
	ATTACK(a_page_of_random_words),
	ATTACK(random_returns),
	ATTACK(hypercalls_with_wrong_arguments),
	ATTACK(switch_to_anywhere),
	ATTACK(lies_about_tables),
	ATTACK(promises_that_are_lies),
	ATTACK(promises_that_are_lies),
	ATTACK(promises_that_are_lies),
	ATTACK(promises_that_are_lies),
	ATTACK(promises_that_are_lies),
	ATTACK(promises_that_are_lies),
	ATTACK(hostile_vectors_from_everywhere),
	ATTACK(hostile_vectors_executed),
	ATTACK(a_dacr_that_comes_and_goes),
	ATTACK(a_dacr_that_comes_and_goes),
	ATTACK(return_site_without_calls),
	ATTACK(switch_and_return),
};

GUEST_TEST(the_attack_is_over)
{
	hostile_attack(attacks, COUNT(attacks));
	sanity();
}
