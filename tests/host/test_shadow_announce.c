/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shadow of a guest that announces each change of its page tables (domain/shadow_announce.h),
 * one situation at a time.
 */
#include "tests/host/shadow_fixture.h"

#include "arch/arm/layout.h"
#include "arch/arm/sctlr.h"
#include "domain/shadow_announce.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/guest_mem.h"
#include "vmm/lib/bits.h"

#define LIMIT  0xbf000000u
#define LINEAR 0xd0000000u

static void set_dir(uint32_t dir)
{
	machine_mcr(MCR_TTBR, dir);
}

/** The MiB that the tables are in, linearly mapped. */
static void map_linear(uint32_t dir, uint32_t section)
{
	guest_set_word(dir + (LINEAR >> 20) * 4, section | AP_PRIV << 10 | 1u << 5 | 0x1e);
}

static int start(void **state)
{
	machine_init();
	machine_map_usual();
	shadow_set_pv(&machine.shadow, &(struct shadow_pv){ .announces = true,
							    .linear_offset = LINEAR,
							    .user_limit = LIMIT,
							    .ram = machine.mem.region[0] });
	map_linear(DIR_A, 0);
	map_linear(DIR_B, 0);
	shadow_fixture_mmu_on();
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	return 0;
}

static void set_pte(uint32_t at, uint32_t value)
{
	const uint32_t va = at + LINEAR;

	guest_set_word(at, value);
	shadow_ptes_changed(&machine.shadow, &va, 1);
}

static void set_pmd(uint32_t at, uint32_t value)
{
	guest_set_word(at, value);
	shadow_tables_written(&machine.shadow, at + LINEAR, 4);
}

static void a_known_space_is_there_at_once(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_B + 0x123 * 4, L1(COARSE + 0x400));
	set_pmd(DIR_A, L1(COARSE + 0x800)); /* the slot of the vectors */
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 0x400, USER_RO(PAGE_2));
	set_pte(COARSE + 0x804, USER_RO(PAGE_2));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x00001000, false), SHADOW_FILLED);
	set_dir(DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
	ASSERT_NO_ACCESS(0x00001000);
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_2);
	set_dir(DIR_A);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_1);
	assert_true(reaches(0x00001000, false));
	set_dir(DIR_B);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_2);
	ASSERT_NO_ACCESS(0x00001000);
}

static void what_is_announced_goes_with_the_flush(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_true(reaches(0x12300000, true));
	set_pte(COARSE, USER_RO(PAGE_1));
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12301000);
	assert_false(reaches(0x12300000, true));
	assert_int_equal(touch(0x12300000, false), SHADOW_FILLED);
	assert_true(reaches(0x12300000, false));
	set_pte(COARSE + 4, USER_RO(PAGE_2)); /* another, that nothing is known of */
	shadow_flush_range(&machine.shadow, 0x12301000, 0x12302000);
	assert_int_equal(touch(0x12300000, false), SHADOW_PRESENT);
}

/* Nothing is known of most ranges, so there is nothing to invalidate. */
static void a_flush_without_changes_costs_no_tlb_operation(void **state)
{
	const unsigned before = machine.tlb_flushes + machine.tlb_page_flushes;

	set_pte(COARSE, USER_RW(PAGE_1));
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12400000);
	shadow_flush_range(&machine.shadow, 0x12300000, 0x12301000);
	assert_int_equal(machine.tlb_flushes + machine.tlb_page_flushes, before);
}

static void an_inactive_space_hears_announcements_too(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_A + 0x124 * 4, L1(COARSE + 0x400));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 0x400, USER_RW(PAGE_1));
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(touch(0x12400000, true), SHADOW_FILLED);
	set_dir(DIR_B);
	set_pte(COARSE, 0);
	set_pmd(DIR_A + 0x124 * 4, 0);
	set_dir(DIR_A);
	ASSERT_NO_ACCESS(0x12300000);
	ASSERT_NO_ACCESS(0x12400000);
}

static void the_kernels_slots_are_everybodys(void **state)
{
	set_pmd(DIR_A + 0xc00 * 4, L1(COARSE));
	set_pmd(DIR_B + 0xc00 * 4, L1(COARSE));
	set_pte(COARSE, KERNEL(PAGE_1));
	assert_int_equal(touch(0xc0000000, true), SHADOW_FILLED);
	set_dir(DIR_B);
	assert_int_equal(host_of(0xc0000000), HPA_RAM + PAGE_1);
	set_pmd(DIR_A + 0xc00 * 4, 0); /* in the directory that the others copy */
	ASSERT_NO_ACCESS(0xc0000000);
}

