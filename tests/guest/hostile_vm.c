/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hostile one of several VMs (tests/qemu/test_vms_hostile.py). It reads lines from its console,
 *
 *	NAME SEED COUNT
 *
 * and makes the attack of that name, so often or so long, with random numbers that the seed decides.
 * Then it says what came of it and presses its reset button. It tells devices to write above
 * GUEST_SCRATCH only, where its program is not; but what they write over descriptors may say otherwise,
 * and so may rings that lie over each other: an index of 1 is address 1 << 16 in the descriptor there
 * (rings 1040 4000). With such seeds it ruins itself, as it may. Its reset brings the program back.
 *
 * Built as hostile_busy it waits for nobody: it attacks from the start, each time with another seed.
 */
#include "tests/guest/hostile_vm.h"

#include "tests/guest/cp15.h"
#include "tests/guest/irq.h"
#include "tests/guest/keys.h"
#include "tests/guest/mmu.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/restart.h"
#include "tests/guest/tap.h"
#include "tests/xorshift.h"

#include "arch/arm/layout.h"

#define SVC (PSR_MODE_SVC | PSR_MASKED)

#define UART_DR 0x00

#define LINE_MAX 64

extern const uint32_t hostile_busy[]; /* its address is 1 in the program that waits for nobody */
extern const uint32_t guest_text_end[];
extern label hostile_load, hostile_store, hostile_load_byte, hostile_store_byte,
	hostile_load_double, hostile_store_double, hostile_load_many, hostile_store_many,
	hostile_swap, hostile_load_user, hostile_store_user, hostile_calls, hostile_load_half,
	hostile_store_half, hostile_load_signed, hostile_swap_byte;

/* ---- random numbers ---------------------------------------------------------------------------- */

static uint32_t state = 1;

static void seed(uint32_t number)
{
	state = (number + 1) * 0x9e3779b9u | 1u;
}

uint32_t any(void)
{
	return xorshift32(&state);
}

uint32_t below(uint32_t limit)
{
	return any() % limit;
}

bool one_in(uint32_t n)
{
	return below(n) == 0;
}

/** Numbers at which something ends, and those beside them. */
uint32_t any_value(void)
{
	static const uint32_t edges[] = {
		0,           0x10000000,  BOARD_UART,    BOARD_PIC,  BOARD_TIMER,
		0x7fffffff,  0x80000000,  GUEST_SCRATCH, RAM_END,    VMM_BASE,
		VMM_POOL,    VMM_IMAGE,   VMM_WINDOWS,   VMM_END,    PV_PAGE,
		VIRTIO_BASE, 0xffff0000u, 0x08000000,    0xfffff000, 0x1000,
	};

	switch (below(4)) {
	case 0:
		return any();
	case 1:
		return edges[below(COUNT(edges))];
	case 2:
		return edges[below(COUNT(edges))] + below(64) - 32;
	default:
		return any() >> below(32);
	}
}

/** Any address that a device may be told to write to. */
uint32_t any_target(void)
{
	const uint32_t at = any_value();

	return at < GUEST_SCRATCH ? at | GUEST_SCRATCH : at;
}

/* ---- registers and hypercalls ------------------------------------------------------------------ */

/** Every kind of access at every offset of the windows of the VM's models. */
static void registers(uint32_t count)
{
	static const uint32_t *const steps[] = {
		hostile_load,       hostile_store,      hostile_store,       hostile_store,
		hostile_load_byte,  hostile_store_byte, hostile_load_double, hostile_store_double,
		hostile_load_many,  hostile_store_many, hostile_swap,        hostile_load_user,
		hostile_store_user, hostile_load_half,  hostile_store_half,  hostile_load_signed,
		hostile_swap_byte,
	};
	static const uint32_t others[] = { BOARD_PIC, BOARD_SIC, BOARD_TIMER_PAGE, 0x10000000,
					   0xf0000000 };
	uint32_t aborts = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = VIRTIO_BASE + below(VIRTIO_DEVICES + 1) * VIRTIO_STEP;

		at += one_in(2) ? below(0x110) : below(VIRTIO_STEP);
		if (one_in(8))
			at = others[below(COUNT(others))] + below(0x1000);
		if (!one_in(4))
			at &= ~3u;
		run_code(SVC, steps[below(COUNT(steps))], one_in(2) ? below(16) : any_value(), at);
		aborts += seen.kind == KIND_DABT;
	}
	EXPECT_TRUE(aborts > 0); /* where there is no device */
	tap_printf("# %u accesses, %u aborts\n", count, aborts);
}

