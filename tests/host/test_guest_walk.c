/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walker of guest page tables: every type of descriptor with its fault status, and random
 * tables against a walker and a table of permissions of the test's own (tests/host/ref_mmu.h).
 */
#include "domain/guest_walk.h"

#include "arch/arm/sctlr.h"
#include "tests/host/ref_mmu.h"
#include "tests/xorshift.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* 64 KiB of tables at GPA 0x40000: a directory, then second-level tables. Nothing else is there. */
#define TABLES_AT   0x40000u
#define TABLES_SIZE 0x10000u
#define COARSE_AT   (TABLES_AT + 0x4000)
#define FINE_AT     (TABLES_AT + 0x8000)

static uint32_t words[TABLES_SIZE / 4];
static unsigned reads;

static bool read_word(void *ctx, uint32_t at, uint32_t *word)
{
	reads++;
	if (at - TABLES_AT >= TABLES_SIZE)
		return false;
	assert_int_equal(at & 3, 0);
	*word = words[(at - TABLES_AT) / 4];
	return true;
}

static bool read_gpa(void *ctx, gpa_t at, uint32_t *word)
{
	return read_word(ctx, at.raw, word);
}

static void put(uint32_t at, uint32_t value)
{
	words[(at - TABLES_AT) / 4] = value;
}

static int start(void **state)
{
	memset(words, 0, sizeof(words));
	reads = 0;
	return 0;
}

static const struct guest_mmu on = { .sctlr = SCTLR_M, .ttbr = TABLES_AT, .dacr = 0x55555555 };

/** One first-level and one second-level descriptor, and what an address in the middle becomes. */
static const struct walk_case {
	const char *name;
	uint32_t va, l1, l2_at, l2;
	unsigned status;
	uint32_t gpa;
	unsigned domain, shift, ap, cb;
} walks[] = {
	/* clang-format off */
	{ "fault", 0x12345678, 0xfffffffc, 0, 0, 0x5, 0, 15, 0, 0, 0 },
	{ "fault, empty", 0x12345678, 0, 0, 0, 0x5, 0, 0, 0, 0, 0 },
	{ "section", 0x12345678, 0xabc00000 | 3 << 5 | 2 << 10 | 0xc | 0x12, 0, 0,
	  0, 0xabc45678, 3, 20, 2, 0xc },
	{ "section, last byte", 0xffffffff, 0x00100000 | 1 << 10 | 0x4 | 2, 0, 0,
	  0, 0x001fffff, 0, 20, 1, 4 },
	{ "coarse, empty", 0x00112345, COARSE_AT | 7 << 5 | 0x11, COARSE_AT + 0x12 * 4, 0,
	  0x7, 0, 7, 0, 0, 0 },
	{ "coarse, fault with other bits", 0x00112345, COARSE_AT | 0x11, COARSE_AT + 0x12 * 4,
	  0xfffffffc, 0x7, 0, 0, 0, 0, 0 },
	{ "coarse, tiny is reserved", 0x00112345, COARSE_AT | 2 << 5 | 0x11, COARSE_AT + 0x12 * 4,
	  0x77700ff3, 0x7, 0, 2, 0, 0, 0 },
	{ "coarse, small, subpage 0", 0x00112345, COARSE_AT | 1 << 5 | 0x11, COARSE_AT + 0x12 * 4,
	  0x55555000 | 0xe4 << 4 | 0xc | 2, 0, 0x55555345, 1, 12, 0, 0xc },
	{ "coarse, small, subpage 1", 0x00112745, COARSE_AT | 1 << 5 | 0x11, COARSE_AT + 0x12 * 4,
	  0x55555000 | 0xe4 << 4 | 0x8 | 2, 0, 0x55555745, 1, 12, 1, 8 },
	{ "coarse, small, subpage 2", 0x00112b45, COARSE_AT | 1 << 5 | 0x11, COARSE_AT + 0x12 * 4,
	  0x55555000 | 0xe4 << 4 | 0x4 | 2, 0, 0x55555b45, 1, 12, 2, 4 },
	{ "coarse, small, subpage 3", 0x00112f45, COARSE_AT | 1 << 5 | 0x11, COARSE_AT + 0x12 * 4,
	  0x55555000 | 0xe4 << 4 | 2, 0, 0x55555f45, 1, 12, 3, 0 },
	{ "coarse, large, subpage 0", 0x00113fff, COARSE_AT | 0x11, COARSE_AT + 0x13 * 4,
	  0x66660000 | 0x1b << 4 | 0xc | 1, 0, 0x66663fff, 0, 16, 3, 0xc },
	{ "coarse, large, subpage 1", 0x00114000, COARSE_AT | 0x11, COARSE_AT + 0x14 * 4,
	  0x66660000 | 0x1b << 4 | 1, 0, 0x66664000, 0, 16, 2, 0 },
	{ "coarse, large, subpage 3", 0x0011ffff, COARSE_AT | 0x11, COARSE_AT + 0x1f * 4,
	  0x6666f000 | 0x1b << 4 | 1, 0, 0x6666ffff, 0, 16, 0, 0 },
	{ "fine, empty", 0x00112745, FINE_AT | 5 << 5 | 0x13, FINE_AT + 0x49 * 4, 0,
	  0x7, 0, 5, 0, 0, 0 },
	{ "fine, tiny", 0x00112745, FINE_AT | 5 << 5 | 0x13, FINE_AT + 0x49 * 4,
	  0x77777400 | 2 << 4 | 0x8 | 3, 0, 0x77777745, 5, 10, 2, 8 },
	{ "fine, small", 0x00112b45, FINE_AT | 0x13, FINE_AT + 0x4a * 4,
	  0x55555000 | 0x20 << 4 | 2, 0, 0x55555b45, 0, 12, 2, 0 },
	{ "fine, large", 0x00118b45, FINE_AT | 0x13, FINE_AT + 0x62 * 4,
	  0x66660000 | 0x20 << 4 | 1, 0, 0x66668b45, 0, 16, 2, 0 },
	{ "coarse table that is not there", 0x00112745, 0x90000000 | 9 << 5 | 0x11, 0, 0,
	  0xe, 0, 9, 0, 0, 0 },
	{ "fine table that is not there", 0x00112745, 0x90000000 | 9 << 5 | 0x13, 0, 0,
	  0xe, 0, 9, 0, 0, 0 },
	/* clang-format on */
};