static void a_directory_written_anew_is_another_space(void **state)
{
	set_pmd(DIR_B + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_dir(DIR_B);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	set_dir(DIR_A);
	guest_set_word(DIR_B + 0x123 * 4, 0);
	shadow_tables_written(&machine.shadow, DIR_B + LINEAR, 0x4000);
	assert_int_equal(machine.shadow.spaces[1].tables, SHADOW_NONE);
	set_dir(DIR_B);
	ASSERT_NO_ACCESS(0x12300000);
}

static void another_context_is_compared_when_told(void **state)
{
	set_pmd(DIR_A + 0x041 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	machine_mcr(MCR_PID, 0x04000000); /* the FCSE: no space has that */
	assert_int_equal(touch(0x00100000, true), SHADOW_FILLED);
	assert_true(reaches(0x00100000, true));
	set_pte(COARSE, 0);
	ASSERT_NO_ACCESS(0x00100000);
	machine_mcr(MCR_PID, 0);
	ASSERT_NO_ACCESS(0x04100000);
}

/* The kernel copies to and from programs with plain loads and stores. */
static void the_kernel_has_nothing_of_its_own_below_the_limit(void **state)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, KERNEL(PAGE_1));
	set_pte(COARSE + 4, USER_RO(PAGE_2));
	set_pmd(DIR_A + 0x124 * 4, 0x00100000 | AP_PRIV << 10 | 1u << 5 | 0x1e);
	assert_int_equal(touch(0x12300000, false), SHADOW_EMULATE);
	assert_int_equal(touch(0x12400000, true), SHADOW_EMULATE);
	assert_int_equal(touch(0x12301000, true), SHADOW_EMULATE);
	machine_mcr(MCR_DACR, 0x5555555d); /* a manager, too */
	assert_int_equal(touch(0x12301000, true), SHADOW_EMULATE);
	machine_mcr(MCR_DACR, 0x55555555);
	ASSERT_NO_ACCESS(0x12300000);
	/* But it may execute there, as it does when it switches its MMU. */
	guest_found_nothing(&machine.vcpu);
	region = guest_translate(&machine.vcpu, 0x12300000, true, false, &t, &fault);
	assert_int_equal(shadow_fill_code(&machine.shadow, gva(0x12300000), &t, region),
			 SHADOW_FILLED);
	assert_true(reaches(0x12300000, false));
	set_mode(PSR_MODE_USR);
	ASSERT_NO_ACCESS(0x12300000);
}

static unsigned fill_page(uint32_t va, bool write)
{
	return shadow_fill_page(&machine.shadow, va, write ? RIGHTS_WRITE : RIGHTS_READ,
				machine.vcpu.mmu.dacr);
}

static void the_short_fill_does_what_the_long_one_does(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	set_pte(COARSE + 4, USER_RW(PAGE_2));
	set_pte(COARSE + 8, USER_RO(PAGE_2));
	set_mode(PSR_MODE_USR);
	assert_int_equal(fill_page(0x12301000, true), SHADOW_PAGE_FILLED); /* makes the table */
	assert_int_equal(fill_page(0x12300000, false), SHADOW_PAGE_FILLED);
	assert_int_equal(fill_page(0x12302000, false), SHADOW_PAGE_FILLED);
	assert_int_equal(fill_page(0x12302000, false), SHADOW_PAGE_OTHER); /* has it */
	assert_int_equal(touch(0x12301000, true), SHADOW_PRESENT);
	assert_int_equal(touch(0x12300000, true), SHADOW_PRESENT);
	assert_int_equal(touch(0x12302000, false), SHADOW_PRESENT);
	assert_true(reaches(0x12300000, true) && reaches(0x12301000, true));
	assert_true(reaches(0x12302000, false) && !reaches(0x12302000, true));
	assert_int_equal(host_of(0x12301000), HPA_RAM + PAGE_2);
}

static void the_short_walk_finds_the_guests_faults(void **state)
{
	const uint32_t domain = 2u << 4; /* not that of the linear mapping */

	set_mode(PSR_MODE_USR);
	assert_int_equal(fill_page(0x12300000, false), FSR_TRANSLATION_SECTION);
	set_pmd(DIR_A + 0x123 * 4, COARSE | 2u << 5 | L1_SBO | L1_COARSE);
	set_pte(COARSE + 8, USER_RO(PAGE_2));
	assert_int_equal(fill_page(0x12301000, false), FSR_TRANSLATION_PAGE | domain);
	for (unsigned filled = 0; filled < 2; filled++) {
		assert_int_equal(fill_page(0x12302000, true), FSR_PERMISSION_PAGE | domain);
		fill_page(0x12302000, false);
	}
	machine_mcr(MCR_DACR, 0x55555545);
	assert_int_equal(fill_page(0x12301000, false), FSR_TRANSLATION_PAGE | domain);
	assert_int_equal(fill_page(0x12302000, true), SHADOW_PAGE_OTHER);
}

