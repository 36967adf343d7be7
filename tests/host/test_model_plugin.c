/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the model's plugin decodes, reads and writes by itself. The words are what the assembler
 * makes of the texts beside them.
 */
#include "tests/arm926-model/findings.h"
#include "tests/arm926-model/plugin_insn.h"
#include "tests/arm926-model/plugin_options.h"
#include "tests/arm926-model/profiles.h"
#include "tests/arm926-model/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/hako-model-plugin-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *const file = fopen(in_folder(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char *read_file(const char *name)
{
	static char text[100000];
	FILE *const file = fopen(in_folder(name), "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	return text;
}

static int make_folder(void **state)
{
	return !mkdtemp(folder);
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "a.sym", "b.sym", "report.txt", "report.json" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(in_folder(names[i]));
	return rmdir(folder);
}

static void p15_accesses_are_decoded(void **state)
{
	static const struct {
		uint32_t word;
		struct p15_insn insn;
	} rows[] = {
		/* clang-format off */
		{ 0xee070f17, { 14, 7, 0, 7, 0, 0, false } },  /* mcr p15, 0, r0, c7, c7, 0 */
		{ 0xee073f3a, { 14, 7, 0, 10, 1, 3, false } }, /* mcr p15, 0, r3, c7, c10, 1 */
		{ 0x1e010f10, { 1, 1, 0, 0, 0, 0, false } },   /* mcrne p15, 0, r0, c1, c0, 0 */
		{ 0xee17ff7e, { 14, 7, 0, 14, 3, 15, true } }, /* mrc p15, 0, r15, c7, c14, 3 */
		{ 0xeeafaf5b, { 14, 15, 5, 11, 2, 10, false } }, /* mcr p15, 5, r10, c15, c11, 2 */
		/* clang-format on */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct p15_insn *const want = &rows[i].insn;
		struct p15_insn got;

		assert_true(p15_decode(rows[i].word, &got));
		assert_int_equal(got.cond, want->cond);
		assert_int_equal(got.crn, want->crn);
		assert_int_equal(got.opc1, want->opc1);
		assert_int_equal(got.crm, want->crm);
		assert_int_equal(got.opc2, want->opc2);
		assert_int_equal(got.rd, want->rd);
		assert_int_equal(got.is_read, want->is_read);
	}
}

static void other_instructions_are_no_p15_accesses(void **state)
{
	static const uint32_t words[] = {
		0xee070e17, /* mcr p14, 0, r0, c7, c7, 0 */
		0xfe070f17, /* mcr2 p15, 0, r0, c7, c7, 0 */
		0xee070f07, /* cdp p15, 0, c0, c7, c7, 0 */
		0xed870f00, /* stc p15, c0, [r7] */
		0xe1a00000, /* nop */
	};
	struct p15_insn insn;

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_false(p15_decode(words[i], &insn));
}

static void test_and_clean_is_known(void **state)
{
	struct p15_insn insn;
	bool invalidate;

	assert_true(p15_decode(0xee17ff7a, &insn)); /* mrc p15, 0, r15, c7, c10, 3 */
	assert_true(p15_is_test_and_clean(&insn, &invalidate));
	assert_false(invalidate);
	assert_true(p15_decode(0xee17ff7e, &insn)); /* mrc p15, 0, r15, c7, c14, 3 */
	assert_true(p15_is_test_and_clean(&insn, &invalidate));
	assert_true(invalidate);
	assert_true(p15_decode(0xee07ff7e, &insn)); /* mcr p15, 0, r15, c7, c14, 3 */
	assert_false(p15_is_test_and_clean(&insn, &invalidate));
	assert_true(p15_decode(0xee17ff3a, &insn)); /* mrc p15, 0, r15, c7, c10, 1 */
	assert_false(p15_is_test_and_clean(&insn, &invalidate));
}

static void accesses_with_the_rights_of_user_mode_are_known(void **state)
{
	static const struct {
		uint32_t word;
		bool is;
	} rows[] = {
		/* clang-format off */
		{ 0xe4b10000, true },  /* ldrt r0, [r1] */
		{ 0xe4a10004, true },  /* strt r0, [r1], #4 */
		{ 0xe4f10001, true },  /* ldrbt r0, [r1], #1 */
		{ 0x06e10002, true },  /* strbteq r0, [r1], r2 */
		{ 0xe6b10102, true },  /* ldrt r0, [r1], r2, lsl #2 */
		{ 0xe4910004, false }, /* ldr r0, [r1], #4 */
		{ 0xe5b10004, false }, /* ldr r0, [r1, #4]! */
		{ 0xe0f100b2, false }, /* ldrh r0, [r1], #2 with the W bit, which is unpredictable */
		{ 0xe6b10112, false }, /* bit 4: not a load */
		{ 0xf4b10000, false }, /* no condition */
		{ 0xe8b10003, false }, /* ldm r1!, {r0, r1} */
		/* clang-format on */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(insn_is_unprivileged(rows[i].word), rows[i].is);
}

static void addresses_have_the_names_of_their_symbols(void **state)
{
	struct symbols symbols = { 0 };
	char error[100], text[100];

	write_file("a.sym", "c0008000 10 second\n00010000 8 first\n");
	write_file("b.sym", "ffc00000 1000 third\n");
	assert_true(symbols_read(&symbols, in_folder("a.sym"), error, sizeof(error)));
	assert_true(symbols_read(&symbols, in_folder("b.sym"), error, sizeof(error)));
	assert_null(symbols_find(&symbols, 0xffff));
	assert_string_equal(symbols_find(&symbols, 0x10000)->name, "first");
	assert_string_equal(symbols_find(&symbols, 0x10007)->name, "first");
	assert_null(symbols_find(&symbols, 0x10008));
	assert_string_equal(symbols_find(&symbols, 0xc000800c)->name, "second");
	assert_string_equal(symbols_find(&symbols, 0xffc00fff)->name, "third");
	assert_null(symbols_find(&symbols, 0xffffffff));
	symbols_print(&symbols, 0xc0008004, text, sizeof(text));
	assert_string_equal(text, "0xc0008004 second+0x4");
	symbols_print(&symbols, 4, text, sizeof(text));
	assert_string_equal(text, "0x00000004");
	symbols_free(&symbols);
}

static void a_bad_symbol_file_is_named(void **state)
{
	struct symbols symbols = { 0 };
	char error[300];

	write_file("a.sym", "c0008000 10 good\nc0008000 good\n");
	assert_false(symbols_read(&symbols, in_folder("a.sym"), error, sizeof(error)));
	assert_non_null(strstr(error, "a.sym:2: not ADDRESS SIZE NAME"));
	assert_false(symbols_read(&symbols, "/nowhere/at/all", error, sizeof(error)));
	assert_non_null(strstr(error, "/nowhere/at/all: "));
	symbols_free(&symbols);
}

static bool parse(struct plugin_options *options, char *error, int count, ...)
{
	char *words[16];
	va_list args;

	va_start(args, count);
	for (int i = 0; i < count; i++)
		words[i] = va_arg(args, char *);
	va_end(args);
	return plugin_options_parse(options, count, words, error, 200);
}

static void arguments_are_read(void **state)
{
	struct plugin_options options;
	char error[200] = "";

	assert_true(parse(&options, error, 2, "ram=/r", "report=/p"));
	assert_int_equal(options.icache_kib, 16);
	assert_int_equal(options.dcache_kib, 16);
	assert_ptr_equal(options.memory, profile_default());
	assert_int_equal(options.rules, TLB_RULES_STRICT);
	assert_false(options.has_mode);
	assert_null(options.counts);

	assert_true(parse(&options, error, 9, "ram=/r", "report=/p", "sym=/a", "sym=/b", "icache=8",
			  "rules=gather", "alias=0x80000000", "mode=0x7f1c620:0xf7d00000:0x54",
			  "memory=sram"));
	assert_string_equal(options.ram, "/r");
	assert_int_equal(options.symbol_files, 2);
	assert_string_equal(options.symbols[1], "/b");
	assert_int_equal(options.icache_kib, 8);
	assert_int_equal(options.rules, TLB_RULES_GATHER);
	assert_int_equal(options.alias, 0x80000000);
	assert_true(options.has_mode);
	assert_int_equal(options.mode_pointer, 0x7f1c620);
	assert_int_equal(options.mode_delta, 0xf7d00000);
	assert_int_equal(options.mode_offset, 0x54);
	assert_string_equal(options.memory->name, "sram");
}

static void bad_arguments_name_the_good_ones(void **state)
{
	struct plugin_options options;
	char error[200];

	assert_false(parse(&options, error, 1, "cache=1"));
	assert_non_null(strstr(error, "no argument cache; there are: ram, report"));
	assert_false(parse(&options, error, 1, "ram"));
	assert_non_null(strstr(error, "there are: ram"));
	assert_false(parse(&options, error, 1, "memory=dram"));
	assert_non_null(strstr(error, profile_names()));
	assert_false(parse(&options, error, 1, "rules=lax"));
	assert_non_null(strstr(error, "strict, gather"));
	assert_false(parse(&options, error, 1, "dcache=16K"));
	assert_non_null(strstr(error, "4, 8, 16"));
	assert_false(parse(&options, error, 1, "mode=1:2"));
	assert_non_null(strstr(error, "POINTER:DELTA:OFFSET"));
	assert_false(parse(&options, error, 1, "report=/p"));
	assert_string_equal(error, "ram=FILE is missing");
	assert_false(parse(&options, error, 1, "ram=/r"));
	assert_string_equal(error, "report=FILE is missing");
}

static const struct memsys_counts no_counts;

static void a_report_has_a_hundred_findings_and_counts_all(void **state)
{
	struct symbols symbols = { 0 };
	struct finding finding = {
		.kind = FINDING_STALE_WALK,
		.pc = 0xc0008004,
		.va = 0x1234,
		.size = 4,
		.seen = 1,
		.newest = 2,
		.written_pc = 0x10004,
		.text = "a \"rule\"",
	};
	struct findings *findings;
	const char *text;
	char error[100];

	write_file("a.sym", "c0008000 10 reader\n00010000 8 writer\n");
	assert_true(symbols_read(&symbols, in_folder("a.sym"), error, sizeof(error)));
	findings = findings_new(in_folder("report"), &symbols, error, sizeof(error));
	assert_non_null(findings);
	for (unsigned i = 0; i < 150; i++) {
		finding.pc = 0xc0008000 + i % 4 * 4; /* one function */
		findings_add(findings, &finding, "svc");
	}
	finding.kind = FINDING_LOST_BYTES;
	findings_add(findings, &finding, "usr");
	assert_true(findings_finish(findings, "{}", &no_counts));

	text = read_file("report.txt");
	assert_non_null(strstr(
		text, "1. stale walk: a \"rule\"\n    read by      0xc0008000 reader+0x0\n"));
	assert_non_null(strstr(text, "written by   0x00010004 writer+0x4\n"));
	assert_non_null(strstr(text, "culprit      not known\n"));
	assert_non_null(strstr(text, "\n100. stale walk"));
	assert_null(strstr(text, "\n101. "));
	assert_non_null(strstr(text, "\n151 findings\n"));
	assert_non_null(strstr(text, "       150 stale walk: reader, not known: a \"rule\"\n"));
	assert_non_null(strstr(text, "         1 lost bytes: reader, not known: a \"rule\"\n"));
	text = read_file("report.json");
	assert_non_null(strstr(text, "\"findings\": 151,"));
	assert_non_null(strstr(text, "\"rule\": \"a \\\"rule\\\"\""));
	symbols_free(&symbols);
}

static void a_report_of_nothing_says_so(void **state)
{
	struct symbols symbols = { 0 };
	struct findings *findings;
	char error[200];

	findings = findings_new(in_folder("report"), &symbols, error, sizeof(error));
	assert_non_null(findings);
	/* That of the test before is gone: a run that does not end has none. */
	assert_int_equal(access(in_folder("report.json"), F_OK), -1);
	assert_true(findings_finish(findings, "{}", &no_counts));
	assert_string_equal(read_file("report.txt"), "0 findings\n");
	assert_non_null(strstr(read_file("report.json"), "\"findings\": 0,"));
	assert_null(findings_new("/nowhere/at/all", &symbols, error, sizeof(error)));
	assert_non_null(strstr(error, "/nowhere/at/all.txt: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p15_accesses_are_decoded),
		cmocka_unit_test(other_instructions_are_no_p15_accesses),
		cmocka_unit_test(test_and_clean_is_known),
		cmocka_unit_test(accesses_with_the_rights_of_user_mode_are_known),
		cmocka_unit_test(addresses_have_the_names_of_their_symbols),
		cmocka_unit_test(a_bad_symbol_file_is_named),
		cmocka_unit_test(arguments_are_read),
		cmocka_unit_test(bad_arguments_name_the_good_ones),
		cmocka_unit_test(a_report_has_a_hundred_findings_and_counts_all),
		cmocka_unit_test(a_report_of_nothing_says_so),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