static void every_descriptor_has_its_meaning(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(walks); i++) {
		const struct walk_case *c = &walks[i];
		struct guest_translation t;
		unsigned status;

		start(state);
		put(TABLES_AT + (c->va >> 20) * 4, c->l1);
		if (c->l2_at)
			put(c->l2_at, c->l2);
		status = guest_walk(&on, gva(c->va), read_gpa, NULL, &t);
		if (status != c->status || t.domain != c->domain)
			fail_msg("%s: status %x, domain %u", c->name, status, t.domain);
		if (status)
			continue;
		if (t.gpa.raw != c->gpa || t.shift != c->shift || t.ap != c->ap || t.cb != c->cb ||
		    t.is_page != (c->shift != 20) || t.flat)
			fail_msg("%s: gpa %08x, shift %u, ap %u, cb %x", c->name, t.gpa.raw,
				 t.shift, t.ap, t.cb);
	}
}

static void a_directory_that_is_not_there_is_an_external_abort(void **state)
{
	const struct guest_mmu mmu = { .sctlr = SCTLR_M, .ttbr = 0x90000000 };
	struct guest_translation t;

	assert_int_equal(guest_walk(&mmu, gva(0x1000), read_gpa, NULL, &t), 0xc);
	assert_int_equal(t.domain, 0);
}

