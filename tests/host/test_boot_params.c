/* SPDX-License-Identifier: Apache-2.0 */
/* ATAGs and device trees as boot loaders hand them over, and what is neither. */
#include "vmm/start/boot_params.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define ATAG_CORE 0x54410001u
#define ATAG_MEM  0x54410002u
#define ATAG_CMD  0x54410009u
#define ATAG_HAKO 0x48414b01u

/** A device tree being written. */
struct maker {
	uint8_t bytes[1024];
	uint32_t at; /* in the structure block */
	char strings[128];
	uint32_t strings_size;
};

#define STRUCTS_AT 40u

static void put_be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void word(struct maker *m, uint32_t value)
{
	put_be32(m->bytes + STRUCTS_AT + m->at, value);
	m->at += 4;
}

static void data(struct maker *m, const void *from, size_t length)
{
	memcpy(m->bytes + STRUCTS_AT + m->at, from, length);
	m->at = align_up(m->at + (uint32_t)length, 4);
}

static void begin(struct maker *m, const char *name)
{
	word(m, 1);
	data(m, name, strlen(name) + 1);
}

static void end(struct maker *m)
{
	word(m, 2);
}

static void prop(struct maker *m, const char *name, const void *value, size_t length)
{
	word(m, 3);
	word(m, (uint32_t)length);
	word(m, m->strings_size);
	memcpy(m->strings + m->strings_size, name, strlen(name) + 1);
	m->strings_size += (uint32_t)strlen(name) + 1;
	data(m, value, length);
}

static void cells(struct maker *m, const char *name, const uint32_t *values, size_t count)
{
	uint8_t bytes[64];

	for (size_t i = 0; i < count; i++)
		put_be32(bytes + 4 * i, values[i]);
	prop(m, name, bytes, 4 * count);
}

static void finish(struct maker *m)
{
	word(m, 9);

	const uint32_t strings_at = STRUCTS_AT + m->at;
	const uint32_t header[10] = { 0xd00dfeed,
				      strings_at + m->strings_size,
				      STRUCTS_AT,
				      strings_at,
				      STRUCTS_AT,
				      17,
				      16,
				      0,
				      m->strings_size,
				      m->at };

	memcpy(m->bytes + strings_at, m->strings, m->strings_size);
	for (int i = 0; i < 10; i++)
		put_be32(m->bytes + 4 * i, header[i]);
}

/** A tree as the boards have it, with these numbers of cells and this memory. */
static void make_tree(struct maker *m, const char *memory_name, uint32_t address_cells,
		      uint32_t size_cells, const uint32_t *reg, size_t count)
{
	static const char compatible[] = "arm,versatile-pb\0arm,board";

	memset(m, 0, sizeof(*m));
	begin(m, "");
	cells(m, "#address-cells", &address_cells, 1);
	cells(m, "#size-cells", &size_cells, 1);
	prop(m, "compatible", compatible, sizeof(compatible));
	begin(m, "chosen");
	cells(m, "reg", (const uint32_t[]){ 0, 0x9999000 }, 2);
	end(m);
	word(m, 4); /* NOP */
	begin(m, memory_name);
	prop(m, "device_type", "memory", 7);
	cells(m, "reg", reg, count);
	end(m);
	end(m);
	finish(m);
}

static bool memory(const struct maker *m, uint32_t ram_base, uint32_t *size)
{
	return boot_params_memory(m->bytes, sizeof(m->bytes), ram_base, size);
}

static void a_tree_says_how_much_memory(void **state)
{
	struct maker m;
	uint32_t size = 0;

	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0, 0x8000000 }, 2);
	assert_true(memory(&m, 0, &size));
	assert_int_equal(0x8000000, size);

	make_tree(&m, "memory@0", 2, 2, (const uint32_t[]){ 0, 0, 0, 0x4000000 }, 4);
	assert_true(memory(&m, 0, &size));
	assert_int_equal(0x4000000, size);

	/* 4 GiB and more do not become 0. */
	make_tree(&m, "memory", 1, 2, (const uint32_t[]){ 0, 1, 0 }, 3);
	assert_true(memory(&m, 0, &size));
	assert_int_equal(0xffffffff, size);
}

