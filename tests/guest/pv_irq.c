/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts and other exceptions of a guest with paravirtual code: stores to PV_CTL that unmask,
 * system calls whose return sequence is interrupted anywhere and begun again, and what the entries of
 * struct pv_info find in the page.
 */
#include "tests/guest/pv_irq.h"
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SWI_VECTOR   0x28u
#define INTERRUPTS   4000u
#define BY_HAND      50u
#define UNMAPPED     0x48000000u

uint32_t irq_differences, irq_work, irq_work_done, irq_kernel_calls, irq_enough, irq_unmask_at;
unsigned irq_taken(unsigned from_program, uint32_t pc);
void irq_before_return(void);
uint32_t irq_calls(void), irq_unmask(volatile uint32_t *marker);
extern label irq_swi_vector, irq_behind_call, pv_restart_from, pv_return_site;
extern label irq_undefined, irq_abort, irq_jump, irq_undefined_thumb;
extern struct entered entered;

static unsigned taken[2]; /* from the kernel, from programs */
static unsigned at_restart, inside, behind_call;
static uint32_t delay;
static volatile uint32_t marker;
static bool by_hand, in_returns;

/** An interrupt at @p pc: called by both entries, in Supervisor mode, masked. Returns their number. */
unsigned irq_taken(unsigned from_program, uint32_t pc)
{
	EXPECT_EQ(PSR_MODE_SVC | PSR_I, cpsr_read() & 0xbf);
	taken[from_program]++;
	marker++;
	at_restart += pc == addr(pv_restart_from);
	inside += pc > addr(pv_restart_from) && pc <= addr(pv_return_site);
	behind_call += pc == addr(irq_behind_call);
	if (by_hand) {
		irq_soft_clear();
		irq_enough = taken[0] + taken[1] >= BY_HAND;
		return 0;
	}
	if (taken[0] + taken[1] < INTERRUPTS) {
		delay = delay * 5 + 3;
		timer_start(BOARD_TIMER, 1 + delay % 37, TIMER_INTEN | TIMER_ONESHOT);
	} else {
		timer_stop(BOARD_TIMER);
		irq_enough = 1;
	}
	return taken[0] + taken[1];
}

/** Called by the kernel of each system call, before its return. */
void irq_before_return(void)
{
	if (in_returns) {
		cpsr_write_control(PSR_MODE_SVC | PSR_I);
		irq_soft_raise();
	}
}

static void start(bool hand)
{
	irq_init();
	taken[0] = taken[1] = at_restart = inside = behind_call = 0;
	marker = 0;
	by_hand = hand;
	in_returns = false;
}

GUEST_TEST(a_store_that_unmasks_delivers_what_is_pending_at_once)
{
	start(true);
	interrupts_mask();
	cpsr_write_control(PSR_MODE_SVC | PSR_I); /* stubs leave F alone */
	irq_enable(BOARD_SOFT_IRQ);
	for (unsigned i = 1; i <= 100; i++) {
		tap_case("turn %u", i);
		irq_soft_raise();
		EXPECT_EQ(i - 1, marker);
		pv_write(PV_LOG + 4 * i, i); /* any other store to the page meanwhile */
		EXPECT_EQ(i, pv_read(PV_LOG + 4 * i));
		EXPECT_EQ(i - 1, marker);
		run_code(PSR_MODE_SVC | PSR_I, irq_abort, PSR_MODE_SVC | PSR_I, PV_PAGE + PV_CTL);
		EXPECT_EQ(i - 1, marker);
		cpsr_write_control(PSR_MODE_SVC | PSR_I);
		EXPECT_EQ(i, irq_unmask(&marker));
		EXPECT_EQ(i, taken[0]);
	}
	interrupts_mask();
	irq_work = 0;
	irq_init();
}

/* A program makes calls until there have been interrupts enough; all find what they should. */
static void make_calls(bool mmu)
{
	const uint32_t vector = read32(SWI_VECTOR);
	uint32_t calls;

	irq_differences = irq_work = irq_work_done = irq_kernel_calls = irq_enough = 0;
	write32(SWI_VECTOR, addr(irq_swi_vector));
	if (mmu) {
		mmu_tables_init();
		mmu_on(0);
	}
	calls = irq_calls();
	if (mmu)
		mmu_off();
	write32(SWI_VECTOR, vector);
	irq_init();

	EXPECT_EQ(0, irq_differences);
	EXPECT_EQ(calls, irq_kernel_calls);
	EXPECT_EQ(0, inside);
}

/*
 * QEMU looks for the timer's interrupt where it has ended a block of instructions, which is as it
 * happens. So here an interrupt waits while the return runs masked, and comes where it unmasks.
 */
static void interrupt_returns(uint32_t unmask_at, bool mmu)
{
	tap_case("unmasked at %u, MMU %u", (unsigned)unmask_at, mmu);
	start(true);
	in_returns = true;
	irq_unmask_at = unmask_at;
	irq_enable(BOARD_SOFT_IRQ);
	make_calls(mmu);
	irq_unmask_at = 0;

	EXPECT_EQ(BY_HAND, taken[0] + taken[1]);
	EXPECT_EQ(BY_HAND, irq_kernel_calls);
	if (unmask_at == UNMASK_FIRST || unmask_at == UNMASK_INSIDE)
		EXPECT_EQ(BY_HAND, at_restart);
	else
		EXPECT_EQ(BY_HAND, behind_call);
}

