/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way we know in which a description of VMs can be wrong, but for what it says of other boards.
 */
#include "tests/host/vm_config_fixture.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct mistake mistakes[] = {
	/* clang-format off */
	{ "hako,system", "hako,other", "/", "compatible", "hako,system", 0 },
	{ "compatible = \"hako,system\";", "", "/", "compatible", "missing", 0 },
	{ "console {", "surplus { }; console {", "/surplus", "", "not known", 0 },
	{ "  vms {", "  others {", "/others", "", "not known", 0 },
	{ "<0x01>", "<0x41>", "/console", "escape", "out of range", 0 },
	{ "<0x01>", "<1 2>", "/console", "escape", "number of values", 0 },
	{ "prefix;", "prefix = <1>;", "/console", "prefix", "flag", 0 },
	{ "prefix;", "perfix;", "/console", "perfix", "not known", 0 },
	{ "prefix;", "prefix; more { };", "/console/more", "", "not known", 0 },

	{ "lan1 { }", "lan1 { uplink; }", "/network/lan1", "uplink", "another network", 0 },
	{ "lan1 { }", "lan1 { }; a { }; b { }; c { }", "/network/c", "", "more than 4", 0 },
	{ "lan1 { }", "abcdefghijklmnop { }", "/network/abcdefghijklmnop", "", "15 characters", 0 },
	{ "lan1 { }", "lan@1 { }", "/network/lan@1", "", "letters", 0 },
	{ "lan1 { }", "lan.1 { }", "/network/lan.1", "", "letters", 0 },
	{ "lan1 { }", "lan1 { more { }; }", "/network/lan1/more", "", "not known", 0 },
	{ "network {", "network { speed = <1>;", "/network", "speed", "not known", 0 },

	{ "ramdisk = \"scratch\";", "", "/disks/scratch", "", "one of ramdisk", 0 },
	{ "ramdisk = \"scratch\";", "ramdisk = \"s\"; flash;", "/disks/scratch", "", "one of", 0 },
	{ "<0x400000>", "<0x400200>", "/disks/scratch", "size", "4096", 0 },
	{ "<0x400000>", "<0x500000>", "/disks/scratch", "", "of this size", 0 },
	{ "<0x400000>", "<0>", "/disks/scratch", "size", "512", 0 },
	{ "size = <0x400000>;", "", "/disks/scratch", "size", "missing", 0 },
	{ "size = <0x400000>", "offset = <512>; size = <0x400000>", "/disks/scratch", "offset",
	  "has none", 0 },
	{ "scratch { ram", "other { ram", "/disks/other", "", "no RAM disk", 0 },
	{ "offset = <0x100000>", "offset = <0x100001>", "/disks/data", "offset", "512", 0 },
	{ "offset = <0x100000>", "offset = <0x1ff00000>", "/disks/data", "size", "more than", 0 },
	{ "offset = <0x100000>", "offset = <0xffffffff 0xfffffe00>", "/disks/data", "size",
	  "more than", 0 },
	{ "sdcard; offset = <0x1 0x00000200>; size = <0x0 0x100000>", "sdcard; partition = <5>",
	  "/disks/card", "partition", "out of range", 0 },
	{ "sdcard; offset", "sdcard; partition = <1>; offset", "/disks/card", "partition", "goes with",
	  0 },
	{ "flash; offset = <0x100000>", "flash; writable; offset = <0x120000>", "/disks/data", "offset",
	  "262144", 0 },
	{ "flash; offset = <0x100000>; size = <0x100000>", "flash; writable; size = <0x20000>",
	  "/disks/data", "size", "262144", 0 },
	{ "<0x400000>;", "<0x400000>; writable;", "/disks/scratch", "writable", "goes with flash", 0 },
	{ "flash; offset = <0x100000>; size = <0x100000>", "flash; partition = <1>", "/disks/data",
	  "partition", "goes with", 0 },
	{ "sdcard; offset = <0x1 0x00000200>; size = <0x0 0x100000>; };",
	  "sdcard; partition = <1>; }; twin { sdcard; partition = <1>; };", "/disks/twin", "offset",
	  "another disk", 0 },
	{ "  };\n  peers", "  again { flash; offset = <0x1ff000>; size = <0x2000>; }; };\n  peers",
	  "/disks/again", "offset", "another disk", 0 },

	{ "memory = <0x200000>;", "", "/vms/rt", "memory", "missing", 0 },
	{ "memory = <0x200000>;", "memory = <0x300000>;", "/vms/rt", "memory", "bundle", 0 },
	{ "memory = <0x200000>;", "memory = \"a lot\";", "/vms/rt", "memory", "number", 0 },
	{ "guest = \"rt\";", "", "/vms/rt", "guest", "missing", 0 },
	{ "guest = \"rt\";", "guest = \"r\", \"t\";", "/vms/rt", "guest", "one text", 0 },
	{ "guest = \"rt\";", "guest = <1>;", "/vms/rt", "guest", "one text", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; colour = <1>;", "/vms/rt", "colour", "not known", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; restarts = <1>;", "/vms/rt", "restarts", "on-death", 0 },
	{ "uart = \"uart1\";", "uart = \"uart1\"; extra { };", "/vms/rt/extra", "", "not known", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; budget = <70001 100000>;", "/vms/rt", "budget",
	  "100 percent", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; budget = <7000000 9999999>;", "/vms/rt", "budget",
	  "100 percent", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; budget = <2000 1000>;", "/vms/rt", "budget",
	  "its period", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; budget = <10 100>;", "/vms/rt", "budget", "1000", 0 },
	{ "guest = \"rt\";", "guest = \"rt\"; budget = <0 1000>;", "/vms/rt", "budget", "range", 0 },
	{ "<200>; uart", "<256>; uart", "/vms/rt", "priority", "range", 0 },
	{ "\"restart\"", "\"reboot\"", "/vms/linux", "on-death", "possible words", 0 },
	{ "\"runs\"", "\"walks\"", "/vms/linux", "time-in-pause", "possible words", 0 },
	{ "shadow-tables = <200>", "shadow-tables = <481>", "/vms/linux", "shadow-tables", "range",
	  0 },
	{ "shadow-contexts = <8>", "shadow-contexts = <1>", "/vms/linux", "shadow-contexts",
	  "range", 0 },
	{ "\"uart1\"", "\"uart9\"", "/vms/rt", "uart", "neither", 0 },
	{ "\"uart1\"", "\"uart0\"", "/vms/rt", "uart", "neither", 0 },
	{ "\"uart1\"", "\"kmi1\"", "/vms/rt", "uart", "neither", 0 },
	{ "uart = \"console\"", "uart = \"uart1\"", "/vms/rt", "uart", "another VM", 0 },
	{ "\"kmi0\"", "\"uart1\"", "/vms/rt", "uart", "another VM", 0 },
	{ "    rt {", "    third { memory = <0x100000>; guest = \"g\"; };    rt {", "/vms/third",
	  "memory", "bundle", 0 },
	{ "  vms {", "  vms { count = <2>;", "/vms", "count", "not known", 0 },

	{ "\"kmi1\"", "\"kmi0\"", "/vms/rt/windows/mouse", "device", "another VM", 0 },
	{ "\"aaci\"", "\"kmi0\"", "/vms/linux/windows/sound", "device", "already", 0 },
	{ "\"aaci\"", "\"toaster\"", "/vms/linux/windows/sound", "device", "no such", 0 },
	{ "\"aaci\"", "\"uart0\"", "/vms/linux/windows/sound", "device", "every VM", 0 },
	{ "\"aaci\"", "\"ethernet\"", "/vms/linux/windows/sound", "device", "the VMM uses", 0 },
	{ "\"aaci\"", "\"flash\"", "/vms/linux/windows/sound", "device", "the VMM uses", 0 },
	{ "\"aaci\"", "\"mmc\"", "/vms/linux/windows/sound", "device", "the VMM", "integratorcp" },
	{ "\"aaci\"", "\"mmc0\"", "/vms/linux/windows/sound", "device", "the VMM", "versatilepb" },
	{ "\"kmi1\"", "\"uart1\"", "/vms/rt/windows/mouse", "device", "the VMM uses", 0 },
	{ "\"trapped\"; log", "\"direct\"; log", "/vms/linux/windows/sound", "log", "trapped", 0 },
	{ "\"trapped\"; log", "\"shared\"", "/vms/linux/windows/sound", "backend", "words", 0 },
	{ "backend = \"trapped\"; log;", "", "/vms/linux/windows/sound", "device", "backend", 0 },
	{ "device = \"aaci\";", "", "/vms/linux/windows/sound", "", "is needed", 0 },
	{ "device = \"aaci\";", "device = \"aaci\"; interrupt = <1>;", "/vms/linux/windows/sound",
	  "device", "not with model", 0 },
	{ "device = \"aaci\";", "device = \"aaci-with-a-long-name\";", "/vms/linux/windows/sound",
	  "device", "too long", 0 },
	{ "\"sp804\"", "\"z80\"", "/vms/linux/windows/extra", "model", "no such model", 0 },
	{ "reg = <0xe0000000 0x1000>;", "", "/vms/linux/windows/extra", "model", "reg", 0 },
	{ "0xe0000000 0x1000", "0xe0000000", "/vms/linux/windows/extra", "reg", "number", 0 },
	{ "0xe0000000 0x1000", "0xe0000800 0x1000", "/vms/linux/windows/extra", "reg", "aligned", 0 },
	{ "0xe0000000 0x1000", "0xe0000000 0x2000", "/vms/linux/windows/extra", "reg", "size", 0 },
	{ "0xe0000000 0x1000", "0x02fff000 0x1000", "/vms/linux/windows/extra", "reg", "memory", 0 },
	{ "0xe0000000 0x1000", "0xf0017000 0x1000", "/vms/linux/windows/extra", "reg", "virtio", 0 },
	{ "0xe0000000 0x1000", "0xf0000000 0x1000", "/vms/linux/windows/extra", "reg", "board", 0 },
	{ "0xe0000000 0x1000", "0x16000000 0x1000", "/vms/linux/windows/extra", "reg", "board",
	  "integratorcp" },
	{ "0xe0000000 0x1000", "0x18000000 0x1000", "/vms/linux/windows/extra", "reg", "board",
	  "integratorcp" }, /* kmi0 */
	{ "extra {", "first { model = \"inert\"; reg = <0xe0000000 0x1000>; }; extra {",
	  "/vms/linux/windows/extra", "reg", "another window", 0 },
	{ "extra {", "first { model = \"inert\"; reg = <0xe1000000 0x1000>; interrupt = <18>; }; "
	  "extra {", "/vms/linux/windows/extra", "interrupt", "another device", 0 },
	{ "<18>", "<32>", "/vms/linux/windows/extra", "interrupt", "range", 0 },
	{ "<18>", "<1>", "/vms/linux/windows/extra", "interrupt", "another", "integratorcp" },
	{ "<18>", "<3>", "/vms/linux/windows/extra", "interrupt", "another", "integratorcp" },
	{ "<18>", "<9>", "/vms/linux/windows/extra", "interrupt", "another", "integratorcp" },
	{ "<18>", "<12>", "/vms/linux/windows/extra", "interrupt", "another", "versatilepb" },
	{ "<18>", "<27>", "/vms/linux/windows/extra", "interrupt", "another", "versatilepb" },

	{ "\"network\"; network = \"lan0\"", "\"network\"; network = \"lan7\"",
	  "/vms/linux/virtio/net", "network", "no such network", 0 },
	{ "\"network\"; network = \"lan0\"", "\"network\"", "/vms/linux/virtio/net", "type",
	  "not with", 0 },
	{ "\"network\"; network = \"lan0\"", "\"console\"; network = \"lan0\"",
	  "/vms/linux/virtio/net", "type", "not with", 0 },
	{ "\"network\"; network = \"lan0\"", "\"printer\"", "/vms/linux/virtio/net", "type", "words",
	  0 },
	{ "[02 00 00 00 00 01]", "[02 00 00 00 00]", "/vms/linux/virtio/net", "mac", "bytes", 0 },
	{ "[02 00 00 00 00 01]", "[03 00 00 00 00 01]", "/vms/linux/virtio/net", "mac", "address",
	  0 },
	{ "[02 00 00 00 00 01]", "[00 00 00 00 00 00]", "/vms/linux/virtio/net", "mac", "address",
	  0 },
	{ "network = \"lan1\";", "network = \"lan1\"; mac = [02 00 00 00 00 01];",
	  "/vms/rt/virtio/net", "", "MAC", 0 },
	{ "disk = \"scratch\"; read-only", "disk = \"scratch\"", "/vms/rt/virtio/disk", "",
	  "two devices write", 0 },
	{ "disk = \"data\"; read-only", "disk = \"scratch\"", "/vms/rt/virtio/flash", "",
	  "two devices write", 0 },
	{ "disk = \"data\"; read-only", "disk = \"data\"", "/vms/rt/virtio/flash", "read-only",
	  "flash without", 0 },
	{ "disk = \"data\"", "disk = \"games\"", "/vms/rt/virtio/flash", "disk", "no such disk", 0 },
	{ "type = \"entropy\";", "", "/vms/linux/virtio/rng", "type", "missing", 0 },
	{ "con {", "a { type = \"console\"; }; b { type = \"console\"; }; c { type = \"console\"; };"
	  " d { type = \"console\"; }; e { type = \"console\"; }; con {", "/vms/linux/virtio/rng",
	  "", "more than 8", 0 },
	/* clang-format on */
};

static void each_mistake_is_named(void **state)
{
	config_refuses_each(mistakes, ARRAY_SIZE(mistakes));
}

#define T(name) cmocka_unit_test_setup(name, config_set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_mistake_is_named),
	};

	return cmocka_run_group_tests_name("vm_config_mistakes", tests, NULL, NULL);
}
