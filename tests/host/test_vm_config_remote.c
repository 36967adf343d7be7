/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other boards in the description of VMs: peers, what is served to them, windows that are theirs; and every
 * way we know in which that can be wrong.
 */
#include "devemu/remote.h"
#include "tests/host/vm_config_fixture.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct mistake mistakes[] = {
	/* clang-format off */
	{ "station { mac = [02 00 00 00 00 0a]; address = <10 0 2 9>;\n"
	  "      netmask = <255 255 255 0>; }; };", "};", "/peers/boardb", "", "needs a station", 0 },
	{ "mac = [02 00 00 00 00 0b]; ", "", "/peers/boardb", "mac", "missing", 0 },
	{ "[02 00 00 00 00 0b]", "[02 00 00 00 00]", "/peers/boardb", "mac", "bytes", 0 },
	{ "[02 00 00 00 00 0b]", "[03 00 00 00 00 0b]", "/peers/boardb", "mac", "one board", 0 },
	{ "[02 00 00 00 00 0b]", "[00 00 00 00 00 00]", "/peers/boardb", "mac", "one board", 0 },
	{ "[02 00 00 00 00 0c]", "[02 00 00 00 00 0b]", "/peers/boardc", "mac", "another peer", 0 },
	{ "[02 00 00 00 00 0b]", "[02 00 00 00 00 0a]", "/peers/boardb", "mac", "own station", 0 },
	{ "key = \"pair\";", "", "/peers/boardb", "", "one of key", 0 },
	{ "insecure;", "insecure; key = \"pair\";", "/peers/boardc", "", "one of key", 0 },
	{ "key = \"pair\"", "key = \"other\"", "/peers/boardb", "key", "no such key", 0 },
	{ "key = \"pair\"", "key = \"short\"", "/peers/boardb", "key", "no such key", 0 },
	{ "key = \"pair\"", "key = \"scratch\"", "/peers/boardb", "key", "no such key", 0 },
	{ "timeout-us = <2000>", "timeout-us = <999>", "/peers/boardb", "timeout-us", "range", 0 },
	{ "keep-alive-us = <500000>", "keep-alive-us = <1>", "/peers/boardb", "keep-alive-us",
	  "range", 0 },
	{ "peers {", "peers { a { insecure; mac = [02 00 00 00 01 01]; }; b { insecure; "
	  "mac = [02 00 00 00 01 02]; }; c { insecure; mac = [02 00 00 00 01 03]; };",
	  "/peers/boardc", "", "more than 4", 0 },
	{ "peers {", "peers { count = <2>;", "/peers", "count", "not known", 0 },
	{ "peers {", "peers { x { more { }; };", "/peers/x/more", "", "not known", 0 },

	{ "device = \"rtc\"; to", "device = \"sundial\"; to", "/serve/clock", "device", "no such",
	  0 },
	{ "device = \"rtc\"; to", "device = \"uart0\"; to", "/serve/clock", "device", "no such", 0 },
	{ "device = \"rtc\"; to", "device = \"ethernet\"; to", "/serve/clock", "device",
	  "the VMM uses it", 0 },
	{ "device = \"rtc\"; to", "device = \"flash\"; to", "/serve/clock", "device",
	  "the VMM uses it", 0 },
	{ "device = \"rtc\"; to = \"boardb\"", "device = \"rtc\"; to = \"boardx\"", "/serve/clock",
	  "to", "no such peer", 0 },
	{ "device = \"rtc\"; to", "device = \"lcd\"; to", "/serve/clock", "reads", "needed for lcd", 0 },
	{ "device = \"rtc\"; to", "to", "/serve/clock", "device", "one of", 0 },
	{ "widths = <4>", "reads = \"frames\"", "/serve/clock", "reads", "goes with lcd", 0 },
	{ "; reads = \"frames\"", "", "/serve/screen", "reads", "needed for lcd", 0 },
	{ "reads = \"frames\"", "reads = \"ident\"", "/serve/screen", "reads", "no memory", 0 },
	{ "reads = \"frames\"", "reads = \"frames\"; reg = <0 16>", "/serve/screen", "reads",
	  "goes without", 0 },
	{ "reads = \"frames\"", "reads = \"frames\"; read-only", "/serve/screen", "reads",
	  "goes without", 0 },
	{ "0x200000>; to = \"boardb\"", "0x200000>; to = \"boardc\"", "/serve/screen", "reads",
	  "no memory", 0 },
	{ "; reads", "; interrupts = <2>; reads", "/serve/screen", "interrupts", "fewer", 0 },
	{ "<0x4000000 0x200000>", "<0x4000000 0x200800>", "/serve/frames", "memory", "whole pages", 0 },
	{ "<0x4000000 0x200000>", "<0x4000800 0x200000>", "/serve/frames", "memory", "whole pages", 0 },
	{ "<0x4000000 0x200000>", "<0x4000000 0>", "/serve/frames", "memory", "whole pages", 0 },
	{ "<0x4000000 0x200000>", "<0x4000000 0x1001000>", "/serve/frames", "memory", "16 MiB", 0 },
	{ "<0x4000000 0x200000>", "<0xfff00000 0x200000>", "/serve/frames", "memory", "16 MiB", 0 },
	{ "<0x4000000 0x200000>;", "<0x4000000 0x200000>; read-only;", "/serve/frames", "memory",
	  "nothing but to", 0 },
	{ "reg = <0 0x20>", "reg = <0 0x1004>", "/serve/clock", "reg", "not words", 0 },
	{ "drawn { memory;", "drawn { memory; posted;", "/vms/rt/windows/drawn", "memory",
	  "goes with", 0 },
	{ "drawn { memory;", "drawn {", "/vms/rt/windows/drawn", "reg", "memory", 0 },
	{ "<0x100000 0x100000>; b", "<0x100000 0x80000>; b", "/vms/rt/windows/drawn", "reg", "last", 0 },
	{ "<0x100000 0x100000>; b", "<0x180000 0x80000>; b", "/vms/rt/windows/drawn", "reg", "last", 0 },
	{ "<0x100000 0x100000>; b", "<0 0x200000>; b", "/vms/rt/windows/drawn", "reg", "last", 0 },
	{ "<0x100000 0x100000>; b", "<0x200000 0x100000>; b", "/vms/rt/windows/drawn", "reg", "last",
	  0 },
	{ "<0x100000 0x100000>; b", "<0x100000 0xfff00000>; b", "/vms/rt/windows/drawn", "reg",
	  "at most 16", 0 },
	{ "        drawn {", "more { memory; reg = <0x100000 0x100000>; backend = \"remote\";"
	  " peer = \"boardc\"; remote = \"more\"; }; drawn {",
	  "/vms/rt/windows/drawn", "memory", "one already", 0 },
	{ "reg = <0 0x20>", "reg = <2 0x20>", "/serve/clock", "reg", "not words", 0 },
	{ "reg = <0 0x20>", "reg = <0 0>", "/serve/clock", "reg", "not words", 0 },
	{ "reg = <0 0x20>", "reg = <0xfffffffc 0x20>", "/serve/clock", "reg", "not words", 0 },
	{ "widths = <4>", "widths = <8>", "/serve/clock", "widths", "range", 0 },
	{ "widths = <4>", "widths = <0>", "/serve/clock", "widths", "range", 0 },
	{ "interrupts = <1>", "interrupts = <2>", "/serve/clock", "interrupts", "fewer", 0 },
	{ "interrupts = <1>", "interrupts = <16>", "/serve/clock", "interrupts", "range", 0 },
	{ "reg = <0xfe0 0x20>; read-only", "reg = <0xfe0 0x20>; interrupts = <1>", "/serve/ident",
	  "interrupts", "another one", 0 },
	{ "reg = <0xfe0 0x20>", "reg = <0 0x20>", "/serve/ident", "reg", "one of them writes", 0 },
	{ "\"kmi1\"", "\"rtc\"", "/vms/rt/windows/mouse", "device", "the VMM uses", 0 },
	{ "\"kmi1\"", "\"uart1\"", "/vms/rt/windows/mouse", "device", "the VMM uses", 0 },

	{ "peer = \"boardb\"; remote = \"clock\"", "peer = \"boardx\"; remote = \"clock\"",
	  "/vms/linux/windows/far", "peer", "no such peer", 0 },
	{ "peer = \"boardb\"; remote = \"clock\"", "remote = \"clock\"", "/vms/linux/windows/far",
	  "peer", "missing", 0 },
	{ "remote = \"clock\"", "remote = \"\"", "/vms/linux/windows/far", "remote", "no name", 0 },
	{ "remote = \"clock\"", "remote = \"a-name-that-is-long\"", "/vms/linux/windows/far",
	  "remote", "too long", 0 },
	{ "remote = \"clock\"", "remote = \"serial\"", "/vms/linux/windows/serial", "remote",
	  "another window", 0 },
	{ "device = \"rtc\"; backend", "backend", "/vms/linux/windows/far", "device",
	  "one of device and reg", 0 },
	{ "device = \"rtc\"; backend", "device = \"rtc\"; reg = <0xe2000000 0x1000>; backend",
	  "/vms/linux/windows/far", "device", "one of device and reg", 0 },
	{ "device = \"rtc\"; backend", "device = \"rtc\"; interrupt = <19>; backend",
	  "/vms/linux/windows/far", "interrupt", "that of the device", 0 },
	{ "device = \"rtc\"; backend", "device = \"uart0\"; backend", "/vms/linux/windows/far",
	  "device", "none whose place", 0 },
	{ "device = \"rtc\"; backend", "device = \"kmi0\"; backend", "/vms/linux/windows/far", "reg",
	  "a device of the board", 0 },
	{ "device = \"rtc\"; backend", "device = \"rtc\"; model = \"pl031\"; backend",
	  "/vms/linux/windows/far", "model", "not known", 0 },
	{ "on-timeout = \"ones\"", "on-timeout = \"zeros\"", "/vms/linux/windows/far", "on-timeout",
	  "words", 0 },
	{ "on-timeout = \"ones\"", "on-timeout = \"wait\"", "/vms/linux/windows/far", "timeout-us",
	  "wait", 0 },
	{ "0xe1000000 0x1000", "0xe1000000 0x800", "/vms/linux/windows/serial", "reg", "pages", 0 },
	{ "0xe1000000 0x1000", "0xe1000000 0", "/vms/linux/windows/serial", "reg", "pages", 0 },
	{ "0xe1000000 0x1000", "0xfffff000 0x2000", "/vms/linux/windows/serial", "reg", "pages", 0 },
	{ "0xe1000000 0x1000", "0x02fff000 0x1000", "/vms/linux/windows/serial", "reg", "memory",
	  0 },
	{ "interrupt = <19>", "interrupt = <18>", "/vms/linux/windows/serial", "interrupt",
	  "another device", 0 },
	/* clang-format on */
};

