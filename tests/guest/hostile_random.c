/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random instruction words, executed in user mode and in all kernel modes, with random registers.
 * They lie in data that no rewriter looks at, a few in a row with SWIs around them; a timer ends
 * those that loop. What they do is nobody's business but the program's own memory, which is
 * read-only for them, must be unchanged at the end - and, under the VMM, the VMM's, which it
 * checks itself.
 *
 * Words that would move the program's own floor are not executed in kernel mode: MCR to the control
 * register, the table base, the domains and the FCSE. hostile_attack.c does that on purpose.
 *
 * The linker provides the seed: hostile_random_N is this program with seed N.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"
#include "tests/xorshift.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB          0x00100000u

/*
 * Of each program: four of them make a million. Kernel rows cost more, since the domains change
 * twice for each.
 */
#define USER_WORDS   200000u
#define KERNEL_WORDS 50000u

/* SWI in ARM state, and in Thumb state as its first halfword. */
#define ARENA_FILL    0xef00df57u
#define ARENA_VA      0x60000000u
#define ARENA_WORDS   1024u
#define PLAYGROUND_VA 0x00300000u

/* Random words in a row; an exception ends the row. */
#define ROW_WORDS 8u

/* Domain 0 is what the words may touch, 1 the program, 2 the devices. */
#define DACR_PROGRAM 0xffffffffu /* all open, for the program under kernel words */
#define DACR_USER    0x15u       /* all client, always */
#define DACR_KERNEL  0x5u        /* while kernel words run: the program client, devices closed */

extern uint32_t hostile_seed[]; /* its address is the seed */
extern label random_user_vectors, random_kernel_vectors;
extern const uint32_t guest_text_end[];
void random_run(void);
void random_stop(void) __attribute__((noreturn));
void random_enter(const uint32_t registers[16], uint32_t psr, uint32_t dacr)
	__attribute__((noreturn));
void random_next(unsigned kind, uint32_t lr) __attribute__((noreturn));

static uint32_t arena[ARENA_WORDS] __attribute__((aligned(4096)));
static uint32_t registers[16];
static uint32_t state; /* of the random generator */
static uint32_t words_left;
static unsigned slot; /* of the arena: where the row begins */
static bool user_mode;
static unsigned kinds[TRAP_KIND_COUNT];

static uint32_t next_random(void)
{
	return xorshift32(&state);
}

/* Addresses that matter and numbers that do not. */
static uint32_t next_register(void)
{
	const uint32_t value = next_random();

	switch (next_random() >> 29) {
	case 0:
	case 1:
		return value;
	case 2:
		return PLAYGROUND_VA + (value & 0xffffc);
	case 3:
		return PLAYGROUND_VA + (value & 0xff000) + 0xff0 + (value & 0xf);
	case 4:
		return 0xffa00000u + (value & 0x3fffff); /* the VMM, if there is one */
	case 5:
		return ARENA_VA + (value & 0xfff);
	case 6:
		return value & 0xff;
	default:
		return BOARD_TIMER_PAGE + (value & 0xffc);
	}
}

/* MCR of CP15 to c1, c2, c3 and c13. */
static bool moves_the_floor(uint32_t word)
{
	const uint32_t crn = word >> 16 & 0xf;

	return (word & 0x0f100f10) == 0x0e000f10 && ((crn >= 1 && crn <= 3) || crn == 13);
}

static uint32_t next_word(void)
{
	uint32_t word;

	do
		word = next_random();
	while (!user_mode && moves_the_floor(word));
	return word;
}

/*
 * Words of the row that were executed, given the exception that ended it. Where a branch went,
 * only the first is certain.
 */
static uint32_t words_done(unsigned kind, uint32_t lr)
{
	static const uint8_t lr_offset[TRAP_KIND_COUNT] = { 0, 4, 4, 4, 8, 0, 4, 4 };
	const uint32_t index = (lr - lr_offset[kind] - (ARENA_VA + 4 * slot)) / 4;

	if (index < ROW_WORDS)
		return index + 1;
	return index == ROW_WORDS ? ROW_WORDS : 1;
}

