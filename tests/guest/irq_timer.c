/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts: the controller's view and the CPU's, masks, the moment an unmasked interrupt is
 * taken, nesting, and that an interrupted program notices nothing. Timers: that they count down,
 * run out, and do so once or again and again. No test looks at how long anything takes.
 */
#include "tests/guest/irq.h"

#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n)       (1u << (n))

extern label register_loop, thumb_loop;
uint32_t mode_loop(volatile uint32_t *flag);
void open_window(const volatile unsigned *counter, unsigned value);
uint32_t unmask_msr(volatile uint32_t *marker), unmask_msr_imm_flags(volatile uint32_t *marker);
uint32_t unmask_movs_pc(volatile uint32_t *marker), unmask_ldm_pc(volatile uint32_t *marker);
uint32_t unmask_subs_pc_to_user(volatile uint32_t *marker),
	unmask_mode_change(volatile uint32_t *marker);
uint32_t unmask_thumb_return(volatile uint32_t *marker);

/* What handlers saw, and what the interrupted code sees of them. */
static volatile uint32_t marker[3];
static uint32_t last_spsr;
static uint32_t last_cpsr;
static volatile unsigned timer_count;
static unsigned timer_limit;
static uint32_t timer_ticks;

static bool soft_interrupt(struct exception *e)
{
	last_spsr = e->spsr;
	last_cpsr = e->cpsr & 0xf80000ff;
	marker[0] = 0x1234;
	irq_soft_clear();
	e->lr -= 4;
	return exception_count[e->kind] < 1000;
}

/* Restarts the timer with a delay that differs each time, until there were enough interrupts. */
static bool timer_interrupt(struct exception *e)
{
	last_spsr = e->spsr;
	if (++timer_count < timer_limit) {
		timer_ticks = timer_ticks * 5 + 3;
		timer_start(BOARD_TIMER, 1 + timer_ticks % 37, TIMER_INTEN | TIMER_ONESHOT);
	} else {
		timer_stop(BOARD_TIMER);
		marker[0] = 1;
	}
	e->lr -= 4;
	return true;
}

static void start_timer_interrupts(unsigned limit)
{
	irq_init();
	timer_count = 0;
	timer_limit = limit;
	timer_ticks = 11;
	marker[0] = 0;
	exception_set_hook(KIND_IRQ, timer_interrupt);
	exception_set_hook(KIND_FIQ, timer_interrupt);
	timer_start(BOARD_TIMER, 20, TIMER_INTEN | TIMER_ONESHOT);
}

GUEST_TEST(a_raised_input_shows_in_the_controller_only_while_enabled)
{
	irq_init();
	EXPECT_EQ(0, irq_status() & BIT(BOARD_SOFT_IRQ));
	irq_soft_raise();
	EXPECT_EQ(BIT(BOARD_SOFT_IRQ), irq_raw_status() & BIT(BOARD_SOFT_IRQ));
	EXPECT_EQ(0, irq_status());
	irq_enable(BOARD_SOFT_IRQ);
	EXPECT_EQ(BIT(BOARD_SOFT_IRQ), irq_status());
	EXPECT_EQ(0, fiq_status());
	irq_enable_as_fiq(BOARD_SOFT_IRQ);
	EXPECT_EQ(0, irq_status());
	EXPECT_EQ(BIT(BOARD_SOFT_IRQ), fiq_status());
	irq_disable(BOARD_SOFT_IRQ);
	EXPECT_EQ(0, irq_status() | fiq_status());
	irq_soft_clear();
	EXPECT_EQ(0, irq_raw_status() & BIT(BOARD_SOFT_IRQ));
}

