/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes of DACR by a guest that has said which two values it changes between (vcpu/pv_abi.h), with
 * random registers: by the fast path (arch/arm/fastpath_dacr.S), which an `mcr` takes in Supervisor
 * mode; and by its C counterpart, which takes the conditional ones, those in other modes, and other
 * values. All must leave the same state, and what was closed must fault.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/pv_guest.h"
#include "tests/guest/tap.h"

#define CASES        3000u
#define REGISTERS    15u
#define FLAGS        0xf8000000u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A page of programs in domain 1, which is what the two values differ in, and one in domain 2. */
#define PAGE_1 0x40000000u
#define PAGE_2 0x40100000u

/* The two of guest.mk; others, among them a manager: its rights are more than the tables say. */
static const uint32_t values[] = { 0x01, 0x05, 0x01, 0x05, 0x01, 0x05, 0x15, 0x11, 0x0d };

static const uint8_t modes[] = { PSR_MODE_SVC, PSR_MODE_SVC, PSR_MODE_SVC, PSR_MODE_SVC,
				 PSR_MODE_SYS, PSR_MODE_ABT, PSR_MODE_USR };

/** `mcr` and `mcreq` from each register. */
extern label dacr_writes;
extern uint32_t dacr_given[REGISTERS], dacr_found[REGISTERS], dacr_flags, dacr_found_cpsr;

static uint32_t state = 0x2545f491u;

/* Marsaglia's xorshift with 32 bits of state. */
static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void check_rights(uint32_t dacr)
{
	static const struct {
		uint32_t va;
		unsigned domain;
	} pages[] = { { PAGE_1, 1 }, { PAGE_2, 2 } };
	static const enum access accesses[] = { KERNEL_LOAD, KERNEL_STORE, USER_LOAD, USER_STORE };

	for (unsigned i = 0; i < COUNT(pages); i++) {
		const bool open = dacr >> (2 * pages[i].domain) & 1u;
		const enum access access = accesses[next_random() % COUNT(accesses)];
		const struct outcome outcome = probe(access, pages[i].va);

		EXPECT_EQ(open ? 0 : FSR_DOMAIN_PAGE, outcome.status);
		EXPECT_EQ(open ? 0 : pages[i].domain, outcome.domain);
	}
}

static void run_case(unsigned number)
{
	const uint32_t before = dacr_read(), value = values[next_random() % COUNT(values)];
	const unsigned mode = modes[next_random() % COUNT(modes)];
	const unsigned reg = next_random() % REGISTERS;
	const bool conditional = next_random() & 1u;
	const bool check = next_random() & 1u;
	bool write;

	dacr_flags = next_random() & FLAGS;
	write = mode != PSR_MODE_USR && (!conditional || (dacr_flags & PSR_Z));
	for (unsigned i = 0; i < REGISTERS; i++)
		dacr_given[i] = next_random();
	dacr_given[reg] = value;
	tap_case("case %u: %s from r%u in mode %x, %x after %x", number,
		 conditional ? "mcreq" : "mcr", reg, mode, (unsigned)value, (unsigned)before);
	run_code4(mode == PSR_MODE_USR ? mode : mode | PSR_MASKED,
		  dacr_writes[2 * reg + conditional], dacr_given);
	if (mode == PSR_MODE_USR) {
		EXPECT_EQ(KIND_UNDEF, seen.kind); /* or the mrs behind it */
	} else {
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		for (unsigned i = 0; i < REGISTERS; i++)
			EXPECT_EQ(dacr_given[i], dacr_found[i]);
		EXPECT_EQ(dacr_flags | mode | PSR_MASKED, dacr_found_cpsr);
	}
	EXPECT_EQ(write ? value : before, pv_read(PV_DACR));
	EXPECT_EQ(write ? value : before, dacr_read());
	if (check)
		check_rights(write ? value : before);
}

static void prepare(uint32_t ap)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, ap, 0));
	mmu_set(&l2_table[1][0], desc_small(GUEST_SCRATCH + 0x1000, ap, 0));
	mmu_set(&l1_table[0][PAGE_1 >> 20], desc_coarse(addr(l2_table[0]), 1));
	mmu_set(&l1_table[0][PAGE_2 >> 20], desc_coarse(addr(l2_table[1]), 2));
	mmu_on(0);
}

GUEST_TEST(each_way_to_write_it_has_the_same_effect)
{
	prepare(AP_USER_RW);
	for (unsigned i = 0; i < CASES; i++)
		run_case(i);
	mmu_off();
}

GUEST_TEST(what_the_kernel_closes_it_cannot_reach)
{
	prepare(AP_USER_RW);
	for (unsigned i = 0; i < 8; i++) {
		tap_case("round %u", i);
		dacr_write(0x05);
		EXPECT_EQ(0, probe_status(KERNEL_STORE, PAGE_1));
		dacr_write(0x01);
		for (enum access access = 0; access < ACCESS_COUNT; access++)
			EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(access, PAGE_1));
		dacr_write(0x05);
		dacr_write(0x01);
		EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(KERNEL_LOAD, PAGE_1));
		dacr_write(0x05);
		EXPECT_EQ(PROBE_WORD, probe(KERNEL_LDRT, PAGE_1).value);
	}
	mmu_off();
}

GUEST_TEST(a_manager_between_clients_keeps_nothing)
{
	prepare(AP_PRIV);
	for (unsigned i = 0; i < 8; i++) {
		tap_case("round %u", i);
		dacr_write(0x0d);
		EXPECT_EQ(0, probe_status(USER_STORE, PAGE_1));
		dacr_write(i & 1u ? 0x05 : 0x01);
		EXPECT_EQ(i & 1u ? FSR_PERMISSION_PAGE : FSR_DOMAIN_PAGE,
			  probe_status(USER_LOAD, PAGE_1));
		dacr_write(0x05);
		EXPECT_EQ(0, probe_status(KERNEL_LOAD, PAGE_1));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, PAGE_1));
		dacr_write(0x01);
		EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(KERNEL_LOAD, PAGE_1));
	}
	mmu_off();
}
