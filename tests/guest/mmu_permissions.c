/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what (ARM ARM, B3.5): every access permission with every setting of the S and R bits
 * and of the domain, for every kind of descriptor and of access. The expectations are the manual's
 * table, written out below.
 */
#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/mmu.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where the tests map what they probe; a MiB each. */
#define TEST_VA   BOARD_TEST_VA
#define TEST_SLOT (TEST_VA >> 20)

enum kind {
	SECTION,
	LARGE,
	SMALL,
	TINY,
	KIND_TYPES,
};

static const char *const kind_names[KIND_TYPES] = { "section", "large", "small", "tiny" };

/* ARM ARM, table B3-1: rights by S and R (rows) and AP; - none, r read, w read and write. */
static const char privileged_rights[3][5] = { "-www", "rwww", "rwww" };
static const char user_rights[3][5] = { "--rw", "--rw", "r-rw" };
static const uint32_t sr_bits[3] = { 0, SCTLR_S, SCTLR_R };

/* Status the manual wants for an access: 0 if it is made. */
static unsigned expected_status(unsigned sr, unsigned ap, unsigned domain_access, bool page,
				enum access access)
{
	const char right = (access_is_user(access) ? user_rights : privileged_rights)[sr][ap];

	if (domain_access == DOMAIN_MANAGER)
		return 0;
	if (domain_access == DOMAIN_NONE)
		return page ? FSR_DOMAIN_PAGE : FSR_DOMAIN_SECTION;
	if (right == 'w' || (right == 'r' && !access_is_store(access)))
		return 0;
	return page ? FSR_PERMISSION_PAGE : FSR_PERMISSION_SECTION;
}

/* Maps TEST_VA to the start of scratch RAM. */
static void map(enum kind kind, unsigned ap, unsigned domain)
{
	const uint32_t large = GUEST_SCRATCH | ap * 0x550u | L2_LARGE;

	switch (kind) {
	case SECTION:
		mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, ap, domain, 0));
		break;
	case LARGE:
		for (unsigned i = 0; i < 16; i++)
			mmu_set(&l2_table[0][i], large);
		mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), domain));
		break;
	case SMALL:
		mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, ap, 0));
		mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), domain));
		break;
	default:
		mmu_set(&l2_table[0][0], desc_tiny(GUEST_SCRATCH, ap, 0));
		mmu_set(&l1_table[0][TEST_SLOT], desc_fine(addr(l2_table[0]), domain));
		break;
	}
	tlb_flush_all();
}

static void check_all(unsigned sr)
{
	static const unsigned domain_accesses[] = { DOMAIN_NONE, DOMAIN_CLIENT, DOMAIN_MANAGER };

	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	mmu_on(sr_bits[sr]);
	for (unsigned kind = 0; kind < KIND_TYPES; kind++)
		for (unsigned ap = 0; ap < 4; ap++)
			for (unsigned d = 0; d < COUNT(domain_accesses); d++)
				for (enum access access = 0; access < ACCESS_COUNT; access++) {
					const unsigned domain = 1 + (kind * 4 + ap + d * 5) % 15;
					const unsigned expected =
						expected_status(sr, ap, domain_accesses[d],
								kind != SECTION, access);
					struct outcome outcome;

					tap_case("%s, ap %u, domain %u is %u, %s", kind_names[kind],
						 ap, domain, domain_accesses[d],
						 access_name(access));
					if (access == 0) {
						map(kind, ap, domain);
						dacr_write(DACR_ONLY_0 |
							   dacr_field(domain, domain_accesses[d]));
					}
					outcome = probe(access, TEST_VA);
					EXPECT_EQ(expected, outcome.status);
					if (expected)
						EXPECT_EQ(domain, outcome.domain);
				}
}

GUEST_TEST(permissions_with_s_and_r_clear)
{
	check_all(0);
}

GUEST_TEST(permissions_with_s_set)
{
	check_all(1);
}

GUEST_TEST(permissions_with_r_set)
{
	check_all(2);
}

/* The four subpages of a page, each with a permission of its own, in all orders that rotate. */
static void check_subpages(bool large, unsigned rotation, unsigned sr)
{
	const uint32_t subpage = large ? 0x4000 : 0x400;
	uint32_t descriptor = GUEST_SCRATCH | (large ? L2_LARGE : L2_SMALL);

	for (unsigned i = 0; i < 4; i++) {
		descriptor |= ((i + rotation) % 4) << (4 + 2 * i);
		write32(GUEST_SCRATCH + i * subpage, PROBE_WORD);
		write32(GUEST_SCRATCH + (i + 1) * subpage - 4, PROBE_WORD);
	}
	for (unsigned i = 0; i < (large ? 16 : 1); i++)
		mmu_set(&l2_table[0][i], descriptor);
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 3));
	tlb_flush_all();
	dacr_write(DACR_ONLY_0 | dacr_field(3, DOMAIN_CLIENT));
	for (unsigned i = 0; i < 4; i++)
		for (enum access access = 0; access < ACCESS_COUNT; access++) {
			const unsigned expected = expected_status(sr, (i + rotation) % 4,
								  DOMAIN_CLIENT, true, access);

			tap_case("subpage %u of %s, rotation %u, %s", i, large ? "large" : "small",
				 rotation, access_name(access));
			EXPECT_EQ(expected, probe_status(access, TEST_VA + i * subpage));
			EXPECT_EQ(expected, probe_status(access, TEST_VA + (i + 1) * subpage - 4));
		}
}