/** Called after every exception, with all memory open: prepares the next row and enters it. */
void random_next(unsigned kind, uint32_t lr)
{
	static const uint8_t kernel_modes[] = {
		PSR_MODE_SVC, PSR_MODE_SVC, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND, PSR_MODE_FIQ,
	};
	const uint32_t done = kind ? words_done(kind, lr) : 0;
	uint32_t psr = PSR_MODE_USR;

	kinds[kind]++;
	if (kind == KIND_IRQ)
		write32(BOARD_TIMER + TIMER_INTCLR, 1);
	for (unsigned i = 0; i < ROW_WORDS; i++)
		arena[slot + i] = ARENA_FILL;
	if (words_left <= done) {
		words_left = 0;
		random_stop();
	}
	words_left -= done;

	slot = 8 + next_random() % (ARENA_WORDS - 16 - ROW_WORDS);
	for (unsigned i = 0; i < ROW_WORDS; i++)
		arena[slot + i] = next_word();
	for (unsigned i = 0; i < 15; i++)
		registers[i] = next_register();
	registers[15] = ARENA_VA + 4 * slot;
	if (!user_mode)
		psr = kernel_modes[next_random() % COUNT(kernel_modes)];
	drain_write_buffer();
	random_enter(registers, psr | (next_random() & 0xf8000000), DACR_KERNEL);
}

static void map_for_random_words(void)
{
	const unsigned program_ap = user_mode ? AP_PRIV : AP_SR;

	mmu_tables_init();
	for (uint32_t at = 0; at < PLAYGROUND_VA; at += MIB)
		mmu_set(&l1_table[0][at >> 20], desc_section(at, program_ap, 1, 0));
	for (uint32_t i = 4; i < L1_ENTRIES; i++)
		if (l1_table[0][i])
			mmu_set(&l1_table[0][i], desc_section(i << 20, AP_PRIV, 2, 0));
	for (unsigned i = 0; i < ARENA_WORDS; i++)
		arena[i] = ARENA_FILL;
	mmu_set(&l2_table[0][0], desc_small(addr(arena), user_mode ? AP_USER_RO : AP_SR, 0));
	mmu_set(&l1_table[0][ARENA_VA >> 20], desc_coarse(addr(l2_table[0]), 1));
	dacr_write(user_mode ? DACR_USER : DACR_PROGRAM);
}

static uint32_t program_checksum(void)
{
	uint32_t sum = 0;

	for (uint32_t at = 0x00010000; at < addr(guest_text_end); at += 4)
		sum = (sum << 1 | sum >> 31) ^ read32(at);
	return sum;
}

/**
 * Random words cause each of these: at least half as often as was measured, which is beside it. They
 * are shares of the rows that the timer did not end; how many it ends depends on how busy the host is.
 */
static void expect_all_kinds(void)
{
	const unsigned rows =
		kinds[KIND_UNDEF] + kinds[KIND_SWI] + kinds[KIND_PABT] + kinds[KIND_DABT];

	EXPECT_TRUE(rows > 1000);
	EXPECT_TRUE(kinds[KIND_UNDEF] * 100 > rows * 27); /* 54 % */
	EXPECT_TRUE(kinds[KIND_SWI] * 100 > rows * 4);    /* 8 % */
	EXPECT_TRUE(kinds[KIND_PABT] * 100 > rows * 8);   /* 16 % */
	EXPECT_TRUE(kinds[KIND_DABT] * 100 > rows * 10);  /* 21 % */
}

static void run_words(bool user)
{
	const uint32_t *const vectors = user ? random_user_vectors : random_kernel_vectors;
	const uint32_t checksum = program_checksum();
	uint32_t saved[16];

	user_mode = user;
	words_left = user ? USER_WORDS : KERNEL_WORDS;
	state = 0x9e3779b9u * (addr(hostile_seed) * 2 + user);
	slot = 0;
	for (unsigned i = 0; i < TRAP_KIND_COUNT; i++)
		kinds[i] = 0;
	irq_init();
	for (unsigned i = 0; i < 16; i++) {
		saved[i] = read32(4 * i);
		write32(4 * i, vectors[i]);
	}
	map_for_random_words();
	irq_enable(BOARD_TIMER_IRQ);
	timer_start(BOARD_TIMER, 1000, TIMER_INTEN | TIMER_PERIODIC);
	mmu_on(SCTLR_R);

	random_run();

	mmu_off();
	interrupts_mask();
	for (unsigned i = 0; i < 16; i++)
		write32(4 * i, saved[i]);
	irq_init();
	EXPECT_EQ(0, words_left);
	EXPECT_EQ(checksum, program_checksum());
	expect_all_kinds();
	tap_printf("# %u words in %s mode\n", user ? USER_WORDS : KERNEL_WORDS,
		   user ? "user" : "kernel");
}

GUEST_TEST(random_words_in_user_mode)
{
	run_words(true);
}

GUEST_TEST(random_words_in_kernel_modes)
{
	run_words(false);
}
