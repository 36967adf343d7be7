// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU plugin that finds the longest stretches of the VMM's instructions: from a trap, from the
 * end of a wait for an interrupt, or from a preempt point to the next instruction of a guest, wait
 * or preempt point. An interrupt of the board waits as long as that.
 *
 * Arguments: out=FILE         where the stretches go, a line each; required
 *            vmm=FIRST-END    virtual addresses of the VMM's code; required
 *            image=VA-PA      where the VMM's image is, with the MMU on and off; required
 *            functions=FILE   addresses of the VMM's functions, ascending, hexadecimal, a line
 *                             each; required
 *            point=ADDRESS    of an instruction that is a preempt point; may be repeated
 *            over=N           stretches of more than N instructions are written (default 1500)
 *
 * Lines: `stretch begin=INSNS insns=N kind=KIND end=KIND pc=ADDRESS` followed by FUNCTION:INSNS
 * pairs in the order in which the functions were entered first, where FUNCTION counts the lines of
 * functions=FILE from 0, ADDRESS is that of the guest's last block, and what the stretch ends with is
 * wake (a wait begins), point or guest; at the end `kind=KIND count=N sum=N max=N`. scripts/longest
 * reads them.
 */
#include "tests/bench/plugin/insns.h"

#include <inttypes.h>
#include <stdio.h>

#define FUNCTIONS_MAX 4096
#define POINTS_MAX    16
/* mcr p15, 0, rd, c7, c0, 4: wait for interrupt; rd is ignored (ARM926EJ-S TRM, 2.3.8) */
#define WFI_MASK 0xffff0fffu
#define WFI      0xee070f90u

int qemu_plugin_version = QEMU_PLUGIN_ABI;

/* What a stretch began with: the number of an exception's vector, or one of these. */
enum { KIND_WAKE = VECTOR_COUNT, KIND_POINT, KIND_COUNT, KIND_NONE = KIND_COUNT };

static const char *const kind_names[KIND_COUNT + 1] = {
	"reset", "und", "swi", "pabt", "dabt", "reserved", "irq", "fiq", "wake", "point", "guest",
};

static struct {
	FILE *out;
	uint32_t functions[FUNCTIONS_MAX];
	unsigned function_count;
	uint32_t points[POINTS_MAX];
	unsigned point_count;
	uint32_t over;
} config = { .over = 1500 };

/* One CPU: both boards have no more. */
static struct {
	unsigned kind; /* of the stretch, or KIND_NONE: the guest is running */
	uint64_t begin;
	uint32_t pc;      /* of the guest's last block */
	unsigned pending; /* an instruction at this vector: a trap if the VMM's code follows */
	uint64_t pending_insns;
	unsigned function; /* that is running since .. */
	uint64_t function_since;
	uint64_t insns[FUNCTIONS_MAX];
	unsigned entered[FUNCTIONS_MAX]; /* functions of this stretch, in order */
	unsigned entered_count;
	struct {
		uint64_t count, sum, max;
	} total[KIND_COUNT];
} state = { .kind = KIND_NONE, .pending = KIND_NONE };

/** Up to @p now, the instructions were of the function that is running. */
static void account(uint64_t now)
{
	const unsigned f = state.function;

	if (now == state.function_since)
		return;
	if (!state.insns[f])
		state.entered[state.entered_count++] = f;
	state.insns[f] += now - state.function_since;
	state.function_since = now;
}

/** @p next is the kind of what follows, or KIND_NONE: the guest. */
static void stretch_end(uint64_t now, unsigned next)
{
	const uint64_t insns = now - state.begin;

	account(now);
	state.total[state.kind].count++;
	state.total[state.kind].sum += insns;
	if (insns > state.total[state.kind].max)
		state.total[state.kind].max = insns;
	if (insns > config.over) {
		fprintf(config.out,
			"stretch begin=%" PRIu64 " insns=%" PRIu64 " kind=%s end=%s pc=%08" PRIx32,
			state.begin, insns, kind_names[state.kind], kind_names[next], state.pc);
		for (unsigned i = 0; i < state.entered_count; i++)
			fprintf(config.out, " %u:%" PRIu64, state.entered[i],
				state.insns[state.entered[i]]);
		fputc('\n', config.out);
	}
	for (unsigned i = 0; i < state.entered_count; i++)
		state.insns[state.entered[i]] = 0;
	state.entered_count = 0;
	state.kind = KIND_NONE;
}

static void stretch_begin(unsigned kind, uint64_t at)
{
	state.kind = kind;
	state.begin = state.function_since = at;
}

/** @p data is the vector's number. */
static void on_vector(unsigned cpu, void *data)
{
	(void)cpu;
	/* The one before was the guest's own, and so is perhaps this one. */
	if (state.pending != KIND_NONE && state.kind != KIND_NONE)
		stretch_end(state.pending_insns, KIND_NONE);
	state.pending = (unsigned)(uintptr_t)data;
	state.pending_insns = insns_executed();
}

