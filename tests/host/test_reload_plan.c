/* SPDX-License-Identifier: Apache-2.0 */
/* What another description changes: compared with one that is in force, and refused for each reason. */
#include "tests/host/config_maker.h"
#include "tests/xorshift.h"
#include "vmm/lib/bits.h"
#include "vmm/reload_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TREE     "this is a device tree, to those who do not look"
#define TREE_AT  0x2800000u
#define INITRD   0x2000000u
#define TREES_AT 0x4000000u

static struct bundle bundle;
static struct system_config config;
static struct reload_now now;
static struct reload_plan plan;

/** What is sent, and how it can be changed before. */
struct sent {
	uint32_t magic, version, memory[2], tree_at, initrd_at, count;
	const char *tree;
	bool last_has_tree;
};

static const struct sent usual = { RELOAD_MAGIC, RELOAD_VERSION, { 48 * MIB, 2 * MIB },
				   TREE_AT,      INITRD,         2,
				   TREE,         false };

static uint8_t *bytes; /* of exactly its size */
static uint32_t size;

static void append(const void *data, uint32_t length)
{
	bytes = realloc(bytes, size + length);
	memcpy(bytes + size, data, length);
	size += length;
}

static void fill_up(void)
{
	static const uint8_t zeros[8];

	append(zeros, -size % 8);
}

static void make(const struct sent *sent, const char *old, const char *new)
{
	static uint8_t tree[CONFIG_TREE_MAX];
	const uint32_t length = (uint32_t)config_compile_changed(old, new, tree);
	const uint32_t tree_size = (uint32_t)strlen(sent->tree);
	const uint32_t words[] = { sent->magic,
				   sent->version,
				   length,
				   sent->count,
				   sent->memory[0],
				   sent->tree_at,
				   tree_size,
				   sent->initrd_at,
				   sent->memory[1],
				   0,
				   sent->last_has_tree ? tree_size : 0,
				   0 };

	size = 0;
	append(words, sizeof(words));
	append(tree, length);
	fill_up();
	append(sent->tree, tree_size);
	fill_up();
	if (sent->last_has_tree)
		append(sent->tree, tree_size);
}

static bool plan_of(const struct sent *sent, const char *old, const char *new)
{
	make(sent, old, new);
	return reload_plan_make(&plan, &now, bytes, size);
}

static void add_part(enum bundle_kind kind, unsigned vm, const char *name, uint32_t at,
		     uint32_t length)
{
	struct bundle_part *const part = &bundle.part[bundle.part_count++];

	*part = (struct bundle_part){ .kind = kind,
				      .vm = vm,
				      .gpa = gpa(at),
				      .offset = bundle.part_count * 4096,
				      .size = length ? length : 8,
				      .memory_size = length };
	strcpy(part->name, name);
}

/** The description of config_maker.c is in force, with a Linux and a guest without a device tree. */
static int setup(void **state)
{
	static uint8_t tree[CONFIG_TREE_MAX] __attribute__((aligned(8)));
	struct config_error error;
	size_t length;

	config_bundle(&bundle);
	add_part(BUNDLE_GUEST, 0, "kernel", 0x8000, 0x700000);
	add_part(BUNDLE_PROXIES, 0, "proxies", 0, 0);
	add_part(BUNDLE_INITRD, 0, "initrd", INITRD, 0x100000);
	add_part(BUNDLE_DTB, 0, "dtb", TREE_AT, sizeof(TREE) - 1);
	add_part(BUNDLE_GUEST, 1, "guest", 0x8000, 0x8000);
	add_part(BUNDLE_PROXIES, 1, "proxies", 0, 0);
	bundle.vm[0].entry = gpa(0x8000);
	bundle.vm[0].dtb = gpa(TREE_AT);
	bundle.vm[1].entry = gpa(0x8000);
	length = config_compile(config_source, tree);
	assert_true(config_parse(tree, length, &bundle, &config, &error));
	memset(&now, 0, sizeof(now));
	reload_now_init(&now, &bundle, &config);
	now.trees = TREES_AT;
	now.tree_step = MIB;
	now.tree_max = 0x4000;
	memset(&plan, 0xa5, sizeof(plan));
	/* Its checksum, as the bundler has it. */
	assert_true(plan_of(&usual, "prefix;", "prefix;"));
	bundle.part[7].crc = plan.tree[0].crc;
	return 0;
}

static void nothing_changes(void **state)
{
	assert_true(plan_of(&usual, "prefix;", "prefix;"));
	assert_int_equal(plan.changed, 0);
	assert_memory_equal(&plan.bundle.part, &bundle.part, sizeof(bundle.part));
	/* What is no VM's own changes none of them. */
	assert_true(plan_of(&usual, "prefix;", ""));
	assert_int_equal(plan.changed, 0);
	assert_false(plan.config.prefix);
	assert_true(plan_of(&usual, "autostart;", ""));
	assert_int_equal(plan.changed, 0);
}

