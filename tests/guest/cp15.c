/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system control coprocessor (ARM926EJ-S TRM, chapter 2): registers keep what is written to
 * them, operations of the TRM's tables are accepted, and encodings that no ARM926 has are
 * undefined. Bits that the TRM calls unpredictable or QEMU does not model are masked out here; see
 * not_in_qemu.c.
 */
#include "tests/guest/cp15.h"

#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A word that the tests can execute: in the text, so that no mapping has to be made for it. */
extern label undefined_code;
extern uint32_t undefined_word[1];

/* In cp15_code.S */
uint32_t test_and_clean_flags(uint32_t flags);
uint32_t test_clean_invalidate_flags(uint32_t flags);

GUEST_TEST(identification_registers)
{
	/* Implementor ARM, architecture 5TEJ, part 0x926. */
	EXPECT_EQ(0x41069260, CP15_READ(c0, c0, 0) & 0xfffffff0);
	/* Separate caches; the instruction cache has 32-byte lines and four ways. */
	EXPECT_EQ(0x01000012, CP15_READ(c0, c0, 1) & 0x0100003f);
	EXPECT_EQ(0, CP15_READ(c0, c0, 2)); /* no TCM */
}

/* M and B are left alone: mmu.c is about the first, and nothing here is big endian. */
GUEST_TEST(control_register_bits_can_be_set_and_cleared)
{
	static const uint32_t bits[] = { SCTLR_A, SCTLR_C,  SCTLR_S, SCTLR_R,
					 SCTLR_I, SCTLR_RR, SCTLR_L4 };
	const uint32_t all = SCTLR_A | SCTLR_C | SCTLR_S | SCTLR_R | SCTLR_I | SCTLR_RR | SCTLR_L4;
	const uint32_t before = sctlr_read();

	EXPECT_EQ(0, before & (all | SCTLR_M | SCTLR_B | SCTLR_V));
	for (unsigned i = 0; i < COUNT(bits); i++) {
		tap_case("bit 0x%x", bits[i]);
		if (bits[i] == SCTLR_C)
			CP15_WRITE(c7, c7, 0, 0);
		sctlr_write(before | bits[i]);
		EXPECT_EQ(bits[i], sctlr_read() & all);
		if (bits[i] == SCTLR_C)
			(void)test_clean_invalidate_flags(0);
		sctlr_write(before);
		EXPECT_EQ(0, sctlr_read() & all);
	}
	CP15_WRITE(c7, c7, 0, 0);
}