/** Any hypercall, in any mode, with any arguments; the MMU on and off. */
static void calls(uint32_t count)
{
	static const uint8_t modes[] = { PSR_MODE_SVC, PSR_MODE_SVC, PSR_MODE_SYS, PSR_MODE_IRQ,
					 PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_FIQ, PSR_MODE_USR };
	uint32_t refused = 0;

	for (uint32_t i = 0; i < count; i++) {
		const unsigned number = below(PV_HC_COUNT);
		const unsigned mode = modes[below(COUNT(modes))];
		const uint32_t args[4] = { number == PV_HC_SWITCH_MM
						   ? addr(l1_table[any() & 1]) | (any() & 0x3fff)
						   : any_value(),
					   any_value(), any_value(), 0 };

		if (i % 256 == 0) {
			if (mmu_is_on())
				mmu_off();
			mmu_tables_init();
			mmu_flat_map(l1_table[1]);
			if (i % 512 == 0)
				mmu_on(0);
		}
		run_code4(mode == PSR_MODE_USR ? mode : mode | PSR_MASKED,
			  addr(hostile_calls) + 8 * number, args);
		refused += seen.kind == KIND_UNDEF;
	}
	EXPECT_TRUE(refused > 0); /* those of User mode */
	tap_printf("# %u hypercalls, %u refused\n", count, refused);
}

/** No table is where this leads: the vectors are gone with it, and the VM is stopped. */
static void lost(uint32_t count)
{
	mmu_tables_init();
	mmu_on(0);
	for (;;) {
		const uint32_t args[4] = { any_target(), 0, 0, 0 };

		run_code4(SVC, addr(hostile_calls) + 8 * PV_HC_SWITCH_MM, args);
	}
}

/* ---- floods and storms ------------------------------------------------------------------------- */

/** Text for ever; half of it without a look at whether the UART can take it. */
static void console(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		tap_printf("# line %08u of the flood\n", i);
		for (unsigned n = 0; n < 32; n++)
			write32(BOARD_UART + UART_DR, n == 31 ? '\n' : ' ' + below(95));
	}
}

static uint32_t storm_left;
static void (*storm_answer)(void);

static bool storm_again(struct exception *e)
{
	if (storm_left == 0 || --storm_left == 0)
		irq_init();
	else
		storm_answer();
	e->lr -= 4;
	return true;
}

static void run_storm(uint32_t count, void (*answer)(void))
{
	storm_left = count;
	storm_answer = answer;
	exception_set_hook(KIND_IRQ, storm_again);
	interrupts_unmask(PSR_I);
	while (*(volatile uint32_t *)&storm_left)
		;
	interrupts_mask();
	tap_printf("# %u interrupts\n", exception_count[KIND_IRQ]);
}

static void not_answered(void)
{
}

static void timer_answered(void)
{
	write32(BOARD_TIMER + TIMER_INTCLR, 0);
}

/** An interrupt that is never over. */
static void interrupts(uint32_t count)
{
	irq_enable(BOARD_SOFT_IRQ);
	irq_soft_raise();
	run_storm(count, not_answered);
}

/** The fastest that a timer can be. */
static void timer(uint32_t count)
{
	irq_enable(BOARD_TIMER_IRQ);
	timer_start(BOARD_TIMER, 1, TIMER_INTEN | TIMER_PERIODIC);
	run_storm(count, timer_answered);
}

/** Interrupts masked, and no end: until somebody presses the reset button. */
static void spin(uint32_t count)
{
	for (;;)
		;
}