GUEST_TEST(an_interrupt_in_a_return_comes_before_it_or_after_it)
{
	for (unsigned mmu = 0; mmu < 2; mmu++) {
		interrupt_returns(0, mmu); /* the return itself unmasks */
		interrupt_returns(UNMASK_FIRST, mmu);
		interrupt_returns(UNMASK_INSIDE, mmu);
		interrupt_returns(UNMASK_AT_SITE, mmu);
	}
}

/* Whether it is taken by the interrupt that comes first, or one after the other: none is lost. */
static void interrupt_calls(bool mmu)
{
	start(false);
	irq_enable(BOARD_TIMER_IRQ);
	delay = 11;
	timer_start(BOARD_TIMER, 20, TIMER_INTEN | TIMER_ONESHOT);
	make_calls(mmu);

	EXPECT_EQ(INTERRUPTS, taken[0] + taken[1]);
	/* Work of several interrupts is done once; what the last call left has nobody to do it. */
	EXPECT_TRUE(irq_work_done + irq_work <= taken[0]);
	EXPECT_TRUE(irq_work_done > 0);
	EXPECT_TRUE(taken[0] > 10);
	EXPECT_TRUE(taken[1] > 10);
}

GUEST_TEST(a_return_that_is_interrupted_anywhere_is_one_step)
{
	interrupt_calls(false);
	interrupt_calls(true);
}

static const struct {
	const char *text;
	const uint32_t *code;
	uint32_t psr;
	uint32_t target;
	uint32_t index;
	int pc; /* PV_PC minus address of the code, or of the target if it is a jump */
} cases[] = {
	{ "und usr", irq_undefined, PSR_MODE_USR, 0, PV_ENTRY_UND_USR, 4 },
	{ "und usr thumb", irq_undefined_thumb, PSR_MODE_USR | PSR_T, 0, PV_ENTRY_UND_USR, 2 },
	{ "und svc", irq_undefined, PSR_MODE_SVC | PSR_I, 0, PV_ENTRY_UND_SVC, 4 },
	{ "und svc unmasked", irq_undefined, PSR_MODE_SVC, 0, PV_ENTRY_UND_SVC, 4 },
	{ "dabt usr", irq_abort, PSR_MODE_USR, UNMAPPED, PV_ENTRY_DABT_USR, 0 },
	{ "dabt usr, fiq masked", irq_abort, PSR_MODE_USR | PSR_F, UNMAPPED, PV_ENTRY_DABT_USR, 0 },
	{ "dabt svc", irq_abort, PSR_MODE_SVC | PSR_I, UNMAPPED + 4, PV_ENTRY_DABT_SVC, 0 },
	{ "dabt svc, fiq masked", irq_abort, PSR_MODE_SVC | PSR_F, UNMAPPED, PV_ENTRY_DABT_SVC, 0 },
	{ "pabt usr", irq_jump, PSR_MODE_USR, UNMAPPED, PV_ENTRY_PABT_USR, 0 },
	{ "pabt svc", irq_jump, PSR_MODE_SVC, UNMAPPED, PV_ENTRY_PABT_SVC, 0 },
};

GUEST_TEST(entries_find_the_exception_in_the_page)
{
	start(true);
	mmu_tables_init();
	mmu_on(0);
	for (unsigned turn = 0; turn < 2; turn++)
		for (unsigned i = 0; i < COUNT(cases); i++) {
			const uint32_t *const page = entered.page;
			const bool is_jump = cases[i].code == irq_jump;
			const bool is_abort = cases[i].code == irq_abort;

			tap_case("%s", cases[i].text);
			entered.index = ~0u;
			run_code(cases[i].psr, cases[i].code, 0x600d, cases[i].target);
			EXPECT_EQ(cases[i].index, entered.index);
			EXPECT_EQ(0x600d, entered.r[0]);
			EXPECT_EQ(cases[i].target, entered.r[1]);
			EXPECT_EQ(PSR_MODE_SVC | PSR_I | (cases[i].psr & PSR_F),
				  entered.cpsr & 0xff);
			EXPECT_EQ(cases[i].psr, page[PV_PSR / 4] & 0xff);
			EXPECT_EQ((is_jump ? cases[i].target : addr(cases[i].code)) + cases[i].pc,
				  page[PV_PC / 4]);
			EXPECT_EQ(PSR_MODE_SVC | PSR_I, page[PV_CTL / 4] & 0xff);
			if (is_abort) {
				EXPECT_EQ(cases[i].target, page[PV_FAR / 4]);
				EXPECT_EQ(PV_DFSR_STORE | FSR_TRANSLATION_SECTION,
					  page[PV_DFSR / 4]);
				EXPECT_EQ(cases[i].target, far_read());
			}
			if (is_jump)
				EXPECT_EQ(FSR_TRANSLATION_SECTION, page[PV_IFSR / 4]);
		}
	mmu_off();
}
