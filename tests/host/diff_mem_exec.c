/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor against a CPU: an ARM Linux program that runs random loads and stores both ways,
 * through mem_exec() on a copy of the memory and as instructions, and compares all registers, the
 * VFP's and the memory. Runs under QEMU's user mode emulation with -cpu arm926, or on a board.
 *
 * What the manual calls UNPREDICTABLE is left out, and so are unaligned addresses, where QEMU
 * differs from the ARM926EJ-S.
 *
 * Five pages: data, code under test, data, code that saves the registers, saved registers. The test
 * instruction has no free register, so everything around it is pc-relative.
 */
#include "arch/arm/condition.h"
#include "arch/arm/psr.h"
#include "tests/xorshift.h"
#include "vcpu/mem_exec.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 20000

enum { PAGE = 4096, DATA1 = 0, CODE = PAGE, DATA2 = 2 * PAGE, EXIT = 3 * PAGE, SLOTS = 4 * PAGE };

/* Offsets in the page EXIT. */
enum { STUB = 0x000, PADS = 0x100, PAD_SIZE = 0x20, PAD_COUNT = 4, SAVE = 0x200 };

struct registers {
	uint32_t r[16];
	uint32_t vfp[32];
};

struct machine {
	struct registers regs;
	uint8_t data[2][PAGE];
	bool outside; /* touched something else than data */
};

static uint8_t *arena;
static uint32_t code_address;
static struct machine by_executor, before;
static uint32_t current_word;

/** Preempt points: nobody is to be let in. */
void preempt_hook(void)
{
}

/* run_arena() and its asm share these. */
uint32_t run_vfp[32];
uint32_t run_registers[15];
uint32_t run_flags;
uint32_t run_stub;
uint32_t run_sp;
void run_arena(void);
extern const char run_resume[];

__asm__(".text\n"
	".arm\n"
	".fpu vfp\n"
	".global run_arena, run_resume\n"
	".type run_arena, %function\n"
	"run_arena:\n"
	"	push	{r4-r11, lr}\n"
	"	ldr	r0, =run_sp\n"
	"	str	sp, [r0]\n"
	"	ldr	r0, =run_vfp\n"
	"	vldmia	r0, {s0-s31}\n"
	"	ldr	r0, =run_flags\n"
	"	ldr	r0, [r0]\n"
	"	msr	cpsr_f, r0\n"
	"	ldr	r0, =run_stub\n"
	"	ldr	r0, [r0]\n"
	"	ldr	lr, =run_registers\n"
	"	bx	r0\n"
	"run_resume:\n"
	"	ldr	r0, =run_sp\n"
	"	ldr	sp, [r0]\n"
	"	ldr	r0, =run_vfp\n"
	"	vstmia	r0, {s0-s31}\n"
	"	pop	{r4-r11, pc}\n"
	".ltorg\n");

static uint32_t random_state = 0x2545f491;

static uint32_t random_word(void)
{
	return xorshift32(&random_state);
}

static void put(uint32_t offset, uint32_t word)
{
	memcpy(arena + offset, &word, 4);
}

/** str r<n>, [pc, #...] at @p offset, to the slot of register @p n. */
static void put_save(uint32_t offset, unsigned n)
{
	put(offset, 0xe58f0000 | n << 12 | (SLOTS + n * 4 - (offset + 8)));
}

static void put_branch(uint32_t offset, uint32_t target)
{
	put(offset, 0xea000000 | ((target - offset - 8) >> 2 & 0xffffff));
}

/** Address of landing pad @p n; odd ones are entered in Thumb state. */
static uint32_t pad_address(unsigned n)
{
	return (uint32_t)(uintptr_t)arena + EXIT + PADS + n * PAD_SIZE + (n & 1);
}

