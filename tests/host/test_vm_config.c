/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of VMs: a correct one, and what is just possible, is read. Those that are wrong are in
 * test_vm_config_mistakes.c, other boards in test_vm_config_remote.c.
 */
#include "tests/host/vm_config_fixture.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void a_correct_description_is_read(void **state)
{
	config_read_correct();
	assert_int_equal(1, config.escape);
	assert_true(config.prefix);
	assert_int_equal(2, config.network_count);
	assert_string_equal("lan0", config.network[0].name);
	assert_true(config.network[0].uplink);
	assert_false(config.network[1].uplink);
	assert_true(config.vmm_row[config_row("ethernet")]);
	assert_true(config.vmm_row[config_row("flash")]);
	assert_true(config.vmm_row[config_row("uart1")]);
	assert_true(config.vmm_row[config_row("rtc")]);
	assert_false(config.vmm_row[config_row("kmi0")]);

	assert_int_equal(3, config.disk_count);
	assert_int_equal(DISK_RAM, config.disk[0].kind);
	assert_int_equal(1, config.disk[0].part);
	assert_int_equal(4 * MIB, config.disk[0].size);
	assert_int_equal(DISK_FLASH, config.disk[1].kind);
	assert_int_equal(1 * MIB, config.disk[1].offset);
	assert_int_equal(DISK_SDCARD, config.disk[2].kind);
	assert_true(config.disk[2].offset == 0x100000200);

	const struct vm_config *const linux_vm = &config.vm[0], *const rt = &config.vm[1];

	assert_int_equal(2, config.vm_count);
	assert_string_equal("linux", linux_vm->name);
	assert_int_equal(48 * MIB, linux_vm->memory);
	assert_int_equal(10, linux_vm->priority);
	assert_true(linux_vm->autostart);
	assert_true(linux_vm->time_runs_in_pause);
	assert_int_equal(ON_DEATH_RESTART, linux_vm->on_death);
	assert_int_equal(3, linux_vm->restarts);
	assert_int_equal(30000, linux_vm->budget_us);
	assert_int_equal(100000, linux_vm->period_us);
	assert_int_equal(200, linux_vm->shadow_tables);
	assert_int_equal(8, linux_vm->shadow_contexts);
	assert_int_equal(CONFIG_NONE, linux_vm->uart_row);
	assert_int_equal(ROW_OWNED, linux_vm->row[config_row("kmi0")]);
	assert_int_equal(ROW_LOGGED, linux_vm->row[config_row("aaci")]);
	assert_int_equal(ROW_OWNED, linux_vm->row[config_row("uart0")]);
	assert_int_equal(ROW_ABSENT, linux_vm->row[config_row("rtc")]);
	assert_int_equal(3, linux_vm->window_count);
	assert_string_equal("sp804", linux_vm->window[0].model->name);
	assert_int_equal(0xe0000000, linux_vm->window[0].base);
	assert_int_equal(18, linux_vm->window[0].interrupt);
	assert_int_equal(4, linux_vm->virtio_count);
	assert_int_equal(VIRTIO_NETWORK, linux_vm->virtio[0].type);
	assert_int_equal(0, linux_vm->virtio[0].network);
	assert_true(linux_vm->virtio[0].has_mac);
	assert_int_equal(1, linux_vm->virtio[0].mac[5]);
	assert_int_equal(VIRTIO_BLOCK, linux_vm->virtio[1].type);
	assert_int_equal(0, linux_vm->virtio[1].disk);
	assert_false(linux_vm->virtio[1].read_only);
	assert_int_equal(VIRTIO_CONSOLE, linux_vm->virtio[2].type);
	assert_int_equal(VIRTIO_ENTROPY, linux_vm->virtio[3].type);

	assert_string_equal("rt", rt->name);
	assert_false(rt->autostart);
	assert_false(rt->time_runs_in_pause);
	assert_int_equal(0, rt->budget_us);
	assert_int_equal(ON_DEATH_STOP, rt->on_death);
	assert_int_equal(config_row("uart1"), rt->uart_row);
	assert_int_equal(ROW_TRAPPED, rt->row[config_row("kmi1")]);
	assert_true(rt->virtio[0].read_only);
	assert_int_equal(1, rt->virtio[1].disk);
	assert_int_equal(1, rt->virtio[2].network);
	assert_false(rt->virtio[2].has_mac);
}