GUEST_TEST(an_interrupt_is_taken_once_when_it_is_unmasked)
{
	irq_init();
	exception_set_hook(KIND_IRQ, soft_interrupt);
	irq_enable(BOARD_SOFT_IRQ);
	for (unsigned turn = 1; turn < 5; turn++) {
		irq_soft_raise();
		EXPECT_EQ(turn - 1, exception_count[KIND_IRQ]);
		interrupts_unmask(PSR_I);
		interrupts_mask();
		EXPECT_EQ(turn, exception_count[KIND_IRQ]);
		EXPECT_EQ(PSR_MODE_SVC | PSR_F, last_spsr & 0xff);
		EXPECT_EQ(PSR_MODE_IRQ | PSR_MASKED, last_cpsr & 0xff);
	}
	EXPECT_EQ(0, exception_count[KIND_FIQ]);
	irq_init();
}

GUEST_TEST(a_raised_interrupt_is_taken_before_the_code_goes_on)
{
	irq_init();
	exception_set_hook(KIND_IRQ, soft_interrupt);
	irq_enable(BOARD_SOFT_IRQ);
	interrupts_unmask(PSR_I);
	for (unsigned turn = 1; turn < 20; turn++) {
		irq_soft_raise();
		(void)irq_raw_status(); /* the store has reached the controller */
		EXPECT_EQ(turn, exception_count[KIND_IRQ]);
	}
	interrupts_mask();
	irq_init();
}

GUEST_TEST(fiq_has_its_own_mask_and_masks_both)
{
	irq_init();
	exception_set_hook(KIND_FIQ, soft_interrupt);
	irq_enable_as_fiq(BOARD_SOFT_IRQ);
	irq_soft_raise();
	interrupts_unmask(PSR_I);
	EXPECT_EQ(0, exception_count[KIND_FIQ]);
	interrupts_unmask(PSR_F);
	EXPECT_EQ(1, exception_count[KIND_FIQ]);
	EXPECT_EQ(PSR_MODE_SVC, last_spsr & 0xff);
	EXPECT_EQ(PSR_MODE_FIQ | PSR_MASKED, last_cpsr & 0xff);
	interrupts_mask();
	EXPECT_EQ(0, exception_count[KIND_IRQ]);
	irq_init();
}

static unsigned order;
static unsigned fiq_order;
static unsigned irq_order;

static bool note_irq(struct exception *e)
{
	irq_order = ++order;
	timer_stop(BOARD_TIMER);
	e->lr -= 4;
	return true;
}

static bool note_fiq(struct exception *e)
{
	fiq_order = ++order;
	irq_soft_clear();
	e->lr -= 4;
	return true;
}

GUEST_TEST(fiq_is_taken_before_irq)
{
	irq_init();
	exception_set_hook(KIND_IRQ, note_irq);
	exception_set_hook(KIND_FIQ, note_fiq);
	irq_enable(BOARD_TIMER_IRQ);
	irq_enable_as_fiq(BOARD_SOFT_IRQ);
	order = 0;
	timer_start(BOARD_TIMER, 1, TIMER_INTEN | TIMER_ONESHOT);
	while (!irq_status())
		;
	irq_soft_raise();
	interrupts_unmask(PSR_MASKED);
	interrupts_mask();
	EXPECT_EQ(1, fiq_order);
	EXPECT_EQ(2, irq_order);
	irq_init();
}

/* The SWI at the end of the code that went to User mode. */
static bool back_to_svc(struct exception *e)
{
	e->spsr = SVC;
	return true;
}

