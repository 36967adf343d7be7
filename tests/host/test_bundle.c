/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle parser: a correct bundle, and every way we know in which one can be wrong. */
#include "tests/host/bundle_maker.h"
#include "vcpu/pv_abi.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define HEADER 100         /* instead of a part: the word is in the header */
#define VM(n)  (200 + (n)) /* ... or in the row of a VM */

/** One word of the correct bundle replaced. */
struct spoilt {
	unsigned part;
	unsigned at;
	uint32_t value;
	enum bundle_error expected;
	unsigned at_part; /* named by the parser; BUNDLE_PARTS_MAX: none */
};

static const struct spoilt spoilt_bundles[] = {
	/* clang-format off */
	{ HEADER, BUNDLE_AT_MAGIC, 0x4f4b4149, BUNDLE_BAD_MAGIC, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_VERSION, 1, BUNDLE_BAD_VERSION, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_HEADER_SIZE, BUNDLE_HEADER_SIZE - 4, BUNDLE_BAD_SIZE,
	  BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_HEADER_SIZE, BUNDLE_TABLE_MAX + 4, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_HEADER_SIZE, 0xffffffff, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_HEADER_SIZE, BUNDLE_HEADER_SIZE, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_TOTAL_SIZE, MADE_TOTAL_SIZE - BUNDLE_ALIGN, BUNDLE_BAD_SIZE,
	  BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_TOTAL_SIZE, 0, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_PART_COUNT, PART_COUNT - 1, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_PART_COUNT, 0x0aaaaab1, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_MEMORY, 0, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_MEMORY, 0x4000001, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_MEMORY, 0x10100000, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_MEMORY, 0x2000000, BUNDLE_BAD_MEMORY, PART_INITRD },
	{ HEADER, BUNDLE_AT_RESERVED, 1, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_VM_COUNT, 0, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_VM_COUNT, 2, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_VM_COUNT, 0x80000001, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_RESERVED, 1, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_SIZE - 4, 1, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_CRC - 4, 1, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_DTB, 0, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_DTB, 0x2001004, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_ENTRY, 0x7ffc, BUNDLE_BAD_ENTRY, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_ENTRY, 0x9800, BUNDLE_BAD_ENTRY, BUNDLE_PARTS_MAX }, /* in its bss */
	{ VM(0), BUNDLE_VM_AT_ENTRY, 0x8002, BUNDLE_BAD_ENTRY, BUNDLE_PARTS_MAX },
	{ VM(0), BUNDLE_VM_AT_ENTRY, 0x2000000, BUNDLE_BAD_ENTRY, BUNDLE_PARTS_MAX }, /* the initrd */

	{ PART_KERNEL, BUNDLE_PART_AT_KIND, 0, BUNDLE_BAD_KIND, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_KIND, 7, BUNDLE_BAD_PLACE, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_KIND, 8, BUNDLE_BAD_VM, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_KIND, 11, BUNDLE_BAD_KIND, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_KIND, 0x80000002, BUNDLE_BAD_KIND, PART_KERNEL },
	{ PART_VMM, BUNDLE_PART_AT_OFFSET, 0x1000, BUNDLE_BAD_PLACE, PART_VMM },
	{ PART_VMM, BUNDLE_PART_AT_SIZE, 0, BUNDLE_BAD_PLACE, PART_VMM },
	{ PART_VMM, BUNDLE_PART_AT_GPA, 0x1000, BUNDLE_BAD_MEMORY, PART_VMM },
	{ PART_VMM, BUNDLE_PART_AT_MEMORY_SIZE, 0x1000, BUNDLE_BAD_MEMORY, PART_VMM },

	{ PART_KERNEL, BUNDLE_PART_AT_NAME, 0, BUNDLE_BAD_NAME, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_NAME, 0x6e200a6b, BUNDLE_BAD_NAME, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_NAME + 12, 0x61616161, BUNDLE_BAD_NAME, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_NAME + 8, 0x00620000, BUNDLE_BAD_NAME, PART_KERNEL },

	{ PART_KERNEL, BUNDLE_PART_AT_OFFSET, 0x1004, BUNDLE_BAD_PLACE, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_OFFSET, 0, BUNDLE_BAD_PLACE, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_OFFSET, 0x2000, BUNDLE_BAD_PLACE, PART_KERNEL }, /* a gap */
	{ PART_KERNEL, BUNDLE_PART_AT_OFFSET, 0xfffff000, BUNDLE_BAD_PLACE, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_SIZE, 0x2001, BUNDLE_BAD_PLACE, PART_INITRD },
	{ PART_KERNEL, BUNDLE_PART_AT_SIZE, 0x1000, BUNDLE_BAD_PLACE, PART_INITRD }, /* a gap */
	{ PART_KERNEL, BUNDLE_PART_AT_SIZE, 0xfffff000, BUNDLE_BAD_PLACE, PART_KERNEL },
	{ PART_INITRD, BUNDLE_PART_AT_OFFSET, 0x2000, BUNDLE_BAD_PLACE, PART_INITRD },
	{ PART_INITRD, BUNDLE_PART_AT_OFFSET, 0x1000, BUNDLE_BAD_PLACE, PART_INITRD },
	{ PART_INFO, BUNDLE_PART_AT_SIZE, 0x1001, BUNDLE_BAD_PLACE, PART_INFO },
	{ PART_INFO, BUNDLE_PART_AT_OFFSET, 0x7000, BUNDLE_BAD_PLACE, PART_INFO },
	{ PART_INFO, BUNDLE_PART_AT_SIZE, 0, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX }, /* a gap */
	{ PART_KERNEL, BUNDLE_PART_AT_RESERVED, 1, BUNDLE_BAD_HEADER, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_VM, 1, BUNDLE_BAD_VM, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_VM, BUNDLE_NO_VM, BUNDLE_BAD_VM, PART_KERNEL },
	{ PART_VMM, BUNDLE_PART_AT_VM, 0, BUNDLE_BAD_VM, PART_VMM },

	{ PART_KERNEL, BUNDLE_PART_AT_GPA, 0x8002, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_GPA, 0x4000000, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_GPA, 0x3ffe000, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_GPA, 0xfffffffc, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_MEMORY_SIZE, 0x17ff, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_MEMORY_SIZE, 0, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_MEMORY_SIZE, 0xfffffff0, BUNDLE_BAD_MEMORY, PART_KERNEL },
	{ PART_KERNEL, BUNDLE_PART_AT_MEMORY_SIZE, 0x1ff8001, BUNDLE_PARTS_OVERLAP, PART_INITRD },
	{ PART_INITRD, BUNDLE_PART_AT_GPA, 0xa800, BUNDLE_PARTS_OVERLAP, PART_INITRD },
	{ PART_INITRD, BUNDLE_PART_AT_GPA, 0x7800, BUNDLE_PARTS_OVERLAP, PART_INITRD },
	{ PART_DTB, BUNDLE_PART_AT_GPA, 0x2001004, BUNDLE_BAD_MEMORY, PART_DTB },

	{ PART_PROXIES, BUNDLE_PART_AT_SIZE, 0x3e, BUNDLE_BAD_PLACE, PART_PROXIES },
	{ PART_PROXIES, BUNDLE_PART_AT_KIND, 4, BUNDLE_BAD_MEMORY, PART_PROXIES },
	{ PART_INFO, BUNDLE_PART_AT_KIND, 5, BUNDLE_BAD_PLACE, PART_INFO },
	{ PART_VMM, BUNDLE_PART_AT_KIND, 6, BUNDLE_BAD_VM, PART_VMM },
	{ PART_PROXIES, BUNDLE_PART_AT_KIND, 6, BUNDLE_DUPLICATE, PART_INFO },
	{ PART_DTB, BUNDLE_PART_AT_KIND, 4, BUNDLE_DUPLICATE, PART_DTB },
	/* clang-format on */
};

