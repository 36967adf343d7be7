/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and returns of a guest with paravirtual code, with random registers: by the fast paths
 * (arch/arm/fastpath.S), and by their C counterparts, which must leave the same state. What makes the
 * VMM take the long way is a kernel-only page: in the slot of the VMM's vectors, or among pages of
 * programs, where its entry is taken away on each return.
 *
 * pv_calls_dacr is the same with a DACR that the VMM changes at calls and returns: the kernel has closed
 * a page of programs at each call that comes by the entry, and they have it again behind each return.
 *
 * By the fast path the kernel is entered at swi_entry, and finds the program's state in the page; else
 * at its vector, and finds it in SPSR and the banks.
 */
#include "tests/guest/pv_calls.h"
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/tap.h"
#include "tests/xorshift.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define FLAGS        0xf8000000u
#define CASES        400u
#define PADS         4u
#define SWI_VECTOR   0x28u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A page of programs and one of the kernel, one in the slot of high vectors, and one in domain 1. */
#define PROGRAM_PAGE 0x40000000u
#define KERNEL_PAGE  0x40001000u
#define GATE_PAGE    0xfff80000u
#define CLOSED_PAGE  0x40100000u

/* What the guest says about DACR: pv_info.S. */
#define CALL_DACR      hako_pv_info[11]
#define RETURN_DACR    hako_pv_info[12]
#define DACR_AT_SWI    (hako_pv_info[13] & PV_DACR_AT_SWI)
#define DACR_AT_RETURN (hako_pv_info[13] & PV_DACR_AT_RETURN)

/** What the state after a call and a return is made of. */
struct given {
	uint32_t user[15], user_flags;
	uint32_t svc_sp;
	uint32_t result[13];
	struct {
		uint32_t sp, lr, psr, pc, svc_sp;
	} back;
	uint32_t ctl;
	uint32_t dacr[2]; /* before the call, and before the return */
	bool thumb;       /* the second call is one from Thumb state */
};

/** The way a case is made to go. */
struct way {
	const char *name;
	bool mmu;
	bool gate;          /* the kernel has a page in the slot of the VMM's vectors */
	uint32_t touch;     /* what the kernel reads before it returns */
	uint32_t user_mask; /* PSR_I, PSR_F: a program with interrupts masked, which no Linux has */
};

static const struct way ways[] = {
	{ "fast", true, false, 0, 0 },
	{ "fast, without MMU", false, false, 0, 0 },
	{ "slow by the gate", true, true, 0, 0 },
	{ "slow return", true, false, KERNEL_PAGE, 0 },
	{ "slow call, fiq masked", true, false, 0, PSR_F },
	{ "slow call, irq masked", true, false, 0, PSR_I },
};

extern const uint32_t hako_pv_info[];
extern uint32_t calls_dacr, calls_peek, calls_thumb;
extern uint32_t calls_psr, calls_svc_sp, calls_user[15], calls_user_flags, calls_touch, calls_ctl,
	calls_result[13];
extern struct {
	uint32_t sp, lr, psr, pc, svc_sp;
} calls_return;
extern struct calls_found calls_found;
extern struct calls_back calls_back;
extern label calls_swi, calls_vector, calls_pad;
void calls_run(void);

static uint32_t state;

static uint32_t next_random(void)
{
	return xorshift32(&state);
}

/* The two of guest.mk, and a third. */
static uint32_t random_dacr(void)
{
	static const uint32_t values[] = { 0x01, 0x05, 0x05, 0x15 };

	return values[next_random() % COUNT(values)];
}

static struct given make_case(unsigned number)
{
	struct given given;

	state = 0x2545f491u * (number + 1);
	for (unsigned i = 0; i < 15; i++)
		given.user[i] = next_random();
	given.user_flags = next_random() & FLAGS;
	given.svc_sp = next_random();
	for (unsigned i = 0; i < 13; i++)
		given.result[i] = next_random();
	given.back.sp = next_random();
	given.back.lr = next_random();
	given.back.psr = next_random(); /* only its flags count */
	given.back.pc =
		addr(calls_pad) + CALLS_PAD_SIZE * (next_random() % PADS) + (next_random() & 3);
	given.back.svc_sp = next_random();
	given.ctl = next_random() & 1 ? 0x93 : 0x13;
	given.dacr[0] = random_dacr();
	given.dacr[1] = random_dacr();
	given.thumb = next_random() & 1;
	return given;
}

static void run_case(const struct way *way, const struct given *given)
{
	calls_psr = PSR_MODE_USR | way->user_mask;
	calls_svc_sp = given->svc_sp;
	for (unsigned i = 0; i < 15; i++)
		calls_user[i] = given->user[i];
	calls_user_flags = given->user_flags;
	calls_touch = way->touch;
	calls_return.sp = given->back.sp;
	calls_return.lr = given->back.lr;
	calls_return.psr = given->back.psr;
	calls_return.pc = given->back.pc;
	calls_return.svc_sp = given->back.svc_sp;
	calls_ctl = given->ctl;
	calls_dacr = given->dacr[1];
	/* Open by then. */
	calls_peek = way->mmu && (DACR_AT_RETURN || given->dacr[1] != 0x01) ? CLOSED_PAGE : 0;
	calls_thumb = given->thumb;
	dacr_write(given->dacr[0]);
	for (unsigned i = 0; i < 13; i++)
		calls_result[i] = given->result[i];
	calls_run();
}