static bool is_before_an_instruction(unsigned vector)
{
	return vector == 3 || vector >= 6; /* prefetch abort, IRQ, FIQ */
}

/** @p data is the index of the function. */
static void on_vmm_block(unsigned cpu, void *data)
{
	const unsigned function = (unsigned)(uintptr_t)data;

	(void)cpu;
	if (state.pending != KIND_NONE) {
		/* The VMM takes no such trap itself: it had just returned to the guest. */
		if (state.kind != KIND_NONE && is_before_an_instruction(state.pending))
			stretch_end(state.pending_insns, KIND_NONE);
		if (state.kind == KIND_NONE) {
			stretch_begin(state.pending, state.pending_insns);
			state.function = function;
		}
		state.pending = KIND_NONE;
	}
	if (state.kind != KIND_NONE)
		account(insns_executed());
	state.function = function;
}

/** @p data is the address of the block. */
static void on_guest_block(unsigned cpu, void *data)
{
	(void)cpu;
	if (state.kind != KIND_NONE)
		stretch_end(state.pending != KIND_NONE ? state.pending_insns : insns_executed(),
			    KIND_NONE);
	state.pending = KIND_NONE;
	state.pc = (uint32_t)(uintptr_t)data;
}

/** A wait or a preempt point; @p data is the kind of what follows. */
static void on_end_of_stretch(unsigned cpu, void *data)
{
	const uint64_t now = insns_executed();

	(void)cpu;
	if (state.kind == KIND_NONE)
		return;
	stretch_end(now, (unsigned)(uintptr_t)data);
	stretch_begin((unsigned)(uintptr_t)data, now);
}

static void at_exit(plugin_id id, void *data)
{
	(void)id;
	(void)data;
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		if (state.total[kind].count)
			fprintf(config.out,
				"kind=%s count=%" PRIu64 " sum=%" PRIu64 " max=%" PRIu64 "\n",
				kind_names[kind], state.total[kind].count, state.total[kind].sum,
				state.total[kind].max);
	fclose(config.out);
}

/** The last function that begins at or before an address. */
static unsigned function_at(uint32_t pc)
{
	unsigned low = 0, high = config.function_count;

	while (high - low > 1) {
		const unsigned middle = (low + high) / 2;

		if (config.functions[middle] <= pc)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool is_point(uint32_t pc)
{
	for (unsigned i = 0; i < config.point_count; i++)
		if (config.points[i] == pc)
			return true;
	return false;
}

static void watch_vmm(struct qemu_plugin_tb *tb, uint32_t pc)
{
	const uint32_t moved = pc - (uint32_t)qemu_plugin_tb_vaddr(tb);

	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_vmm_block, PLUGIN_CB_NO_REGS,
					     (void *)(uintptr_t)function_at(pc));
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uintptr_t next = KIND_NONE;

		if ((insn_word(insn) & WFI_MASK) == WFI)
			next = KIND_WAKE;
		else if (is_point((uint32_t)qemu_plugin_insn_vaddr(insn) + moved))
			next = KIND_POINT;
		if (next != KIND_NONE)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end_of_stretch,
							       PLUGIN_CB_NO_REGS, (void *)next);
	}
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	uint32_t pc = (uint32_t)qemu_plugin_tb_vaddr(tb);

	(void)id;
	if (is_vector(pc))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_vector, PLUGIN_CB_NO_REGS,
						     (void *)(uintptr_t)(pc / 4 % VECTOR_COUNT));
	else if (is_vmm(&pc))
		watch_vmm(tb, pc);
	else
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_guest_block, PLUGIN_CB_NO_REGS,
						     (void *)(uintptr_t)pc);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		count_insn(qemu_plugin_tb_get_insn(tb, i));
}

static bool read_functions(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return false;
	}
	while (config.function_count < FUNCTIONS_MAX &&
	       fscanf(file, "%" SCNx32, &config.functions[config.function_count]) == 1)
		config.function_count++;
	fclose(file);
	if (!config.function_count)
		fprintf(stderr, "longest plugin: no address in %s\n", path);
	return config.function_count;
}

static bool parse_argument(const char *text)
{
	bool known;

	if (parse_vmm(text, &known))
		return true;
	if (known)
		return false;
	if (!strncmp(text, "out=", 4))
		return open_file(text + 4, "w", &config.out);
	if (!strncmp(text, "functions=", 10))
		return read_functions(text + 10);
	if (!strncmp(text, "point=", 6))
		return config.point_count < POINTS_MAX &&
		       parse_number(text + 6, 0, &config.points[config.point_count++], NULL);
	if (!strncmp(text, "over=", 5))
		return parse_number(text + 5, 0, &config.over, NULL);
	return false;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (!parse_arguments("longest", argc, argv, parse_argument))
		return -1;
	if (!config.out || !vmm.is_known || !vmm.has_image || !config.function_count) {
		fprintf(stderr, "longest plugin: out=, vmm=, image= or functions= is missing\n");
		return -1;
	}
	insns_init();
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
