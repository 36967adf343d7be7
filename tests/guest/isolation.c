/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that looks for its VMM where docs/memory-map.md says it is, with the means that
 * the architecture gives: what it finds must be what a board without a VMM shows.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#include "arch/arm/layout.h"
#include "vcpu/guest_abi.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)

/* More than the rewriter needs for any program of these tests. */
#define UNUSED_INDEX 2048u

extern label swi_with_sp, undefined_with_sp, irq_with_sp, word_code;
extern label enter_swi, enter_undef, enter_irq;
extern uint32_t word_slot[1];

/* Whatever tries: a translation fault, as where a board without a VMM has nothing mapped. */
static void expect_no_vmm(uint32_t step)
{
	for (uint32_t va = VMM_BASE; va < VMM_END; va += step)
		for (enum access access = 0; access < ACCESS_COUNT; access++) {
			tap_case("0x%x, %s", va, access_name(access));
			EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(access, va));
		}
}

GUEST_TEST(the_addresses_of_the_vmm_are_not_mapped)
{
	mmu_tables_init();
	mmu_on(0);
	expect_no_vmm(0x7ffc);
}

GUEST_TEST(opening_all_domains_does_not_open_the_vmm)
{
	mmu_tables_init();
	mmu_on(0);
	for (unsigned turn = 0; turn < 2; turn++) {
		dacr_write(turn ? 0xffffffff : 0x55555555);
		expect_no_vmm(0x24000);
	}
}

/* A clean would write, an invalidate would lose what the VMM has in the cache. */
GUEST_TEST(cache_and_tlb_operations_on_addresses_of_the_vmm_do_nothing)
{
	mmu_tables_init();
	mmu_on(0);
	for (uint32_t va = VMM_BASE; va < VMM_END; va += 0x2020) {
		CP15_WRITE(c7, c6, 1, va & ~31u);
		CP15_WRITE(c7, c10, 1, va & ~31u);
		CP15_WRITE(c7, c14, 1, va & ~31u);
		CP15_WRITE(c7, c5, 1, va & ~31u);
		CP15_WRITE(c7, c13, 1, va & ~31u);
		CP15_WRITE(c8, c7, 1, va);
		CP15_WRITE(c8, c5, 1, va);
		CP15_WRITE(c8, c6, 1, va);
	}
	EXPECT_EQ(0, exception_count[KIND_UNDEF] + exception_count[KIND_DABT]);
	EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(KERNEL_LOAD, VMM_IMAGE));
}

GUEST_TEST(cache_operations_by_set_and_way_do_nothing_to_others)
{
	for (uint32_t way = 0; way < 4; way++)
		for (uint32_t set = 0; set < 128; set += 3) {
			const uint32_t line = way << 30 | set << 5;

			CP15_WRITE(c7, c6, 2, line);
			CP15_WRITE(c7, c10, 2, line);
			CP15_WRITE(c7, c14, 2, line);
			CP15_WRITE(c7, c5, 2, line);
		}
	CP15_WRITE(c7, c6, 0, 0); /* invalidates the data cache without a clean */
	CP15_WRITE(c7, c7, 0, 0);
	EXPECT_EQ(0, exception_count[KIND_UNDEF]);
}

GUEST_TEST(lockdown_of_caches_and_tlb_locks_nobody_out)
{
	for (uint32_t ways = 0; ways < 16; ways++) {
		CP15_WRITE(c9, c0, 0, 0xfff0 | ways);
		CP15_WRITE(c9, c0, 1, 0xfff0 | ways);
		CP15_WRITE(c10, c0, 0, ways << 26 | 1);
		CP15_WRITE(c8, c7, 1, ways << 20);
	}
	CP15_WRITE(c9, c0, 0, 0xfff0);
	CP15_WRITE(c9, c0, 1, 0xfff0);
	CP15_WRITE(c10, c0, 0, 0);
	EXPECT_EQ(0, exception_count[KIND_UNDEF]);
}

/* Handlers that cannot save a register: an abort in the mode of the handler, with its address. */
GUEST_TEST(a_stack_pointer_that_leads_nowhere_is_an_abort_of_the_handler)
{
	static const struct {
		const char *text;
		const uint32_t *code;
		const uint32_t *handler;
		uint8_t mode;
	} cases[] = {
		{ "swi", swi_with_sp, enter_swi, PSR_MODE_SVC },
		{ "undefined instruction", undefined_with_sp, enter_undef, PSR_MODE_UND },
		{ "interrupt", irq_with_sp, enter_irq, PSR_MODE_IRQ },
	};
	static const struct {
		uint32_t sp;
		unsigned status;
	} stacks[] = {
		{ VMM_IMAGE + 0x4000, FSR_TRANSLATION_SECTION },
		{ VMM_POOL + 0x1000, FSR_TRANSLATION_SECTION },
		{ VMM_WINDOWS + 0x100, FSR_TRANSLATION_SECTION },
		{ VMM_END, FSR_TRANSLATION_SECTION },
		{ 0x80000000, FSR_TRANSLATION_SECTION },
		{ TEST_VA + 0x800, FSR_PERMISSION_PAGE },
		{ TEST_VA + 0x1800, FSR_TRANSLATION_PAGE },
	};

	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_SR, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(SCTLR_R);
	irq_init();
	irq_enable(BOARD_SOFT_IRQ);
	irq_soft_raise();
	for (unsigned i = 0; i < COUNT(cases); i++)
		for (unsigned s = 0; s < COUNT(stacks); s++) {
			tap_case("%s, sp 0x%x", cases[i].text, stacks[s].sp);
			run_code(SVC, cases[i].code, stacks[s].sp, 0);
			EXPECT_EQ(KIND_DABT, seen.kind);
			EXPECT_EQ(addr(cases[i].handler) + 4 + 8, seen.lr);
			EXPECT_EQ(cases[i].mode, seen.spsr & PSR_MODE_MASK);
			EXPECT_EQ(stacks[s].sp - EXCEPTION_SIZE, far_read());
			EXPECT_EQ(stacks[s].status, dfsr_read() & 0xf);
			exception_reset();
		}
	irq_init();
}

