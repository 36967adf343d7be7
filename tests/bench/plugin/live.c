// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU plugin that counts how often each instruction of the VMM is executed, in a file that can be
 * looked into while QEMU runs: two looks at it, when the board waits, tell what it did in between.
 *
 * Arguments: out=FILE        a uint64_t for each halfword of the range, in the byte order of the
 *                            host; required
 *            vmm=FIRST-END   virtual addresses of the VMM's code; required
 *
 * scripts/bench_remote reads it.
 */
#define _POSIX_C_SOURCE 200112L /* ftruncate() */

#include "tests/bench/plugin/insns.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CODE_ALIGN 2 /* of an instruction in Thumb state */

int qemu_plugin_version = QEMU_PLUGIN_ABI;

static const char *out; /* valid while it is installed */
static uint64_t *counts;

/** @p data is the instruction's counter. */
static void on_insn(unsigned cpu, void *data)
{
	(void)cpu;
	++*(uint64_t *)data;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint32_t pc = (uint32_t)qemu_plugin_insn_vaddr(insn);

		if (pc >= vmm.first && pc < vmm.end)
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, on_insn, PLUGIN_CB_NO_REGS,
				&counts[(pc - vmm.first) / CODE_ALIGN]);
	}
}

static bool parse(const char *text)
{
	bool is_known;

	if (strncmp(text, "out=", 4) == 0) {
		out = text + 4;
		return true;
	}
	return parse_vmm(text, &is_known) && is_known;
}

static bool make_file(void)
{
	const size_t size = (vmm.end - vmm.first) / CODE_ALIGN * sizeof(*counts);
	const int file = open(out, O_RDWR | O_CREAT | O_TRUNC, 0666);

	if (file < 0 || ftruncate(file, (off_t)size) < 0) {
		perror(out);
		return false;
	}
	counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (counts == MAP_FAILED)
		perror(out);
	close(file);
	return counts != MAP_FAILED;
}

PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
				      char **argv)
{
	(void)info;
	if (!parse_arguments("live", argc, argv, parse))
		return 1;
	if (!out || !vmm.is_known) {
		fprintf(stderr, "live plugin: out= and vmm= are required\n");
		return 1;
	}
	if (!make_file())
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