static void what_is_just_possible_is_accepted(void **state)
{
	static const struct {
		const char *old;
		const char *new;
	} changes[] = {
		{ "console { escape = <0x01>; prefix; };", "" },
		{ "data { flash;", "data { flash; writable;" },
		{ "guest = \"rt\";", "guest = \"rt\"; budget = <70000 100000>;" },
		{ "priority = <200>", "priority = <255>" },
		{ "budget = <30000 100000>", "budget = <100000 100000>" },
		{ "0xe0000000 0x1000", "0xfffff000 0x1000" },
		{ "interrupt = <18>;", "" },
		{ "disk { type = \"block\"; disk = \"scratch\"; };",
		  "disk { type = \"block\"; disk = \"scratch\"; read-only; };" },
		{ "con {", "a { type = \"console\"; }; b { type = \"console\"; }; "
			   "c { type = \"console\"; }; d { type = \"entropy\"; }; con {" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
		const size_t size = config_compile_changed(changes[i].old, changes[i].new, tree);

		if (!config_reads(size))
			fail_msg("'%s': %s: %s: %s", changes[i].new, error.node, error.property,
				 error.text);
	}
}

static void as_many_vms_as_the_bundle_has(void **state)
{
	size_t size;

	bundle.vm_count = 3;
	bundle.vm[2].memory = 1 * MIB;
	size = config_compile(config_source, tree);
	assert_false(config_reads(size));
	assert_string_equal("/vms", error.node);
	bundle.vm_count = 1;
	assert_false(config_reads(size));
	assert_string_equal("/vms/rt", error.node);
}

static void read_source(const char *path, char *text, size_t size)
{
	FILE *const file = fopen(path, "r");

	if (!file)
		fail_msg("%s is missing; run this from the root of the tree", path);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void the_shipped_descriptions_are_accepted(void **state)
{
	static const struct {
		const char *path;
		const char *disk;
		unsigned disk_mib;
		unsigned vm_count;
		uint8_t mib[BUNDLE_VMS_MAX];
	} shipped[] = {
		{ "configs/one-linux.dts", "scratch", 4, 1, { 64 } },
		{ "configs/two-linux.dts", "shared", 2, 2, { 48, 32 } },
		{ "configs/linux-and-rt.dts", "none", 4, 2, { 48, 4 } },
		{ "configs/eight-small.dts", "none", 4, 8, { 24, 24, 4, 4, 4, 4, 4, 4 } },
		{ "configs/remote-server.dts", "none", 4, 0, { 0 } },
	};
	char source[8192];

	for (unsigned i = 0; i < ARRAY_SIZE(shipped); i++) {
		read_source(shipped[i].path, source, sizeof(source));
		bundle.vm_count = shipped[i].vm_count;
		for (unsigned n = 0; n < bundle.vm_count; n++)
			bundle.vm[n].memory = shipped[i].mib[n] * MIB;
		strcpy(bundle.part[1].name, shipped[i].disk);
		bundle.part[1].memory_size = shipped[i].disk_mib * MIB;

		const size_t size = config_compile(source, tree);

		if (!config_reads(size))
			fail_msg("%s: %s: %s: %s", shipped[i].path, error.node, error.property,
				 error.text);
	}
}

/* On the Versatile, two of the inputs are those of devices that a VM may have. */
static void a_virtio_interrupt_can_be_taken(void **state)
{
	static const char format[] =
		"many { memory = <0x200000>; guest = \"many\";"
		"  windows { it { device = \"%s\"; backend = \"direct\"; }; };"
		"  virtio { a { type = \"entropy\"; }; b { type = \"entropy\"; };"
		"           c { type = \"entropy\"; }; d { type = \"entropy\"; };"
		"           e { type = \"entropy\"; }; f { type = \"entropy\"; };"
		"           g { type = \"entropy\"; }; h { type = \"entropy\"; }; }; };"
		"rt {";
	static const char *const devices[] = { "gpio0", "ssp", "sci0" };
	static const char *const nodes[] = { NULL, "/vms/many/virtio/h", "/vms/many/virtio/g" };

	if (strcmp(board.name, "versatilepb") != 0)
		return;
	bundle.vm_count = 3;
	bundle.vm[2].memory = 2 * MIB;
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		char text[sizeof(format) + 10];

		snprintf(text, sizeof(text), format, devices[i]);

		const size_t size = config_compile_changed("rt {", text, tree);

		assert_int_equal(!nodes[i], config_reads(size));
		if (nodes[i])
			assert_string_equal(nodes[i], error.node);
	}
}

static void every_damaged_byte_is_survived(void **state)
{
	const size_t size = config_compile(config_source, tree);
	static uint8_t damaged[CONFIG_TREE_MAX] __attribute__((aligned(8)));

	for (size_t length = 0; length < size; length += 7) {
		uint8_t *const part = test_malloc(length + 8);
		uint8_t *const at = part + (8 - (uintptr_t)part % 8) % 8;

		memcpy(at, tree, length);
		assert_false(config_parse(at, length, &bundle, &config, &error));
		test_free(part);
	}
	for (size_t i = 0; i < size; i++) {
		memcpy(damaged, tree, size);
		damaged[i] ^= 0x81;
		if (!config_parse(damaged, size, &bundle, &config, &error))
			assert_true(strlen(error.text) > 3 && strlen(error.node) < 64);
	}
}

static void a_vm_that_is_alone_owns_everything(void **state)
{
	static const struct boot_info info;

	config_make_one(&bundle, &info, &config);
	assert_int_equal(1, config.vm_count);
	assert_string_equal("alone", config.vm[0].name);
	assert_int_equal(48 * MIB, config.vm[0].memory);
	assert_true(config.vm[0].autostart);
	for (unsigned i = 0; i < board.window_count; i++)
		assert_int_equal(ROW_OWNED, config.vm[0].row[i]);
	for (unsigned i = 0; i < board.irq_count; i++)
		/* All but those of what no VM can have. */
		assert_int_equal(strcmp(board.irqs[i].window, "lcd") ? 0 : CONFIG_NONE,
				 config_line_owner(&config, &board.irqs[i]));
}

static void a_line_goes_with_its_device(void **state)
{
	const size_t size = config_compile(config_source, tree);

	assert_true(config_reads(size));
	for (unsigned i = 0; i < board.irq_count; i++) {
		const struct board_irq *const line = &board.irqs[i];
		unsigned expected = CONFIG_NONE;

		if (strcmp(line->window, "kmi0") == 0 || strcmp(line->window, "aaci") == 0)
			expected = 0;
		if (strcmp(line->window, "kmi1") == 0)
			expected = 1;
		assert_int_equal(expected, config_line_owner(&config, line));
	}
}

#define T(name) cmocka_unit_test_setup(name, config_set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_correct_description_is_read),      T(what_is_just_possible_is_accepted),
		T(as_many_vms_as_the_bundle_has),      T(the_shipped_descriptions_are_accepted),
		T(a_virtio_interrupt_can_be_taken),    T(every_damaged_byte_is_survived),
		T(a_vm_that_is_alone_owns_everything), T(a_line_goes_with_its_device),
	};

	return cmocka_run_group_tests_name("vm_config", tests, NULL, NULL);
}
