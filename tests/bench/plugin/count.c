// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU plugin that counts the instructions a guest executes between the markers in its programs
 * (tests/bench/markers.h) and, under the VMM, what each trap costs: the instructions from the
 * exception vector to the first one of the guest again.
 *
 * Arguments: out=FILE        where the counts go, a line each; required
 *            entry=ADDRESS   of the kernel's first instruction, which starts the boot's count
 *            word=WORD       that instruction, to know it from a boot loader at the same address
 *            vmm=FIRST-END   virtual addresses of the VMM's code; traps are counted if it is given
 *            image=VA-PA     where the VMM's image is, with its MMU on and off
 *            profile=1       add the addresses in the guest that trapped most
 *            code=1          add how often each instruction was executed
 *            trace=FILE      a struct record for each trap and marker, from the entry on
 *
 * Lines: entry, init, region, profile, code and done, each followed by name=value pairs, which
 * scripts/hako_bench reads. A region's trap costs are `und=COUNT,SUM,MIN,MEDIAN,MAX`, likewise swi, pabt, dabt, irq.
 */
#include "tests/bench/markers.h"
#include "tests/bench/plugin/insns.h"

#include <inttypes.h>
#include <stdio.h>

#define COST_BUCKETS  4096 /* costs above share the last bucket; their sum and maximum are exact */
#define PROFILE_SLOTS (1u << 16)
#define PROFILE_LINES 60
#define CODE_SLOTS    (1u << 20)
#define NO_TRAP       VECTOR_COUNT

_Static_assert(sizeof(uintptr_t) == 8, "on_guest_block() gets two addresses in a pointer");

int qemu_plugin_version = QEMU_PLUGIN_ABI;

static const char *const vector_names[VECTOR_COUNT] = {
	"reset", "und", "swi", "pabt", "dabt", "reserved", "irq", "fiq",
};

struct cost {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint32_t buckets[COST_BUCKETS];
};

struct profile {
	uint32_t pc;
	unsigned vector;
	uint64_t count;
	uint64_t sum;
};

/** Of trace=FILE, which scripts/hako_trace/records.py reads; in the byte order of the host. */
struct record {
	uint64_t begin;  /* instructions since the start of the machine */
	uint32_t insns;  /* of the VMM */
	uint32_t pc;     /* of the guest's last instruction: for an interrupt the one before it */
	uint32_t next;   /* where the guest goes on; NEXT_NONE: another trap came before that */
	uint32_t vector; /* of a trap; or RECORD_* */
};

enum { RECORD_ENTRY = 16, RECORD_BEGIN, RECORD_END };
enum { NEXT_NONE = 1 };

static struct {
	FILE *out;
	FILE *trace;
	bool has_entry, entered;
	uint32_t entry;
	bool has_word;
	uint32_t word;
	bool has_profile, has_code;
} config;

/* One CPU: both boards have no more, and icount allows no more than one thread. */
static struct {
	uint64_t entry_insns;
	uint64_t region_insns;
	bool in_region;
	unsigned vector;         /* of the trap being handled, or NO_TRAP */
	unsigned pending_vector; /* an instruction at a vector; a trap if the VMM follows */
	uint64_t trap_insns;     /* when it started */
	uint64_t pending_insns;
	uint32_t pending_address;
	/* The guest's last block: its first and last instruction, and when it began. */
	uint32_t block_first, block_last;
	uint64_t block_insns;
	bool block_thumb;
	uint64_t nested;
	struct cost costs[VECTOR_COUNT];
	struct profile profile[PROFILE_SLOTS];
} state = { .vector = NO_TRAP, .pending_vector = NO_TRAP };

static struct {
	uint32_t pc[CODE_SLOTS]; /* of instructions, with bit 0 set */
	uint32_t used;
} code;

#if QEMU_PLUGIN_ABI < 3
static uint64_t code_counters[CODE_SLOTS];

static uint64_t *code_counts(void)
{
	return code_counters;
}

static void count_code(struct qemu_plugin_insn *insn, uint32_t slot)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64,
						   &code_counters[slot], 1);
}
#else
static struct qemu_plugin_scoreboard *code_counters;

static uint64_t *code_counts(void)
{
	return qemu_plugin_scoreboard_find(code_counters, 0);
}