static void other_boards_are_read(void **state)
{
	const struct window_config *far;
	const struct remote_window_config *remote;

	config_read_correct();
	assert_int_equal(2, config.peer_count);
	assert_string_equal("boardb", config.peer[0].name);
	assert_int_equal(0x0b, config.peer[0].mac[5]);
	assert_int_equal(2, config.peer[0].key);
	assert_int_equal(2000, config.peer[0].timeout_us);
	assert_int_equal(500000, config.peer[0].keep_alive_us);
	assert_int_equal(CONFIG_NONE, config.peer[1].key);
	assert_int_equal(1000000, config.peer[1].keep_alive_us);

	assert_int_equal(4, config.serve_count);
	assert_string_equal("clock", config.serve[0].name);
	assert_int_equal(config_row("rtc"), config.serve[0].row);
	assert_int_equal(0, config.serve[0].peer);
	assert_int_equal(4, config.serve[0].widths);
	assert_int_equal(1, config.serve[0].interrupts);
	assert_false(config.serve[0].read_only);
	assert_int_equal(0x20, config.serve[0].size);
	assert_int_equal(0xfe0, config.serve[1].start);
	assert_true(config.serve[1].read_only);
	assert_int_equal(7, config.serve[1].widths);

	assert_int_equal(CONFIG_NONE, config.serve[1].memory);
	assert_int_equal(CONFIG_NONE, config.serve[2].row);
	assert_int_equal(0x4000000, config.serve[2].start);
	assert_int_equal(2 * MIB, config.serve[2].size);
	assert_int_equal(config_row("lcd"), config.serve[3].row);
	assert_int_equal(2, config.serve[3].memory);
	assert_int_equal(4, config.serve[3].widths);
	assert_int_equal(4 * KIB, config.serve[3].size);

	far = &config.vm[1].window[0];
	assert_ptr_equal(&remote_ops, far->model->ops);
	assert_int_equal(board.windows[config_row("lcd")].base, far->base);
	remote = &config.remote[far->remote];
	assert_int_equal(strcmp(board.name, "versatilepb") == 0, remote->is_swapped);
	assert_true(remote->is_lcd);
	assert_int_equal(VM_SINK_PRIMARY, remote->wire[0].sink);
	assert_int_equal(strcmp(board.name, "versatilepb") ? 22 : 16, remote->wire[0].input);
	assert_false(far->is_memory);
	assert_int_equal(ROW_ABSENT, config.vm[1].row[config_row("lcd")]);
	far = &config.vm[1].window[1];
	assert_ptr_equal(&remote_memory_ops, far->model->ops);
	assert_true(far->is_memory);
	assert_int_equal(MIB, far->base);
	assert_int_equal(48 * MIB, config_ram_size(&config.vm[0]));
	assert_int_equal(MIB, config_ram_size(&config.vm[1]));

	far = &config.vm[0].window[1];
	assert_ptr_equal(&remote_ops, far->model->ops);
	remote = &config.remote[far->remote];
	assert_string_equal("clock", remote->name);
	assert_int_equal(board.windows[config_row("rtc")].base, far->base);
	assert_int_equal(5000, remote->timeout_us);
	assert_int_equal(REMOTE_ONES, remote->on_timeout);
	assert_int_equal(VM_SINK_PRIMARY, remote->wire[0].sink);
	assert_int_equal(strcmp(board.name, "versatilepb") ? 8 : 10, remote->wire[0].input);
	assert_int_equal(VM_SINK_NONE, remote->wire[1].sink);
	assert_false(remote->posted);
	far = &config.vm[0].window[2];
	remote = &config.remote[far->remote];
	assert_string_equal("serial", remote->name);
	assert_int_equal(0xe1000000, far->base);
	assert_int_equal(2000, remote->timeout_us);
	assert_int_equal(19, remote->wire[0].input);
	assert_true(remote->posted);
}