GUEST_TEST(every_way_to_unmask_takes_the_interrupt_before_the_next_instruction)
{
	static const struct {
		const char *text;
		uint32_t (*run)(volatile uint32_t *marker);
		uint32_t psr; /* interrupted */
	} cases[] = {
		/* clang-format off */
		{ "msr cpsr_c",       unmask_msr,             PSR_MODE_SVC | PSR_F },
		{ "msr cpsr_fc",      unmask_msr_imm_flags,   PSR_MODE_SVC | PSR_F },
		{ "movs pc",          unmask_movs_pc,         PSR_MODE_SVC | PSR_F },
		{ "subs pc to user",  unmask_subs_pc_to_user, PSR_MODE_USR },
		{ "ldm ^",            unmask_ldm_pc,          PSR_MODE_SVC | PSR_F },
		{ "mode change",      unmask_mode_change,     PSR_MODE_SYS | PSR_F },
		{ "movs pc to thumb", unmask_thumb_return,    PSR_MODE_SVC | PSR_F | PSR_T },
		/* clang-format on */
	};

	irq_init();
	exception_set_hook(KIND_IRQ, soft_interrupt);
	exception_set_hook(KIND_SWI, back_to_svc);
	irq_enable(BOARD_SOFT_IRQ);
	for (unsigned turn = 0; turn < 3; turn++)
		for (unsigned i = 0; i < COUNT(cases); i++) {
			tap_case("%s", cases[i].text);
			marker[0] = 0;
			exception_count[KIND_IRQ] = 0;
			irq_soft_raise();
			EXPECT_EQ(0x1234, cases[i].run(marker));
			EXPECT_EQ(1, exception_count[KIND_IRQ]);
			EXPECT_EQ(cases[i].psr, last_spsr & 0xff);
		}
	irq_init();
}

static volatile unsigned inner_count;

static bool outer_interrupt(struct exception *e)
{
	if (irq_status() & BIT(BOARD_TIMER_2_IRQ)) {
		timer_stop(BOARD_TIMER_2);
		inner_count++;
	} else {
		const unsigned before = inner_count;

		irq_soft_clear();
		timer_start(BOARD_TIMER_2, 5, TIMER_INTEN | TIMER_ONESHOT);
		open_window(&inner_count, before + 1);
		marker[0]++;
	}
	e->lr -= 4;
	return true;
}

GUEST_TEST(an_interrupt_nests_in_the_handler_of_another)
{
	irq_init();
	inner_count = 0;
	marker[0] = 0;
	exception_set_hook(KIND_IRQ, outer_interrupt);
	irq_enable(BOARD_SOFT_IRQ);
	irq_enable(BOARD_TIMER_2_IRQ);
	for (unsigned turn = 1; turn < 10; turn++) {
		irq_soft_raise();
		interrupts_unmask(PSR_I);
		interrupts_mask();
		EXPECT_EQ(turn, marker[0]);
		EXPECT_EQ(turn, inner_count);
		EXPECT_EQ(2 * turn, exception_count[KIND_IRQ]);
	}
	irq_init();
}

GUEST_TEST(a_one_shot_timer_runs_out_once)
{
	start_timer_interrupts(1);
	irq_enable(BOARD_TIMER_IRQ);
	interrupts_unmask(PSR_I);
	while (!marker[0])
		;
	interrupts_mask();
	timer_start(BOARD_TIMER_2, 200, TIMER_ONESHOT);
	while (!(read32(BOARD_TIMER_2 + TIMER_RIS) & 1))
		;
	EXPECT_EQ(1, timer_count);
	EXPECT_EQ(1, exception_count[KIND_IRQ]);
	irq_init();
}

static bool periodic_interrupt(struct exception *e)
{
	write32(BOARD_TIMER + TIMER_INTCLR, 1);
	timer_count++;
	e->lr -= 4;
	return true;
}

GUEST_TEST(a_periodic_timer_runs_out_again_and_again)
{
	irq_init();
	timer_count = 0;
	exception_set_hook(KIND_IRQ, periodic_interrupt);
	irq_enable(BOARD_TIMER_IRQ);
	timer_start(BOARD_TIMER, 100, TIMER_INTEN | TIMER_PERIODIC);
	interrupts_unmask(PSR_I);
	while (timer_count < 25)
		;
	interrupts_mask();
	timer_stop(BOARD_TIMER);
	timer_count = 0;
	interrupts_unmask(PSR_I);
	interrupts_mask();
	EXPECT_EQ(0, timer_count);
	irq_init();
}