static void count_code(struct qemu_plugin_insn *insn, uint32_t slot)
{
	const struct plugin_u64 counter = { code_counters, sizeof(uint64_t) * slot };

	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD_U64, counter,
							    1);
}
#endif

static uint64_t cost_median(const struct cost *cost)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < COST_BUCKETS; i++) {
		seen += cost->buckets[i];
		if (seen * 2 >= cost->count)
			return i;
	}
	return cost->max;
}

static void costs_print(void)
{
	for (unsigned i = 0; i < VECTOR_COUNT; i++) {
		const struct cost *cost = &state.costs[i];

		if (cost->count)
			fprintf(config.out,
				" %s=%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
				vector_names[i], cost->count, cost->sum, cost->min,
				cost_median(cost), cost->max);
	}
	if (state.nested)
		fprintf(config.out, " nested=%" PRIu64, state.nested);
}

static void costs_reset(void)
{
	memset(state.costs, 0, sizeof state.costs);
	state.nested = 0;
}

static void cost_add(struct cost *cost, uint64_t insns)
{
	if (!cost->count || insns < cost->min)
		cost->min = insns;
	if (insns > cost->max)
		cost->max = insns;
	cost->count++;
	cost->sum += insns;
	cost->buckets[insns < COST_BUCKETS ? insns : COST_BUCKETS - 1]++;
}

/* Open addressing; a full table keeps what it has, and a run has far fewer places that trap. */
static void profile_add(uint32_t pc, unsigned vector, uint64_t insns)
{
	uint32_t slot = (pc >> 2) * 2654435761u >> 16;

	for (unsigned tries = 0; tries < 64; tries++, slot++) {
		struct profile *entry = &state.profile[slot % PROFILE_SLOTS];

		if (entry->count && (entry->pc != pc || entry->vector != vector))
			continue;
		entry->pc = pc;
		entry->vector = vector;
		entry->count++;
		entry->sum += insns;
		return;
	}
}

static int profile_compare(const void *left, const void *right)
{
	uint64_t a = ((const struct profile *)left)->sum;
	uint64_t b = ((const struct profile *)right)->sum;

	return a < b ? 1 : a > b ? -1 : 0;
}

static void profile_print(void)
{
	qsort(state.profile, PROFILE_SLOTS, sizeof state.profile[0], profile_compare);
	for (unsigned i = 0; i < PROFILE_LINES && state.profile[i].count; i++)
		fprintf(config.out,
			"profile pc=%08" PRIx32 " vector=%s count=%" PRIu64 " sum=%" PRIu64 "\n",
			state.profile[i].pc, vector_names[state.profile[i].vector],
			state.profile[i].count, state.profile[i].sum);
}

static void profile_reset(void)
{
	memset(state.profile, 0, sizeof state.profile);
}

/* Where the executions of an instruction are counted; CODE_SLOTS: there is no more room. */
static uint32_t code_slot(uint32_t pc)
{
	uint32_t slot = (pc >> 1) * 2654435761u >> 12;

	for (; code.pc[slot]; slot = (slot + 1) % CODE_SLOTS)
		if (code.pc[slot] == (pc | 1))
			return slot;
	if (code.used == CODE_SLOTS / 2) {
		fprintf(config.out, "error too-much-code\n");
		return CODE_SLOTS;
	}
	code.used++;
	code.pc[slot] = pc | 1;
	return slot;
}

static void code_reset(void)
{
	memset(code_counts(), 0, CODE_SLOTS * sizeof(uint64_t));
}

static int slot_compare(const void *left, const void *right)
{
	const uint32_t a = code.pc[*(const uint32_t *)left];
	const uint32_t b = code.pc[*(const uint32_t *)right];

	return a < b ? -1 : a > b ? 1 : 0;
}

