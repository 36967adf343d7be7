/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the MMU reports (ARM ARM, B3.6; ARM926EJ-S TRM, 3.3): which fault wins, fault status and
 * address of every form of access, base registers restored, prefetch aborts.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define SVC          (PSR_MODE_SVC | PSR_MASKED)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)

extern label fault_ldr, fault_ldr_pre, fault_ldr_post, fault_ldr_reg, fault_str_pre, fault_str_post,
	fault_ldrb_post, fault_strh_pre, fault_ldrsh_post, fault_ldrsb_pre, fault_ldrt, fault_strbt,
	fault_swp, fault_swpb, fault_ldm, fault_ldmdb, fault_stm, fault_stmdb, fault_stmib,
	fault_ldrd, fault_strd, fault_pld, fault_thumb_ldr, fault_thumb_strb, fault_thumb_ldm,
	fault_thumb_stm;

/* The first two small pages of TEST_VA are scratch RAM; everything behind them is missing. */
static void map_two_pages(void)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l2_table[0][1], desc_small(GUEST_SCRATCH + 0x1000, AP_USER_RW, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
}

GUEST_TEST(missing_descriptors_are_translation_faults)
{
	mmu_tables_init();
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 7));
	mmu_set(&l1_table[0][TEST_SLOT + 1], desc_fine(addr(l2_table[1]), 9));
	mmu_set(&l1_table[0][TEST_SLOT + 2], 0xfffffffc);
	mmu_on(0);
	dacr_write(DACR_ONLY_0 | dacr_field(7, DOMAIN_CLIENT) | dacr_field(9, DOMAIN_MANAGER));
	for (enum access access = 0; access < ACCESS_COUNT; access++) {
		struct outcome outcome;

		tap_case("%s", access_name(access));
		outcome = probe(access, TEST_VA + 0x5554);
		EXPECT_EQ(FSR_TRANSLATION_PAGE, outcome.status);
		EXPECT_EQ(7, outcome.domain);
		outcome = probe(access, TEST_VA + 0x105554);
		EXPECT_EQ(FSR_TRANSLATION_PAGE, outcome.status);
		EXPECT_EQ(9, outcome.domain);
		EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(access, TEST_VA + 0x200000));
		EXPECT_EQ(FSR_TRANSLATION_SECTION, probe_status(access, 0xfffffffc));
	}
}

/* ARM ARM, B3.6.3. That a missing page comes before a closed domain is in not_in_qemu.c. */
GUEST_TEST(a_closed_domain_is_reported_before_a_missing_permission)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_PRIV, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 7));
	mmu_on(0);
	EXPECT_EQ(FSR_DOMAIN_PAGE, probe_status(USER_LOAD, TEST_VA));
	dacr_write(DACR_ONLY_0 | dacr_field(7, DOMAIN_CLIENT));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_LOAD, TEST_VA));
}

struct fault_case {
	const char *text;
	const uint32_t *code;
	bool thumb;
	int16_t offset; /* of the address accessed, from r1, with r2 = 4 */
	uint8_t align;  /* the access must be aligned to this */
};

