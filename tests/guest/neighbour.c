/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A neighbour of other VMs (tests/qemu/test_vms.py). It does as it is told by a key at its console:
 *
 *	s  spins with interrupts masked, and counts its turns in the first word of GUEST_SCRATCH
 *	d  dies: it makes its VMM stop it
 *	f  prints numbered lines for ever
 *	i  has an interrupt that is never over
 *	p  powers off
 *	r  presses its reset button
 *
 * Built as `spinner`, it spins at once.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/irq.h"
#include "tests/guest/keys.h"
#include "tests/guest/tap.h"

#define GPA_NOTHING 0x50000000u

/* By the linker, from the program's name: not 0 is a key that was typed already. */
extern const char neighbour_key;

static void spin(void)
{
	volatile uint32_t *const turns = (volatile uint32_t *)GUEST_SCRATCH;

	interrupts_mask();
	for (*turns = 0;; ++*turns)
		;
}

/* There is no memory where its vectors are from now on, so it cannot take the abort. */
static void die(void)
{
	sctlr_write(sctlr_read() | SCTLR_V);
	((void (*)(void))GPA_NOTHING)();
}

static void flood(void)
{
	for (unsigned line = 0;; line++)
		tap_printf("# line %08u of the flood\n", line);
}

static bool interrupt_again(struct exception *e)
{
	volatile uint32_t *const turns = (volatile uint32_t *)GUEST_SCRATCH;

	++*turns;
	e->lr -= 4;
	return true;
}

static void storm(void)
{
	exception_set_hook(TRAP_IRQ, interrupt_again);
	irq_enable(BOARD_SOFT_IRQ);
	irq_soft_raise();
	interrupts_unmask(PSR_I);
	for (;;)
		;
}

static void power_off(void)
{
	guest_exit(0);
}

static void reset(void)
{
	write32(BOARD_RESET_LOCK, BOARD_RESET_KEY);
	write32(BOARD_RESET, BOARD_RESET_VALUE);
}

static const struct {
	char key;
	void (*act)(void);
} deeds[] = {
	{ 's', spin },  { 'd', die },       { 'f', flood },
	{ 'i', storm }, { 'p', power_off }, { 'r', reset },
};

static void do_deed(char key)
{
	for (unsigned i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (deeds[i].key == key) {
			tap_printf("# does %c\n", key);
			deeds[i].act();
		}
	}
}

GUEST_TEST(it_does_as_it_is_told)
{
	irq_init();
	do_deed((char)addr(&neighbour_key));
	for (;;) {
		tap_printf("# waits for a key\n");
		do_deed(next_key());
	}
}
