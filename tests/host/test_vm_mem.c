/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map: what it accepts, what it finds, both against a list searched naively. */
#include "domain/vm_mem.h"

#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct vm_mem mem;
static uint32_t random_state;

static uint32_t rnd(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

static enum status add(uint32_t base, uint32_t size)
{
	const struct mem_region region = {
		.base = base, .size = size, .kind = MEM_RAM, .hpa = hpa(0x1000)
	};

	return vm_mem_add(&mem, &region);
}

static int start(void **state)
{
	memset(&mem, 0, sizeof(mem));
	random_state = 1;
	return 0;
}

static void an_empty_map_has_nothing_anywhere(void **state)
{
	assert_null(vm_mem_find(&mem, gpa(0)));
	assert_null(vm_mem_find(&mem, gpa(0x1000)));
	assert_null(vm_mem_find(&mem, gpa(0xffffffff)));
}

static void bad_regions_are_refused(void **state)
{
	const struct mem_region odd_host = {
		.base = 0x1000, .size = 0x1000, .kind = MEM_RAM, .hpa = hpa(0x800)
	};

	assert_int_equal(add(0, 0), STATUS_BAD_CONFIG);
	assert_int_equal(add(0x800, 0x1000), STATUS_BAD_CONFIG);
	assert_int_equal(add(0x1000, 0x1800), STATUS_BAD_CONFIG);
	assert_int_equal(add(0xfffff000, 0x2000), STATUS_BAD_CONFIG);
	assert_int_equal(add(0x80000000, 0x80001000), STATUS_BAD_CONFIG);
	assert_int_equal(vm_mem_add(&mem, &odd_host), STATUS_BAD_CONFIG);
	assert_int_equal(mem.count, 0);
}

static void the_ends_of_the_address_space_can_be_used(void **state)
{
	assert_int_equal(add(0xfffff000, 0x1000), STATUS_OK);
	assert_int_equal(add(0, 0x1000), STATUS_OK);
	assert_int_equal(add(0x80000000, 0x7ffff000), STATUS_OK);

	assert_int_equal(vm_mem_find(&mem, gpa(0))->base, 0);
	assert_int_equal(vm_mem_find(&mem, gpa(0xfff))->base, 0);
	assert_null(vm_mem_find(&mem, gpa(0x1000)));
	assert_null(vm_mem_find(&mem, gpa(0x7fffffff)));
	assert_int_equal(vm_mem_find(&mem, gpa(0x80000000))->base, 0x80000000);
	assert_int_equal(vm_mem_find(&mem, gpa(0xffffefff))->base, 0x80000000);
	assert_int_equal(vm_mem_find(&mem, gpa(0xfffff000))->base, 0xfffff000);
	assert_int_equal(vm_mem_find(&mem, gpa(0xffffffff))->base, 0xfffff000);
}

static void overlaps_are_refused_and_neighbours_are_not(void **state)
{
	assert_int_equal(add(0x4000, 0x4000), STATUS_OK);
	assert_int_equal(add(0x4000, 0x4000), STATUS_OVERLAP);
	assert_int_equal(add(0x4000, 0x1000), STATUS_OVERLAP);
	assert_int_equal(add(0x7000, 0x1000), STATUS_OVERLAP);
	assert_int_equal(add(0x5000, 0x1000), STATUS_OVERLAP);
	assert_int_equal(add(0x3000, 0x2000), STATUS_OVERLAP);
	assert_int_equal(add(0x7000, 0x2000), STATUS_OVERLAP);
	assert_int_equal(add(0x0000, 0x10000), STATUS_OVERLAP);
	assert_int_equal(add(0x0000, 0xfffff000), STATUS_OVERLAP);
	assert_int_equal(mem.count, 1);
	assert_int_equal(add(0x3000, 0x1000), STATUS_OK);
	assert_int_equal(add(0x8000, 0x1000), STATUS_OK);
	assert_int_equal(mem.count, 3);
}

static void a_full_map_refuses_more_and_stays_as_it_is(void **state)
{
	for (uint32_t n = 0; n < VM_MEM_REGIONS_MAX; n++)
		assert_int_equal(add(0x10000000 - n * 0x2000, 0x1000), STATUS_OK);
	assert_int_equal(add(0x20000000, 0x1000), STATUS_NO_MEMORY);
	assert_int_equal(mem.count, VM_MEM_REGIONS_MAX);
	for (uint32_t n = 0; n < VM_MEM_REGIONS_MAX; n++)
		assert_int_equal(vm_mem_find(&mem, gpa(0x10000000 - n * 0x2000 + 0xfff))->base,
				 0x10000000 - n * 0x2000);
}

static void coverage_is_of_every_byte(void **state)
{
	const struct mem_region middle = { .base = 0x4000, .size = 0x2000 };
	const struct mem_region end = { .base = 0xffffe000, .size = 0x2000 };

	assert_true(vm_mem_covers(&middle, gpa(0x4000), 0x2000));
	assert_true(vm_mem_covers(&middle, gpa(0x5fff), 1));
	assert_false(vm_mem_covers(&middle, gpa(0x3fff), 2));
	assert_false(vm_mem_covers(&middle, gpa(0x5fff), 2));
	assert_false(vm_mem_covers(&middle, gpa(0x4001), 0x2000));
	assert_false(vm_mem_covers(&middle, gpa(0x4000), 0xfffff000));
	assert_true(vm_mem_covers(&end, gpa(0xffffe000), 0x2000));
	assert_true(vm_mem_covers(&end, gpa(0xffffffff), 1));
	assert_false(vm_mem_covers(&end, gpa(0xffffffff), 2));
	assert_false(vm_mem_covers(&end, gpa(0xfffff000), 0x2000));
}

static void the_host_address_follows_the_offset(void **state)
{
	const struct mem_region region = { .base = 0xfffff000,
					   .size = 0x1000,
					   .hpa = hpa(0x30000) };

	assert_int_equal(mem_region_hpa(&region, gpa(0xffffffff)).raw, 0x30fff);
}

/* Random maps of few distinct pages, so that regions meet. */

#define LIST_MAX 200

static struct mem_region list[LIST_MAX];
static unsigned list_count;

static const struct mem_region *naive_find(uint64_t at)
{
	for (unsigned i = 0; i < list_count; i++)
		if (at >= list[i].base && at < (uint64_t)list[i].base + list[i].size)
			return &list[i];
	return NULL;
}

static enum status naive_add(const struct mem_region *r)
{
	const uint64_t end = (uint64_t)r->base + r->size;

	if (r->size == 0 || end > 0x100000000u)
		return STATUS_BAD_CONFIG;
	if (list_count == VM_MEM_REGIONS_MAX)
		return STATUS_NO_MEMORY;
	for (unsigned i = 0; i < list_count; i++)
		if (r->base < (uint64_t)list[i].base + list[i].size && list[i].base < end)
			return STATUS_OVERLAP;
	list[list_count++] = *r;
	return STATUS_OK;
}

static uint32_t random_page(void)
{
	/* Around both ends and in the middle. */
	return ((rnd() % 3) * 0x7ffe0u + rnd() % 0x60) << 12;
}

static void random_maps_are_like_a_list(void **state)
{
	for (unsigned map = 0; map < 400; map++) {
		memset(&mem, 0, sizeof(mem));
		list_count = 0;
		for (unsigned n = 0; n < 20 + map % 100; n++) {
			const struct mem_region region = {
				.base = random_page(),
				.size = (rnd() % 6) << 12,
				.kind = MEM_RAM + rnd() % 4,
				.hpa = hpa(n << 12),
			};

			assert_int_equal(vm_mem_add(&mem, &region), naive_add(&region));
		}
		assert_int_equal(mem.count, list_count);
		for (unsigned n = 0; n < 600; n++) {
			const uint32_t at = random_page() + (rnd() & 1 ? 0xfff : rnd() & 0xfff);
			const struct mem_region *found = vm_mem_find(&mem, gpa(at));
			const struct mem_region *expected = naive_find(at);

			assert_int_equal(found != NULL, expected != NULL);
			if (found)
				assert_memory_equal(found, expected, sizeof(*found));
		}
		for (unsigned i = 1; i < mem.count; i++)
			assert_true(mem.region[i - 1].base < mem.region[i].base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_map_has_nothing_anywhere, start),
		cmocka_unit_test_setup(bad_regions_are_refused, start),
		cmocka_unit_test_setup(the_ends_of_the_address_space_can_be_used, start),
		cmocka_unit_test_setup(overlaps_are_refused_and_neighbours_are_not, start),
		cmocka_unit_test_setup(a_full_map_refuses_more_and_stays_as_it_is, start),
		cmocka_unit_test_setup(coverage_is_of_every_byte, start),
		cmocka_unit_test_setup(the_host_address_follows_the_offset, start),
		cmocka_unit_test_setup(random_maps_are_like_a_list, start),
	};

	return cmocka_run_group_tests_name("memory map of a VM", tests, NULL, NULL);
}
