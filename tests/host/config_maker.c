/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/config_maker.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char config_source[] =
	"/dts-v1/;\n"
	"/ { compatible = \"hako,system\";\n"
	"  console { escape = <0x01>; prefix; };\n"
	"  network {\n"
	"    lan0 { uplink; station { mac = [02 00 00 00 00 0a]; address = <10 0 2 9>;\n"
	"      netmask = <255 255 255 0>; }; };\n"
	"    lan1 { };\n"
	"  };\n"
	"  disks {\n"
	"    scratch { ramdisk = \"scratch\"; size = <0x400000>; };\n"
	"    data { flash; offset = <0x100000>; size = <0x100000>; };\n"
	"    card { sdcard; offset = <0x1 0x00000200>; size = <0x0 0x100000>; };\n"
	"  };\n"
	"  peers {\n"
	"    boardb { mac = [02 00 00 00 00 0b]; key = \"pair\"; timeout-us = <2000>;\n"
	"      keep-alive-us = <500000>; };\n"
	"    boardc { mac = [02 00 00 00 00 0c]; insecure; };\n"
	"  };\n"
	"  serve {\n"
	"    clock { device = \"rtc\"; to = \"boardb\"; reg = <0 0x20>; widths = <4>;\n"
	"      interrupts = <1>; };\n"
	"    ident { device = \"rtc\"; to = \"boardc\"; reg = <0xfe0 0x20>; read-only; };\n"
	"    frames { memory = <0x4000000 0x200000>; to = \"boardb\"; };\n"
	"    screen { device = \"lcd\"; to = \"boardb\"; reads = \"frames\"; };\n"
	"  };\n"
	"  vms {\n"
	"    linux {\n"
	"      memory = <0x3000000>; guest = \"linux\"; cmdline = \"console=ttyAMA0\";\n"
	"      initrd = \"linux\"; priority = <10>; budget = <30000 100000>; autostart;\n"
	"      on-death = \"restart\"; restarts = <3>; time-in-pause = \"runs\";\n"
	"      shadow-tables = <200>; shadow-contexts = <8>; uart = \"console\";\n"
	"      windows {\n"
	"        keys { device = \"kmi0\"; backend = \"direct\"; };\n"
	"        sound { device = \"aaci\"; backend = \"trapped\"; log; };\n"
	"        extra { model = \"sp804\"; reg = <0xe0000000 0x1000>; interrupt = <18>; };\n"
	"        far { device = \"rtc\"; backend = \"remote\"; peer = \"boardb\"; remote = \"clock\";\n"
	"          timeout-us = <5000>; on-timeout = \"ones\"; };\n"
	"        serial { reg = <0xe1000000 0x1000>; interrupt = <19>; backend = \"remote\";\n"
	"          peer = \"boardb\"; remote = \"serial\"; posted; };\n"
	"      };\n"
	"      virtio {\n"
	"        net { type = \"network\"; network = \"lan0\"; mac = [02 00 00 00 00 01]; };\n"
	"        disk { type = \"block\"; disk = \"scratch\"; };\n"
	"        con { type = \"console\"; };\n"
	"        rng { type = \"entropy\"; };\n"
	"      };\n"
	"    };\n"
	"    rt {\n"
	"      memory = <0x200000>; guest = \"rt\"; priority = <200>; uart = \"uart1\";\n"
	"      windows {\n"
	"        mouse { device = \"kmi1\"; backend = \"trapped\"; };\n"
	"        show { device = \"lcd\"; backend = \"remote\"; peer = \"boardc\"; remote = \"lcd\"; };\n"
	"        drawn { memory; reg = <0x100000 0x100000>; backend = \"remote\";\n"
	"          peer = \"boardc\"; remote = \"drawn\"; };\n"
	"      };\n"
	"      virtio {\n"
	"        disk { type = \"block\"; disk = \"scratch\"; read-only; };\n"
	"        flash { type = \"block\"; disk = \"data\"; read-only; };\n"
	"        net { type = \"network\"; network = \"lan1\"; };\n"
	"      };\n"
	"    };\n"
	"  };\n"
	"};\n";

/* Device models complain about guests here; none of them runs. */
void log_write(int level, const char *format, ...)
{
}

void log_write_own(int level, const char *format, ...)
{
}

bool log_admits(struct log_limit *limit, const char *who)
{
	return true;
}

/** The bundle that the description belongs to. */
void config_bundle(struct bundle *bundle)
{
	*bundle = (struct bundle){
		.vm_count = 2,
		.vm = { { .memory = 48 * MIB }, { .memory = 2 * MIB } },
		.part_count = 4,
		.part = { { .kind = BUNDLE_VMM, .name = "vmm", .vm = BUNDLE_NO_VM },
			  { .kind = BUNDLE_DISK,
			    .name = "scratch",
			    .memory_size = 4 * MIB,
			    .vm = BUNDLE_NO_VM },
			  { .kind = BUNDLE_KEY, .name = "pair", .size = 32, .vm = BUNDLE_NO_VM },
			  { .kind = BUNDLE_KEY, .name = "short", .size = 15, .vm = BUNDLE_NO_VM } },
	};
}

/** Compiles @p source with dtc into @p tree, of CONFIG_TREE_MAX bytes; returns the size. */
size_t config_compile(const char *source, void *tree)
{
	char name[] = "/tmp/hako-config-XXXXXX", command[100];
	const int handle = mkstemp(name);
	FILE *pipe;
	size_t size;

	if (handle < 0 || write(handle, source, strlen(source)) != (ssize_t)strlen(source))
		abort();
	close(handle);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", name);
	pipe = popen(command, "r");
	size = pipe ? fread(tree, 1, CONFIG_TREE_MAX, pipe) : 0;
	if (!pipe || pclose(pipe)) {
		fprintf(stderr, "dtc refuses:\n%s", source);
		abort();
	}
	unlink(name);
	return size;
}

/** The same of config_source with the first @p old replaced by @p new. */
size_t config_compile_changed(const char *old, const char *new, void *tree)
{
	static char source[2 * sizeof(config_source) + 4096];
	const char *const at = strstr(config_source, old);

	if (!at) {
		fprintf(stderr, "not in the description: %s\n", old);
		abort();
	}
	snprintf(source, sizeof(source), "%.*s%s%s", (int)(at - config_source), config_source, new,
		 at + strlen(old));
	return config_compile(source, tree);
}
