/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of VMs: a correct one, and every way we know in which one can be wrong. Built
 * once for each board, whose table of windows is what there is to give.
 */
#include "devemu/remote.h"
#include "tests/host/config_maker.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/** A change of the correct description, and what is said about it. */
struct mistake {
	const char *old;
	const char *new;
	const char *node;
	const char *property; /* "": none */
	const char *text;     /* a part of it */
	const char *board;    /* NULL: both */
};

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
	{ "; reads", "; interrupts = <1>; reads", "/serve/screen", "interrupts", "fewer", 0 },
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

	{ "type = \"entropy\";", "", "/vms/linux/virtio/rng", "type", "missing", 0 },
	{ "con {", "a { type = \"console\"; }; b { type = \"console\"; }; c { type = \"console\"; };"
	  " d { type = \"console\"; }; e { type = \"console\"; }; con {", "/vms/linux/virtio/rng",
	  "", "more than 8", 0 },
	/* clang-format on */
};

static struct bundle bundle;
static struct system_config config;
static struct config_error error;
static uint8_t tree[CONFIG_TREE_MAX] __attribute__((aligned(8)));

static int setup(void **state)
{
	config_bundle(&bundle);
	return 0;
}

static unsigned row(const char *name)
{
	for (unsigned i = 0; i < board.window_count; i++)
		if (strcmp(board.windows[i].name, name) == 0)
			return i;
	fail_msg("no row %s", name);
	return 0;
}

static void a_correct_description_is_read(void **state)
{
	const size_t size = config_compile(config_source, tree);

	if (!config_parse(tree, size, &bundle, &config, &error))
		fail_msg("%s: %s: %s", error.node, error.property, error.text);

	assert_int_equal(1, config.escape);
	assert_true(config.prefix);
	assert_int_equal(2, config.network_count);
	assert_string_equal("lan0", config.network[0].name);
	assert_true(config.network[0].uplink);
	assert_false(config.network[1].uplink);
	assert_true(config.vmm_row[row("ethernet")]);
	assert_true(config.vmm_row[row("flash")]);
	assert_true(config.vmm_row[row("uart1")]);
	assert_true(config.vmm_row[row("rtc")]);
	assert_false(config.vmm_row[row("kmi0")]);

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
	assert_int_equal(ROW_OWNED, linux_vm->row[row("kmi0")]);
	assert_int_equal(ROW_LOGGED, linux_vm->row[row("aaci")]);
	assert_int_equal(ROW_OWNED, linux_vm->row[row("uart0")]);
	assert_int_equal(ROW_ABSENT, linux_vm->row[row("rtc")]);
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
	assert_int_equal(row("uart1"), rt->uart_row);
	assert_int_equal(ROW_TRAPPED, rt->row[row("kmi1")]);
	assert_true(rt->virtio[0].read_only);
	assert_int_equal(1, rt->virtio[1].disk);
	assert_int_equal(1, rt->virtio[2].network);
	assert_false(rt->virtio[2].has_mac);
}

static void other_boards_are_read(void **state)
{
	const size_t size = config_compile(config_source, tree);
	const struct window_config *far, *serial;

	if (!config_parse(tree, size, &bundle, &config, &error))
		fail_msg("%s: %s: %s", error.node, error.property, error.text);
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
	assert_int_equal(row("rtc"), config.serve[0].row);
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
	assert_int_equal(row("lcd"), config.serve[3].row);
	assert_int_equal(2, config.serve[3].memory);
	assert_int_equal(4, config.serve[3].widths);
	assert_int_equal(4 * KIB, config.serve[3].size);

	far = &config.vm[1].window[0];
	assert_ptr_equal(&remote_ops, far->model->ops);
	assert_int_equal(board.windows[row("lcd")].base, far->base);
	assert_int_equal(strcmp(board.name, "versatilepb") == 0, far->remote.is_swapped);
	assert_false(far->remote.is_memory);
	assert_int_equal(ROW_ABSENT, config.vm[1].row[row("lcd")]);
	far = &config.vm[1].window[1];
	assert_ptr_equal(&remote_memory_ops, far->model->ops);
	assert_true(far->remote.is_memory);
	assert_int_equal(MIB, far->base);
	assert_int_equal(48 * MIB, config_ram_size(&config.vm[0]));
	assert_int_equal(MIB, config_ram_size(&config.vm[1]));

	far = &config.vm[0].window[1];
	serial = &config.vm[0].window[2];
	assert_ptr_equal(&remote_ops, far->model->ops);
	assert_string_equal("clock", far->remote.name);
	assert_int_equal(board.windows[row("rtc")].base, far->base);
	assert_int_equal(5000, far->remote.timeout_us);
	assert_int_equal(REMOTE_ONES, far->remote.on_timeout);
	assert_int_equal(VM_SINK_PRIMARY, far->remote.wire[0].sink);
	assert_int_equal(strcmp(board.name, "versatilepb") ? 8 : 10, far->remote.wire[0].input);
	assert_int_equal(VM_SINK_NONE, far->remote.wire[1].sink);
	assert_false(far->remote.posted);
	assert_string_equal("serial", serial->remote.name);
	assert_int_equal(0xe1000000, serial->base);
	assert_int_equal(2000, serial->remote.timeout_us);
	assert_int_equal(19, serial->remote.wire[0].input);
	assert_true(serial->remote.posted);
}

