/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A QEMU plugin that feeds the model of the memory system (memsys.h) with what a program does, and
 * reports what it finds. Arguments: plugin_options.c. docs/arm926-model.md says what QEMU's
 * interface does not show and how it is known here anyway.
 */
#include "tests/bench/plugin/qemu_api.h"

#include "arch/arm/condition.h"
#include "arch/arm/mode_name.h"
#include "arch/arm/psr.h"
#include "tests/arm926-model/findings.h"
#include "tests/arm926-model/memsys.h"
#include "tests/arm926-model/plugin_cpu.h"
#include "tests/arm926-model/plugin_insn.h"
#include "tests/arm926-model/plugin_options.h"
#include "tests/arm926-model/regions.h"
#include "tests/arm926-model/symbols.h"
#include "tests/arm926-model/timing.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEGABYTE   0x100000u
#define ARENA_SIZE (4u * MEGABYTE)

/* Set by abi_choose(), before QEMU looks. */
int qemu_plugin_version = QEMU_PLUGIN_ABI;

/*
 * QEMU translates a page of memory once, for all virtual addresses it is mapped at. So what is
 * known when it translates is where in its page a block is: an offset below this.
 */
#define BLOCK_PAGE 1024u

/* The instructions of one cache line that a block of QEMU's runs one after the other. */
struct run {
	uint32_t offset; /* in the block's page, or just behind it */
	uint8_t size;
	bool user;
	uint8_t bytes[MODEL_LINE];
};

struct p15_site {
	uint32_t offset;
	struct p15_insn insn;
};

/* A block, for the cycles of what leads to it: its size, and those of a branch at its end. */
struct block {
	uint32_t size, taken;
};

/* What is attached to translated code: gone with it. */
struct arena {
	struct arena *next;
	size_t used;
	_Alignas(8) uint8_t bytes[ARENA_SIZE];
};

static struct {
	struct plugin_options options;
	const uint8_t *ram;
	uint32_t ram_size;
	struct memsys *memsys;
	struct symbols symbols;
	struct findings *findings;
	struct arena *arena;
	uint32_t page; /* virtual address of the page the block that runs is in */
	bool user;     /* does it run in User mode? as far as a finding needs it */

	/* Only with an argument out=. */
	bool timed;
	struct regions regions;
	struct plugin_u64 insns, cycles;
	struct timing_flow flow;
	uint64_t *issued; /* where `cycles` is counted */
	uint64_t devices; /* accesses to devices seen so far */
} model;

/* Called on the CPU's thread in the middle of a run: there is nothing to go back to. */
static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "arm926 model: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	fflush(NULL);
	_Exit(1);
}

static void *arena_alloc(size_t size)
{
	void *place;

	size = (size + 7) & ~(size_t)7;
	if (!model.arena || model.arena->used + size > ARENA_SIZE) {
		struct arena *const arena = malloc(sizeof(*arena));

		if (!arena)
			die("no memory");
		arena->next = model.arena;
		arena->used = 0;
		model.arena = arena;
	}
	place = &model.arena->bytes[model.arena->used];
	model.arena->used += size;
	return memset(place, 0, size);
}

static void on_flush(plugin_id id)
{
	while (model.arena) {
		struct arena *const next = model.arena->next;

		free(model.arena);
		model.arena = next;
	}
}

/* ---- findings -------------------------------------------------------------------------------- */

static bool ram_word(uint32_t pa, uint32_t *word)
{
	if (pa % 4 || pa > model.ram_size - 4)
		return false;
	memcpy(word, model.ram + pa, sizeof(*word));
	return true;
}

/* The guest's own mode under the VMM, the CPU's otherwise. */
static const char *current_mode(void)
{
	const struct plugin_options *const o = &model.options;
	uint32_t word;

	if (o->has_mode) {
		if (!ram_word(o->mode_pointer, &word) || !word)
			return "no VM";
		return ram_word(word - o->mode_delta + o->mode_offset, &word) ? arm_mode_name(word)
									      : "no VM";
	}
	if (plugin_cpu_try_read(CPU_CPSR, &word))
		return arm_mode_name(word);
	return model.user ? "usr" : "not usr";
}

static void on_finding(void *ctx, const struct finding *finding)
{
	findings_add(model.findings, finding, current_mode());
}