static const struct fault_case cases[] = {
	/* clang-format off */
	{ "ldr",         fault_ldr,        false, 0,  4 },
	{ "ldr pre",     fault_ldr_pre,    false, 4,  4 },
	{ "ldr post",    fault_ldr_post,   false, 0,  4 },
	{ "ldr reg",     fault_ldr_reg,    false, 16, 4 },
	{ "str pre",     fault_str_pre,    false, -4, 4 },
	{ "str post",    fault_str_post,   false, 0,  4 },
	{ "ldrb post",   fault_ldrb_post,  false, 0,  1 },
	{ "strh pre",    fault_strh_pre,   false, 2,  2 },
	{ "ldrsh post",  fault_ldrsh_post, false, 0,  2 },
	{ "ldrsb pre",   fault_ldrsb_pre,  false, 4,  1 },
	{ "swp",         fault_swp,        false, 0,  4 },
	{ "swpb",        fault_swpb,       false, 0,  1 },
	{ "ldm",         fault_ldm,        false, 0,  4 },
	{ "ldmdb",       fault_ldmdb,      false, -8, 4 },
	{ "stm",         fault_stm,        false, 0,  4 },
	{ "stmdb",       fault_stmdb,      false, -12, 4 },
	{ "stmib",       fault_stmib,      false, 4,  4 },
	{ "ldrd",        fault_ldrd,       false, 0,  8 },
	{ "strd",        fault_strd,       false, 8,  8 },
	{ "thumb ldr",   fault_thumb_ldr,  true,  4,  4 },
	{ "thumb strb",  fault_thumb_strb, true,  4,  1 },
	{ "thumb ldm",   fault_thumb_ldm,  true,  0,  4 },
	{ "thumb stm",   fault_thumb_stm,  true,  0,  4 },
	{ "ldrt",        fault_ldrt,       false, 0,  4 }, /* the last two in kernel mode only */
	{ "strbt",       fault_strbt,      false, 0,  1 },
	/* clang-format on */
};

#define USER_CASES (COUNT(cases) - 2)

/* Makes the access to @p at and checks everything but the status, which is returned. */
static unsigned faulting_access(const struct fault_case *c, uint32_t psr, uint32_t at)
{
	const uint32_t base = at - (uint32_t)c->offset;
	const uint32_t args[4] = { 0x50505050, base, 4, 0x53535353 };

	dfsr_write(0);
	far_write(0);
	run_code4(psr | (c->thumb ? PSR_T : 0), addr(c->code), args);
	EXPECT_EQ(KIND_DABT, seen.kind);
	EXPECT_EQ(addr(c->code) + 8, seen.lr);
	EXPECT_EQ(at, far_read());
	EXPECT_EQ(base, seen.r[1]); /* base restored (TRM, 2.5) */
	return dfsr_read() & 0xf;
}

GUEST_TEST(every_form_of_access_faults_with_its_address_and_restores_its_base)
{
	map_two_pages();
	mmu_on(0);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		tap_case("%s", cases[i].text);
		EXPECT_EQ(FSR_TRANSLATION_PAGE, faulting_access(&cases[i], SVC, TEST_VA + 0x3450));
		EXPECT_EQ(FSR_TRANSLATION_SECTION,
			  faulting_access(&cases[i], SVC, TEST_VA + 0x203450));
		if (i >= USER_CASES)
			continue;
		EXPECT_EQ(FSR_TRANSLATION_PAGE,
			  faulting_access(&cases[i], PSR_MODE_USR, TEST_VA + 0x3450));
		EXPECT_EQ(FSR_TRANSLATION_SECTION,
			  faulting_access(&cases[i], PSR_MODE_USR, TEST_VA + 0x203450));
	}
}

/*
 * Doublewords are left out: LDRD to a word address is unpredictable, not a fault (ARM ARM,
 * A4.1.26).
 */
GUEST_TEST(alignment_faults_win_over_all_others)
{
	static const uint32_t bases[] = { TEST_VA, TEST_VA + 0x3000, TEST_VA + 0x203000 };

	map_two_pages();
	mmu_on(SCTLR_A);
	for (unsigned i = 0; i < COUNT(cases); i++)
		for (unsigned b = 0; b < COUNT(bases); b++)
			for (uint32_t low = 1; low < 4; low++) {
				tap_case("%s to 0x%x", cases[i].text, bases[b] + 0x40 + low);
				if (cases[i].align == 8 || low % cases[i].align == 0)
					continue;
				EXPECT_EQ(FSR_ALIGNMENT,
					  faulting_access(&cases[i], SVC, bases[b] + 0x40 + low));
				if (i < USER_CASES)
					EXPECT_EQ(FSR_ALIGNMENT,
						  faulting_access(&cases[i], PSR_MODE_USR,
								  bases[b] + 0x40 + low));
			}
}