/* The same of the bundle with two VMs. */
static const struct spoilt spoilt_twos[] = {
	/* clang-format off */
	{ VM(1), BUNDLE_VM_AT_MEMORY, 0, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(1), BUNDLE_VM_AT_MEMORY, 0x0c100000, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX }, /* in all */
	{ VM(1), BUNDLE_VM_AT_MEMORY, 0xfc000000, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(1), BUNDLE_VM_AT_MEMORY, 0x0c000000, BUNDLE_BAD_MEMORY, TWO_DISK }, /* in all */
	{ VM(1), BUNDLE_VM_AT_DTB, 0x2001000, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ VM(1), BUNDLE_VM_AT_ENTRY, 0x9000, BUNDLE_BAD_ENTRY, BUNDLE_PARTS_MAX }, /* in VM 0 */
	{ VM(1), BUNDLE_VM_AT_RESERVED, 1, BUNDLE_BAD_HEADER, BUNDLE_PARTS_MAX },
	{ HEADER, BUNDLE_AT_VM_COUNT, 9, BUNDLE_BAD_SIZE, BUNDLE_PARTS_MAX },

	{ TWO_GUEST_1, BUNDLE_PART_AT_VM, 2, BUNDLE_BAD_VM, TWO_GUEST_1 },
	{ TWO_GUEST_1, BUNDLE_PART_AT_VM, 0, BUNDLE_DUPLICATE, TWO_GUEST_1 },
	{ TWO_GUEST_1, BUNDLE_PART_AT_MEMORY_SIZE, 0xf8004, BUNDLE_BAD_MEMORY, TWO_GUEST_1 },
	{ TWO_GUEST_1, BUNDLE_PART_AT_GPA, 0x100000, BUNDLE_BAD_MEMORY, TWO_GUEST_1 },
	{ TWO_DTB, BUNDLE_PART_AT_VM, 1, BUNDLE_BAD_MEMORY, TWO_DTB },
	{ TWO_PROXIES_1, BUNDLE_PART_AT_KIND, 7, BUNDLE_BAD_PLACE, TWO_PROXIES_1 },
	{ TWO_INFO, BUNDLE_PART_AT_VM, 1, BUNDLE_DUPLICATE, TWO_INFO_1 },

	{ TWO_CONFIG, BUNDLE_PART_AT_VM, 0, BUNDLE_BAD_VM, TWO_CONFIG },
	{ TWO_CONFIG, BUNDLE_PART_AT_MEMORY_SIZE, 0x1000, BUNDLE_BAD_MEMORY, TWO_CONFIG },
	{ TWO_CONFIG, BUNDLE_PART_AT_GPA, 0x1000, BUNDLE_BAD_MEMORY, TWO_CONFIG },
	{ TWO_DISK, BUNDLE_PART_AT_VM, 1, BUNDLE_BAD_VM, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_KIND, 8, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_GPA, 0x1000, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_MEMORY_SIZE, 0, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_MEMORY_SIZE, 0x3200, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_MEMORY_SIZE, 0xfffff000, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_MEMORY_SIZE, 0x0bf01000, BUNDLE_BAD_MEMORY, TWO_DISK },
	{ TWO_DISK, BUNDLE_PART_AT_SIZE, 0x1001, BUNDLE_BAD_PLACE, TWO_DISK },
	/* clang-format on */
};

