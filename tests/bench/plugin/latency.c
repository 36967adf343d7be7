// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU plugin that notes when the handler of the real-time guest (tests/guest/rt.c) begins, for
 * scripts/rt_latency.
 *
 * Arguments, all required:
 *            out=FILE          a line for each period
 *            counter=ADDRESS   physical, of the board's 24 MHz counter, the VMM's clock
 *            windows=FIRST-END virtual addresses at which the VMM sees the board's devices
 *
 * A line: `INSNS READ-INSNS READ-TICKS FIRST-TICKS LAST-TICKS VALUE`. INSNS is the count of
 * instructions before the handler's first one; READ-TICKS is what the VMM read last from the
 * counter before that, as 64 bits, and READ-INSNS the count of instructions then. VALUE is the
 * count of the guest's timer, which the handler reads next, FIRST-TICKS and LAST-TICKS the counter
 * meanwhile. Under icount, virtual time is the count of instructions, and what passed while the CPU waited,
 * which a read of the counter shows.
 *
 * The interface of QEMU 9.2 is needed, for the values of memory accesses and registers.
 */
#include "arch/arm/layout.h"
#include "tests/bench/markers.h"
#include "tests/bench/plugin/insns.h"

#include <inttypes.h>
#include <stdio.h>

#if QEMU_PLUGIN_ABI < 4
#error "the latency plugin needs interface 4 of QEMU's plugins"
#endif

int qemu_plugin_version = QEMU_PLUGIN_ABI;

static struct {
	FILE *out;
	bool has_counter, has_windows;
	uint32_t counter;
	uint32_t windows_first, windows_end;
} config;

/* One CPU: both boards have no more. */
static struct {
	uint64_t read_insns; /* when the VMM read the counter last .. */
	uint64_t read_ticks; /* .. and what was there */
	bool in_handler;     /* between the two markers */
	bool has_first;
	uint64_t first_ticks;
	struct qemu_plugin_register *r0;
	struct GByteArray *buffer;
} state;

/** A load of the VMM's. */
static void on_load(unsigned cpu, plugin_mem_info info, uint64_t va, void *data)
{
	const struct qemu_plugin_hwaddr *where;
	uint32_t low;

	(void)cpu;
	(void)data;
	if (va < config.windows_first || va >= config.windows_end)
		return;
	where = qemu_plugin_get_hwaddr(info, va);
	if (!where || qemu_plugin_hwaddr_phys_addr(where) != config.counter)
		return;
	low = (uint32_t)qemu_plugin_mem_get_value(info).words[0];
	/* Three minutes until it comes round; nobody lets the VMM sleep for as long. */
	state.read_ticks += low - (uint32_t)state.read_ticks;
	state.read_insns = insns_executed();
	if (state.in_handler && !state.has_first) {
		state.first_ticks = state.read_ticks;
		state.has_first = true;
	}
}

static uint32_t read_r0(void)
{
	uint32_t value = 0;

	g_byte_array_set_size(state.buffer, 0);
	if (qemu_plugin_read_register(state.r0, state.buffer) < (int)sizeof value) {
		fprintf(stderr, "latency plugin: this QEMU does not show r0\n");
		_Exit(1);
	}
	memcpy(&value, state.buffer->data, sizeof value);
	return value;
}

static void on_handler_begins(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	state.in_handler = true;
	state.has_first = false;
	fprintf(config.out, "%" PRIu64 " %" PRIu64 " %" PRIu64, insns_executed(), state.read_insns,
		state.read_ticks);
}

static void on_value_read(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (!state.in_handler)
		return;
	state.in_handler = false;
	fprintf(config.out, " %" PRIu64 " %" PRIu64 " %" PRIu32 "\n",
		state.has_first ? state.first_ticks : state.read_ticks, state.read_ticks,
		read_r0());
	fflush(config.out);
}

static bool is_in_vmm(const struct qemu_plugin_tb *tb)
{
	/* The image is below the windows; code of its start-up, elsewhere, is of no interest. */
	const uint64_t pc = qemu_plugin_tb_vaddr(tb);

	return pc >= VMM_IMAGE && pc < config.windows_first;
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	const bool vmm = is_in_vmm(tb);

	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		count_insn(insn);
		if (vmm)
			qemu_plugin_register_vcpu_mem_cb(insn, on_load, PLUGIN_CB_NO_REGS,
							 PLUGIN_MEM_R, NULL);
		if (qemu_plugin_insn_size(insn) != sizeof(uint32_t))
			continue;
		switch (insn_word(insn)) {
		case MARK_RT_BEGIN:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_handler_begins,
							       PLUGIN_CB_NO_REGS, NULL);
			break;
		case MARK_RT_VALUE:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_value_read,
							       PLUGIN_CB_R_REGS, NULL);
			break;
		}
	}
}

static void on_cpu_init(plugin_id id, unsigned cpu)
{
	const struct GArray *const list = qemu_plugin_get_registers();
	const struct plugin_register *const found = (const struct plugin_register *)list->data;

	(void)id;
	(void)cpu;
	state.buffer = g_byte_array_new();
	for (unsigned i = 0; i < list->len; i++)
		if (!strcmp(found[i].name, "r0"))
			state.r0 = found[i].handle;
}

static bool parse_argument(const char *text)
{
	const char *rest;

	if (!strncmp(text, "out=", 4))
		return open_file(text + 4, "w", &config.out);
	if (!strncmp(text, "counter=", 8))
		return config.has_counter = parse_number(text + 8, 0, &config.counter, NULL);
	if (!strncmp(text, "windows=", 8))
		return config.has_windows =
			       parse_number(text + 8, '-', &config.windows_first, &rest) &&
			       parse_number(rest, 0, &config.windows_end, NULL);
	return false;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (!parse_arguments("latency", argc, argv, parse_argument))
		return -1;
	if (!config.out || !config.has_counter || !config.has_windows) {
		fprintf(stderr, "latency plugin: out=, counter= or windows= is missing\n");
		return -1;
	}
	insns_init();
	qemu_plugin_register_vcpu_init_cb(id, on_cpu_init);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