static void each_property_changes_its_vm(void **state)
{
	static const struct {
		const char *old, *new;
		uint32_t changed;
	} cases[] = {
		{ "priority = <10>", "priority = <11>", 1 },
		{ "<30000 100000>", "<30000 100001>", 1 },
		{ "restarts = <3>", "restarts = <4>", 1 },
		{ "\"runs\"", "\"stops\"", 1 },
		{ "shadow-tables = <200>", "shadow-tables = <204>", 1 },
		{ "shadow-contexts = <8>", "shadow-contexts = <9>", 1 },
		{ "\"kmi0\"; backend = \"direct\"", "\"kmi0\"; backend = \"trapped\"", 1 },
		{ "interrupt = <18>;", "interrupt = <20>;", 1 },
		{ "remote = \"serial\"", "remote = \"other\"", 1 },
		{ "posted;", "", 1 },
		{ "\"ones\"", "\"abort\"", 1 },
		{ "timeout-us = <5000>", "timeout-us = <6000>", 1 },
		{ "0xe0000000", "0xe0001000", 1 },
		{ "00 01]", "00 02]", 1 },
		{ "rng { type = \"entropy\"; };", "", 1 },
		{ "con { type = \"console\"; };", "con { type = \"entropy\"; };", 1 },
		{ "<200>; uart", "<201>; uart", 2 },
		{ "\"kmi1\"; backend = \"trapped\"", "\"kmi1\"; backend = \"direct\"", 2 },
		{ "network = \"lan1\"", "network = \"lan0\"", 2 },
		{ "initrd = \"linux\";", "", 1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!plan_of(&usual, cases[i].old, cases[i].new))
			fail_msg("%s: %s", cases[i].new, plan.wrong);
		if (plan.changed != cases[i].changed)
			fail_msg("%s: 0x%x", cases[i].new, plan.changed);
	}
}

static void memory_and_device_tree_change_a_vm(void **state)
{
	struct sent sent = usual;
	const struct bundle_part *part;

	sent.memory[0] = 44 * MIB;
	assert_true(plan_of(&sent, "<0x3000000>", "<0x2c00000>"));
	assert_int_equal(plan.changed, 1);
	assert_int_equal(plan.bundle.vm[0].memory, 44 * MIB);
	sent = usual;
	sent.tree = TREE "!";
	assert_true(plan_of(&sent, "prefix;", "prefix;"));
	assert_int_equal(plan.changed, 1);
	part = bundle_find(&plan.bundle, 0, BUNDLE_DTB);
	assert_int_equal(part->offset, TREES_AT);
	assert_int_equal(part->size, sizeof(TREE));
	assert_memory_equal(plan.tree[0].bytes, TREE "!", sizeof(TREE));
	sent = usual;
	sent.initrd_at = INITRD + 0x1000;
	assert_true(plan_of(&sent, "prefix;", "prefix;"));
	assert_int_equal(plan.changed, 1);
	assert_int_equal(bundle_find(&plan.bundle, 0, BUNDLE_INITRD)->gpa.raw, INITRD + 0x1000);
	/* The other one's parts are where they were. */
	assert_memory_equal(&plan.bundle.part[8], &bundle.part[8], 2 * sizeof(bundle.part[0]));
}

static void vms_are_known_by_their_names(void **state)
{
	/* A new name is another VM, in the place of the one that is gone. */
	assert_true(plan_of(&usual, "    rt {", "    other {"));
	assert_int_equal(plan.changed, 2);
	assert_string_equal(plan.config.vm[1].name, "other");
	/* In another order, each keeps its number, and goes on. */
	now.config->vm[0] = config.vm[0];
	strcpy(now.config->vm[0].name, "rt");
	strcpy(now.config->vm[1].name, "linux");
	strcpy(now.guest[0], "rt");
	strcpy(now.guest[1], "linux");
	assert_false(plan_of(&usual, "prefix;", "prefix;")); /* uart1 is not where it was */
	assert_non_null(strstr(plan.wrong, "uart: must stay"));
	assert_string_equal(plan.config.vm[1].name, "linux");
	assert_string_equal(plan.config.vm[0].name, "rt");
}

/** What VM @p n has of other boards, in the order of its windows, and where. */
static unsigned remotes_of(const struct system_config *of, unsigned n, const char *name[],
			   unsigned place[])
{
	const struct vm_config *const vm = &of->vm[n];
	unsigned count = 0;

	for (unsigned i = 0; i < vm->window_count; i++)
		if (vm->window[i].remote != CONFIG_NONE) {
			place[count] = vm->window[i].remote;
			name[count] = of->remote[place[count]].name;
			count++;
		}
	return count;
}