/* What is another board's window, the guest does not bring along. */
static void a_guest_does_not_reach_into_a_window(void **state)
{
	const size_t size = config_compile(config_source, tree);
	struct bundle_part *const part = &bundle.part[bundle.part_count];

	*part = (struct bundle_part){ .kind = BUNDLE_GUEST, .memory_size = MIB, .vm = 1 };
	bundle.part_count++;
	assert_true(config_reads(size));
	part->gpa = gpa(4);
	assert_false(config_reads(size));
	assert_string_equal("/vms/rt", error.node);
	assert_string_equal("memory", error.property);
	part->vm = 0;
	assert_true(config_reads(size));
	bundle.part_count--;
}

/** The description without its VMs, and with @p rest instead. */
static size_t compile_without_vms(const char *rest)
{
	static char source[8192];
	const size_t length = (size_t)(strstr(config_source, "  vms {") - config_source);

	snprintf(source, sizeof(source), "%.*s%s};", (int)length, config_source, rest);
	return config_compile(source, tree);
}

static void without_a_vm_something_is_served(void **state)
{
	size_t size = compile_without_vms("");

	assert_false(config_reads(size)); /* the bundle has two */
	assert_string_equal("/", error.node);
	bundle.vm_count = 0;
	assert_true(config_reads(size));
	assert_int_equal(0, config.vm_count);
	assert_int_equal(4, config.serve_count);
	for (unsigned i = 0; i < board.irq_count; i++)
		assert_int_equal(CONFIG_NONE, config_line_owner(&config, &board.irqs[i]));
	size = compile_without_vms("vms { };");
	assert_true(config_reads(size));

	size = config_compile("/dts-v1/; / { compatible = \"hako,system\"; vms { }; };", tree);
	assert_false(config_reads(size));
	assert_string_equal("/vms", error.node);
	assert_non_null(strstr(error.text, "nothing is served"));
	size = config_compile("/dts-v1/; / { compatible = \"hako,system\"; };", tree);
	assert_false(config_reads(size));
	assert_string_equal("/", error.node);
	size = config_compile(config_source, tree); /* VMs that the bundle does not have */
	assert_false(config_reads(size));
	assert_string_equal("/vms/linux", error.node);
}

static void each_mistake_is_named(void **state)
{
	config_refuses_each(mistakes, ARRAY_SIZE(mistakes));
}

#define T(name) cmocka_unit_test_setup(name, config_set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(other_boards_are_read),
		T(a_guest_does_not_reach_into_a_window),
		T(without_a_vm_something_is_served),
		T(each_mistake_is_named),
	};

	return cmocka_run_group_tests_name("vm_config_remote", tests, NULL, NULL);
}