GUEST_TEST(subpages_have_permissions_of_their_own)
{
	mmu_tables_init();
	mmu_on(SCTLR_R);
	for (unsigned rotation = 0; rotation < 4; rotation++) {
		check_subpages(false, rotation, 2);
		check_subpages(true, rotation, 2);
	}
}

/*
 * One slot with pages of every permission, as Linux has it at 0xfff00000 and in its low memory.
 * Every page is accessed after every other one: what was allowed for one must not leak to the
 * next.
 */
GUEST_TEST(pages_of_all_permissions_share_a_slot)
{
	mmu_tables_init();
	for (unsigned page = 0; page < 8; page++) {
		write32(GUEST_SCRATCH + page * 0x1000, PROBE_WORD);
		mmu_set(&l2_table[0][page], desc_small(GUEST_SCRATCH + page * 0x1000, page % 4, 0));
	}
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(SCTLR_R);
	for (unsigned step = 1; step < 8; step += 2)
		for (unsigned i = 0; i < 8 * ACCESS_COUNT; i++) {
			const unsigned page = (i * step) % 8;
			const enum access access = (i * 3 + i / 8) % ACCESS_COUNT;

			tap_case("page %u, step %u, %s", page, step, access_name(access));
			EXPECT_EQ(expected_status(2, page % 4, DOMAIN_CLIENT, true, access),
				  probe_status(access, TEST_VA + page * 0x1000));
		}
}

/* Pitfall of a peer: STRT from the kernel to a user-read-only page beside kernel-only pages. */
GUEST_TEST(strt_to_a_user_read_only_page_faults_and_str_succeeds)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, 1);
	write32(GUEST_SCRATCH + 0x1000, 2);
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RO, 0));
	mmu_set(&l2_table[0][1], desc_small(GUEST_SCRATCH + 0x1000, AP_PRIV, 0));
	mmu_set(&l1_table[0][TEST_SLOT], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(SCTLR_R);
	for (unsigned turn = 0; turn < 3; turn++) {
		EXPECT_EQ(0, probe_status(KERNEL_STORE, TEST_VA + 0x1000));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_STRT, TEST_VA));
		EXPECT_EQ(turn ? PROBE_WORD : 1, read32(GUEST_SCRATCH));
		EXPECT_EQ(0, probe_status(KERNEL_STORE, TEST_VA));
		EXPECT_EQ(PROBE_WORD, read32(GUEST_SCRATCH));
		EXPECT_EQ(0, probe_status(USER_LOAD, TEST_VA));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(USER_STORE, TEST_VA));
		EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_LDRT, TEST_VA + 0x1000));
	}
}

/* The vector stub page of Linux: AP = 00 with R set. */
GUEST_TEST(the_kernel_executes_a_page_that_is_read_only_for_it)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	write32(GUEST_SCRATCH + 0xffc, PROBE_WORD);
	mmu_map_high_vectors();
	mmu_set(&l2_table[L2_TABLES - 1][0xf1], desc_small(GUEST_SCRATCH, AP_SR, 0));
	mmu_on(SCTLR_R | SCTLR_V);
	EXPECT_EQ(0, probe_status(KERNEL_EXEC, 0xffff1000));
	EXPECT_EQ(0, probe_status(KERNEL_EXEC, 0xffff1ffc));
	EXPECT_EQ(0, probe_status(KERNEL_LOAD, 0xffff1000));
	EXPECT_EQ(FSR_PERMISSION_PAGE, probe_status(KERNEL_STORE, 0xffff1000));
	EXPECT_EQ(0, probe_status(KERNEL_EXEC, 0xffff1000));
}

GUEST_TEST(clearing_r_takes_effect)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH, PROBE_WORD);
	mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_SR, 0, 0));
	for (unsigned turn = 0; turn < 3; turn++)
		for (unsigned sr = 0; sr < 3; sr++) {
			mmu_on(sr_bits[sr]);
			tap_case("turn %u, s and r 0x%x", turn, sr_bits[sr]);
			for (enum access access = 0; access < ACCESS_COUNT; access++)
				EXPECT_EQ(expected_status(sr, AP_SR, DOMAIN_CLIENT, false, access),
					  probe_status(access, TEST_VA));
		}
}

/* Reads of the kernel through LDRT see the word; STRT writes it where the user may. */
GUEST_TEST(ldrt_and_strt_transfer_what_the_user_may_see)
{
	mmu_tables_init();
	write32(GUEST_SCRATCH + 0x40, 0x12345678);
	mmu_set(&l1_table[0][TEST_SLOT], desc_section(GUEST_SCRATCH, AP_USER_RW, 2, 0));
	mmu_on(0);
	dacr_write(DACR_ONLY_0 | dacr_field(2, DOMAIN_CLIENT));
	EXPECT_EQ(0x12345678, probe(KERNEL_LDRT, TEST_VA + 0x40).value);
	EXPECT_EQ(0, probe_status(KERNEL_STRT, TEST_VA + 0x40));
	EXPECT_EQ(PROBE_WORD, read32(GUEST_SCRATCH + 0x40));
	dacr_write(DACR_ONLY_0);
	EXPECT_EQ(FSR_DOMAIN_SECTION, probe_status(KERNEL_LDRT, TEST_VA + 0x40));
	EXPECT_EQ(FSR_DOMAIN_SECTION, probe_status(KERNEL_STRT, TEST_VA + 0x40));
}
