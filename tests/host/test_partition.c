/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables: good ones, and those that somebody made to get at what is not his. */
#include "vmm/disk/partition.h"

#include "tests/xorshift.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECTORS 10000u

static uint8_t table[512];

static void put(unsigned n, uint8_t type, uint32_t first, uint32_t count)
{
	uint8_t *const at = table + 446 + (n - 1) * 16;

	at[4] = type;
	for (unsigned i = 0; i < 4; i++) {
		at[8 + i] = (uint8_t)(first >> (8 * i));
		at[12 + i] = (uint8_t)(count >> (8 * i));
	}
}

static int setup(void **state)
{
	memset(table, 0, sizeof(table));
	table[510] = 0x55;
	table[511] = 0xaa;
	put(1, 0x0c, 63, 937);
	put(2, 0x83, 1000, 8000);
	put(4, 0x83, 9000, 1000);
	return 0;
}

static void expect_error(unsigned number, const char *part)
{
	struct partition partition = { 1, 2 };
	const char *const text = partition_find(table, number, SECTORS, &partition);

	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("'%s' is not about '%s'", text, part);
	assert_int_equal(partition.first, 1);
}

static void partitions_are_found(void **state)
{
	struct partition partition;

	assert_null(partition_find(table, 2, SECTORS, &partition));
	assert_int_equal(partition.first, 1000);
	assert_int_equal(partition.count, 8000);
	assert_null(partition_find(table, 4, SECTORS, &partition));
	assert_int_equal(partition.first + partition.count, SECTORS);
	expect_error(3, "of this number");
	expect_error(0, "of this number");
	expect_error(5, "of this number");
}

static void a_disk_without_a_table_is_refused(void **state)
{
	table[511] = 0x55;
	expect_error(1, "no partition table");
	setup(state);
	put(1, 0xee, 1, 0xffffffff);
	expect_error(2, "GUID");
	setup(state);
	for (unsigned n = 0; n < 3; n++) {
		put(3, (const uint8_t[]){ 0x05, 0x0f, 0x85 }[n], 9000, 1);
		put(4, 0x83, 9001, 99);
		expect_error(3, "extended");
	}
}

static void a_table_with_a_mistake_is_refused_whatever_is_asked_for(void **state)
{
	static const struct {
		uint32_t first, count;
		const char *part;
	} wrong[] = {
		{ 0, 10, "not on the disk" },
		{ 20, 0, "not on the disk" },
		{ SECTORS, 1, "not on the disk" },
		{ SECTORS - 1, 2, "not on the disk" },
		{ 5000, 0xffffffff, "not on the disk" },
		{ 0xffffffff, 2, "not on the disk" },
		{ 1, 63, "overlap" },
		{ 1000, 1, "overlap" },
		{ 8999, 1, "overlap" },
		{ 1, SECTORS - 1, "overlap" },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(wrong); n++) {
		setup(state);
		put(3, 0x83, wrong[n].first, wrong[n].count);
		for (unsigned number = 1; number <= 4; number++)
			expect_error(number, wrong[n].part);
	}
	put(3, 0x83, 1, 62);
	assert_null(partition_find(table, 3, SECTORS, &(struct partition){ 0, 0 }));
}

/** Whatever is in the table: what is found is on the disk, and not its first sector. */
static void nothing_leads_off_the_disk(void **state)
{
	uint32_t seed = 1;
	unsigned found = 0;

	for (unsigned round = 0; round < 200000; round++) {
		struct partition partition;

		setup(state);
		for (unsigned n = 0; n < 1 + round % 6; n++)
			table[446 + xorshift32(&seed) % 64] = (uint8_t)xorshift32(&seed);
		if (partition_find(table, 1 + round % 4, SECTORS, &partition))
			continue;
		found++;
		assert_true(partition.first >= 1 && partition.count >= 1);
		assert_true((uint64_t)partition.first + partition.count <= SECTORS);
	}
	assert_true(found > 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(partitions_are_found, setup),
		cmocka_unit_test_setup(a_disk_without_a_table_is_refused, setup),
		cmocka_unit_test_setup(a_table_with_a_mistake_is_refused_whatever_is_asked_for,
				       setup),
		cmocka_unit_test_setup(nothing_leads_off_the_disk, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