/* What is another board's window, the guest does not bring along. */
static void a_guest_does_not_reach_into_a_window(void **state)
{
	const size_t size = config_compile(config_source, tree);
	struct bundle_part *const part = &bundle.part[bundle.part_count];

	*part = (struct bundle_part){ .kind = BUNDLE_GUEST, .memory_size = MIB, .vm = 1 };
	bundle.part_count++;
	assert_true(config_parse(tree, size, &bundle, &config, &error));
	part->gpa = gpa(4);
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/vms/rt", error.node);
	assert_string_equal("memory", error.property);
	part->vm = 0;
	assert_true(config_parse(tree, size, &bundle, &config, &error));
	bundle.part_count--;
}

static void each_mistake_is_named(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mistakes); i++) {
		const struct mistake *const m = &mistakes[i];

		if (m->board && strcmp(m->board, board.name) != 0)
			continue;

		const size_t size = config_compile_changed(m->old, m->new, tree);

		if (config_parse(tree, size, &bundle, &config, &error))
			fail_msg("'%s' for '%s' is accepted", m->new, m->old);
		if (strcmp(m->node, error.node) != 0 || strcmp(m->property, error.property) != 0 ||
		    !strstr(error.text, m->text))
			fail_msg("'%s' for '%s': %s: %s: %s", m->new, m->old, error.node,
				 error.property, error.text);
	}
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

		if (!config_parse(tree, size, &bundle, &config, &error))
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
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/vms", error.node);
	bundle.vm_count = 1;
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/vms/rt", error.node);
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

	assert_false(config_parse(tree, size, &bundle, &config, &error)); /* the bundle has two */
	assert_string_equal("/", error.node);
	bundle.vm_count = 0;
	assert_true(config_parse(tree, size, &bundle, &config, &error));
	assert_int_equal(0, config.vm_count);
	assert_int_equal(4, config.serve_count);
	for (unsigned i = 0; i < board.irq_count; i++)
		assert_int_equal(CONFIG_NONE, config_line_owner(&config, &board.irqs[i]));
	size = compile_without_vms("vms { };");
	assert_true(config_parse(tree, size, &bundle, &config, &error));

	size = config_compile("/dts-v1/; / { compatible = \"hako,system\"; vms { }; };", tree);
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/vms", error.node);
	assert_non_null(strstr(error.text, "nothing is served"));
	size = config_compile("/dts-v1/; / { compatible = \"hako,system\"; };", tree);
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/", error.node);
	size = config_compile(config_source, tree); /* VMs that the bundle does not have */
	assert_false(config_parse(tree, size, &bundle, &config, &error));
	assert_string_equal("/vms/linux", error.node);
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

		if (!config_parse(tree, size, &bundle, &config, &error))
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

		assert_int_equal(!nodes[i], config_parse(tree, size, &bundle, &config, &error));
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
		assert_int_equal(0, config_line_owner(&config, &board.irqs[i]));
}

static void a_line_goes_with_its_device(void **state)
{
	const size_t size = config_compile(config_source, tree);

	assert_true(config_parse(tree, size, &bundle, &config, &error));
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

/* The loader's, which needs the board. */
void loader_vm_name(const struct bundle *of, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE]);

void loader_vm_name(const struct bundle *of, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE])
{
	memcpy(name, "alone", 6);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_correct_description_is_read),
		T(a_guest_does_not_reach_into_a_window),
		T(each_mistake_is_named),
		T(other_boards_are_read),
		T(what_is_just_possible_is_accepted),
		T(as_many_vms_as_the_bundle_has),
		T(without_a_vm_something_is_served),
		T(the_shipped_descriptions_are_accepted),
		T(a_virtio_interrupt_can_be_taken),
		T(every_damaged_byte_is_survived),
		T(a_vm_that_is_alone_owns_everything),
		T(a_line_goes_with_its_device),
	};

	return cmocka_run_group_tests_name("vm_config", tests, NULL, NULL);
}