GUEST_TEST(alignment_faults_do_not_need_the_mmu)
{
	sctlr_write(sctlr_read() | SCTLR_A);
	for (unsigned i = 0; i < COUNT(cases); i++)
		if (cases[i].align == 4) {
			tap_case("%s", cases[i].text);
			EXPECT_EQ(FSR_ALIGNMENT,
				  faulting_access(&cases[i], SVC, GUEST_SCRATCH + 0x102));
		}
	sctlr_write(sctlr_read() & ~(uint32_t)SCTLR_A);
}

/* The transfer starts in a page that is there and ends in one that is not. */
GUEST_TEST(multiple_transfers_fault_where_they_cross_into_a_missing_page)
{
	static const struct {
		const char *text;
		const uint32_t *code;
		uint32_t base; /* relative to the end of the second page */
	} crossings[] = {
		{ "ldm", fault_ldm, 0u - 4 },      { "stm", fault_stm, 0u - 8 },
		{ "stmib", fault_stmib, 0u - 12 }, { "ldmdb", fault_ldmdb, 4 },
		{ "stmdb", fault_stmdb, 4 },
	};
	const uint32_t end = TEST_VA + 0x2000;

	map_two_pages();
	mmu_on(0);
	for (unsigned i = 0; i < COUNT(crossings); i++)
		for (unsigned mode = 0; mode < 2; mode++) {
			tap_case("%s, mode %u", crossings[i].text, mode);
			far_write(0);
			dfsr_write(0);
			run_code4(mode ? PSR_MODE_USR : SVC, addr(crossings[i].code),
				  (const uint32_t[4]){ 1, end + crossings[i].base, 2, 3 });
			EXPECT_EQ(KIND_DABT, seen.kind);
			EXPECT_EQ(end + crossings[i].base, seen.r[1]);
			EXPECT_EQ(end, far_read());
			EXPECT_EQ(FSR_TRANSLATION_PAGE, dfsr_read() & 0xf);
		}
}

static bool map_the_page(struct exception *e)
{
	const uint32_t page = (far_read() & 0xff000) >> 12;

	if (page >= COARSE_ENTRIES || exception_count[KIND_DABT] > 2)
		return false;
	mmu_set(&l2_table[0][page], desc_small(GUEST_SCRATCH + (page << 12), AP_USER_RW, 0));
	e->lr -= 8;
	return true;
}

/* Demand paging: nothing is flushed, since a fault is never cached (ARM ARM, B3.4). */
GUEST_TEST(a_handler_that_maps_the_page_completes_the_access)
{
	map_two_pages();
	mmu_on(0);
	exception_set_hook(KIND_DABT, map_the_page);
	write32(GUEST_SCRATCH + 0x2000, 0xcafe0001);
	write32(GUEST_SCRATCH + 0x2004, 0xcafe0002);
	run_code(PSR_MODE_USR, fault_ldr_post, 0, TEST_VA + 0x2000);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0xcafe0001, seen.r[0]);
	EXPECT_EQ(TEST_VA + 0x2004, seen.r[1]);
	EXPECT_EQ(1, exception_count[KIND_DABT]);

	exception_count[KIND_DABT] = 0;
	run_code4(SVC, addr(fault_stm), (const uint32_t[4]){ 0x11, TEST_VA + 0x2ff8, 0x22, 0x33 });
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(TEST_VA + 0x3004, seen.r[1]);
	EXPECT_EQ(1, exception_count[KIND_DABT]);
	EXPECT_EQ(0x11, read32(GUEST_SCRATCH + 0x2ff8));
	EXPECT_EQ(0x22, read32(GUEST_SCRATCH + 0x2ffc));
	EXPECT_EQ(0x33, read32(GUEST_SCRATCH + 0x3000));

	exception_count[KIND_DABT] = 0;
	write32(GUEST_SCRATCH + 0x3ffc, 0x77);
	write32(GUEST_SCRATCH + 0x4000, 0x88);
	run_code(SVC, fault_ldm, 0, TEST_VA + 0x3ffc);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	EXPECT_EQ(0x77, seen.r[2]);
	EXPECT_EQ(0x88, seen.r[3]);
	EXPECT_EQ(1, exception_count[KIND_DABT]);
}