static void the_bank_with_the_board_s_ram_counts(void **state)
{
	struct maker m;
	uint32_t size = 0;

	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0x80000000, 0x100000, 0, 0x2000000 }, 4);
	assert_true(memory(&m, 0, &size));
	assert_int_equal(0x2000000, size);
	assert_true(memory(&m, 0x1000000, &size));
	assert_int_equal(0x1000000, size);
	assert_false(memory(&m, 0x2000000, &size));
}

static void trees_without_an_answer(void **state)
{
	struct maker m;
	uint32_t size = 0;

	/* The kernel's integratorcp.dts: the loader should have filled it in. */
	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0, 0 }, 2);
	assert_false(memory(&m, 0, &size));
	make_tree(&m, "memories", 1, 1, (const uint32_t[]){ 0, 0x8000000 }, 2);
	assert_false(memory(&m, 0, &size));
	make_tree(&m, "memory", 0, 1, (const uint32_t[]){ 0, 0x8000000 }, 2);
	assert_false(memory(&m, 0, &size));
	make_tree(&m, "memory", 0xffffffff, 2, (const uint32_t[]){ 0, 0x8000000 }, 2);
	assert_false(memory(&m, 0, &size));
	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0 }, 1);
	assert_false(memory(&m, 0, &size));
}

static void a_tree_names_its_board(void **state)
{
	struct maker m;

	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0, 0x8000000 }, 2);
	assert_true(boot_params_compatible(m.bytes, sizeof(m.bytes), "arm,versatile-pb"));
	assert_true(boot_params_compatible(m.bytes, sizeof(m.bytes), "arm,board"));
	assert_false(boot_params_compatible(m.bytes, sizeof(m.bytes), "arm,versatile"));
	assert_false(boot_params_compatible(m.bytes, sizeof(m.bytes), "arm,integrator-cp"));
	m.bytes[3] ^= 1;
	assert_false(boot_params_compatible(m.bytes, sizeof(m.bytes), "arm,versatile-pb"));
}

static void a_cut_tree_is_not_read_past(void **state)
{
	struct maker m;
	uint32_t size;

	make_tree(&m, "memory", 1, 1, (const uint32_t[]){ 0, 0x8000000 }, 2);

	const uint32_t total = STRUCTS_AT + m.at + m.strings_size;

	for (uint32_t length = 0; length <= total; length++) {
		uint8_t *const bytes = test_malloc(length + 1); /* the sanitizer guards its end */

		memcpy(bytes + 1, m.bytes, length);
		assert_int_equal(length == total, boot_params_memory(bytes + 1, length, 0, &size));
		boot_params_compatible(bytes + 1, length, "arm,versatile-pb");
		/* The header's sizes as short as the buffer, too. */
		for (uint32_t cut = 0; length >= STRUCTS_AT && cut <= 8; cut += 4) {
			put_be32(bytes + 1 + 4, length);
			put_be32(bytes + 1 + 36, length - STRUCTS_AT - cut);
			put_be32(bytes + 1 + 12, STRUCTS_AT);
			put_be32(bytes + 1 + 32, length - STRUCTS_AT);
			boot_params_memory(bytes + 1, length, 0, &size);
			boot_params_compatible(bytes + 1, length, "arm,versatile-pb");
			boot_params_record(bytes + 1, length,
					   (uint32_t[BOOT_PARAMS_RECORD_WORDS]){ 0 });
		}
		test_free(bytes);
	}
}