static void what_is_not_simple_goes_the_long_way(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pmd(DIR_A + 0x124 * 4, 0x00100000 | AP_USER_RW << 10 | 1u << 5 | 0x1e);
	set_pte(COARSE, KERNEL(PAGE_2));
	set_pte(COARSE + 4, USER_RW(0x10102000)); /* emulated */
	set_pte(COARSE + 8, USER_RW(0x00280000)); /* behind the RAM */
	set_pte(COARSE + 12, USER_RO(PAGE_1));
	set_pte(COARSE + 16, USER_RW(PAGE_1));
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(fill_page(0x12300000 + n * 0x1000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(0x12303000, true), SHADOW_PAGE_OTHER); /* the kernel may */
	assert_int_equal(fill_page(0x12400000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(0xc0000000, false), SHADOW_PAGE_OTHER);
	assert_int_equal(fill_page(VMM_BASE, false), SHADOW_PAGE_OTHER);
	machine_mcr(MCR_DACR, 0x55555551);
	assert_int_equal(fill_page(0x12304000, false), SHADOW_PAGE_OTHER);
	machine_mcr(MCR_SCTLR, SCTLR_C | SCTLR_V); /* another context */
	assert_int_equal(fill_page(0x12304000, false), SHADOW_PAGE_OTHER);
}

/** Two tables of which three pages each are known. */
static void make_two_tables(void)
{
	for (uint32_t t = 0; t < 2; t++) {
		set_pmd(DIR_A + (0x123 + t) * 4, L1(COARSE + t * 0x400));
		for (uint32_t n = 0; n < 3; n++) {
			guest_set_word(COARSE + t * 0x400 + n * 4, USER_RW(PAGE_1));
			assert_int_equal(touch(0x12300000 + t * 0x100000 + n * 0x1000, true),
					 SHADOW_FILLED);
		}
	}
}

static bool known_in_two_tables(unsigned t, unsigned n)
{
	return fill_page(0x12300000 + t * 0x100000 + n * 0x1000, true) == SHADOW_PAGE_OTHER;
}

static void a_log_is_taken_in_rows(void **state)
{
	/* Rows of one table, of one that nothing is known of, and of the other table. */
	static const uint32_t log[] = { COARSE,         COARSE + 8,     COARSE + 0x3fc,
					COARSE + 0x800, COARSE + 0x804, COARSE + 0x400,
					COARSE + 0x404 };
	uint32_t vas[ARRAY_SIZE(log)];

	make_two_tables();
	for (unsigned i = 0; i < ARRAY_SIZE(log); i++)
		vas[i] = log[i] + LINEAR;
	shadow_ptes_changed(&machine.shadow, vas, ARRAY_SIZE(vas));
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(known_in_two_tables(0, n), n == 1);
		assert_int_equal(known_in_two_tables(1, n), n == 2);
	}
}

static void a_line_of_a_table_is_compared(void **state)
{
	make_two_tables();
	guest_set_word(COARSE + 4, USER_RW(PAGE_2));
	guest_set_word(COARSE + 0x404, USER_RW(PAGE_2));
	shadow_tables_written(&machine.shadow, COARSE + 0x2000 + LINEAR, 32); /* no table */
	shadow_tables_written(&machine.shadow, COARSE + 0x400 + LINEAR, 32);
	for (unsigned n = 0; n < 3; n++) {
		assert_true(known_in_two_tables(0, n));
		assert_int_equal(known_in_two_tables(1, n), n != 1);
	}
}

/* What the guest maps where its tables should be is not read as its tables. */
static void a_false_linear_mapping_is_not_read(void **state)
{
	set_pmd(DIR_A + 0x123 * 4, L1(COARSE));
	set_pte(COARSE, USER_RW(PAGE_1));
	map_linear(DIR_A, 0x00100000);
	shadow_tables_written(&machine.shadow, DIR_A + (LINEAR >> 20) * 4 + LINEAR, 4);
	guest_set_word(0x00100000 + COARSE, USER_RW(PAGE_2));
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	assert_int_equal(host_of(LINEAR), HPA_RAM + 0x00100000);
	assert_int_equal(touch(0x12300000, true), SHADOW_FILLED);
	assert_int_equal(host_of(0x12300000), HPA_RAM + PAGE_1);
}

/* Linux's word for the thread, in a page that its programs read. */
static void the_kernels_store_goes_past_a_read_only_entry(void **state)
{
	set_pmd(DIR_A + 0xffe * 4, L1(COARSE));
	set_pte(COARSE, USER_RO(PAGE_1));
	set_pte(COARSE + 4, VECTOR_RO(PAGE_1));
	set_pte(COARSE + 8, USER_RO(0x10103000)); /* a device that may only be read */
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 1)); /* not known yet */
	for (uint32_t va = 0xffe00000; va < 0xffe03000; va += 0x1000)
		assert_int_equal(touch(va, false), SHADOW_FILLED);
	assert_true(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 0x12345678));
	assert_int_equal(guest_word(PAGE_1 + 0xff0), 0x12345678);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe01ff0, 2));
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe02ff0, 2));
	machine_mcr(MCR_DACR, 0x55555551);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 2));
	machine_mcr(MCR_DACR, 0x55555555);
	set_pte(COARSE, 0);
	assert_false(shadow_store_kernel(&machine.shadow, 0xffe00ff0, 2));
	assert_int_equal(guest_word(PAGE_1 + 0xff0), 0x12345678);
}