/* Instructions that follow each other and were executed equally often are one line. */
static void code_print(void)
{
	static uint32_t slots[CODE_SLOTS / 2];
	const uint64_t *counts = code_counts();
	uint32_t used = 0;

	for (uint32_t slot = 0; slot < CODE_SLOTS; slot++)
		if (code.pc[slot] && counts[slot])
			slots[used++] = slot;
	qsort(slots, used, sizeof slots[0], slot_compare);
	for (uint32_t first = 0, end; first < used; first = end) {
		const uint32_t pc = code.pc[slots[first]] & ~1u;
		const uint64_t count = counts[slots[first]];

		for (end = first + 1; end < used && counts[slots[end]] == count; end++)
			if ((code.pc[slots[end]] & ~1u) != pc + 4 * (end - first))
				break;
		fprintf(config.out, "code pc=%08" PRIx32 " insns=%" PRIu32 " count=%" PRIu64 "\n",
			pc, end - first, count);
	}
}

static void trace_add(unsigned vector, uint64_t begin, uint64_t insns, uint32_t pc, uint32_t next)
{
	const struct record record = { begin, (uint32_t)insns, pc, next, vector };

	if (config.trace && config.entered)
		fwrite(&record, sizeof record, 1, config.trace);
}

/*
 * The guest's last instruction before a trap. A block is left in its middle by an abort; the
 * instruction that aborted has been counted. Those of a block are of one size.
 */
static uint32_t trapped_pc(void)
{
	const uint64_t done = state.trap_insns - state.block_insns;
	const unsigned size = state.block_thumb ? 2 : 4;

	if (done == 0 || done > (state.block_last - state.block_first) / size)
		return state.block_last;
	return state.block_first + size * (uint32_t)(done - 1);
}

static void on_entry(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (config.entered)
		return;
	config.entered = true;
	state.entry_insns = insns_executed();
	costs_reset();
	fprintf(config.out, "entry insns=%" PRIu64 "\n", state.entry_insns);
	trace_add(RECORD_ENTRY, state.entry_insns, 0, config.entry, config.entry);
}

static void on_marker(unsigned cpu, void *data)
{
	const uint64_t insns = insns_executed();

	(void)cpu;
	switch ((uint32_t)(uintptr_t)data) {
	case MARK_INIT:
		fprintf(config.out, "init insns=%" PRIu64, insns - state.entry_insns);
		costs_print();
		fputc('\n', config.out);
		break;
	case MARK_BEGIN:
		if (state.in_region)
			fprintf(config.out, "error begin-in-region\n");
		state.in_region = true;
		costs_reset();
		profile_reset();
		if (config.has_code)
			code_reset();
		trace_add(RECORD_BEGIN, insns, 0, 0, 0);
		state.region_insns = insns_executed();
		break;
	case MARK_END:
		if (!state.in_region)
			fprintf(config.out, "error end-without-begin\n");
		state.in_region = false;
		trace_add(RECORD_END, insns, 0, 0, 0);
		/* The instruction that began the region does not belong to it. */
		fprintf(config.out, "region insns=%" PRIu64, insns - state.region_insns - 1);
		costs_print();
		fputc('\n', config.out);
		if (config.has_profile)
			profile_print();
		if (config.has_code)
			code_print();
		break;
	case MARK_DONE:
		fprintf(config.out, "done insns=%" PRIu64 "\n", insns);
		break;
	}
	fflush(config.out);
	if (config.trace)
		fflush(config.trace);
}

static void trap_ends(uint64_t at, uint32_t next)
{
	const uint64_t insns = at - state.trap_insns;

	cost_add(&state.costs[state.vector], insns);
	if (config.has_profile)
		profile_add(state.block_last, state.vector, insns);
	trace_add(state.vector, state.trap_insns, insns, trapped_pc(), next);
	state.vector = NO_TRAP;
}

static bool is_before_an_instruction(unsigned vector)
{
	return vector == 3 || vector >= 6; /* prefetch abort, IRQ, FIQ */
}

/* What looked like a vector of the CPU was the guest's own: it has taken an exception. */
static void guest_took_exception(void)
{
	if (state.vector != NO_TRAP)
		trap_ends(state.pending_insns, state.pending_address);
	state.block_first = state.block_last = state.pending_address;
	state.block_thumb = false;
	state.block_insns = state.pending_insns;
	state.pending_vector = NO_TRAP;
}

/*
 * Called before a block of the guest, of the VMM (data NULL) or at a vector (data 1 + address).
 * The guest's own vectors have the same addresses as the CPU's, so an instruction there begins a
 * trap only if the VMM's code follows.
 */