GUEST_TEST(a_timer_counts_down_and_its_status_follows)
{
	uint32_t last;

	irq_init();
	timer_start(BOARD_TIMER, 0x00ffffff, TIMER_ONESHOT);
	last = read32(BOARD_TIMER + TIMER_VALUE);
	EXPECT_TRUE(last <= 0x00ffffff);
	for (unsigned i = 0; i < 200; i++) {
		const uint32_t now = read32(BOARD_TIMER + TIMER_VALUE);

		EXPECT_TRUE(now <= last);
		last = now;
	}
	while (read32(BOARD_TIMER + TIMER_VALUE) == last)
		;
	EXPECT_EQ(0, read32(BOARD_TIMER + TIMER_RIS));

	timer_start(BOARD_TIMER, 3, TIMER_ONESHOT); /* interrupt disabled in the timer */
	while (!(read32(BOARD_TIMER + TIMER_RIS) & 1))
		;
	EXPECT_EQ(0, read32(BOARD_TIMER + TIMER_MIS));
	EXPECT_EQ(0, irq_raw_status() & BIT(BOARD_TIMER_IRQ));
	write32(BOARD_TIMER + TIMER_CONTROL, TIMER_32BIT | TIMER_INTEN);
	EXPECT_EQ(1, read32(BOARD_TIMER + TIMER_MIS));
	EXPECT_EQ(BIT(BOARD_TIMER_IRQ), irq_raw_status() & BIT(BOARD_TIMER_IRQ));
	write32(BOARD_TIMER + TIMER_INTCLR, 0);
	EXPECT_EQ(0, read32(BOARD_TIMER + TIMER_RIS));
	EXPECT_EQ(0, irq_raw_status() & BIT(BOARD_TIMER_IRQ));
	irq_init();
}