/* More processes than there are tables for: those used last stay, whatever becomes of the others. */
static void more_spaces_than_tables(void **state)
{
	const uint32_t dirs = 0x08000000;
	const unsigned spaces = 120, slots = 5;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned s = 0; s < spaces; s++) {
			const uint32_t dir = dirs + s * 0x4000;

			for (unsigned i = 0; round == 0 && i < slots; i++)
				guest_set_word(dir + (0x100 + i) * 4, L1(COARSE + i * 0x400));
			guest_set_word(COARSE, USER_RW(PAGE_1));
			set_dir(dir);
			for (unsigned i = 0; i < slots; i++) {
				guest_set_word(COARSE + i * 0x400, USER_RW(PAGE_1 + i * 0x1000));
				touch(0x10000000 + i * 0x100000, true);
				assert_int_equal(host_of(0x10000000 + i * 0x100000),
						 HPA_RAM + PAGE_1 + i * 0x1000);
			}
		}
	}
	assert_true(machine.shadow.stats.contexts_recycled > 0);
	/* The last ones have all they had. */
	for (unsigned s = spaces - 50; s < spaces; s++) {
		set_dir(dirs + s * 0x4000);
		for (unsigned i = 0; i < slots; i++)
			assert_true(reaches(0x10000000 + i * 0x100000, true));
	}
}

/** Page directories that are all in one chain of a hash; most are outside of the RAM. */
static uint32_t chained_dir(unsigned n)
{
	return (n << 8 | (~n & 255u)) << 14;
}

static unsigned chain_length(uint32_t dir)
{
	const struct shadow *const sh = &machine.shadow;
	unsigned length = 0;

	for (unsigned i = sh->space_hash[(dir >> 14 ^ dir >> 22) & 255u]; i != SHADOW_NONE;
	     i = sh->spaces[i].next)
		length++;
	return length;
}

/* A guest that chooses its page directories so that to find one would take long. */
static void no_chain_of_spaces_is_long(void **state)
{
	enum { DIRS = 300 };
	const uint32_t made = machine.shadow.stats.contexts_made;

	for (unsigned n = 0; n < DIRS; n++) {
		set_dir(chained_dir(n));
		assert_int_equal(machine.shadow.spaces[0].ttbr, DIR_A);
		assert_int_equal(chain_length(chained_dir(n)),
				 n < SHADOW_CHAIN_MAX ? n + 1 : SHADOW_CHAIN_MAX);
		assert_true(shadow_invariants_hold(&machine.shadow));
	}
	assert_int_equal(machine.shadow.stats.contexts_made - made, DIRS);
	/* Those made last are known. */
	for (unsigned n = DIRS - SHADOW_CHAIN_MAX; n < DIRS; n++)
		set_dir(chained_dir(n));
	assert_int_equal(machine.shadow.stats.contexts_made - made, DIRS);
}

#define MANY_SPACES (SHADOW_SPACES + 44u)
#define MANY_HPA    (HPA_RAM + 0x600000u)