static struct bundle bundle;

static enum bundle_error parse(const uint8_t *bytes, unsigned *at_part)
{
	return bundle_parse(bytes, BUNDLE_TABLE_MAX, MADE_TOTAL_SIZE, &bundle, at_part);
}

static void a_correct_bundle_is_read(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make(bytes);
	assert_int_equal(BUNDLE_OK, parse(bytes, &at_part));
	assert_int_equal(BUNDLE_PARTS_MAX, at_part);
	assert_int_equal(MADE_TOTAL_SIZE, bundle.total_size);
	assert_int_equal(0x113, bundle.machine_id);
	assert_int_equal(1, bundle.vm_count);
	assert_int_equal(0x4000000, bundle.memory);
	assert_int_equal(0x4000000, bundle.vm[0].memory);
	assert_int_equal(0x8000, bundle.vm[0].entry.raw);
	assert_int_equal(0x2001000, bundle.vm[0].dtb.raw);
	assert_int_equal(PART_COUNT, bundle.part_count);

	const struct bundle_part *const kernel = bundle_find(&bundle, 0, BUNDLE_GUEST);

	assert_ptr_equal(&bundle.part[PART_KERNEL], kernel);
	assert_string_equal("kernel", kernel->name);
	assert_int_equal(0x1000, kernel->offset);
	assert_int_equal(0x1800, kernel->size);
	assert_int_equal(0x8000, kernel->gpa.raw);
	assert_int_equal(0x3000, kernel->memory_size);
	assert_int_equal(0x22222222, kernel->crc);
}