/* Registers that hold what was written: the bits that exist. */
#define HOLDS(name, mask, crn, crm, op2)                                                  \
	GUEST_TEST(name##_holds_what_is_written)                                          \
	{                                                                                 \
		static const uint32_t values[] = { 0xffffffff, 0,          0x5a5a5a5a,    \
						   0xa5a5a5a5, 0x12345678, 0 };           \
		const uint32_t before = CP15_READ(crn, crm, op2);                         \
                                                                                          \
		for (unsigned i = 0; i < COUNT(values); i++) {                            \
			CP15_WRITE(crn, crm, op2, values[i] & (mask));                    \
			EXPECT_EQ(values[i] & (mask), CP15_READ(crn, crm, op2) & (mask)); \
		}                                                                         \
		CP15_WRITE(crn, crm, op2, before);                                        \
	}

HOLDS(translation_table_base, 0xffffc000, c2, c0, 0)
HOLDS(domain_access_control, 0xffffffff, c3, c0, 0)
HOLDS(data_fault_status, 0x000000ff, c5, c0, 0)
HOLDS(instruction_fault_status, 0x000000ff, c5, c0, 1)
HOLDS(fault_address, 0xffffffff, c6, c0, 0)
HOLDS(context_id, 0xffffffff, c13, c0, 1)
/* QEMU keeps all bits of the lockdown registers; the core has the L bits of four ways. */
HOLDS(data_cache_lockdown, 0x0000000f, c9, c0, 0)
HOLDS(instruction_cache_lockdown, 0x0000000f, c9, c0, 1)

GUEST_TEST(registers_do_not_share_storage)
{
	dacr_write(0x11111111);
	dfsr_write(0x22);
	ifsr_write(0x33);
	far_write(0x44444444);
	CP15_WRITE(c13, c0, 1, 0x55555555);
	ttbr_write(0x00664000);
	EXPECT_EQ(0x11111111, dacr_read());
	EXPECT_EQ(0x22, dfsr_read());
	EXPECT_EQ(0x33, ifsr_read());
	EXPECT_EQ(0x44444444, far_read());
	EXPECT_EQ(0x55555555, CP15_READ(c13, c0, 1));
	EXPECT_EQ(0x00664000, ttbr_read() & 0xffffc000);
	dacr_write(0);
	ttbr_write(0);
}

/* The program itself is below 32 MiB: it is mapped again for every PID. */
GUEST_TEST(fcse_pid_holds_its_seven_bits)
{
	static const uint8_t pids[] = { 1, 2, 4, 16, 32, 64, 127, 0 };

	mmu_tables_init();
	for (unsigned i = 0; i < COUNT(pids); i++)
		for (uint32_t at = 0; at < GUEST_SCRATCH; at += 0x00100000)
			l1_table[0][pids[i] * 32u + (at >> 20)] =
				desc_section(at, AP_USER_RW, 0, 0);
	mmu_on(0);
	for (unsigned i = 0; i < COUNT(pids); i++) {
		fcse_pid_write((uint32_t)pids[i] << 25);
		EXPECT_EQ((uint32_t)pids[i] << 25, CP15_READ(c13, c0, 0) & 0xfe000000);
	}
}

/* TRM, tables 2-17 and 2-18. */
#define CACHE_OPERATIONS(X)                            \
	X("invalidate both caches", c7, 0, 0)          \
	X("invalidate icache", c5, 0, 0)               \
	X("invalidate icache line by mva", c5, 1, mva) \
	X("invalidate icache line by way", c5, 2, way) \
	X("prefetch icache line", c13, 1, mva)         \
	X("clean dcache line by mva", c10, 1, mva)     \
	X("clean dcache line by way", c10, 2, way)     \
	X("clean and invalidate by mva", c14, 1, mva)  \
	X("clean and invalidate by way", c14, 2, way)  \
	X("invalidate dcache", c6, 0, 0)               \
	X("invalidate dcache line by mva", c6, 1, mva) \
	X("invalidate dcache line by way", c6, 2, way) \
	X("drain write buffer", c10, 4, 0)

GUEST_TEST(cache_operations_are_accepted_and_change_no_memory)
{
	static uint32_t words[16] __attribute__((aligned(64)));
	const uint32_t mva = addr(words);
	const uint32_t way = 0x80000060;

	for (unsigned i = 0; i < 16; i++)
		words[i] = i * 0x01010101;
#define RUN_IT(name, crm, op2, value) \
	tap_case("%s", name);         \
	CP15_WRITE(c7, crm, op2, value);
	CACHE_OPERATIONS(RUN_IT)
#undef RUN_IT
	for (unsigned i = 0; i < 16; i++)
		EXPECT_EQ(i * 0x01010101, *(volatile uint32_t *)&words[i]);
	EXPECT_EQ(0, exception_count[KIND_UNDEF]);
}

GUEST_TEST(tlb_operations_are_accepted_with_the_mmu_off)
{
	CP15_WRITE(c8, c7, 0, 0);
	CP15_WRITE(c8, c7, 1, 0x00100000);
	CP15_WRITE(c8, c5, 0, 0);
	CP15_WRITE(c8, c5, 1, 0xffff0000);
	CP15_WRITE(c8, c6, 0, 0);
	CP15_WRITE(c8, c6, 1, 0xc0000000);
	(void)CP15_READ(c10, c0, 0);
	CP15_WRITE(c10, c0, 0, 0);
	EXPECT_EQ(0, exception_count[KIND_UNDEF]);
}

/* TRM, 2.3.8: the result goes to the flags, r15 is their name (pitfall for every Linux guest). */
GUEST_TEST(test_and_clean_operations_set_the_z_flag)
{
	EXPECT_EQ(PSR_Z, test_and_clean_flags(0) & PSR_Z);
	EXPECT_EQ(PSR_Z, test_and_clean_flags(PSR_N | PSR_C | PSR_V) & PSR_Z);
	EXPECT_EQ(PSR_Z, test_clean_invalidate_flags(0) & PSR_Z);
	EXPECT_EQ(PSR_Z, test_clean_invalidate_flags(PSR_N | PSR_C | PSR_V) & PSR_Z);
}

/* An interrupt that is pending ends the wait even while the CPSR masks it (TRM, 2.3.8). */
GUEST_TEST(wait_for_interrupt_ends_for_a_masked_interrupt)
{
	irq_init();
	irq_soft_raise();
	irq_enable(BOARD_SOFT_IRQ);
	wait_for_interrupt();
	EXPECT_EQ(0, exception_count[KIND_IRQ]);
	irq_soft_clear();
	irq_init();
}

static void execute_word(uint32_t psr, uint32_t word)
{
	*(volatile uint32_t *)undefined_word = word;
	drain_write_buffer();
	CP15_WRITE(c7, c5, 0, 0);
	run_code(psr, undefined_code, 0, 0);
}

/*
 * TRM, 2.1 and 2.3: CDP, LDC, STC, MCRR and MRRC do not reach CP15, and CP0 to CP9 are not
 * there.
 */
GUEST_TEST(coprocessor_instructions_the_core_does_not_have_are_undefined)
{
	static const uint32_t words[] = {
		0xeef12fef, /* cdp p15, 15, c2, c1, c15, 7 */
		0xee012fe1, /* cdp p15, 0, c2, c1, c1, 7 */
		0xed900f00, /* ldc p15, c0, [r0] */
		0xed800f00, /* stc p15, c0, [r0] */
		0xec410f02, /* mcrr p15, 0, r0, r1, c2 */
		0xec510f02, /* mrrc p15, 0, r0, r1, c2 */
		0xee100010, /* mrc p0, 0, r0, c0, c0, 0 */
		0xee000110, /* mcr p1, 0, r0, c0, c0, 0 */
		0xee100410, /* mrc p4 */
		0xee000910, /* mcr p9 */
		0xee000500, /* cdp p5 */
		0xed900700, /* ldc p7 */
		0xed800c00, /* stc p12 */
		0xee100d10, /* mrc p13 */
	};

	for (unsigned i = 0; i < COUNT(words); i++) {
		tap_case("0x%x", words[i]);
		execute_word(SVC, words[i]);
		EXPECT_EQ(KIND_UNDEF, seen.kind);
		EXPECT_EQ(addr(undefined_word) + 4, seen.lr);
		execute_word(PSR_MODE_USR, words[i]);
		EXPECT_EQ(KIND_UNDEF, seen.kind);
		EXPECT_EQ(PSR_MODE_USR, seen.spsr);
	}
}

/* Every register and operation of this file, read and written from User mode. */
GUEST_TEST(no_register_is_accessible_in_user_mode)
{
	static const uint8_t crns[] = { 0, 1, 2, 3, 5, 6, 8, 9, 10, 13 };

	for (unsigned i = 0; i < COUNT(crns); i++)
		for (uint32_t load = 0; load < 2; load++) {
			const uint32_t crm = crns[i] == 8 ? 7 : 0;
			const uint32_t word =
				0xee000f10 | load << 20 | (uint32_t)crns[i] << 16 | crm;

			tap_case("0x%x", word);
			execute_word(PSR_MODE_USR, word);
			EXPECT_EQ(KIND_UNDEF, seen.kind);
			EXPECT_EQ(0, seen.r[0]);
		}
#define IN_USER_MODE(name, crm, op2, value)                                        \
	tap_case("%s", name);                                                      \
	execute_word(PSR_MODE_USR, 0xee070f10 | CRM_##crm | (uint32_t)(op2) << 5); \
	EXPECT_EQ(KIND_UNDEF, seen.kind);
#define CRM_c5  5
#define CRM_c6  6
#define CRM_c7  7
#define CRM_c10 10
#define CRM_c13 13
#define CRM_c14 14
	CACHE_OPERATIONS(IN_USER_MODE)
#undef IN_USER_MODE
}
