/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the shadow page tables share that look at one situation at a time: where the
 * guest's tables and pages are, what its descriptors look like, and how its accesses are tried.
 */
#ifndef TESTS_HOST_SHADOW_FIXTURE_H
#define TESTS_HOST_SHADOW_FIXTURE_H

#include "tests/host/core_machine.h"

/* Guest physical addresses: two page directories, a coarse table, pages. */
#define DIR_A  0x00010000u
#define DIR_B  0x00014000u
#define DIR_C  0x00018000u
#define COARSE 0x00020000u
#define FINE   0x00021000u
#define PAGE_1 0x00101000u
#define PAGE_2 0x00102000u

/* Coarse and fine table, domain 1; small pages. */
#define L1(table)       ((table) | 1u << 5 | 0x11)
#define L1_OF_FINE      (FINE | 1u << 5 | 0x13)
#define KERNEL(page)    ((page) | 0x55 << 4 | 0xe)
#define USER_RW(page)   ((page) | 0xff << 4 | 0xe)
#define USER_RO(page)   ((page) | 0xaa << 4 | 0xe)
#define VECTOR_RO(page) ((page) | 0x00 << 4 | 0xe) /* read only for all, with the R bit */

/** The guest's MMU and caches go on, with the tables at DIR_A. Its vectors are high. */
void shadow_fixture_mmu_on(void);
/** For the end of each test: the pool's bookkeeping holds. */
int shadow_fixture_check(void **state);

enum shadow_result touch(uint32_t va, bool write);
bool reaches(uint32_t va, bool write);
uint32_t host_of(uint32_t va);
void set_mode(unsigned mode);

#define ASSERT_NO_ACCESS(va)                      \
	do {                                      \
		assert_false(reaches(va, false)); \
		assert_false(reaches(va, true));  \
	} while (0)

/** A test, and what comes before it. */
#define TEST(name, start) cmocka_unit_test_setup_teardown(name, start, shadow_fixture_check)

#endif