/* ---- what the program does ------------------------------------------------------------------- */

static void on_run(unsigned cpu, void *data)
{
	const struct run *const run = data;

	model.user = run->user;
	memsys_fetch(model.memsys, model.page + run->offset, run->user, run->bytes, run->size);
}

/* Where an access comes from: an instruction's offset and, in bit 0, with whose rights. */
static void *site_make(uint32_t offset, bool user)
{
	return (void *)(uintptr_t)(offset | user);
}

static void device_seen(void)
{
	struct memsys_counts counts;

	memsys_counts(model.memsys, &counts);
	if (counts.device_accesses != model.devices)
		timing_interrupted(&model.flow);
	model.devices = counts.device_accesses;
}

/* An access that is not aligned may reach into the next line: two accesses to the model. */
static inline void access_split(plugin_mem_info info, uint64_t at, void *data,
				void (*feed)(struct memsys *, uint32_t, bool, uint32_t, unsigned,
					     const void *))
{
	const uint32_t va = (uint32_t)at;
	const uint32_t pc = model.page + ((uint32_t)(uintptr_t)data & ~1u);
	const bool user = (uintptr_t)data & 1u;
	const unsigned size = 1u << qemu_plugin_mem_size_shift(info);
	const struct plugin_mem_value value = qemu_plugin_mem_get_value(info);
	const unsigned first = MODEL_LINE - va % MODEL_LINE;

	if (size <= first) {
		feed(model.memsys, pc, user, va, size, value.bytes);
	} else {
		feed(model.memsys, pc, user, va, first, value.bytes);
		feed(model.memsys, pc, user, va + first, size - first, value.bytes + first);
	}
	if (model.timed)
		device_seen();
}

static void on_load(unsigned cpu, plugin_mem_info info, uint64_t va, void *data)
{
	access_split(info, va, data, memsys_load);
}

static void on_store(unsigned cpu, plugin_mem_info info, uint64_t va, void *data)
{
	access_split(info, va, data, memsys_store);
}

/* Called in a privileged mode only; in User mode the instruction traps (TRM, 2.2). */
static void on_p15(unsigned cpu, void *data)
{
	const struct p15_site *const site = data;
	const struct p15_insn *const insn = &site->insn;
	const uint32_t pc = model.page + site->offset;
	bool invalidate;

	if (!arm_condition_holds(plugin_cpu_read(CPU_CPSR), insn->cond))
		return;
	if (p15_is_test_and_clean(insn, &invalidate))
		memsys_test_and_clean(model.memsys, pc, invalidate);
	else if (!insn->is_read)
		memsys_mcr(model.memsys, pc, insn->crn, insn->opc1, insn->crm, insn->opc2,
			   plugin_cpu_read(CPU_R0 + insn->rd));
}

/* QEMU's register is exact at the start of a block only: inside it follows late. */
static void on_block(unsigned cpu, void *data)
{
	model.page = plugin_cpu_read(CPU_PC) & ~(BLOCK_PAGE - 1);
}

static void on_timed_block(unsigned cpu, void *data)
{
	const struct block *const block = data;
	const uint32_t pc = plugin_cpu_read(CPU_PC);

	model.page = pc & ~(BLOCK_PAGE - 1);
	*model.issued += timing_enter(&model.flow, pc, pc + block->size, block->taken);
}

static void on_mark(unsigned cpu, void *data)
{
	struct regions_sample now = {
		.insns = qemu_plugin_u64_get(model.insns, cpu),
		.issue_cycles = *model.issued,
	};

	memsys_counts(model.memsys, &now.memory);
	regions_mark(&model.regions, (uint32_t)(uintptr_t)data, &now);
}

/* ---- translation ----------------------------------------------------------------------------- */

/*
 * Attaches to an instruction what has to be known before it runs: the run that starts with it, or
 * with its second half, where an instruction of 4 bytes in Thumb state crosses a line.
 */
static struct run *extend_run(struct run *run, struct qemu_plugin_insn *insn, uint32_t offset,
			      bool user)
{
	uint8_t bytes[4];
	const size_t size = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

	for (size_t i = 0; i < size; i++) {
		const uint32_t at = offset + (uint32_t)i;

		if (!run || at % MODEL_LINE == 0) {
			run = arena_alloc(sizeof(*run));
			run->offset = at;
			run->user = user;
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_run, PLUGIN_CB_NO_REGS,
							       run);
		}
		run->bytes[run->size++] = bytes[i];
	}
	return run;
}