/** What the kernel must have found: by the vector, the page is as the last call left it. */
static void check_call(const struct way *way, const struct given *given,
		       const struct calls_found *found)
{
	const uint32_t psr = given->user_flags | PSR_MODE_USR | way->user_mask;
	const bool fast = found->way == CALLS_BY_ENTRY;
	const uint32_t *const page = found->page;

	EXPECT_EQ(way->gate || way->user_mask ? CALLS_BY_VECTOR : CALLS_BY_ENTRY, found->way);
	EXPECT_EQ(fast && DACR_AT_SWI ? CALL_DACR : given->dacr[0], found->dacr);
	for (unsigned i = 0; i < 13; i++)
		EXPECT_EQ(given->user[i], found->r[i]);
	EXPECT_EQ(given->svc_sp, found->r[13]);
	EXPECT_EQ(given->user_flags | PSR_MODE_SVC | PSR_I | (way->user_mask & PSR_F), found->cpsr);
	EXPECT_EQ(given->user[13], fast ? page[PV_USR_SP / 4] : found->user_sp);
	EXPECT_EQ(given->user[14], fast ? page[PV_USR_LR / 4] : found->user_lr);
	EXPECT_EQ(psr, fast ? page[PV_PSR / 4] : found->spsr);
	EXPECT_EQ(addr(calls_swi) + 4, fast ? page[PV_PC / 4] : found->r[14]);
	EXPECT_EQ(PSR_MODE_SVC | PSR_I, page[PV_CTL / 4]);
	EXPECT_EQ(sctlr_read(), page[PV_SCTLR / 4]);
	EXPECT_EQ(found->dacr, page[PV_DACR / 4]);
	EXPECT_EQ(PV_PAGE + PV_LOG, page[PV_LOG_END / 4]);
}

static void check_return(const struct way *way, const struct given *given)
{
	const uint32_t dacr = DACR_AT_RETURN ? RETURN_DACR : given->dacr[1];
	const bool closed = calls_found.dacr == 0x01;

	for (unsigned i = 0; i < 13; i++)
		EXPECT_EQ(given->result[i], calls_back.r[i]);
	EXPECT_EQ(given->back.sp, calls_back.r[13]);
	EXPECT_EQ(given->back.lr, calls_back.r[14]);
	EXPECT_EQ((given->back.psr & FLAGS) | PSR_MODE_USR, calls_back.cpsr);
	EXPECT_EQ((given->back.pc - addr(calls_pad)) / CALLS_PAD_SIZE, calls_back.pad);
	/* The second call begins where the return left the kernel's stack. */
	EXPECT_EQ(given->back.svc_sp, calls_found.r[13]);
	EXPECT_EQ(PSR_MODE_SVC | PSR_I, calls_found.cpsr & 0xff);
	EXPECT_EQ(way->gate || given->thumb ? CALLS_BY_VECTOR : CALLS_BY_ENTRY, calls_found.way);
	EXPECT_EQ(calls_found.way == CALLS_BY_ENTRY && DACR_AT_SWI ? CALL_DACR : dacr,
		  calls_found.dacr);
	EXPECT_EQ(calls_found.dacr, calls_found.page[PV_DACR / 4]);
	if (way->mmu)
		EXPECT_EQ(closed ? FSR_DOMAIN_PAGE : 0, probe_status(KERNEL_LOAD, CLOSED_PAGE));
	EXPECT_EQ(calls_found.dacr, dacr_read());
}

static void prepare(const struct way *way)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l2_table[0][1], desc_small(GUEST_SCRATCH + 0x1000, AP_PRIV, 0));
	mmu_set(&l1_table[0][PROGRAM_PAGE >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_set(&l2_table[2][0], desc_small(GUEST_SCRATCH + 0x3000, AP_USER_RW, 0));
	mmu_set(&l1_table[0][CLOSED_PAGE >> 20], desc_coarse(addr(l2_table[2]), 1));
	if (way->gate) {
		mmu_set(&l2_table[1][(GATE_PAGE >> 12) & 0xff],
			desc_small(GUEST_SCRATCH + 0x2000, AP_PRIV, 0));
		mmu_set(&l1_table[0][GATE_PAGE >> 20], desc_coarse(addr(l2_table[1]), 0));
	}
	if (!way->mmu)
		return;
	mmu_on(0);
	(void)read32(PROGRAM_PAGE);
	if (way->gate)
		(void)read32(GATE_PAGE);
}

static void run_way(const struct way *way)
{
	const uint32_t vector = read32(SWI_VECTOR);

	write32(SWI_VECTOR, addr(calls_vector));
	prepare(way);
	for (unsigned i = 0; i < CASES; i++) {
		const struct given given = make_case(i);

		tap_case("%s, case %u", way->name, i);
		run_case(way, &given);
		check_call(way, &given, &calls_back.found);
		check_return(way, &given);
	}
	if (way->mmu)
		mmu_off();
	write32(SWI_VECTOR, vector);
}

GUEST_TEST(a_call_and_its_return_carry_all_registers_on_every_way)
{
	for (unsigned i = 0; i < COUNT(ways); i++)
		run_way(&ways[i]);
}