static void the_low_bits_of_the_table_base_are_ignored(void **state)
{
	struct guest_mmu mmu = on;
	struct guest_translation t;

	put(TABLES_AT + 4, 0x00200c02);
	mmu.ttbr |= 0x3fff;
	assert_int_equal(guest_walk(&mmu, gva(0x100000), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x00200000);
}

static void with_the_mmu_off_addresses_are_physical(void **state)
{
	const struct guest_mmu mmu = { .ttbr = 0x90000000, .pid = 0x04000000 };
	struct guest_translation t;

	assert_int_equal(guest_walk(&mmu, gva(0xfedcba98), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0xfedcba98);
	assert_true(t.flat);
	assert_int_equal(t.cb, 0);
	assert_int_equal(reads, 0);
	/* No domain stands in the way, of anybody. */
	assert_int_equal(guest_permission(&mmu, &t, false, true), 0);
	/* The FCSE precedes the MMU. */
	assert_int_equal(guest_walk(&mmu, gva(0x01234567), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x05234567);
}

static void the_fcse_renames_the_low_32_mib(void **state)
{
	struct guest_mmu mmu = on;
	struct guest_translation t;

	mmu.pid = 0xc0ffffff; /* only bits 31:25 count */
	put(TABLES_AT + 0xc01 * 4, 0x00100c02);
	put(TABLES_AT + 0xc1f * 4, 0x01f00c02);
	put(TABLES_AT + 0x020 * 4, 0x02000c02);
	assert_int_equal(guest_walk(&mmu, gva(0x00100010), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x00100010);
	assert_int_equal(guest_walk(&mmu, gva(0x01ffffff), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x01ffffff);
	assert_int_equal(guest_walk(&mmu, gva(0x02000000), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x02000000);
	assert_int_equal(guest_walk(&mmu, gva(0xc0100010), read_gpa, NULL, &t), 0);
	assert_int_equal(t.gpa.raw, 0x00100010);
}

/* All of AP x S x R x domain access x privilege x kind of access x kind of page. */
static void rights_are_those_of_the_manual(void **state)
{
	for (unsigned n = 0; n < 4 * 4 * 4 * 2 * 2 * 2; n++) {
		const unsigned ap = n & 3, access = n >> 2 & 3, domain = 5;
		const bool s = n >> 4 & 1, r = n >> 5 & 1, privileged = n >> 6 & 1;
		const bool write = n >> 7 & 1, page = n >> 8 & 1;
		const struct guest_mmu mmu = {
			.sctlr = SCTLR_M | (s ? SCTLR_S : 0) | (r ? SCTLR_R : 0),
			.dacr = ~(3u << (2 * domain)) | access << (2 * domain),
		};
		const struct ref_mmu ref = { .control = mmu.sctlr, .dacr = mmu.dacr };
		const struct guest_translation t = { .domain = (uint8_t)domain,
						     .ap = (uint8_t)ap,
						     .is_page = page };
		const struct ref_entry entry = { .size = page ? 0x1000 : 0x100000,
						 .l1 = domain << 5 | ap << 10,
						 .l2 = ap << 4 };
		const unsigned expected = ref_check(&ref, &entry, 0, privileged, write);

		assert_int_equal(guest_permission(&mmu, &t, privileged, write), expected & 0xf);
		assert_int_equal(guest_rights(&mmu, &t, privileged),
				 ref_rights(&ref, &entry, 0, privileged));
	}
}

static uint32_t random_state = 1;

static uint32_t rnd(void)
{
	return xorshift32(&random_state);
}

static void random_tables_are_walked_like_the_reference(void **state)
{
	unsigned translated = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = rnd();
		/* Most first-level descriptors lead to tables that are there. */
		if (i < 4096 && (words[i] & 1) && rnd() % 8)
			words[i] = (words[i] & 0xfff) | TABLES_AT | (rnd() & 0xf000);
	}
	for (unsigned n = 0; n < 200000; n++) {
		const struct guest_mmu mmu = {
			.sctlr = rnd() % 16 ? SCTLR_M | (rnd() & (SCTLR_S | SCTLR_R)) : 0,
			.ttbr = TABLES_AT | (rnd() & 0x3fff),
			.dacr = rnd(),
			.pid = rnd(),
		};
		const struct ref_mmu ref = { .control = mmu.sctlr,
					     .ttbr = mmu.ttbr,
					     .dacr = mmu.dacr,
					     .pid = mmu.pid,
					     .read = read_word };
		const uint32_t va = rnd() % 3 ? rnd() : rnd() & 0x01ffffff;
		const uint32_t mva = ref_mva(&ref, va);
		const bool privileged = rnd() & 1, write = rnd() & 1;
		struct guest_translation t;
		struct ref_entry entry;
		struct ref_meaning m;
		const unsigned expected = ref_walk(&ref, mva, &entry);
		const unsigned status = guest_walk(&mmu, gva(va), read_gpa, NULL, &t);

		assert_int_equal(status, expected & 0xf);
		assert_int_equal(t.domain, expected ? expected >> 4 : t.domain);
		if (status)
			continue;
		m = ref_meaning(&entry, mva);
		assert_int_equal(t.gpa.raw, m.physical);
		assert_int_equal(t.ap, m.ap);
		assert_int_equal(t.cb, m.cb);
		assert_int_equal(t.domain, m.domain);
		assert_int_equal(t.is_page, m.is_page);
		assert_int_equal(guest_permission(&mmu, &t, privileged, write),
				 ref_check(&ref, &entry, mva, privileged, write) & 0xf);
		translated++;
	}
	assert_true(translated > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_descriptor_has_its_meaning, start),
		cmocka_unit_test_setup(a_directory_that_is_not_there_is_an_external_abort, start),
		cmocka_unit_test_setup(the_low_bits_of_the_table_base_are_ignored, start),
		cmocka_unit_test_setup(with_the_mmu_off_addresses_are_physical, start),
		cmocka_unit_test_setup(the_fcse_renames_the_low_32_mib, start),
		cmocka_unit_test_setup(rights_are_those_of_the_manual, start),
		cmocka_unit_test_setup(random_tables_are_walked_like_the_reference, start),
	};

	return cmocka_run_group_tests_name("guest page tables", tests, NULL, NULL);
}