/** The page directory of one of many spaces. Its program has one page: the directory's first. */
static uint32_t many_dir(unsigned s)
{
	return 0x09000000u + s * 0x4000u;
}

/** The coarse table of its only slot: in the directory, behind what is looked at there. */
static uint32_t many_coarse(unsigned s)
{
	return many_dir(s) + 0x2000;
}

static void enter_space(unsigned s)
{
	set_dir(many_dir(s));
	assert_true(machine.shadow.space_count <= SHADOW_SPACES);
	assert_true(shadow_invariants_hold(&machine.shadow));
}

static void assert_own_page(unsigned s)
{
	assert_int_equal(host_of(0x10000000), MANY_HPA + s * 0x4000u);
}

static void make_many_spaces(void)
{
	machine_map(many_dir(0), MANY_SPACES * 0x4000u, MEM_RAM, MANY_HPA);
	for (unsigned s = 0; s < MANY_SPACES; s++) {
		map_linear(many_dir(s), 0);
		guest_set_word(many_dir(s) + 0x100 * 4, L1(many_coarse(s)));
		guest_set_word(many_coarse(s), USER_RW(many_dir(s)));
	}
}

/* More processes than spaces, and tables enough: the space used longest ago becomes another's. */
static void more_spaces_than_are_kept(void **state)
{
	const struct shadow_stats *const stats = &machine.shadow.stats;
	const unsigned kept = SHADOW_SPACES - 1; /* without the first, which stays */
	const uint32_t made = stats->contexts_made;
	const unsigned room = SHADOW_SPACES - machine.shadow.space_count;

	make_many_spaces();
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned s = 0; s < MANY_SPACES; s++) {
			enter_space(s);
			ASSERT_NO_ACCESS(0x10000000); /* of another, or of its own: forgotten */
			assert_int_equal(touch(0x10000000, true), SHADOW_FILLED);
			assert_own_page(s);
		}
		assert_int_equal(stats->contexts_made - made, round * MANY_SPACES);
	}
	assert_int_equal(stats->contexts_recycled, 3 * MANY_SPACES - room);
	assert_int_equal(stats->tables_recycled, 0);
	assert_true(machine.shadow.free_count >= SHADOW_TABLES - SHADOW_SPACES - 8);

	/* Those used last are there at once ... */
	for (unsigned s = MANY_SPACES - kept; s < MANY_SPACES; s++) {
		enter_space(s);
		assert_own_page(s);
	}
	assert_int_equal(stats->contexts_made - made, 3 * MANY_SPACES);
	/* ... and what the guest says of one that is gone, and of one that is not, is heard. */
	set_pte(many_coarse(0), USER_RO(PAGE_1));
	set_pte(many_coarse(MANY_SPACES - 1), USER_RO(PAGE_2));
	enter_space(MANY_SPACES - 2);
	enter_space(MANY_SPACES - 1);
	ASSERT_NO_ACCESS(0x10000000);
	enter_space(0);
	ASSERT_NO_ACCESS(0x10000000);
	assert_int_equal(touch(0x10000000, false), SHADOW_FILLED);
	assert_int_equal(host_of(0x10000000), HPA_RAM + PAGE_1);
	/* The boot's directory, which the others are copies of, has kept its space throughout. */
	set_dir(DIR_A);
	assert_ptr_equal(machine.shadow.space, &machine.shadow.spaces[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_known_space_is_there_at_once, start),
		TEST(what_is_announced_goes_with_the_flush, start),
		TEST(a_flush_without_changes_costs_no_tlb_operation, start),
		TEST(an_inactive_space_hears_announcements_too, start),
		TEST(the_kernels_slots_are_everybodys, start),
		TEST(a_directory_written_anew_is_another_space, start),
		TEST(another_context_is_compared_when_told, start),
		TEST(the_kernel_has_nothing_of_its_own_below_the_limit, start),
		TEST(the_short_fill_does_what_the_long_one_does, start),
		TEST(the_short_walk_finds_the_guests_faults, start),
		TEST(what_is_not_simple_goes_the_long_way, start),
		TEST(a_log_is_taken_in_rows, start),
		TEST(a_line_of_a_table_is_compared, start),
		TEST(a_false_linear_mapping_is_not_read, start),
		TEST(the_kernels_store_goes_past_a_read_only_entry, start),
		TEST(more_spaces_than_tables, start),
		TEST(more_spaces_than_are_kept, start),
		TEST(no_chain_of_spaces_is_long, start),
	};

	return cmocka_run_group_tests_name("announced page tables", tests, NULL, NULL);
}