#define FAR                                                                                  \
	"        far { device = \"rtc\"; backend = \"remote\"; peer = \"boardb\"; remote = " \
	"\"clock\";\n          timeout-us = <5000>; on-timeout = \"ones\"; };\n"

/** A VM that stays goes on looking at the places that it had, whatever the others have now. */
static void windows_of_other_boards_keep_their_places(void **state)
{
	struct remote_window_config before[2];
	const char *name[CONFIG_WINDOWS_MAX];
	unsigned place[CONFIG_WINDOWS_MAX];

	assert_int_equal(remotes_of(&config, 1, name, place), 2);
	assert_int_equal(place[0], 2);
	assert_int_equal(place[1], 3);
	memcpy(before, &config.remote[2], sizeof(before));

	/* One less before them. */
	assert_true(plan_of(&usual, FAR, ""));
	assert_int_equal(plan.changed, 1);
	assert_int_equal(remotes_of(&plan.config, 1, name, place), 2);
	assert_int_equal(place[0], 2);
	assert_int_equal(place[1], 3);
	assert_memory_equal(before, &plan.config.remote[2], sizeof(before));
	assert_int_equal(remotes_of(&plan.config, 0, name, place), 1);
	assert_string_equal(name[0], "serial");
	*now.bundle = plan.bundle;
	*now.config = plan.config;

	/* And one more than there were: there is room before them and behind them. */
	assert_true(
		plan_of(&usual, "      windows {\n        keys",
			"      windows { more { reg = <0xe2000000 0x1000>; backend = \"remote\";"
			" peer = \"boardc\"; remote = \"more\"; };\n        keys"));
	assert_int_equal(plan.changed, 1);
	assert_memory_equal(before, &plan.config.remote[2], sizeof(before));
	assert_int_equal(remotes_of(&plan.config, 1, name, place), 2);
	assert_int_equal(place[0], 2);
	assert_int_equal(place[1], 3);
	assert_int_equal(remotes_of(&plan.config, 0, name, place), 3);
	assert_string_equal(name[0], "more");
	assert_string_equal(name[1], "clock");
	assert_string_equal(name[2], "serial");
	for (unsigned i = 0; i < 3; i++)
		assert_true(place[i] != 2 && place[i] != 3);
	assert_true(place[0] != place[1] && place[1] != place[2] && place[0] != place[2]);
}

/** There is no place between those of VMs that stay, and none is lost. */
static void all_places_are_used(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	char windows[2048] = "      windows {\n";
	const char *name[CONFIG_WINDOWS_MAX];
	unsigned place[CONFIG_WINDOWS_MAX];
	uint32_t used = 0;

	config.remote[14] = config.remote[2];
	config.remote[15] = config.remote[3];
	memset(&config.remote[2], 0, 2 * sizeof(config.remote[2]));
	config.vm[1].window[0].remote = 14;
	config.vm[1].window[1].remote = 15;
	for (unsigned i = 0; i < ARRAY_SIZE(names) - 1; i++)
		sprintf(windows + strlen(windows),
			"%s { reg = <0xe20%u0000 0x1000>; backend = \"remote\"; peer = \"boardc\";"
			" remote = \"%s\"; };\n",
			names[i], i, names[i]);
	strcat(windows, "        keys");
	assert_true(plan_of(&usual, "      windows {\n        keys", windows));
	assert_int_equal(plan.changed, 1);
	for (unsigned n = 0; n < 2; n++) {
		const unsigned count = remotes_of(&plan.config, n, name, place);

		for (unsigned i = 0; i < count; i++) {
			assert_false(bit(used, place[i]));
			used |= BIT(place[i]);
			assert_true(name[i][0]);
		}
	}
	assert_int_equal(used, 0xc07f);
	for (unsigned i = 0; i < CONFIG_REMOTES_MAX; i++)
		assert_int_equal(bit(used, i), plan.config.remote[i].name[0] != 0);
}

