// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU plugin that counts the instructions from a board's reset to the first one of the guest's init
 * (MARK_INIT of tests/bench/markers.h): of the boot loader, of the VMM, of the guest; and beside that
 * those of functions, which are in one of these.
 *
 * Arguments: out=FILE            lines `name count`, when init begins; required
 *            start=ADDRESS       of the VMM's first instruction, where the boot loader goes to; required
 *            vmm=FIRST-END       virtual addresses of the VMM; required
 *            loader=FIRST-END    a function of the boot loader; several
 *            digest=FIRST-END    a function of the VMM; several
 *
 * scripts/bench_boot_path reads it.
 */
#include "tests/bench/markers.h"
#include "tests/bench/plugin/insns.h"

#include <inttypes.h>

#define RANGES_MAX 32

enum part { LOADER, VMM, GUEST, LOADER_FUNCTION, VMM_FUNCTION, PARTS };

int qemu_plugin_version = QEMU_PLUGIN_ABI;

static const char *const names[PARTS] = { "loader", "vmm", "guest", "loader_function",
					  "vmm_function" };

static struct {
	enum part part;
	uint32_t first, end;
} ranges[RANGES_MAX];
static unsigned range_count;

static FILE *out;
static struct {
	bool has_start;
	uint32_t start;
	bool vmm_is_entered, vmm_is_mapped;
} board;

#if QEMU_PLUGIN_ABI < 3
static uint64_t counters[PARTS];

static void counters_init(void)
{
}

static uint64_t counted(enum part part)
{
	return counters[part];
}

static void count(struct qemu_plugin_insn *insn, enum part part)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64, &counters[part], 1);
}
#else
static struct qemu_plugin_scoreboard *counters;

static void counters_init(void)
{
	counters = qemu_plugin_scoreboard_new(PARTS * sizeof(uint64_t));
}

static struct plugin_u64 counter(enum part part)
{
	return (struct plugin_u64){ counters, sizeof(uint64_t) * part };
}

static uint64_t counted(enum part part)
{
	return qemu_plugin_u64_get(counter(part), 0);
}

static void count(struct qemu_plugin_insn *insn, enum part part)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD_U64,
							    counter(part), 1);
}
#endif

/**
 * Whose a block is, when it is translated: right before it runs for the first time. Code of the boot
 * loader does not run any more once it has gone to the VMM; until the VMM has its MMU on, all is the VMM's.
 */
static enum part part_of(uint32_t pc)
{
	if (!board.vmm_is_entered && pc != board.start)
		return LOADER;
	board.vmm_is_entered = true;
	if (pc >= vmm.first && pc < vmm.end)
		board.vmm_is_mapped = true;
	else if (board.vmm_is_mapped)
		return GUEST;
	return VMM;
}

static void on_init(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (!out)
		return;
	for (unsigned i = 0; i < PARTS; i++)
		fprintf(out, "%s %" PRIu64 "\n", names[i], counted(i));
	fprintf(out, "done 1\n");
	fclose(out);
	out = NULL;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
	const enum part part = part_of((uint32_t)qemu_plugin_tb_vaddr(tb));

	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
		const uint32_t pc = (uint32_t)qemu_plugin_insn_vaddr(insn);

		count(insn, part);
		for (unsigned n = 0; n < range_count; n++)
			if (ranges[n].part == (part == LOADER ? LOADER_FUNCTION : VMM_FUNCTION) &&
			    part != GUEST && pc >= ranges[n].first && pc < ranges[n].end)
				count(insn, ranges[n].part);
		if (part == GUEST && qemu_plugin_insn_size(insn) == 4 &&
		    insn_word(insn) == MARK_INIT)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_init, PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

static bool add_range(enum part part, const char *text)
{
	const char *rest;

	if (range_count == RANGES_MAX)
		return false;
	ranges[range_count].part = part;
	return parse_number(text, '-', &ranges[range_count].first, &rest) &&
	       parse_number(rest, 0, &ranges[range_count++].end, NULL);
}

static bool parse(const char *text)
{
	bool is_known;

	if (!strncmp(text, "out=", 4))
		return open_file(text + 4, "w", &out);
	if (!strncmp(text, "start=", 6))
		return board.has_start = parse_number(text + 6, 0, &board.start, NULL);
	if (!strncmp(text, "loader=", 7))
		return add_range(LOADER_FUNCTION, text + 7);
	if (!strncmp(text, "digest=", 7))
		return add_range(VMM_FUNCTION, text + 7);
	return parse_vmm(text, &is_known) && is_known;
}

PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc,
				      char **argv)
{
	(void)info;
	if (!parse_arguments("boot_path", argc, argv, parse))
		return 1;
	if (!out || !vmm.is_known || !board.has_start) {
		fprintf(stderr, "boot_path plugin: out=, start= and vmm= are required\n");
		return 1;
	}
	counters_init();
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