GUEST_TEST(a_preload_never_faults)
{
	map_two_pages();
	mmu_on(0);
	run_code(SVC, fault_pld, 0, TEST_VA + 0x203000);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	run_code(PSR_MODE_USR, fault_pld, 0, 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
}

GUEST_TEST(jumps_to_missing_code_are_prefetch_aborts)
{
	static const uint32_t targets[] = { TEST_VA + 0x2000, TEST_VA + 0x2ffc, TEST_VA + 0x100000,
					    0x7ffffffc,       0x80000000,       0xfffffff0 };

	map_two_pages();
	mmu_on(0);
	for (unsigned i = 0; i < COUNT(targets); i++)
		for (unsigned mode = 0; mode < 2; mode++)
			for (unsigned thumb = 0; thumb < 2; thumb++) {
				const uint32_t psr =
					(mode ? PSR_MODE_USR : SVC) | (thumb ? PSR_T : 0);

				tap_case("target 0x%x, psr 0x%x", targets[i], psr);
				ifsr_write(0);
				run_code(psr, targets[i], 0, 0);
				EXPECT_EQ(KIND_PABT, seen.kind);
				EXPECT_EQ(targets[i] + 4, seen.lr);
				EXPECT_EQ(psr, seen.spsr);
				EXPECT_EQ(i < 2 ? FSR_TRANSLATION_PAGE : FSR_TRANSLATION_SECTION,
					  ifsr_read() & 0xf);
			}
}

/* Code that runs over the end of its page. */
GUEST_TEST(running_into_a_missing_page_is_a_prefetch_abort_at_its_first_word)
{
	map_two_pages();
	for (uint32_t at = 0x1ff0; at < 0x2000; at += 4)
		write32(GUEST_SCRATCH + at, 0xe2800001); /* add r0, r0, #1 */
	mmu_on(0);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code(mode ? PSR_MODE_USR : SVC, TEST_VA + 0x1ff0, 0, 0);
		EXPECT_EQ(KIND_PABT, seen.kind);
		EXPECT_EQ(TEST_VA + 0x2004, seen.lr);
		EXPECT_EQ(4, seen.r[0]);
	}
}

/* A breakpoint on a good mapping: nothing to repair, and it must not be retried for ever. */
GUEST_TEST(breakpoints_are_prefetch_aborts_in_both_modes)
{
	map_two_pages();
	write32(GUEST_SCRATCH, 0xe1200070); /* bkpt 0 */
	write32(GUEST_SCRATCH + 4, 0xbe00be00);
	mmu_on(0);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code(mode ? PSR_MODE_USR : SVC, TEST_VA, 0, 0);
		EXPECT_EQ(KIND_PABT, seen.kind);
		EXPECT_EQ(TEST_VA + 4, seen.lr);
		run_code((mode ? PSR_MODE_USR : SVC) | PSR_T, TEST_VA + 6, 0, 0);
		EXPECT_EQ(KIND_PABT, seen.kind);
		EXPECT_EQ(TEST_VA + 10, seen.lr);
	}
}

GUEST_TEST(an_address_without_mapping_at_zero_faults)
{
	map_two_pages();
	/* The program's own MiB as pages, without the first one; vectors high. */
	for (unsigned i = 1; i < COARSE_ENTRIES; i++)
		l2_table[1][i] = desc_small(i << 12, AP_USER_RW, 0);
	mmu_set(&l2_table[1][0], 0);
	mmu_set(&l1_table[0][0], desc_coarse(addr(l2_table[1]), 0));
	mmu_map_high_vectors();
	mmu_on(SCTLR_V);
	for (enum access access = 0; access < ACCESS_COUNT; access++) {
		tap_case("%s", access_name(access));
		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(access, 0));
		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(access, 0x10));
		EXPECT_EQ(FSR_TRANSLATION_PAGE, probe_status(access, 0xffc));
	}
}