static void on_vmm_block(unsigned cpu, void *data)
{
	(void)cpu;
	if (data) {
		if (state.pending_vector != NO_TRAP)
			guest_took_exception();
		state.pending_address = (uint32_t)((uintptr_t)data - 1);
		state.pending_vector = state.pending_address % (4 * VECTOR_COUNT) / 4;
		state.pending_insns = insns_executed();
		return;
	}
	if (state.pending_vector == NO_TRAP)
		return;
	/* The VMM takes no such trap itself: the guest was to go on, and came to no instruction. */
	if (state.vector != NO_TRAP && is_before_an_instruction(state.pending_vector))
		trap_ends(state.pending_insns, NEXT_NONE);
	if (state.vector == NO_TRAP) {
		state.vector = state.pending_vector;
		state.trap_insns = state.pending_insns;
	} else {
		state.nested++;
	}
	state.pending_vector = NO_TRAP;
}

/** @p data is the address of the block's first instruction, and above it that of the last. */
static void on_guest_block(unsigned cpu, void *data)
{
	const uint32_t first = (uint32_t)(uintptr_t)data;

	(void)cpu;
	if (state.pending_vector != NO_TRAP)
		guest_took_exception();
	if (state.vector != NO_TRAP)
		trap_ends(insns_executed(), first & ~1u);
	state.block_first = first & ~1u;
	state.block_thumb = first & 1u;
	state.block_last = (uint32_t)((uintptr_t)data >> 32);
	state.block_insns = insns_executed();
}

static void watch_traps(struct qemu_plugin_tb *tb)
{
	uint32_t pc = (uint32_t)qemu_plugin_tb_vaddr(tb);
	const size_t last = qemu_plugin_tb_n_insns(tb) - 1;

	if (is_vector(pc)) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_vmm_block, PLUGIN_CB_NO_REGS,
						     (void *)((uintptr_t)pc + 1));
	} else if (is_vmm(&pc)) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_vmm_block, PLUGIN_CB_NO_REGS, NULL);
	} else {
		const struct qemu_plugin_insn *end = qemu_plugin_tb_get_insn(tb, last);
		const uintptr_t thumb = qemu_plugin_insn_size(end) == 2;

		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, on_guest_block, PLUGIN_CB_NO_REGS,
			(void *)((uintptr_t)qemu_plugin_insn_vaddr(end) << 32 | pc | thumb));
	}
}

static bool is_marker(uint32_t word)
{
	return word == MARK_BEGIN || word == MARK_END || word == MARK_INIT || word == MARK_DONE;
}

static bool is_entry(uint32_t pc, uint32_t word)
{
	return config.has_entry && pc == config.entry && (!config.has_word || word == config.word);
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	const size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (vmm.is_known)
		watch_traps(tb);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint32_t pc = (uint32_t)qemu_plugin_insn_vaddr(insn);
		uint32_t word, slot;

		count_insn(insn);
		if (config.has_code && (slot = code_slot(pc)) != CODE_SLOTS)
			count_code(insn, slot);
		if (qemu_plugin_insn_size(insn) != sizeof word)
			continue;
		word = insn_word(insn);
		if (is_marker(word))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)word);
		if (is_entry(pc, word))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_entry, PLUGIN_CB_NO_REGS,
							       NULL);
	}
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
	if (!strncmp(text, "trace=", 6))
		return open_file(text + 6, "wb", &config.trace);
	if (!strncmp(text, "entry=", 6))
		return config.has_entry = parse_number(text + 6, 0, &config.entry, NULL);
	if (!strncmp(text, "word=", 5))
		return config.has_word = parse_number(text + 5, 0, &config.word, NULL);
	if (!strncmp(text, "profile=", 8)) {
		config.has_profile = text[8] == '1';
		return true;
	}
	if (!strncmp(text, "code=", 5)) {
		config.has_code = text[5] == '1';
		return true;
	}
	return false;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (!parse_arguments("count", argc, argv, parse_argument))
		return -1;
	if (!config.out) {
		fprintf(stderr, "count plugin: out=FILE is missing\n");
		return -1;
	}
	insns_init();
#if QEMU_PLUGIN_ABI >= 3
	if (config.has_code)
		code_counters = qemu_plugin_scoreboard_new(CODE_SLOTS * sizeof(uint64_t));
#endif
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