static void check_undefined(uint32_t psr, uint32_t word)
{
	tap_case("0x%x, psr 0x%x", word, psr);
	*(volatile uint32_t *)word_slot = word;
	drain_write_buffer();
	CP15_WRITE(c7, c5, 0, 0);
	run_code(psr, word_code, 0x600d, 0);
	EXPECT_EQ(KIND_UNDEF, seen.kind);
	EXPECT_EQ(addr(word_slot) + 4, seen.lr);
	EXPECT_EQ(psr, seen.spsr);
	EXPECT_EQ(0x600d, seen.r[0]);
}

/* The words that stand for sensitive instructions in a rewritten kernel, in a program's hands. */
GUEST_TEST(proxies_and_hypercalls_are_undefined_in_user_mode)
{
	for (uint32_t index = 0; index < PROXY_TABLE_MAX; index += index < 256 ? 1 : 61) {
		check_undefined(PSR_MODE_USR, 0xe0000000 | PROXY_MATCH | index << PROXY_INDEX_LOW);
		check_undefined(PSR_MODE_USR,
				0xe0000000 | HYPERCALL_MATCH | index << PROXY_INDEX_LOW);
	}
}

GUEST_TEST(proxies_of_user_mode_obey_their_condition)
{
	for (uint32_t condition = 0; condition < 15; condition++)
		for (uint32_t flags = 0; flags < 16; flags += 5) {
			const uint32_t psr = PSR_MODE_USR | flags << 28;
			uint32_t held;

			tap_case("condition %u, flags 0x%x", condition, flags);
			/* What an instruction everybody has does under the condition: mov r0, #1 */
			*(volatile uint32_t *)word_slot = condition << 28 | 0x03a00001;
			drain_write_buffer();
			CP15_WRITE(c7, c5, 0, 0);
			run_code(psr, word_code, 0, 0);
			held = seen.r[0];
			*(volatile uint32_t *)word_slot =
				condition << 28 | PROXY_MATCH | 3 << PROXY_INDEX_LOW;
			drain_write_buffer();
			CP15_WRITE(c7, c5, 0, 0);
			run_code(psr, word_code, 0, 0);
			EXPECT_EQ(held ? KIND_UNDEF : KIND_RETURNED, seen.kind);
		}
}

GUEST_TEST(proxies_outside_of_the_table_are_undefined_in_kernel_mode)
{
	for (uint32_t index = UNUSED_INDEX; index < PROXY_TABLE_MAX; index += 17) {
		check_undefined(SVC, 0xe0000000 | PROXY_MATCH | index << PROXY_INDEX_LOW);
		check_undefined(PSR_MODE_IRQ | PSR_MASKED,
				0xe0000000 | PROXY_MATCH | index << PROXY_INDEX_LOW);
		check_undefined(SVC, 0xe0000000 | HYPERCALL_MATCH | index << PROXY_INDEX_LOW);
	}
	check_undefined(SVC, 0xe0000000 | PROXY_MATCH | (PROXY_TABLE_MAX - 1) << PROXY_INDEX_LOW);
}

/* Any other CDP of CP15: kinds that do not exist, and bits that are zero in a proxy. */
GUEST_TEST(words_that_are_almost_proxies_are_undefined)
{
	for (uint32_t kind = 2; kind < 8; kind++)
		check_undefined(SVC, 0xee000f00 | kind << 5);
	for (uint32_t low = 1; low < 16; low++) {
		check_undefined(SVC, 0xee000f00 | low);
		check_undefined(SVC, 0xee000f20 | low);
		check_undefined(PSR_MODE_USR, 0xee000f00 | low);
	}
}

GUEST_TEST(the_mmu_is_switched_a_thousand_times)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, 0x11);
	mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_USER_RW, 0, 0));
	for (unsigned turn = 0; turn < 1000; turn++) {
		mmu_on(turn & 1 ? SCTLR_R : SCTLR_S);
		write32(TEST_VA, turn);
		mmu_off();
		EXPECT_EQ(turn, read32(GUEST_SCRATCH));
	}
}