static void build_arena(void)
{
	uint32_t at = EXIT + SAVE;

	arena = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	code_address = (uint32_t)(uintptr_t)arena + CODE + PAGE / 2;

	/* ldmia lr, {r0-r14}; ldr pc, [pc, #-4]; the word is the entry. */
	put(EXIT + STUB, 0xe89e7fff);
	put(EXIT + STUB + 4, 0xe51ff004);
	run_stub = (uint32_t)(uintptr_t)arena + EXIT + STUB;

	for (unsigned n = 0; n < PAD_COUNT; n++) {
		uint32_t pad = EXIT + PADS + n * PAD_SIZE;

		if (n & 1) {
			put(pad, 0x46c04778); /* bx pc; nop */
			pad += 4;
		}
		put_save(pad, 15);
		put_branch(pad + 4, EXIT + SAVE);
	}
	for (unsigned n = 0; n < 15; n++, at += 4)
		put_save(at, n);
	put(at, 0xe51ff004);
	put(at + 4, (uint32_t)(uintptr_t)run_resume);
	__builtin___clear_cache((char *)arena, (char *)arena + 5 * PAGE);
}

/* The abstract machine: the memory is a copy of the two data pages. */
static uint8_t *data_at(struct machine *machine, uint32_t va, unsigned size)
{
	const uint32_t offset = va - (uint32_t)(uintptr_t)arena;

	if (offset <= DATA1 + PAGE - size)
		return machine->data[0] + offset;
	if (offset >= DATA2 && offset <= DATA2 + PAGE - size)
		return machine->data[1] + offset - DATA2;
	machine->outside = true;
	return NULL;
}

static uint32_t get(const void *ctx, unsigned reg)
{
	return ((const struct machine *)ctx)->regs.r[reg];
}

static void set(void *ctx, unsigned reg, uint32_t value)
{
	((struct machine *)ctx)->regs.r[reg] = value;
}

static void no_exception_return(void *ctx, uint32_t pc)
{
	abort(); /* the ^ forms are left out */
}

static uint32_t vfp_get(const void *ctx, unsigned reg)
{
	return ((const struct machine *)ctx)->regs.vfp[reg];
}

static void vfp_set(void *ctx, unsigned reg, uint32_t value)
{
	((struct machine *)ctx)->regs.vfp[reg] = value;
}

static enum mem_access_result probe(void *ctx, uint32_t va, unsigned flags)
{
	return data_at(ctx, va, 1) ? MEM_ACCESS_OK : MEM_ACCESS_FAULT;
}

static enum mem_access_result access_memory(void *ctx, uint32_t va, unsigned size, unsigned flags,
					    uint32_t *value)
{
	uint8_t *const at = data_at(ctx, va, size);

	if (!at)
		return MEM_ACCESS_FAULT;
	if (flags & MEM_STORE)
		memcpy(at, value, size);
	else
		memcpy(value, at, size);
	return MEM_ACCESS_OK;
}

static const struct mem_exec_ops ops = {
	.get = get,
	.set = set,
	.get_user = get,
	.set_user = set,
	.exception_return = no_exception_return,
	.vfp_get = vfp_get,
	.vfp_set = vfp_set,
	.unaligned = probe,
	.probe = probe,
	.access = access_memory,
};

/** What the ARMv5 manual leaves open, and what User mode cannot do. */
static bool is_unpredictable(const struct mem_insn *insn)
{
	const bool overlap = insn->writeback && insn->rn == insn->rt;

	if (insn->rn == 15 && (insn->writeback || insn->shape == MEM_MULTIPLE))
		return true;
	if (insn->register_offset && (insn->rm == 15 || (insn->writeback && insn->rm == insn->rn)))
		return true;

	switch (insn->shape) {
	case MEM_SINGLE:
		return overlap || (insn->rt == 15 && (insn->size != 4 || insn->user_access));
	case MEM_DOUBLE:
		return overlap || (insn->writeback && insn->rn == insn->rt + 1) ||
		       (insn->register_offset && (insn->rm & ~1) == insn->rt);
	case MEM_SWAP:
		return insn->rt == 15 || insn->rm == 15 || insn->rn == 15 || insn->rn == insn->rt ||
		       insn->rn == insn->rm;
	case MEM_MULTIPLE:
		if (insn->list == 0 || insn->user_bank || insn->restore_spsr)
			return true;
		if (!insn->writeback || !bit(insn->list, insn->rn))
			return false;
		return insn->is_load || (insn->list & (BIT(insn->rn) - 1u)) != 0;
	default:
		return false;
	}
}