static void tags_say_how_much_memory(void **state)
{
	/* clang-format off */
	const uint32_t tags[] = {
		5, ATAG_CORE, 1, 0x1000, 0,
		3, ATAG_CMD,  0x61626300,
		4, ATAG_MEM,  0x100000,   0x80000000,
		4, ATAG_MEM,  0x8000000,  0,
		0, 0,
	};
	/* clang-format on */
	uint32_t size = 0;

	assert_true(boot_params_memory(tags, sizeof(tags), 0, &size));
	assert_int_equal(0x8000000, size);
	assert_true(boot_params_memory(tags, sizeof(tags), 0x80000000, &size));
	assert_int_equal(0x100000, size);
	for (size_t length = 0; length < 64; length++)
		assert_false(boot_params_memory(tags, length, 0, &size));
}

static void what_is_neither_says_nothing(void **state)
{
	const uint32_t no_core[] = { 4, ATAG_MEM, 0x8000000, 0, 0, 0 };
	const uint32_t no_step[] = { 2, ATAG_CORE, 0, ATAG_MEM, 0x8000000, 0 };
	const uint32_t too_long[] = { 2, ATAG_CORE, 0x40000002, ATAG_MEM, 0x8000000, 0 };
	const uint32_t no_end[] = { 2, ATAG_CORE, 2, ATAG_CMD };
	const uint32_t zeros[16] = { 0 };
	uint32_t size;

	assert_false(boot_params_memory(no_core, sizeof(no_core), 0, &size));
	assert_false(boot_params_memory(no_step, sizeof(no_step), 0, &size));
	assert_false(boot_params_memory(too_long, sizeof(too_long), 0, &size));
	assert_false(boot_params_memory(no_end, sizeof(no_end), 0, &size));
	assert_false(boot_params_memory(zeros, sizeof(zeros), 0, &size));
	assert_false(boot_params_memory(zeros, 0, 0, &size));
}

/** Where the boot record is: the tree or the tags of a boot loader that has one. */
static void a_boot_loader_says_where_its_record_is(void **state)
{
	static const uint32_t said[BOOT_PARAMS_RECORD_WORDS] = { 1, 0x180000, 0x1c0000, 0x40000,
								 41 };
	const uint32_t tags[] = { 2,        ATAG_CORE, 7,  ATAG_HAKO, 1, 0x180000,
				  0x1c0000, 0x40000,   41, 0,         0 };
	const uint32_t short_tag[] = { 2, ATAG_CORE, 6, ATAG_HAKO, 1, 2, 3, 4, 0, 0 };
	uint32_t words[BOOT_PARAMS_RECORD_WORDS] = { 0 };
	struct maker m;

	assert_true(boot_params_record(tags, sizeof(tags), words));
	assert_memory_equal(words, said, sizeof(said));
	for (size_t length = 0; length < 36; length++)
		assert_false(boot_params_record(tags, length, words));
	assert_false(boot_params_record(short_tag, sizeof(short_tag), words));

	for (unsigned n = 0; n < 4; n++) {
		memset(&m, 0, sizeof(m));
		memset(words, 0, sizeof(words));
		begin(&m, "");
		begin(&m, n == 1 ? "chosen@1" : "chosen");
		cells(&m, n == 2 ? "hako,boot" : "hako,boot-record", said, n == 3 ? 4 : 5);
		end(&m);
		end(&m);
		finish(&m);
		assert_int_equal(boot_params_record(m.bytes, sizeof(m.bytes), words), n == 0);
		if (n == 0)
			assert_memory_equal(words, said, sizeof(said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_says_how_much_memory),
		cmocka_unit_test(the_bank_with_the_board_s_ram_counts),
		cmocka_unit_test(trees_without_an_answer),
		cmocka_unit_test(a_tree_names_its_board),
		cmocka_unit_test(a_cut_tree_is_not_read_past),
		cmocka_unit_test(tags_say_how_much_memory),
		cmocka_unit_test(what_is_neither_says_nothing),
		cmocka_unit_test(a_boot_loader_says_where_its_record_is),
	};

	return cmocka_run_group_tests_name("boot_params", tests, NULL, NULL);
}