static void two_vms_are_read(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make_two(bytes);
	assert_int_equal(BUNDLE_OK,
			 bundle_parse(bytes, sizeof(bytes), TWO_TOTAL_SIZE, &bundle, &at_part));
	assert_int_equal(2, bundle.vm_count);
	assert_int_equal(0x4100000 + 0x3000, bundle.memory);
	assert_int_equal(0x100000, bundle.vm[1].memory);
	assert_int_equal(0x8010, bundle.vm[1].entry.raw);
	assert_int_equal(0, bundle.vm[1].dtb.raw);
	assert_ptr_equal(&bundle.part[TWO_KERNEL], bundle_find(&bundle, 0, BUNDLE_GUEST));
	assert_ptr_equal(&bundle.part[TWO_GUEST_1], bundle_find(&bundle, 1, BUNDLE_GUEST));
	assert_null(bundle_find(&bundle, 1, BUNDLE_DTB));
	assert_ptr_equal(&bundle.part[TWO_CONFIG],
			 bundle_find(&bundle, BUNDLE_NO_VM, BUNDLE_CONFIG));
	assert_ptr_equal(&bundle.part[TWO_DISK], bundle_find_disk(&bundle, "scratch"));
	assert_null(bundle_find_disk(&bundle, "config"));
}

static void without_a_vm_there_is_a_description(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make_none(bytes);
	assert_int_equal(BUNDLE_OK,
			 bundle_parse(bytes, sizeof(bytes), NONE_TOTAL_SIZE, &bundle, &at_part));
	assert_int_equal(0, bundle.vm_count);
	assert_int_equal(0, bundle.memory);
	/* Another kind that is no VM's, in its place. */
	put_le32(bundle_row(bytes, NONE_CONFIG) + BUNDLE_PART_AT_KIND, BUNDLE_KEY);
	bundle_seal(bytes);
	assert_int_equal(BUNDLE_MISSING,
			 bundle_parse(bytes, sizeof(bytes), NONE_TOTAL_SIZE, &bundle, &at_part));
	/* A part of a VM that is not there. */
	bundle_make_none(bytes);
	put_le32(bundle_row(bytes, NONE_KEY) + BUNDLE_PART_AT_KIND, BUNDLE_INFO);
	put_le32(bundle_row(bytes, NONE_KEY) + BUNDLE_PART_AT_VM, 0);
	bundle_seal(bytes);
	assert_int_equal(BUNDLE_BAD_VM,
			 bundle_parse(bytes, sizeof(bytes), NONE_TOTAL_SIZE, &bundle, &at_part));
}

static void check_spoilt(const struct spoilt *spoilt, unsigned row, bool two)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;
	uint8_t *at;

	(two ? bundle_make_two : bundle_make)(bytes);
	if (spoilt->part == HEADER)
		at = bytes;
	else if (spoilt->part >= VM(0))
		at = bundle_vm_row(bytes, spoilt->part - VM(0));
	else
		at = bundle_row(bytes, spoilt->part);
	put_le32(at + spoilt->at, spoilt->value);
	bundle_seal(bytes);

	const enum bundle_error error = bundle_parse(
		bytes, sizeof(bytes), two ? TWO_TOTAL_SIZE : MADE_TOTAL_SIZE, &bundle, &at_part);

	if (error != spoilt->expected || at_part != spoilt->at_part)
		fail_msg("row %u: %s at part %u instead of %s at part %u", row,
			 bundle_error_text(error), at_part, bundle_error_text(spoilt->expected),
			 spoilt->at_part);
}

static void one_wrong_word_is_named(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(spoilt_bundles); i++)
		check_spoilt(&spoilt_bundles[i], i, false);
	for (unsigned i = 0; i < ARRAY_SIZE(spoilt_twos); i++)
		check_spoilt(&spoilt_twos[i], i, true);
}