static uint32_t random_arm_word(void)
{
	const uint32_t any = random_word();
	/* Half of the words with condition AL, and none in the unconditional space. */
	const uint32_t word = any & 0x10000000 ? (any & 0x0fffffff) | 0xe0000000 : any;

	switch (random_word() % 16) {
	case 0 ... 4:
		return (word & ~0x0c000000u) | 0x04000000;
	case 5 ... 8:
		return (word & ~0x0e400000u) | 0x08000000;
	case 9 ... 11:
		return (word & ~0x0e000000u) | 0x00400090;
	case 12 ... 13:
		return (word & ~0x0e400f00u) | 0x90;
	case 14: /* VFP with short lists */
		return (word & ~0x0e000ef0u) | 0x0c000a00;
	default:
		return (word & ~0x0fb00ff0u) | 0x01000090;
	}
}

/**
 * Registers for which the instruction touches data and is aligned. False if there are none because
 * the base is not free to choose.
 */
static bool choose_registers(const struct mem_insn *insn, bool carry)
{
	const unsigned alignment = insn->shape == MEM_DOUBLE ? 8 : insn->size;
	const unsigned length = mem_insn_length(insn);
	const uint32_t page = random_word() & 1 ? DATA1 : DATA2;
	const uint32_t offset = random_word() % (PAGE - length + 1);
	const uint32_t target = ((uint32_t)(uintptr_t)arena + page + offset) & ~(alignment - 1u);
	uint32_t base;
	uint32_t address = mem_insn_address(insn, get, &before, carry, &base);

	if (insn->rn != 15) {
		before.regs.r[insn->rn] += target - address;
		address = mem_insn_address(insn, get, &before, carry, &base);
	}
	return address % alignment == 0 && data_at(&before, address, length);
}

/** Puts a pad's address where the instruction will load pc from. */
static void choose_branch_target(const struct mem_insn *insn, bool carry)
{
	uint32_t base;
	const uint32_t address = mem_insn_address(insn, get, &before, carry, &base);
	const uint32_t pad = pad_address(random_word() % PAD_COUNT);

	memcpy(data_at(&before, address + mem_insn_length(insn) - 4, 4), &pad, 4);
}

static void execute_for_real(bool thumb)
{
	const uint32_t entry = code_address | thumb;
	const uint32_t offset = code_address - (uint32_t)(uintptr_t)arena;

	memcpy(arena + DATA1, before.data[0], PAGE);
	memcpy(arena + DATA2, before.data[1], PAGE);
	memset(arena + SLOTS, 0, 16 * 4);
	if (thumb) {
		put(offset, 0x46c00000 | current_word); /* the halfword; nop */
		put(offset + 4, 0x46c04778);            /* bx pc; nop */
		put_branch(offset + 8, EXIT + SAVE);
	} else {
		put(offset, current_word);
		put_branch(offset + 4, EXIT + SAVE);
	}
	put(EXIT + STUB + 8, entry);
	__builtin___clear_cache((char *)arena + CODE, (char *)arena + SLOTS);

	memcpy(run_registers, before.regs.r, sizeof(run_registers));
	memcpy(run_vfp, before.regs.vfp, sizeof(run_vfp));
	run_arena();
}

static void mismatch(const char *what, unsigned n, uint32_t executor, uint32_t cpu)
{
	printf("%08x: %s%u: executor %08x, CPU %08x\n", current_word, what, n, executor, cpu);
	exit(1);
}