static bool attach_p15(struct qemu_plugin_insn *insn, uint32_t offset, uint32_t word)
{
	struct p15_insn decoded;
	struct p15_site *site;

	if (!p15_decode(word, &decoded))
		return false;
	site = arena_alloc(sizeof(*site));
	site->offset = offset;
	site->insn = decoded;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_p15, PLUGIN_CB_R_REGS, site);
	return true;
}

static uint32_t insn_word(const struct qemu_plugin_insn *insn)
{
	uint32_t word = 0;

	qemu_plugin_insn_data(insn, &word, sizeof(word));
	return word;
}

static void attach_timing(struct qemu_plugin_insn *insn, struct timing_block *timing,
			  struct block *block, bool thumb)
{
	const uint32_t pc = (uint32_t)qemu_plugin_insn_vaddr(insn);
	const uint32_t size = (uint32_t)qemu_plugin_insn_size(insn);
	const uint32_t word = insn_word(insn);
	/* QEMU takes the two halves of Thumb's BL for one instruction; they are two. */
	struct timing_cost cost = timing_insn(timing, thumb ? word & 0xffff : word, thumb);
	const uint32_t mark = thumb ? 0 : regions_find_mark(&model.regions, pc, word);
	unsigned cycles = cost.cycles;

	if (thumb && size == 4) {
		cost = timing_insn(timing, word >> 16, thumb);
		cycles += cost.cycles;
	}
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD_U64,
							    model.insns, 1);
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD_U64,
							    model.cycles, cycles);
	block->size += size;
	block->taken = cost.taken;
	if (mark)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)mark);
}

/* The state of a CPU that is about to run its first instruction: QEMU's loader has been there. */
static void model_start(void)
{
	const struct plugin_options *const o = &model.options;
	const struct memsys_config config = {
		.icache_kib = o->icache_kib,
		.dcache_kib = o->dcache_kib,
		.ram_size = model.ram_size,
		.ram_alias = o->alias,
		.ram = model.ram,
		.profile = o->memory,
		.issued = model.issued,
		.rules = o->rules,
		.report = on_finding,
	};
	char error[200] = "";

	if (!plugin_cpu_check(error, sizeof(error)))
		die("%s", error);
	model.memsys = memsys_new(&config, error, sizeof(error));
	if (!model.memsys)
		die("%s", error);
	memsys_set_control(model.memsys, plugin_cpu_read(CPU_SCTLR), plugin_cpu_read(CPU_TTBR),
			   plugin_cpu_read(CPU_DACR), plugin_cpu_read(CPU_FCSE));
}

/*
 * The CPU is in the state the block is translated for, so the mode now is that of every execution:
 * QEMU keeps blocks of User and of privileged modes apart, because their accesses have different
 * rights.
 */