static void every_damaged_bit_is_noticed(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make(bytes);

	const uint32_t size = get_le32(bytes + BUNDLE_AT_HEADER_SIZE);

	for (uint32_t i = 0; i < 8 * size; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(BUNDLE_OK, parse(bytes, &at_part));
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(BUNDLE_OK, parse(bytes, &at_part));
}

static void a_short_buffer_is_not_read_past(void **state)
{
	uint8_t whole[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make(whole);

	const uint32_t size = get_le32(whole + BUNDLE_AT_HEADER_SIZE);

	for (uint32_t length = 0; length <= size; length++) {
		uint8_t *const bytes = test_malloc(length + 1); /* the sanitizer guards its end */

		memcpy(bytes + 1, whole, length);

		const enum bundle_error error =
			bundle_parse(bytes + 1, length, MADE_TOTAL_SIZE, &bundle, &at_part);

		assert_int_equal(length == size, error == BUNDLE_OK);
		test_free(bytes);
	}
}

static void parts_that_must_be_there_are_missed(void **state)
{
	static const unsigned required[] = { PART_VMM, PART_KERNEL, PART_PROXIES };
	static const unsigned optional[] = { PART_INITRD, PART_INFO };
	unsigned at_part;

	for (unsigned without = 0; without < PART_COUNT; without++) {
		uint8_t bytes[BUNDLE_TABLE_MAX];
		bool is_required = false, is_optional = false;

		for (unsigned i = 0; i < ARRAY_SIZE(required); i++)
			is_required |= required[i] == without;
		for (unsigned i = 0; i < ARRAY_SIZE(optional); i++)
			is_optional |= optional[i] == without;

		bundle_make(bytes);
		memmove(bundle_row(bytes, without), bundle_row(bytes, without + 1),
			(PART_COUNT - 1 - without) * BUNDLE_PART_SIZE);
		put_le32(bytes + BUNDLE_AT_PART_COUNT, PART_COUNT - 1);
		put_le32(bytes + BUNDLE_AT_HEADER_SIZE,
			 BUNDLE_HEADER_SIZE + BUNDLE_VM_SIZE + (PART_COUNT - 1) * BUNDLE_PART_SIZE);
		if (without == PART_DTB)
			put_le32(bundle_vm_row(bytes, 0) + BUNDLE_VM_AT_DTB, 0);

		const uint32_t size = bundle_lay_out(bytes);

		assert_int_equal(is_required ? BUNDLE_MISSING : BUNDLE_OK,
				 bundle_parse(bytes, sizeof(bytes), size, &bundle, &at_part));
		assert_true(is_required || is_optional || without == PART_DTB);
	}
}

static void names_and_kinds_are_unique(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	bundle_make(bytes);
	memcpy(bundle_row(bytes, PART_INFO) + BUNDLE_PART_AT_NAME, "dtb\0", 5);
	bundle_seal(bytes);
	assert_int_equal(BUNDLE_DUPLICATE, parse(bytes, &at_part));
	assert_int_equal(PART_INFO, at_part);
}

/** A part of @p limit bytes is accepted, and none that is larger by @p step. */
static void check_limit(void (*make)(uint8_t *bytes), unsigned part, uint32_t limit, uint32_t step)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;

	for (unsigned more = 0; more <= 1; more++) {
		make(bytes);
		put_le32(bundle_row(bytes, part) + BUNDLE_PART_AT_SIZE, limit + more * step);

		const uint32_t size = bundle_lay_out(bytes);

		assert_int_equal(more ? BUNDLE_BAD_PLACE : BUNDLE_OK,
				 bundle_parse(bytes, sizeof(bytes), size, &bundle, &at_part));
	}
}

static void a_proxy_table_has_a_limit(void **state)
{
	check_limit(bundle_make, PART_PROXIES, 4 * 4096, 4);
}

static void a_text_has_a_limit(void **state)
{
	check_limit(bundle_make, PART_INFO, BUNDLE_INFO_MAX, 1);
}

static void a_description_has_a_limit(void **state)
{
	check_limit(bundle_make_two, TWO_CONFIG, BUNDLE_CONFIG_MAX, 1);
}

/** Appends a part of kind PV; returns the size of the bundle. */
static uint32_t add_pv(uint8_t *bytes, const char *name, uint32_t part_size)
{
	const uint32_t count = get_le32(bytes + BUNDLE_AT_PART_COUNT);
	uint8_t *const row = bundle_row(bytes, count);

	put_le32(row + BUNDLE_PART_AT_KIND, BUNDLE_PV);
	memcpy(row + BUNDLE_PART_AT_NAME, name, strlen(name));
	put_le32(row + BUNDLE_PART_AT_SIZE, part_size);
	put_le32(bytes + BUNDLE_AT_PART_COUNT, count + 1);
	put_le32(bytes + BUNDLE_AT_HEADER_SIZE,
		 BUNDLE_HEADER_SIZE + BUNDLE_VM_SIZE + (count + 1) * BUNDLE_PART_SIZE);
	return bundle_lay_out(bytes);
}

static void paravirtual_code_is_described_once(void **state)
{
	uint8_t bytes[BUNDLE_TABLE_MAX];
	unsigned at_part;
	uint32_t size;

	for (int extra = -4; extra <= 4; extra += 4) {
		bundle_make(bytes);
		size = add_pv(bytes, "pv", (uint32_t)(sizeof(struct pv_info) + (size_t)extra));
		assert_int_equal(extra ? BUNDLE_BAD_PLACE : BUNDLE_OK,
				 bundle_parse(bytes, sizeof(bytes), size, &bundle, &at_part));
		assert_int_equal(extra ? PART_COUNT : BUNDLE_PARTS_MAX, at_part);
	}
	bundle_make(bytes);
	add_pv(bytes, "pv", sizeof(struct pv_info));
	size = add_pv(bytes, "pv2", sizeof(struct pv_info));
	assert_int_equal(BUNDLE_DUPLICATE,
			 bundle_parse(bytes, sizeof(bytes), size, &bundle, &at_part));
	assert_int_equal(PART_COUNT + 1, at_part);
}

static void as_many_parts_as_fit_are_read(void **state)
{
	for (unsigned count = BUNDLE_PARTS_MAX - 1; count <= BUNDLE_PARTS_MAX + 1; count++) {
		uint8_t bytes[BUNDLE_TABLE_MAX + BUNDLE_PART_SIZE];
		const uint32_t size =
			BUNDLE_HEADER_SIZE + BUNDLE_VM_SIZE + count * BUNDLE_PART_SIZE;
		unsigned at_part;

		memset(bytes, 0, sizeof(bytes));
		bundle_make(bytes);
		for (unsigned i = PART_COUNT; i < count; i++) {
			uint8_t *const row = bundle_row(bytes, i);

			put_le32(row + BUNDLE_PART_AT_KIND, BUNDLE_GUEST);
			row[BUNDLE_PART_AT_NAME] = (uint8_t)('0' + i);
			put_le32(row + BUNDLE_PART_AT_OFFSET, MADE_TOTAL_SIZE);
			put_le32(row + BUNDLE_PART_AT_GPA, 0x3000000 + 0x1000 * i);
			put_le32(row + BUNDLE_PART_AT_MEMORY_SIZE, 0x1000);
		}
		put_le32(bytes + BUNDLE_AT_PART_COUNT, count);
		put_le32(bytes + BUNDLE_AT_HEADER_SIZE, size);
		bundle_seal(bytes);
		assert_int_equal(
			count <= BUNDLE_PARTS_MAX ? BUNDLE_OK : BUNDLE_BAD_SIZE,
			bundle_parse(bytes, sizeof(bytes), MADE_TOTAL_SIZE, &bundle, &at_part));
	}
}

static void a_part_is_compared_with_its_checksum(void **state)
{
	uint8_t bytes[300];
	uint32_t crc;
	struct bundle_part part = { .kind = BUNDLE_GUEST, .size = sizeof(bytes) };

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	part.crc = crc32(0, bytes, sizeof(bytes));
	assert_true(bundle_check_part(&part, bytes, &crc));
	assert_int_equal(part.crc, crc);
	bytes[299] ^= 0x10;
	assert_false(bundle_check_part(&part, bytes, &crc));
	assert_int_equal(crc32(0, bytes, sizeof(bytes)), crc);
}

static void every_error_has_a_text(void **state)
{
	for (unsigned i = 0; i < BUNDLE_ERROR_COUNT; i++)
		assert_true(strlen(bundle_error_text((enum bundle_error)i)) > 5);
	assert_true(strlen(bundle_error_text((enum bundle_error)1000)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_correct_bundle_is_read),
		cmocka_unit_test(two_vms_are_read),
		cmocka_unit_test(without_a_vm_there_is_a_description),
		cmocka_unit_test(one_wrong_word_is_named),
		cmocka_unit_test(every_damaged_bit_is_noticed),
		cmocka_unit_test(a_short_buffer_is_not_read_past),
		cmocka_unit_test(parts_that_must_be_there_are_missed),
		cmocka_unit_test(names_and_kinds_are_unique),
		cmocka_unit_test(a_proxy_table_has_a_limit),
		cmocka_unit_test(a_text_has_a_limit),
		cmocka_unit_test(a_description_has_a_limit),
		cmocka_unit_test(paravirtual_code_is_described_once),
		cmocka_unit_test(as_many_parts_as_fit_are_read),
		cmocka_unit_test(a_part_is_compared_with_its_checksum),
		cmocka_unit_test(every_error_has_a_text),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