static void compare(bool branched)
{
	const uint32_t *const saved = (const uint32_t *)(const void *)(arena + SLOTS);
	uint32_t expected_pc = 0;

	for (unsigned i = 0; i < 15; i++)
		if (saved[i] != by_executor.regs.r[i])
			mismatch("r", i, by_executor.regs.r[i], saved[i]);
	for (unsigned i = 0; i < 32; i++)
		if (run_vfp[i] != by_executor.regs.vfp[i])
			mismatch("s", i, by_executor.regs.vfp[i], run_vfp[i]);
	if (branched) {
		/* A pad stores its pc + 8; Thumb pads one word after their start. */
		const uint32_t pad = by_executor.regs.r[15];

		expected_pc = pad & 1 ? (pad & ~1u) + 4 + 8 : pad + 8;
	}
	if (saved[15] != expected_pc)
		mismatch("landing pad of r", 15, expected_pc, saved[15]);
	for (unsigned page = 0; page < 2; page++)
		for (unsigned i = 0; i < PAGE; i++)
			if (by_executor.data[page][i] != arena[(page ? DATA2 : DATA1) + i])
				mismatch("data byte ", page * PAGE + i, by_executor.data[page][i],
					 arena[(page ? DATA2 : DATA1) + i]);
}

static void report_signal(int number)
{
	printf("%08x: signal %d\n", current_word, number);
	fflush(stdout);
	_exit(1);
}

/** One random instruction; returns false if it was not to be compared. */
static bool try_one(bool thumb, unsigned *shape)
{
	struct mem_insn insn;
	enum mem_exec_result result = MEM_EXEC_NEXT;
	bool carry;

	current_word = thumb ? 0x4800 + random_word() % 0x8800 : random_arm_word();
	if (thumb ? !thumb_decode_mem((uint16_t)current_word, &insn)
		  : !arm_decode_mem(current_word, &insn))
		return false;
	if (is_unpredictable(&insn))
		return false;

	for (unsigned i = 0; i < 15; i++)
		before.regs.r[i] = random_word();
	for (unsigned i = 0; i < 32; i++)
		before.regs.vfp[i] = random_word();
	for (unsigned i = 0; i < 64; i++)
		((uint32_t *)(void *)before.data)[random_word() % (2 * PAGE / 4)] = random_word();
	before.regs.r[15] = code_address + (thumb ? 4 : 8);
	run_flags = random_word() & (PSR_N | PSR_Z | PSR_C | PSR_V);
	carry = run_flags & PSR_C;
	if (!choose_registers(&insn, carry))
		return false;
	if (insn.is_load && ((insn.shape == MEM_MULTIPLE && bit(insn.list, 15)) ||
			     (insn.shape == MEM_SINGLE && insn.rt == 15)))
		choose_branch_target(&insn, carry);

	before.outside = false;
	by_executor = before;
	if (thumb || arm_condition_holds(run_flags, current_word >> 28))
		result = mem_exec(&insn, &ops, &by_executor, carry);
	if (result == MEM_EXEC_FAULT || by_executor.outside)
		mismatch("fault with base r", insn.rn, before.regs.r[insn.rn], 0);

	execute_for_real(thumb);
	compare(result == MEM_EXEC_BRANCHED);
	*shape = insn.shape;
	return true;
}

int main(void)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS };
	static const unsigned least[2][MEM_COPROC + 1] = {
		{ ROUNDS / 4, ROUNDS / 50, ROUNDS / 8, ROUNDS / 50, ROUNDS / 50 },
		{ ROUNDS / 4, 0, ROUNDS / 16, 0, 0 },
	};
	unsigned done[2][MEM_COPROC + 1] = { { 0 } };

	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], report_signal);
	build_arena();
	for (unsigned thumb = 0; thumb < 2; thumb++) {
		for (unsigned n = 0; n < ROUNDS;) {
			unsigned shape;

			if (try_one(thumb, &shape)) {
				done[thumb][shape]++;
				n++;
			}
		}
		printf("%s: %u single, %u double, %u multiple, %u swap, %u VFP: all equal\n",
		       thumb ? "Thumb" : "ARM", done[thumb][MEM_SINGLE], done[thumb][MEM_DOUBLE],
		       done[thumb][MEM_MULTIPLE], done[thumb][MEM_SWAP], done[thumb][MEM_COPROC]);
		for (unsigned shape = 0; shape <= MEM_COPROC; shape++) {
			if (done[thumb][shape] < least[thumb][shape]) {
				printf("too few of shape %u for a meaningful test\n", shape);
				return 1;
			}
		}
	}
	return 0;
}