static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	const uint32_t cpsr = plugin_cpu_read(CPU_CPSR);
	const bool user = (cpsr & PSR_MODE_MASK) == PSR_MODE_USR;
	const bool thumb = cpsr & PSR_T;
	const size_t count = qemu_plugin_tb_n_insns(tb);
	const uint32_t page = (uint32_t)qemu_plugin_tb_vaddr(tb) & ~(BLOCK_PAGE - 1);
	struct timing_block timing;
	struct block *block = NULL;
	struct run *run = NULL;

	if (!model.memsys)
		model_start();
	if (model.timed) {
		timing_block_begin(&timing);
		block = arena_alloc(sizeof(*block));
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block ? on_timed_block : on_block,
					     PLUGIN_CB_R_REGS, block);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
		const uint32_t offset = (uint32_t)qemu_plugin_insn_vaddr(insn) - page;
		const uint32_t word = thumb ? 0 : insn_word(insn);
		const bool as_user = user || (!thumb && insn_is_unprivileged(word));

		if (offset >= BLOCK_PAGE)
			die("this QEMU's blocks cross the end of a page of 1 KiB");
		run = extend_run(run, insn, offset, user);
		if (block)
			attach_timing(insn, &timing, block, thumb);
		qemu_plugin_register_vcpu_mem_cb(insn, on_load, PLUGIN_CB_NO_REGS, PLUGIN_MEM_R,
						 site_make(offset, as_user));
		qemu_plugin_register_vcpu_mem_cb(insn, on_store, PLUGIN_CB_NO_REGS, PLUGIN_MEM_W,
						 site_make(offset, as_user));
		/* What follows an operation on the caches is looked up after it. */
		if (!thumb && !user && attach_p15(insn, offset, word))
			run = NULL;
	}
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void map_ram(void)
{
	const char *const path = model.options.ram;
	const int file = open(path, O_RDONLY);
	struct stat status;
	void *ram;

	if (file < 0 || fstat(file, &status))
		die("ram=%s: %m (it is what -object memory-backend-file names)", path);
	if (status.st_size < (off_t)MEGABYTE || status.st_size > (off_t)(2048u * (off_t)MEGABYTE))
		die("ram=%s: %lld bytes are no board's RAM", path, (long long)status.st_size);
	model.ram_size = (uint32_t)status.st_size;
	ram = mmap(NULL, model.ram_size, PROT_READ, MAP_SHARED, file, 0);
	if (ram == MAP_FAILED)
		die("ram=%s: %m", path);
	close(file);
	model.ram = ram;
}

static void on_cpu(plugin_id id, unsigned cpu)
{
	char error[200];

	if (cpu != 0)
		die("the board has more than one CPU");
	if (!plugin_cpu_find(error, sizeof(error)))
		die("%s", error);
	if (model.timed)
		model.issued = qemu_plugin_scoreboard_find(model.cycles.score, cpu);
	map_ram();
}

static void on_exit_of_qemu(plugin_id id, void *data)
{
	const struct plugin_options *const o = &model.options;
	struct memsys_counts counts;
	char settings[256];

	if (!model.memsys)
		return; /* nothing ran */
	memsys_counts(model.memsys, &counts);
	snprintf(
		settings, sizeof(settings),
		"{ \"icache_kib\": %u, \"dcache_kib\": %u, \"memory\": \"%s\", \"rules\": \"%s\" }",
		o->icache_kib, o->dcache_kib, o->memory->name,
		o->rules == TLB_RULES_STRICT ? "strict" : "gather");
	findings_finish(model.findings, settings, &counts);
	model.findings = NULL;
}

/*
 * An old QEMU refuses a plugin that asks for a newer interface, in its own words. To answer in
 * ours, ask for what it has: the functions it has not are weak references.
 */
static void __attribute__((constructor)) abi_choose(void)
{
	if (!qemu_plugin_mem_get_value)
		qemu_plugin_version = qemu_plugin_scoreboard_new ? 2 : 1;
}

static bool model_open(char *error, size_t error_size)
{
	const struct plugin_options *const o = &model.options;

	for (unsigned i = 0; i < o->symbol_files; i++)
		if (!symbols_read(&model.symbols, o->symbols[i], error, error_size))
			return false;
	model.findings = findings_new(o->report, &model.symbols, error, error_size);
	if (!model.findings)
		return false;
	if (o->counts) {
		FILE *const out = fopen(o->counts, "w");

		if (!out) {
			snprintf(error, error_size, "%s: %m", o->counts);
			return false;
		}
		model.timed = true;
		model.regions.has_entry = o->has_entry;
		model.regions.entry = o->entry;
		model.regions.has_word = o->has_word;
		model.regions.word = o->word;
		model.regions.has_begin = o->has_begin;
		model.regions.begin_pc = o->begin;
		model.regions.has_end = o->has_end;
		model.regions.end_pc = o->end;
		regions_begin(&model.regions, out, o->memory->name);
		model.insns.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
		model.cycles.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	}
	return true;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	char error[400];

	if (!qemu_plugin_mem_get_value || !qemu_plugin_read_register) {
		fprintf(stderr, "arm926 model: this needs QEMU 10 or later; scripts/setup "
				"installs it\n");
		return -1;
	}
	if (!plugin_options_parse(&model.options, argc, argv, error, sizeof(error)) ||
	    !model_open(error, sizeof(error))) {
		fprintf(stderr, "arm926 model: %s\n", error);
		return -1;
	}
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_flush_cb(id, on_flush);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