static void it_is_refused(void **state)
{
	static const struct {
		const char *old, *new, *why;
	} cases[] = {
		{ "lan1 { };", "lan1 { }; lan2 { };", "/network: must stay" },
		{ "lan1 { }", "lan1 { }; lan2 { }", "/network: must stay" },
		{ "offset = <0x100000>", "offset = <0x200000>", "/disks: must stay" },
		{ "data { flash", "date { flash", "no such disk" },
		{ "data { flash;", "data { flash; writable;", "/disks: must stay" },
		{ "guest = \"rt\"", "guest = \"rx\"", "rt: guest 'rx' is not in" },
		{ "initrd = \"linux\"", "initrd = \"big\"", "linux: initrd 'big' is not in" },
		{ "uart = \"uart1\"", "uart = \"console\"", "rt: uart: must stay" },
		{ "<30000 100000>", "<100001 100000>", "/vms/linux: budget: more than its" },
		{ "<200>; uart", "<200>; budget = <71000 100000>; uart", "exceed 100 percent" },
		{ "<0x3000000>", "<0x3100000>", "/vms/linux: memory: not what" },
		{ "hako,system", "hako,other", "compatible" },
		{ "guest = \"rt\"", "guest = \"a name that is much longer than 31\"", "too long" },
		{ "guest = \"rt\"", "guest = \"linux\"", "rt: a device tree of 0 bytes" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		if (plan_of(&usual, cases[i].old, cases[i].new))
			fail_msg("accepted: %s", cases[i].new);
		if (!strstr(plan.wrong, cases[i].why))
			fail_msg("%s: %s", cases[i].new, plan.wrong);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	struct sent sent = usual;

#define REFUSED(text)                                               \
	do {                                                        \
		assert_false(plan_of(&sent, "prefix;", "prefix;")); \
		if (!strstr(plan.wrong, text))                      \
			fail_msg("%s", plan.wrong);                 \
		sent = usual;                                       \
	} while (0)

	sent.magic++;
	REFUSED("not what scripts/reload");
	sent.version++;
	REFUSED("not what scripts/reload");
	sent.count = 3;
	REFUSED("3 VMs; the bundle was made with 2");
	sent.memory[0] += 1;
	REFUSED("not whole MiB");
	sent.tree_at = 48 * MIB - 8;
	REFUSED("linux: dtb is outside its memory");
	sent.tree_at = TREE_AT + 4;
	REFUSED("linux: dtb is outside its memory");
	sent.tree_at = 0x8000;
	REFUSED("linux: dtb and kernel overlap");
	sent.initrd_at = 0xfffffff8;
	REFUSED("linux: initrd is outside");
	sent.initrd_at = TREE_AT - 8;
	REFUSED("overlap");
	sent.tree = "";
	REFUSED("a Linux has one");
	sent.last_has_tree = true;
	REFUSED("rt: a device tree");
}

/** Cut anywhere, and with bytes changed anywhere, it is refused or right; the sanitizers look on. */
static void damage_does_no_harm(void **state)
{
	uint32_t seed = 3, whole;

	make(&usual, "prefix;", "prefix;");
	whole = size;
	for (uint32_t cut = 0; cut < whole; cut += cut < 64 ? 1 : 13) {
		uint8_t *const part = malloc(cut);

		memcpy(part, bytes, cut);
		assert_false(reload_plan_make(&plan, &now, part, cut));
		free(part);
	}
	for (unsigned turn = 0; turn < 3000; turn++) {
		uint8_t *const copy = malloc(whole);

		memcpy(copy, bytes, whole);
		for (unsigned n = 0; n < 3; n++)
			copy[xorshift32(&seed) % (n == 0 ? 48 : whole)] ^=
				(uint8_t)(1u << xorshift32(&seed) % 8);
		if (reload_plan_make(&plan, &now, copy, whole))
			assert_true(plan.config.vm_count == 2 && plan.bundle.part_count <= 64);
		else
			assert_true(plan.wrong[0] && memchr(plan.wrong, 0, sizeof(plan.wrong)));
		free(copy);
	}
}

/** The table does not grow, however often it is made anew. */
static void two_hundred_times(void **state)
{
	struct sent sent = usual;

	for (unsigned turn = 0; turn < 200; turn++) {
		sent.initrd_at = INITRD + 0x1000 * (1 + turn % 2);
		assert_true(plan_of(&sent, "prefix;", "prefix;"));
		assert_int_equal(plan.changed, 1);
		*now.bundle = plan.bundle;
		*now.config = plan.config;
		assert_int_equal(bundle.part_count, 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_changes, setup),
		cmocka_unit_test_setup(each_property_changes_its_vm, setup),
		cmocka_unit_test_setup(memory_and_device_tree_change_a_vm, setup),
		cmocka_unit_test_setup(vms_are_known_by_their_names, setup),
		cmocka_unit_test_setup(windows_of_other_boards_keep_their_places, setup),
		cmocka_unit_test_setup(all_places_are_used, setup),
		cmocka_unit_test_setup(it_is_refused, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, setup),
		cmocka_unit_test_setup(damage_does_no_harm, setup),
		cmocka_unit_test_setup(two_hundred_times, setup),
	};
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(bytes);
	return failed;
}