GUEST_TEST(timer_registers_hold_what_is_written)
{
	irq_init();
	/*
	 * A free-running timer of QEMU takes no LOAD value; a periodic one does, as all of the
	 * SP804.
	 */
	write32(BOARD_TIMER + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
	write32(BOARD_TIMER_2 + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
	for (uint32_t i = 1; i < 6; i++) {
		write32(BOARD_TIMER + TIMER_LOAD, i * 0x01020304);
		write32(BOARD_TIMER_2 + TIMER_LOAD, i * 0x04030201);
		EXPECT_EQ(i * 0x01020304, read32(BOARD_TIMER + TIMER_LOAD));
		EXPECT_EQ(i * 0x01020304, read32(BOARD_TIMER + TIMER_VALUE));
		EXPECT_EQ(i * 0x04030201, read32(BOARD_TIMER_2 + TIMER_VALUE));
		write32(BOARD_TIMER + TIMER_BGLOAD, i * 0x00112233);
		EXPECT_EQ(i * 0x00112233, read32(BOARD_TIMER + TIMER_LOAD));
		EXPECT_EQ(i * 0x00112233, read32(BOARD_TIMER + TIMER_BGLOAD));
	}
	write32(BOARD_TIMER + TIMER_CONTROL, TIMER_PERIODIC | TIMER_INTEN | TIMER_32BIT);
	EXPECT_EQ(TIMER_PERIODIC | TIMER_INTEN | TIMER_32BIT, read32(BOARD_TIMER + TIMER_CONTROL));
	irq_init();
}

GUEST_TEST(wait_for_interrupt_waits_for_one)
{
	start_timer_interrupts(1);
	irq_enable(BOARD_TIMER_IRQ);
	for (unsigned turn = 1; turn <= 8; turn++) {
		tap_case("turn %u", turn);
		timer_start(BOARD_TIMER, 100 * turn, TIMER_INTEN | TIMER_ONESHOT);
		while (!(irq_raw_status() & BIT(BOARD_TIMER_IRQ)))
			wait_for_interrupt(); /* masked: wakes up, is not taken */
		EXPECT_EQ(turn - 1, timer_count);
		interrupts_unmask(PSR_I);
		interrupts_mask();
		EXPECT_EQ(turn, timer_count);
	}
	irq_init();
}

GUEST_TEST(interrupted_code_keeps_its_registers_and_flags_in_every_mode)
{
	static const uint8_t modes[] = { PSR_MODE_USR, PSR_MODE_SVC, PSR_MODE_SYS,
					 PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_FIQ };

	for (unsigned i = 0; i < COUNT(modes); i++)
		for (unsigned fiq = 0; fiq < 2; fiq++)
			for (unsigned thumb = 0; thumb < 2; thumb++) {
				const uint32_t psr =
					modes[i] | (fiq ? 0 : PSR_F) | (thumb ? PSR_T : 0);

				if (fiq && modes[i] == PSR_MODE_FIQ) /* its lr is the handler's */
					continue;
				tap_case("psr 0x%x, %s", psr, fiq ? "fiq" : "irq");
				start_timer_interrupts(60);
				if (fiq)
					irq_enable_as_fiq(BOARD_TIMER_IRQ);
				else
					irq_enable(BOARD_TIMER_IRQ);
				run_code(psr, thumb ? thumb_loop : register_loop, addr(marker), 0);
				EXPECT_EQ(KIND_RETURNED, seen.kind);
				EXPECT_EQ(0, seen.r[0]);
				EXPECT_EQ(psr, last_spsr & 0xff);
				EXPECT_EQ(60, exception_count[fiq ? KIND_FIQ : KIND_IRQ]);
				exception_reset();
			}
	irq_init();
}

GUEST_TEST(interrupted_mode_changes_keep_all_banks)
{
	start_timer_interrupts(400);
	irq_enable(BOARD_TIMER_IRQ);
	EXPECT_EQ(0, mode_loop(marker));
	EXPECT_EQ(400, timer_count);
	exception_reset();
	irq_init();
}

GUEST_TEST(a_masked_spin_is_not_interrupted)
{
	start_timer_interrupts(1);
	irq_enable(BOARD_TIMER_IRQ);
	while (!(irq_status() & BIT(BOARD_TIMER_IRQ)))
		;
	for (volatile unsigned i = 0; i < 10000; i++)
		;
	EXPECT_EQ(0, timer_count);
	interrupts_unmask(PSR_I);
	interrupts_mask();
	EXPECT_EQ(1, timer_count);
	irq_init();
}

#define UART_IMSC 0x38
#define UART_RIS  0x3c
#define UART_MIS  0x40
#define UART_ICR  0x44
#define UART_TX   0x20

GUEST_TEST(the_uart_interrupts_when_it_has_transmitted)
{
	irq_init();
	write32(BOARD_UART + UART_IMSC, 0);
	write32(BOARD_UART + UART_ICR, 0x7ff);
	EXPECT_EQ(0, read32(BOARD_UART + UART_RIS) & UART_TX);
	tap_printf("# a line to transmit\n");
	while (!(read32(BOARD_UART + UART_RIS) & UART_TX))
		;
	EXPECT_EQ(0, read32(BOARD_UART + UART_MIS));
	EXPECT_EQ(0, irq_raw_status() & BIT(BOARD_UART_IRQ));
	write32(BOARD_UART + UART_IMSC, UART_TX);
	EXPECT_EQ(UART_TX, read32(BOARD_UART + UART_MIS));
	EXPECT_EQ(BIT(BOARD_UART_IRQ), irq_raw_status() & BIT(BOARD_UART_IRQ));
	irq_enable(BOARD_UART_IRQ);
	EXPECT_EQ(BIT(BOARD_UART_IRQ), irq_status());
	write32(BOARD_UART + UART_ICR, UART_TX);
	EXPECT_EQ(0, irq_status());
	write32(BOARD_UART + UART_IMSC, 0);
	irq_init();
}