/** There is no memory where its vectors are from now on, so it cannot take the abort. */
static void die(uint32_t count)
{
	sctlr_write(sctlr_read() | SCTLR_V);
	((void (*)(void))0x50000000)();
}

/* ---- memory ------------------------------------------------------------------------------------ */

#define PATTERN 0x9e3779b9u

static uint32_t key_of_pattern;

/** A pattern of this VM's own in all memory that the program does not need, which ends at @p count. */
static void fill(uint32_t count)
{
	for (uint32_t at = GUEST_SCRATCH; at < count; at += 4)
		write32(at, PATTERN ^ key_of_pattern);
}

/** How much of a pattern is in its memory, which ends at @p count? */
static void search(uint32_t count)
{
	uint32_t found = 0;

	for (uint32_t at = 0; at < count; at += 4)
		found += (read32(at) ^ key_of_pattern) == PATTERN;
	tap_printf("# found %u words of pattern %u\n", found, key_of_pattern);
}

/* ---- what it is told --------------------------------------------------------------------------- */

static void mix(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		rings(64);
		frames(32);
		registers(500);
	}
}

static const struct attack {
	const char *name;
	void (*run)(uint32_t count);
} attacks[] = {
	{ "rings", rings },
	{ "frames", frames },
	{ "registers", registers },
	{ "calls", calls },
	{ "console", console },
	{ "timer", timer },
	{ "spin", spin },
	{ "interrupts", interrupts },
	{ "die", die },
	{ "lost", lost },
	{ "fill", fill },
	{ "search", search },
	{ "mix", mix },
};

static uint32_t program_checksum(void)
{
	uint32_t sum = 0;

	for (uint32_t at = 0x00010000; at < addr(guest_text_end); at += 4)
		sum = (sum << 1 | sum >> 31) ^ read32(at);
	return sum;
}

static void make(const struct attack *attack, uint32_t number, uint32_t count)
{
	const uint32_t checksum = program_checksum();

	tap_printf("# begins %s %u %u\n", attack->name, number, count);
	exception_reset();
	seed(number);
	key_of_pattern = number;
	attack->run(count);
	if (mmu_is_on())
		mmu_off();
	virtio_all_off();
	if (checksum != program_checksum())
		tap_printf("# it has ruined itself\n");
	tap_printf("# over %s %u\n", attack->name, number);
}

static void read_line(char line[LINE_MAX])
{
	unsigned length = 0;
	char c;

	while ((c = next_key()) != '\r' && c != '\n')
		if (length < LINE_MAX - 1)
			line[length++] = c;
	line[length] = '\0';
	irq_init();
}

/** The word at the beginning of @p *text if it is @p word; moves on behind it. */
static bool takes_word(const char **text, const char *word)
{
	const char *at = *text;

	while (*word && *at == *word)
		at++, word++;
	if (*word || *at != ' ')
		return false;
	*text = at + 1;
	return true;
}

static uint32_t take_number(const char **text)
{
	uint32_t number = 0;

	while (**text == ' ')
		++*text;
	while (**text >= '0' && **text <= '9')
		number = number * 10 + (uint32_t)(*(*text)++ - '0');
	return number;
}

static void obey(const char *line)
{
	for (unsigned i = 0; i < COUNT(attacks); i++) {
		const char *rest = line;

		if (takes_word(&rest, attacks[i].name)) {
			const uint32_t number = take_number(&rest);

			make(&attacks[i], number, take_number(&rest));
			return;
		}
	}
	tap_printf("# what is '%s'?\n", line);
}

GUEST_TEST(it_attacks_as_it_is_told)
{
	char line[LINE_MAX];

	irq_init();
	if (addr(hostile_busy) == 1) {
		const uint32_t runs = read32(RESTART_STATE) + 1;

		write32(RESTART_STATE, runs);
		make(&attacks[COUNT(attacks) - 1], runs, 0xffffffffu);
	}
	tap_printf("# what is to be done?\n");
	read_line(line);
	obey(line);
	press_reset();
}
